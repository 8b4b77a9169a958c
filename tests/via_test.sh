#!/bin/sh
# Addresses on top of each other: option via.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

# ends: a TLS server that echoes, and in front of it one that takes off the outer TLS.
ends() {
	tls_server inner --cert "$pki/server.pem" "${1:-echo}"
	inner_port=$server_port
	tls_listener outer fork,verify=0,cert="$pki/rsa.pem" "TCP:127.0.0.1:$inner_port"
	outer=$pid outer_port=$port
}

# nested [OPTIONS [OPTIONS]]: TLS to the inner server through TLS to the outer one.
nested() {
	echo "OPENSSL:127.0.0.1:1,cafile=$pki/ca.crt${1:+,$1},via=\"OPENSSL:127.0.0.1:$outer_port,cafile=$pki/ca.crt${2:+,$2}\""
}

test_unix() {
	# TLS over a UNIX socket: the host is the name to be verified, nothing connects to it
	tls_server server --cert "$pki/server.pem" echo
	relay bridge "UNIX-LISTEN:$dir/sock,fork" "TCP:127.0.0.1:$server_port"
	wait_log bridge.log ' N listening on '
	given hello
	run "$SOCAT" -t 10 - "OPENSSL:localhost:1,cafile=$pki/ca.crt,via=UNIX-CONNECT:$dir/sock" <in
	assert_status 0
	assert_out hello
	run "$SOCAT" -t 10 - "OPENSSL:www.example.org:1,cafile=$pki/ca.crt,via=UNIX-CONNECT:$dir/sock" <in
	assert_error 'TLS handshake: .*www.example.org'
	assert_out ''
}

test_tls_in_tls() {
	# both directions at once, more than any buffer holds, and the end of one leaves the other
	ends
	head -c 3000000 /dev/urandom >in
	run "$SOCAT" -t 20 - "$(nested)" <in
	assert_status 0
	assertEquals "what comes back" "$(checksum in)" "$(checksum out)"
	assert_lines inner.log '^1: end close_notify' 1
	refute_log outer.log ' [EW] '
}

test_three_levels() {
	# quotes within quotes
	ends
	tls_listener third fork,verify=0 "TCP:127.0.0.1:$outer_port"
	given hello
	run "$SOCAT" -t 10 - "OPENSSL:localhost:1,cafile=$pki/ca.crt,via=\"OPENSSL:localhost:1,cafile=$pki/ca.crt,via='OPENSSL:127.0.0.1:$port,cafile=$pki/ca.crt'\"" <in
	assert_status 0
	assert_out hello
}

test_fork() {
	# each session has a connection of its own, with all its levels, and leaves nothing behind
	ends
	listener many TCP-LISTEN:0,fork,bind=127.0.0.1 "$(nested)"
	many=$pid
	before=$(count_fds "$many")
	clients=
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		head -c 100000 /dev/urandom >"in.$i"
		start_with "in.$i" "client$i" "$SOCAT" -t 20 - "TCP:127.0.0.1:$port"
		clients="$clients $pid"
	done
	for client in $clients; do
		finish "$client"
		assert_status 0
	done
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		assertEquals "client $i" "$(checksum "in.$i")" "$(checksum "client$i.out")"
	done
	wait_until has_fds "$many" "$before"
}

test_slow_reader() {
	# back-pressure goes through all levels, nothing is lost by it
	ends
	head -c 3000000 /dev/urandom >in
	mkfifo slow
	start_with in reader sh -c "exec '$SOCAT' -t 20 - '$(nested)' >slow"
	reader=$pid
	# a block at a time, with the writer always ahead
	dd if=slow of=got bs=1000 2>/dev/null
	finish "$reader"
	assert_status 0
	assertEquals "what comes back" "$(checksum in)" "$(checksum got)"
}

test_broken_inside() {
	# the outer TLS is fine, the inner one is not: no data, and which one it is
	tls_server inner --cert "$pki/selfsigned.pem" echo
	tls_listener outer fork,verify=0 "TCP:127.0.0.1:$server_port"
	outer_port=$port
	given hello
	run "$SOCAT" -t 10 - "$(nested)" <in
	assert_error 'OPENSSL:127.0.0.1:1,.*: TLS handshake: its certificate is self-signed'
	assert_out ''
}

test_broken_outside() {
	# and the other way round
	tls_server inner --cert "$pki/server.pem" echo
	tls_listener outer fork,verify=0,cert="$pki/selfsigned.pem" "TCP:127.0.0.1:$server_port"
	outer_port=$port
	given hello
	run "$SOCAT" -t 10 - "$(nested)" <in
	assert_error "OPENSSL:127.0.0.1:$port,cafile=[^,]*: TLS handshake: its certificate is self-signed"
	assert_out ''
}

test_retry() {
	# a failed handshake on top makes the whole connection anew
	server refusals say no
	start client "$SOCAT" -d -d - "OPENSSL:127.0.0.1:1,verify=0,retry=2,interval=0.05,via=TCP:127.0.0.1:$server_port"
	finish "$pid"
	assert_status 1
	assert_lines client.log 'TLS handshake: .*; trying again in 0.05 s' 2
	assert_lines client.log ' N successfully connected to 127.0.0.1:' 3
	assert_lines client.log ' E OPENSSL:127.0.0.1:1,.*TLS handshake: ' 1
}

