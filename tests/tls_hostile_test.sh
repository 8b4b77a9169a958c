#!/bin/sh
# Peers that don't speak TLS, break off, tamper, or send what nobody expects.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

get='474554202f20485454502f312e300d0a0d0a' # GET / HTTP/1.0

# still_serves: the listener at $port took no harm, and nothing has been opened so far.
still_serves() {
	assertFalse 'opened' '[ -e got ]'
	tls_client "127.0.0.1:$port" say hello
	assertEquals "$(cat err)" 0 "$status"
	wait_until size_is got 5
}

# ---- peers without TLS

test_plain_client() {
	# a client of HTTP on a TLS port is told so in the log, with what it sent
	tls_listener relay verify=0,fork CREATE:got
	tls_client "127.0.0.1:$port" bytes "$get"
	wait_log relay.log ' E .*127\.0\.0\.1:[0-9]+: the peer does not speak TLS: it began with "GET / HTTP/1\.0'
	assert_lines relay.log ' E ' 1
	still_serves
}

test_port_scan() {
	# connections without a word are no errors
	tls_listener relay verify=0,fork CREATE:got
	tls_client "127.0.0.1:$port" bytes ''
	wait_log relay.log ' N .*before it said anything'
	refute_log relay.log ' E '
	still_serves
}

test_end_in_a_record() {
	# close_notify in a record that is announced as longer: over at once, although the client stays
	tls_listener relay verify=0,fork CREATE:got
	printf '\025\003\003\055\055\001\000' >alert
	start client "$python" -c 'import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
connection.sendall(open("alert", "rb").read())
connection.settimeout(20)
sys.exit(0 if connection.recv(1) == b"" else 1)' "$port"
	wait_log relay.log ' E .*the peer ended the handshake with close_notify$'
	finish "$pid"
	assertEquals 'closed by us' 0 "$status"
	still_serves
}

test_plain_servers() {
	# servers of other protocols, and one that hangs up
	for text in 'HTTP/1.1 400 Bad Request\r\n\r\n' 'SSH-2.0-OpenSSH_9.2\r\n' '+OK ready\r\n' '220 mail ESMTP\r\n'; do
		tls_server plain plain "$text"
		run "$SOCAT" - "$(tls_connect)" </dev/null
		assert_error "the peer does not speak TLS: it began with \"$(printf %.8s "$text" | sed 's/[+.]/\\&/g')"
		assert_out ''
		stop "$server_pid"
	done
	server gone say ''
	run "$SOCAT" - "$(tls_connect)" </dev/null
	assert_error '(closed|reset)'
	server echo echo
	run "$SOCAT" - "$(tls_connect)" </dev/null
	assert_error 'TLS handshake'
	assert_out ''
}

test_tls13_only() {
	# servers and clients of TLS 1.3 alone: words that say so
	tls_server server --cert "$pki/server.pem" --min 1.3 say secret
	run "$SOCAT" - "$(tls_connect)" </dev/null
	assert_error 'TLS 1\.3'
	assert_out ''
	tls_listener relay verify=0,fork CREATE:got
	tls_client --min 1.3 "127.0.0.1:$port" say secret
	assertEquals 1 "$status"
	assert_log err '^1: failed (TLSV1_ALERT_PROTOCOL_VERSION|SSLV3_ALERT_HANDSHAKE_FAILURE)'
	wait_log relay.log ' E '
	still_serves
}

test_no_suite_in_common() {
	# so is having no cipher suite in common
	tls_server server --cert "$pki/server.pem" --max 1.2 --ciphers ECDHE-ECDSA-AES256-CCM say secret
	run "$SOCAT" - "$(tls_connect cipher=ECDHE-RSA-AES128-GCM-SHA256)" </dev/null
	assert_error '(cipher|handshake failure)'
	tls_listener relay verify=0,fork,cipher=ECDHE-ECDSA-AES128-GCM-SHA256 CREATE:got
	tls_client --max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256 "127.0.0.1:$port" say secret
	assert_log err '^1: failed SSLV3_ALERT_HANDSHAKE_FAILURE'
	wait_log relay.log ' E .*cipher'
	still_serves
}

test_old_hellos() {
	# hellos of SSL 2 and 3, lengths that can't be
	tls_listener relay verify=0,fork CREATE:got
	tls_client "127.0.0.1:$port" bytes 802e0100020015000000100100800300800700c0060040020080040080000004000003000006
	tls_client "127.0.0.1:$port" bytes 1603000005010000010000
	tls_client "127.0.0.1:$port" bytes 160301ffff01
	tls_client "127.0.0.1:$port" bytes 1603010000
	tls_client "127.0.0.1:$port" bytes 17030300050000000000
	tls_client "127.0.0.1:$port" bytes 150303000102
	wait_log relay.log ' E ' 6
	still_serves
}

