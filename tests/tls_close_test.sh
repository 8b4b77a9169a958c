#!/bin/sh
# The end of TLS connections: half-close in every direction, truncation, resets.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

much=3000000

sum_of() {
	"$python" "$tests/peer.py" client sum "$1" "$2"
}

# data_of SEED: the bytes themselves, $much of them.
data_of() {
	"$python" -c 'import sys; sys.path.insert(0, sys.argv[1]); from peer import data_from
for block in data_from(sys.argv[2], int(sys.argv[3])): sys.stdout.buffer.write(block)' "$tests" "$1" "$much"
}

hello_sum=2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824

# ---- as a server

test_client_ends_first() {
	# after the client's close_notify all of the answer goes to it
	server backend answer late "$much"
	tls_listener relay verify=0,fork "TCP4:127.0.0.1:$server_port"
	tls_client "127.0.0.1:$port" say hello
	assertEquals "$(cat err)" 0 "$status"
	assertEquals "$(sum_of late "$much")" "$(checksum out)"
	assertEquals "$hello_sum" "$(cat backend.port.sum)"
	assert_log err '^1: end close_notify'
	refute_log relay.log ' [EW] '
}

test_client_ends_first_with_fin() {
	# even if the end of the TCP direction comes right after it
	server backend answer late "$much"
	tls_listener relay verify=0,fork "TCP4:127.0.0.1:$server_port"
	tls_client "127.0.0.1:$port" forge text:hello close fin end
	assertEquals "$(cat err)" 0 "$status"
	assertEquals "$(sum_of late "$much")" "$(checksum out)"
	refute_log relay.log ' [EW] '
}

test_client_ends_first_program() {
	# with a program on the other side, that answers after its end of file
	data_of late >big
	tls_listener relay verify=0,fork "SYSTEM:cat >$dir/got; cat $dir/big"
	tls_client "127.0.0.1:$port" say hello
	assertEquals "$(cat err)" 0 "$status"
	assert_file hello got
	assertTrue 'all of it' 'cmp -s big out'
}

test_we_end_first() {
	# after our close_notify all that the client still sends goes on
	server backend early hello
	tls_listener relay verify=0,fork "TCP4:127.0.0.1:$server_port"
	tls_client "127.0.0.1:$port" late early "$much"
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
	assert_log err '^1: end close_notify'
	wait_until test -s backend.port.sum
	assertEquals "$(sum_of early "$much")" "$(cat backend.port.sum)"
	refute_log relay.log ' [EW] '
}

test_no_fin_before_the_end() {
	# our close_notify comes alone: TCP stays open both ways as long as the client sends
	need ss || return 0
	server backend early hello
	tls_listener relay verify=0,fork "TCP4:127.0.0.1:$server_port"
	start client "$python" "$tls_peer" client "127.0.0.1:$port" forge expect:hello end "wait:$dir/go" \
		text:abc "wait:$dir/go-on" close
	client=$pid
	wait_log client.log '^1: alert 1,0'
	assertEquals 'connections' 1 "$(ss -Htn state established "sport = :$port" | wc -l)"
	touch go
	assertEquals 'connections' 1 "$(ss -Htn state established "sport = :$port" | wc -l)"
	touch go-on
	finish "$client"
	assertEquals "$(cat client.log)" 0 "$status"
	assert_log client.log '^1: end tcp'
	assert_lines client.log 'alert' 1
	wait_until test -s backend.port.sum
	assertEquals "$(printf abc | sha256sum | cut -d ' ' -f 1)" "$(cat backend.port.sum)"
	refute_log relay.log ' [EW] '
}

