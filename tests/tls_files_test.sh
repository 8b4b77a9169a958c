#!/bin/sh
# Files of certificates, keys and authorities, in all their formats.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

# serves OPTIONS...: a listener with these options proves to be localhost of our authority.
serves() {
	listener relay "OPENSSL-LISTEN:0,bind=127.0.0.1,verify=0,$1" PIPE || return
	tls_client --ca "$pki/ca.crt" --check --name localhost "127.0.0.1:$port" say hello
	assertEquals "$1: $(cat err)" 0 "$status"
	assert_out hello
}

# fails REASON OPTIONS: a listener with these options does not even start.
fails() {
	run "$SOCAT" "OPENSSL-LISTEN:0,bind=127.0.0.1,verify=0,$2" PIPE
	assert_error "$1"
	assert_lines err ' E ' 1
}

test_key_formats() {
	# PKCS#1, SEC1 and PKCS#8, as PEM and DER
	for kind in rsa server p384 p521; do
		openssl pkey -in "$pki/$kind.key" -traditional -out old.pem 2>/dev/null
		openssl pkey -in "$pki/$kind.key" -outform DER -out key.der 2>/dev/null
		openssl pkey -in "$pki/$kind.key" -traditional -outform DER -out old.der 2>/dev/null
		for key in "$pki/$kind.key" old.pem key.der old.der; do
			serves "cert=$pki/$kind.crt,key=$key"
		done
	done
	openssl ec -in "$pki/server.key" -out with-parameters.pem 2>/dev/null
	openssl ecparam -name prime256v1 -out parameters.pem
	cat parameters.pem with-parameters.pem >both.pem
	serves "cert=$pki/server.crt,key=both.pem"
}

test_certificate_formats() {
	# PEM and DER
	openssl x509 -in "$pki/server.crt" -outform DER -out server.der
	serves "cert=server.der,key=$pki/server.key"
	openssl x509 -in "$pki/server.crt" -trustout -out trusted.pem
	cat "$pki/server.key" >>trusted.pem
	openssl x509 -in "$pki/server.crt" -text -out text.pem
	serves "cert=text.pem,key=$pki/server.key"
}

test_lines() {
	# CRLF and LF, no end of line at the end, text before and between
	sed 's/$/\r/' "$pki/server.pem" >crlf.pem
	serves cert=crlf.pem
	printf %s "$(cat "$pki/server.pem")" >no-end.pem
	serves cert=no-end.pem
	{
		printf 'Bag Attributes\n    friendlyName: one\nsubject=CN = x\n\n'
		cat "$pki/server.key"
		printf '\nAnd -- now: the certificate\n'
		cat "$pki/server.crt"
		printf 'the end, without a line feed'
	} >text.pem
	serves cert=text.pem
}

test_chain_in_one_file() {
	# certificate, chain and key in any usual order
	cat "$pki/chained.crt" "$pki/inter.crt" "$pki/chained.key" >one.pem
	serves cert=one.pem
	cat "$pki/chained.key" "$pki/chained.crt" "$pki/inter.crt" >two.pem
	serves cert=two.pem
	cat "$pki/chained.crt" "$pki/chained.key" "$pki/inter.crt" "$pki/ca.crt" >three.pem
	serves cert=three.pem
	cat "$pki/chained.crt" "$pki/inter.crt" >chain.pem
	serves "cert=chain.pem,key=$pki/chained.key"
}

test_encrypted_keys() {
	# the error says how to decrypt them
	openssl pkey -in "$pki/server.key" -aes256 -passout pass:secret -out pkcs8.pem 2>/dev/null
	openssl ec -in "$pki/server.key" -aes256 -passout pass:secret -out sec1.pem 2>/dev/null
	openssl rsa -in "$pki/rsa.key" -traditional -aes256 -passout pass:secret -out pkcs1.pem 2>/dev/null
	for key in pkcs8 sec1; do
		fails "$key\\.pem.*encrypted.*openssl pkey" "cert=$pki/server.crt,key=$key.pem"
	done
	fails 'pkcs1\.pem.*encrypted.*openssl pkey' "cert=$pki/rsa.crt,key=pkcs1.pem"
}

test_bad_files() {
	# what is wrong with a file is said at the start, with its name
	fails '/nowhere/file.*No such file' cert=/nowhere/file
	fails "$pki.*[Ii]s a directory" "cert=$pki"
	: >empty
	fails 'empty.*(no certificate|empty)' cert=empty
	fails 'server\.key.*no certificate' "cert=$pki/server.key"
	fails 'server\.crt.*no (private )?key' "cert=$pki/server.crt"
	fails 'private key is not that of the certificate' "cert=$pki/server.crt,key=$pki/second.key"
	fails 'private key is not that of the certificate' "cert=$pki/server.crt,key=$pki/rsa.key"
	head -c 300 "$pki/server.pem" >cut.pem
	fails 'cut\.pem' cert=cut.pem
	sed '3s/...../AAAAA/' "$pki/server.crt" >damaged.crt
	head -c 2000000 /dev/zero >large
	fails 'large.*(large|MiB|big)' "cert=large"
	head -c 5000 /dev/urandom >random
	fails random "cert=$pki/server.crt,key=random"
}

