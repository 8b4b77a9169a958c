#!/bin/sh
# "make run": the demonstration, and a command line of one's own.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

# The image's name is that of the other tests: nothing new has to be built.
IMAGE=$image
export IMAGE

# Containers of the image that are none of a test's.
others() {
	docker ps --all --filter "ancestor=$image" --format '{{.Command}} {{.Labels}}' --no-trunc |
		grep -v 'socat\.\(test\|suite\)='
}

test_demonstration() {
	# a request goes through, nothing stays behind, and the next step is told
	before=$(others)
	run make -s -C "$root" run IMAGE="$image"
	assert_status 0
	assert_out 'Greetings from an IPv4-only service.\n'
	assert_log err 'unix-connect:/var/run/docker.sock'
	assertEquals "$before" "$(others)"
}

test_own_command_line() {
	# the engine's socket, published with one command, used by the docker client
	socket=$(engine_socket)
	start demo make -s -C "$root" run IMAGE="$image" \
		ARGS="-d -d tcp-listen:0,bind=127.0.0.1,fork,reuseaddr unix-connect:$socket"
	demo=$pid
	wait_log demo.log ' N listening on '
	run env -u DOCKER_TLS_VERIFY -u DOCKER_CONTEXT \
		docker -H "tcp://127.0.0.1:$(port_of demo.log)" version --format '{{.Server.Version}}'
	assert_status 0
	assertEquals "$(docker version --format '{{.Server.Version}}')" "$(cat out)"
	# the docker client hands signals on to the container
	kill -TERM "$(pgrep -f "^docker run .*unix-connect:$socket\$")"
	finish "$demo"
	assertEquals "$(tail -n 3 demo.log)" 0 "$status"
}

test_exit_status() {
	# input, output and the program's exit status are handed through
	given 'there and back\n'
	run "$root/ci/run-demo" - pipe <in
	assert_status 0
	assert_out 'there and back\n'
	run "$root/ci/run-demo" - no-such-address <in
	assert_status 1
	assert_log err ' E .*no-such-address'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
