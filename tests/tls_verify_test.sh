#!/bin/sh
# Peers that must not be believed: in no case does a byte of the application cross.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

# we_refuse CERTIFICATE REASON ALERT [OPTION...]: as a client we don't talk to a server with that
# certificate. It would send its secret at once; ours waits in standard input.
we_refuse() {
	refused=$1 reason=$2 alert=$3
	shift 3
	tls_server "$refused" --cert "$pki/$refused.pem" say secret
	we_refuse_server "$(tls_connect "$@")"
	stop "$server_pid"
}

we_refuse_server() {
	given secret
	run "$SOCAT" - "$1" <in
	assert_error "$reason"
	assert_lines err ' E ' 1
	assert_out ''
	wait_log "$refused.log" "^1: failed $alert"
	assertFalse "$refused: bytes crossed" "[ -e $refused.port.1 ]"
}

test_server_of_unknown_authority() {
	# another authority, the right name
	we_refuse other 'not trusted.*cafile' TLSV1_ALERT_UNKNOWN_CA
}

test_server_self_signed() {
	# nobody but itself vouches for it
	we_refuse selfsigned '(self-signed|not trusted).*(cafile|pin-sha256)' TLSV1_ALERT_UNKNOWN_CA
}

test_server_expired() {
	# the date is told
	we_refuse expired 'expired.*2002-02-02' SSLV3_ALERT_CERTIFICATE_EXPIRED
}

test_server_not_yet_valid() {
	# so is the date from when on it is valid
	we_refuse early 'not (yet )?valid.*2045-01-01' '(SSLV3_ALERT_CERTIFICATE_EXPIRED|SSLV3_ALERT_BAD_CERTIFICATE|SSLV3_ALERT_CERTIFICATE_UNKNOWN)'
}

name_alert='SSLV3_ALERT_(BAD_CERTIFICATE|CERTIFICATE_UNKNOWN)'

test_server_with_another_name() {
	# the name asked for and those of the certificate are told
	we_refuse server 'elsewhere\.test.*localhost' "$name_alert" commonname=elsewhere.test
	we_refuse san-not-cn '127\.0\.0\.1.*elsewhere\.test' "$name_alert"
	we_refuse wildcard '127\.0\.0\.1.*\*\.example\.test' "$name_alert"
}

test_common_name_beside_alternative_names() {
	# CN counts only where there are no alternative names
	we_refuse san-not-cn 'localhost.*elsewhere\.test' "$name_alert" commonname=localhost
}

test_address_in_another_field() {
	# an address is not searched in names, nor in CN; a name not in addresses
	we_refuse dns '127\.0\.0\.1' "$name_alert"
	we_refuse ip4 'localhost' "$name_alert" commonname=localhost
	we_refuse ip4 '127\.0\.0\.2' "$name_alert" commonname=127.0.0.2
	we_refuse ip6 '127\.0\.0\.1' "$name_alert"
}

test_wildcards_that_match_nothing() {
	# without two labels behind it, in the middle of a label, not in the first one; addresses match none
	for name in '*' '*.1' '*.test' 'w*w.example.test' 'www.*.test' '*.*.test' '*.example.*'; do
		make_more certificate odd ca /CN=odd "subjectAltName=DNS:$name" || return
		we_refuse odd 'www\.example\.test' "$name_alert" commonname=www.example.test
		we_refuse odd '127\.0\.0\.1' "$name_alert"
	done
}

test_name_with_a_nul() {
	# a name is as long as its bytes, not up to the first NUL
	make_more certificate nul ca /CN=nul 'subjectAltName=DER:30:1B:82:19:6C:6F:63:61:6C:68:6F:73:74:00:2E:65:76:69:6C:2E:65:78:61:6D:70:6C:65:2E:74'
	we_refuse nul 'localhost' "$name_alert" commonname=localhost
}

test_server_with_wrong_usage() {
	# certificates for something else: of a client, or of an authority
	we_refuse wrong-eku '(extended|usage|client).*' 'SSLV3_ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_UNKNOWN)'
	we_refuse wrong-ku . '.*'
}

test_issuer_that_is_no_authority() {
	# a certificate signed by one that may not sign any
	we_refuse no-ca '.' 'T?(LSV1|SSLV3)_ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN)'
}

test_missing_intermediate() {
	# without the intermediate's certificate there is no way to the authority
	cat "$pki/chained.crt" "$pki/chained.key" >"$pki/alone.pem"
	we_refuse alone 'not trusted' TLSV1_ALERT_UNKNOWN_CA
}

