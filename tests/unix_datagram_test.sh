#!/bin/sh
# UNIX datagrams: sending, receiving, answers, the entries in the file system, full queues.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

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
	wait_log "$1.log" ' N receiving on '
}

# ---- sending

test_sendto() {
	# each block becomes a packet; the answers come back
	peer echo unix:server echo
	given 'ask\n'
	run "$SOCAT" -d -d -t 5 - UNIX-SENDTO:server,bind=own,readbytes=4 <in
	assert_status 0
	assert_out 'ask\n'
	assert_log err ' N successfully prepared local socket AF=1 "own"$'
	assertFalse 'removed' '[ -e own ]'
}

test_sendto_alias() {
	# UNIX-SEND is the same
	peer got unix:server receive 1
	given abc
	run "$SOCAT" -u - UNIX-SEND:server <in
	wait_log got.out '^abc'
	assert_file 'ready\nabc from None\n' got.out
}

test_sendto_nobody() {
	# no entry, nobody behind it, or no datagrams: one line with the name and the reason
	given abc
	run "$SOCAT" - UNIX-SENDTO:none <in
	assert_error 'write\(.*No such file or directory \(to AF=1 "none"\)$'
	"$python" -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("dead")'
	run "$SOCAT" - UNIX-SENDTO:dead <in
	assert_error 'Connection refused \(to AF=1 "dead"\); no process receives there$'
	server stream echo --unix "$dir/stream"
	run "$SOCAT" - UNIX-SENDTO:stream <in
	assert_error 'to AF=1 "stream"\); it is not for datagrams: see UNIX-CONNECT$'
}

test_sendto_forbidden() {
	# a socket that may not be written to: who may
	need_root || return 0
	without_leak_check
	peer echo unix:socket echo
	chown 3:4 socket
	chmod 660 socket
	given abc
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$SOCAT" - UNIX-SENDTO:socket <in
	assert_error 'Permission denied \(to AF=1 "socket"\).*--group-add 4'
}

test_sendto_hears_its_peer_only() {
	# packets of others are dropped, with or without a name
	relay relay -u UNIX-SENDTO:server,bind=own CREATE:got
	wait_log relay.log 'starting data transfer'
	from unix: send own anonymous
	from unix:other send own other
	from unix:server send own right
	wait_until size_is got 5
	assert_file right got
}

test_sendto_knows_its_peer_by_another_path() {
	# the receiver is bound to a full path, we send to a short one
	receiver relay "UNIX-RECVFROM:$dir/server" PIPE
	given abc
	run "$SOCAT" -t 5 - UNIX-SENDTO:server,bind=own,readbytes=3 <in
	assert_out abc
}

test_sendto_chdir() {
	# the name counts from the directory of option chdir, also after it was left
	mkdir sub
	peer got unix:sub/server receive 1
	given abc
	run "$SOCAT" -u - UNIX-SENDTO:server,chdir=sub <in
	assert_status 0
	wait_log got.out '^abc'
}

test_sendto_bind_errors() {
	# a name that is taken is left alone; that of an ended process is taken over
	peer other unix:own echo
	run "$SOCAT" - UNIX-SENDTO:x,bind=own </dev/null
	assert_error "bind: $in_use.*unlink-early"
	given abc
	run "$SOCAT" - UNIX-SENDTO:x,bind=in </dev/null
	assert_error 'bind: .*; there is something that is not a socket$'
	assert_file abc in
	peer echo unix:server echo
	"$python" -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("dead")'
	run "$SOCAT" -d -d -t 5 - UNIX-SENDTO:server,bind=dead,readbytes=3 <in
	assert_out abc
	assert_log err 'removed the socket that an ended process had left behind'
}

test_sendto_tempname() {
	# a name is made up, by the template or without; it goes at the end
	receiver relay UNIX-RECVFROM:server,fork 'SYSTEM:echo "$SOCAT_PEERADDR"'
	given abc
	run "$SOCAT" -t 5 - "UNIX-SENDTO:server,bind-tempname=$dir/pre-XXXXXX" <in
	assert_log out "^\"?$dir/pre-[A-Za-z0-9]{6}\"?\$"
	assertEquals 'removed' '' "$(find . -name 'pre-*')"
	run "$SOCAT" -t 5 - UNIX-SENDTO:server,bind-tempname <in
	assert_log out '^"?/tmp/file[A-Za-z0-9]{6}"?$'
}