test_unreadable_key() {
	# a key that may not be read
	need_root || return 0
	cp "$pki/server.key" key
	chmod 600 key
	without_leak_check
	cp "$pki/server.crt" .
	chmod 755 "$dir"
	run setpriv --reuid=nobody --clear-groups "$SOCAT" "OPENSSL-LISTEN:0,bind=127.0.0.1,verify=0,cert=$dir/server.crt,key=$dir/key" PIPE
	assert_error "key.*Permission denied"
}

test_kinds_that_do_not_work() {
	# kinds of keys that BearSSL can't use are named
	openssl genpkey -algorithm ED25519 -out ed.key
	openssl req -config "$pki/ca.conf" -x509 -new -key ed.key -days 3 -subj /CN=ed -out ed.crt
	fails '(Ed25519|type|kind)' cert=ed.crt,key=ed.key
	openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out k1.key
	openssl req -config "$pki/ca.conf" -x509 -new -key k1.key -days 3 -subj /CN=k1 -out k1.crt
	fails '(curve|P-256)' cert=k1.crt,key=k1.key
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:512 -out small.key
	openssl req -config "$pki/ca.conf" -x509 -new -key small.key -days 3 -subj /CN=small -out small.crt
	fails '(512|1024)' cert=small.crt,key=small.key
}

# trusts OPTIONS: a client with these authorities believes the server at $server_port.
trusts() {
	given hello
	run "$SOCAT" -t 10 - "OPENSSL:127.0.0.1:$server_port,$1" <in
	assertEquals "$1: $(cat err)" 0 "$status"
	assert_out hello
}

test_authorities() {
	# cafile: one or many, PEM or DER, CRLF, with text; a bad one is skipped
	tls_server server --cert "$pki/server.pem" echo
	openssl x509 -in "$pki/ca.crt" -outform DER -out ca.der
	trusts cafile=ca.der
	cat "$pki/other-ca.crt" "$pki/ca.crt" >two.pem
	trusts cafile=two.pem
	sed 's/$/\r/' two.pem >crlf.pem
	trusts cafile=crlf.pem
	openssl x509 -in "$pki/ca.crt" -text -out text.pem
	trusts cafile=text.pem
	{
		cat "$pki/other-ca.crt"
		printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
		cat "$pki/ca.crt"
	} >bad.pem
	trusts cafile=bad.pem
	assert_lines err ' W .*bad\.pem.*' 1
	cat /etc/ssl/certs/ca-certificates.crt "$pki/ca.crt" >bundle.pem 2>/dev/null || cp "$pki/ca.crt" bundle.pem
	trusts cafile=bundle.pem
	refute_log err ' [EW] '
}

test_folders_of_authorities() {
	# capath: with and without names made of hashes, other files in it
	tls_server server --cert "$pki/server.pem" echo
	mkdir authorities
	cp "$pki/ca.crt" "authorities/$(openssl x509 -in "$pki/ca.crt" -noout -hash).0"
	trusts capath=authorities
	cp "$pki/other-ca.crt" authorities/other.pem
	echo 'no certificate' >authorities/README
	mkdir authorities/folder
	trusts capath=authorities
	trusts "capath=authorities,cafile=$pki/other-ca.crt"
}

test_server_certificate_as_cafile() {
	# a certificate in cafile is trusted itself, authority or not
	tls_server server --cert "$pki/server.pem" echo
	trusts "cafile=$pki/server.crt"
	tls_server selfsigned --cert "$pki/selfsigned.pem" echo
	trusts "cafile=$pki/selfsigned.crt"
	tls_server chained --cert "$pki/chained.pem" echo
	trusts "cafile=$pki/inter.crt"
}

test_bad_authorities() {
	# files without any authority are errors at the start
	for file in /nowhere/file empty "$pki/server.key"; do
		: >empty
		run "$SOCAT" - "OPENSSL:127.0.0.1:1,cafile=$file" </dev/null
		assert_error "$file"
	done
	run "$SOCAT" - OPENSSL:127.0.0.1:1,capath=/nowhere/folder </dev/null
	assert_error '/nowhere/folder.*No such file'
}

test_unreadable_key() {
	# as in a container, whose user is not the owner of what was mounted
	[ "$(id -u)" -eq 0 ] || { startSkipping; return; }
	cp "$pki/server.pem" key.pem
	chmod 600 key.pem
	chmod a+rx "$dir"
	# the program itself may lie where others can't get
	cp "$SOCAT" "$dir/socat"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/socat" \
		"OPENSSL-LISTEN:0,cert=$dir/key.pem,verify=0" PIPE
	assert_error 'key.pem: Permission denied; it belongs to user 0, group 0, mode 0600, and this process is user 65534, group 65534$'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
