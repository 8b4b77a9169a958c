#!/bin/sh
# Raw IP, in a network namespace of its own: what is sent, what is received, who is heard.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"

# peer NAME SOCKET MODE ARGUMENT...: start one that receives, wait until it can be sent to.
peer() {
	peer_name=$1
	shift
	start "$peer_name" "$python" "$tests/datagram_peer.py" "$@"
	wait_log "$peer_name.out" '^ready$'
}

# from SOCKET MODE ARGUMENT...: run a peer to its end: files out and err, $status.
from() {
	run "$python" "$tests/datagram_peer.py" "$@"
}

# receiver NAME ARGUMENT...: start the relay, wait until it can be sent to.
receiver() {
	relay "$@"
	wait_log "$1.log" ' N (receiving on|successfully prepared local socket) '
}

# headers PROTOCOL: send packets with IP headers of three kinds to 127.0.0.1: without options, with
# options, without data.
headers() {
	"$python" - "$1" <<-'END'
	import socket, sys
	sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
	def packet(words, options, data):
	    return bytes([0x40 | words, 0, 0, 0, 0, 0, 0, 0, 64, int(sys.argv[1]), 0, 0,
	                  127, 0, 0, 1, 127, 0, 0, 1]) + options + data
	sock.sendto(packet(5, b"", b"plain"), ("127.0.0.1", 0))
	sock.sendto(packet(6, b"\x01\x01\x01\x00", b"options"), ("127.0.0.1", 0))
	sock.sendto(packet(5, b"", b""), ("127.0.0.1", 0))
	sock.sendto(packet(15, b"\x01" * 39 + b"\x00", b"end."), ("127.0.0.1", 0))
	END
}

test_recv_takes_the_header_off() {
	# only the data arrive, however long the IPv4 header; an empty packet is no end
	receiver relay -u IP4-RECV:253 CREATE:got
	receiver all -u IP4-RECV:255 CREATE:got255
	headers 253
	headers 255
	wait_until size_is got 16
	assert_file plainoptionsend. got
	wait_until size_is got255 16
	assert_file plainoptionsend. got255
}

test_recvfrom_takes_the_header_off() {
	# also with fork, each packet by itself
	receiver relay IP4-RECVFROM:253,fork 'SYSTEM:data=\$(cat); echo "\$data" >>got'
	headers 253
	wait_until size_is got 20
	assertEquals ' end. options plain' "$(sort got | tr '\n' ' ' | sed 's/ $//')"
	stop "$pid"
	receiver relay IP4-RECVFROM:253 CREATE:got
	headers 253
	finish "$pid"
	assert_file plain got
}

test_buffer_is_for_data() {
	# the size of the buffer counts for the data, not for the header
	receiver relay -b 5 -u IP4-RECV:253 CREATE:got
	from raw:253:127.0.0.1 send 127.0.0.1 12345 1234567
	wait_log relay.log ' W read\(.*a packet of 7 bytes: all but the first 5 are lost'
	assert_lines relay.log ' W ' 1
	assert_file 1234512345 got
}

test_sendto() {
	# the data become a packet; the answer comes back, with and without fork
	given abc
	for option in '' ,fork; do
		receiver relay "IP4-RECVFROM:254,bind=127.0.0.2$option" 'SYSTEM:tr a-z A-Z'
		run "$SOCAT" -t 5 - IP4-SENDTO:127.0.0.2:254,bind=127.0.0.1,readbytes=3 <in
		assert_status 0
		assert_out ABC
		[ -n "$option" ] && stop "$pid" || finish "$pid"
	done
}

test_recvfrom_program() {
	# a program is told addresses, and no ports: there are none
	for option in '' ,fork; do
		receiver relay "IP4-RECVFROM:254,bind=127.0.0.2$option" \
			'SYSTEM:env | grep -e PEER -e SOCK | sort >env; mv env variables; cat'
		from raw:254:127.0.0.1 ask 127.0.0.2 abc
		assert_out 'abc from 127.0.0.2\n'
		assert_file 'SOCAT_PEERADDR=127.0.0.1\nSOCAT_SOCKADDR=127.0.0.2\n' variables
		[ -n "$option" ] && stop "$pid" || finish "$pid"
	done
}

