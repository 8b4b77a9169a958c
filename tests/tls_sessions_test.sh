#!/bin/sh
# Many TLS sessions: at once, one after the other, in processes of their own; with reloading,
# programs, dumps and layers.

# shellcheck disable=SC2016,SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

if sanitized || [ -n "${QUICK:-}" ]; then
	bulk=3000000 crowd=60
else
	bulk=20000000 crowd=200
fi

sum_of() {
	"$python" "$tests/peer.py" client sum "$1" "$2"
}

# ---- every byte arrives

test_integrity_server() {
	# both directions at once, in pieces of random sizes, from TLS to TCP
	server full full right "$bulk"
	tls_listener relay verify=0 -t30 "TCP4:127.0.0.1:$server_port"
	relay=$pid
	tls_client "127.0.0.1:$port" full left "$bulk"
	assertEquals "$(cat err)" 0 "$status"
	assert_log err "sum $(sum_of right "$bulk")"
	wait_until test -s full.port.sum
	assertEquals "$(sum_of left "$bulk")" "$(cat full.port.sum)"
	finish "$relay"
	assertEquals 0 "$status"
}

test_integrity_client() {
	# from TCP to TLS
	tls_server server --cert "$pki/server.pem" full right "$bulk"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
	client full "127.0.0.1:$port" left "$bulk"
	assertEquals "$(cat err)" 0 "$status"
	assert_out "$(sum_of right "$bulk")\n"
	wait_log server.log '^1: sum'
	assert_log server.log "sum $(sum_of left "$bulk")"
}

test_integrity_chain() {
	# through TLS twice, and with blocks of odd sizes
	for size in 1 100 70000; do
		amount=$bulk
		[ "$size" -ne 1 ] || amount=20000
		server full full right "$amount"
		listener right -b "$size" "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/rsa.pem,verify=0,fork" "TCP4:127.0.0.1:$server_port"
		server_port=$port
		listener left -b "$size" TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
		rm -f full.port.sum
		client full "127.0.0.1:$port" left "$amount"
		assertEquals "$(cat err)" 0 "$status"
		assert_out "$(sum_of right "$amount")\n"
		wait_until test -s full.port.sum
		assertEquals "$(sum_of left "$amount")" "$(cat full.port.sum)"
		stop_all
	done
}

test_integrity_small_buffers() {
	# with socket buffers so small that every write is partial
	server full full right 1000000
	tls_listener relay verify=0,sndbuf=2048,rcvbuf=2048 -t30 "TCP4:127.0.0.1:$server_port,sndbuf=2048,rcvbuf=2048"
	tls_client "127.0.0.1:$port" full left 1000000
	assertEquals "$(cat err)" 0 "$status"
	assert_log err "sum $(sum_of right 1000000)"
	wait_until test -s full.port.sum
	assertEquals "$(sum_of left 1000000)" "$(cat full.port.sum)"
}

test_integrity_suites() {
	# with a suite of each kind
	for suite in ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-CCM ECDHE-ECDSA-AES128-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384; do
		server full full right 2000000
		tls_listener relay "verify=0,cipher=$suite" -t30 "TCP4:127.0.0.1:$server_port"
		tls_client --ciphers ALL:@SECLEVEL=0 "127.0.0.1:$port" full left 2000000
		assertEquals "$(cat err)" 0 "$status"
		assert_log err "sum $(sum_of right 2000000)"
		stop_all
	done
}

# ---- many at once

test_many_clients() {
	# this many sessions at once, in one process, each with data of its own both ways
	tls_listener relay verify=0,fork PIPE
	tls_client "127.0.0.1:$port" many "$crowd" 100000
	assertEquals "$(tail -n 3 err relay.log)" 0 "$status"
	assert_out "$crowd of $crowd answers right\n"
	assertEquals 'children' 0 "$(count_children "$pid")"
	refute_log relay.log ' [EW] '
}

test_many_servers() {
	# so with ours as the client
	tls_server server --cert "$pki/server.pem" echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
	client many "127.0.0.1:$port" "$crowd" 50000
	assert_out "$crowd of $crowd answers right\n"
	assertEquals 'children' 0 "$(count_children "$pid")"
	refute_log relay.log ' [EW] '
}

