#!/bin/sh
# When things go wrong: no descriptors left, slow and vanishing peers, dead programs.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# scarce_server NAME ARGUMENT...: a listener that may open only 40 descriptors.
scarce_server() {
	start "$1" sh -c 'ulimit -n 40; exec "$@"' - "$SOCAT" -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork "$2"
	wait_log "$1.log" 'listening on'
	port=$(port_of "$1.log")
}

test_no_descriptors_left() {
	# with its descriptors used up a server waits, says so once, and loses no connection
	server echo echo
	scarce_server relay "TCP4:127.0.0.1:$server_port"
	start clients "$python" "$tests/peer.py" client many "127.0.0.1:$port" 100 1000
	clients=$pid
	finish "$clients"
	assert_file '100 of 100 answers right\n' clients.out
	refute_log relay.log ' (E|F) '
	assertTrue 'said' "[ $(count_lines relay.log "$out_of_descriptors") -ge 1 ]"
}

test_no_descriptors_left_said_once() {
	# one line each time the descriptors run out, not one per connection
	server silent silent
	scarce_server relay "TCP4:127.0.0.1:$server_port"
	relay=$pid
	start_connections 60
	wait_log relay.log "$out_of_descriptors"
	# more come while it waits
	more_connections 20
	assert_lines relay.log "$out_of_descriptors" 1
	assertTrue 'still there' "kill -0 $relay"
}

# start_connections N: open N connections that do nothing until the test ends.
start_connections() {
	start "idle-$1" "$python" -c '
import socket, sys, time
conns = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(int(sys.argv[2]))]
print("open", flush=True)
time.sleep(600)' "$port" "$1"
	wait_until grep -q open "idle-$1.out"
}

more_connections() {
	start_connections "$1"
}

test_no_descriptors_left_no_spin() {
	# while it waits it does not burn CPU
	server silent silent
	scarce_server relay "TCP4:127.0.0.1:$server_port"
	relay=$pid
	start_connections 60
	wait_log relay.log "$out_of_descriptors"
	before=$(cpu_ticks "$relay")
	# two seconds of a spinning loop would be some 200 ticks
	sleep 2
	after=$(cpu_ticks "$relay")
	assertTrue "$((after - before)) ticks" "[ $((after - before)) -lt 40 ]"
}

test_no_descriptors_left_recovers() {
	# when connections end, the waiting ones are served without anybody's help
	server echo echo
	scarce_server relay "TCP4:127.0.0.1:$server_port"
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 12
	exec 9>hold
	wait_until grep -q 'held 12' holder.out
	start_connections 30
	idle=$pid
	wait_log relay.log "$out_of_descriptors"
	stop "$idle"
	client ask "127.0.0.1:$port" again
	assert_out again
	exec 9>&-
}

test_no_descriptors_for_program() {
	# a program that can't be started for want of descriptors costs only its connection
	start relay sh -c 'ulimit -n 24; exec "$@"' - "$SOCAT" -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:cat
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	relay=$pid
	start_connections 30
	idle=$pid
	wait_log relay.log "$out_of_descriptors"
	stop "$idle"
	assertTrue 'still there' "kill -0 $relay"
	client ask "127.0.0.1:$port" again
	assert_out again
}

test_backend_down() {
	# a backend that is down costs one line per connection, and no descriptor
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork TCP4:127.0.0.1:1
	client ask "127.0.0.1:$port" x
	wait_log relay.log ' E .*Connection refused' 1
	fds=$(count_fds "$pid")
	for round in 1 2 3 4 5 6 7 8 9 10; do
		client ask "127.0.0.1:$port" x
	done
	wait_log relay.log ' E .*Connection refused' 11
	assert_lines relay.log ' [EWF] ' 11
	wait_until has_fds "$pid" "$fds"
}

test_backend_comes_back() {
	# once it is back the next connection goes through
	listener probe TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	backend=$port
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$backend"
	client ask "127.0.0.1:$port" x
	assert_out ''
	server echo echo --port "$backend"
	client ask "127.0.0.1:$port" x
	assert_out x
}

test_client_resets() {
	# a client that resets its connection in the middle harms nobody
	server silent silent
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	relay=$pid
	fds=$(count_fds "$relay")
	for round in 1 2 3 4 5; do
		client abort "127.0.0.1:$port" 100000
		assert_status 0
	done
	wait_until has_fds "$relay" "$fds"
	assertTrue 'still there' "kill -0 $relay"
}

test_server_resets() {
	# nor does a server that does
	server reset reset
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	relay=$pid
	fds=$(count_fds "$relay")
	for round in 1 2 3 4 5; do
		client ask "127.0.0.1:$port" abcdef
	done
	wait_until has_fds "$relay" "$fds"
	assertTrue 'still there' "kill -0 $relay"
}

test_client_killed() {
	# a client killed in the middle of a transfer ends its session only
	server source echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork OPEN:/dev/zero,rdonly
	relay=$pid
	fds=$(count_fds "$relay")
	start reader sh -c 'exec "$@" >/dev/null' - "$SOCAT" -u "TCP4:127.0.0.1:$port" STDOUT
	reader=$pid
	wait_log relay.log 'starting data transfer loop'
	kill -KILL "$reader"
	finish "$reader"
	wait_until has_fds "$relay" "$fds"
	assertTrue 'still there' "kill -0 $relay"
}

