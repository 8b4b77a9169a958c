#!/bin/sh
# SOCKS5-LISTEN: connections that a SOCKS server accepts.

# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/socks.sh
. "$(dirname "$0")/socks.sh"

test_listen() {
	# who has connected is told: to the log and to programs; and where the server listens
	proxied proxy
	relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0" \
		SYSTEM:'echo $SOCAT_PEERADDR $SOCAT_PEERPORT $SOCAT_SOCKADDR $SOCAT_SOCKPORT; cat'
	relay=$pid
	bound relay
	assert_log relay.log " N asking the SOCKS server to listen on 127.0.0.1:0$"
	# the server has said 0.0.0.0
	assert_log relay.log " N listening on remote host AF=2 127.0.0.1:$port$"
	assert_log proxy.out "^bound $port$"
	run "$SOCAT" -t 10 - "TCP:127.0.0.1:$port,bind=127.0.0.3:4321" </dev/null
	assert_out "127.0.0.3 4321 127.0.0.1 $port\n"
	assert_log relay.log ' N received connection on remote host from AF=2 127.0.0.3:4321$'
	finish "$relay"
	assert_status 0
}

test_listen_header() {
	# a PROXY header names who has connected, too
	for fork in '' ,fork; do
		proxied proxy
		listener target -u TCP-LISTEN:0,bind=127.0.0.1 CREATE:got
		target=$pid
		relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0$fork" "TCP:127.0.0.1:$port,send-proxy"
		relay=$pid
		bound relay
		given hello
		run "$SOCAT" - "TCP:127.0.0.1:$port,bind=127.0.0.3:4322,reuseaddr" <in
		finish "$target"
		assert_file "PROXY TCP4 127.0.0.3 127.0.0.1 4322 $port\\r\\nhello" got
		stop "$relay"
	done
}

test_listen_says() {
	# both forms of the address; a name where the server listens, and one who comes
	for address in SOCKS5-LISTEN:127.0.0.1:PORT:0.0.0.0:80 \
		SOCKS5-BIND:127.0.0.1:0.0.0.0:80,socksport=PORT; do
		asks '050100 05020001000000000050' \
			"hear:3 say:$no_login hear:10 say:$granted5 say:$came5" "$address"
	done
	script server hear:4 "say:$password" hear:6 "say:$welcome" hear:22 say:0500000301790050 \
		say:05000003017a0051
	run "$SOCAT" -d -d "SOCKS5-LISTEN:127.0.0.1:$server_port:[::]:9,socksuser=u,sockspass=pw" \
		SYSTEM:'echo "<${SOCAT_PEERADDR-}>"'
	assertEquals '05020002 010175027077 05020004000000000000000000000000000000000009' "$(heard server)"
	assert_log err ' N listening on remote host y:80$'
	assert_log err ' N received connection on remote host from z:81$'
}

test_listen_data_behind_the_answers() {
	# both replies and data at once
	script server hear:3 "say:$no_login" hear:10 "say:${granted5}${came5}68656c6c6f" close
	run "$SOCAT" -u "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80" -
	assert_status 0
	assert_out hello
}

test_accept_timeout() {
	# bounds the wait for who connects, whatever retry says; handshake-timeout does not
	script server hear:3 "say:$no_login" hear:10 "say:$granted5" mute
	start client "$SOCAT" -d -d \
		"SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80,accept-timeout=0.5,handshake-timeout=0.1,forever" -
	finish "$pid"
	assertEquals 1 "$status"
	assert_lines client.log ' E .*nobody has connected within the time of option accept-timeout' 1
	assert_lines client.log ' N listening on remote host ' 1
	wait_log server.out closed
	# ... which still bounds the rest
	script other hear:3 "say:$no_login" mute
	run "$SOCAT" "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80,accept-timeout=0.1,handshake-timeout=0.2" -
	assert_error 'the time of option handshake-timeout'
}

test_listen_server_gone() {
	# the server ends the connection while it waits for somebody: an error, or another attempt
	script server hear:3 "say:$no_login" hear:10 "say:$granted5" close
	run "$SOCAT" "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80" -
	assert_error 'SOCKS handshake: the SOCKS server closed the connection'
	run "$SOCAT" -d -d "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80,retry=2,interval=0.01" -
	assert_error 'SOCKS handshake: the SOCKS server closed the connection'
	assert_lines err ' N listening on remote host ' 3
}

