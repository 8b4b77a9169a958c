#!/bin/sh
# TCP: connecting and listening, addresses, options, access control, limits.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_connect() {
	# TCP4 connects, sends, receives, ends
	server echo echo
	given abc
	run "$SOCAT" -t 10 - "TCP4:127.0.0.1:$server_port" <in
	assert_status 0
	assert_out abc
}

test_connect_v6() {
	# TCP6 does so over IPv6
	server echo echo --host ::1
	given abc
	run "$SOCAT" -d -d -t 10 - "TCP6:[::1]:$server_port" <in
	assert_status 0
	assert_out abc
	assert_log err "opening connection to AF=10 \\[0000:0000:0000:0000:0000:0000:0000:0001\\]:$server_port\$"
}

test_connect_refused() {
	# a refused connection is one error that names address and reason
	run "$SOCAT" - TCP4:127.0.0.1:1 </dev/null
	assert_status 1
	assert_lines err ' E .*127\.0\.0\.1:1.*Connection refused' 1
	assert_lines err ' E ' 1
}

test_listen() {
	# TCP4-LISTEN serves one connection, then ends
	listener relay TCP4-LISTEN:0,bind=127.0.0.1 PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
	finish "$pid"
	assertEquals 0 "$status"
	client ask "127.0.0.1:$port" abc
	assertNotEquals 'listens no more' 0 "$status"
}

test_listen_v6() {
	# TCP6-LISTEN does so over IPv6, only there with ipv6only
	listener relay TCP6-LISTEN:0,ipv6only=1,fork PIPE
	client ask "[::1]:$port" abc
	assert_out abc
	client ask "127.0.0.1:$port" abc
	assertNotEquals 0 "$status"
	listener both TCP6-LISTEN:0,ipv6only=0,fork PIPE
	client ask "127.0.0.1:$port" abc
	assert_out abc
}

test_listen_backlog() {
	# the queue of a listener is 4096 long, or what backlog says
	need ss || return 0
	listener relay TCP4-LISTEN:0,bind=127.0.0.1 -
	limit=$(cat /proc/sys/net/core/somaxconn)
	[ "$limit" -lt 4096 ] || limit=4096
	assertEquals "$limit" "$(ss -Hltn "sport = :$port" | awk '{ print $3 }')"
	listener small TCP4-LISTEN:0,bind=127.0.0.1,backlog=3 -
	assertEquals 3 "$(ss -Hltn "sport = :$port" | awk '{ print $3 }')"
}

test_port_in_use() {
	# a port that is taken is one error that names it
	listener first TCP4-LISTEN:0,bind=127.0.0.1 -
	run "$SOCAT" "TCP4-LISTEN:$port,bind=127.0.0.1" -
	assert_status 1
	assert_lines err " E .*127\\.0\\.0\\.1:$port.*$in_use" 1
}

test_reuseaddr() {
	# a listener starts again at once while old connections linger
	for option in '' ,reuseaddr; do
		listener "first$option" TCP4-LISTEN:0,bind=127.0.0.1 EXEC:true
		client ask "127.0.0.1:$port" ''
		finish "$pid"
		relay "second$option" "TCP4-LISTEN:$port,bind=127.0.0.1$option" -
		wait_log "second$option.log" 'listening on'
		refute_log "second$option.log" 'in use'
	done
}

test_reuseport() {
	# with reuseport two listeners share a port
	listener first TCP4-LISTEN:0,bind=127.0.0.1,reuseport -
	relay second "TCP4-LISTEN:$port,bind=127.0.0.1,reuseport" -
	wait_log second.log 'listening on'
	relay third "TCP4-LISTEN:$port,bind=127.0.0.1" -
	finish "$pid"
	assertEquals 1 "$status"
}

test_bind_client() {
	# bind sets the address (and port) a client comes from
	server who whoami
	run "$SOCAT" -u "TCP4:127.0.0.1:$server_port,bind=127.0.0.9" -
	assert_log out '^127\.0\.0\.9 [0-9]+$'
	listener probe TCP4-LISTEN:0,bind=127.0.0.9 -
	free=$port
	stop "$pid"
	run "$SOCAT" -u "TCP4:127.0.0.1:$server_port,bind=127.0.0.9:$free,reuseaddr" -
	assert_out "127.0.0.9 $free\n"
	run "$SOCAT" -u "TCP4:127.0.0.1:$server_port,bind=192.0.2.77" -
	assert_error "$not_available"
}

