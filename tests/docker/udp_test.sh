#!/bin/sh
# UDP through containers of our image: published ports, no capabilities, UDP to TCP.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

udp_client() {
	run "$python" "$tests/udp_peer.py" client "$@"
}

test_published_port() {
	# many clients of a published port, through the relay to a service in another container,
	# both without any capability, on ports below 1024
	listening --cap-drop ALL --security-opt no-new-privileges "$image" -d -d udp-listen:7,fork \
		socketpair
	service=$(address_of "$container")
	listening --cap-drop ALL --security-opt no-new-privileges --publish 127.0.0.1::514/udp "$image" \
		-d -d udp-listen:514,fork,reuseaddr "udp:$service:7"
	udp_client ask "$port" one two
	assert_status 0
	assert_out 'one\ntwo\n'
	udp_client many "$port" 100 3 --plain
	assert_out 'all came back\n'
	assertEquals 'one process' 0 "$(count_children "$pid")"
}

test_syslog_over_tcp() {
	# packets of two senders get to a TCP server, each sender on a connection of its own
	container "$base" sh -c 'mkdir /tmp/got && nc -ll -p 601 -e sh -c "cat >/tmp/got/\$\$"'
	server=$container
	listening --cap-drop ALL --publish 127.0.0.1::514/udp "$image" -d -d \
		udp-listen:514,fork,reuseaddr "tcp:$(address_of "$server"):601,retry=50,interval=0.1"
	udp_client send "$port" '<14>first ' '<14>again'
	udp_client send "$port" '<14>second'
	wait_until docker exec "$server" grep -rq '^<14>first <14>again' /tmp/got
	wait_until docker exec "$server" grep -rq '^<14>second' /tmp/got
	assertEquals 'connections' 2 "$(docker exec "$server" ls /tmp/got | wc -l)"
}

test_stop_with_sessions() {
	# docker stop ends a relay whose peers are silent, well before it would be killed
	listening --publish 127.0.0.1::7/udp "$image" -d -d --grace 1 udp-listen:7,fork pipe
	udp_client ask "$port" x
	assert_out 'x\n'
	stop_container "$container"
	assert_container_log "$container" 'exiting on signal 15'
}

# shellcheck source=/dev/null
. shunit2
