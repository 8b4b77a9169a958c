#!/bin/sh
# Packets when things go wrong: floods, errors, shortages, peers and programs that stop.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# udp_server NAME MODE...: start a peer that receives packets, set $server_port.
udp_server() {
	udp_name=$1
	shift
	rm -f "$dir/$udp_name.port"
	start "$udp_name" "$python" "$tests/udp_peer.py" server "$dir/$udp_name.port" "$@"
	wait_until test -s "$dir/$udp_name.port" || return 1
	server_port=$(cat "$dir/$udp_name.port")
}

# udp_client MODE PORT...: run a client to its end: files out and err, $status.
udp_client() {
	run "$python" "$tests/udp_peer.py" client "$@"
}

# ready NAME: wait until the relay can be sent to, set $port.
ready() {
	wait_log "$dir/$1.log" ' N (listening on UDP|receiving on) AF=' || return 1
	port=$(sed -n 's/.* N \(listening on UDP\|receiving on\) .*:\([0-9][0-9]*\)$/\2/p' \
		"$dir/$1.log" | head -n 1)
}

# receiver NAME ARGUMENT...: start the relay, wait until it can be sent to, set $port.
receiver() {
	relay "$@"
	ready "$1"
}

# limited NAME DESCRIPTORS ARGUMENT...: the same with so few descriptors.
limited() {
	limited_name=$1 limit=$2
	shift 2
	start "$limited_name" sh -c "ulimit -n $limit; exec \"\$@\"" - "$SOCAT" -d -d "$@"
	ready "$limited_name"
}

# faulty_receiver NAME INJECTION ARGUMENT...: the same where a system call fails; $pid is the relay's.
faulty_receiver() {
	faulty "$@"
	ready "$1" || return 1
	pid=$(children "$pid")
}

# used_ticks PID: CPU used within a second from now on.
used_ticks() {
	used_before=$(cpu_ticks "$1")
	sleep 1
	echo $(($(cpu_ticks "$1") - used_before))
}

# ---- the socket of all peers

test_layer_over_a_peer_of_a_child_process() {
	# options that make a layer work in a child process, too, which can't have the socket
	receiver relay UDP4-LISTEN:0,bind=127.0.0.1,fork,isolate,crnl PIPE
	udp_client ask "$port" 3*NL
	assert_out '\r\n\r\n\r\n\n'
	refute_log relay.log ' E '
	receiver limited UDP4-LISTEN:0,bind=127.0.0.1,fork,isolate,readbytes=5 PIPE
	udp_client ask "$port" abcdefgh
	assert_out 'abcde\n'
	refute_log limited.log ' [EW] '
}

test_packets_wait_for_max_children() {
	# packets that are served one by one are not lost while as many are served as may be
	receiver relay UDP4-RECVFROM:0,bind=127.0.0.1,fork,max-children=2 'SYSTEM:cat; sleep 0.1'
	udp_client answers "$port" 50
	assert_out '50\n'
	refute_log relay.log 'dropped'
}

test_packets_wait_for_descriptors() {
	# nor for want of descriptors
	need_descriptors=24
	sanitized && need_descriptors=30
	limited relay "$need_descriptors" UDP4-RECVFROM:0,bind=127.0.0.1,fork 'SYSTEM:cat; sleep 0.1'
	udp_client answers "$port" 60
	assert_out '60\n'
	assert_log relay.log "$out_of_descriptors"
	refute_log relay.log ' E |dropped'
}

test_max_children_hold_while_names_are_looked_up() {
	# peers that wait for their names to be looked up don't all come in
	cat >hosts.allow <<-'EOF'
		ALL: localhost .localdomain
		ALL: 127.0.0.1
	EOF
	echo 'ALL: no.such.host.invalid' >hosts.deny
	receiver relay "UDP4-LISTEN:0,bind=127.0.0.1,fork,max-children=3,tcpwrap-etc=$dir" PIPE
	udp_client answers "$port" 30
	assert_out '3\n'
	assert_lines relay.log 'starting data transfer' 3
}

