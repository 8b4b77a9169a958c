#!/bin/sh
# Several processes that serve at one address: --workers.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# serve NAME ARGUMENT...: a server with two workers, started and ready, to $relay, and $port if it is
# one of TCP or UDP; the workers are $one and $two.
serve() {
	serve_name=$1
	shift
	relay "$serve_name" --workers 2 "$@"
	ready
}

ready() {
	relay=$pid
	wait_log "$serve_name.log" ' N worker 2 is process ' || return 1
	port=$(port_of "$serve_name.log")
	one=$(worker 1)
	two=$(worker 2)
}

# worker NUMBER: the process that is this worker now.
worker() {
	sed -n "s/.* N worker $1 is process \([0-9]*\)$/\1/p" "$serve_name.log" | tail -n 1
}

refuses() {
	! "$python" "$tests/peer.py" client ask "127.0.0.1:$1" x
}

# Both workers have written a line that matches.
both_log() {
	grep -Eq "socat\[$one\] $1" relay.log && grep -Eq "socat\[$two\] $1" relay.log
}

# ---- serving

test_both_serve() {
	# connections are spread over two processes, and the first one serves none
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	assertEquals 'processes' "$one $two" "$(children "$relay" | xargs)"
	client many "127.0.0.1:$port" 100 1000
	assert_out '100 of 100 answers right\n'
	assertTrue 'both' "both_log 'N accepting connection'"
	assert_lines relay.log ' N accepting connection' 100
	refute_log relay.log "socat\[$relay\] N accepting connection"
	assert_lines relay.log ' N listening on ' 1
}

test_one_worker() {
	# one process is what there is without the option
	listener relay --workers 1 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
	assertEquals 'children' 0 "$(count_children "$pid")"
}

test_ipv6() {
	# so too where a socket serves IPv6 and IPv4
	serve relay TCP6-LISTEN:0,fork,ipv6only=0 PIPE
	for host in '127.0.0.1' '[::1]'; do
		client many "$host:$port" 20 100
		assert_out '20 of 20 answers right\n'
	done
	assertTrue 'both' "both_log 'N accepting connection'"
}

test_unix() {
	# one socket for all processes; its file goes with the first one
	serve relay UNIX-LISTEN:socket,fork PIPE
	client many "unix:socket" 200 1000
	assert_out '200 of 200 answers right\n'
	assert_lines relay.log ' N accepting connection' 200
	kill -KILL "$one"
	wait_log relay.log ' N worker 1 is process ' 2
	assertTrue 'the file stays' '[ -S socket ]'
	client many "unix:socket" 20 100
	assert_out '20 of 20 answers right\n'
	stop "$relay"
	assertEquals 0 "$status"
	assertFalse 'the file goes' '[ -e socket ]'
}

test_udp() {
	# the packets of a peer go to the same process
	peer_server "$tests/udp_peer.py" echo echo
	serve relay UDP4-LISTEN:0,bind=127.0.0.1,fork "UDP4:127.0.0.1:$server_port"
	port=$(sed -n 's/.* N listening on UDP .*:\([0-9]*\)$/\1/p' relay.log)
	run "$python" "$tests/udp_peer.py" client many "$port" 50 5
	assert_status 0
	assert_lines relay.log ' N accepting UDP connection from' 50
	assertTrue 'both' "both_log 'N accepting UDP connection from'"
}

test_udp_packets() {
	# where each packet is a session, one socket serves all
	serve relay UDP4-RECVFROM:0,bind=127.0.0.1,fork PIPE
	port=$(sed -n 's/.* N receiving on .*:\([0-9]*\)$/\1/p' relay.log)
	run "$python" "$tests/udp_peer.py" client ask "$port" one two three
	assert_out 'one\ntwo\nthree\n'
	assert_lines relay.log ' N receiving packet from' 3
}

test_process_per_connection() {
	# workers may have child processes themselves
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	hold 20
	assertEquals 'children of both' 20 $(($(count_children "$one") + $(count_children "$two")))
	exec 9>&-
	finish "$holder"
	assertEquals 0 "$status"
	wait_until has_children "$one" 0
	wait_until has_children "$two" 0
}

test_most_sessions() {
	# max-children is divided: three sessions for two processes, and the fourth waits
	serve relay "UNIX-LISTEN:$dir/socket,fork,max-children=3" PIPE
	hold 3 unix:socket
	start fourth "$python" "$tests/peer.py" client ask unix:socket fourth
	fourth=$pid
	wait_until one_is_queued
	assert_lines relay.log ' N accepting connection' 3
	exec 9>&-
	finish "$fourth"
	assert_file fourth fourth.out
	assert_lines relay.log ' N accepting connection' 4
}