test_sourceport_client() {
	# sourceport sets just the port
	server who whoami
	listener probe TCP4-LISTEN:0,bind=127.0.0.1 -
	free=$port
	stop "$pid"
	run "$SOCAT" -u "TCP4:127.0.0.1:$server_port,sourceport=$free,reuseaddr" -
	assert_out "127.0.0.1 $free\n"
}

test_sourceport_server() {
	# on a listener sourceport turns clients from other ports away
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,sourceport=77,fork EXEC:'echo in'
	client ask "127.0.0.1:$port" ''
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.1:'
	if [ "$(id -u)" -eq 0 ]; then
		run "$SOCAT" -t 10 -u "TCP4:127.0.0.1:$port,sourceport=77,reuseaddr" -
		assert_out 'in\n'
	fi
}

test_lowport() {
	# lowport lets a client come from a port of 640 to 1023, a listener accept only those
	need_root || return 0
	server who whoami
	run "$SOCAT" -u "TCP4:127.0.0.1:$server_port,lowport" -
	read -r address number <out
	assertTrue "$address $number" "[ $number -ge 640 ] && [ $number -le 1023 ]"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,lowport,fork EXEC:'echo in'
	run "$SOCAT" -u "TCP4:127.0.0.1:$port,lowport" -
	assert_out 'in\n'
	client ask "127.0.0.1:$port" ''
	assert_out ''
}

test_range() {
	# range lets only clients in whose address is in the range
	for range in 127.0.0.0/8 127.0.0.1/32 127.0.0.1:255.255.255.255 127.0.0.0:255.0.0.0; do
		listener "in" TCP4-LISTEN:0,bind=127.0.0.1,range=$range,fork EXEC:'echo in'
		client ask "127.0.0.1:$port" ''
		assertEquals "$range" in "$(cat out)"
		stop "$pid"
	done
	for range in 127.0.0.2/32 10.0.0.0/8 127.0.0.2:255.255.255.255; do
		listener "not" TCP4-LISTEN:0,bind=127.0.0.1,range=$range,fork EXEC:'echo in'
		client ask "127.0.0.1:$port" ''
		assertEquals "$range" '' "$(cat out)"
		wait_log not.log ' W refusing connection from AF=2 127\.0\.0\.1:[0-9]+'
		stop "$pid"
	done
}

test_range_v6() {
	# and so for IPv6
	listener in "TCP6-LISTEN:0,bind=[::1],range=[::1]/128,fork" EXEC:'echo in'
	client ask "[::1]:$port" ''
	assert_out 'in\n'
	listener not "TCP6-LISTEN:0,bind=[::1],range=[::2]/128,fork" EXEC:'echo in'
	client ask "[::1]:$port" ''
	assert_out ''
}

test_range_keeps_listening() {
	# without fork a client that is refused does not count
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,range=127.0.0.2/32 EXEC:'echo in'
	client ask "127.0.0.1:$port" ''
	assert_out ''
	run "$SOCAT" -u "TCP4:127.0.0.1:$port,bind=127.0.0.2" -
	assert_out 'in\n'
	finish "$pid"
	assertEquals 0 "$status"
}

test_tcpwrap() {
	# tcpwrap lets clients in as hosts.allow and hosts.deny say
	echo 'ALL: ALL' >deny
	echo 'relay: 127.0.0.2' >allow
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,tcpwrap=relay,allow-table="$dir/allow",deny-table="$dir/deny",fork \
		EXEC:'echo in'
	client ask "127.0.0.1:$port" ''
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.1'
	run "$SOCAT" -u "TCP4:127.0.0.1:$port,bind=127.0.0.2" -
	assert_out 'in\n'
}

test_tcpwrap_folder() {
	# tcpwrap-etc names the folder of both tables; the name defaults to the program's
	mkdir etc
	echo 'ALL: ALL' >etc/hosts.deny
	echo 'socat: 127.0.0.0/255.0.0.0 EXCEPT 127.0.0.3' >etc/hosts.allow
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,tcpwrap,tcpwrap-etc="$dir/etc",fork EXEC:'echo in'
	client ask "127.0.0.1:$port" ''
	assert_out 'in\n'
	run "$SOCAT" -u "TCP4:127.0.0.1:$port,bind=127.0.0.3" -
	assert_out ''
}

