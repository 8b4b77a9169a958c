#!/bin/sh
# Many sessions in one process, and the cases that need processes of their own.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_one_process() {
	# plain relaying serves all connections without any child process
	server echo echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	mkfifo hold
	relay=$pid
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 100
	exec 9>hold
	wait_until grep -q 'held 100' holder.out
	assertEquals 'children' 0 "$(count_children "$relay")"
	assertTrue 'descriptors' "[ $(count_fds "$relay") -ge 200 ]"
	exec 9>&-
}

test_many_at_once() {
	# 500 connections at once get their own answers each
	server echo echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	client many "127.0.0.1:$port" 500 1000
	assert_out '500 of 500 answers right\n'
	assertTrue 'still there' "kill -0 $pid"
}

test_thousands_idle() {
	# thousands of idle connections are held by one process
	[ "$(ulimit -n)" -ge 9000 ] || { echo 'skipped: needs 9000 descriptors'; startSkipping; return 0; }
	server echo echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 2000
	exec 9>hold
	wait_until grep -q 'held 2000' holder.out
	assertEquals 'children' 0 "$(count_children "$relay")"
	client ask "127.0.0.1:$port" 'one more'
	assert_out 'one more'
	exec 9>&-
}

test_everything_is_given_back() {
	# after many connections descriptors and memory are what they were after the first ones
	server echo echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	client many "127.0.0.1:$port" 50 100000
	wait_log relay.log 'socket [12] \(fd [0-9]+\) is at EOF' 100
	# the resolver or a timer may keep something once and for all
	sleep_until_quiet "$pid"
	fds=$(count_fds "$pid")
	memory=$(resident "$pid")
	for round in 1 2 3 4; do
		client many "127.0.0.1:$port" 50 100000
		assert_out '50 of 50 answers right\n'
	done
	wait_until has_fds "$pid" "$fds"
	assertEquals "$fds" "$(count_fds "$pid")"
	# a leak of one buffer per connection (8 kB) would be 1600 kB; sanitizers keep freed memory
	if ! sanitized; then
		grown=$(($(resident "$pid") - memory))
		assertTrue "grown by $grown kB" "[ $grown -lt 1000 ]"
	fi
}

# The descriptors are down to those of a server without a session: the listener, the
# loop's own and standard ones.
sleep_until_quiet() {
	wait_until few_fds "$1"
}

few_fds() {
	[ "$(count_fds "$1")" -lt 20 ]
}

test_right_side_fork() {
	# fork on a connecting address opens one connection after the other
	server collect collect "$dir"
	listener probe TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	relay relay -u "TCP4:127.0.0.1:$server_port,fork,interval=0.05" OPEN:/dev/null
	wait_log relay.log 'successfully connected from' 3
	assertTrue 'still there' "kill -0 $pid"
}

test_right_side_fork_pauses() {
	# with max-children too there is a pause before the next connection
	server collect collect "$dir"
	start relay "$SOCAT" -d -d "TCP4:127.0.0.1:$server_port,fork,max-children=1,interval=0.3" OPEN:/nowhere/file
	wait_log relay.log 'successfully connected from' 2
	sleep 0.5
	log_has relay.log 'successfully connected from' 6
	assertFalse 'connects without a pause' $?
}

test_children_for_process_state() {
	# options that change a process are carried out in a process per connection
	need_root || return 0
	without_leak_check
	for options in setuid=nobody su=nobody chroot=/tmp; do
		listener "relay" TCP4-LISTEN:0,bind=127.0.0.1,fork,$options PIPE
		relay=$pid
		rm -f hold
		mkfifo hold
		start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 3
		exec 9>hold
		wait_until grep -q 'held 3' holder.out
		assertEquals "$options: children" 3 "$(count_children "$relay")"
		child=$(children "$relay" | cut -d ' ' -f 1)
		case $options in
		*nobody) assertEquals "$options" "$(id -u nobody)" "$(stat -c %u "/proc/$child")" ;;
		chroot*) assertEquals "$options" /tmp "$(readlink "/proc/$child/root")" ;;
		esac
		assertEquals "$options: the server" "0 /" "$(stat -c %u "/proc/$relay") $(readlink "/proc/$relay/root")"
		exec 9>&-
		wait_until has_children "$relay" 0
		stop "$relay"
	done
}

