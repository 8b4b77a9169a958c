#!/bin/sh
# ACCEPT-FD: sockets that listen already, and how a service manager passes them.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# activated NAME ACTIVATOR'S-ARGUMENT... -- ARGUMENT...: start the program tested with sockets of
# its own, wait until it listens; $port is the first socket's.
activated() {
	activated_name=$1
	shift
	activator_words=
	while [ "$1" != -- ]; do
		activator_words="$activator_words $1"
		shift
	done
	shift
	rm -f "$dir/$activated_name.port"
	# shellcheck disable=SC2086
	start "$activated_name" "$python" "$tests/activate.py" "$dir/$activated_name.port" \
		$activator_words -- "$SOCAT" -d -d "$@"
	wait_log "$dir/$activated_name.log" ' N listening on | E ' || return 1
	port=$(head -n 1 "$dir/$activated_name.port")
}

# refused NAME ACTIVATOR'S-ARGUMENT... -- ARGUMENT...: the same to its end, for assert_error.
refused() {
	refused_words=
	while [ "$1" != -- ]; do
		refused_words="$refused_words $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	run "$python" "$tests/activate.py" "$dir/refused.port" $refused_words -- "$SOCAT" "$@"
}

test_datagrams() {
	# a socket of UDP serves its peers, each in a session of its own; several sockets have names
	peer_server "$tests/udp_peer.py" echo echo
	activated relay --names web:dns tcp udp -- ACCEPT-FD:dns,fork "UDP4:127.0.0.1:$server_port"
	udp_port=$(sed -n 2p relay.port)
	run "$python" "$tests/udp_peer.py" client many "$udp_port" 20 3
	assert_status 0
	assert_lines relay.log ' N accepting UDP connection from' 20
	assert_log relay.log ' N using file descriptor 4 accepting'
}

test_datagrams_access() {
	# who may send, how many at once, and options of the socket
	activated relay udp -- ACCEPT-FD:3,fork,range=127.0.0.2/32,max-children-per-peer=1,rcvbuf=70000 PIPE
	run "$python" "$tests/limits.py" "127.0.0.1:$port" 1 --udp --from 127.0.0.2
	assert_log out '^1 served'
	run "$python" "$tests/limits.py" "127.0.0.1:$port" 1 --udp --lost 0.1
	assert_log out '^0 served'
	wait_log relay.log ' W .*refus'
}

test_one_connection() {
	# without fork one connection is served, and others are not left waiting in the queue
	activated relay tcp -- ACCEPT-FD:3 PIPE
	assert_log relay.log ' N using file descriptor 3 accepting a connection'
	assert_log relay.log " N listening on AF=2 127.0.0.1:$port\$"
	client ask "127.0.0.1:$port" abc
	assert_out abc
	finish "$pid"
	assertEquals 0 "$status"
	assert_lines relay.log ' N accepting connection from AF=2 127.0.0.1:[0-9]+ on AF=2 127.0.0.1:' 1
	client ask "127.0.0.1:$port" abc
	assertNotEquals 0 "$status"
}

test_queue_is_closed_during_the_session() {
	# the inherited socket is closed with the first connection, not at the end
	activated relay tcp -- ACCEPT-FD:3 TCP4-LISTEN:0,bind=127.0.0.1
	relay_pid=$pid
	mkfifo in
	start_with in held "$SOCAT" - "TCP4:127.0.0.1:$port"
	exec 9>in
	wait_log relay.log ' N listening on ' 2
	client ask "127.0.0.1:$port" abc
	assertNotEquals 'the queue is closed' 0 "$status"
	exec 9>&-
	stop "$relay_pid"
}

test_fork() {
	# with fork any number of connections is served by one process
	activated relay tcp -- ACCEPT:3,fork PIPE
	client many "127.0.0.1:$port" 100
	assert_out '100 of 100 answers right\n'
	assertEquals 'no child processes' 0 "$(count_children "$pid")"
	stop "$pid"
	assertEquals 0 "$status"
}

test_descriptors_are_released() {
	# after the sessions the descriptors are what they were before
	activated relay tcp -- ACCEPT-FD:3,fork EXEC:cat
	before=$(count_fds "$pid")
	client many "127.0.0.1:$port" 10
	assert_out '10 of 10 answers right\n'
	wait_until has_children "$pid" 0
	wait_until has_fds "$pid" "$before"
}