test_dropped_peers_are_said_seldom() {
	# with short sessions there is not a warning each time that one more may come in
	receiver relay -T 0.05 UDP4-LISTEN:0,bind=127.0.0.1,fork,max-children=1 PIPE
	for round in 1 2 3 4 5 6; do
		udp_client burst "$port" 10
		wait_log relay.log ' N .*packets of further peers were dropped' "$round"
	done
	assert_lines relay.log ' W ' 1
}

test_queue_of_errors() {
	# errors about answers that could not be delivered take no room from packets
	receiver relay UDP4-LISTEN:0,bind=127.0.0.1,fork,ip-recverr=1 PIPE
	relay=$pid
	kill -STOP "$relay"
	udp_client burst "$port" 100
	kill -CONT "$relay"
	wait_log relay.log 'starting data transfer' 90
	wait_until quiet "$relay"
	kill -STOP "$relay"
	start asking "$python" "$tests/udp_peer.py" client answers "$port" 100
	asking=$pid
	wait_until queued "$port" 100
	kill -CONT "$relay"
	finish "$asking"
	assert_file '100\n' asking.out
}

# queued PORT N: the socket has room for what N small packets take (768 bytes each).
queued() {
	queue=$(awk -v port=":$(printf %04X "$1")" '
		substr($2, 9) == port { split($5, q, ":"); print "0x" q[2] }' /proc/net/udp)
	[ "$((queue))" -ge $(($2 * 768)) ]
}

# quiet PID: it has nothing to do for a moment.
quiet() {
	quiet_before=$(cpu_ticks "$1")
	sleep 0.3
	[ "$(cpu_ticks "$1")" -eq "$quiet_before" ]
}

# ---- system calls that fail

test_errors_of_receiving_do_not_spin() {
	# an error that comes again and again is tried now and then
	need strace || return 0
	faulty_receiver relay recvmmsg:error=EIO -d UDP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	udp_client burst "$port" 1
	wait_log relay.log ' I recvmmsg\([0-9]+\): (I/O|Input/output) error' 20
	calls=$(wc -l <relay.trace)
	sleep 1
	calls=$(($(wc -l <relay.trace) - calls))
	assertTrue "$calls calls in a second" "[ $calls -le 400 ]"
}

test_passing_errors() {
	# what goes away by itself costs no packet
	need strace || return 0
	udp_server echo echo
	for injection in recvmmsg:error=ENOMEM:when=1..3 recvmmsg:error=ECONNREFUSED:when=1..20 \
		sendmmsg:error=EAGAIN:when=1..3 sendmmsg:error=EINTR:when=1..3 \
		sendto:error=EAGAIN:when=1 sendto:error=EINTR:when=1 \
		recvfrom:error=EINTR:when=1 socket:error=EMFILE:when=2..3; do
		faulty_receiver relay "$injection" UDP4-LISTEN:0,bind=127.0.0.1,fork "UDP4:127.0.0.1:$server_port"
		udp_client ask "$port" one two
		assertEquals "$injection" '<one> <two>' "$(echo $(cat out))"
		stop_relay
	done
}

test_answers_that_can_not_be_sent() {
	# what the kernel has no memory for is lost alone; other errors end the session they concern
	need strace || return 0
	udp_server echo echo
	faulty_receiver relay sendmmsg:error=ENOBUFS:when=1 UDP4-LISTEN:0,bind=127.0.0.1,fork \
		"UDP4:127.0.0.1:$server_port"
	udp_client send "$port" lost
	wait_log relay.log ' E write\([0-9]+, ...\): a packet of 6 bytes finds no memory; it is lost'
	udp_client ask "$port" one two
	assert_out '<one>\n<two>\n'
	assert_lines relay.log ' E ' 1
	stop_relay
	faulty_receiver relay sendmmsg:error=EPERM:when=1 UDP4-LISTEN:0,bind=127.0.0.1,fork \
		"UDP4:127.0.0.1:$server_port"
	fds=$(count_fds "$pid")
	udp_client send "$port" lost
	wait_log relay.log ' E (read|write)\([0-9]+, ...\): (Operation not permitted|Not permitted)'
	udp_client ask "$port" one two
	assert_out '<one>\n<two>\n'
	stop_relay
}

test_sender_that_can_not_be_answered() {
	# a made-up sender does not end an address that waits for its first one
	need strace || return 0
	faulty_receiver relay connect:error=EACCES:when=1 UDP4-LISTEN:0,bind=127.0.0.1 EXEC:cat
	udp_client send "$port" bad
	wait_log relay.log ' W .*connect: Permission denied; its packet is dropped'
	udp_client ask "$port" good
	assert_out 'good\n'
	stop_relay
}

stop_relay() {
	kill -TERM "$pid"
	wait_until ended "$pid"
}

test_no_room_in_the_network() {
	# a packet that the network has no room for is lost alone, which is said once
	need strace || return 0
	udp_server echo echo
	faulty_receiver relay sendto:error=ENOBUFS:when=1..3 UDP4-LISTEN:0,bind=127.0.0.1,fork \
		"UDP4:127.0.0.1:$server_port,shut-none"
	"$python" - "$port" >out <<-'EOF'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.connect(("127.0.0.1", int(sys.argv[1])))
		s.settimeout(10)
		# each longer than the one before: none joins it in a train
		for text in b"1", b"22", b"333", b"4444":
		    s.send(text)
		print(s.recv(100).decode())
	EOF
	assert_out '<4444>\n'
	stop_relay
	assert_lines relay.log ' W write.*a packet of 1 bytes is lost' 1
	assert_log relay.log ' W write.*3 packets could not be written and are lost'
	refute_log relay.log ' E '
}

test_fork_that_fails() {
	# strangers' packets do not fill the log; no descriptor is left
	need strace || return 0
	faulty_receiver relay fork,clone,clone3:error=EAGAIN UDP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	fds=$(count_fds "$pid")
	udp_client burst "$port" 50
	wait_log relay.log ' N accepting UDP connection' 50
	wait_until has_fds "$pid" "$fds"
	assert_lines relay.log ' E ' 1
}

test_vanished_upstream() {
	# nobody there, then somebody again: the next packet finds him
	udp_server echo echo
	echo_pid=$pid
	receiver relay UDP4-LISTEN:0,bind=127.0.0.1,fork "UDP4:127.0.0.1:$server_port"
	relay=$pid
	fds=$(count_fds "$relay")
	udp_client ask "$port" x
	assert_out '<x>\n'
	stop "$echo_pid"
	udp_client burst "$port" 20
	wait_log relay.log ' E (read|write).*Connection refused' 20
	wait_until test "$(count_fds "$relay")" -le $((fds + 1))
	start again "$SOCAT" -d -d "UDP4-RECVFROM:$server_port,bind=127.0.0.1,fork" PIPE
	wait_log again.log 'receiving on'
	udp_client ask "$port" y
	assert_out 'y\n'
}

# ---- many packets

test_packets_that_do_not_fit_are_said_once() {
	# in each session: the first one, and at the end how many there were
	start relay "$SOCAT" -d -d -b 3 -u UDP4-RECV:0,bind=127.0.0.1 CREATE:got
	relay=$pid
	ready relay
	udp_client send "$port" abcdefg abcde abcdefg abcd abcde
	wait_until size_is got 15
	stop "$relay"
	assert_lines relay.log ' W read.*lost; -b' 1
	assert_log relay.log ' W read.*: 5 packets were larger than the buffer'
}

test_flood() {
	# others are served meanwhile; afterwards there is rest, and no memory is kept
	receiver relay -T 2 UDP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	relay=$pid
	fds=$(count_fds "$relay")
	udp_client ask "$port" before
	memory=$(resident "$relay")
	start flood "$python" "$tests/udp_peer.py" client flood "$port" 100000 100
	flood=$pid
	wait_until log_has relay.log 'accepting UDP connection' 50
	udp_client insist "$port" again
	assert_status 0
	finish "$flood"
	assert_status 0
	wait_until has_fds "$relay" "$fds"
	assertTrue 'spins' "[ $(used_ticks "$relay") -le 5 ]"
	sanitized || assertTrue "$memory -> $(resident "$relay") kB" \
		"[ $(resident "$relay") -lt $((memory + 3000)) ]"
	udp_client ask "$port" after
	assert_out 'after\n'
}

test_flood_of_refused_packets() {
	# who is let in is served
	receiver relay UDP4-LISTEN:0,bind=127.0.0.1,fork,sourceport=34917 PIPE
	relay=$pid
	start flood "$python" "$tests/udp_peer.py" client flood "$port" 30000 20
	flood=$pid
	wait_until log_has relay.log 'refusing connection' 100
	udp_client insist "$port" 1 --from 34917
	assert_status 0
	finish "$flood"
	assertTrue 'spins' "[ $(used_ticks "$relay") -le 5 ]"
}

test_peers_that_come_and_go() {
	# 2000 of them, twice: descriptors and memory are what they were
	udp_server echo echo
	receiver relay -T 1 UDP4-LISTEN:0,bind=127.0.0.1,fork "UDP4:127.0.0.1:$server_port"
	relay=$pid
	fds=$(count_fds "$relay")
	ulimit -n 4096
	for round in 1 2; do
		udp_client many "$port" 2000 1
		assert_out 'all came back\n'
		wait_until has_fds "$relay" "$fds"
		[ "$round" -eq 2 ] || memory=$(resident "$relay")
	done
	sanitized || assertTrue "$memory -> $(resident "$relay") kB" \
		"[ $(resident "$relay") -lt $((memory + 500)) ]"
}

test_stopped_relay() {
	# packets that came while it was stopped count before the time that went by
	receiver relay -T 1 UDP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	relay=$pid
	mkfifo lines
	start_with lines holder "$python" "$tests/udp_peer.py" client hold "$port" first
	exec 9>lines
	wait_until grep -q first holder.out
	kill -STOP "$relay"
	echo second >&9
	wait_until queued "$port" 1
	sleep 1.2
	kill -CONT "$relay"
	wait_until grep -q second holder.out
	assert_lines relay.log 'starting data transfer' 1
	exec 9>&-
}

# ---- child processes

test_child_process_killed() {
	# its session ends, and the peer may come again
	receiver relay UDP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	relay=$pid
	fds=$(count_fds "$relay")
	for round in 1 2 3; do
		udp_client ask "$port" "$round" --from 34918
		assert_out "$round\n"
		kill -KILL "$(children "$relay")"
		wait_until has_children "$relay" 0
		wait_until has_fds "$relay" "$fds"
	done
}

test_child_process_stopped() {
	# what its peer floods it with is bounded; others are served
	receiver relay -T 3 UDP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	relay=$pid
	udp_client ask "$port" x --from 34919
	child=$(children "$relay")
	kill -STOP "$child"
	udp_client flood "$port" 20000 1 --from 34919
	udp_client ask "$port" other
	assert_out 'other\n'
	kill -KILL "$child"
	wait_until has_children "$relay" 0
	assertTrue 'spins' "[ $(used_ticks "$relay") -le 5 ]"
}

test_end_with_child_processes() {
	# SIGTERM ends the relay and leaves no child behind
	receiver relay UDP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	relay=$pid
	mkfifo lines
	start_with lines holder "$python" "$tests/udp_peer.py" client hold "$port" first
	exec 9>lines
	wait_until grep -q first holder.out
	child=$(children "$relay")
	stop "$relay"
	assertEquals 143 "$status"
	wait_until ended "$child"
	exec 9>&-
}

# shellcheck source=/dev/null
. shunit2