test_isolate() {
	# isolate asks for a process per connection
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 3
	exec 9>hold
	wait_until grep -q 'held 3' holder.out
	assertEquals 3 "$(count_children "$relay")"
	# one of them dies, the others go on
	kill -KILL "$(children "$relay" | cut -d ' ' -f 1)"
	wait_until has_children "$relay" 2
	exec 9>&-
	wait_until has_children "$relay" 0
	client ask "127.0.0.1:$port" more
	assert_out more
}

test_isolate_max_children() {
	# max-children counts those processes
	need ss || return 0
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate,max-children=2 PIPE
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 2
	exec 9>hold
	wait_until grep -q 'held 2' holder.out
	start third "$python" "$tests/peer.py" client ask "127.0.0.1:$port" third
	third=$pid
	wait_until third_waits
	assertEquals 2 "$(count_children "$relay")"
	exec 9>&-
	finish "$third"
	assert_file third third.out
}

third_waits() {
	ss -Htn "sport = :$port" | wc -l | grep -qx 3
}

test_late_answer() {
	# an answer long after the client's end still arrives with a forking listener
	server late late 1.5
	late_port=$server_port
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	client ask "127.0.0.1:$port" abc
	assert_out 'late 3\n'
	server late-unix late 1.5 --unix "$dir/socket"
	listener relay-unix TCP4-LISTEN:0,bind=127.0.0.1,fork "UNIX-CONNECT:$dir/socket"
	client ask "127.0.0.1:$port" abcd
	assert_out 'late 4\n'
	relay from-unix UNIX-LISTEN:listen,fork "TCP4:127.0.0.1:$late_port"
	wait_log from-unix.log 'listening on'
	client ask "unix:$dir/listen" abcdef
	assert_out 'late 6\n'
}

test_explicit_linger_cuts() {
	# -t means what it says, with fork too
	server late late 30
	listener relay -t 0.2 TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	client ask "127.0.0.1:$port" abc
	assert_out ''
}

test_one_shot_keeps_half_a_second() {
	# a run for one connection gives up half a second after the client's end
	server late late 30
	listener relay TCP4-LISTEN:0,bind=127.0.0.1 "TCP4:127.0.0.1:$server_port"
	client ask "127.0.0.1:$port" abc
	assert_out ''
	finish "$pid"
	assertEquals 0 "$status"
}

test_vanished_client_after_half_close() {
	# a half-closed session ends when the other peer is gone for good
	server silent silent --unix "$dir/socket"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "UNIX-CONNECT:$dir/socket"
	relay=$pid
	fds=$(count_fds "$relay")
	start one "$python" "$tests/peer.py" client ask "127.0.0.1:$port" abc
	one=$pid
	wait_log relay.log 'is at EOF'
	stop "$server_pid"
	finish "$one"
	wait_until has_fds "$relay" "$fds"
}

test_vanished_client_of_a_busy_server() {
	# a client that resets while neither side reads leaves no session behind
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork UNIX-CONNECT:socket
	relay=$pid
	sockets=$(count_sockets "$relay")
	cat >peers.py <<-'END'
		import socket, struct, sys, threading, time
		server = socket.socket(socket.AF_UNIX)
		server.bind("socket")
		server.listen()
		client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		peer = server.accept()[0]
		threading.Thread(target=peer.sendall, args=(bytes(30000000),), daemon=True).start()
		client.settimeout(1)
		try:
		    client.sendall(bytes(30000000))
		except TimeoutError:
		    print("full", flush=True)
		client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
		client.close()
		time.sleep(60)
	END
	start peers "$python" peers.py "$port"
	wait_until grep -q full peers.out
	# pipes may stay in their pool
	wait_until has_sockets "$relay" "$sockets"
	wait_log relay.log 'bytes from .* are lost'
}

