#!/bin/sh
# TLS connections that we make, to servers of all kinds.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

# ask ADDRESS [TEXT]: one question through the program tested.
ask() {
	given "${2:-hello}"
	run "$SOCAT" -t 10 - "$1" <in
}

test_connect() {
	# data goes both ways, the end is an orderly one on either side
	tls_server server --cert "$pki/server.pem" echo
	ask "$(tls_connect)"
	assert_status 0
	assert_out hello
	refute_log err ' [EW] '
	wait_log server.log '^1: end close_notify'
}

test_names_of_the_type() {
	# OPENSSL, OPENSSL-CONNECT and SSL are the same
	tls_server server --cert "$pki/server.pem" echo
	for name in OPENSSL OPENSSL-CONNECT SSL ssl; do
		ask "$name:127.0.0.1:$server_port,cafile=$pki/ca.crt"
		assert_status 0
		assert_out hello
	done
}

test_version_by_default() {
	# TLS 1.2, forward secret and authenticated encryption, is what servers are offered
	tls_server server --cert "$pki/server.pem" echo
	ask "$(tls_connect)"
	assert_log server.log '^1: handshake TLSv1\.2 ECDHE-ECDSA-(AES|CHACHA20)[A-Z0-9-]* '
	refute_log server.log '^1: handshake .*-SHA '
}

test_log() {
	# -d -d tells the version and the suite of the connection
	tls_server server --cert "$pki/server.pem" echo
	given hello
	run "$SOCAT" -d -d -t 10 - "$(tls_connect)" <in
	assert_log err ' N .*TLSv1\.2.*ECDHE-ECDSA'
}

test_host_names() {
	# the name in the address is what the certificate must be for
	for certificate in server dns cn; do
		tls_server "$certificate" --cert "$pki/$certificate.pem" echo
		ask "OPENSSL:localhost:$server_port,cafile=$pki/ca.crt,pf=ip4"
		assertEquals "$certificate: $(cat err)" 0 "$status"
		assert_out hello
	done
}

test_addresses() {
	# so is an address: IPv4 and IPv6, from the certificate's addresses
	for certificate in server ip4; do
		tls_server "$certificate" --cert "$pki/$certificate.pem" echo
		ask "$(tls_connect)"
		assertEquals "$certificate: $(cat err)" 0 "$status"
		assert_out hello
	done
	for certificate in server ip6; do
		tls_server "$certificate" --host ::1 --cert "$pki/$certificate.pem" echo
		ask "OPENSSL:[::1]:$server_port,cafile=$pki/ca.crt"
		assertEquals "$certificate: $(cat err)" 0 "$status"
		assert_out hello
	done
}

test_wildcard() {
	# a wildcard stands for one label
	tls_server server --cert "$pki/wildcard.pem" echo
	ask "$(tls_connect commonname=www.example.test)"
	assert_status 0
	assert_out hello
	for name in example.test a.b.example.test www.example.com; do
		ask "$(tls_connect "commonname=$name")"
		assert_error "$name"
		assert_out ''
	done
}

test_key_kinds() {
	# servers with keys of all kinds
	make_more certificate rsa4096 ca /CN=localhost "subjectAltName=$localhost" RSA-4096
	for kind in rsa p384 p521 rsa4096 chained; do
		s_server "$kind" -cert "$pki/$kind.pem" -cert_chain "$pki/$kind.pem" -rev
		ask "$(tls_connect)" 'hello\n'
		assertEquals "$kind: $(cat err)" 0 "$status"
		assert_out 'olleh\n'
	done
}

test_suites() {
	# every suite that the help or manual promises works against OpenSSL
	with_suites suite_works
}

