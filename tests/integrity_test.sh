#!/bin/sh
# Every byte arrives: bulk data both ways through all kinds of channels.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# Amounts: enough to fill every buffer on the way many times over.
if [ -n "${QUICK:-}" ] || [ -n "${SANITIZER_LOG:-}" ]; then
	bulk=20000000 small=200000
else
	bulk=100000000 small=1000000
fi

# both_ways ADDRESS [BYTES]: a client and the server "full" exchange seeded data through
# ADDRESS at the same time; both sides compare checksums.
both_ways() {
	client full "$1" left "${2:-$bulk}"
	assertEquals "client: $(cat err)" 0 "$status"
	assertEquals 'right to left' "$("$python" "$tests/peer.py" client sum right "${2:-$bulk}")" "$(cat out)"
	wait_until test -s full.port.sum
	assertEquals 'left to right' "$("$python" "$tests/peer.py" client sum left "${2:-$bulk}")" "$(cat full.port.sum)"
}

test_tcp() {
	# both directions at once, TCP to TCP
	server full full right "$bulk"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	both_ways "127.0.0.1:$port"
}

test_tcp_one_shot() {
	# and in a run for one connection
	server full full right "$bulk"
	listener relay -t 30 TCP4-LISTEN:0,bind=127.0.0.1 "TCP4:127.0.0.1:$server_port"
	both_ways "127.0.0.1:$port"
	finish "$pid"
	assertEquals 0 "$status"
}

test_small_blocks() {
	# with blocks of 1 and of 100 bytes
	server full full right 20000
	listener relay -b 1 TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	both_ways "127.0.0.1:$port" 20000
	rm -f full.port.sum
	server full full right "$small"
	listener relay-100 -b 100 TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	both_ways "127.0.0.1:$port" "$small"
}

test_large_blocks() {
	# with blocks of a megabyte
	server full full right "$bulk"
	listener relay -b 1000000 TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	both_ways "127.0.0.1:$port"
}

test_dumping() {
	# while the data is being dumped
	server full full right "$small"
	start relay sh -c 'exec "$@" 2>/dev/null' - "$SOCAT" -v "-lf$dir/messages" -d -d -r right.raw -R left.raw \
		TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	wait_log messages 'listening on'
	both_ways "127.0.0.1:$(port_of messages)" "$small"
	assertEquals "$(cat full.port.sum)" "$(checksum right.raw)"
	assertEquals "$(cat out)" "$(checksum left.raw)"
}

test_unix() {
	# TCP to UNIX to TCP, through two relays
	server full full right "$bulk"
	relay second UNIX-LISTEN:socket,fork "TCP4:127.0.0.1:$server_port"
	wait_log second.log 'listening on'
	listener first TCP4-LISTEN:0,bind=127.0.0.1,fork UNIX-CONNECT:socket
	both_ways "127.0.0.1:$port"
}

test_chain() {
	# through a chain of three relays, one of them IPv6
	server full full right "$bulk"
	listener third TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	listener second TCP6-LISTEN:0,bind=[::1],fork "TCP4:127.0.0.1:$port"
	listener first TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP6:[::1]:$port"
	both_ways "127.0.0.1:$port"
}

test_isolated() {
	# in a process per connection
	server full full right "$bulk"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate "TCP4:127.0.0.1:$server_port"
	both_ways "127.0.0.1:$port"
}

test_small_buffers() {
	# with socket buffers so small that every write is partial
	server full full right "$small"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,sndbuf=2048,rcvbuf=2048 \
		"TCP4:127.0.0.1:$server_port,sndbuf=2048,rcvbuf=2048"
	both_ways "127.0.0.1:$port" "$small"
}

test_several_at_once() {
	# eight bulk connections at once in one process
	server full full right 10000000
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	clients=
	for number in 1 2 3 4 5 6 7 8; do
		start "client$number" "$python" "$tests/peer.py" client full "127.0.0.1:$port" "left$number" 10000000
		clients="$clients $pid"
	done
	for client_pid in $clients; do
		finish "$client_pid"
		assertEquals 0 "$status"
	done
	expected=$("$python" "$tests/peer.py" client sum right 10000000)
	for number in 1 2 3 4 5 6 7 8; do
		assertEquals "client $number" "$expected" "$(cat "client$number.out")"
	done
}