test_keepalive_at_half_close() {
	# a half-closed TCP session looks for dead peers by keepalive
	need ss || return 0
	server silent silent
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	start one "$python" "$tests/peer.py" client ask "127.0.0.1:$port" abc
	wait_log relay.log 'is at EOF'
	wait_until keepalive_on "$server_port"
}

keepalive_on() {
	ss -Htno "dport = :$1" | grep -q 'timer:(keepalive'
}

test_sessions_do_not_wait_for_each_other() {
	# a session that is stuck does not hold up another one
	server silent silent
	silent=$server_port
	server echo echo
	listener stuck TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$silent"
	stuck=$pid
	start flood "$SOCAT" -u OPEN:/dev/zero "TCP4:127.0.0.1:$port"
	stuck_port=$port
	wait_log stuck.log 'starting data transfer loop'
	client abort "127.0.0.1:$stuck_port" 10
	wait_log stuck.log 'starting data transfer loop' 2
	assertTrue "kill -0 $stuck"
}

test_fork_with_programs() {
	# every connection gets a program of its own
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:cat
	client many "127.0.0.1:$port" 30 5000
	assert_out '30 of 30 answers right\n'
	wait_until has_children "$pid" 0
}

test_fork_with_file() {
	# connections one after the other add to a file
	listener relay -u TCP4-LISTEN:0,bind=127.0.0.1,fork OPEN:all,creat,append
	for word in one two three; do
		client ask "127.0.0.1:$port" "$word
"
	done
	wait_until size_is all 14
	assertEquals 'one three two' "$(sort all | tr '\n' ' ' | sed 's/ $//')"
}

test_statistics_per_session() {
	# SIGUSR1 in a server logs statistics and serving goes on
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	client ask "127.0.0.1:$port" abc
	kill -USR1 "$pid"
	wait_log relay.log 'STATISTICS'
	client ask "127.0.0.1:$port" abc
	assert_out abc
}

test_children_shutup() {
	# children-shutup makes a session's messages milder
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,children-shutup=2 TCP4:127.0.0.1:1
	client ask "127.0.0.1:$port" abc
	client ask "127.0.0.1:$port" abc
	refute_log relay.log ' [EW] '
	assertTrue "kill -0 $pid"
}

test_shared_side_with_options() {
	# the options of a shared left side hold in every session
	mkfifo input
	start_with input relay "$SOCAT" -d -d -,crnl TCP4-LISTEN:0,bind=127.0.0.1,fork
	relay=$pid
	exec 9>input
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	for word in one two three; do
		client ask "127.0.0.1:$port" "$word
"
		assert_status 0
	done
	assert_file 'one\r\ntwo\r\nthree\r\n' relay.out
	# and the other way
	for number in 4 5; do
		start reader "$python" "$tests/peer.py" client first "127.0.0.1:$port"
		wait_log relay.log 'starting data transfer loop' $number
		printf '%s\r\n' $number >&9
		finish "$pid"
		assert_file "$number\n" reader.out
	done
	exec 9>&-
}

test_shared_side_limit() {
	# readbytes of a shared left side counts anew in every session
	given 'aaaabbbbcccc'
	start_with in relay "$SOCAT" -d -d -,readbytes=4 TCP4-LISTEN:0,bind=127.0.0.1,fork
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	for text in aaaa bbbb cccc; do
		client first "127.0.0.1:$port"
		assert_out $text
	done
}

test_shared_dual_side() {
	# a shared dual address serves several sessions, with the options of its halves
	given 'aaaabbbbcccc'
	listener relay 'OPEN:in,rdonly,readbytes=4!!CREATE:copy,crnl' TCP4-LISTEN:0,bind=127.0.0.1,fork
	for text in aaaa bbbb cccc; do
		client ask "127.0.0.1:$port" "$text
"
		assert_out $text
	done
	wait_until size_is copy 18
	assert_file 'aaaa\r\nbbbb\r\ncccc\r\n' copy
}