test_sendto_entry_options() {
	# mode, user and group hold for our own entry; unlink-close=0 keeps it
	need_root || return 0
	peer echo unix:server echo
	given abc
	run "$SOCAT" -t 5 - UNIX-SENDTO:server,bind=own,mode=640,user=3,group=4,unlink-close=0,readbytes=3 <in
	assert_out abc
	assertEquals '640 3 4' "$(stat -c '%a %u %g' own)"
	run "$SOCAT" -t 5 - UNIX-SENDTO:server,bind=own,unlink-early,umask=0177,unlink-close=0,readbytes=3 <in
	assert_out abc
	assertEquals 600 "$(stat -c %a own)"
}

# ---- receiving

test_recv() {
	# packets of all senders come together; the entry goes at the end
	receiver relay -u UNIX-RECV:server CREATE:got
	from unix: send server one
	from unix:two send server two EMPTY three
	wait_until size_is got 11
	assert_file onetwothree got
	stop "$pid"
	assertFalse 'removed' '[ -e server ]'
}

test_recv_entries() {
	# the entry of a killed run is replaced, that of a live one and files are left alone
	receiver first -u UNIX-RECV:server CREATE:got
	run "$SOCAT" -u UNIX-RECV:server -
	assert_error "bind: $in_use.*unlink-early"
	kill -KILL "$pid"
	finish "$pid"
	assertTrue 'left over' '[ -S server ]'
	receiver second -u UNIX-RECV:server CREATE:got
	from unix: send server abc
	wait_until size_is got 3
	stop "$pid"
	given abc
	run "$SOCAT" -u UNIX-RECV:in -
	assert_error 'there is something that is not a socket$'
	receiver third -u UNIX-RECV:in,unlink-early CREATE:got
	assertTrue '[ -S in ]'
	stop "$pid"
	receiver fourth -u UNIX-RECV:server,unlink-close=0 CREATE:got
	stop "$pid"
	assertTrue 'kept' '[ -S server ]'
}

test_recv_rights() {
	# mode, user, group and umask hold for the entry
	need_root || return 0
	receiver relay -u UNIX-RECV:server,mode=620,user=3,group=4 CREATE:got
	assertEquals '620 3 4' "$(stat -c '%a %u %g' server)"
	receiver other UNIX-RECVFROM:other,umask=0117 PIPE
	assertEquals 660 "$(stat -c %a other)"
}

test_recv_retry() {
	# with retry the name is waited for
	peer first unix:server echo
	first=$pid
	relay relay -u UNIX-RECV:server,retry=1000,interval=0.02 CREATE:got
	wait_log relay.log ' N .*bind: .*trying again in 0.02 s'
	stop "$first"
	wait_log relay.log ' N receiving on '
	from unix: send server abc
	wait_until size_is got 3
}

test_recvfrom() {
	# one packet, its answer, the end
	receiver relay UNIX-RECVFROM:server 'SYSTEM:tr a-z A-Z'
	from unix:own ask server abc
	assert_out 'ABC from server\n'
	finish "$pid"
	assertEquals 0 "$status"
	assertFalse 'removed' '[ -e server ]'
}

test_recvfrom_anonymous() {
	# a sender without a name can't be answered: that is said
	receiver relay UNIX-RECVFROM:server PIPE
	from unix: send server abc
	finish "$pid"
	assertEquals 1 "$status"
	assert_log relay.log ' E write\(.*answers have nowhere to go.*\(option bind\)$'
}

test_recvfrom_fork() {
	# each packet is a session of its own, all in one process
	receiver relay UNIX-RECVFROM:server,fork PIPE
	for i in 1 2 3; do
		from "unix:own$i" ask server "one$i" "two$i"
		assert_out "one$i from server\ntwo$i from server\n"
	done
	from unix: send server anonymous
	wait_log relay.log ' E write\(.*answers have nowhere to go'
	from unix:last ask server still
	assert_out 'still from server\n'
	assertTrue 'no children' "has_children $pid 0"
	stop "$pid"
	assertFalse 'removed' '[ -e server ]'
}

test_recvfrom_fork_program() {
	# a program for each packet knows who sent it
	receiver relay UNIX-RECVFROM:server,fork 'SYSTEM:read -r word; echo "\$word $SOCAT_PEERADDR $SOCAT_SOCKADDR"'
	start got "$python" "$tests/datagram_peer.py" unix:own ask server xyz
	wait_log got.out '^xyz "?own"? "?server"? ?'
	finish "$pid"
}