test_everything_is_given_back() {
	# after many sessions descriptors and memory are what they were after the first ones
	tls_server server --cert "$pki/server.pem" echo
	tls_listener relay verify=0,fork "$(tls_connect)"
	relay=$pid
	for round in 1 2 3 4 5; do
		tls_client "127.0.0.1:$port" many 50 30000
		assert_out '50 of 50 answers right\n'
		tls_client "127.0.0.1:$port" cuts 50
		wait_until has_sockets "$relay" 1
		[ "$round" -ne 2 ] || memory=$(resident "$relay")
	done
	if ! sanitized; then
		grown=$(($(resident "$relay") - memory))
		assertTrue "grown by $grown kB" "[ $grown -lt 1000 ]"
	fi
}

test_memory_of_a_session() {
	# a session at rest takes no buffers: less than 12 kB with both sides of it
	sanitized && { startSkipping; return 0; }
	server echo echo
	tls_listener relay verify=0,fork "TCP4:127.0.0.1:$server_port"
	relay=$pid
	tls_client "127.0.0.1:$port" many 100 30000
	wait_until has_sockets "$relay" 1
	memory=$(resident "$relay")
	mkfifo hold
	start_with hold holder "$python" "$tls_peer" client "127.0.0.1:$port" hold 500
	exec 9>hold
	wait_until grep -q 'held 500' holder.out
	each=$((($(resident "$relay") - memory) * 1024 / 500))
	echo "$each bytes per session"
	assertTrue "$each bytes each" "[ $each -lt 12288 ]"
	exec 9>&-
	wait_until grep -q 'used 500' holder.out
}

test_memory_of_full_sessions() {
	# with data stuck both ways a session holds less than 40 kB, and little when it has gone on
	sanitized && { startSkipping; return 0; }
	small=sndbuf=16384,rcvbuf=16384
	listener echo "TCP4-LISTEN:0,bind=127.0.0.1,fork,$small" PIPE
	server_port=$port
	tls_listener relay "verify=0,fork,$small" "TCP4:127.0.0.1:$server_port,$small"
	relay=$pid
	tls_client "127.0.0.1:$port" many 20 30000
	wait_until has_sockets "$relay" 1
	memory=$(resident "$relay")
	mkfifo hold
	start_with hold brim "$python" "$tests/tls_stress.py" brim "127.0.0.1:$port" 200
	exec 9>hold
	wait_until grep -q 'full 200' brim.out
	each=$((($(resident "$relay") - memory) * 1024 / 200))
	echo "$each bytes per full session"
	assertTrue "$each bytes each, full" "[ $each -lt 40000 ]"
	echo >&9
	wait_until grep -q 'empty 200' brim.out
	each=$((($(resident "$relay") - memory) * 1024 / 200))
	echo "$each bytes per session at rest"
	assertTrue "$each bytes each, at rest" "[ $each -lt 8000 ]"
	exec 9>&-
}

test_handshakes_and_data_at_once() {
	# sessions go on while others shake hands
	tls_listener relay verify=0,fork PIPE
	mkfifo hold
	start_with hold holder "$python" "$tls_peer" client "127.0.0.1:$port" hold 20
	holder=$pid
	exec 9>hold
	wait_until grep -q 'held 20' holder.out
	tls_client "127.0.0.1:$port" many 20 100000
	assert_out '20 of 20 answers right\n'
	exec 9>&-
	wait_until grep -q 'used 20' holder.out
	finish "$holder"
	assertEquals 0 "$status"
}

test_max_children() {
	# max-children counts sessions; the next one waits
	tls_listener relay verify=0,fork,max-children=2 PIPE
	mkfifo hold
	start_with hold holder "$python" "$tls_peer" client "127.0.0.1:$port" hold 2
	exec 9>hold
	wait_until grep -q 'held 2' holder.out
	start third "$python" "$tls_peer" client "127.0.0.1:$port" say hello
	third=$pid
	refute_log third.log handshake
	exec 9>&-
	finish "$third"
	assertEquals "$(cat third.log)" 0 "$status"
	assert_file hello third.out
}

# ---- in processes of their own

test_isolate() {
	# the handshake is the child's
	tls_listener relay verify=0,fork,isolate PIPE
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tls_peer" client "127.0.0.1:$port" hold 3
	exec 9>hold
	wait_until grep -q 'held 3' holder.out
	assertEquals 3 "$(count_children "$relay")"
	exec 9>&-
	wait_until has_children "$relay" 0
	tls_client "127.0.0.1:$port" bytes 474554202f
	wait_log relay.log ' E .*does not speak TLS'
	wait_until has_children "$relay" 0
	tls_client "127.0.0.1:$port" full seed 1000000
	assert_log err "sum $(sum_of seed 1000000)"
}