test_wrong_pin() {
	# a pin that is another key's, with and without an authority that vouches for it
	pin=$(pin_of "$pki/other.crt")
	we_refuse server 'pin' '.*' "pin-sha256=$pin"
	tls_server selfsigned --cert "$pki/selfsigned.pem" say secret
	refused=selfsigned reason=pin alert='.*'
	we_refuse_server "OPENSSL:127.0.0.1:$server_port,verify=0,pin-sha256=$pin"
}

test_no_authority_at_all() {
	# nobody is trusted where there is no bundle
	SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/nowhere
	export SSL_CERT_FILE SSL_CERT_DIR
	tls_server server --cert "$pki/server.pem" say secret
	refused=server reason='not trusted' alert=TLSV1_ALERT_UNKNOWN_CA
	we_refuse_server "OPENSSL:127.0.0.1:$server_port"
	unset SSL_CERT_FILE SSL_CERT_DIR
}

test_system_bundle() {
	# the system's authorities vouch for none of ours; SSL_CERT_FILE and SSL_CERT_DIR take their place
	tls_server server --cert "$pki/server.pem" echo
	given hello
	run "$SOCAT" -t 10 - "OPENSSL:127.0.0.1:$server_port" <in
	assert_error 'not trusted'
	assert_out ''
	run env SSL_CERT_FILE="$pki/ca.crt" "$SOCAT" -t 10 - "OPENSSL:127.0.0.1:$server_port" <in
	assert_status 0
	assert_out hello
	mkdir authorities
	cp "$pki/ca.crt" "authorities/$(openssl x509 -in "$pki/ca.crt" -noout -hash).0"
	run env SSL_CERT_DIR="$dir/authorities" "$SOCAT" -t 10 - "OPENSSL:127.0.0.1:$server_port" <in
	assert_status 0
	assert_out hello
	run "$SOCAT" -t 10 - "OPENSSL:127.0.0.1:$server_port,capath=$dir/authorities" <in
	assert_status 0
	assert_out hello
}

test_anonymous_suites() {
	# suites without authentication are not to be had
	run "$SOCAT" - OPENSSL:127.0.0.1:1,cipher=aNULL </dev/null
	assert_error 'aNULL'
	server_port=$(free_port)
	start server openssl s_server -accept "127.0.0.1:$server_port" -nocert -cipher aNULL:@SECLEVEL=0 -tls1_2
	wait_until listens "$server_port"
	given secret
	run "$SOCAT" - "$(tls_connect)" <in
	assert_error 'handshake'
	assert_out ''
	refute_log server.out secret
}

test_verify_0() {
	# verify=0 accepts anybody, as it says
	for certificate in other selfsigned expired early wrong-eku; do
		tls_server "$certificate" --cert "$pki/$certificate.pem" echo
		given hello
		run "$SOCAT" -t 10 - "OPENSSL:127.0.0.1:$server_port,verify=0" <in
		assertEquals "$certificate: $(cat err)" 0 "$status"
		assert_out hello
		stop "$server_pid"
	done
}

# ---- servers that refuse us

# it_refuses_us REASON OPTION: a server that wants certificates of its authority.
it_refuses_us() {
	tls_server server --cert "$pki/server.pem" --ca "$pki/ca.crt" say secret
	given secret
	run "$SOCAT" - "$(tls_connect "$2")" <in
	assert_error "$1"
	assert_out ''
	wait_log server.log '^1: failed '
	assertFalse "$1: bytes crossed" '[ -e server.port.1 ]'
	stop "$server_pid"
}

test_refused_as_a_client() {
	# what its alert says is told in words
	it_refuses_us '(handshake failure|certificate)' ''
	it_refuses_us 'unknown (CA|authority|certificate authority)' "cert=$pki/client-other.pem"
	it_refuses_us 'expired' "cert=$pki/client-expired.pem"
}

# ---- clients that we refuse