# ---- handshakes that are broken off or tampered with

# One offset of so many is tried.
if sanitized || [ -n "${QUICK:-}" ]; then step=7; else step=1; fi

# wrote FILE: bytes of the first handshake there.
wrote() {
	sed -n 's/^1: handshake .* wrote=\([0-9]*\) .*/\1/p' "$1" | head -n 1
}

test_client_breaks_off() {
	# a client's handshake that ends after any number of bytes opens nothing
	tls_listener relay verify=0,fork CREATE:got
	tls_client --max 1.2 "127.0.0.1:$port" say hello
	count=$(wrote err)
	wait_until size_is got 5
	rm got
	tls_client --max 1.2 "127.0.0.1:$port" cuts "$count"
	assert_out "0 of $count answered\n"
	assert_lines err ': cut after' "$count"
	refute_log err ': handshake'
	wait_log relay.log ' E .*handshake' $((count - 1))
	still_serves
}

test_client_with_certificate_breaks_off() {
	# nor one of a client that shows a certificate, which is not believed before its signature
	tls_listener relay "cafile=$pki/ca.crt,fork" CREATE:got
	tls_client --max 1.2 --cert "$pki/client.pem" "127.0.0.1:$port" say hello
	# signatures differ in length
	count=$(($(wrote err) - 8))
	wait_until size_is got 5
	rm got
	tls_client --max 1.2 --cert "$pki/client.pem" "127.0.0.1:$port" cuts "$count"
	assert_out "0 of $count answered\n"
	assertFalse 'opened' '[ -e got ]'
}

test_client_tampered() {
	# a changed bit anywhere in a client's handshake ends it; but no one vouches for the version
	# in the header of the first record
	tls_listener relay verify=0,fork,handshake-timeout=0.3 PIPE
	tls_client --max 1.2 "127.0.0.1:$port" say hello
	count=$(wrote err)
	tls_client --max 1.2 "127.0.0.1:$port" tampers "$count" "$step"
	assertEquals "$(tail -n 3 err)" 0 "$status"
	assertEquals '' "$(grep ': answered' err | grep -v '^[12]: ')"
	tls_client "127.0.0.1:$port" say hello
	assert_out hello
}

test_server_breaks_off() {
	# a server's handshake that ends after any number of bytes: nothing is sent, nothing comes
	tls_server probe --cert "$pki/server.pem" --max 1.2 echo
	run "$SOCAT" - "$(tls_connect)" </dev/null
	count=$(($(wrote probe.log) - 8))
	tls_server server --cert "$pki/server.pem" --max 1.2 --cut-each say secret
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
	tls_client "127.0.0.1:$port" knock "$count" secret
	assert_out "0 of $count answered\n"
	wait_log server.log ': cut after' "$count"
	refute_log server.log ': handshake'
	assertEquals 'bytes crossed' '' "$(find . -name 'server.port.*')"
	wait_log relay.log ' E .*handshake' "$count"
}

test_server_tampered() {
	# a changed bit anywhere in a server's handshake, behind the first header, ends it
	tls_server probe --cert "$pki/server.pem" --max 1.2 echo
	run "$SOCAT" - "$(tls_connect)" </dev/null
	count=$((($(wrote probe.log) - 12) / step))
	tls_server server --cert "$pki/server.pem" --max 1.2 --tamper-each "$step" say secret
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect handshake-timeout=0.3)"
	tls_client "127.0.0.1:$port" knock "$count" secret
	assert_out "0 of $count answered\n"
	assertEquals 'bytes crossed' '' "$(find . -name 'server.port.*')"
	refute_log server.log ': end close_notify'
	wait_log relay.log ' E .*handshake' "$count"
}

test_one_byte_at_a_time() {
	# handshakes and data in segments of one byte each
	tls_listener relay verify=0,fork PIPE
	tls_client --drip "127.0.0.1:$port" say 'byte by byte'
	assertEquals "$(cat err)" 0 "$status"
	assert_out 'byte by byte'
	tls_server server --cert "$pki/server.pem" --drip echo
	given 'byte by byte'
	run "$SOCAT" -t 10 - "$(tls_connect)" <in
	assert_status 0
	assert_out 'byte by byte'
}