test_listen_keepalive() {
	# a server that vanishes while there is nothing to say would never be missed
	script server hear:3 "say:$no_login" hear:10 "say:$granted5" mute
	relay relay "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80" -
	bound relay
	ss -tnpo >sockets
	assert_log sockets "pid=$pid,.*timer:\(keepalive"
}

test_listen_fork() {
	# one after the other, at once and not after the interval; sessions run at the same time
	proxied proxy
	relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0,fork,interval=1000" PIPE
	relay=$pid
	bound relay
	before=$(count_fds "$relay")
	mkfifo hold
	exec 9<>hold
	for n in 1 2 3 4 5; do
		bound relay "$n"
		holder "client$n"
		wait_log relay.log ' N received connection on remote host ' "$n"
	done
	bound relay 6
	assertEquals 'ports' 6 "$(sed -n 's/^bound //p' proxy.out | sort -u | wc -l)"
	client ask "127.0.0.1:$port" hello
	assert_out hello
	echo hello >&9
	wait_until grep -q hello client1.out client2.out client3.out client4.out client5.out
	exec 9>&-
	stop_clients
	wait_until has_fds "$relay" "$before"
}

# holder NAME: a client of what listens at $port that holds its connection as long as descriptor 9 is
# open; to $clients.
holder() {
	start_with hold "$1" "$SOCAT" - "TCP:127.0.0.1:$port"
	clients="${clients:-} $pid"
}

stop_clients() {
	for client in $clients; do
		stop "$client"
	done
	clients=
}

test_listen_same_port() {
	# a port that was asked for is listened on again while sessions go on, also in processes
	for option in fork fork,isolate; do
		proxied proxy
		relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:8000,$option" PIPE
		relay=$pid
		for n in 1 2 3; do
			bound relay "$n"
			assertEquals 8000 "$port"
			client ask 127.0.0.1:8000 "hello $n"
			assert_out "hello $n"
		done
		bound relay 4
		stop "$relay"
		assertEquals 0 "$status"
		stop "$server_pid"
	done
}

test_listen_max_children() {
	# nobody is waited for while there are as many sessions as there may be
	proxied proxy
	relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0,fork,max-children=2" PIPE
	mkfifo hold
	exec 9<>hold
	for n in 1 2; do
		bound relay "$n"
		holder "client$n"
		wait_log relay.log ' N received connection on remote host ' "$n"
	done
	client2=$pid
	wait_log relay.log ' N starting data transfer loop ' 2
	assert_lines proxy.out '^bound ' 2
	stop "$client2"
	bound relay 3
	assert_lines proxy.out '^bound ' 3
	exec 9>&-
}

test_listen_without_descriptors() {
	# a shortage makes it wait, not end: sessions that end give back what it needs
	server target echo
	proxied proxy
	start relay prlimit --nofile=20:20 "$SOCAT" -d -d \
		"SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0,fork" "TCP:127.0.0.1:$server_port"
	relay=$pid
	mkfifo hold
	exec 9<>hold
	n=0
	until log_has relay.log "$out_of_descriptors"; do
		n=$((n + 1))
		wait_until eval "log_has relay.log '$out_of_descriptors' || log_has relay.log 'listening on remote host' $n" ||
			break
		log_has relay.log "$out_of_descriptors" && break
		bound relay "$n"
		holder "client$n"
		wait_log relay.log ' N received connection on remote host ' "$n"
	done
	assertTrue "$n sessions" "[ $n -gt 2 ]"
	exec 9>&-
	asked=$(grep -c '^bound ' proxy.out)
	stop_clients
	assertTrue 'the relay is there' "kill -0 $relay"
	wait_log proxy.out '^bound ' "$((asked + 1))"
	bound relay "$((asked + 1))"
	client ask "127.0.0.1:$port" hello
	assert_out hello
}

test_listen_as_second_address() {
	# each session of a server has one of its own to wait for
	proxied proxy
	listener relay TCP-LISTEN:0,fork,bind=127.0.0.1 "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0"
	start one "$SOCAT" -t 10 - "TCP:127.0.0.1:$port"
	one=$pid
	bound relay
	client ask "127.0.0.1:$port" hello
	assert_out ''
	finish "$one"
	assert_status 0
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
