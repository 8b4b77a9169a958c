#!/bin/sh
# What the records of sessions tell of TLS; see log_test.sh for all else.

# shellcheck disable=SC2034,SC2154
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

json=--log-format=json

# sessions FILE COUNT EVENT NAME...: wait for so many records; their members are in the file members.
sessions() {
	wait_log "$1" '"event":"session"' "$2" || return 1
	sessions_log=$1
	shift 2
	"$python" "$tests/log_lines.py" "$sessions_log" session "$@" >members 2>problem || fail "$(cat problem)"
}

# json_listener NAME OPTIONS ADDRESS: a TLS server with messages in JSON; sets $port.
json_listener() {
	start "$1" "$SOCAT" -d -d $json "OPENSSL-LISTEN:0,bind=127.0.0.1,fork,cert=$pki/server.pem,$2" "$3"
	wait_log "$1.log" '"listening on ' || return 1
	port=$(sed -n 's/.*"listening on .*:\([0-9]*\)"}$/\1/p' "$1.log" | head -n 1)
}

test_both_ends() {
	# version, suite, names, and whether the session was resumed, of either end
	s_server server -cert "$pki/server.crt" -key "$pki/server.key" -tls1_2 -rev
	json_listener relay "cafile=$pki/ca.crt" "$(tls_connect commonname=localhost,snihost=up.test)"
	given 'hello\n'
	run "$SOCAT" -t 2 - "OPENSSL:127.0.0.1:$port,cafile=$pki/ca.crt,cert=$pki/client.pem,commonname=localhost,snihost=down.test,cipher=ECDHE-ECDSA-AES128-GCM-SHA256" <in
	assert_out 'olleh\n'
	sessions relay.log 1 client_tls upstream_tls failed
	assert_log members '^\{"version": "TLSv1.2", "cipher": "ECDHE-ECDSA-AES128-GCM-SHA256", "resumed": false, "sni": "down.test", "peer_name": "client one"\} '
	assert_log members ' \{"version": "TLSv1.2", "cipher": "ECDHE-ECDSA-[A-Z0-9-]*", "resumed": false, "sni": "up.test", "peer_name": "localhost"\} false$'
}

test_resumed() {
	# a client's second session, as the server and as the client see it
	json_listener relay verify=0 PIPE
	start_with /dev/null middle "$SOCAT" -d -d $json TCP4-LISTEN:0,bind=127.0.0.1,fork \
		"OPENSSL:127.0.0.1:$port,cafile=$pki/ca.crt"
	wait_log middle.log '"listening on '
	middle=$(sed -n 's/.*"listening on .*:\([0-9]*\)"}$/\1/p' middle.log | head -n 1)
	client ask "127.0.0.1:$middle" one
	assert_out one
	sessions relay.log 1 bytes_to_client
	client ask "127.0.0.1:$middle" two
	assert_out two
	sessions relay.log 2 client_tls
	assert_lines members '"resumed": false' 1
	assert_lines members '"resumed": true' 1
	sessions middle.log 2 upstream_tls
	assert_lines members '"resumed": true, .*"peer_name": "localhost"' 1
}

test_handshakes() {
	# a handshake that fails, on either side
	json_listener relay "cafile=$pki/ca.crt" PIPE
	run "$SOCAT" $json - "OPENSSL:127.0.0.1:$port,cafile=$pki/other-ca.crt" </dev/null
	sessions err 1 close_reason failed upstream error
	assert_log members "^\"handshake_failed\" true \"127.0.0.1:$port\" \".*certificate.*\"\$"
	sessions relay.log 1 close_reason failed bytes_to_upstream
	assert_file '"handshake_failed" true 0\n' members
	client ask "127.0.0.1:$port" 'GET / HTTP/1.0'
	sessions relay.log 2 error
	assert_log members 'does not speak TLS'
}

test_cut() {
	# a stream that ends without close_notify, and one with an alert in it
	json_listener relay verify=0 PIPE
	tls_client "127.0.0.1:$port" truncate hello
	sessions relay.log 1 close_reason failed error
	assert_log members '^"client_tls_cut" true '
}

test_names() {
	# names as hostile as certificates and clients can have them
	make_more certificate odd ca '/CN=a"b\\\\c<é>' 'extendedKeyUsage=clientAuth'
	json_listener relay "cafile=$pki/ca.crt" PIPE
	given hello
	run "$SOCAT" - "OPENSSL:127.0.0.1:$port,cafile=$pki/ca.crt,cert=$pki/odd.pem,snihost=$(printf 'q\\"\377\001')" <in
	assert_out hello
	sessions relay.log 1 client_tls
	assert_log members '"sni": "q\\"\\ufffd'
	assert_log members '"peer_name": "a\\"b'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