test_other_families() {
	# sockets of IPv6 and UNIX, and of packets, work as well
	activated six tcp6 -- ACCEPT-FD:3,fork PIPE
	client ask "[::1]:$port" abc
	assert_out abc
	activated local "unix:$dir/sock" -- ACCEPT-FD:3,fork PIPE
	client ask "unix:$dir/sock" abc
	assert_out abc
	activated packets "seqpacket:$dir/seq" -- ACCEPT-FD:3,fork PIPE
	name=$(printf '%s' "$dir/seq" | od -An -tx1 | tr -d ' \n')
	given abc
	run "$SOCAT" -t 5 - "SOCKET-CONNECT:1:0:x$name,socktype=5,readbytes=3,shut-none" <in
	assert_out abc
}

test_unix_entry_stays() {
	# the socket in the file system belongs to the one who made it
	activated relay "unix:$dir/sock" -- ACCEPT-FD:3,fork PIPE
	client ask "unix:$dir/sock" abc
	stop "$pid"
	assertTrue 'the entry is still there' '[ -S sock ]'
}

test_other_numbers() {
	# the number may be any, also that of standard input
	activated relay --first 77 tcp -- ACCEPT-FD:77,fork PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
	activated inetd --first 0 tcp -- ACCEPT-FD:0,fork PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
}

test_names() {
	# a name of LISTEN_FDNAMES stands for its descriptor
	activated relay --names web:admin tcp tcp -- ACCEPT-FD:admin,fork PIPE
	client ask "127.0.0.1:$(sed -n 2p relay.port)" abc
	assert_out abc
	assert_log relay.log ' N using file descriptor 4 accepting'
}

test_wrong_names() {
	# names that do not fit one descriptor are errors that tell what there is
	refused --names web:admin tcp tcp -- ACCEPT-FD:wbe PIPE
	assert_error 'ACCEPT-FD:wbe: .*no descriptor has this name: LISTEN_FDNAMES is web:admin$'
	refused --names web:web tcp tcp -- ACCEPT-FD:web PIPE
	assert_error 'several descriptors have the name "web" \(LISTEN_FDNAMES is web:web\): use a number$'
	refused tcp -- ACCEPT-FD:web PIPE
	assert_error 'no descriptor has this name: LISTEN_FDNAMES is not set$'
	refused --pid other --names web tcp -- ACCEPT-FD:web PIPE
	assert_error 'no descriptor has this name: LISTEN_PID is 1, and this is process [0-9]+$'
	refused --pid none tcp -- ACCEPT-FD:web PIPE
	assert_error 'no descriptor has this name: LISTEN_FDS is not set$'
	# more names than descriptors
	refused --names a:b:c tcp -- ACCEPT-FD:c PIPE
	assert_error 'no descriptor has this name'
}

test_number_needs_no_variables() {
	# a number works whatever the variables say
	activated other --pid other tcp -- ACCEPT-FD:3,fork PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
	activated none --pid none tcp -- ACCEPT-FD:3,fork PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
}

test_programs_get_nothing() {
	# neither the variables nor any of the descriptors reach a program that is run
	activated relay --names a:b:c tcp tcp tcp -- ACCEPT-FD:b,fork \
		SYSTEM:'env | grep -c LISTEN_; ls /proc/self/fd | tail -n 1; cat >/dev/null'
	client ask "127.0.0.1:$(sed -n 2p relay.port)" ''
	# 3 is what ls has open itself
	assert_out '0\n3\n'
	# variables for another process are not ours to take
	activated other --pid other tcp -- ACCEPT-FD:3,fork SYSTEM:'env | grep -c LISTEN_; cat >/dev/null'
	client ask "127.0.0.1:$port" ''
	assert_out '2\n'
}

test_program_that_starts_first() {
	# a program on the left, which starts before listening begins, gets nothing either
	activated relay tcp -- -U SYSTEM:'env | grep -c LISTEN_; ls /proc/self/fd | tail -n 1 >>seen; cat >>seen' \
		ACCEPT-FD:3
	client ask "127.0.0.1:$port" abc
	finish "$pid"
	assert_file '3\nabc' seen
}

test_who_connected() {
	# programs get the addresses as from TCP-LISTEN
	activated relay tcp -- ACCEPT-FD:3,fork SYSTEM:'echo $SOCAT_PEERADDR $SOCAT_SOCKADDR $SOCAT_SOCKPORT; cat >/dev/null'
	client ask "127.0.0.1:$port" ''
	assert_out "127.0.0.1 127.0.0.1 $port\n"
}