test_handshake_in_pieces() {
	# messages of a handshake may come in any number of records
	tls_listener relay "cafile=$pki/ca.crt,fork" PIPE
	for length in 1 3 100; do
		tls_client --max 1.2 --fragment "$length" --cert "$pki/client.pem" "127.0.0.1:$port" say pieces
		assertEquals "$length: $(cat err)" 0 "$status"
		assert_out pieces
		tls_server server --max 1.2 --fragment "$length" --cert "$pki/server.pem" echo
		given pieces
		run "$SOCAT" -t 10 - "$(tls_connect)" <in
		assertEquals "$length: $(cat err)" 0 "$status"
		assert_out pieces
		stop "$server_pid"
	done
}

test_false_start() {
	# a client may send data right behind its part of the handshake
	tls_listener relay verify=0,fork PIPE
	tls_client "127.0.0.1:$port" false-start 'false start'
	assertEquals "$(cat err)" 0 "$status"
	assert_out 'false start'
	refute_log relay.log ' [EW] '
}

test_too_many_certificates() {
	# a chain has an end somewhere
	make_more deep_chain endless 80 extendedKeyUsage=clientAuth
	tls_listener relay "cafile=$pki/endless-0.crt,fork" CREATE:got
	tls_client --cert "$pki/endless.pem" "127.0.0.1:$port" say secret
	assertEquals 1 "$status"
	wait_log relay.log ' E .*too much'
	assertFalse 'opened' '[ -e got ]'
}

test_garbage() {
	# nonsense of all kinds, some of it in the form of records and messages
	tls_listener relay verify=0,fork,handshake-timeout=1 CREATE:got
	tls_client "127.0.0.1:$port" garbage one 500
	assert_out 'done\n'
	refute_log err ': answered'
	still_serves
}

test_mute_crowd() {
	# clients that never speak, or stop in the middle of a hello, keep nobody from being served
	tls_listener relay verify=0,fork,handshake-timeout=2 PIPE
	relay=$pid
	start crowd "$python" "$tls_peer" client "127.0.0.1:$port" crowd 200 1603010100010000
	crowd=$pid
	start mute "$python" "$tls_peer" client "127.0.0.1:$port" crowd 200 ''
	mute=$pid
	wait_log crowd.out 'crowd 200'
	wait_log mute.out 'crowd 200'
	tls_client "127.0.0.1:$port" say hello
	assert_out hello
	finish "$crowd"
	finish "$mute"
	wait_until has_sockets "$relay" 1 || ls -l "/proc/$relay/fd"
	tls_client "127.0.0.1:$port" say hello
	assert_out hello
}

# ---- after the handshake

# as_client STEP...: one client that sends these records, to a listener that goes on.
as_client() {
	rm -f got
	tls_listener relay verify=0 OPEN:got,creat,append
	relay=$pid
	tls_client "127.0.0.1:$port" forge "$@"
	assertEquals "$*: $(tail -n 2 err)" 0 "$status"
	finish "$relay"
}

# as_server STEP...: a server that does, for a client of ours.
as_server() {
	tls_server server --cert "$pki/server.pem" forge "$@"
	mkfifo hold
	start_with hold relay "$SOCAT" -d -d -t 10 - "$(tls_connect)"
	relay=$pid
	exec 9>hold
	finish "$relay"
	exec 9>&-
	rm hold
	mv relay.out got
	wait_log server.log ': end'
	mv server.log err
	kill "$server_pid"
	forget "$server_pid"
}

# breaks WORDS ALERT STEP...: these records are answered by that alert and end the session, in
# either role; data before them arrives, none after.
breaks() {
	words=$1 alert=$2
	shift 2
	for role in as_client as_server; do
		$role text:hello "$@" text:more fin
		assertEquals "$role $*: $(tail -n 3 relay.log)" 1 "$status"
		assert_lines relay.log " E .*$words" 1
		assert_lines relay.log ' E ' 1
		assert_file hello got
		# what is unread when we close makes TCP drop the alert; so once more without it
		[ -n "$alert" ] || continue
		$role text:hello "$@"
		assert_log err "^1: alert 2,$alert"
	done
}

test_tampered_records() {
	# a changed bit in the type, the nonce, the data or the tag of a record
	for bit in 0 2 40 103 104 150 223 224 351; do
		breaks 'TLS record' '' "bad:$bit"
	done
	breaks 'damaged or tampered' 20 bad:104
}

