#!/bin/sh
# Options of TLS: suites, versions, names, pins, lengths, ALPN, resumption, reloading.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

# ask OPTIONS: one question to the server at $server_port.
ask() {
	given hello
	run "$SOCAT" -t 10 - "$(tls_connect "$1")" <in
}

# connects OPTIONS WORDS: that works, and the server tells so.
connects() {
	: >"$server_name.log"
	ask "$1"
	assertEquals "$1: $(cat err)" 0 "$status"
	assert_out hello
	wait_log "$server_name.log" "handshake $2 "
}

# ---- suites and versions

test_cipher_client() {
	# lists of suites: names, key words, exclusions; the order is ours to offer
	tls_server server --cert "$pki/server.pem" --max 1.2 --ciphers ALL:@SECLEVEL=0 echo
	connects cipher=ECDHE-ECDSA-AES128-GCM-SHA256 'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256'
	connects cipher=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384'
	connects cipher=CHACHA20 'TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305'
	connects 'cipher=AESGCM+AES256' 'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384'
	connects 'cipher=HIGH:!AESGCM:!CHACHA20:!AESCCM:!SHA1:!AES256' 'TLSv1.2 ECDHE-ECDSA-AES128-SHA256'
}

test_cipher_server() {
	# a server's list decides what it takes, and its order what is taken
	tls_listener relay verify=0,fork,cipher=ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256 PIPE
	tls_client "127.0.0.1:$port" say hello
	assert_log err 'ECDHE-ECDSA-AES256-GCM-SHA384'
	tls_client --max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384 "127.0.0.1:$port" say hello
	assert_log err 'ECDHE-ECDSA-AES256-GCM-SHA384'
	tls_client --max 1.2 --ciphers ECDHE-ECDSA-CHACHA20-POLY1305 "127.0.0.1:$port" say hello
	assertEquals 1 "$status"
}

test_no_cbc_suite_by_accident() {
	# 3DES and static ECDH are not offered unless asked for
	s_server server -cert "$pki/rsa.pem" -cipher ALL:@SECLEVEL=0 -tls1_2 -trace -rev
	ask ''
	wait_until grep -q 'compression_methods' server.out
	# the list alone: certificates, too, are shown, and any letters may come up in them
	sed -n '/cipher_suites/,/compression_methods/p' server.out >offered
	assert_log offered 'TLS_ECDHE_'
	refute_log offered '(3DES|TLS_ECDH_|TLS_DH_|NULL|anon|RC4|EXPORT)'
}

test_versions_client() {
	# min and max against servers of one version each
	for version in 1.0 1.1; do
		tls_server "server$version" --cert "$pki/rsa.pem" --min "$version" --max "$version" echo
		ask ''
		assertEquals "$version" 1 "$status"
		assert_log err ' E .*(version|TLS)'
		for options in "min-proto-version=TLS$version" "max-proto-version=TLS$version" "method=TLS$version" \
			"openssl-min-proto-version=TLS1.0"; do
			connects "$options" "TLSv${version%.0} .*"
		done
	done
	tls_server server --cert "$pki/rsa.pem" --min 1.0 echo
	connects min-proto-version=TLS1 'TLSv1.2 .*'
	connects max-proto-version=TLS1.1,min-proto-version=TLS1 'TLSv1.1 .*'
	connects max-proto-version=TLS1.3 'TLSv1.2 .*'
	connects method=SSL23 'TLSv1.2 .*'
}

test_versions_server() {
	# and against clients of one version each
	tls_listener relay "cert=$pki/rsa.pem,verify=0,fork,min-proto-version=TLS1.1" PIPE
	for version in 1.1 1.2; do
		tls_client --min "$version" --max "$version" "127.0.0.1:$port" say hello
		assertEquals "$version: $(cat err)" 0 "$status"
		assert_out hello
	done
	tls_client --min 1.0 --max 1.0 "127.0.0.1:$port" say hello
	assertEquals 1 "$status"
	assert_log err 'failed TLSV1_ALERT_PROTOCOL_VERSION'
	tls_client "127.0.0.1:$port" say hello
	assert_log err 'TLSv1\.2'
}

test_old_versions_move_data() {
	# blocks of the old versions carry data of any size, both ways at once
	for version in 1.0 1.1; do
		tls_listener relay "cert=$pki/rsa.pem,verify=0,min-proto-version=TLS1.0" PIPE
		tls_client --min "$version" --max "$version" "127.0.0.1:$port" full old 1000000
		assertEquals "$version: $(cat err)" 0 "$status"
		assert_log err "sum $("$python" "$tests/peer.py" client sum old 1000000)"
		tls_server server --cert "$pki/rsa.pem" --min "$version" --max "$version" echo
		head -c 1000000 "$python" >in
		run "$SOCAT" -t 10 - "$(tls_connect min-proto-version=TLS1.0)" <in
		assertTrue "$version" 'cmp -s in out'
		stop "$server_pid"
	done
}

# ---- names