test_isolate_resumption() {
	# children can't tell each other about sessions, so handshakes are full; they must work
	tls_listener relay verify=0,fork,isolate PIPE
	tls_client --max 1.2 "127.0.0.1:$port" resume 3 hello
	assertEquals "$(cat err)" 0 "$status"
	assert_out hellohellohello
}

test_user() {
	# su: the child changes its user, the key was read before
	need_root || return 0
	without_leak_check
	cp "$pki/server.key" key
	chmod 600 key
	tls_listener relay "cert=$pki/server.crt,key=$dir/key,verify=0,fork,su=nobody" PIPE
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tls_peer" client "127.0.0.1:$port" hold 1
	exec 9>hold
	wait_until grep -q 'held 1' holder.out
	assertEquals "$(id -u nobody)" "$(stat -c %u "/proc/$(children "$relay" | tr -d ' ')")"
	exec 9>&-
	wait_until has_children "$relay" 0
}

# ---- programs

# names_of SOCAT ROLE...: what a program learns from it, sorted.
show_names='env | grep -a ^SOCAT_OPENSSL | sort'

test_variables_server() {
	# programs learn the client's names, as from the original
	tls_listener relay "cafile=$pki/ca.crt,fork" SYSTEM:"$show_names"
	tls_client --max 1.2 --ciphers AES128+ECDHE --cert "$pki/client.pem" "127.0.0.1:$port" collect
	assert_log out '^SOCAT_OPENSSL_X509_COMMONNAME=client one$'
	assert_log out '^SOCAT_OPENSSL_X509_SUBJECT=C = DE, O = Clients, OU = One, CN = client one, emailAddress = one@example.test$'
	assert_log out '^SOCAT_OPENSSL_X509_ISSUER=CN = Test authority$'
	assert_log out '^SOCAT_OPENSSL_X509V3(_SUBJECTALTNAME)?_DNS=one\.example\.test // uno\.example\.test$'
	need socat || return 0
	mv out ours
	server_port=$(free_port)
	start original socat "OPENSSL-LISTEN:$server_port,bind=127.0.0.1,cert=$pki/server.pem,cafile=$pki/ca.crt" SYSTEM:"$show_names"
	wait_until listens "$server_port"
	tls_client --max 1.2 --ciphers AES128+ECDHE --cert "$pki/client.pem" "127.0.0.1:$server_port" collect
	diff out ours
	assertEquals 'like the original' 0 $?
}

test_variables_client() {
	# and the server's
	tls_server server --max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256 --cert "$pki/server.pem" collect
	run "$SOCAT" -t 10 "$(tls_connect)" SYSTEM:"$show_names >&2"
	assert_log err '^SOCAT_OPENSSL_X509_COMMONNAME=localhost$'
	need socat || return 0
	# the original tells only the first of several addresses
	grep ^SOCAT_ err | grep -v IPADD >ours
	run socat -t 10 "$(tls_connect)" SYSTEM:"$show_names >&2"
	grep ^SOCAT_ err | grep -v IPADD >original
	diff original ours
	assertEquals 'like the original' 0 $?
}

test_variables_of_a_stranger() {
	# a client without a certificate has no names; suite and version are told
	tls_listener relay verify=0,fork SYSTEM:"$show_names"
	tls_client --max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256 "127.0.0.1:$port" collect
	assert_out 'SOCAT_OPENSSL_CIPHER=ECDHE-ECDSA-AES128-GCM-SHA256\nSOCAT_OPENSSL_PROTO_VERSION=TLSv1.2\n'
}

test_programs() {
	# programs in a server, each with its session
	tls_listener relay verify=0,fork EXEC:cat
	tls_client "127.0.0.1:$port" many 10 100000
	assert_out '10 of 10 answers right\n'
}

# ---- reloading

# certificate_of: CN of what is shown at $port.
shown() {
	tls_client --ca "$pki/ca.crt" "127.0.0.1:$port" say x
	sed -n 's/.* peer=//p' err
}

