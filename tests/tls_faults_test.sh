#!/bin/sh
# TLS when things go wrong: peers that vanish or flood, no descriptors left, signals in the middle.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

stress=$tests/tls_stress.py

# stuck NAME COUNT KIND: connections to $port that stop in their handshake, until descriptor 9 or
# the process is closed.
stuck() {
	[ -p "$1.hold" ] || mkfifo "$1.hold"
	start_with "$1.hold" "$1" "$python" "$stress" stuck "127.0.0.1:$port" "$2" "$3"
	eval "exec $4>$1.hold"
	wait_until grep -q "stuck $2" "$1.out"
}

# ---- peers

test_mixed_sessions() {
	# after hundreds of sessions that ended at any moment nothing is left of them
	tls_listener relay verify=0,fork PIPE
	relay=$pid
	run "$python" "$stress" mixed "127.0.0.1:$port" first 150
	assert_log out 'wrong 0$'
	wait_until has_sockets "$relay" 1
	fds=$(count_fds "$relay") memory=$(resident "$relay")
	for round in second third; do
		run "$python" "$stress" mixed "127.0.0.1:$port" "$round" 250
		assert_log out 'wrong 0$'
		wait_until has_fds "$relay" "$fds"
	done
	if ! sanitized; then
		grown=$(($(resident "$relay") - memory))
		assertTrue "grown by $grown kB" "[ $grown -lt 600 ]"
	fi
	stop "$relay"
	assertEquals 0 "$status"
}

test_mixed_sessions_on_two_relays() {
	# the same through two, so that each role has the other's broken sessions
	tls_listener last verify=0,fork PIPE
	server_port=$port last=$pid
	tls_listener first verify=0,fork "$(tls_connect)"
	first=$pid
	run "$python" "$stress" mixed "127.0.0.1:$port" two 200
	assert_log out 'wrong 0$'
	wait_until has_sockets "$first" 1
	wait_until has_sockets "$last" 1
}

test_mixed_sessions_isolated() {
	# the same with a process for each
	tls_listener relay verify=0,fork,isolate PIPE
	relay=$pid
	run "$python" "$stress" mixed "127.0.0.1:$port" isolated 60
	assert_log out 'wrong 0$'
	wait_until has_children "$relay" 0
	assertEquals 1 "$(count_sockets "$relay")"
}

test_flood() {
	# a handshake that is never finished is ended before it has had much, and others are served
	# meanwhile
	tls_listener relay verify=0,fork PIPE
	for kind in warnings empty requests; do
		run "$python" "$stress" flood "127.0.0.1:$port" "$kind"
		assert_log out '^ended'
	done
	assert_lines relay.log ' E .*127\.0\.0\.1:[0-9]+: the peer has sent more than 1024 KiB' 3
	start flood "$python" "$stress" flood "127.0.0.1:$port" warnings
	tls_client "127.0.0.1:$port" say hello
	assert_out hello
}

test_flood_with_certificates() {
	# nor does a certificate without end fill the memory
	tls_listener relay "cafile=$pki/ca.crt,fork" PIPE
	relay=$pid
	run "$python" "$stress" flood "127.0.0.1:$port" endless
	assert_log out '^ended'
	wait_log relay.log ' E .*127\.0\.0\.1:[0-9]+: (the peer has sent|it has sent)'
}

test_reset_names_the_peer() {
	# the message about a connection that is reset at once says whose it was
	tls_listener relay verify=0,fork PIPE
	relay=$pid
	kill -STOP "$relay"
	for round in 1 2 3 4 5; do
		client abort "127.0.0.1:$port" 3
	done
	kill -CONT "$relay"
	wait_log relay.log ' handshake with' 5
	assert_lines relay.log ' handshake with .*127\.0\.0\.1:[0-9]+: ' 5
}

test_client_goes_while_other_side_opens() {
	# a client that goes while the other side is opened costs its own session only
	server echo echo
	tls_listener relay verify=0,fork "SYSTEM:sleep 0.3; exec cat"
	relay=$pid
	fds=$(count_fds "$relay")
	run "$python" "$stress" mixed "127.0.0.1:$port" programs 24
	assert_log out 'wrong 0$'
	wait_until has_fds "$relay" "$fds"
	wait_until has_children "$relay" 0
}

# rests PID: a second passes in which the process needs next to no processor. A loop that spins takes
# some 100 ticks.
rests() {
	before=$(cpu_ticks "$1")
	sleep 1
	after=$(cpu_ticks "$1")
	assertTrue "$((after - before)) ticks" "[ $((after - before)) -lt 20 ]"
}

test_no_spin_with_data_held() {
	# data that the other side does not take waits without work
	server silent silent
	tls_listener relay verify=0,fork "TCP4:127.0.0.1:$server_port,rcvbuf=4096,sndbuf=4096"
	relay=$pid
	mkfifo hold
	start_with hold clog "$python" "$stress" clog "127.0.0.1:$port" data
	exec 9>hold
	wait_until grep -q clogged clog.out
	rests "$relay"
	exec 9>&-
}

test_no_spin_behind_close_notify() {
	# nor do bytes that nobody is going to read, behind the end
	server late late 600
	tls_listener relay verify=0,fork "TCP4:127.0.0.1:$server_port"
	relay=$pid
	mkfifo hold
	start_with hold clog "$python" "$stress" clog "127.0.0.1:$port" ended
	exec 9>hold
	wait_until grep -q clogged clog.out
	rests "$relay"
	refute_log relay.log ' E '
	exec 9>&-
}