test_tcpwrap_patterns() {
	# the forms of a client in the tables: all, prefix, network, net/bits, list, local
	echo 'ALL: ALL' >deny
	while read -r pattern answer; do
		echo "relay: $pattern" >allow
		listener relay "TCP4-LISTEN:0,bind=127.0.0.1,tcpwrap=relay,hosts-allow=$dir/allow,hosts-deny=$dir/deny" \
			EXEC:'echo in'
		client ask "127.0.0.1:$port" ''
		assertEquals "$pattern" "$answer" "$(cat out)"
		stop "$pid"
	done <<-END
		ALL in
		127. in
		127.0.0.0/255.255.255.0 in
		10.1.1.1,127.0.0.1 in
		128. 
		10.0.0.0/255.0.0.0 
	END
}

test_accept_timeout() {
	# accept-timeout ends the wait for a client
	run "$SOCAT" TCP4-LISTEN:0,bind=127.0.0.1,accept-timeout=0.2 -
	assert_status 1
	assert_log err ' [WE] .*accept: '
}

test_connect_timeout() {
	# connect-timeout ends the wait for a server that does not answer
	# (a listener whose queue is full answers to nobody)
	mkfifo hold
	start_with hold full "$python" -c '
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
fill = []
for _ in range(3):
    c = socket.socket(); c.setblocking(False); c.connect_ex(s.getsockname()); fill.append(c)
print(s.getsockname()[1], flush=True)
sys.stdin.read()'
	exec 9>hold
	wait_until test -s full.out
	run "$SOCAT" - "TCP4:127.0.0.1:$(cat full.out),connect-timeout=0.3" </dev/null
	exec 9>&-
	assert_status 1
	assert_log err ' E .*timed out'
}

test_retry() {
	# retry tries again so many times, interval apart
	run "$SOCAT" -d -d - TCP4:127.0.0.1:1,retry=3,interval=0.05 </dev/null
	assert_status 1
	assert_lines err ' N opening connection to AF=2 127\.0\.0\.1:1$' 4
	assert_lines err ' E ' 1
}

test_forever() {
	# forever goes on until somebody listens
	listener probe TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	given abc
	start_with in relay "$SOCAT" -d -d -t 10 - "TCP4:127.0.0.1:$port,forever,interval=0.05"
	relay=$pid
	wait_log relay.log 'opening connection to' 3
	listener late "TCP4-LISTEN:$port,bind=127.0.0.1" PIPE
	finish "$relay"
	assertEquals 0 "$status"
	assert_file abc relay.out
}

test_forever_server() {
	# in a server the connections wait for the backend, each by itself
	listener probe TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	backend=$port
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$backend,forever,interval=0.05"
	start_with /dev/null one "$python" "$tests/peer.py" client ask "127.0.0.1:$port" one
	one=$pid
	start_with /dev/null two "$python" "$tests/peer.py" client ask "127.0.0.1:$port" two
	two=$pid
	wait_log relay.log 'opening connection to' 6
	server echo echo --port "$backend"
	finish "$one"
	finish "$two"
	assert_file one one.out
	assert_file two two.out
}

test_max_children() {
	# max-children limits the connections served at once; the others wait
	need ss || return 0
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,max-children=2 PIPE
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 2
	exec 9>hold
	wait_until grep -q 'held 2' holder.out
	start third "$python" "$tests/peer.py" client ask "127.0.0.1:$port" third
	third=$pid
	wait_until waits_in_queue
	assert_file '' third.out
	exec 9>&-
	finish "$third"
	assert_file third third.out
}

test_max_children_while_names_are_looked_up() {
	# clients whose names are still to be looked up don't get in beyond it, and wait their turn
	printf 'ALL: localhost .localdomain\nALL: 127.0.0.1\n' >hosts.allow
	echo 'ALL: no.such.host.invalid' >hosts.deny
	listener relay "TCP4-LISTEN:0,bind=127.0.0.1,fork,max-children=2,tcpwrap-etc=$dir" PIPE
	relay=$pid
	"$python" - "$port" "$relay" >out <<-'EOF'
		import os, select, signal, socket, sys
		os.kill(int(sys.argv[2]), signal.SIGSTOP)
		conns = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(8)]
		for c in conns:
		    c.settimeout(15)
		    c.send(b"x")
		os.kill(int(sys.argv[2]), signal.SIGCONT)
		done = 0
		while conns:
		    ready = select.select(conns, [], [], 15)[0]
		    for c in ready:
		        done += c.recv(10) == b"x"
		        conns.remove(c)
		        c.close()
		    if not ready:
		        break
		print(done)
	EOF
	assert_out '8\n'
	most=0 now=0
	while read -r line; do
		case $line in
		*'starting data transfer'*) now=$((now + 1)) ;;
		*'socket 1 '*'is at EOF'*) now=$((now - 1)) ;;
		esac
		[ "$now" -le "$most" ] || most=$now
	done <relay.log
	assertEquals 'at a time' 2 "$most"
}