# suite_works CERTIFICATE SUITE: data of many records and of a few bytes arrives.
suite_works() {
	tls_server server --cert "$pki/$1.pem" --max 1.2 --ciphers "$2:@SECLEVEL=0" echo
	head -c 100000 "$data_file" >in
	run "$SOCAT" -t 10 - "$(tls_connect "cipher=$2")" <in
	assertEquals "$2: $(cat err)" 0 "$status"
	assertTrue "$2" "cmp -s in out"
	assert_log server.log "handshake TLSv1\\.2 $2 "
	stop "$server_pid"
}
data_file=$python

test_curves() {
	# servers that insist on a curve
	for curve in prime256v1 secp384r1 secp521r1 X25519; do
		s_server server -cert "$pki/rsa.pem" -curves "$curve" -rev
		ask "$(tls_connect)" 'hello\n'
		assertEquals "$curve: $(cat err)" 0 "$status"
		assert_out 'olleh\n'
		stop "$server_pid"
	done
}

test_client_certificates() {
	# servers that want a certificate of ours, with keys of either kind, below an intermediate authority too
	tls_server server --cert "$pki/server.pem" --ca "$pki/ca.crt" echo
	number=0
	for certificate in client client-rsa client-chained; do
		ask "$(tls_connect "cert=$pki/$certificate.pem")"
		assertEquals "$certificate: $(cat err)" 0 "$status"
		assert_out hello
		number=$((number + 1))
	done
	assert_log server.log '^1: .*peer=client one'
	assert_log server.log '^2: .*peer=client-rsa'
	assert_log server.log '^3: .*peer=client-chained'
	# the key in a file of its own
	ask "$(tls_connect "cert=$pki/client.crt,key=$pki/client.key")"
	assert_out hello
}

test_client_certificate_old_versions() {
	# so do servers of TLS 1.0 and 1.1, where other hashes are signed
	for version in 1.0 1.1; do
		for certificate in client client-rsa; do
			tls_server server --cert "$pki/rsa.pem" --ca "$pki/ca.crt" --min "$version" --max "$version" echo
			ask "$(tls_connect "cert=$pki/$certificate.pem,min-proto-version=TLS$version")"
			assertEquals "$version $certificate: $(cat err)" 0 "$status"
			assert_out hello
			assert_log server.log "handshake TLSv1(\\.1)? .*peer=client"
			stop "$server_pid"
		done
	done
}

test_client_certificate_not_wanted() {
	# a certificate that nobody asks for does no harm
	tls_server server --cert "$pki/server.pem" echo
	ask "$(tls_connect "cert=$pki/client.pem")"
	assert_status 0
	assert_out hello
}

test_long_chain_and_names() {
	# 20 certificates, and names of 1,024 bytes
	make_more deep_chain deep 20 "subjectAltName=$localhost"
	tls_server deep --cert "$pki/deep.pem" echo
	ask "OPENSSL:127.0.0.1:$server_port,cafile=$pki/deep-0.crt"
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
	# 60 of them take more than one record
	make_more deep_chain deepest 60 "subjectAltName=$localhost"
	tls_server deepest --cert "$pki/deepest.pem" echo
	ask "OPENSSL:127.0.0.1:$server_port,cafile=$pki/deepest-0.crt"
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
	make_more certificate long ca "/CN=localhost/description=$long_name" "subjectAltName=DNS:$long_name,$localhost"
	tls_server long --cert "$pki/long.pem" echo
	ask "$(tls_connect)"
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
}

test_many_names() {
	# a certificate with hundreds of names, ours the last
	names=$(seq -f 'DNS:host%04g.example.test' 1 400 | tr '\n' ,)
	make_more certificate many ca /CN=many "subjectAltName=${names}IP:127.0.0.1" RSA
	tls_server server --cert "$pki/many.pem" echo
	ask "$(tls_connect)"
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
	ask "$(tls_connect commonname=host0400.example.test)"
	assert_out hello
	ask "$(tls_connect commonname=host0401.example.test)"
	assert_error 'host0401\.example\.test'
}

test_s_server() {
	# OpenSSL's server
	s_server server -cert "$pki/server.pem" -rev
	ask "$(tls_connect)" 'abc\ndef\n'
	assert_status 0
	assert_out 'cba\nfed\n'
}