test_sni() {
	# servers are told the name of the address, of commonname, of snihost; no-sni none, addresses never
	tls_server server --cert "$pki/server.pem" echo
	sni_is 127.0.0.1 '' -
	sni_is localhost '' localhost
	sni_is localhost ,no-sni -
	sni_is localhost ,no-sni=0 localhost
	sni_is localhost ,snihost=other.test other.test
	sni_is 127.0.0.1 ,snihost=other.test other.test
	sni_is 127.0.0.1 ,commonname=localhost localhost
	sni_is localhost ,commonname= localhost
	sni_is localhost ,commonname=127.0.0.1 '(localhost|-)'
}

sni_is() {
	: >server.log
	given hello
	run "$SOCAT" -t 10 - "OPENSSL:$1:$server_port,pf=ip4,cafile=$pki/ca.crt$2" <in
	assertEquals "$1$2: $(cat err)" 0 "$status"
	wait_log server.log ': handshake'
	assert_log server.log ": sni $3\$"
}

test_commonname() {
	# the name to be checked, or none if it is empty; another one is refused in tls_verify_test.sh
	tls_server server --cert "$pki/wildcard.pem" echo
	connects commonname=a.example.test '.*'
	connects openssl-commonname=B.EXAMPLE.TEST '.*'
	connects cn=a.example.test. '.*'
	connects commonname= '.*'
	tls_server other --cert "$pki/other.pem" echo
	ask commonname=
	assert_error 'not trusted'
}

test_verify_spellings() {
	# verify, verify=1 and openssl-verify=1 are the default
	tls_server server --cert "$pki/selfsigned.pem" echo
	for option in verify verify=1 openssl-verify=1; do
		ask "$option"
		assert_error .
	done
	for option in verify=0 openssl-verify=0; do
		ask "$option"
		assert_out hello
	done
}

test_pins() {
	# a pin vouches for a self-signed peer; several may be given; the form of curl works too
	tls_server server --cert "$pki/selfsigned.pem" echo
	pin=$(pin_of "$pki/selfsigned.crt")
	given hello
	for options in "pin-sha256=$pin" "pin-sha256=$(pin_of "$pki/other.crt"),pin-sha256=$pin" "pin-sha256=sha256//$pin" \
		"verify=0,pin-sha256=$pin"; do
		run "$SOCAT" -t 10 - "OPENSSL:127.0.0.1:$server_port,$options" <in
		assertEquals "$options: $(cat err)" 0 "$status"
		assert_out hello
	done
	# keys of every kind
	for certificate in rsa p384 p521 expired; do
		tls_server "$certificate" --cert "$pki/$certificate.pem" echo
		run "$SOCAT" -t 10 - "OPENSSL:127.0.0.1:$server_port,pin-sha256=$(pin_of "$pki/$certificate.crt")" <in
		assertEquals "$certificate: $(cat err)" 0 "$status"
	done
}

# ---- ALPN

test_alpn_client() {
	# protocols in our order; a server's choice is told
	tls_server server --cert "$pki/server.pem" --alpn http/1.1,h2 echo
	connects alpn=h2 '.* alpn=h2'
	connects alpn=http/1.0:http/1.1 '.* alpn=http/1.1'
	given hello
	run "$SOCAT" -d -d -t 10 - "$(tls_connect 'alpn="h2,http/1.1"')" <in
	assertEquals "$(cat err)" 0 "$status"
	assert_log err ' N .*(http/1\.1|h2)'
	connects '' '.* alpn=-'
	tls_server without --cert "$pki/server.pem" echo
	connects alpn=h2 '.* alpn=-'
}

test_alpn_server() {
	# ours in a server, of those that a client has; none in common is refused
	tls_listener relay 'verify=0,fork,alpn=h2:http/1.1' PIPE
	for offer in h2 http/1.1; do
		tls_client --alpn "$offer" "127.0.0.1:$port" say hello
		assert_log err "alpn=$offer"
	done
	tls_client "127.0.0.1:$port" say hello
	assert_out hello
	assert_log err 'alpn=-'
	tls_client --alpn irc "127.0.0.1:$port" say hello
	assert_log err 'failed .*(NO_APPLICATION_PROTOCOL|no application protocol)'
}

# ---- lengths

test_maxfraglen() {
	# servers are asked for short records, and ours are as short
	for length in 512 1024 2048 4096; do
		s_server server -cert "$pki/server.pem" -rev -msg
		stop "$server_pid"
		tls_server server --cert "$pki/server.pem" --max 1.2 late seed 100000
		head -c 50000 "$python" >in
		run "$SOCAT" -t 10 - "$(tls_connect "maxfraglen=$length")" <in
		assertEquals "$length: $(cat err)" 0 "$status"
		assertEquals "$("$python" "$tests/peer.py" client sum seed 100000)" "$(checksum out)"
		assertTrue 'all of it' 'cmp -s in server.port.1'
		record_sizes server.log
		assertTrue "$length: $largest_in" "[ $largest_in -gt $length ] && [ $largest_in -le $((length + 40)) ]"
		assertTrue "$length: $largest_out" "[ $largest_out -gt $length ] && [ $largest_out -le $((length + 40)) ]"
		stop "$server_pid"
	done
}