test_one_shot_server() {
	# a run for one connection ends well after both have ended, whoever is first
	for mode in 'say hello' 'early y 100000'; do
		tls_listener relay verify=0 -t10 SYSTEM:'echo begin; cat; echo end'
		relay=$pid
		# shellcheck disable=SC2086
		tls_client "127.0.0.1:$port" $mode
		assertEquals "$mode: $(cat err)" 0 "$status"
		assert_log err '^1: end close_notify'
		assertEquals begin "$(head -n 1 out)"
		assertEquals end "$(tail -c 4 out)"
		finish "$relay"
		assertEquals "$mode: $(cat relay.log)" 0 "$status"
		refute_log relay.log ' [EW] '
	done
}

test_data_behind_close_notify() {
	# what a peer sends behind its close_notify is not data
	tls_listener relay verify=0 CREATE:got
	relay=$pid
	tls_client "127.0.0.1:$port" forge text:hello close text:more
	finish "$relay"
	assert_file hello got
}

# ---- as a client

test_we_end_first_as_client() {
	# our end of file is the server's, its long answer arrives
	tls_server server --cert "$pki/server.pem" late late "$much"
	given hello
	run "$SOCAT" -t 10 - "$(tls_connect)" <in
	assert_status 0
	assertEquals "$(sum_of late "$much")" "$(checksum out)"
	assert_file hello server.port.1
	assert_log server.log '^1: end close_notify'
	refute_log err ' [EW] '
}

test_server_ends_first() {
	# the server's end is our output's, and all of our input still goes there
	tls_server server --cert "$pki/server.pem" early early "$much"
	server backend full right "$much"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(server_port=$(cat server.port) tls_connect)"
	client full "127.0.0.1:$port" left "$much"
	assertEquals "$(cat err)" 0 "$status"
	assert_out "$(sum_of early "$much")\n"
	wait_log server.log '^1: end close_notify'
	assertEquals "$(sum_of left "$much")" "$(checksum server.port.1)"
	refute_log relay.log ' [EW] '
}

test_server_ends_first_stdin() {
	# the same with a program that waits for the server's end before it goes on
	tls_server server --cert "$pki/server.pem" early early "$much"
	data_of left >big
	run "$SOCAT" -t 10 SYSTEM:"cat >$dir/got; cat $dir/big" "$(tls_connect)"
	assertEquals "$(cat err)" 0 "$status"
	assertEquals "$(sum_of early "$much")" "$(checksum got)"
	wait_log server.log '^1: end close_notify'
	assertEquals "$(sum_of left "$much")" "$(checksum server.port.1)"
}

# ---- among ourselves, and with the original

# through_both_ways: from a TCP client to $1 (TCP) through two relays to a backend and back.
both_half_closes() {
	client ask "127.0.0.1:$port" hello
	assertEquals "$(cat err)" 0 "$status"
	assertEquals 'a late answer' "$(sum_of late "$much")" "$(checksum out)"
	assertEquals 'what was asked' "$hello_sum" "$(cat backend.port.sum)"
}

test_ours_and_ours() {
	# a half-close goes through two relays with TLS between them
	server backend answer late "$much"
	tls_listener right verify=0,fork "TCP4:127.0.0.1:$server_port"
	server_port=$port
	listener left TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
	both_half_closes
	refute_log left.log ' [EW] '
	refute_log right.log ' [EW] '
}

test_ours_and_ours_early() {
	# so does one from the other side
	server backend early hello
	tls_listener right verify=0,fork "TCP4:127.0.0.1:$server_port"
	server_port=$port
	data_of left >big
	run "$SOCAT" -t 10 SYSTEM:"cat >$dir/got; cat $dir/big" "$(tls_connect)"
	assert_status 0
	assert_file hello got
	wait_until test -s backend.port.sum
	assertEquals "$(checksum big)" "$(cat backend.port.sum)"
	refute_log right.log ' [EW] '
}