test_reload() {
	# after SIGHUP new sessions see the new certificate, old ones live on, a bad file changes nothing
	cp "$pki/server.pem" cert.pem
	listener relay "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$dir/cert.pem,verify=0,fork" PIPE
	relay=$pid
	assertEquals localhost "$(shown)"
	mkfifo hold
	start_with hold holder "$python" "$tls_peer" client "127.0.0.1:$port" hold 3
	exec 9>hold
	wait_until grep -q 'held 3' holder.out
	cp "$pki/second.pem" cert.pem
	kill -HUP "$relay"
	wait_log relay.log ' N .*([Rr]eload|read again|new certificate)'
	assertEquals second "$(shown)"
	echo nonsense >cert.pem
	kill -HUP "$relay"
	wait_log relay.log ' [EW] .*cert\.pem'
	assertEquals second "$(shown)"
	rm cert.pem
	kill -HUP "$relay"
	wait_log relay.log ' [EW] .*cert\.pem.*No such file'
	assertEquals second "$(shown)"
	cp "$pki/server.pem" cert.pem
	kill -HUP "$relay"
	wait_log relay.log ' N .*([Rr]eload|read again|new certificate)' 2
	assertEquals localhost "$(shown)"
	exec 9>&-
	wait_until grep -q 'used 3' holder.out
	assertTrue 'still there' "kill -0 $relay"
}

test_reload_in_handshakes() {
	# handshakes that are under way end with what they began with
	cp "$pki/server.pem" cert.pem
	listener relay "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$dir/cert.pem,verify=0,fork" PIPE
	relay=$pid
	for number in 1 2 3 4; do
		start "slow$number" "$python" "$tls_peer" client --drip --ca "$pki/ca.crt" "127.0.0.1:$port" say slowly
		eval "slow$number=\$pid"
	done
	start crowd "$python" "$tls_peer" client "127.0.0.1:$port" crowd 20 1603010100010000
	wait_log crowd.out crowd
	for number in 1 2 3 4 5 6 7 8; do
		if [ $((number % 2)) -eq 0 ]; then cp "$pki/server.pem" cert.pem; else cp "$pki/second.pem" cert.pem; fi
		kill -HUP "$relay"
		wait_log relay.log ' N .*([Rr]eload|read again|new certificate)' "$number"
	done
	for number in 1 2 3 4; do
		eval "finish \$slow$number"
		assertEquals "$(cat "slow$number.log")" 0 "$status"
		assert_file slowly "slow$number.out"
	done
	assertEquals localhost "$(shown)"
}

test_client_gone_in_handshake() {
	# clients that reset the connection in the middle of a handshake, servers that do
	tls_listener relay verify=0,fork PIPE
	for count in 10 100 200 300; do
		tls_client --cut "$count" "127.0.0.1:$port" say hello
	done
	tls_server mute mute
	listener relay2 TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
	relay=$pid
	client abort "127.0.0.1:$port" 1000
	wait_log mute.log '^1: accepted'
	stop "$server_pid"
	wait_log relay2.log ' E .*handshake'
	wait_until has_sockets "$relay" 1
}

test_reload_authorities() {
	# so with the authorities of clients, in either role
	cp "$pki/ca.crt" trusted.pem
	listener relay "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.pem,cafile=$dir/trusted.pem,fork" PIPE
	relay=$pid
	tls_client --cert "$pki/client.pem" "127.0.0.1:$port" say hello
	assert_out hello
	cp "$pki/other-ca.crt" trusted.pem
	kill -HUP "$relay"
	wait_log relay.log ' N .*([Rr]eload|read again|new certificate)'
	tls_client --cert "$pki/client.pem" "127.0.0.1:$port" say hello
	assertEquals 1 "$status"
	tls_client --cert "$pki/client-other.pem" "127.0.0.1:$port" say hello
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
}

test_reload_client() {
	# a relay to a TLS server reads its files again as well
	cp "$pki/other-ca.crt" trusted.pem
	tls_server server --cert "$pki/server.pem" echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "OPENSSL:127.0.0.1:$server_port,cafile=$dir/trusted.pem"
	relay=$pid
	client ask "127.0.0.1:$port" hello
	assert_out ''
	wait_log relay.log ' E .*not trusted'
	cp "$pki/ca.crt" trusted.pem
	kill -HUP "$relay"
	wait_log relay.log ' N .*([Rr]eload|read again|new certificate)'
	client ask "127.0.0.1:$port" hello
	assert_out hello
}