test_sendto_names() {
	# all names of the type, a host name, a protocol by name or in hexadecimal
	given abc
	for address in IP:localhost:254 IP-SEND:127.0.0.1:0xfe IP4:127.0.0.1:254 IP4-SEND:127.0.0.1:0376; do
		peer got raw:254:127.0.0.1 receive 1
		run "$SOCAT" -u - "$address" <in
		assert_status 0
		wait_log got.out '^abc from 127.0.0.1$'
		finish "$pid"
	done
	peer got raw:47:127.0.0.1 receive 1
	run "$SOCAT" -u - IP4-SENDTO:127.0.0.1:gre <in
	wait_log got.out '^abc'
}

test_sendto_hears_its_peer_only() {
	# packets of other addresses are dropped
	receiver relay -u IP4-SENDTO:127.0.0.3:254,bind=127.0.0.1 CREATE:got
	from raw:254:127.0.0.2 send 127.0.0.1 wrong
	from raw:254:127.0.0.3 send 127.0.0.1 right
	wait_until size_is got 5
	assert_file right got
}

test_datagram_range() {
	# DATAGRAM hears all that range lets in
	receiver relay -u IP4-DATAGRAM:127.0.0.9:254,bind=127.0.0.1,range=127.0.0.2/31 CREATE:got
	from raw:254:127.0.0.4 send 127.0.0.1 wrong
	wait_log relay.log ' W refusing connection from AF=2 127.0.0.4:0 due to range option$'
	from raw:254:127.0.0.2 send 127.0.0.1 two
	from raw:254:127.0.0.3 send 127.0.0.1 three
	wait_until size_is got 8
	assert_file twothree got
}

test_header_in_data() {
	# with protocol 255 the data begin with the IP header
	peer got raw:253:127.0.0.1 receive 1
	printf '\105\0\0\0\0\0\0\0\100\375\0\0\177\0\0\005\177\0\0\001mine' >in
	run "$SOCAT" -u OPEN:in IP4-SENDTO:127.0.0.1:255
	assert_status 0
	wait_log got.out '^mine from 127.0.0.5$'
}

test_ip6() {
	# IPv6 sockets receive no header
	ip addr add fd00::1/128 dev lo nodad
	ip addr add fd00::2/128 dev lo nodad
	receiver relay 'IP6-RECVFROM:254,bind=[fd00::1],fork' 'SYSTEM:tr a-z A-Z'
	given abc
	run "$SOCAT" -t 5 - 'IP6-SENDTO:[fd00::1]:254,bind=[fd00::2],readbytes=3' <in
	assert_out ABC
	stop "$pid"
	receiver relay -u IP-RECV:254,pf=ip6 CREATE:got
	run "$SOCAT" -u - 'IP6-DATAGRAM:[::1]:254' <in
	wait_until size_is got 3
	assert_file abc got
}

test_ttl() {
	# options of IP hold
	"$python" -c '
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, 254)
sock.settimeout(15)
print("ready", flush=True)
print("ttl", sock.recv(1000)[8], flush=True)' >ttl.out &
	ttl=$!
	started="$started $ttl"
	wait_log ttl.out ready
	given abc
	run "$SOCAT" -u - IP4-SENDTO:127.0.0.1:254,ttl=7 <in
	wait_log ttl.out '^ttl 7$'
}

test_no_capability() {
	# without the capability the error says what is missing, and how to get it
	without_leak_check
	given abc
	for address in IP4-SENDTO:127.0.0.1:254 IP6-RECV:254 IP4-RECVFROM:254,fork; do
		run setpriv --bounding-set -net_raw --inh-caps -net_raw \
			setpriv --no-new-privs "$SOCAT" "$address" - <in
		assert_error 'socket .*not permitted; .*NET_RAW \(docker run --user 0 --cap-add NET_RAW\), or root$'
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