test_gnutls_server() {
	# GnuTLS
	need gnutls-serv || return 0
	server_port=$(free_port)
	start server gnutls-serv --echo --port "$server_port" --x509certfile "$pki/rsa.crt" --x509keyfile "$pki/rsa.key" \
		--x509certfile "$pki/server.crt" --x509keyfile "$pki/server.key" --disable-client-cert
	wait_until listens "$server_port"
	head -c 300000 "$data_file" | base64 >in
	run "$SOCAT" -t 10 - "$(tls_connect)" <in
	assertEquals "$(cat err)" 0 "$status"
	assertTrue 'echo' 'cmp -s in out'
}

# nginx and Redis answer a close_notify by closing TCP, with none of their own; nothing else is wrong.
only_hurried_ends() {
	assertEquals '' "$(grep -E ' [EW] ' relay.log | grep -v 'without TLS.s close_notify')"
}

test_nginx() {
	# a web server behind TLS
	[ -x /usr/sbin/nginx ] || { startSkipping; return 0; }
	nginx_server nginx ssl "ssl_certificate $pki/rsa.crt; ssl_certificate_key $pki/rsa.key;"
	head -c 3000000 "$data_file" >www/file
	chmod -R a+rX www "$dir"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
	for number in 1 2 3; do
		run curl -sS "http://127.0.0.1:$port/file"
		assertEquals "$(cat err)" "$(checksum www/file)" "$(checksum out)"
	done
	# several requests over one connection
	run curl -sS "http://127.0.0.1:$port/file" "http://127.0.0.1:$port/file" "http://127.0.0.1:$port/file"
	assertEquals 9000000 "$(stat -c %s out)"
	only_hurried_ends
}

test_haproxy() {
	# HAProxy as a server that wants a client's certificate
	need haproxy || return 0
	server_port=$(free_port)
	cat >haproxy.cfg <<-END
		global
			stats socket $dir/stats
		defaults
			mode http
			timeout client 20s
			timeout server 20s
			timeout connect 20s
		frontend tls
			bind 127.0.0.1:$server_port ssl crt $pki/server.pem ca-file $pki/ca.crt verify required
			http-request return status 200 content-type text/plain lf-string "%[ssl_c_s_dn(cn)] %[ssl_fc_protocol]"
	END
	start haproxy /usr/sbin/haproxy -f haproxy.cfg -db
	wait_until listens "$server_port"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect "cert=$pki/client.pem")"
	run curl -sS "http://127.0.0.1:$port/"
	assert_out 'client one TLSv1.2'
}

# start_redis OPTION...: sets $server_port.
start_redis() {
	server_port=$(free_port)
	start redis redis-server --port 0 --bind 127.0.0.1 --tls-port "$server_port" --tls-cert-file "$pki/rsa.crt" \
		--tls-key-file "$pki/rsa.key" --tls-ca-cert-file "$pki/ca.crt" --save '' --dir "$dir" "$@"
	wait_until listens "$server_port" || cat redis.out
}

test_redis() {
	# Redis with TLS for clients that speak none, with a certificate of theirs
	need redis-server || return 0
	start_redis --tls-auth-clients yes
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect "cert=$pki/client.pem")"
	run redis-cli -p "$port" set key value
	assert_out 'OK\n'
	run redis-cli -p "$port" get key
	assert_out 'value\n'
	head -c 1000000 "$data_file" | base64 -w 0 >value
	run redis-cli -p "$port" -x set large <value
	assert_out 'OK\n'
	run redis-cli -p "$port" get large
	assertEquals "$(cat value)" "$(cat out)"
	# many requests at a time, and many at once
	seq 1 5000 | sed 's/.*/SET key& value&\r/' >commands
	run redis-cli -p "$port" --pipe <commands
	assert_log out 'errors: 0, replies: 5000'
	run redis-benchmark -p "$port" -c 20 -n 2000 -P 4 -q -t set,get
	assert_status 0
	only_hurried_ends
}