test_listening_right_side_waits_alone() {
	# a right side that can't listen yet keeps neither clients nor signals waiting
	relay blocker UNIX-LISTEN:socket,fork PIPE
	wait_log blocker.log 'listening on'
	blocker=$pid
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork UNIX-LISTEN:socket,forever,interval=0.2
	relay=$pid
	for number in 1 2 3; do
		start "client$number" "$python" "$tests/peer.py" client ask "127.0.0.1:$port" "from $number"
		wait_log relay.log 'accepting connection from' $number
	done
	kill -USR1 "$relay"
	wait_log relay.log STATISTICS
	# one of them gets the name when it is free
	stop "$blocker"
	wait_log relay.log 'listening on AF=1'
	run "$SOCAT" -u UNIX-CONNECT:socket -
	assert_log out '^from [123]$'
	stop "$relay"
	assertEquals 143 "$status"
}

test_listening_right_side_long_pause() {
	# a pause of an hour between two attempts ends with a signal
	relay blocker UNIX-LISTEN:socket,fork PIPE
	wait_log blocker.log 'listening on'
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork UNIX-LISTEN:socket,retry=5,interval=3600
	relay=$pid
	mkfifo hold
	start_with hold one "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	exec 9>hold
	wait_log relay.log 'accepting connection from'
	client abort "127.0.0.1:$port" 10
	wait_log relay.log 'accepting connection from' 2
	stop "$relay"
	assertEquals 143 "$status"
	exec 9>&-
}

# Sockets of the process, apart from the kinds every process here has.
count_sockets() {
	find "/proc/$1/fd" -lname 'socket:*' | wc -l
}

test_isolated_descriptors() {
	# a connection's process has its own sockets, not the listener nor other connections
	server echo echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate "TCP4:127.0.0.1:$server_port"
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 5
	exec 9>hold
	wait_until grep -q 'held 5' holder.out
	assertEquals 5 "$(count_children "$relay")"
	assertEquals 'of the server' 1 "$(count_sockets "$relay")"
	for child in $(children "$relay"); do
		assertEquals "$(ls -l "/proc/$child/fd")" 2 "$(count_sockets "$child")"
	done
	exec 9>&-
	wait_until has_children "$relay" 0
}

test_isolated_over_one_connection() {
	# processes of their own share the first address's connection, one half of a!!b included
	mkdir collected
	server collect collect collected
	for first in "TCP4:127.0.0.1:$server_port" "TCP4:127.0.0.1:$server_port!!TCP4:127.0.0.1:$server_port"; do
		listener relay -U "$first" TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate
		relay=$pid
		client ask "127.0.0.1:$port" abc
		wait_until has_children "$relay" 0
		stop "$relay"
	done
	wait_until test -e collected/2 -a -e collected/3
	assertEquals 'abc abc' "$(cat collected/1) $(cat collected/2 collected/3)"
}

test_isolated_connections_leave_nothing() {
	# after connections in processes the server has what it had before
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	relay=$pid
	client ask "127.0.0.1:$port" abc
	wait_until has_children "$relay" 0
	fds=$(count_fds "$relay")
	client many "127.0.0.1:$port" 20
	assert_out '20 of 20 answers right\n'
	wait_until has_children "$relay" 0
	assertEquals "$fds" "$(count_fds "$relay")"
}

test_isolated_port_is_free() {
	# a connection's process that outlives its server does not keep the port
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	exec 9>hold
	wait_until grep -q 'held 1' holder.out
	child=$(children "$relay" | tr -d ' ')
	started="$started $child"
	kill -KILL "$relay"
	finish "$relay"
	assertFalse 'the child goes on' "ended $child"
	relay second "TCP4-LISTEN:$port,bind=127.0.0.1,fork" PIPE
	wait_log second.log 'listening on'
	client ask "127.0.0.1:$port" abc
	assert_out abc
	exec 9>&-
	wait_until ended "$child"
}