test_slow_reader() {
	# a peer that stops reading is waited for without burning CPU, and gets everything in the end
	head -c 20000000 /dev/urandom >data
	mkfifo slow
	start reader sh -c 'exec 8<slow; read -r go <go; cat <&8'
	reader=$pid
	mkfifo go
	listener relay -t 60 -u TCP4-LISTEN:0,bind=127.0.0.1 OPEN:slow,wronly
	relay=$pid
	start sender "$SOCAT" -t 60 -u OPEN:data "TCP4:127.0.0.1:$port"
	sender=$pid
	wait_log relay.log 'starting data transfer loop'
	wait_until pipe_is_full
	before=$(cpu_ticks "$relay")
	sleep 1
	after=$(cpu_ticks "$relay")
	assertTrue "$((after - before)) ticks" "[ $((after - before)) -lt 20 ]"
	echo go >go
	finish "$relay"
	assertEquals 0 "$status"
	finish "$reader"
	assertEquals "$(checksum data)" "$(checksum reader.out)"
}

# The sender can't send any more: its socket's queue does not get shorter.
pipe_is_full() {
	full_now=$(ss -Htn "dport = :$port" | awk '{ print $3 }')
	sleep 0.2
	[ "${full_now:-0}" -gt 0 ] && [ "$full_now" = "$(ss -Htn "dport = :$port" | awk '{ print $3 }')" ]
}

test_both_full() {
	# with both directions full in both peers nothing is lost and nothing hangs
	server full full right 8000000
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port,sndbuf=4096,rcvbuf=4096"
	client full "127.0.0.1:$port" left 8000000
	assert_status 0
	assertEquals "$("$python" "$tests/peer.py" client sum right 8000000)" "$(cat out)"
	wait_until test -s full.port.sum
	assertEquals "$("$python" "$tests/peer.py" client sum left 8000000)" "$(cat full.port.sum)"
}

test_program_killed() {
	# a program killed in the middle ends its session, the server goes on
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork 'SYSTEM:echo $$ >program; exec cat'
	relay=$pid
	start one "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	mkfifo hold
	start_with hold held "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	exec 9>hold
	wait_until grep -q 'held 1' held.out
	kill -KILL "$(cat program)"
	exec 9>&-
	client ask "127.0.0.1:$port" again
	assert_out again
	assertTrue 'still there' "kill -0 $relay"
	wait_until has_children "$relay" 0
}

test_program_that_does_not_read() {
	# a program that ends without reading its input is no disaster
	head -c 1000000 /dev/zero >in
	run "$SOCAT" -u - EXEC:true <in
	assertTrue "status $status" "[ $status -le 1 ]"
	assertNotEquals 124 "$status"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:true
	client abort "127.0.0.1:$port" 100000
	client ask "127.0.0.1:$port" ''
	assertTrue 'still there' "kill -0 $pid"
}

test_disk_full() {
	# a write that fails in one session is said, the server goes on
	listener relay -u TCP4-LISTEN:0,bind=127.0.0.1,fork OPEN:/dev/full,wronly
	client ask "127.0.0.1:$port" abc
	wait_log relay.log 'No space left on device'
	client ask "127.0.0.1:$port" abc
	wait_log relay.log 'No space left on device' 2
	assertTrue 'still there' "kill -0 $pid"
}

test_log_reader_gone() {
	# a server whose standard error nobody reads any more goes on serving
	mkfifo messages
	sh -c 'exec 8<messages; head -n 1 <&8 >first' &
	reader=$!
	"$SOCAT" -d -d -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE 2>messages >/dev/null </dev/null &
	pid=$!
	started="$started $pid $reader"
	wait_until ended "$reader"
	wait_until listening_port "$pid"
	client ask "127.0.0.1:$port" abc
	assert_out abc
	client ask "127.0.0.1:$port" def
	assert_out def
}

# The port a process listens on, as the kernel sees it.
listening_port() {
	port=$(ss -Hltnp | sed -n "s/.*127\.0\.0\.1:\([0-9]*\) .*pid=$1,.*/\1/p")
	[ -n "$port" ]
}

test_cool_write() {
	# with cool-write a vanished peer is a notice, not an error
	server reset reset
	run "$SOCAT" -d -d -u OPEN:/dev/zero "TCP4:127.0.0.1:$server_port,cool-write"
	refute_log err ' E .*(Broken pipe|reset)'
	server reset reset
	run "$SOCAT" -u OPEN:/dev/zero "TCP4:127.0.0.1:$server_port"
	assert_status 1
	assert_log err ' E .*(Broken pipe|reset)'
}

test_burst_without_descriptors() {
	# more clients at once than there are descriptors for: each one is served in the end
	server echo echo
	for address in EXEC:cat EXEC:cat,pipes "TCP4:localhost:$server_port"; do
		start relay sh -c 'ulimit -n 30; exec "$@"' - "$SOCAT" -d -d \
			TCP4-LISTEN:0,bind=127.0.0.1,fork "$address"
		relay=$pid
		wait_log relay.log ' N listening on ' || return 1
		client many "127.0.0.1:$(port_of relay.log)" 60
		assert_out '60 of 60 answers right\n'
		refute_log relay.log ' E '
		stop "$relay"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