# ---- limits

test_no_descriptors_left() {
	# with the descriptors used up by handshakes a server waits, and loses no connection
	start relay sh -c 'ulimit -n 40; exec "$@"' - "$SOCAT" -d -d \
		"OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.pem,verify=0,fork" PIPE
	relay=$pid
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	stuck idle 60 silent 9
	wait_log relay.log "$out_of_descriptors"
	start client "$python" "$tls_peer" client "127.0.0.1:$port" say hello
	client=$pid
	rests "$relay"
	exec 9>&-
	finish "$client"
	assert_file hello client.out
	assert_lines relay.log "$out_of_descriptors" 1
}

test_max_children() {
	# connections in their handshake count, and leave their place when it has lasted too long
	tls_listener relay verify=0,fork,max-children=3,handshake-timeout=0.5 PIPE
	stuck idle 2 silent 9
	stuck talking 1 hello 8
	tls_client "127.0.0.1:$port" say hello
	assert_out hello
	# the alert that BearSSL's silence has earned may take a moment more
	wait_log relay.log 'handshake-timeout' 3
	exec 9>&- 8>&-
}

test_many_handshakes_at_once() {
	# hundreds of clients that have only said hello keep nobody from being served
	tls_listener relay verify=0,fork PIPE
	relay=$pid
	fds=$(count_fds "$relay")
	stuck idle 300 hello 9
	tls_client "127.0.0.1:$port" many 20 20000
	assert_out '20 of 20 answers right\n'
	exec 9>&-
	wait_until has_fds "$relay" "$fds"
}

# ---- signals

test_term_during_handshakes() {
	# SIGTERM ends a server at once, whatever state its connections are in
	tls_listener relay verify=0,fork PIPE
	relay=$pid
	stuck silent 5 silent 9
	stuck begun 5 begun 8
	stuck talking 5 hello 7
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	exec 9>&- 8>&- 7>&-
}

test_term_of_process_per_connection() {
	# the same where each handshake has a process
	tls_listener relay verify=0,fork,isolate PIPE
	relay=$pid
	stuck silent 3 silent 9
	stuck talking 3 hello 8
	wait_until has_children "$relay" 6
	children=$(children "$relay")
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	for child in $children; do
		wait_until ended "$child"
	done
	exec 9>&- 8>&-
}

test_term_of_a_client() {
	# a client ends at once, too, while its server is silent
	server silent silent
	relay relay - "$(tls_connect)"
	relay=$pid
	wait_log relay.log 'successfully connected'
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
}

# ---- files

test_reload_of_a_pipe() {
	# what was read from a pipe can't be read again: said, and nobody waits for it
	mkfifo key
	start relay "$SOCAT" -d -d "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.crt,key=key,verify=0,fork" PIPE
	relay=$pid
	cat "$pki/server.key" >key
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	kill -HUP "$relay"
	wait_log relay.log ' E .*key is not a regular file, so it can.t be read again'
	wait_log relay.log ' E .*those in use stay'
	tls_client "127.0.0.1:$port" say hello
	assert_out hello
}

test_reload_during_handshakes() {
	# a handshake that has begun is finished with what it began with; signals in a row do no harm
	cp "$pki/server.pem" cert.pem
	listener relay "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$dir/cert.pem,verify=0,fork" PIPE
	relay=$pid
	stuck talking 20 hello 9
	start clients "$python" "$stress" mixed "127.0.0.1:$port" reload 150
	clients=$pid
	for round in 1 2 3 4 5 6 7 8 9 10; do
		if [ $((round % 2)) -eq 0 ]; then cp "$pki/server.pem" new; else cp "$pki/second.pem" new; fi
		mv new cert.pem
		kill -HUP "$relay"
		kill -HUP "$relay"
		wait_log relay.log 'keys reloaded' "$round"
	done
	finish "$clients"
	assert_log clients.out 'wrong 0$'
	exec 9>&-
	wait_until has_sockets "$relay" 1
	stop "$relay"
	assertEquals 0 "$status"
}

# ---- surroundings

test_standard_descriptors_closed() {
	# keys and connections may get the numbers 0 to 2: nothing is mixed up with standard output
	start relay sh -c 'exec "$@" <&- >&- 2>&-' - "$SOCAT" -d -d -lf"$dir/relay.lf" \
		"OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.pem,verify=0,fork" PIPE
	wait_until grep -q 'listening on' relay.lf
	port=$(port_of relay.lf)
	tls_client "127.0.0.1:$port" many 10 30000
	assert_out '10 of 10 answers right\n'
	assert_file '' relay.out
	assert_file '' relay.log
}

test_no_secrets_in_the_log() {
	# however much is logged, keys and data are not in it
	start relay "$SOCAT" -d -d -d -d "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/rsa.pem,verify=0,fork" PIPE
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	run "$python" -c '
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.keylog_filename = sys.argv[2]
with context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])))) as conn:
    conn.sendall(b"confidential")
    print(conn.recv(100).decode())' "$port" "$dir/secrets"
	assert_out 'confidential\n'
	refute_log relay.log confidential
	secret=$(sed -n 's/^CLIENT_RANDOM [0-9a-f]* //p' secrets)
	assertEquals 96 "${#secret}"
	refute_log relay.log "$(echo "$secret" | cut -c 1-16)"
	refute_log relay.log "$(sed -n 2p "$pki/rsa.key" | cut -c 1-32)"
}

# shellcheck source=/dev/null
. shunit2