test_not_usable() {
	# what is no listening socket is an error that says what it is
	refused tcp -- ACCEPT-FD:9 PIPE
	assert_error 'ACCEPT-FD:9: file descriptor 9 is not open'
	refused udp -- ACCEPT-FD:3 PIPE
	assert_error 'file descriptor 3 is a socket for datagrams: give option fork, or use FD'
	refused udp -- --workers 2 ACCEPT-FD:3,fork PIPE
	assert_error "is a socket for datagrams: each process would get some of a peer's packets"
	refused idle -- ACCEPT-FD:3 PIPE
	assert_error 'file descriptor 3 is a socket that does not listen'
	refused connection -- ACCEPT-FD:3 PIPE
	assert_error 'file descriptor 3 is a connection, not a socket that listens: use FD'
	run "$SOCAT" ACCEPT-FD:0 PIPE </dev/null
	assert_error 'file descriptor 0 is no socket'
}

test_closed_standard_input() {
	# a closed standard input is not taken for a socket
	run sh -c 'exec "$0" ACCEPT-FD:0 PIPE <&-' "$SOCAT"
	assert_error 'file descriptor 0 is not open'
}

test_access() {
	# range and sourceport refuse, and go on listening
	activated relay tcp -- ACCEPT-FD:3,fork,range=10.0.0.0/8 PIPE
	client ask "127.0.0.1:$port" abc
	assert_out ''
	assert_log relay.log ' W refusing connection from AF=2 127.0.0.1:[0-9]+ due to range option'
	activated ports tcp -- ACCEPT-FD:3,fork,sourceport=1 PIPE
	client ask "127.0.0.1:$port" abc
	assert_log ports.log ' W refusing connection .* due to sourceport option'
	activated good tcp -- ACCEPT-FD:3,fork,range=127.0.0.0/8 PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
}

test_access_needs_its_family() {
	# checks by address need a socket that has such addresses
	refused "unix:$dir/a" -- ACCEPT-FD:3,range=10.0.0.0/8 PIPE
	assert_error 'option "range" needs a socket of IP, but descriptor 3 has family 1$'
	refused "unix:$dir/c" -- ACCEPT-FD:3,range-file=list PIPE
	assert_error 'option "range-file" needs a socket of IP, but descriptor 3 has family 1$'
	refused "unix:$dir/b" -- ACCEPT-FD:3,tcpwrap PIPE
	assert_error 'option "tcpwrappers" needs a socket of IP'
	refused tcp -- 'ACCEPT-FD:3,range=[::1]/128' PIPE
	assert_error 'option "range": "\[::1\]/128" is IPv6'
}

test_options_act_on_the_connection() {
	# the socket that listens belongs to others too: it is left as it is
	need strace || return 0
	! sanitized || { startSkipping; return 0; }
	rm -f port
	start relay "$python" "$tests/activate.py" "$dir/port" tcp -- \
		strace -f -o "$dir/trace" -e trace=setsockopt,accept4 "$SOCAT" -d -d ACCEPT-FD:3,nodelay,keepalive PIPE
	wait_log relay.log ' N listening on '
	client ask "127.0.0.1:$(cat port)" abc
	assert_out abc
	finish "$pid"
	assertEquals 'none before the connection' 0 "$(sed '/accept4(.*) = [0-9]/,$d' trace | grep -c setsockopt)"
	fd=$(sed -n 's/.*accept4(.*) = \([0-9]*\)$/\1/p' trace)
	assert_log trace "setsockopt\\($fd, SOL_TCP, TCP_NODELAY"
	assert_log trace "setsockopt\\($fd, SOL_SOCKET, SO_KEEPALIVE"
}

test_two_processes() {
	# two processes share the socket: every connection is served, and neither ever blocks
	start both "$python" "$tests/activate.py" "$dir/port" --pid none tcp -- sh -c '
		"$0" -d -d ACCEPT-FD:3,fork PIPE 2>one.log & echo $! >one
		"$0" -d -d ACCEPT-FD:3,fork PIPE 2>two.log & echo $! >two
		wait' "$SOCAT"
	wait_log one.log ' N listening on ' && wait_log two.log ' N listening on '
	port=$(cat port)
	for round in 1 2 3 4 5; do
		client many "127.0.0.1:$port" 40
		assert_out '40 of 40 answers right\n'
	done
	kill -TERM "$(cat one)" "$(cat two)"
	wait_until ended "$(cat one)"
	wait_until ended "$(cat two)"
	assert_log one.log ' N exiting with status 0'
	assert_log two.log ' N exiting with status 0'
}