# we_turn_away CERTIFICATE REASON ALERT [OPTION]: as a server we don't open the other address for a
# client with that certificate ("": none).
we_turn_away() {
	rm -f got
	tls_listener relay "cafile=$pki/ca.crt,fork${4:+,$4}" CREATE:got
	tls_client ${1:+--cert "$pki/$1.pem"} "127.0.0.1:$port" say secret
	assertEquals "$1: $(cat err)" 1 "$status"
	assert_log err "^1: failed $3"
	assert_out ''
	wait_log relay.log " E .*127\\.0\\.0\\.1:[0-9]+: $2"
	assert_lines relay.log ' E ' 1
	assertFalse "$1: opened" '[ -e got ]'
	# the next one is served
	tls_client --cert "$pki/client.pem" "127.0.0.1:$port" say hello
	assertEquals "$1: $(cat err)" 0 "$status"
	wait_until size_is got 5
	stop "$pid"
}

test_client_without_certificate() {
	# none at all
	we_turn_away '' '.*(no|without a) certificate' '(SSLV3|TLSV1|TLSV13)_ALERT_(HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED|BAD_CERTIFICATE)'
}

test_client_of_unknown_authority() {
	# another authority's, or one of its own
	we_turn_away client-other '.*not trusted' TLSV1_ALERT_UNKNOWN_CA
	we_turn_away client-self '.*(self-signed|not trusted)' TLSV1_ALERT_UNKNOWN_CA
}

test_client_dates() {
	# expired and not valid yet
	we_turn_away client-expired '.*expired.*2002-02-02' SSLV3_ALERT_CERTIFICATE_EXPIRED
	we_turn_away client-early '.*not (yet )?valid.*2045-01-01' '(SSLV3_ALERT_CERTIFICATE_EXPIRED|SSLV3_ALERT_BAD_CERTIFICATE|SSLV3_ALERT_CERTIFICATE_UNKNOWN)'
}

test_client_with_wrong_usage() {
	# a server's certificate, or an authority's
	we_turn_away client-wrong-eku '.' 'SSLV3_ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_UNKNOWN)'
	we_turn_away client-wrong-ku '.' '.*'
}

test_client_with_another_name() {
	# commonname in a listener is who the client must be
	tls_listener relay "cafile=$pki/ca.crt,fork,commonname=one.example.test" PIPE
	tls_client --cert "$pki/client.pem" "127.0.0.1:$port" say hello
	assert_out hello
	tls_client --cert "$pki/client-rsa.pem" "127.0.0.1:$port" say hello
	assertEquals 1 "$status"
	assert_log err "^1: failed $name_alert"
	wait_log relay.log ' E .*one\.example\.test'
}

test_client_pins() {
	# a pin in a listener lets that key in alone
	tls_listener relay "verify=0,fork,pin-sha256=$(pin_of "$pki/client-self.crt")" PIPE
	tls_client --cert "$pki/client-self.pem" "127.0.0.1:$port" say hello
	assertEquals "$(cat err)" 0 "$status"
	assert_out hello
	for certificate in client client-rsa ''; do
		tls_client ${certificate:+--cert "$pki/$certificate.pem"} "127.0.0.1:$port" say hello
		assertEquals "$certificate" 1 "$status"
		assert_out ''
	done
	wait_log relay.log ' E ' 3
}

test_no_key_for_the_certificate() {
	# a client that shows another's certificate can't sign for it
	cat "$pki/client.crt" "$pki/client-rsa.key" >stolen.pem
	run "$SOCAT" - "OPENSSL:127.0.0.1:1,cert=stolen.pem" </dev/null
	assert_error 'private key is not that of the certificate'
}

test_refused_as_a_server() {
	# clients that refuse us: their alert is told in words, the other address stays closed
	tls_listener relay verify=0,fork CREATE:got
	tls_client --ca "$pki/other-ca.crt" "127.0.0.1:$port" say secret
	assertEquals 1 "$status"
	wait_log relay.log ' E .*unknown (CA|authority|certificate authority)'
	assertFalse opened '[ -e got ]'
	for certificate in expired early wrong-eku; do
		tls_listener "$certificate" "cert=$pki/$certificate.pem,verify=0,fork" CREATE:got
		tls_client --ca "$pki/ca.crt" "127.0.0.1:$port" say secret
		assertEquals "$certificate" 1 "$status"
		wait_log "$certificate.log" ' E '
		assertFalse opened '[ -e got ]'
	done
}

test_own_certificate_out_of_date() {
	# that our own certificate is expired or not valid yet is said at the start
	tls_listener expired "cert=$pki/expired.pem,verify=0" PIPE
	assert_log expired.log ' W .*expired.*2002-02-02'
	tls_listener early "cert=$pki/early.pem,verify=0" PIPE
	assert_log early.log ' W .*2045-01-01'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