# One connection waits in the queue of the socket.
one_is_queued() {
	ss -Hlx src "$dir/socket" | grep -Eq 'LISTEN +1 '
}

test_descriptors_run_out() {
	# each has its own limit of descriptors; what waits is served later
	server echo echo
	start relay sh -c 'ulimit -n 40; exec "$@"' - "$SOCAT" -d -d --workers 2 \
		TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	serve_name=relay
	ready
	client many "127.0.0.1:$port" 200 1000
	assert_out '200 of 200 answers right\n'
}

# ---- the port

test_port_in_use() {
	# a port that somebody has is an error, and nothing is left behind
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	run "$SOCAT" --workers 2 "TCP4-LISTEN:$port,bind=127.0.0.1,fork" PIPE
	assert_error "bind to .*: $in_use"
	assert_lines err . 1
	run "$SOCAT" "TCP4-LISTEN:$port,bind=127.0.0.1,fork" PIPE
	assert_error "bind to .*: $in_use"
}

test_fork_fails() {
	# so is a process that can't be started: those that were end, too
	need strace || return 0
	sanitized && return 0
	start relay strace -f -qq -o trace -e trace=fork,clone -e inject=fork,clone:error=EAGAIN:when=2 \
		"$SOCAT" -d -d --workers 3 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	finish "$pid"
	assertEquals 1 "$status"
	assert_log relay.log ' E fork\(\): Resource temporarily unavailable'
	assertTrue 'the port is free' "refuses $(port_of relay.log)"
	serve_name=relay
	wait_until ended "$(worker 1)"
}

test_lock_files() {
	# lock files belong to the first process: the death of another one does not matter
	serve relay -L lock TCP4-LISTEN:0,bind=127.0.0.1,fork,lockfile=other PIPE
	assert_file "$relay\n" lock
	kill -KILL "$two"
	wait_log relay.log ' N worker 2 is process ' 2
	assertTrue 'the lock stays' '[ -e lock ] && [ -e other ]'
	stop "$relay"
	assertFalse 'the lock goes' '[ -e lock ] || [ -e other ]'
}

# ---- statistics

test_statistics() {
	# one summary has the sum of what all did, of running sessions, ended ones and dead workers
	serve relay --statistics TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	client many "127.0.0.1:$port" 40 1000
	wait_log relay.log 'is at EOF' 80
	hold 10
	kill -USR1 "$relay"
	wait_log relay.log ' I STATISTICS: right to left: .* 40020 byte' 1
	assert_lines relay.log ' I STATISTICS: ' 2
	assert_log relay.log "socat\[$relay\] I STATISTICS: left to right: .* 40020 byte"
	exec 9>&-
	finish "$holder"
	kill -TERM "$one"
	wait_log relay.log ' N worker 1 is process ' 2
	client ask "127.0.0.1:$port" abc
	assert_out abc
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 0 "$status"
	assert_lines relay.log ' I STATISTICS: ' 4
	assert_lines relay.log "socat\[$relay\] I STATISTICS: .* 40023 byte" 2
}

test_statistics_without_an_answer() {
	# a worker that does not answer is not waited for
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	kill -STOP "$two"
	kill -USR1 "$relay"
	wait_log relay.log ' I STATISTICS: right to left: 0 '
	kill -CONT "$two"
}

# ---- the end

test_idle_ends_at_once() {
	# without a session all end at once, in peace, whatever the grace time
	for signal in TERM INT; do
		start relay env --default-signal "$SOCAT" -d -d --workers 2 --grace 600 \
			TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
		serve_name=relay
		ready
		kill "-$signal" "$relay"
		finish "$relay"
		assertEquals "$signal" 0 "$status"
		assertTrue 'both are gone' "ended $one && ended $two"
	done
}

test_no_grace() {
	# without grace a session is cut, with 128+N
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	hold 1
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	assertTrue 'both are gone' "ended $one && ended $two"
	exec 9>&-
}

test_grace() {
	# with --grace all close the port, sessions may finish, status 0
	serve relay --grace 600 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	hold 20
	kill -TERM "$relay"
	wait_until refuses "$port"
	assertTrue 'sessions go on' "kill -0 $one && kill -0 $two"
	exec 9>&-
	finish "$holder"
	assertEquals 'the sessions' 0 "$status"
	finish "$relay"
	assertEquals 0 "$status"
}

test_grace_runs_out() {
	# a session that does not finish in time is cut, with 128+N
	serve relay --grace 0.3 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	hold 1
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	exec 9>&-
}

