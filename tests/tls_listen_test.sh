#!/bin/sh
# TLS connections that we accept, from clients of all kinds.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"
data_file=$python

# ask [OPTION...]: one question by a client that checks our certificate.
ask() {
	tls_client --ca "$pki/ca.crt" --check --name localhost "$@" "127.0.0.1:$port" say hello
}

test_listen() {
	# data goes both ways, the end is an orderly one, and then the listener ends
	tls_listener relay verify=0 PIPE
	relay=$pid
	ask
	assert_status 0
	assert_out hello
	assert_log err '^1: end close_notify'
	finish "$relay"
	assertEquals 0 "$status"
	refute_log relay.log ' E '
}

test_names_of_the_type() {
	# OPENSSL-LISTEN and SSL-L are the same
	for name in OPENSSL-LISTEN SSL-L ssl-l; do
		listener relay "$name:0,bind=127.0.0.1,cert=$pki/server.pem,verify=0" PIPE
		ask
		assert_out hello
	done
}

test_version_by_default() {
	# TLS 1.2 alone: clients of less and of more than that are turned away
	tls_listener relay verify=0,fork PIPE
	ask
	assert_log err '^1: handshake TLSv1\.2 ECDHE-ECDSA-(AES|CHACHA20)'
	ask --min 1.0 --max 1.1
	assertEquals 1 "$status"
	assert_log err '^1: failed TLSV1_ALERT_PROTOCOL_VERSION'
	wait_log relay.log ' E .*(version|TLSv1\.1)'
	ask --min 1.3
	assertEquals 1 "$status"
	assert_log err '^1: failed '
	assert_out ''
	ask
	assert_out hello
}

test_handshake_first() {
	# the other address is opened after the handshake, not before
	tls_listener relay verify=0,fork CREATE:got
	relay=$pid
	tls_client "127.0.0.1:$port" bytes 474554202f
	wait_log relay.log ' E '
	assertFalse 'opened before the handshake' '[ -e got ]'
	assert_out ''
	tls_client --cut 200 "127.0.0.1:$port" say hello
	wait_log relay.log ' E ' 2
	assertFalse 'opened before the handshake' '[ -e got ]'
	ask
	wait_until size_is got 5
	assert_file hello got
}

test_key_kinds() {
	# our own key of any kind
	make_more certificate rsa4096 ca /CN=localhost "subjectAltName=$localhost" RSA-4096
	for kind in rsa p384 p521 rsa4096 chained; do
		tls_listener "$kind" "cert=$pki/$kind.pem,verify=0" PIPE
		ask
		assertEquals "$kind: $(cat err)" 0 "$status"
		assert_out hello
	done
}

test_suites() {
	# every suite, from OpenSSL
	with_suites suite_works
}

# suite_works CERTIFICATE SUITE: many records both ways, in pieces of any size.
suite_works() {
	tls_listener relay "cert=$pki/$1.pem,verify=0,cipher=$2" PIPE
	relay=$pid
	tls_client --max 1.2 --ciphers "$2:@SECLEVEL=0" "127.0.0.1:$port" full seed 200000
	assertEquals "$2: $(cat err)" 0 "$status"
	assert_log err "handshake TLSv1\\.2 $2 "
	assert_log err "sum $("$python" "$tests/peer.py" client sum seed 200000)"
	finish "$relay"
	assertEquals "$2" 0 "$status"
}

test_curves() {
	# clients that know one curve only
	tls_listener relay "cert=$pki/rsa.pem,verify=0,fork" PIPE
	for curve in P-256 P-384 P-521 X25519; do
		given 'hello\n'
		run openssl s_client -connect "127.0.0.1:$port" -CAfile "$pki/ca.crt" -verify_return_error -quiet -no_ign_eof \
			-curves "$curve" <in
		assertEquals "$curve: $(cat err)" 0 "$status"
	done
	for curve in P-256 P-384 P-521 X25519; do
		start_client "$curve" -curves "$curve"
	done
}

# start_client NAME ARGUMENT...: openssl s_client, kept open until it got its answer.
start_client() {
	rm -f hold
	mkfifo hold
	client_name=$1
	shift
	start_with hold "$client_name" openssl s_client -connect "127.0.0.1:$port" -CAfile "$pki/ca.crt" \
		-verify_return_error -quiet "$@"
	client_pid=$pid
	exec 9>hold
	echo "hello $client_name" >&9
	wait_until grep -q "^hello $client_name" "$client_name.out" || cat "$client_name.log"
	exec 9>&-
	stop "$client_pid"
}