test_max_children_needs_fork() {
	# max-children without fork is an error
	run "$SOCAT" TCP4-LISTEN:0,bind=127.0.0.1,max-children=2 PIPE
	assert_status 1
	assert_lines err ' E .*max-children' 1
}

waits_in_queue() {
	# besides the two that are served: not accepted yet, or accepted and held back
	ss -Htn "sport = :$port" | wc -l | grep -qx 3
}

# option_calls ADDRESS: the setsockopt calls made for an address
option_calls() {
	server echo echo
	timeout "$BOUND" strace -f -e trace=setsockopt,bind,connect,listen,socket -o trace \
		"$SOCAT" - "TCP4:127.0.0.1:$server_port$1" </dev/null >/dev/null 2>err
	assertEquals "$1: $(cat err)" 0 $?
}

test_socket_options() {
	# socket options become the setsockopt() calls of that name
	need strace || return 0
	without_leak_check
	option_calls ,keepalive,nodelay,keepidle=11,keepintvl=12,keepcnt=13,linger2=14,syncnt=5
	assert_log trace 'SO_KEEPALIVE, \[1\]'
	assert_log trace 'TCP_NODELAY, \[1\]'
	assert_log trace 'TCP_KEEPIDLE, \[11\]'
	assert_log trace 'TCP_KEEPINTVL, \[12\]'
	assert_log trace 'TCP_KEEPCNT, \[13\]'
	assert_log trace 'TCP_LINGER2, \[14\]'
	assert_log trace 'TCP_SYNCNT, \[5\]'
	option_calls ,sndbuf=20000,rcvbuf=30000,tos=16,ttl=33,priority=3,oobinline,linger=7,mss=1000
	assert_log trace 'SO_SNDBUF, \[20000\]'
	assert_log trace 'SO_RCVBUF, \[30000\]'
	assert_log trace 'IP_TOS, \[16\]'
	assert_log trace 'IP_TTL, \[33\]'
	assert_log trace 'SO_PRIORITY, \[3\]'
	assert_log trace 'SO_OOBINLINE, \[1\]'
	assert_log trace 'SO_LINGER, \{l_onoff=1, l_linger=7\}'
	assert_log trace 'TCP_MAXSEG, \[1000\]'
	option_calls ,so-keepalive=0,tcp-nodelay=0
	assert_log trace 'SO_KEEPALIVE, \[0\]'
	assert_log trace 'TCP_NODELAY, \[0\]'
}

test_generic_socket_options() {
	# setsockopt and its relatives take numbers and data
	need strace || return 0
	without_leak_check
	option_calls ,setsockopt-int=6:1:1
	assert_log trace 'TCP_NODELAY, \[1\]'
	option_calls ,setsockopt=1:9:x01000000
	assert_log trace 'SO_KEEPALIVE, \[1\]'
	option_calls ,setsockopt-socket=1:9:i1
	assert_log trace 'SO_KEEPALIVE, \[1\]'
	assertTrue 'before connecting' \
		"[ $(grep -n SO_KEEPALIVE trace | cut -d: -f1) -lt $(grep -n 'connect(' trace | tail -n 1 | cut -d: -f1) ]"
	option_calls ,sockopt-conn=1:9:i1
	assertTrue 'after connecting' \
		"[ $(grep -n SO_KEEPALIVE trace | cut -d: -f1) -gt $(grep -n 'connect(' trace | tail -n 1 | cut -d: -f1) ]"
	option_calls ,setsockopt-string=6:13:reno
	assert_log trace 'TCP_CONGESTION, "reno'
}

test_option_refused_by_kernel() {
	# an option the kernel refuses is an error that names it
	server echo echo
	run "$SOCAT" - "TCP4:127.0.0.1:$server_port,setsockopt-int=1:9999:1" </dev/null
	assert_error 'Protocol not available'
}

