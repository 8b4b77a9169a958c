#!/bin/sh
# The engine's own socket, published with mutual TLS: only clients with a certificate of our
# authority get through, and the docker client checks the relay's.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

# authority NAME: NAME.pem and NAME.key.
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 10 \
		-subj "/CN=$1" -keyout "$1.key" -out "$1.pem"
}

# issue NAME AUTHORITY EXTENSIONS: NAME/cert.pem, NAME/key.pem, and the authority as NAME/ca.pem: what
# DOCKER_CERT_PATH wants.
issue() {
	mkdir "$1"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
		-keyout "$1/key.pem" -out "$1/request.pem" &&
		printf '%s\n' "$3" >"$1/extensions" &&
		openssl x509 -req -in "$1/request.pem" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial \
			-days 10 -extfile "$1/extensions" -out "$1/cert.pem" &&
		cp ours.pem "$1/ca.pem"
}

make_certificates() {
	authority ours && authority theirs &&
		issue server ours 'subjectAltName=IP:127.0.0.1,DNS:localhost' &&
		issue client ours 'extendedKeyUsage=clientAuth' &&
		issue stranger theirs 'extendedKeyUsage=clientAuth' || return 1
	# in the container another user reads them
	mkdir relay && cat server/key.pem server/cert.pem >relay/server.pem &&
		cp ours.pem relay/clients-ca.pem && chmod -R a+rX . relay
}

remote() {
	env -u DOCKER_CONTEXT DOCKER_HOST="tcp://127.0.0.1:$relay_port" DOCKER_TLS_VERIFY=1 \
		DOCKER_CERT_PATH="$suite_dir/pki/$as" docker "$@"
}

run_remote() {
	run env -u DOCKER_CONTEXT DOCKER_HOST="tcp://127.0.0.1:$relay_port" DOCKER_TLS_VERIFY=1 \
		DOCKER_CERT_PATH="$suite_dir/pki/$as" docker "$@"
}

prepare_suite() {
	dir=$suite_dir
	as=client
	mkdir "$suite_dir/pki"
	(cd "$suite_dir/pki" && make_certificates) >"$suite_dir/pki.log" 2>&1 ||
		{ cat "$suite_dir/pki.log" >&2; exit 2; }
	socket=$(engine_socket) || { echo 'the engine is not used through a UNIX socket' >&2; exit 2; }
	lasting listening --cap-drop ALL --publish 127.0.0.1::2376 \
		--volume "$socket:/var/run/docker.sock" --volume "$suite_dir/pki/relay:/certs:ro" \
		--group-add "$(stat -L -c %g "$socket")" "$image" -d -d \
		openssl-listen:2376,fork,reuseaddr,cert=/certs/server.pem,cafile=/certs/clients-ca.pem \
		unix-connect:/var/run/docker.sock || exit 2
	relay=$container relay_port=$port
	lasting container --interactive "$base" sh -c 'echo ready; cat' || exit 2
	companion=$container
}

test_version() {
	as=client run_remote version --format '{{.Server.Version}}'
	assert_status 0
	assertEquals "$(docker version --format '{{.Server.Version}}')" "$(cat out)"
	wait_container_log "$relay" ' N SSL connection using TLSv1.2, ECDHE-ECDSA-.* peer .*CN ?= ?client'
}

test_run() {
	as=client run_remote run --rm "$base" sh -c 'echo to-out; echo to-err >&2; exit 7'
	assert_status 7
	assert_out 'to-out\n'
	assert_log err '^to-err$'
}

test_exec() {
	# standard input ends by close_notify: the answer that comes after it is not lost
	given 'x\n'
	as=client run_remote exec --interactive "$companion" \
		sh -c 'cat >/dev/null; sleep 1; echo late; exit 3' <in
	assert_status 3
	assert_out 'late\n'
}

test_exec_with_much_data() {
	random_file data 20000000
	as=client run_remote exec --interactive "$companion" cat <data
	assert_status 0
	assert_same data out
}

