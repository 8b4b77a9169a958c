#!/bin/sh
# UDP: one peer and many, the borders of packets, what ends a session.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# udp_server NAME MODE...: start a peer that receives packets, set $server_port.
udp_server() {
	udp_name=$1
	shift
	start "$udp_name" "$python" "$tests/udp_peer.py" server "$dir/$udp_name.port" "$@"
	wait_until test -s "$dir/$udp_name.port" || return 1
	server_port=$(cat "$dir/$udp_name.port")
}

# udp_client MODE PORT...: run a client to its end: files out and err, $status.
udp_client() {
	run "$python" "$tests/udp_peer.py" client "$@"
}

# receiver NAME ARGUMENT...: start the relay, wait until it can be sent to, set $port.
receiver() {
	relay "$@"
	wait_log "$dir/$1.log" ' N (listening on UDP|receiving on|successfully prepared local socket) AF=' ||
		return 1
	port=$(sed -n 's/.* N \(listening on UDP\|receiving on\|successfully prepared local socket\) .*:\([0-9][0-9]*\)$/\2/p' \
		"$dir/$1.log" | head -n 1)
}

# lines_in FILE COUNT: it has that many lines.
lines_in() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# A port that was free a moment ago, for servers that have to be told one.
free_udp_port() {
	"$python" -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# ---- one peer

test_connect() {
	# what is read becomes a packet, the answer comes back
	udp_server echo echo
	given 'ask\n'
	run "$SOCAT" -t 5 - "UDP-CONNECT:127.0.0.1:$server_port,shut-none,readbytes=6" <in
	assert_status 0
	assert_out '<ask\n>'
}

test_connect_refused() {
	# nobody there: the error is in plain words, the status tells
	given 'x'
	run "$SOCAT" - UDP4:127.0.0.1:1 <in
	assert_error '(read|write)\(.*Connection refused'
}

test_connect_tells_its_end() {
	# an empty packet follows the last one, unless shut-none
	udp_server collector collect got
	given 'data'
	run "$SOCAT" -u - "UDP:127.0.0.1:$server_port" <in
	wait_until grep -q '^0 EMPTY' got
	assert_file '4 data\n0 EMPTY\n' got
	run "$SOCAT" -u - "UDP:127.0.0.1:$server_port,shut-none" <in
	run "$SOCAT" -u - "UDP-SENDTO:127.0.0.1:$server_port,shut-null" <in
	wait_until lines_in got 5
	assert_file '4 data\n0 EMPTY\n4 data\n4 data\n0 EMPTY\n' got
}

test_listen_serves_the_first_peer() {
	# without fork the first sender is the peer; others are not heard
	receiver relay UDP4-LISTEN:0,bind=127.0.0.1 EXEC:cat
	relay=$pid
	mkfifo hold
	start_with hold first "$python" "$tests/udp_peer.py" client hold "$port" one
	exec 9>hold
	wait_until grep -q one first.out
	udp_client send "$port" stranger
	echo two >&9
	wait_until grep -q two first.out
	assert_file 'one\ntwo\n' first.out
	exec 9>&-
	assertTrue 'still there' "kill -0 $relay"
}

test_listen_refuses_by_range() {
	# a packet from outside the range is dropped, the next one may be the first
	receiver relay UDP4-LISTEN:0,range=127.0.0.2/32,bind=127.0.0.1 EXEC:cat
	udp_client send "$port" no
	wait_log relay.log ' W refusing connection from AF=2 127.0.0.1:[0-9]+ due to range option'
	refute_log relay.log 'starting data transfer'
}

test_recvfrom_takes_one_packet() {
	# one packet, its answer, the end
	receiver relay UDP4-RECVFROM:0,bind=127.0.0.1 EXEC:'tr a-z A-Z'
	relay=$pid
	udp_client from "$port" abc
	assert_out "ABC 127.0.0.1 $port\n"
	finish "$relay"
	assertEquals 'status' 0 "$status"
}

test_recv_merges_senders() {
	# packets of all senders, without answers
	start relay "$SOCAT" -d -d -u UDP4-RECV:0,bind=127.0.0.1 CREATE:got
	wait_log relay.log 'receiving on'
	port=$(sed -n 's/.*receiving on .*:\([0-9]*\)$/\1/p' relay.log)
	udp_client send "$port" a EMPTY b
	wait_until size_is got 2
	udp_client send "$port" c
	wait_until size_is got 3
	assert_file 'abc' got
}

test_recv_is_read_only() {
	# used for both directions it warns, and says what can't be written
	given ''
	run "$SOCAT" -t 0.1 UDP4-RECV:0 - <in
	assert_log err 'W UDP4-RECV:0: address is opened in read-write mode but only supports read-only'
	run "$SOCAT" -u - UDP4-RECV:0 <in
	assert_error 'UDP4-RECV'
}

test_sendto_takes_its_peer_only() {
	# answers come from where packets are sent to, from nowhere else
	udp_server silent silent
	receiver relay "UDP4-SENDTO:127.0.0.1:$server_port,bind=127.0.0.1" CREATE:got
	udp_client send "$port" stranger
	wait_log relay.log 'received packet with 8 bytes'
	udp_client send "$port" x --from 0
	wait_log relay.log 'received packet with 1 bytes'
	refute_log relay.log 'transferred'
	assertTrue 'nothing written' '[ ! -s got ]'
}

test_datagram_takes_all() {
	# DATAGRAM hears everybody, and sends to one address
	udp_server collector collect sent
	receiver relay -v "UDP4-DATAGRAM:127.0.0.1:$server_port,bind=127.0.0.1" PIPE
	udp_client send "$port" stranger
	wait_until grep -q stranger sent
	assert_file '8 stranger\n' sent
}

test_datagram_asks_for_a_source_port() {
	# sourceport filters what DATAGRAM receives
	udp_server collector collect sent
	receiver relay "UDP4-DATAGRAM:127.0.0.1:$server_port,bind=127.0.0.1,sourceport=1" PIPE
	udp_client send "$port" stranger
	wait_log relay.log 'refusing connection from AF=2 127.0.0.1:[0-9]+ due to sourceport option'
	assertTrue 'nothing sent' '[ ! -e sent ]'
}

test_versions() {
	# IPv6, one socket for both versions, UDP-Lite
	udp_server echo echo
	receiver relay UDP6-LISTEN:0,bind=[::1],fork "UDP4:127.0.0.1:$server_port"
	udp_client ask "$port" six --host ::1
	assert_out '<six>\n'
	receiver both -0 UDP-LISTEN:0,fork "UDP4:127.0.0.1:$server_port"
	udp_client from "$port" four
	assert_out "<four> 127.0.0.1 $port\n"
	udp_client from "$port" six --host ::1
	assert_out "<six> ::1 $port\n"
	udp_server lite echo --lite
	receiver lite UDPLITE4-LISTEN:0,fork,udplite-recv-cscov=8 \
		"UDPLITE:127.0.0.1:$server_port,udplite-send-cscov=8"
	udp_client ask "$port" lite --lite
	assert_out '<lite>\n'
}

# ---- borders

test_datagrams_keep_their_borders() {
	# packet for packet, up to the largest, and empty ones
	udp_server echo echo
	receiver relay UDP4-LISTEN:0,fork "UDP:127.0.0.1:$server_port"
	udp_client ask "$port" a EMPTY 65505*x bb
	assert_out '<a>\n<>\n65507 bytes\n<bb>\n'
	refute_log relay.log ' [WE] '
}

test_empty_packet_is_eof_if_asked() {
	# null-eof
	receiver relay UDP4-LISTEN:0,null-eof CREATE:got
	relay=$pid
	udp_client send "$port" abc EMPTY
	finish "$relay"
	assertEquals 'status' 0 "$status"
	assert_file abc got
}

test_stream_is_cut_into_packets() {
	# of 8192 bytes, as with the original, or of the size given with -b
	udp_server collector collect got
	head -c 20000 /dev/zero >data
	run "$SOCAT" -u OPEN:data "UDP-SENDTO:127.0.0.1:$server_port"
	wait_until grep -q 3616 got
	assertEquals 'sizes' '8192 8192 3616' "$(echo $(cut -d ' ' -f 1 got))"
	run "$SOCAT" -b 10000 -u OPEN:data "UDP-SENDTO:127.0.0.1:$server_port"
	wait_until lines_in got 5
	assertEquals 'sizes' '10000 10000' "$(echo $(tail -n 2 got | cut -d ' ' -f 1))"
}

test_packet_larger_than_the_buffer() {
	# it is reported, and so is how much of it is lost
	start relay "$SOCAT" -d -d -b 3 -u UDP4-RECV:0,bind=127.0.0.1 CREATE:got
	wait_log relay.log 'receiving on'
	port=$(sed -n 's/.*receiving on .*:\([0-9]*\)$/\1/p' relay.log)
	udp_client send "$port" abcdefg
	wait_log relay.log ' W read\([0-9]+, ...\): a packet of 7 bytes: all but the first 3 are lost; -b'
	assert_file abc got
}

test_packet_too_large_to_send() {
	# made of a stream it is an error; a packet among others is lost alone
	head -c 70000 /dev/zero >data
	run "$SOCAT" -b 70000 -u OPEN:data UDP4-SENDTO:127.0.0.1:9
	assert_error 'write\(.*a packet of 70000 bytes is too large; -b sets the size'
	udp_server collector collect got
	receiver relay -u UDP4-RECV:0,bind=127.0.0.1 "UDP-SENDTO:127.0.0.1:$server_port,crnl"
	relay=$pid
	udp_client send "$port" a 40000*NL b
	wait_until grep -q '^1 b' got
	assert_file '1 a\n1 b\n' got
	assert_log relay.log ' E write\([0-9]+, ...\): a packet of 40000 bytes is too large; it is lost'
}

test_line_ends_in_packets() {
	# crnl changes the data of a packet, not its borders
	udp_server collector collect got
	receiver relay -u UDP4-RECV:0,bind=127.0.0.1 "UDP-SENDTO:127.0.0.1:$server_port,crnl"
	udp_client send "$port" "$(printf 'a\nb\nc')" x
	wait_until grep -q '^1 x' got
	assert_file '7 a\r\nb\r\nc\n1 x\n' got
}

# ---- many peers

test_sessions_of_their_own() {
	# hundreds of peers on one socket in one process: each gets its own answers, in order
	udp_server echo echo
	receiver relay UDP4-LISTEN:0,fork "UDP:127.0.0.1:$server_port"
	relay=$pid
	udp_client many "$port" 300 5
	assert_out 'all came back\n'
	assertEquals 'children' 0 "$(count_children "$relay")"
	assert_lines relay.log 'accepting UDP connection from' 300
}

test_nothing_is_lost_while_a_session_opens() {
	# packets wait until the other side is there, in order
	mkfifo other
	receiver relay -u UDP4-LISTEN:0,fork,bind=127.0.0.1 OPEN:other,wronly
	set --
	for i in 1 2 3 4 5 6 7 8 9; do
		set -- "$@" "<$i>"
	done
	"$python" "$tests/udp_peer.py" client send "$port" "$@"
	wait_log relay.log 'accepting UDP connection'
	cat other >got &
	reader=$!
	wait_until size_is got 27
	assert_file '<1><2><3><4><5><6><7><8><9>' got
	stop "$pid"
	wait "$reader"
}

test_packets_to_streams() {
	# each packet's bytes go to the stream of its session
	server echo echo
	receiver relay UDP4-LISTEN:0,fork "TCP:127.0.0.1:$server_port"
	udp_client ask "$port" one two
	assert_out 'one\ntwo\n'
	udp_client ask "$port" three
	assert_out 'three\n'
	assert_lines relay.log 'successfully connected to' 2
}

test_max_children() {
	# further peers are dropped and counted, which is said once; later there is room again
	udp_server echo echo
	receiver relay -T 0.5 UDP4-LISTEN:0,fork,max-children=1 "UDP:127.0.0.1:$server_port"
	mkfifo hold
	start_with hold first "$python" "$tests/udp_peer.py" client hold "$port" one
	exec 9>hold
	wait_until grep -q one first.out
	udp_client send "$port" x y z
	wait_log relay.log ' W .*max-children.*packets of further peers are dropped'
	# known peers are served all the same
	echo two >&9
	wait_until grep -q two first.out
	exec 9>&-
	wait_log relay.log 'inactivity timeout triggered'
	wait_log relay.log ' N .*3 packets of further peers were dropped'
	udp_client ask "$port" again
	assert_out '<again>\n'
	assert_lines relay.log 'further peers are dropped' 1
}

test_silence_ends_a_session() {
	# after -T, or 120 s: the loop waits that long
	udp_server echo echo
	receiver relay UDP4-LISTEN:0,fork "UDP:127.0.0.1:$server_port"
	without_leak_check
	start tracer strace -f -e trace=epoll_wait,epoll_pwait -o trace -p "$pid"
	wait_until grep -q attached tracer.log
	udp_client ask "$port" x
	wait_until grep -Eq 'epoll_p?wait.*, (119[0-9]{3}|120000)(,|\)| <)' trace
	stop "$pid"
	receiver short -T 0.2 UDP4-LISTEN:0,fork "UDP:127.0.0.1:$server_port"
	udp_client ask "$port" x
	wait_log short.log 'inactivity timeout triggered'
	fds=$(count_fds "$pid")
	udp_client many "$port" 50 1
	wait_log short.log 'inactivity timeout triggered' 51
	wait_until has_fds "$pid" "$fds"
}

test_recvfrom_fork() {
	# each packet is served on its own, and answered to its sender
	receiver relay UDP4-RECVFROM:0,fork SYSTEM:'echo $SOCAT_PEERADDR $SOCAT_PEERPORT'
	run "$python" "$tests/udp_peer.py" client late "$port" 3
	assertEquals 'lines' 3 "$(grep -c '^127.0.0.1 [0-9]*' out)"
	assert_lines relay.log 'receiving packet from' 3
}

test_child_processes() {
	# isolate: a process for each peer; nofork: the process becomes the program
	udp_server echo echo
	receiver relay UDP4-LISTEN:0,fork,isolate "UDP:127.0.0.1:$server_port"
	relay=$pid
	udp_client many "$port" 5 4
	assert_out 'all came back\n'
	assert_lines relay.log 'forked off child process' 5
	stop "$relay"
	receiver program UDP4-LISTEN:0,fork EXEC:cat,nofork
	udp_client ask "$port" a b
	assert_out 'a\nb\n'
}

test_end_of_a_server() {
	# SIGTERM: sessions may finish within the grace time, new peers are not served
	udp_server echo echo
	receiver relay --grace 20 -T 2 UDP4-LISTEN:0,fork "UDP:127.0.0.1:$server_port"
	relay=$pid
	mkfifo hold
	start_with hold first "$python" "$tests/udp_peer.py" client hold "$port" one
	exec 9>hold
	wait_until grep -q one first.out
	kill -TERM "$relay"
	wait_log relay.log 'may finish'
	echo two >&9
	wait_until grep -q two first.out
	udp_client send "$port" late
	wait_log relay.log 'listening is over: packets of further peers are dropped'
	finish "$relay"
	assertEquals 'status' 0 "$status"
	exec 9>&-
}

test_shared_other_side() {
	# a sending socket that is opened once serves the sessions of a forking address
	udp_server echo echo
	listener relay "UDP-SENDTO:127.0.0.1:$server_port" TCP4-LISTEN:0,bind=127.0.0.1,fork
	client ask "127.0.0.1:$port" hello
	assert_out '<hello>'
}

# ---- services as people use them

test_name_service() {
	# DNS over the relay, by UDP and by TCP, for a real client of a real server
	need dig && need dnsmasq || return 0
	# somebody else may have the same port of TCP, or be faster
	for attempt in 1 2 3 4 5; do
		dns_port=$(free_udp_port)
		start server dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --user=root \
			--listen-address=127.0.0.1 --bind-interfaces --port="$dns_port" \
			--address=/service.example/192.0.2.77 \
			--txt-record="long.example,$(printf %0200d 7)"
		wait_log server.log 'started|cache|in use'
		grep -q 'in use' server.log || break
	done
	assertTrue "a port after $attempt attempts" 'grep -Eq "started|cache" server.log'
	receiver relay -T 5 UDP4-LISTEN:0,fork,max-children=100 "UDP:127.0.0.1:$dns_port"
	run dig @127.0.0.1 -p "$port" +short service.example
	assert_out '192.0.2.77\n'
	run dig @127.0.0.1 -p "$port" +short long.example TXT
	assert_log out '^"0+7"$'
	udp_port=$port
	listener tcp TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP:127.0.0.1:$dns_port"
	run dig @127.0.0.1 -p "$port" +tcp +short service.example
	assert_out '192.0.2.77\n'
	# several clients at once
	for i in 1 2 3 4 5 6 7 8; do
		start "dig$i" dig @127.0.0.1 -p "$udp_port" +short "service.example" "x$i.service.example"
	done
	for i in 1 2 3 4 5 6 7 8; do
		wait_until grep -c '192.0.2.77' "dig$i.out"
		wait_until lines_in "dig$i.out" 2
	done
	refute_log relay.log ' [WE] '
}

test_syslog() {
	# syslog's packets, by logger, become lines for a server that collects TCP
	need logger || return 0
	mkdir got
	server collector collect got
	receiver relay UDP4-LISTEN:0,fork,reuseaddr "TCP:127.0.0.1:$server_port"
	logger --server 127.0.0.1 --port "$port" --udp --rfc3164 --tag relaytest 'a message'
	wait_until grep -rq 'relaytest: a message' got
}

# ---- faults

test_without_descriptors() {
	# peers for whom there are no descriptors are dropped; those who are served go on
	udp_server echo echo
	# shellcheck disable=SC3045
	(ulimit -n 20; exec "$SOCAT" -d -d -T 1 UDP4-LISTEN:0,fork "UDP:127.0.0.1:$server_port") \
		>relay.out 2>relay.log &
	relay=$!
	started="$started $relay"
	wait_log relay.log 'listening on UDP'
	port=$(sed -n 's/.*listening on UDP .*:\([0-9]*\)$/\1/p' relay.log)
	fds=$(count_fds "$relay")
	mkfifo hold
	start_with hold first "$python" "$tests/udp_peer.py" client hold "$port" one
	exec 9>hold
	wait_until grep -q one first.out
	udp_client burst "$port" 60
	wait_log relay.log ' W .*descriptors or memory ran out: packets of further peers are dropped'
	echo two >&9
	wait_until grep -q two first.out
	exec 9>&-
	wait_log relay.log 'inactivity timeout triggered' 2
	wait_until has_fds "$relay" "$fds"
	udp_client ask "$port" again
	assert_out '<again>\n'
	assertTrue 'still there' "kill -0 $relay"
}

test_slow_session_does_not_hold_up_others() {
	# a session that takes nothing loses its own packets in the end, which is said
	receiver relay UDP4-LISTEN:0,fork SYSTEM:'read first; [ "$first" = slow ] || exec cat; exec sleep 60'
	"$python" - "$port" <<-'END'
		import socket, sys, time
		slow = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		slow.connect(("127.0.0.1", int(sys.argv[1])))
		slow.send(b"slow\n")
		quick = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		quick.settimeout(15)
		quick.connect(("127.0.0.1", int(sys.argv[1])))
		quick.send(b"quick\n")
		for i in range(200):
		    slow.send(b"x" * 8000)
		    quick.send(b"%03d" % i)
		    got = b""
		    while len(got) < 3:
		        got += quick.recv(100)
		    if got != b"%03d" % i:
		        sys.exit("got %r" % got)
	END
	assertEquals 'quick session' 0 $?
	assert_log relay.log ' W .*does not take its packets fast enough: some are dropped'
	assert_lines relay.log 'some are dropped' 1
}

# shellcheck source=/dev/null
. shunit2