test_listener_options() {
	# options of a listener hold for the accepted connections
	need strace || return 0
	without_leak_check
	start relay strace -f -e trace=setsockopt,accept,accept4,listen -o trace \
		"$SOCAT" -d -d TCP4-LISTEN:0,bind=127.0.0.1,nodelay,keepalive,setsockopt-listen=1:8:i50000 PIPE
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	client ask "127.0.0.1:$port" abc
	assert_out abc
	finish "$pid"
	assert_log trace 'TCP_NODELAY, \[1\]'
	assert_log trace 'SO_KEEPALIVE, \[1\]'
	assert_log trace 'SO_RCVBUF, \[50000\]'
	assertTrue 'on the listener' \
		"[ $(grep -n SO_RCVBUF trace | cut -d: -f1) -lt $(grep -n 'listen(' trace | cut -d: -f1) ]"
}

# talk PORT TIMES: say a byte and hear its echo, so many times, in one connection.
talk() {
	run python3 -c '
import socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
for _ in range(int(sys.argv[2])):
    peer.sendall(b"x")
    assert peer.recv(1) == b"x"
' "$@"
	assert_status 0
}

test_nothing_waits_for_confirmation() {
	# who answers a second time is not kept waiting by the algorithm of Nagle; who answers
	# once needs no call for that
	start relay "$SOCAT" -d -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log relay.log 'listening on'
	talk "$(port_of relay.log)" 1
	wait_log relay.log 'is at EOF' 2
	refute_log relay.log TCP_NODELAY
	talk "$(port_of relay.log)" 3
	wait_log relay.log 'is at EOF' 4
	assert_lines relay.log TCP_NODELAY 1
	stop "$pid"
	# unless the user decides
	start relay "$SOCAT" -d -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork,nodelay=0 PIPE
	wait_log relay.log 'listening on'
	talk "$(port_of relay.log)" 3
	wait_log relay.log 'is at EOF' 2
	refute_log relay.log TCP_NODELAY
	stop "$pid"
}

test_listen_version() {
	# pf, the environment and the switches decide on the listener's IP version
	listener pf TCP-LISTEN:0,pf=ip6 -
	assert_log pf.log 'listening on AF=10 '
	listener pf4 -6 TCP-LISTEN:0,pf=ip4 -
	assert_log pf4.log 'listening on AF=2 '
	start environment env SOCAT_DEFAULT_LISTEN_IP=6 "$SOCAT" -d -d TCP-LISTEN:0 -
	wait_log environment.log 'listening on AF=10 '
	start override env SOCAT_DEFAULT_LISTEN_IP=6 "$SOCAT" -d -d -4 TCP-LISTEN:0 -
	wait_log override.log 'listening on AF=2 '
}

test_server_survives_refusal() {
	# a backend that is down costs its client one line, the server goes on
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork TCP4:127.0.0.1:1
	for round in 1 2 3; do
		client ask "127.0.0.1:$port" abc
		assert_out ''
	done
	assert_lines relay.log ' [EW] .*127\.0\.0\.1:1.*Connection refused' 3
	assert_lines relay.log ' E ' 3
	assertTrue 'still there' "kill -0 $pid"
}

test_crowd_of_peers() {
	# an independent implementation gets along with ours in both directions
	need socat || return 0
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	given abc
	run socat -t 10 - "TCP4:127.0.0.1:$port" <in
	assert_out abc
	start other socat -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log other.log 'listening on'
	run "$SOCAT" -t 10 - "TCP4:127.0.0.1:$(port_of other.log)" <in
	assert_out abc
}

test_urls() {
	# curl fetches a page through a forking relay, again and again
	need curl || return 0
	mkdir www
	head -c 200000 /dev/urandom >www/page
	start http "$python" -c '
import functools, http.server, sys
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
    functools.partial(http.server.SimpleHTTPRequestHandler, directory="www"))
print(server.server_port, flush=True)
server.serve_forever()'
	wait_until test -s http.out
	listener relay TCP6-LISTEN:0,bind=[::1],fork "TCP4:127.0.0.1:$(cat http.out)"
	for round in 1 2 3; do
		run curl -6 -sS --max-time "$BOUND" -o page "http://[::1]:$port/page"
		assert_status 0
		assertEquals "$(checksum www/page)" "$(checksum page)"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