test_reload_forgets_sessions() {
	# sessions of peers that are no longer trusted are not resumed after that, in either role
	cp "$pki/ca.crt" trusted.pem
	listener relay "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.pem,cafile=$dir/trusted.pem,fork" SYSTEM:'echo in'
	relay=$pid
	run openssl s_client -connect "127.0.0.1:$port" -tls1_2 -cert "$pki/client.pem" -sess_out session -ign_eof </dev/null
	assert_log out '^in$'
	cp "$pki/other-ca.crt" trusted.pem
	kill -HUP "$relay"
	wait_log relay.log ' N .*([Rr]eload|read again|new certificate)'
	run openssl s_client -connect "127.0.0.1:$port" -tls1_2 -cert "$pki/client.pem" -sess_in session -ign_eof </dev/null
	refute_log out '^in$'
	wait_log relay.log ' E .*not trusted'

	cp "$pki/ca.crt" trusted.pem
	tls_server server --max 1.2 --cert "$pki/server.pem" echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "OPENSSL:127.0.0.1:$server_port,cafile=$dir/trusted.pem"
	relay=$pid
	for number in 1 2; do
		client ask "127.0.0.1:$port" hello
		assert_out hello
	done
	wait_log server.log 'resumed=1'
	cp "$pki/other-ca.crt" trusted.pem
	kill -HUP "$relay"
	wait_log relay.log ' N .*([Rr]eload|read again|new certificate)'
	client ask "127.0.0.1:$port" hello
	assert_out ''
	wait_log relay.log ' E .*not trusted'
}

# ---- other options on TLS addresses

test_dump() {
	# -v and -x show what is said, not what is encrypted; -r and -R keep it
	server echo echo
	start relay "$SOCAT" -v "-lf$dir/log" -d -d -r right.raw -R left.raw \
		"OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.pem,verify=0" "TCP4:127.0.0.1:$server_port"
	relay=$pid
	wait_log log 'listening on'
	tls_client "127.0.0.1:$(port_of log)" say 'plain text'
	assert_out 'plain text'
	finish "$relay"
	assert_log relay.log 'plain text'
	assert_file 'plain text' right.raw
	assert_file 'plain text' left.raw
}

test_line_ends() {
	# crnl on a TLS address
	tls_server server --cert "$pki/server.pem" echo
	given 'one\ntwo\n'
	run "$SOCAT" -t 10 - "$(tls_connect crnl)" <in
	assert_out 'one\ntwo\n'
	wait_log server.log ': end'
	tls_server collect --cert "$pki/server.pem" collect
	run "$SOCAT" -t 10 - "$(tls_connect crnl)" <in
	wait_log collect.log ': end'
	assert_file 'one\r\ntwo\r\n' collect.port.1
}

test_readbytes() {
	# readbytes and escape on a TLS address
	tls_server server --cert "$pki/server.pem" late seed 100000
	run "$SOCAT" -t 10 -u "$(tls_connect readbytes=5000)" - </dev/null
	assertEquals "$(cat err)" 0 "$(stat -c %s server.port.1 2>/dev/null || echo 0)"
	tls_server server --cert "$pki/server.pem" early seed 100000
	run "$SOCAT" -t 10 -u "$(tls_connect readbytes=5000)" -
	assert_status 0
	assertEquals 5000 "$(stat -c %s out)"
	given 'abc\035def'
	tls_listener relay verify=0,escape=0x1d CREATE:got
	relay=$pid
	tls_client "127.0.0.1:$port" say "$(cat in)"
	finish "$relay"
	assert_file abc got
}

test_dual() {
	# TLS as one half of a dual address
	tls_server server --cert "$pki/server.pem" collect
	given hello
	run "$SOCAT" -t 10 - "OPEN:$dir/in,rdonly!!$(tls_connect)" <in
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
	wait_log server.log ': end close_notify'
	assert_file hello server.port.1
}

test_right_side_listener() {
	# a TLS listener on the right is waited for
	start relay "$SOCAT" -d -d -u OPEN:"$pki/ca.crt" "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.pem,verify=0"
	relay=$pid
	wait_log relay.log ' N listening on '
	tls_client "127.0.0.1:$(port_of relay.log)" collect
	assertTrue 'the file' "cmp -s out $pki/ca.crt"
	finish "$relay"
	assertEquals 0 "$status"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
