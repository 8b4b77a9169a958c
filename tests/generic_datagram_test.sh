#!/bin/sh
# Datagrams over sockets that are described by numbers, in a network namespace of its own.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"

# ip4 ADDRESS-IN-HEX PORT-IN-HEX: what is behind the family of an IPv4 address.
ip4() {
	echo "x$2x$1x0000000000000000"
}

one=$(ip4 7f000001 2222)
two=$(ip4 7f000002 1111)

# receiver NAME ARGUMENT...: start the relay, wait until it can be sent to.
receiver() {
	relay "$@"
	wait_log "$1.log" ' N (receiving on|successfully prepared local socket) '
}

from() {
	run "$python" "$tests/datagram_peer.py" "$@"
}

test_udp() {
	# a UDP socket made of numbers talks to the UDP types, and they to it
	receiver relay UDP4-RECVFROM:8738,bind=127.0.0.1,fork 'SYSTEM:tr a-z A-Z'
	given abc
	for type in SOCKET-SENDTO SENDTO SOCKET-DATAGRAM DATAGRAM DGRAM; do
		run "$SOCAT" -t 5 - "$type:2:2:17:$one,readbytes=3" <in
		assert_status 0
		assert_out ABC
	done
	stop "$pid"
	receiver relay -u "SOCKET-RECV:2:2:17:$one" CREATE:got
	run "$SOCAT" -u - UDP4-SENDTO:127.0.0.1:8738 <in
	wait_until size_is got 3
	assert_file abc got
}

test_recvfrom() {
	# one packet, its answer, the end; with fork each packet
	given abc
	receiver relay "SOCKET-RECVFROM:2:2:17:$one" 'SYSTEM:tr a-z A-Z'
	run "$SOCAT" -t 5 - UDP4-SENDTO:127.0.0.1:8738,readbytes=3 <in
	assert_out ABC
	finish "$pid"
	assertEquals 0 "$status"
	receiver relay "SOCKET-RECVFROM:2:2:17:$one,fork" 'SYSTEM:tr a-z A-Z'
	for i in 1 2 3; do
		run "$SOCAT" -t 5 - UDP4-SENDTO:127.0.0.1:8738,readbytes=3 <in
		assert_out ABC
	done
}

test_sendto_hears_its_peer_only() {
	# bind is an address in bytes; other senders are dropped
	receiver relay -u "SOCKET-SENDTO:2:2:17:$two,bind=$one" CREATE:got
	printf wrong >in
	run "$SOCAT" -u - UDP4-SENDTO:127.0.0.1:8738,bind=127.0.0.3:4369 <in
	printf right >in
	run "$SOCAT" -u - UDP4-SENDTO:127.0.0.1:8738,bind=127.0.0.2:4369 <in
	wait_until size_is got 5
	assert_file right got
}

test_range() {
	# a range is bytes and a mask
	receiver relay -u "SOCKET-RECV:2:2:17:$one,range=x0000x7f000002x0000000000000000:x0000xffffffffx0000000000000000" CREATE:got
	given abc
	run "$SOCAT" -u - UDP4-SENDTO:127.0.0.1:8738,bind=127.0.0.3 <in
	wait_log relay.log ' W refusing connection from AF=2 127.0.0.3:.* due to range option'
	run "$SOCAT" -u - UDP4-SENDTO:127.0.0.1:8738,bind=127.0.0.2 <in
	wait_until size_is got 3
}

test_ip6() {
	# other families
	address=x3333x00000000x00000000000000000000000000000001x00000000
	receiver relay "SOCKET-RECVFROM:10:2:17:$address,fork" PIPE
	given abc
	run "$SOCAT" -t 5 - "SOCKET-SENDTO:10:2:0:$address,readbytes=3" <in
	assert_out abc
}

test_unix() {
	# UNIX sockets; the entries go at the end
	receiver relay 'SOCKET-RECVFROM:1:2:0:\"server\",fork' PIPE
	given abc
	run "$SOCAT" -t 5 - 'SOCKET-SENDTO:1:2:0:\"server\",bind=\"own\",readbytes=3' <in
	assert_out abc
	from unix:other ask server xyz
	assert_out 'xyz from server\n'
	run "$SOCAT" - 'SOCKET-SENDTO:1:2:0:\"none\"' <in
	assert_error 'No such file or directory \(to AF=1 "none"\)'
	stop "$pid"
	rm -f other
	assertEquals 'removed' '' "$(find . -type s)"
}

test_raw() {
	# raw sockets receive the IP header, which is passed on
	receiver relay -u SOCKET-RECV:2:3:254:x00007f0000010000000000000000 CREATE:got
	given abc
	run "$SOCAT" -u - IP4-SENDTO:127.0.0.1:254 <in
	wait_until size_is got 23
	tail -c 3 got >tail
	assert_file abc tail
	receiver relay2 IP4-RECVFROM:253,bind=127.0.0.2,fork 'SYSTEM:tr a-z A-Z'
	run "$SOCAT" -t 5 - SOCKET-SENDTO:2:3:253:x00007f0000020000000000000000,bind=x00007f0000010000000000000000,readbytes=23 <in
	tail -c 3 out >tail
	assert_file ABC tail
}

test_packet_socket() {
	# a socket of the link layer: what it sends to an address, that address receives
	need_root || return 0
	ip link add veth-a type veth peer name veth-b 2>/dev/null || {
		echo 'skipped: no veth interfaces'
		startSkipping
		return 0
	}
	ip link set veth-a address 02:00:00:00:00:01 up
	ip link set veth-b address 02:00:00:00:00:02 up
	a=$(printf %02x "$(cat /sys/class/net/veth-a/ifindex 2>/dev/null || ip -o link show veth-a | cut -d : -f 1)")
	b=$(printf %02x "$(ip -o link show veth-b | cut -d : -f 1)")
	# in the order of the kernel's struct: protocol, index, type, kind, length, address
	receiver relay -u "SOCKET-RECV:17:2:46984:x88b5x${b}000000x000000x00x0000000000000000" CREATE:got
	given abc
	run "$SOCAT" -u - "SOCKET-DATAGRAM:17:2:46984:x88b5x${a}000000x000000x06x0200000000020000" <in
	assert_status 0
	wait_until test -s got
	head -c 3 got >head
	assert_file abc head
	ip link del veth-a
}

test_errors() {
	# families, protocols and addresses that are not there
	given abc
	run "$SOCAT" - 'SOCKET-SENDTO:200:2:0:x00' <in
	assert_error 'socket for AF=200 .*; this kernel does not have that domain'
	run "$SOCAT" - "SOCKET-SENDTO:2:2:99:$one" <in
	assert_error 'socket for AF=2 127.0.0.1:8738: .*; this kernel does not have that protocol'
	run "$SOCAT" -u "SOCKET-RECV:2:2:17:$(ip4 01020304 2222)" -
	assert_error "bind to AF=2 1.2.3.4:8738: $not_available; no interface"
	receiver relay -u "SOCKET-RECV:2:2:17:$one" CREATE:got
	run "$SOCAT" "SOCKET-RECVFROM:2:2:17:$one,fork" PIPE
	assert_error "bind to AF=2 127.0.0.1:8738: $in_use"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