test_recvfrom_max_children() {
	# packets wait while max-children are served: none is lost
	receiver relay UNIX-RECVFROM:server,fork,max-children=2 'SYSTEM:cat >>got; sleep 0.01'
	# shellcheck disable=SC2046
	from unix: send server $(seq 1000 1059)
	assert_status 0
	wait_until size_is got 240
	assertEquals 60 "$(fold -w 4 got | sort -u | grep -c '^10')"
	refute_log relay.log 'dropped'
}

test_recvfrom_scarce_descriptors() {
	# packets wait while descriptors are short: none is lost, and none stays behind
	start relay sh -c 'ulimit -n 20; exec "$@"' sh "$SOCAT" -d -d UNIX-RECVFROM:server,fork 'SYSTEM:cat >>got; sleep 0.01'
	wait_log relay.log ' N receiving on '
	before=$(count_fds "$pid")
	# shellcheck disable=SC2046
	from unix: send server $(seq 1000 1099)
	assert_status 0
	wait_until size_is got 400
	assertEquals 100 "$(fold -w 4 got | sort -u | wc -l)"
	refute_log relay.log 'dropped'
	wait_until has_fds "$pid" "$before"
}

test_recvfrom_isolate() {
	# a process for each packet; the socket stays the first one's
	receiver relay UNIX-RECVFROM:server,fork,isolate PIPE
	for i in 1 2 3; do
		from unix:own ask server "abc$i"
		assert_out "abc$i from server\n"
		rm own
	done
	assert_lines relay.log ' N forked off child process ' 3
	stop "$pid"
	assertFalse 'removed' '[ -e server ]'
}

test_sendto_for_each_connection() {
	# a server sends for each of its clients from a socket of its own, with a name of its own
	receiver echo UNIX-RECVFROM:server,fork PIPE
	relay relay "UNIX-LISTEN:door,fork" "UNIX-SENDTO:server,bind-tempname=$dir/own-XXXXXX"
	wait_log relay.log ' N listening on '
	before=$(count_fds "$pid")
	client many "unix:$dir/door" 20
	assert_out '20 of 20 answers right\n'
	wait_until has_fds "$pid" "$before"
	assertEquals 'removed' '' "$(find . -name 'own-*')"
}

# ---- full queues, large packets

test_sendto_full_queue() {
	# a receiver that reads nothing makes us wait; when it reads again nothing is missing
	peer slow unix:server receive 3000 go
	"$python" -c 'for i in range(3000): print("%07d" % i)' >in
	start_with in relay "$SOCAT" -b 8 -u - UNIX-SENDTO:server
	relay=$pid
	# the receiver's queue is full when the sender no longer works
	ticks=
	until [ "$ticks" = "$(cpu_ticks "$relay")" ]; do
		ticks=$(cpu_ticks "$relay")
		sleep 0.2
	done
	assertFalse 'still there' "ended $relay"
	: >go
	finish "$relay"
	assertEquals 0 "$status"
	wait_until grep -q 0002999 slow.out
	sed -n 's/^\([0-9]\{7\}\)$/\1/p' slow.out >got
	cmp in got
	assertTrue 'all of them, in order' $?
}

test_recvfrom_full_queue() {
	# answers wait, too, for a client that does not read them; nothing is missing
	seq -f %07g 3000 >in
	for option in '' ,fork; do
		rm -f go
		receiver relay -b 8 "UNIX-RECVFROM:server$option" 'SYSTEM:cat >/dev/null; cat in'
		relay=$pid
		start slow "$python" -c '
import socket, os, time
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind("slow")
sock.settimeout(15)
sock.sendto(b"x", "server")
print("ready", flush=True)
while not os.path.exists("go"):
    time.sleep(0.01)
for _ in range(3000):
    print(sock.recv(100).decode(), end="", flush=True)'
		wait_log slow.out '^ready'
		wait_log relay.log 'starting data transfer'
		: >go
		wait_until grep -q 0003000 slow.out
		sed 1d slow.out | cmp - in
		assertTrue "all of them, in order$option" $?
		stop "$relay"
		rm -f slow
	done
}

test_large_packets() {
	# with the usual block size a long packet is cut, which is said; with -b it passes whole
	receiver relay -u UNIX-RECV:server CREATE:got
	from unix: send server '150000*x'
	wait_log relay.log ' W read\(.*a packet of 150000 bytes: all but the first 65536 are lost; -b'
	stop "$pid"
	peer got unix:far lengths 1
	receiver relay -b 200000 -u UNIX-RECV:server UNIX-SENDTO:far,sndbuf=400000
	from unix: send server '150000*x'
	wait_log got.out '^150000$'
}

