#!/bin/sh
# UDP: packets of one size that come in a burst go on as one train, which nobody notices.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

own_namespace "$@"

# Longer ones in packets than the loopback interface of the namespace takes in one piece.
oneTimeSetUp() {
	ip link set lo mtu 1500
}

# A port that was free a moment ago.
free_udp_port() {
	"$python" -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# ready: wait until the relay can be sent to, set $port.
ready() {
	wait_log relay.log ' N listening on UDP AF=' || return 1
	port=$(sed -n 's/.* N listening on UDP .*:\([0-9][0-9]*\)$/\1/p' relay.log)
}

# receiver: a relay that logs its calls, to $server_port; set $port, $pid.
receiver() {
	server_port=$(free_udp_port)
	relay relay -d -d UDP4-LISTEN:0,fork "UDP4:127.0.0.1:$server_port$1"
	ready
}

# faulty_receiver INJECTION: the same where a system call fails.
faulty_receiver() {
	server_port=$(free_udp_port)
	faulty relay "$1" UDP4-LISTEN:0,fork "UDP4:127.0.0.1:$server_port"
	ready || return 1
	pid=$(children "$pid")
}

# burst SIZE...: through the relay, both ways.
burst() {
	run "$python" "$tests/udp_trains.py" "$pid" "$port" "$server_port" "$@"
	assertEquals "burst of $* ($(cat err))" 0 "$status"
}

stop_relay() {
	kill -TERM "$pid"
	wait_until ended "$pid"
}

test_trains() {
	# the last one may be shorter; longer and empty ones are none of it; 64 are the most
	receiver
	burst 10*1200 300 3*1200 0 70*5
	assert_log relay.log 'sendmsg\([0-9]+, packets of 1200, 12300\) -> 12300'
	assert_log relay.log 'sendmsg\([0-9]+, packets of 5, '
	assert_log relay.log 'sendmmsg\([0-9]+, ..., 5\) -> 5'
	refute_log relay.log ' [WE] '
}

test_sizes_that_differ() {
	# one by one
	receiver
	burst 1 2 3 2 3 1000 0 0 1001
	assert_log relay.log 'sendmmsg\([0-9]+, ..., 8\) -> 8'
	refute_log relay.log ' [WE] '
}

test_packets_larger_than_the_path_takes() {
	# they go one by one, in pieces, as they would have without others
	receiver
	burst 12*2000 100
	assert_log relay.log 'sendmsg\([0-9]+, packets of 2000, 24100\) -> -1'
	refute_log relay.log ' [WE] '
}

test_line_ends() {
	# what changes the data gets packet after packet
	receiver ,crnl
	burst 5*10 3
	refute_log relay.log 'packets of'
}

test_dump() {
	# what is shown is shown packet by packet
	server_port=$(free_udp_port)
	relay relay -v UDP4-LISTEN:0,fork "UDP4:127.0.0.1:$server_port"
	ready
	burst 4*7
	assert_lines relay.log '> [0-9/]+ .* length=7 ' 4
	assert_lines relay.log '< [0-9/]+ .* length=7 ' 4
}

test_trains_that_can_not_be_sent() {
	# at another time, or not as trains: no packet is lost, none overtakes another one
	need strace || return 0
	for injection in sendmsg:error=EAGAIN:when=1 sendmsg:error=EIO:when=1 \
		sendmsg:error=EINTR:when=1 sendmsg:error=ENOMEM:when=1 \
		sendmmsg:error=EAGAIN:when=1 sendmmsg:error=EIO:when=1 \
		sendmmsg:error=ENOBUFS:when=1 sendmmsg:error=EINTR:when=1 \
		getsockopt:error=ENOPROTOOPT:when=1+ sendto:error=EAGAIN:when=2..3 \
		sendmsg,sendto:error=EAGAIN:when=2..3 sendmsg,sendto:error=EAGAIN:when=2+2; do
		faulty_receiver "$injection"
		burst 20*1000 10 4*1000 30 31
		refute_log relay.log ' E '
		stop_relay
	done
}

failed_often_enough() {
	[ "$(grep -c INJECTED relay.trace)" -eq 4 ]
}

test_socket_that_can_not_be_watched() {
	# for the moment: it is looked at all the same, until it can
	need strace || return 0
	faulty_receiver epoll_ctl:error=ENOSPC:when=5..8
	burst 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
	wait_until failed_often_enough
	burst 1 2 3
	stop_relay
}

# shellcheck source=/dev/null
. shunit2