test_retry_of_all() {
	# all of it is tried again, also where the address below can't connect; no attempt but the last
	# one is an error
	run "$SOCAT" -d -d - "OPENSSL:localhost:1,verify=0,retry=2,interval=0.05,via=UNIX-CONNECT:$dir/none" </dev/null
	assert_status 1
	assert_lines err 'N OPENSSL:.*: option via: there is no connection; trying again in 0.05 s' 2
	assert_lines err 'N UNIX-CONNECT:.*/none: connect to' 2
	assert_lines err ' E ' 1
	assert_log err 'E UNIX-CONNECT:.*/none: connect to'
	ends
	port=$(free_port)
	start client "$SOCAT" -d -d -t 10 - "OPENSSL:127.0.0.1:1,cafile=$pki/ca.crt,forever,interval=0.1,via=\"OPENSSL:127.0.0.1:1,cafile=$pki/ca.crt,via=TCP:127.0.0.1:$port\""
	client=$pid
	wait_log client.log 'N OPENSSL:127.0.0.1:1,.*there is no connection; trying again in 0.1 s'
	relay late "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr" "TCP:127.0.0.1:$outer_port"
	finish "$client"
	assert_status 0
	refute_log client.log ' E '
}

test_retry_below() {
	# while the address below tries again by itself
	ends
	port=$(free_port)
	start client "$SOCAT" -d -d -t 10 - "OPENSSL:127.0.0.1:1,cafile=$pki/ca.crt,via=\"TCP:127.0.0.1:$port,forever,interval=0.1\""
	client=$pid
	wait_log client.log 'Connection refused; trying again in 0.1 s'
	relay late "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr" "TCP:127.0.0.1:$inner_port"
	finish "$client"
	assert_status 0
	assert_log client.log 'TLSv1\.2'
}

test_files_first() {
	# what the address below needs from files is read before anything is opened
	run "$SOCAT" -d -d TCP-LISTEN:0,bind=127.0.0.1,fork \
		"OPENSSL:localhost:1,verify=0,via=\"OPENSSL:localhost:2,cafile=$dir/none\""
	assert_error "OPENSSL:localhost:2,.*$dir/none"
	refute_log err 'listening on'
}

test_reload() {
	# and read again on SIGHUP
	ends
	cp "$pki/other-ca.crt" trusted
	listener many TCP-LISTEN:0,fork,bind=127.0.0.1 \
		"OPENSSL:127.0.0.1:1,cafile=$pki/ca.crt,via=\"OPENSSL:127.0.0.1:$outer_port,cafile=$dir/trusted\""
	many=$pid many_port=$port
	given hello
	run "$SOCAT" -t 10 - "TCP:127.0.0.1:$many_port" <in
	assert_out ''
	assert_log many.log "OPENSSL:127.0.0.1:$outer_port,.*TLS handshake: "
	cp "$pki/ca.crt" trusted
	kill -HUP "$many"
	wait_log many.log "N OPENSSL:127.0.0.1:$outer_port,.*reloaded"
	run "$SOCAT" -t 10 - "TCP:127.0.0.1:$many_port" <in
	assert_out hello
}

test_where_it_is_opened() {
	# the address below is opened in the directory and the network of the one on top, unless it has
	# its own
	mkdir one two
	relay bridge "UNIX-LISTEN:$dir/one/there,fork" PIPE
	wait_log bridge.log ' N listening on '
	for option in 'chdir=one,via=UNIX-CONNECT:there' 'chdir=two,via="UNIX-CONNECT:there,chdir=one"'; do
		run "$SOCAT" -d -d - "SOCKS5:a:b:1,$option" </dev/null
		assert_error 'SOCKS handshake: the server has chosen a way'
	done
	run "$SOCAT" - 'SOCKS5:a:b:1,via=UNIX-CONNECT:there' </dev/null
	assert_error 'UNIX-CONNECT:there: connect to'
	run "$SOCAT" - "SOCKS5:a:b:1,netns=$dir/none,via=TCP:127.0.0.1:1" </dev/null
	assert_error 'TCP:127.0.0.1:1: option "netns=.*network namespace'
}

test_dead_below() {
	# nobody listens below: that address says so, with its own name
	run "$SOCAT" - "OPENSSL:localhost:1,verify=0,via=UNIX-CONNECT:$dir/none" </dev/null
	assert_error "UNIX-CONNECT:$dir/none: connect to"
}

test_silence() {
	# the time for the handshake holds here, too
	server silent silent
	run "$SOCAT" - "OPENSSL:localhost:1,verify=0,handshake-timeout=0.2,via=TCP:127.0.0.1:$server_port" </dev/null
	assert_error 'TLS handshake: .*handshake-timeout'
}

# shellcheck disable=SC1091
. shunit2
