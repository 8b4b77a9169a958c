#!/bin/sh
# Command lines of guides that begin with "docker run" or "make": see ../use_cases_test.sh for all
# others. Only names and addresses that are different here are edited.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

docker_api='docker run -d --init --read-only --restart=always -p 127.0.0.1:2375:2375 -v /var/run/docker.sock:/var/run/docker.sock simonrupf/socat tcp-listen:2375,fork,reuseaddr unix-connect:/var/run/docker.sock'
web_front='docker run -d --init --read-only --restart=always -p "[2001:db8::1234]:80:80" simonrupf/socat tcp6-listen:80,fork,reuseaddr tcp4:192.0.2.123:30080'

# line LINE SED: run it with our image, after an edit; the container is in $container, the port that
# was published in $port.
line() {
	container=$(eval "$(printf '%s\n' "$1" |
		sed "s|docker run|& --label socat.test=$$|; s|simonrupf/socat|$image|; $2")") ||
		{ fail "not started: $1"; return 1; }
	published
}

# The engine chooses another port when it starts the container again.
published() {
	port=$(docker port "$container" | sed -n '1s/.*://p')
}

serves() {
	published
	env -u DOCKER_TLS_VERIFY -u DOCKER_CONTEXT docker -H "tcp://127.0.0.1:$port" version \
		--format '{{.Server.Version}}' >out
}

test_docker_api() {
	# and it is started again, whatever happens to it
	socket=$(engine_socket)
	group=$(stat -L -c %g "$socket")
	line "$docker_api" "s|:2375:|::|; s|-v [^:]*:|--group-add $group -v $socket:|"
	wait_until serves
	assertEquals "$(docker version --format '{{.Server.Version}}')" "$(cat out)"
	kill -KILL "$(process_of "$container")"
	wait_until has_restarted
	wait_until serves
}

has_restarted() {
	[ "$(docker inspect --format '{{.RestartCount}}' "$container")" -gt 0 ]
}

test_docker_api_needs_the_group() {
	# word for word, without a group: the log names the one that the socket is for
	socket=$(engine_socket)
	line "$docker_api" "s|:2375:|::|; s|-v [^:]*:|-v $socket:|"
	wait_until refused
	wait_container_log "$container" " E .*--group-add $(stat -L -c %g "$socket")"
}

refused() {
	! serves && container_log_has "$container" ' E '
}

test_web_front() {
	have_ipv6 || return
	container --publish 127.0.0.1::30080 "$base" sh -c \
		'mkdir /www && echo the answer >/www/index.html && exec httpd -f -p 0.0.0.0:30080 -h /www'
	line "$web_front" "s|\[2001:db8::1234\]:80:|[::1]::|; s|192\.0\.2\.123|$(address_of "$container")|"
	wait_until fetched
	assert_out 'the answer\n'
}

fetched() {
	run curl -6 -sS --fail --noproxy '*' "http://[::1]:$port/"
	[ "$status" -eq 0 ]
}

test_make_targets() {
	# what guides call; make_run_test.sh is about "make run"
	run make -s -C "$top" help
	assert_status 0
	for target in all run test clean; do
		assert_log out "^ *make $target "
		run make -s -n -C "$top" "$target"
		assert_status 0
		run make -s -C "$top" help
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