test_redis_cbc() {
	# the two suites that some managed Redis services document for TLS 1.2
	need redis-server || return 0
	for suite in ECDHE-RSA-AES128-SHA256 ECDHE-RSA-AES256-SHA384; do
		start_redis --tls-auth-clients no --tls-protocols TLSv1.2 --tls-ciphers "$suite"
		listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
		run redis-cli -p "$port" set key value
		assert_out 'OK\n'
		wait_log relay.log "$suite"
		stop_all
	done
}

test_original_as_server() {
	# the original's listener, with certificates on both sides
	need socat || return 0
	server_port=$(free_port)
	start original socat "OPENSSL-LISTEN:$server_port,bind=127.0.0.1,fork,cert=$pki/server.pem,cafile=$pki/ca.crt" PIPE
	wait_until listens "$server_port"
	ask "$(tls_connect "cert=$pki/client.pem")"
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
	ask "$(tls_connect)"
	assertNotEquals 0 "$status"
	assert_out ''
}

test_retry() {
	# retry covers what goes wrong in the handshake
	tls_server plain plain 'HTTP/1.1 400 Bad Request\r\n\r\n'
	run "$SOCAT" - "$(tls_connect retry=3,interval=0.05)" </dev/null
	assert_status 1
	wait_until grep -q '^4: accepted' plain.log
	assert_lines plain.log ': accepted' 4
	assert_lines err ' E ' 1
}

test_retry_succeeds() {
	# and goes on until it works
	tls_server server --cert "$pki/server.pem" --cut-each echo
	given hello
	# the first connections end after 0, 1, 2 ... bytes; so none of these tries can succeed
	run "$SOCAT" -t 10 - "$(tls_connect retry=5,interval=0.02)" <in
	assert_status 1
	assert_lines server.log ': cut after' 6
	server_port=$(free_port)
	start relay "$SOCAT" -d -d -u "$(tls_connect forever,interval=0.05)" CREATE:got
	relay=$pid
	wait_log relay.log 'refused'
	start late "$python" "$tls_peer" server late.port --port "$server_port" --cert "$pki/server.pem" say hello
	finish "$relay"
	assertEquals 0 "$status"
	assert_file hello got
}

test_handshake_timeout() {
	# a server that never speaks is given up after handshake-timeout
	tls_server mute mute
	run "$SOCAT" - "$(tls_connect handshake-timeout=0.3)" </dev/null
	assert_error '[Hh]andshake.*(time|0\.3)'
}

test_fork() {
	# fork opens one connection after the other, each with a handshake of its own
	tls_server server --cert "$pki/server.pem" collect
	relay relay -u "$(tls_connect fork,interval=0.05)" OPEN:/dev/null
	wait_log server.log ': handshake' 3
	assertTrue 'still there' "kill -0 $pid"
}

test_connection_options() {
	# options of TCP hold: bind, and those of sockets
	tls_server server --cert "$pki/server.pem" echo
	ask "$(tls_connect bind=127.0.0.9,nodelay,keepalive)"
	assert_status 0
	assert_out hello
	run "$SOCAT" - "OPENSSL:127.0.0.1:1,cafile=$pki/ca.crt" </dev/null
	assert_error '127\.0\.0\.1:1.*Connection refused'
}

test_both_sides() {
	# TLS on both sides, with certificates of their own
	tls_server server --cert "$pki/server.pem" --ca "$pki/ca.crt" echo
	tls_listener relay "cafile=$pki/ca.crt,fork" "$(tls_connect "cert=$pki/client-rsa.pem")"
	tls_client --ca "$pki/ca.crt" --cert "$pki/client.pem" "127.0.0.1:$port" many 5 100000
	assert_out '5 of 5 answers right\n'
	assert_log server.log 'peer=client-rsa'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