test_children_shutup_isolated() {
	# children-shutup makes the messages of a connection's process milder, level by level
	for pair in 0=E 1=W 2=N 3=I; do
		start relay "$SOCAT" -d -d -d -d "TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate,children-shutup=${pair%=*}" \
			TCP4:127.0.0.1:1
		wait_log relay.log 'listening on'
		port=$(port_of relay.log)
		client ask "127.0.0.1:$port" ''
		wait_log relay.log " ${pair#*=} .*Connection refused"
		assert_lines relay.log 'Connection refused' 1
		assert_lines relay.log ' N listening on' 1
		stop "$pid"
	done
}

test_cool_write_in_a_server() {
	# cool-write of a server's connections: a client that vanishes is no error
	listener relay -U TCP4-LISTEN:0,bind=127.0.0.1,fork OPEN:/dev/zero
	client abort "127.0.0.1:$port" 0
	wait_log relay.log ' E .*(Broken pipe|reset)'
	stop "$pid"
	listener relay -U TCP4-LISTEN:0,bind=127.0.0.1,fork,cool-write OPEN:/dev/zero
	client abort "127.0.0.1:$port" 0
	wait_log relay.log ' N .*(Broken pipe|reset)'
	refute_log relay.log ' [WE] '
	assertTrue 'still there' "kill -0 $pid"
}

# How often the process was on a processor so far.
turns() {
	awk '/ctxt_switches/ { sum += $2 } END { print sum }' "/proc/$1/status"
}

test_idle_sessions_rest() {
	# a server with 100 idle sessions does nothing at all until something happens
	server echo echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 100
	exec 9>hold
	wait_until grep -q 'held 100' holder.out
	# the first end of something else comes after whatever follows the last byte
	run "$SOCAT" -T 0.2 PIPE PIPE
	before=$(turns "$relay") ticks=$(cpu_ticks "$relay")
	run "$SOCAT" -d -d -T 1.5 PIPE PIPE
	assert_log err 'inactivity timeout'
	assertEquals 'turns' "$before" "$(turns "$relay")"
	assertEquals 'ticks' "$ticks" "$(cpu_ticks "$relay")"
	# the count does grow with work
	client ask "127.0.0.1:$port" abc
	assertTrue 'grows' "[ $(turns "$relay") -gt $before ]"
	exec 9>&-
}

# Connections one after the other: each says a byte, hears it again and ends.
short_connections() {
	run "$python" -c '
import socket, sys
for _ in range(int(sys.argv[2])):
    peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
    peer.sendall(b"x")
    assert peer.recv(1) == b"x"
    peer.shutdown(socket.SHUT_WR)
    assert peer.recv(1) == b""
' "$1" "$2"
	assert_status 0
}

# calls_within NAME MOST: so many calls in the trace, and some to spare for the start.
calls_within() {
	calls=$(count_lines trace "^[0-9]+ +$1\\(")
	assertTrue "$1: $calls calls" "[ $calls -le $(($2 + 25)) ]"
}

test_calls_of_short_connections() {
	need strace || return 0
	without_leak_check
	server echo echo
	start relay strace -f -o trace "$SOCAT" -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork \
		"TCP4:127.0.0.1:$server_port"
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	short_connections "$port" 200
	calls_within accept4 400
	calls_within epoll_ctl 400
	calls_within connect 200
	calls_within recvfrom 800
	calls_within sendto 400
	calls_within shutdown 200
	calls_within close 400
	for call in pipe2 fcntl getsockopt setsockopt poll; do
		calls_within "$call" 0
	done
	# sanitizers have a malloc of their own
	if ! sanitized; then
		for call in mmap munmap mremap brk madvise; do
			calls_within "$call" 0
		done
	fi
	refute_log trace 'EPOLL_CTL_(MOD|DEL)'
	# strace itself heeds no signal
	kill -TERM "$(sed -n 's/.*socat\[\([0-9]*\)\] N listening.*/\1/p' relay.log)"
	finish "$pid"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