test_original_as_server() {
	# the original's listener gives its late answer, and gets what comes after its end
	need socat || return 0
	data_of late >big
	server_port=$(free_port)
	start original socat -t 10 "OPENSSL-LISTEN:$server_port,bind=127.0.0.1,fork,cert=$pki/server.pem,verify=0" \
		"SYSTEM:cat >$dir/got; cat $dir/big"
	wait_until listens "$server_port"
	given hello
	run "$SOCAT" -t 10 - "$(tls_connect)" <in
	assertEquals "$(cat err)" 0 "$status"
	assertEquals "$(sum_of late "$much")" "$(checksum out)"
	assert_file hello got
	server backend early hello
	backend_port=$server_port
	server_port=$(free_port)
	start original socat -t 10 "OPENSSL-LISTEN:$server_port,bind=127.0.0.1,fork,cert=$pki/server.pem,verify=0" \
		"TCP4:127.0.0.1:$backend_port"
	wait_until listens "$server_port"
	run "$SOCAT" -t 10 SYSTEM:"cat >$dir/got; cat $dir/big" "$(tls_connect)"
	assertEquals "$(cat err)" 0 "$status"
	assert_file hello got
	wait_until test -s backend.port.sum
	assertEquals "$(checksum big)" "$(cat backend.port.sum)"
}

test_original_as_client() {
	# the original's client gets our late answer, and its late data goes on
	need socat || return 0
	server backend answer late "$much"
	tls_listener relay verify=0,fork "TCP4:127.0.0.1:$server_port"
	given hello
	run socat -t 10 - "OPENSSL:127.0.0.1:$port,cafile=$pki/ca.crt,commonname=localhost" <in
	assertEquals "$(cat err)" 0 "$status"
	assertEquals "$(sum_of late "$much")" "$(checksum out)"
	assertEquals "$hello_sum" "$(cat backend.port.sum)"
	server early early hello
	tls_listener relay2 verify=0,fork "TCP4:127.0.0.1:$server_port"
	data_of left >big
	run socat -t 10 SYSTEM:"cat >$dir/got; cat $dir/big" \
		"OPENSSL:127.0.0.1:$port,cafile=$pki/ca.crt,commonname=localhost"
	assertEquals "$(cat err)" 0 "$status"
	assert_file hello got
	wait_until test -s early.port.sum
	assertEquals "$(checksum big)" "$(cat early.port.sum)"
}

# ---- ends that are none

test_truncated_client() {
	# a client whose TCP connection ends without close_notify: all before it arrives, an error is told
	tls_listener relay verify=0 CREATE:got
	relay=$pid
	tls_client "127.0.0.1:$port" truncate hello
	finish "$relay"
	assertEquals 1 "$status"
	assert_lines relay.log ' E .*close_notify' 1
	assert_file hello got
}

test_truncated_server() {
	# so for a server
	tls_server server --cert "$pki/server.pem" truncate hello
	run "$SOCAT" -u "$(tls_connect)" -
	assert_error 'close_notify'
	assert_out hello
	mkfifo hold
	start_with hold relay "$SOCAT" -t 10 - "$(tls_connect)"
	relay=$pid
	exec 9>hold
	finish "$relay"
	exec 9>&-
	assertEquals 1 "$status"
	assert_log relay.log ' E .*close_notify'
	assert_file hello relay.out
}

test_truncated_large() {
	# with much before it, in a server that goes on
	tls_listener relay verify=0,fork OPEN:got,creat,append
	relay=$pid
	tls_client "127.0.0.1:$port" forge "bulk:cut,$much" fin
	wait_log relay.log ' E .*close_notify'
	assertEquals "$(sum_of cut "$much")" "$(checksum got)"
	tls_client "127.0.0.1:$port" say more
	assertEquals 0 "$status"
}

test_truncated_within_a_record() {
	# an end in the middle of a record is no better
	tls_listener relay verify=0 CREATE:got
	relay=$pid
	tls_client "127.0.0.1:$port" forge text:hello raw:170303010000000000 fin
	finish "$relay"
	assertEquals 1 "$status"
	assert_lines relay.log ' E .*close_notify' 1
	assert_file hello got
}

