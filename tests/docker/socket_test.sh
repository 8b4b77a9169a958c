#!/bin/sh
# The engine's own socket, published by our container on a TCP port, and used through it by
# the docker client.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

# How long a connection without any traffic has to last, in seconds.
IDLE=70

remote() {
	env -u DOCKER_TLS_VERIFY -u DOCKER_CONTEXT docker -H "tcp://127.0.0.1:$relay_port" "$@"
}

# In a time limit, as run.
run_remote() {
	run env -u DOCKER_TLS_VERIFY -u DOCKER_CONTEXT \
		docker -H "tcp://127.0.0.1:$relay_port" "$@"
}

prepare_suite() {
	dir=$suite_dir
	socket=$(engine_socket) || { echo 'the engine is not used through a UNIX socket' >&2; exit 2; }
	lasting listening --publish 127.0.0.1::2375 --volume "$socket:/var/run/docker.sock" \
		--group-add "$(stat -L -c %g "$socket")" "$image" -d -d \
		tcp-listen:2375,fork,reuseaddr unix-connect:/var/run/docker.sock || exit 2
	relay=$container relay_pid=$pid relay_port=$port
	# a container for several tests, with a shell
	lasting container --interactive "$base" sh -c 'echo ready; cat' || exit 2
	companion=$container
	watch_events || exit 2
	idle_sockets=$(count_sockets "$relay_pid")
}

# Follow the events of one container, which has only just been made.
watch_events() {
	remote events --since "$(date +%s)" --filter "label=socat.idle=$$" \
		--format '{{.Status}}' >"$suite_dir/events" 2>&1 &
	events=$!
	idle=$(docker create --label "socat.suite=$$" --label "socat.idle=$$" "$base" true)
	wait_until log_has "$suite_dir/events" '^create$'
	idle_since=$(date +%s)
}

oneTimeTearDown() {
	[ -z "${events:-}" ] || kill "$events" 2>/dev/null
	events=
	[ -n "${suite_dir:-}" ] || return 0
	remove_labelled "suite=$$"
	rm -rf "$suite_dir"
	suite_dir=
}

test_version() {
	# the client reaches the engine that the socket belongs to
	run_remote version --format '{{.Server.Version}}'
	assert_status 0
	assertEquals "$(docker version --format '{{.Server.Version}}')" "$(cat out)"
	run_remote info --format '{{.ID}}'
	assertEquals "$(docker info --format '{{.ID}}')" "$(cat out)"
}

test_ps() {
	# the list of containers has the relay that transmits it
	run_remote ps --no-trunc --quiet
	assert_status 0
	assert_log out "^$relay\$"
}

test_run() {
	# a container's output, errors and exit status come back
	run_remote run --rm "$base" sh -c 'echo to-out; echo to-err >&2; exit 7'
	assert_status 7
	assert_out 'to-out\n'
	assert_log err '^to-err$'
}

test_run_with_input() {
	# a container's standard input ends when the client's does, and every byte gets back
	random_file data 5000000
	run_remote run --rm --interactive "$base" cat <data
	assert_status 0
	assert_same data out
}

test_logs_follow() {
	# a log is followed: what is said later arrives, and the end of the container ends it
	container --interactive "$base" \
		sh -c 'echo first; read -r line; echo "$line"; read -r line'
	writer=$container
	mkfifo words
	start logs remote logs --follow "$writer"
	logs=$pid
	wait_log logs.out '^first$'
	docker attach "$writer" <words >attach.out 2>&1 &
	attached=$!
	started="$started $attached"
	exec 9>words
	echo second >&9
	wait_log logs.out '^second$'
	echo end >&9
	finish "$logs"
	exec 9>&-
	assertEquals "docker logs: $(cat logs.log)" 0 "$status"
	assert_file 'first\nsecond\n' logs.out
}

test_exec() {
	# standard input ends by half-close: the answer that comes after it is not lost
	given 'x\n'
	run_remote exec --interactive "$companion" cat <in
	assert_status 0
	assert_out 'x\n'
	run_remote exec --interactive "$companion" sh -c 'cat >/dev/null; sleep 1; echo late; exit 3' <in
	assert_status 3
	assert_out 'late\n'
}

test_exec_with_much_data() {
	# as much in both directions at once
	random_file data 20000000
	run_remote exec --interactive "$companion" cat <data
	assert_status 0
	assert_same data out
}

test_build() {
	# a build gets its context, of several megabytes
	mkdir context
	random_file context/data 5000000
	printf 'FROM %s\nCOPY data /data\nLABEL socat.test=%s\nRUN cat /data >/copy\n' "$base" "$$" \
		>context/Dockerfile
	docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT="${DOCKER_BUILDKIT-0}"
	built=socat-test-built-$$
	run_remote build --network none --tag "$built" context
	assert_status 0
	run_remote run --rm "$built" cat /copy
	assert_same context/data out
	docker rmi --force "$built" >/dev/null
}

test_cp() {
	# files are copied into a container and out of it
	random_file data 5000000
	run_remote cp data "$companion:/tmp/data"
	assert_status 0
	run_remote cp "$companion:/tmp/data" back
	assert_status 0
	assert_same data back
}

# Sockets a process has open: two a session. Pipes may be kept for the next sessions.
count_sockets() {
	find "/proc/$1/fd" -lname 'socket:*' | wc -l
}

has_sockets() {
	[ "$(count_sockets "$1")" -eq "$2" ]
}

every_client_has() {
	for number in $(seq 50); do
		grep -q "^$1\$" "$number.out" || return 1
	done
}

test_many_clients() {
	# fifty clients at once, all served by one process, which then has nothing left of them
	container --interactive "$base" sh -c 'echo ready; read -r line; echo "$line"'
	for number in $(seq 50); do
		start "$number" remote logs --follow "$container"
	done
	clients=$started
	wait_until every_client_has ready
	assertEquals 'processes forked' 0 "$(count_children "$relay_pid")"
	assertTrue 'two sockets a client' "[ $(count_sockets "$relay_pid") -ge 100 ]"
	given 'the end\n'
	timeout "$BOUND" docker attach "$container" <in >attach.out 2>&1
	wait_until every_client_has 'the end'
	for client in $clients; do
		finish "$client"
		assertEquals 0 "$status"
	done
	wait_until has_sockets "$relay_pid" "$idle_sockets" || ls -l "/proc/$relay_pid/fd"
}

test_engine_without_access() {
	# without the socket's group nothing gets through, and the log says what is missing
	group=$(stat -L -c %g "$socket")
	mode=$(stat -L -c %a "$socket")
	[ "${mode#??}" = 0 ] || { echo 'skipped: everybody may use the engine'; startSkipping; return; }
	listening --publish 127.0.0.1::2375 --volume "$socket:/var/run/docker.sock" \
		"$image" -d -d tcp-listen:2375,fork,reuseaddr unix-connect:/var/run/docker.sock
	relay_port=$port run_remote version
	assertNotEquals 0 "$status"
	wait_container_log "$container" \
		" E .*/var/run/docker.sock.*user 0, group $group, mode 0$mode.* --group-add $group\$"
	assertTrue 'goes on' "is_running $container"
}

test_idle_events() {
	# a stream without any traffic for so long is still there, and told of what happens next
	# (it was opened before all other tests, which took their share of the time)
	while [ $(($(date +%s) - idle_since)) -lt $IDLE ]; do
		sleep 0.5
	done
	assert_file 'create\n' "$suite_dir/events"
	docker rm "$idle" >/dev/null
	wait_log "$suite_dir/events" '^destroy$'
	assertTrue 'the client goes on' "kill -0 $events"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