test_s_client() {
	# OpenSSL's client
	tls_listener relay verify=0,fork PIPE
	start_client plain
	start_client named -servername localhost -verify_hostname localhost
	start_client tls12 -tls1_2
}

test_client_certificates() {
	# with verification, clients need a certificate of an authority in cafile
	tls_listener relay "cafile=$pki/ca.crt,fork" PIPE
	for certificate in client client-rsa client-chained; do
		ask --cert "$pki/$certificate.pem"
		assertEquals "$certificate: $(cat err)" 0 "$status"
		assert_out hello
	done
	start_client s_client -cert "$pki/client-rsa.pem" -key "$pki/client-rsa.key"
}

test_client_certificate_old_versions() {
	# in old versions, too
	tls_listener relay "cert=$pki/rsa.pem,cafile=$pki/ca.crt,fork,min-proto-version=TLS1.0" PIPE
	for version in 1.0 1.1; do
		for certificate in client client-rsa; do
			ask --min "$version" --max "$version" --cert "$pki/$certificate.pem"
			assertEquals "$version $certificate: $(cat err)" 0 "$status"
			assert_out hello
		done
	done
}

test_curl() {
	# a web server that knows no TLS, for curl: many requests, uploads, client certificates
	need curl || return 0
	[ -x /usr/sbin/nginx ] || { startSkipping; return 0; }
	nginx_server nginx '' 'location /up { client_body_in_file_only on; return 200 "took $content_length\n"; }'
	head -c 3000000 "$data_file" >www/file
	chmod -R a+rX www "$dir"
	tls_listener relay "cafile=$pki/ca.crt,fork" "TCP4:127.0.0.1:$server_port"
	fetch() {
		run curl -sS --cacert "$pki/ca.crt" --cert "$pki/client.pem" --resolve "localhost:$port:127.0.0.1" "$@"
	}
	fetch "https://localhost:$port/file" "https://localhost:$port/file"
	assertEquals "$(cat err)" 6000000 "$(stat -c %s out)"
	head -c 3000000 out >first
	assertTrue 'the file' 'cmp -s first www/file'
	fetch --data-binary @www/file "https://localhost:$port/up"
	assert_out 'took 3000000\n'
	fetch --tls-max 1.2 --ciphers ECDHE-ECDSA-CHACHA20-POLY1305 "https://localhost:$port/file"
	assertEquals "$(checksum www/file)" "$(checksum out)"
	run curl -sS --cacert "$pki/ca.crt" "https://127.0.0.1:$port/file"
	assertNotEquals 'without a certificate' 0 "$status"
	assert_out ''
}

test_curl_http2() {
	# HTTP/2, agreed by ALPN
	need curl || return 0
	[ -x /usr/sbin/nginx ] || { startSkipping; return 0; }
	nginx_server nginx http2 ''
	head -c 3000000 "$data_file" >www/file
	chmod -R a+rX www "$dir"
	tls_listener relay "verify=0,fork,alpn=h2" "TCP4:127.0.0.1:$server_port"
	run curl -sS --cacert "$pki/ca.crt" --http2 -o got -w '%{http_version}' "https://127.0.0.1:$port/file"
	assert_out 2
	assertEquals "$(checksum www/file)" "$(checksum got)"
}

test_gnutls_client() {
	# GnuTLS
	need gnutls-cli || return 0
	tls_listener relay "cafile=$pki/ca.crt,fork" PIPE
	head -c 300000 "$data_file" | base64 >in
	for certificate in client client-rsa; do
		mkfifo hold
		start_with hold gnutls gnutls-cli --x509cafile "$pki/ca.crt" --x509certfile "$pki/$certificate.crt" \
			--x509keyfile "$pki/$certificate.key" --verify-hostname localhost -p "$port" 127.0.0.1
		client_pid=$pid
		exec 9>hold
		cat in >&9
		wait_until got_all gnutls.out in
		exec 9>&-
		finish "$client_pid"
		assertEquals "$certificate: $(tail -n 3 gnutls.log)" 0 "$status"
		rm hold
	done
}

# got_all OUT IN: the last bytes of OUT are those of IN.
got_all() {
	tail -c "$(stat -c %s "$2")" "$1" | cmp -s - "$2"
}

test_original_as_client() {
	# the original, with certificates on both sides
	need socat || return 0
	tls_listener relay "cafile=$pki/ca.crt,fork" PIPE
	given hello
	for certificate in client client-rsa; do
		run socat -t 10 - "OPENSSL:127.0.0.1:$port,cafile=$pki/ca.crt,cert=$pki/$certificate.pem,commonname=localhost" <in
		assertEquals "$certificate: $(cat err)" 0 "$status"
		assert_out hello
	done
}