test_reset() {
	# a reset is an error, in either role
	tls_listener relay verify=0 -t10 PIPE
	relay=$pid
	tls_client "127.0.0.1:$port" reset hello
	finish "$relay"
	assertEquals 1 "$status"
	assert_log relay.log ' E .*Connection reset'
	tls_server server --cert "$pki/server.pem" reset hello
	mkfifo hold
	start_with hold client "$SOCAT" - "$(tls_connect)"
	client=$pid
	exec 9>hold
	echo x >&9
	finish "$client"
	exec 9>&-
	assertEquals 1 "$status"
	assert_log client.log ' E .*Connection reset'
	assert_file hello client.out
}

test_peer_goes_while_we_send() {
	# a peer that closes altogether while much is on its way to it ends the session, not the server
	data_of big >big
	tls_listener relay verify=0,fork "OPEN:$dir/big,rdonly!!CREATE:got"
	relay=$pid
	for number in 1 2 3; do
		tls_client "127.0.0.1:$port" reset hello
	done
	wait_log relay.log ' E ' 3
	assertTrue 'still there' "kill -0 $relay"
	tls_client "127.0.0.1:$port" say hello
	assertEquals "$(sum_of big "$much")" "$(checksum out)"
}

test_one_direction() {
	# -u and -U: the other direction is not used, ends are orderly
	tls_listener right verify=0 -u CREATE:got
	right=$pid
	server_port=$port
	given hello
	run "$SOCAT" -u - "$(tls_connect)" <in
	assert_status 0
	finish "$right"
	assertEquals "$(cat right.log)" 0 "$status"
	assert_file hello got
	refute_log right.log ' [EW] '
	tls_listener right verify=0 -U OPEN:"$dir/in"
	right=$pid
	server_port=$port
	run "$SOCAT" -U - "$(tls_connect)"
	assert_status 0
	assert_out hello
	finish "$right"
	assertEquals "$(cat right.log)" 0 "$status"
	refute_log err ' [EW] '
}

test_no_data_at_all() {
	# sessions without a byte
	tls_listener relay verify=0,fork PIPE
	tls_client "127.0.0.1:$port" say ''
	assertEquals "$(cat err)" 0 "$status"
	assert_log err '^1: end close_notify'
	tls_server server --cert "$pki/server.pem" say ''
	run "$SOCAT" -t 10 - "$(tls_connect)" </dev/null
	assert_status 0
	assert_out ''
	refute_log err ' [EW] '
	refute_log relay.log ' E '
}

test_idle_timeout() {
	# -T ends a silent session
	tls_listener relay verify=0 -T0.3 PIPE
	relay=$pid
	tls_client "127.0.0.1:$port" forge text:hello expect:hello
	assert_log err '^1: alert 1,0$'
	finish "$relay"
	assertEquals 0 "$status"
	assert_log relay.log ' N inactivity timeout triggered'
}

test_write_only_sink() {
	# there is nothing to come from a file that is written: that end is no truncation
	tls_listener relay verify=0 CREATE:got
	relay=$pid
	tls_client "127.0.0.1:$port" say hello
	assertEquals "$(cat err)" 0 "$status"
	assert_log err '^1: end close_notify'
	finish "$relay"
	assertEquals 0 "$status"
	assert_file hello got
}

test_answer_that_is_cut() {
	# whoever waited for more than it got can see that
	tls_listener relay verify=0 -t0.2 SYSTEM:'"cat >/dev/null; echo part; exec sleep 30"'
	relay=$pid
	tls_client "127.0.0.1:$port" say hello
	assert_file 'part\n' out
	assert_log err '^1: end truncated'
	finish "$relay"
}

test_signal() {
	# SIGTERM ends sessions
	tls_listener relay verify=0 PIPE
	relay=$pid
	start client "$python" "$tls_peer" client "127.0.0.1:$port" forge text:hello expect:hello
	client=$pid
	wait_until size_is client.out 5
	stop "$relay"
	assertEquals 143 "$status"
	finish "$client"
	assert_log client.log '^1: end'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
