#!/bin/sh
# Connections over other sockets than TCP and UNIX: SCTP, DCCP, VSOCK, and sockets of any kind
# by numbers (SOCKET-CONNECT, SOCKET-LISTEN).

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# kernel_has FAMILY TYPE PROTOCOL: true if such a socket can be made.
kernel_has() {
	"$python" -c 'import socket, sys; socket.socket(*map(int, sys.argv[1:]))' "$@" 2>/dev/null
}

# vsock_loops: true if VSOCK connections to this machine itself are possible.
vsock_loops() {
	"$python" -c 'import socket; socket.socket(socket.AF_VSOCK).bind((1, 4294967295))' 2>/dev/null
}

# in4 PORT [ADDRESS]: the bytes of an IPv4 address, 127.0.0.1 unless given in hexadecimal.
in4() {
	printf 'x%04x%s0000000000000000' "$1" "${2:-7f000001}"
}

# un NAME: the bytes of a UNIX address.
un() {
	printf x
	printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# free_port: a TCP port that nobody listens on.
free_port() {
	"$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# ---- SCTP, DCCP

# check_missing NAME HINT: a kernel without the protocol gives one error that says so.
check_missing() {
	for address in "$1:127.0.0.1:5" "${1}4:127.0.0.1:5" "$1-LISTEN:5" "$1-LISTEN:5,fork" "${1}6-LISTEN:5,fork"; do
		run "$SOCAT" "$address" - </dev/null
		assert_error "$address: socket for AF=[0-9]+ .*:5: (Protocol|Socket type) not supported; this kernel has no $1: $2"
		assert_lines err ' E ' 1
	done
	# as the other side of a server it ends the session only
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$1:127.0.0.1:5"
	client ask "127.0.0.1:$port" abc
	client ask "127.0.0.1:$port" abc
	assert_lines relay.log " E .*this kernel has no $1" 2
	stop "$pid"
	assertEquals 0 "$status"
}

test_sctp_missing() {
	# without SCTP in the kernel the error says what to do
	! kernel_has 2 1 132 || { startSkipping; return 0; }
	check_missing SCTP 'load its module on the host \(modprobe sctp\)$'
}

test_dccp_missing() {
	# without DCCP in the kernel the error says what to do
	! kernel_has 2 6 33 || { startSkipping; return 0; }
	check_missing DCCP 'load its module on the host \(modprobe dccp_ipv4; Linux 6.16 and later have none\)$'
}

test_missing_is_tried_again() {
	# retry waits for a module that is loaded later
	! kernel_has 2 1 132 || { startSkipping; return 0; }
	run "$SOCAT" -d -d SCTP:127.0.0.1:5,retry=2,interval=0.05 - </dev/null
	assert_error 'this kernel has no SCTP'
	assert_lines err ' N .*trying again in 0.05 s' 2
	run "$SOCAT" -d -d DCCP-LISTEN:5,retry=2,interval=0.05,fork - </dev/null
	assert_status 1
	assert_lines err ' W .*trying again' 2
}

test_sctp() {
	# an answer comes after our input has ended, although SCTP has no half-close
	kernel_has 2 1 132 || { echo 'skipped: needs SCTP'; startSkipping; return 0; }
	listener relay SCTP4-LISTEN:0,bind=127.0.0.1,fork,sctp-nodelay SYSTEM:'head -n 1'
	given 'abc\n'
	run "$SOCAT" "SCTP4:127.0.0.1:$port,sctp-nodelay,sctp-maxseg=1000" - <in
	assert_status 0
	assert_out 'abc\n'
	head -c 3000000 /dev/urandom >data
	listener sink -u SCTP4-LISTEN:0,bind=127.0.0.1 CREATE:copy
	run "$SOCAT" -u OPEN:data "SCTP4:127.0.0.1:$port"
	finish "$pid"
	assertEquals "$(checksum data)" "$(checksum copy)"
}

test_dccp() {
	# packets go to and fro, with service code and congestion control of our choice
	kernel_has 2 6 33 || { echo 'skipped: needs DCCP'; startSkipping; return 0; }
	listener relay DCCP4-LISTEN:0,bind=127.0.0.1,fork,dccp-set-sid=SC:echo,ccid=2 PIPE
	given abc
	run "$SOCAT" "DCCP4:127.0.0.1:$port,dccp-set-sid=SC:echo,ccid=2" - <in
	assert_status 0
	assert_out abc
}

test_socket_numbers_of_tcp() {
	# TCP stays TCP when its numbers are written out: half-close lasts in a server
	server late late 1
	listener relay "TCP4-LISTEN:0,bind=127.0.0.1,fork,socktype=1,protocol=6" \
		"TCP4:127.0.0.1:$server_port,socktype=1,protocol=6"
	client ask "127.0.0.1:$port" abc
	assert_out 'late 3\n'
}

# ---- VSOCK

test_vsock_listen() {
	# it listens on any cid, or on the one of option bind
	kernel_has 40 1 0 || { echo 'skipped: needs VSOCK'; startSkipping; return 0; }
	relay any VSOCK-LISTEN:-1,fork PIPE
	wait_log any.log ' N listening on AF=40 cid:4294967295 port:[0-9]+$'
	number=$(sed -n 's/.* N listening on .* port://p' any.log)
	run "$SOCAT" "VSOCK-LISTEN:$number,reuseaddr=0" -
	assert_error "bind to AF=40 cid:4294967295 port:$number: $in_use; another process listens there"
	stop "$pid"
	assertEquals 0 "$status"
	run "$SOCAT" VSOCK-LISTEN:0xfffffff0,accept-timeout=0.1 -
	assert_error 'accept: (Connection|Operation) timed out'
	run "$SOCAT" VSOCK-L:5555,bind=99 -
	assert_error "bind to AF=40 cid:99 port:5555: $not_available; this machine does not have that cid"
}

test_vsock_connect_fails() {
	# a connection that can't be made is an error in time
	kernel_has 40 1 0 || { echo 'skipped: needs VSOCK'; startSkipping; return 0; }
	run "$SOCAT" -d -d VSOCK:1:5,connect-timeout=0.2,retry=1,interval=0.05 - </dev/null
	assert_error 'VSOCK:1:5,.*: connect to AF=40 cid:1 port:5: '
	assert_lines err ' N opening connection to AF=40 cid:1 port:5$' 2
	run "$SOCAT" VSOCK:1:5,bind=99:7 - </dev/null
	assert_error "bind to AF=40 cid:99 port:7: $not_available"
}

test_vsock_forbidden() {
	# where a seccomp profile forbids it the error says that
	need strace || return 0
	! sanitized || { startSkipping; return 0; }
	run strace -o /dev/null -e trace=socket -e inject=socket:error=EPERM "$SOCAT" VSOCK:2:5 -
	assert_error "socket for AF=40 cid:2 port:5: Operation not permitted; Docker's default seccomp profile"
}

test_vsock() {
	# data goes both ways between two addresses of this machine
	vsock_loops || { echo 'skipped: needs the module vsock_loopback'; startSkipping; return 0; }
	relay server VSOCK-LISTEN:-1,fork SYSTEM:'cat; echo $SOCAT_PEERADDR $SOCAT_PEERPORT'
	wait_log server.log ' N listening on '
	number=$(sed -n 's/.* N listening on .* port://p' server.log)
	given 'abc\n'
	run "$SOCAT" -d -d -t 5 - "VSOCK-CONNECT:1:$number,bind=:54321" <in
	assert_out 'abc\n1 54321\n'
	assert_log server.log ' N accepting connection from AF=40 cid:1 port:54321 on AF=40 cid:1'
}

# ---- sockets of any kind

test_generic_connect() {
	# SOCKET-CONNECT reaches a TCP server, from the address of bind
	server echo whoami
	run "$SOCAT" -d -d -u "SOCKET-CONNECT:2:6:$(in4 "$server_port"),bind=$(in4 0 7f000002)" -
	assert_status 0
	assert_log out '^127\.0\.0\.2 '
	assert_log err " N opening connection to AF=2 127.0.0.1:$server_port\$"
	assert_log err ' N successfully connected from local address AF=2 127.0.0.2:'
}

test_generic_connect_v6() {
	# the same over IPv6
	server echo echo --host ::1
	given abc
	run "$SOCAT" -t 5 - "SOCKET-CONNECT:10:6:$(printf 'x%04x' "$server_port")x00000000x00000000000000000000000000000001x00000000" <in
	assert_status 0
	assert_out abc
}

test_generic_connect_fails() {
	# a refused connection is one error; with retry it is tried again until it works
	server=$(free_port)
	run "$SOCAT" - "SOCKET-CONNECT:2:6:$(in4 "$server")" </dev/null
	assert_error "connect to AF=2 127.0.0.1:$server: Connection refused"
	assert_lines err ' E ' 1
	relay waiting "SOCKET-CONNECT:2:6:$(in4 "$server"),forever,interval=0.05" CREATE:got
	waiting=$pid
	wait_log waiting.log ' N .*trying again in 0.05 s'
	start say "$SOCAT" -u OPEN:/proc/version "TCP4-LISTEN:$server,bind=127.0.0.1"
	finish "$waiting"
	assertEquals 0 "$status"
	assertTrue '[ -s got ]'
}

test_generic_connect_timeout() {
	# an attempt that gets no answer ends by connect-timeout
	"$python" - "$dir/full" <<-'END' &
		import socket, sys, time
		server = socket.socket()
		server.bind(("127.0.0.1", 0))
		server.listen(0)
		held = [socket.socket() for _ in range(4)]
		for s in held:
		    s.setblocking(False)
		    s.connect_ex(server.getsockname())
		open(sys.argv[1], "w").write(str(server.getsockname()[1]))
		time.sleep(60)
	END
	pid=$!
	started="$started $pid"
	wait_until test -s full
	run "$SOCAT" - "SOCKET-CONNECT:2:6:$(in4 "$(cat full)"),connect-timeout=0.2" </dev/null
	assert_error 'connect to AF=2 .*: (Connection|Operation) timed out'
}

test_generic_connect_unix() {
	# a UNIX socket by its bytes; the own name of bind goes at the end
	server echo whoami --unix "$dir/server"
	run "$SOCAT" -u "SOCKET-CONNECT:1:0:$(un "$dir/server"),bind=$(un "$dir/own")" -
	assert_status 0
	assert_out "$dir/own\n"
	assertFalse 'the own name is gone' '[ -e own ]'
	given abc
	server abstract echo --unix @"$dir"
	run "$SOCAT" -t 5 - "SOCKET-CONNECT:1:0:x00$(un "$dir")" <in
	assert_out abc
}

test_generic_fork_connects_again() {
	# with fork it connects again and again
	server say say hello
	relay client -U CREATE:got,append "SOCKET-CONNECT:2:6:$(in4 "$server_port"),fork,interval=0.05"
	wait_log client.log ' N successfully connected from ' 3
	stop "$pid"
}

test_generic_listen() {
	# SOCKET-LISTEN serves one connection, or with fork all, in one process
	listener single "SOCKET-LISTEN:2:6:$(in4 0)" PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
	finish "$pid"
	assertEquals 0 "$status"
	listener many "SOCKET-LISTEN:2:6:$(in4 0),fork" PIPE
	client many "127.0.0.1:$port" 100
	assert_out '100 of 100 answers right\n'
	assertEquals 0 "$(count_children "$pid")"
	run "$SOCAT" "SOCKET-LISTEN:2:6:$(in4 "$port")" -
	assert_error "bind to AF=2 127.0.0.1:$port: $in_use; another process listens there"
}

test_generic_half_close() {
	# a late answer is not cut off: numbers or names, it is TCP
	server late late 1
	listener relay "SOCKET-LISTEN:2:6:$(in4 0),fork" "SOCKET-CONNECT:2:6:$(in4 "$server_port")"
	client ask "127.0.0.1:$port" abc
	assert_out 'late 3\n'
}

test_generic_listen_v6() {
	# the same over IPv6
	listener relay SOCKET-LISTEN:10:6:x0000x00000000x00000000000000000000000000000001x00000000,fork PIPE
	client ask "[::1]:$port" abc
	assert_out abc
}

test_generic_listen_unix() {
	# on a UNIX socket, whose entry is removed at the end
	relay relay "SOCKET-LISTEN:1:0:$(un "$dir/sock"),fork" PIPE
	wait_log relay.log " N listening on AF=1 \"$dir/sock\"\$"
	client ask "unix:$dir/sock" abc
	assert_out abc
	run "$SOCAT" "SOCKET-LISTEN:1:0:$(un "$dir/sock")" -
	assert_error "$in_use"
	assertTrue 'not removed by who did not make it' '[ -S sock ]'
	stop "$pid"
	assertFalse 'the entry is gone' '[ -e sock ]'
	# a name of the kernel's choice
	relay auto SOCKET-LISTEN:1:0:,fork PIPE
	wait_log auto.log ' N listening on AF=1 "..[0-9a-f]{5}"$'
}

test_generic_packets() {
	# with socktype=5 packets keep their borders
	relay relay -u -v "SOCKET-LISTEN:1:0:$(un "$dir/seq"),socktype=5" CREATE:got
	wait_log relay.log ' N listening on '
	"$python" - "$dir/seq" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.connect(sys.argv[1])
		for text in (b"one", b"three", b"fifteen"):
		    s.send(text)
	END
	finish "$pid"
	assertEquals 0 "$status"
	assert_file onethreefifteen got
	assert_lines relay.log '> .* length=[357] ' 3
}

test_generic_without_connections() {
	# a socket type that has no connections is an error, whether listening or accepting says so
	run "$SOCAT" "SOCKET-LISTEN:1:0:$(un "$dir/datagrams"),socktype=2" -
	assert_error 'listen to AF=1 .*: (Operation )?[Nn]ot supported.*; a socket of that type'
	assertFalse 'nothing is left' '[ -e datagrams ]'
	need strace || return 0
	! sanitized || { startSkipping; return 0; }
	start relay strace -o /dev/null -e trace=accept4 -e inject=accept4:error=EOPNOTSUPP \
		"$SOCAT" -d -d "SOCKET-LISTEN:1:0:$(un "$dir/seq"),socktype=5" -
	wait_log relay.log ' N listening on '
	"$python" -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(sys.argv[1])' "$dir/seq"
	finish "$pid"
	assertEquals 1 "$status"
	assert_lines relay.log ' E .*accept: ' 1
}

test_generic_range() {
	# range compares the bytes behind the family under a mask
	listener relay "SOCKET-LISTEN:2:6:$(in4 0),fork,range=x0000x0a000000:x0000xff000000" PIPE
	client ask "127.0.0.1:$port" abc
	assert_out ''
	assert_log relay.log ' W refusing connection from AF=2 127.0.0.1:[0-9]+ due to range option'
	listener good "SOCKET-LISTEN:2:6:$(in4 0),fork,range=x0000x7f000000:x0000xff000000" PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
}

test_generic_no_descriptors_left() {
	# with its descriptors used up a server of generic sockets waits and loses no connection
	server echo echo
	start relay sh -c 'ulimit -n 40; exec "$@"' - "$SOCAT" -d -d "SOCKET-LISTEN:2:6:$(in4 0),fork" \
		"SOCKET-CONNECT:2:6:$(in4 "$server_port")"
	wait_log relay.log 'listening on'
	client many "127.0.0.1:$(port_of relay.log)" 100 1000
	assert_out '100 of 100 answers right\n'
	refute_log relay.log ' (E|F) '
	assert_log relay.log "$out_of_descriptors"
}

test_generic_backend_down() {
	# a backend that is down costs one line per connection, and no descriptor
	listener relay "SOCKET-LISTEN:2:6:$(in4 0),fork" "SOCKET-CONNECT:2:6:$(in4 "$(free_port)")"
	client ask "127.0.0.1:$port" x
	wait_log relay.log ' E .*Connection refused' 1
	fds=$(count_fds "$pid")
	for round in 1 2 3 4 5; do
		client ask "127.0.0.1:$port" x
	done
	wait_log relay.log ' E .*Connection refused' 6
	assert_lines relay.log ' [EWF] ' 6
	wait_until has_fds "$pid" "$fds"
}

test_generic_unix_queue_full() {
	# a UNIX server whose queue is full is asked again, until connect-timeout is over
	"$python" - "$dir/full" <<-'END' &
		import os, socket, sys, time
		server = socket.socket(socket.AF_UNIX)
		server.bind(sys.argv[1])
		server.listen(0)
		held = socket.socket(socket.AF_UNIX)
		held.connect(sys.argv[1])
		open(sys.argv[1] + ".ready", "w").close()
		while not os.path.exists(sys.argv[1] + ".go"):
		    time.sleep(0.02)
		server.accept()
		server.accept()[0].sendall(b"served")
	END
	pid=$!
	started="$started $pid"
	wait_until test -e full.ready
	run "$SOCAT" -u "SOCKET-CONNECT:1:0:$(un "$dir/full"),connect-timeout=0.1" -
	assert_error 'connect to AF=1 .*: (Connection|Operation) timed out'
	start waiting "$SOCAT" -d -d -u "SOCKET-CONNECT:1:0:$(un "$dir/full")" -
	wait_log waiting.log ' N opening connection'
	: >full.go
	finish "$pid"
	assert_file served waiting.out
	assert_lines waiting.log ' N opening connection' 1
}

test_generic_unknown() {
	# numbers that the kernel does not know are errors that say which
	run "$SOCAT" SOCKET-LISTEN:99:0:x00 -
	assert_error 'socket for AF=99 0x00: Address family not supported by protocol; this kernel does not have that domain$'
	run "$SOCAT" "SOCKET-CONNECT:2:99:$(in4 5)" -
	assert_error 'socket for AF=2 127.0.0.1:5: Protocol not supported; .*that protocol'
	# option pf takes the domain's place
	run "$SOCAT" "SOCKET-CONNECT:2:6:$(un "$dir/no such socket"),pf=unix,protocol=0" -
	assert_error 'connect to AF=1 ".*/no such socket": No such file or directory'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