test_as_the_other_side() {
	# as the other side of a server it gives a connection to each session
	activated relay tcp -- TCP4-LISTEN:0,bind=127.0.0.1,fork ACCEPT-FD:3
	relay_pid=$pid
	front=$(port_of relay.log)
	for round in 1 2 3; do
		start "in$round" "$SOCAT" -u "TCP4:127.0.0.1:$front" -
		wait_log relay.log "using file descriptor 3 accepting" "$round"
		client ask "127.0.0.1:$port" "round $round"
		wait_until grep -q "round $round" "in$round.out"
	done
	stop "$relay_pid"
}

test_both_sides() {
	# both addresses may take a connection from the same socket
	activated relay tcp -- ACCEPT-FD:3 ACCEPT-FD:3
	relay_pid=$pid
	start first "$SOCAT" -u "TCP4:127.0.0.1:$port" -
	wait_log relay.log ' N listening on ' 2
	client ask "127.0.0.1:$port" abc
	finish "$relay_pid"
	assertEquals 0 "$status"
	assert_file abc first.out
}

test_isolate() {
	# a child process for each connection has nothing of the listening socket
	activated relay tcp -- ACCEPT-FD:3,fork,isolate SYSTEM:'ls -l /proc/$PPID/fd | grep -c socket; cat >/dev/null'
	client ask "127.0.0.1:$port" ''
	# the connection, and the relay's end of the program's socket
	assert_out '2\n'
	stop "$pid"
}

test_ends_with_grace() {
	# told to end, it lets its session finish, and keeps nobody else waiting
	activated relay tcp -- --grace 15 ACCEPT-FD:3,fork PIPE
	relay_pid=$pid
	mkfifo in
	start_with in held "$SOCAT" - "TCP4:127.0.0.1:$port"
	held=$pid
	exec 9>in
	wait_log relay.log ' N starting data transfer loop'
	kill -TERM "$relay_pid"
	wait_log relay.log ' N 1 sessions? may finish'
	client ask "127.0.0.1:$port" abc
	assertNotEquals 'nobody listens any more' 0 "$status"
	echo abc >&9
	wait_until grep -q abc held.out
	exec 9>&-
	finish "$held"
	finish "$relay_pid"
	assertEquals 0 "$status"
}

test_max_children() {
	# with max-children further connections wait
	activated relay tcp -- ACCEPT-FD:3,fork,max-children=1 PIPE
	mkfifo in
	start_with in held "$SOCAT" - "TCP4:127.0.0.1:$port"
	exec 9>in
	wait_log relay.log ' N accepting connection' 1
	start waiting "$python" "$tests/peer.py" client ask "127.0.0.1:$port" abc
	waiting=$pid
	exec 9>&-
	finish "$waiting"
	assert_file abc waiting.out
}

test_no_descriptors_left() {
	# with its descriptors used up it waits and loses no connection
	server echo echo
	start relay "$python" "$tests/activate.py" "$dir/port" tcp -- \
		sh -c 'ulimit -n 40; exec "$@"' - "$SOCAT" -d -d ACCEPT-FD:3,fork "TCP4:127.0.0.1:$server_port"
	wait_log relay.log 'listening on'
	client many "127.0.0.1:$(cat port)" 100 1000
	assert_out '100 of 100 answers right\n'
	refute_log relay.log ' (E|F) '
	assert_log relay.log "$out_of_descriptors"
}

test_systemd() {
	# systemd's own activator passes sockets as expected
	need systemd-socket-activate || return 0
	start relay systemd-socket-activate -l "$dir/sock" --fdname=web \
		-E ASAN_OPTIONS -E UBSAN_OPTIONS "$SOCAT" -d -d ACCEPT-FD:web,fork PIPE
	wait_until test -S sock
	client ask "unix:$dir/sock" abc
	assert_out abc
	assert_log relay.log ' N using file descriptor 3 accepting'
	client ask "unix:$dir/sock" more
	assert_out more
	stop "$pid"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