test_stranger() {
	# a certificate of another authority: the docker client does not even show it, since it is
	# told whose we take; curl does. Nothing gets through
	as=stranger run_remote version --format '{{.Server.Version}}'
	assertNotEquals 0 "$status"
	assertEquals '' "$(tr -d '\n' <out)"
	assert_log err 'tls: '
	wait_container_log "$relay" ' E .*TLS handshake with .*the client has no certificate'
	stranger=$suite_dir/pki/stranger
	run curl --silent --show-error --max-time 20 --cacert "$suite_dir/pki/ours.pem" \
		--cert "$stranger/cert.pem" --key "$stranger/key.pem" \
		"https://127.0.0.1:$relay_port/version"
	assertNotEquals 0 "$status"
	assert_out ''
	assert_log err 'unknown ca'
	wait_container_log "$relay" ' E .*TLS handshake with .*issuer.*theirs'
}

test_without_certificate() {
	mkdir "$suite_dir/pki/nobody"
	cp "$suite_dir/pki/ours.pem" "$suite_dir/pki/nobody/ca.pem"
	run curl --silent --show-error --max-time 20 --cacert "$suite_dir/pki/ours.pem" \
		"https://127.0.0.1:$relay_port/version"
	assertNotEquals 0 "$status"
	assert_out ''
	wait_container_log "$relay" ' E .*TLS handshake with .*certificate'
}

test_without_tls() {
	run env -u DOCKER_CONTEXT -u DOCKER_TLS_VERIFY docker -H "tcp://127.0.0.1:$relay_port" version \
		--format '{{.Server.Version}}'
	assertNotEquals 0 "$status"
	assertEquals '' "$(tr -d '\n' <out)"
	wait_container_log "$relay" ' E .*does not speak TLS: it began with .*HTTP/1.1'
}

test_client_checks_the_relay() {
	# another authority than the one that the client knows
	mkdir "$suite_dir/pki/wary"
	cp "$suite_dir/pki/client/cert.pem" "$suite_dir/pki/client/key.pem" "$suite_dir/pki/wary"
	cp "$suite_dir/pki/theirs.pem" "$suite_dir/pki/wary/ca.pem"
	as=wary run_remote version
	assertNotEquals 0 "$status"
	wait_container_log "$relay" ' E .*TLS handshake with .*alert 4[268]'
}

test_renewed_certificate() {
	# new files count for new connections after SIGHUP, without a restart
	(cd "$suite_dir/pki" && issue renewed ours 'subjectAltName=IP:127.0.0.1' &&
		cat renewed/key.pem renewed/cert.pem >relay/server.pem) >renew.log 2>&1
	docker kill --signal HUP "$relay" >/dev/null
	wait_container_log "$relay" ' N .*reloaded'
	as=client run_remote version --format '{{.Server.Version}}'
	assert_status 0
	echo | timeout "$BOUND" openssl s_client -connect "127.0.0.1:$relay_port" 2>/dev/null >shown
	assert_log shown 'CN ?= ?renewed'
	assertTrue 'goes on' "is_running $relay"
}

test_tunnel_checks_by_default() {
	# the image has a bundle of authorities, and ours is not among them
	start server openssl s_server -accept 127.0.0.1:0 -quiet -cert "$suite_dir/pki/server/cert.pem" \
		-key "$suite_dir/pki/server/key.pem" -naccept 2
	wait_until server_port
	run_container --network host "$image" -u /dev/null "OPENSSL:127.0.0.1:$port"
	assert_status 1
	assert_log err ' E .*issuer.*(not|un)'
	run_container --network host --volume "$suite_dir/pki/ours.pem:/ca.pem:ro" "$image" -u /dev/null \
		"OPENSSL:127.0.0.1:$port,cafile=/ca.pem"
	assert_status 0
}

# The port that the program in $pid listens on, in $port.
server_port() {
	port=$(ss -tlnpH 2>/dev/null | sed -n "s/.*127.0.0.1:\([0-9]*\) .*pid=$pid,.*/\1/p" | head -n 1)
	[ -n "$port" ]
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