test_ours_on_both_sides() {
	# our client and our server
	tls_listener relay "cafile=$pki/ca.crt,fork" PIPE
	head -c 3000000 "$data_file" >in
	run "$SOCAT" -t 20 - "OPENSSL:localhost:$port,pf=ip4,cafile=$pki/ca.crt,cert=$pki/client.pem" <in
	assertEquals "$(cat err)" 0 "$status"
	assertTrue 'all of it' 'cmp -s in out'
}

test_ipv6() {
	# a listener for IPv6
	listener relay "OPENSSL-LISTEN:0,pf=ip6,bind=[::1],cert=$pki/server.pem,verify=0,fork" PIPE
	tls_client --ca "$pki/ca.crt" --check --name localhost "[::1]:$port" say hello
	assert_out hello
	given hello
	run "$SOCAT" -t 10 - "OPENSSL:[::1]:$port,cafile=$pki/ca.crt" <in
	assert_status 0
	assert_out hello
}

test_long_chain_and_names() {
	# clients with 20 certificates, and with names of 1,024 bytes
	make_more deep_chain deep 20 extendedKeyUsage=clientAuth
	tls_listener deep "cafile=$pki/deep-0.crt,fork" PIPE
	ask --cert "$pki/deep.pem"
	assertEquals "$(cat err deep.log)" 0 "$status"
	assert_out hello
	# 60 of them take more than one record, ours and the client's
	make_more deep_chain deepest 60 "extendedKeyUsage=serverAuth,clientAuth"
	tls_listener deepest "cert=$pki/deepest.pem,cafile=$pki/deepest-0.crt,fork" PIPE
	tls_client --ca "$pki/deepest-0.crt" --cert "$pki/deepest.pem" "127.0.0.1:$port" say hello
	assertEquals "$(cat err deep.log)" 0 "$status"
	assert_out hello
	make_more certificate long ca "/CN=long/description=$long_name" "subjectAltName=DNS:$long_name"
	tls_listener long "cafile=$pki/ca.crt,fork" PIPE
	ask --cert "$pki/long.pem"
	assertEquals "$(cat err long.log)" 0 "$status"
	assert_out hello
}

test_notice_at_the_start() {
	# a listener that verifies clients without a cafile says what that means
	listener relay "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.pem,fork" PIPE
	assert_log relay.log ' [NW] .*certificate.*verify=0'
	tls_listener quiet verify=0 PIPE
	refute_log quiet.log 'verify=0'
	tls_listener known "cafile=$pki/ca.crt" PIPE
	refute_log known.log 'verify=0'
}

test_without_certificate() {
	# a server needs a certificate
	run "$SOCAT" OPENSSL-LISTEN:0,bind=127.0.0.1,verify=0 PIPE
	assert_error 'cert'
}

test_access_control() {
	# clients that range refuses see no handshake
	tls_listener relay verify=0,fork,range=192.0.2.0/24 CREATE:got
	tls_client "127.0.0.1:$port" say hello
	assertEquals 1 "$status"
	wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.1:'
	assertFalse 'opened' '[ -e got ]'
}

test_handshake_timeout() {
	# a client that never speaks is given up after handshake-timeout, others are served meanwhile
	tls_listener relay verify=0,fork,handshake-timeout=0.5 CREATE:got
	relay=$pid
	start mute "$python" "$tls_peer" client --open "127.0.0.1:$port" bytes ''
	mute=$pid
	start half "$python" "$tls_peer" client --open "127.0.0.1:$port" bytes 1603010200
	half=$pid
	# one that has not even begun is no error
	wait_log relay.log ' N .*timed out.*handshake-timeout.*said nothing'
	wait_log relay.log ' E .*timed out.*handshake-timeout'
	assertFalse 'opened' '[ -e got ]'
	finish "$mute"
	finish "$half"
	ask
	assert_status 0
}

test_handshake_slow() {
	# a client that is slow does not hold up others, and comes through in the end
	tls_listener relay verify=0,fork PIPE
	start slow "$python" "$tls_peer" client --drip "127.0.0.1:$port" say slowly
	slow=$pid
	for number in 1 2 3 4 5; do
		ask
		assert_out hello
	done
	finish "$slow"
	assertEquals "$(cat slow.log)" 0 "$status"
	assert_file slowly slow.out
}

test_one_shot_refused() {
	# without fork, a handshake that fails is the end of the run, as of the original's
	tls_listener relay verify=0 PIPE
	relay=$pid
	tls_client "127.0.0.1:$port" bytes 474554202f
	finish "$relay"
	assertEquals 1 "$status"
	assert_lines relay.log ' E ' 1
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