test_stdio() {
	# from a file to a file, from a pipe to a pipe
	head -c "$bulk" /dev/urandom >data
	run "$SOCAT" -u - - <data
	assertEquals "$(checksum data)" "$(checksum out)"
	run sh -c 'cat data | "$1" -u - STDOUT | cat' - "$SOCAT"
	assertEquals "$(checksum data)" "$(checksum out)"
	run "$SOCAT" -u OPEN:data CREATE:copy
	assertEquals "$(checksum data)" "$(checksum copy)"
}

test_programs() {
	# through a program, over socket pairs and pipes
	head -c "$bulk" /dev/urandom >data
	for address in EXEC:cat EXEC:cat,pipes SYSTEM:cat; do
		run "$SOCAT" -t 30 - "$address" <data
		assertEquals "$address: $(cat err)" "$(checksum data)" "$(checksum out)"
	done
}

test_program_behind_server() {
	# through programs behind a listener
	head -c "$bulk" /dev/urandom >data
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:cat
	run "$SOCAT" -t 30 - "TCP4:127.0.0.1:$port" <data
	assertEquals "$(checksum data)" "$(checksum out)"
}

test_pipe() {
	# through unnamed and named pipes
	head -c "$bulk" /dev/urandom >data
	run "$SOCAT" -t 30 - PIPE <data
	assertEquals "$(checksum data)" "$(checksum out)"
	mkfifo fifo
	start_with data writer "$SOCAT" -u - PIPE:fifo,unlink-close=0
	run "$SOCAT" -u PIPE:fifo,unlink-close=0 -
	assertEquals "$(checksum data)" "$(checksum out)"
}

test_one_direction() {
	# -u over TCP, the client's end is the end
	head -c "$bulk" /dev/urandom >data
	listener relay -u TCP4-LISTEN:0,bind=127.0.0.1 CREATE:copy
	relay=$pid
	run "$SOCAT" -u OPEN:data "TCP4:127.0.0.1:$port"
	assert_status 0
	finish "$relay"
	assertEquals 0 "$status"
	assertEquals "$(checksum data)" "$(checksum copy)"
}

# A program that takes its input in full and, at the same time, sends as much.
exchanging_program() {
	cat >exchange <<-END
		#!/bin/sh
		cat $dir/answer &
		cat >$dir/received
		wait
	END
	chmod +x exchange
}

test_program_both_ways() {
	# a program that sends and takes much at the same time, over socket pairs and pipes
	head -c 20000000 /dev/urandom >data
	head -c 20000000 /dev/urandom >answer
	exchanging_program
	for address in EXEC:./exchange EXEC:./exchange,pipes SYSTEM:./exchange,pipes EXEC:./exchange,nofork; do
		rm -f received
		listener relay -t 60 TCP4-LISTEN:0,bind=127.0.0.1 "$address"
		relay=$pid
		run "$SOCAT" -t 60 - "TCP4:127.0.0.1:$port" <data
		finish "$relay"
		assertEquals "$address: $(cat relay.log)" 0 "$status"
		assertEquals "$address: to us" "$(checksum answer)" "$(checksum out)"
		assertEquals "$address: to the program" "$(checksum data)" "$(checksum received)"
	done
}

test_programs_in_a_server() {
	# several clients at once, each with a program that gives back much
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:cat,pipes
	clients=
	for number in 1 2 3; do
		start "client$number" "$python" "$tests/peer.py" client full "127.0.0.1:$port" "seed$number" 20000000
		clients="$clients $pid"
	done
	for client_pid in $clients; do
		finish "$client_pid"
		assertEquals 0 "$status"
	done
	for number in 1 2 3; do
		assertEquals "client $number" "$("$python" "$tests/peer.py" client sum "seed$number" 20000000)" \
			"$(cat "client$number.out")"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
