#!/bin/sh
# What the container may do: as user 255, with few or no capabilities, on low ports, and on
# sockets that belong to others.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

# assert_unprivileged: the listener just started is user 255 and holds no capability.
assert_unprivileged() {
	assertEquals 'user' '255 255 255 255' "$(process_field "$pid" Uid | tr '\t' ' ')"
	assertEquals 'group' '255 255 255 255' "$(process_field "$pid" Gid | tr '\t' ' ')"
	assertEquals 'permitted' 0000000000000000 "$(process_field "$pid" CapPrm)"
	assertEquals 'effective' 0000000000000000 "$(process_field "$pid" CapEff)"
}

# assert_relays: what is sent to $port comes back.
assert_relays() {
	client ask "127.0.0.1:$port" 'there and back'
	assert_status 0
	assert_out 'there and back'
}

# Sets $low to a port below 1024 that is free and that user 255 may not bind.
low_port() {
	first=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
	low=$("$python" - "$first" <<-'END'
		import socket, sys
		for port in [80, 443] + list(range(600, 1024)):
		    with socket.socket() as s:
		        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		        try:
		            s.bind(("127.0.0.1", port))
		        except OSError:
		            continue
		        if port < int(sys.argv[1]):
		            print(port)
		            break
	END
	)
	[ -n "$low" ] && return
	echo "skipped: ports from $first on are open to everybody here"
	startSkipping
	return 1
}

test_no_capabilities() {
	# it starts and relays where every capability is dropped
	listening --cap-drop ALL --publish 127.0.0.1::8000 "$image" -d -d \
		tcp-listen:8000,fork,reuseaddr pipe
	assert_unprivileged
	assert_relays
}

test_no_new_privileges() {
	# it starts and relays where a file's capabilities do not count
	for drop in '' '--cap-drop ALL'; do
		# shellcheck disable=SC2086
		listening $drop --security-opt no-new-privileges --publish 127.0.0.1::8000 "$image" \
			-d -d tcp-listen:8000,fork,reuseaddr pipe
		assertEquals 1 "$(process_field "$pid" NoNewPrivs)"
		assert_unprivileged
		assert_relays
	done
}

test_low_port() {
	# the one capability is enough for a low port of the host, and is given up afterwards
	low_port || return
	for capabilities in '--cap-drop ALL --cap-add NET_BIND_SERVICE' ''; do
		# shellcheck disable=SC2086
		listening $capabilities --network host "$image" -d -d \
			"tcp4-listen:$low,bind=127.0.0.1,fork,reuseaddr" pipe
		assertEquals "$low" "$(port_of container.log)"
		assert_unprivileged
		port=$low
		assert_relays
		stop_container "$container"
	done
}

test_low_port_without_capability() {
	# without the capability a low port is refused, and the error says what is missing
	low_port || return
	for restriction in '--cap-drop ALL' '--security-opt no-new-privileges'; do
		# shellcheck disable=SC2086
		run_container $restriction --network host "$image" \
			"tcp4-listen:$low,bind=127.0.0.1,fork,reuseaddr" pipe
		assert_error "tcp4-listen:$low.*Permission denied.*NET_BIND_SERVICE"
	done
}

test_low_port_of_container() {
	# in a network of its own a container may use any port, without capabilities
	listening --cap-drop ALL --publish 127.0.0.1::80 "$image" -d -d \
		tcp-listen:80,fork,reuseaddr pipe
	assert_relays
}

test_raw_sockets() {
	# user 255 has nothing of what --cap-add gives; with what the error names it works
	for options in '' '--cap-add NET_RAW' '--cap-drop ALL --user 0'; do
		# shellcheck disable=SC2086
		run_container $options "$image" -u TEXT:x IP4-SENDTO:127.0.0.1:253
		assert_error 'not permitted; .*\(docker run --user 0 --cap-add NET_RAW\)'
	done
	run_container --cap-drop ALL --user 0 --cap-add NET_RAW "$image" -u TEXT:x IP4-SENDTO:127.0.0.1:253
	assert_status 0
	assert_file '' err
}

test_tun() {
	# as the manual has it
	[ -c /dev/net/tun ] || { echo 'skipped: no /dev/net/tun'; startSkipping; return; }
	run_container --device /dev/net/tun --cap-add NET_ADMIN "$image" -u TUN:10.99.0.1/24,iff-up -
	assert_status 1
	container --user 0 --device /dev/net/tun --cap-drop ALL --cap-add NET_ADMIN "$image" \
		-d -d -u TUN:10.99.0.1/24,iff-up -
	wait_container_log "$container" ' N starting data transfer loop'
}

# A socket of root's and group 54321, with this mode.
closed_socket() {
	start echo "$SOCAT" -d -d "unix-listen:$dir/closed,fork,mode=$1" pipe
	wait_log echo.log ' N listening on '
	chgrp 54321 closed
}

test_socket_of_others() {
	# a socket that user 255 may not use: whose it is, and what option lets us in
	need_root || return
	closed_socket 0660
	given 'knock\n'
	run_container --interactive --volume "$dir/closed:/closed" "$image" - unix-connect:/closed <in
	assert_error "/closed.*Permission denied.*user 0, group 54321, mode 0660.*--group-add 54321\$"
	assert_out ''
	run_container --interactive --volume "$dir/closed:/closed" --group-add 54321 "$image" \
		- unix-connect:/closed <in
	assert_status 0
	assert_out 'knock\n'
}

test_socket_of_owner_only() {
	# where the group has no access either, no option is named that would not help
	need_root || return
	closed_socket 0600
	run_container --volume "$dir/closed:/closed" "$image" - unix-connect:/closed
	assert_error "/closed.*Permission denied.*user 0, group 54321, mode 0600.*--user 0\$"
}

test_socket_served() {
	# a server says it for each connection and goes on; one with the group gets through
	need_root || return
	closed_socket 0660
	listening --publish 127.0.0.1::8000 --volume "$dir/closed:/closed" "$image" -d -d \
		tcp-listen:8000,fork,reuseaddr unix-connect:/closed
	for number in 1 2; do
		client first "127.0.0.1:$port"
		wait_container_log "$container" ' E .* --group-add 54321$' "$number"
	done
	assertTrue 'goes on' "is_running $container"
	listening --publish 127.0.0.1::8000 --volume "$dir/closed:/closed" --group-add 54321 \
		"$image" -d -d tcp-listen:8000,fork,reuseaddr unix-connect:/closed
	assert_relays
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