# record_sizes LOG: of the first connection: $largest_in and $largest_out.
record_sizes() {
	wait_log "$1" '^1: records'
	largest_in=$(sed -n 's/^1: records in=\([0-9]*\) .*/\1/p' "$1")
	largest_out=$(sed -n 's/^1: records .*out=\([0-9]*\)$/\1/p' "$1")
}

test_maxfraglen_asked_by_a_client() {
	# a client that asks for short records gets them from our server
	tls_listener right verify=0,fork PIPE
	server_port=$port
	head -c 50000 "$python" >in
	run "$SOCAT" -t 10 - "$(tls_connect maxfraglen=512)" <in
	assertEquals "$(cat err)" 0 "$status"
	assertTrue 'all of it' 'cmp -s in out'
	given 'hello\n'
	tls_listener text verify=0,fork SYSTEM:"cat $python | head -c 50000"
	run openssl s_client -connect "127.0.0.1:$port" -tls1_2 -maxfraglen 512 -trace -no_ign_eof <in
	longest=$(sed -n 's/.*Length = \([0-9]*\)$/\1/p' out | sort -n | tail -n 1)
	assertTrue "$longest" "[ ${longest:-0} -le 1500 ]"
}

test_maxsendfrag() {
	# our own records are no longer than that, in either role
	tls_server server --cert "$pki/server.pem" collect
	head -c 50000 "$python" >in
	for length in 512 1000 16384; do
		tls_server server --cert "$pki/server.pem" --max 1.2 collect
		run "$SOCAT" -t 10 - "$(tls_connect "maxsendfrag=$length")" <in
		assert_status 0
		record_sizes server.log
		assertTrue "$length: $largest_in" "[ $largest_in -gt $length ] && [ $largest_in -le $((length + 40)) ]"
		assertTrue 'all of it' 'cmp -s in server.port.1'
		stop "$server_pid"
	done
	tls_listener relay verify=0,fork,openssl-maxsendfrag=512 OPEN:"$dir/in"
	tls_client "127.0.0.1:$port" collect
	record_sizes err
	assertTrue "$largest_in" "[ $largest_in -gt 512 ] && [ $largest_in -le 552 ]"
	assertTrue 'all of it' 'cmp -s in out'
}

# ---- resumption

test_resumption_server() {
	# clients come back without a full handshake
	tls_listener relay verify=0,fork PIPE
	tls_client --max 1.2 "127.0.0.1:$port" resume 4 hello
	assertEquals "$(cat err)" 0 "$status"
	assert_out hellohellohellohello
	assert_lines err 'handshake .* resumed=0' 1
	assert_lines err 'handshake .* resumed=1' 3
	run openssl s_client -connect "127.0.0.1:$port" -tls1_2 -reconnect </dev/null
	assert_lines out '^New, ' 1
	assert_lines out '^Reused, ' 5
}

test_resumption_server_with_certificates() {
	# where clients show certificates, each handshake is a full one: names and trust are as of now
	tls_listener relay "cafile=$pki/ca.crt,fork" SYSTEM:'cat; echo "[$SOCAT_OPENSSL_X509_COMMONNAME]"'
	tls_client --max 1.2 --cert "$pki/client.pem" "127.0.0.1:$port" resume 3 hello
	assertEquals "$(cat err relay.log)" 0 "$status"
	assert_out 'hello[client one]\nhello[client one]\nhello[client one]\n'
	assert_lines err 'resumed=0' 3
	tls_client --max 1.2 "127.0.0.1:$port" say hello
	assertEquals 1 "$status"
}

test_resumption_client() {
	# we come back to servers that way, too
	tls_server server --cert "$pki/server.pem" --max 1.2 echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
	for number in 1 2 3 4; do
		client ask "127.0.0.1:$port" hello
		assert_out hello
	done
	wait_log server.log ': end' 4
	assert_lines server.log 'handshake .* resumed=0' 1
	assert_lines server.log 'handshake .* resumed=1' 3
}

test_resumption_forgotten() {
	# a server that has forgotten the session gets a full handshake
	tls_server server --cert "$pki/server.pem" --max 1.2 echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(tls_connect)"
	relay_port=$port
	client ask "127.0.0.1:$port" hello
	stop "$server_pid"
	tls_server server --cert "$pki/server.pem" --max 1.2 --port "$server_port" echo
	client ask "127.0.0.1:$relay_port" hello
	assertEquals "$(cat err relay.log)" 0 "$status"
	assert_out hello
	assert_log server.log 'resumed=0'
}

# ---- options without meaning here

test_options_without_effect() {
	# are accepted with a notice
	tls_server server --cert "$pki/server.pem" echo
	given hello
	for option in compress=auto dhparam=/dev/null egd=/dev/null pseudo; do
		run "$SOCAT" -d -d -t 10 - "$(tls_connect "$option")" <in
		assertEquals "$option: $(cat err)" 0 "$status"
		assert_out hello
		assert_log err " N .*${option%%=*}"
	done
	ask compress=none
	assert_status 0
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
