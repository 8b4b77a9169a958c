#!/bin/sh
# SOCKETPAIR: an echo that keeps the borders of packets.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_echo() {
	# what is written comes back, with every type of socket
	given 'some data\n'
	for type in '' ,type=1 ,socktype=2 ,so-type=5; do
		run "$SOCAT" - "SOCKETPAIR$type" <in
		assert_status 0
		assert_out 'some data\n'
	done
}

test_end() {
	# connected types pass the end on at once, datagrams leave it to -t, as the original
	given abc
	run "$SOCAT" -d -d -t 60 - SOCKETPAIR,type=1 <in
	assert_log err 'socket 2 .* is at EOF'
	run "$SOCAT" -d -d -t 60 - SOCKETPAIR,type=5 <in
	assert_log err 'socket 2 .* is at EOF'
	run "$SOCAT" -d -d -t 0.1 - SOCKETPAIR <in
	refute_log err 'socket 2 .* is at EOF'
	assert_status 0
	assert_out abc
}

test_borders() {
	# packets come back one by one, and as they were
	relay pair UNIX-LISTEN:sock,type=5 SOCKETPAIR
	wait_log pair.log " N listening on "
	run "$python" -c "
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout($BOUND)
s.connect('sock')
for n in (1, 3000, 7):
    s.send(b'x' * n)
print(*[len(s.recv(65536)) for _ in range(3)])"
	assert_out '1 3000 7\n'
}

test_stream_has_no_borders() {
	# while a stream is one
	head -c 300000 /dev/urandom >in
	run "$SOCAT" - SOCKETPAIR,type=1 <in
	assert_status 0
	assertEquals "$(checksum in)" "$(checksum out)"
}

test_null() {
	# shut-null and null-eof make an empty packet the end
	given abc
	run "$SOCAT" -d -d -t 60 - SOCKETPAIR,shut-null,null-eof <in
	assert_log err 'socket 2 .* is at EOF'
	assert_out abc
}

test_options() {
	# socket options act on both sockets
	need strace || return 0
	without_leak_check
	run strace -f -e trace=socketpair,setsockopt -o trace "$SOCAT" -t 0.1 - SOCKETPAIR,sndbuf=50000 </dev/null
	assert_log trace 'socketpair\(AF_UNIX, SOCK_DGRAM'
	assert_lines trace 'SO_SNDBUF, \[50000\]' 2
}

test_log() {
	# the notice is the original's
	run "$SOCAT" -d -d -t 0.1 - SOCKETPAIR </dev/null
	assert_log err ' N writing to and reading from unnamed socketpair'
}

test_many_sessions() {
	# each session of a server has a pair of its own
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork SOCKETPAIR,type=1
	client many "127.0.0.1:$port" 20 50000
	assert_out '20 of 20 answers right\n'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