test_second_signal() {
	# a second signal cuts the grace time short
	serve relay --grace 600 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	hold 20
	kill -TERM "$relay"
	wait_until refuses "$port"
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	assertTrue 'both are gone' "ended $one && ended $two"
	exec 9>&-
}

test_signal_to_all() {
	# a signal that all processes get (Ctrl-C, systemd) is one signal, and a second one two
	start relay setsid env --default-signal "$SOCAT" -d -d --workers 2 --grace 600 \
		TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	serve_name=relay
	ready
	hold 20
	kill -INT "-$relay"
	wait_log relay.log "socat\[$one\] N exiting on signal 2" 2
	wait_log relay.log "socat\[$two\] N exiting on signal 2" 2
	assertTrue 'sessions go on' "kill -0 $one && kill -0 $two"
	kill -INT "-$relay"
	finish "$relay"
	assertEquals 130 "$status"
	exec 9>&-
}

test_stopped_worker() {
	# who does not end is killed
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	kill -STOP "$two"
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 137 "$status"
	assertTrue 'both are gone' "ended $one && ended $two"
}

test_process_1() {
	# as process 1 of a container: signals act, orphans are reaped
	need_root || return 0
	as_init relay --workers 2 --grace 600 TCP4-LISTEN:0,bind=127.0.0.1,fork \
		'SYSTEM:(read -r go <go; exit 0) & echo left; exit'
	wait_log relay.log ' N worker 2 is process '
	mkfifo go
	client first "127.0.0.1:$(port_of relay.log)"
	assert_log out left
	wait_until has_children "$pid" 3
	echo go >go
	wait_until has_children "$pid" 2
	kill -TERM "$pid"
	finish "$outer"
	assertEquals 0 "$status"
}

# ---- death

test_killed_worker() {
	# a worker that dies is replaced, and connections that wait for it are not lost
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	kill -STOP "$one" "$two"
	start waiting "$python" "$tests/peer.py" client many "127.0.0.1:$port" 50 1000
	waiting=$pid
	wait_until has_queued 50
	kill -KILL "$one" "$two"
	finish "$waiting"
	assert_file '50 of 50 answers right\n' waiting.out
	assert_log relay.log " E worker 1 \(process $one\) ended on signal 9, and its sessions with it; the next one begins in 0.1 s \(replaced so far: [12]\)"
	assert_lines relay.log ' N worker [12] is process ' 4
	hold 5
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	exec 9>&-
}

# So many connections wait in the queues of the port together.
has_queued() {
	[ "$(ss -Hltn "sport = :$port" | awk '{ n += $2 } END { print n }')" = "$1" ]
}

test_again_and_again() {
	# the pause grows with each that dies young
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	kill -KILL "$one"
	wait_log relay.log ' N worker 1 is process ' 2
	kill -KILL "$(worker 1)"
	wait_log relay.log ' E worker 1 .* begins in 0.2 s \(replaced so far: 2\)'
	wait_log relay.log ' N worker 1 is process ' 3
	client many "127.0.0.1:$port" 20 100
	assert_out '20 of 20 answers right\n'
}

test_killed_first_process() {
	# when the first process is killed the others end, and with them their sessions
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	hold 4
	kill -KILL "$relay"
	wait_until ended "$one"
	wait_until ended "$two"
	assertTrue 'the port is free' "refuses $port"
	assert_log relay.log "socat\[$one\] W the first process is gone"
	exec 9>&-
}

test_signal_to_a_worker() {
	# one worker that is told to end lets its sessions finish, and has a successor
	serve relay --grace 600 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	kill -TERM "$two"
	wait_log relay.log ' E worker 2 .* ended with status 0'
	wait_log relay.log ' N worker 2 is process ' 2
	client many "127.0.0.1:$port" 20 100
	assert_out '20 of 20 answers right\n'
}

# ---- reading again

test_range_file() {
	# SIGHUP has all processes read files again, and later ones know it, too
	echo 127.9.9.9 >list
	serve relay TCP4-LISTEN:0,bind=127.0.0.1,fork,range-file=list PIPE
	run "$SOCAT" -u "TCP4:127.0.0.1:$port" -
	assert_log relay.log ' W refusing connection'
	echo 127.0.0.1 >list
	kill -HUP "$relay"
	wait_until both_log 'N .*: 1 network reloaded'
	client many "127.0.0.1:$port" 20 100
	assert_out '20 of 20 answers right\n'
	refute_log relay.log ' (E|F) '
	kill -KILL "$one"
	wait_log relay.log ' N worker 1 is process ' 2
	client many "127.0.0.1:$port" 20 100
	assert_out '20 of 20 answers right\n'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