test_tampered_length() {
	# one in its length or version, too: the record is not there, or not all of it
	for bit in 9 17 24 32 39; do
		breaks '(TLS record|close_notify)' '' "bad:$bit"
	done
}

test_impossible_lengths() {
	# records longer than any may be, or too short to be one, or with too much in them
	breaks 'length' '' length:20000
	breaks 'length' '' length:65535
	breaks '(length|TLS record)' '' length:3
	breaks '(length|TLS record)' '' length:0
	breaks '(length|TLS record)' '' oversize:16385
}

test_unknown_types() {
	# types of records that don't exist, or are for handshakes
	breaks 'type' 10 type:99,0102
	breaks 'type' 10 type:24,0102
	breaks 'type' 10 type:20,01
}

test_records_in_clear() {
	# what is not encrypted is not believed, alerts and data alike
	breaks 'TLS record' '' raw:15030300020100
	breaks 'TLS record' '' raw:17030300056d6f7265
	breaks 'no TLS record' '' "raw:$get"
}

test_alerts() {
	# warnings are no end; a fatal alert is, and it is told in words
	tls_listener relay verify=0,fork PIPE
	tls_client "127.0.0.1:$port" forge text:one expect:one alert:1,90 alert:1,110 text:two expect:two close end
	assertEquals "$(cat err)" 0 "$status"
	refute_log relay.log ' [EW] '
	breaks '(40|handshake failure)' '' alert:2,40
	breaks '(80|internal error)' '' alert:2,80
	breaks 'alert' '' type:21,02
	breaks 'alert' '' type:21,020000
}

test_renegotiation() {
	# requests to negotiate again are refused, the session goes on
	tls_listener relay verify=0,fork PIPE
	tls_client "127.0.0.1:$port" forge text:one expect:one handshake:010000020303 text:two expect:two close end
	assertEquals "$(cat err)" 0 "$status"
	assert_log err '^1: alert 1,100'
	tls_server server --cert "$pki/server.pem" forge expect:hello handshake:00000000 text:hello half:00000000 text:more close end
	given hello
	run "$SOCAT" -t 10 - "$(tls_connect)" <in
	assertEquals "$(cat err)" 0 "$status"
	assert_out hellomore
	assert_log server.log '^1: alert 1,100'
}

test_renegotiation_by_openssl() {
	# s_client's own, after which it gives up, and we go on
	tls_listener relay verify=0,fork PIPE
	mkfifo hold
	start_with hold client openssl s_client -connect "127.0.0.1:$port" -tls1_2 -legacy_renegotiation
	client=$pid
	exec 9>hold
	wait_log client.out 'Verify return code'
	echo R >&9
	wait_log client.log '(NO_RENEGOTIATION|no renegotiation)' || cat client.out
	exec 9>&-
	finish "$client"
	tls_client "127.0.0.1:$port" say hello
	assert_out hello
}

test_handshake_messages_later() {
	# messages of a handshake that is over
	for message in 14000000 0400000600000000aabb 0b000003000000 0e000000; do
		for role in as_client as_server; do
			$role text:hello "handshake:$message" fin
			assert_file hello got
			assertEquals "$role $message" 1 "$status"
		done
	done
}

test_empty_records() {
	# some empty records are fine, as OpenSSL once sent them; a flood of them is not
	tls_listener relay verify=0,fork PIPE
	tls_client "127.0.0.1:$port" forge empty:10 text:one empty:10 expect:one text:two expect:two close end
	assertEquals "$(cat err)" 0 "$status"
	refute_log relay.log ' [EW] '
	tls_listener relay verify=0 CREATE:got
	relay=$pid
	tls_client "127.0.0.1:$port" forge empty:20000 fin
	finish "$relay"
	assertEquals 1 "$status"
	assert_log relay.log ' E .*empty records'
}

test_flood_of_warnings() {
	# so are alerts and requests for another handshake without end
	steps=
	for number in $(seq 400); do
		steps="$steps alert:1,90 handshake:00000000"
	done
	# shellcheck disable=SC2086
	as_client $steps fin
	assertEquals 1 "$status"
	assert_lines relay.log ' E ' 1
}

test_half_a_record_at_rest() {
	# half a record keeps its session waiting and nobody else
	tls_listener relay verify=0,fork PIPE
	start client "$python" "$tls_peer" client "127.0.0.1:$port" forge text:one expect:one raw:170303 "wait:$dir/go"
	client=$pid
	wait_until size_is client.out 3
	for number in 1 2 3; do
		tls_client "127.0.0.1:$port" say hello
		assert_out hello
	done
	touch go
	stop "$client"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