test_large_packets_fork() {
	# the same where many are served
	receiver relay UNIX-RECVFROM:server,fork 'SYSTEM:wc -c'
	from unix:own ask server '150000*x'
	assert_log out '^65536$'
	wait_log relay.log ' W read\(.*a packet of 150000 bytes: all but the first 65536 are lost'
	stop "$pid"
	receiver relay -b 400000 UNIX-RECVFROM:server,fork 'SYSTEM:wc -c'
	for size in 150000 300000 5; do
		rm -f own
		from unix:own ask server "$size*x"
		assert_log out "^$size\$"
	done
}

test_too_large() {
	# a packet that the socket can't take is an error that names -b
	peer got unix:server lengths 1
	head -c 300000 /dev/zero >in
	run "$SOCAT" -b 300000 -u OPEN:in UNIX-SENDTO:server,sndbuf=10000
	assert_error 'a packet of 300000 bytes is too large; -b sets the size$'
}

# ---- abstract names

test_abstract() {
	# all of it without entries
	name=socat-test-$$-$(basename "$dir")
	receiver relay "ABSTRACT-RECVFROM:$name,fork" PIPE
	given abc
	run "$SOCAT" -t 5 - "ABSTRACT-SENDTO:$name,bind=$name-own,readbytes=3" <in
	assert_out abc
	run "$SOCAT" -t 5 - "ABSTRACT-SENDTO:$name,bind-tempname=$name-XXXXXX,readbytes=3" <in
	assert_out abc
	run "$SOCAT" -t 5 - "ABSTRACT-CLIENT:$name,bind-tempname,readbytes=3" <in
	assert_out abc
	run "$SOCAT" -u "ABSTRACT-RECV:$name" -
	assert_error "bind: $in_use; another process"
	run "$SOCAT" - "ABSTRACT-SENDTO:$name-none" <in
	assert_error 'Connection refused \(to AF=1 .*no process receives there'
	run "$SOCAT" - "ABSTRACT-CLIENT:$name-none" <in
	assert_error 'Connection refused'
	assertEquals 'no entries' '' "$(find . -type s)"
	receiver recv -u "ABSTRACT-RECV:$name-2" CREATE:got
	from unix: send "@$name-2" abc
	wait_until size_is got 3
}

test_tightsocklen() {
	# with tightsocklen=0 an abstract name has all 108 bytes, on both sides or on none
	name=socat-test-$$-$(basename "$dir")
	receiver relay "ABSTRACT-RECVFROM:$name,fork,tightsocklen=0" PIPE
	given abc
	run "$SOCAT" -t 5 - "ABSTRACT-SENDTO:$name,tightsocklen=0,bind=$name-own,readbytes=3" <in
	assert_out abc
	run "$SOCAT" -t 5 - "ABSTRACT-SENDTO:$name,bind=$name-own" <in
	assert_error 'Connection refused'
}

# ---- types that find out

test_client_finds_the_type() {
	# UNIX-CLIENT and GOPEN talk to stream, seqpacket and datagram sockets
	server echo echo --unix "$dir/stream"
	receiver datagram UNIX-RECVFROM:datagram,fork PIPE
	relay seqpacket UNIX-LISTEN:seqpacket,socktype=5,fork PIPE
	wait_log seqpacket.log ' N listening on '
	given abc
	for type in stream seqpacket datagram; do
		for address in UNIX-CLIENT UNIX GOPEN; do
			run "$SOCAT" -t 5 - "$address:$type,bind=own,readbytes=3" <in
			assert_status 0
			assert_out abc
			assertFalse 'removed' '[ -e own ]'
		done
	done
	run "$SOCAT" - UNIX-CLIENT:datagram,socktype=1 <in
	assert_error 'connect to "datagram"'
	run "$SOCAT" - UNIX-CONNECT:datagram <in
	assert_error 'connect to "datagram"'
	run "$SOCAT" - UNIX-CLIENT:none <in
	assert_error 'No such file or directory'
}

test_seqpacket_keeps_borders() {
	# over a seqpacket socket that was found out packets stay packets
	relay server -u UNIX-LISTEN:server,socktype=5 UNIX-SENDTO:far
	wait_log server.log ' N listening on '
	peer got unix:far lengths 2
	"$python" -c 'print("x" * 9, end="")' >in
	run "$SOCAT" -b 5 -u OPEN:in UNIX-CLIENT:server
	wait_log got.out '^[0-9]+$' 2
	assert_file 'ready\n5\n4\n' got.out
}

. /usr/share/shunit2/shunit2
