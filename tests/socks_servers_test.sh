#!/bin/sh
# SOCKS servers as they are, microsocks and Dante, and layers: tunnels in tunnels, TLS inside and outside.

# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"
# shellcheck source=tests/socks.sh
. "$(dirname "$0")/socks.sh"

# microsocks_at HOST PORT [OPTION...]
microsocks_at() {
	micro_host=$1 micro_port=$2
	shift 2
	start micro microsocks -i "$micro_host" -p "$micro_port" "$@"
	micro=$pid
	wait_until listens "$micro_port"
}

listens() {
	ss -Hltn "sport = :$1" | grep -q .
}

# Sessions through it; it ends both directions when one does, so none is ended before the answer.
talks() {
	client hold "127.0.0.1:$port" 20 </dev/null
	assert_out 'held 20\n'
}

test_microsocks() {
	# names, numbers of both kinds, refused ports
	server target echo
	four=$server_port
	server six echo --host ::1
	microsocks_at 127.0.0.1 1081
	for target in "127.0.0.1:$four" "localhost:$four" "[::1]:$server_port"; do
		listener relay TCP-LISTEN:0,fork,bind=127.0.0.1 "SOCKS5:127.0.0.1:1081:$target"
		talks
	done
	run "$SOCAT" - SOCKS5:127.0.0.1:1081:127.0.0.1:9 </dev/null
	assert_error 'SOCKS5 server error 5: connection refused'
	run "$SOCAT" - SOCKS5:127.0.0.1:1081:nosuch.invalid:9 </dev/null
	assert_error 'SOCKS5 server error [0-9]+: '
	run "$SOCAT" - SOCKS5-LISTEN:127.0.0.1:1081:127.0.0.1:0 </dev/null
	assert_error 'SOCKS5 server error 7: command not supported'
}

test_microsocks_login() {
	# with a password, over IPv6
	server target echo
	microsocks_at ::1 1082 -u user -P 'pass,word'
	listener relay TCP-LISTEN:0,fork,bind=127.0.0.1 \
		"SOCKS5:[::1]:1082:127.0.0.1:$server_port,socksuser=user,sockspass='pass,word'"
	talks
	run "$SOCAT" - "SOCKS5:[::1]:1082:127.0.0.1:$server_port,socksuser=user,sockspass=wrong" </dev/null
	assert_error 'the server has refused the user name or the password'
	run "$SOCAT" - "SOCKS5:[::1]:1082:127.0.0.1:$server_port" </dev/null
	assert_error 'the server does not serve without a login'
}

# Dante changes its user, which takes root of the whole system.
need_users() {
	grep -q '^ *0 *0 *4294967295$' /proc/self/uid_map && return 0
	echo 'skipped: needs root outside of user namespaces'
	startSkipping
	return 1
}

# dante METHOD...: on port 1080, with a user "tester" whose password is "geheim".
dante() {
	cat >danted.conf <<-END
		logoutput: $dir/dante.log
		internal: 127.0.0.1 port = 1080
		external: 127.0.0.1
		clientmethod: none
		socksmethod: $*
		user.privileged: root
		user.unprivileged: nobody
		client pass { from: 0/0 to: 0/0 }
		socks block { from: 0/0 to: 127.0.0.9/32 }
		socks pass { from: 0/0 to: 0/0 command: connect bind bindreply }
	END
	: >dante.log
	start dante danted -f danted.conf -p "$dir/danted.pid"
	dante=$pid
	wait_until listens 1080
}

test_dante() {
	# SOCKS4 and SOCKS5 without a login
	need_users || return 0
	server target echo
	dante none
	given hello
	for address in "SOCKS4:127.0.0.1:127.0.0.1:$server_port" "SOCKS4:127.0.0.1:localhost:$server_port" \
		"SOCKS5:127.0.0.1:127.0.0.1:$server_port" "SOCKS5:127.0.0.1:localhost:$server_port"; do
		run "$SOCAT" -t 10 - "$address" <in
		assertEquals "$address: $(cat err)" 0 "$status"
		assert_out hello
	done
	run "$SOCAT" - SOCKS5:127.0.0.1:127.0.0.9:80 </dev/null
	assert_error 'SOCKS5 server error 2: connection not allowed by ruleset'
	run "$SOCAT" - SOCKS4:127.0.0.1:127.0.0.9:80 </dev/null
	assert_error 'SOCKS4 server error 91: '
	client_of_dante
}

# Many sessions at once through it.
client_of_dante() {
	listener relay TCP-LISTEN:0,fork,bind=127.0.0.1 "SOCKS5:127.0.0.1:127.0.0.1:$server_port"
	client many "127.0.0.1:$port" 30 10000
	assert_out '30 of 30 answers right\n'
}

test_dante_login() {
	# the password of a user of that machine
	need_users || return 0
	server target echo
	cp /etc/passwd passwd && cp /etc/shadow shadow
	echo 'tester:x:12345:12345::/:/bin/false' >>passwd
	echo "tester:$(openssl passwd -6 geheim):19000:0:99999:7:::" >>shadow
	mount --bind passwd /etc/passwd && mount --bind shadow /etc/shadow
	dante username
	given hello
	run "$SOCAT" -t 10 - "SOCKS5:127.0.0.1:127.0.0.1:$server_port,socksuser=tester,sockspass=geheim" <in
	assert_status 0
	assert_out hello
	run "$SOCAT" - "SOCKS5:127.0.0.1:127.0.0.1:$server_port,socksuser=tester,sockspass=falsch" </dev/null
	assert_error 'the server has refused the user name or the password'
	run "$SOCAT" - "SOCKS5:127.0.0.1:127.0.0.1:$server_port" </dev/null
	assert_error 'the server does not serve without a login'
	umount /etc/passwd /etc/shadow
}

test_dante_bind() {
	# it listens for us, again and again
	need_users || return 0
	dante none
	relay relay SOCKS5-LISTEN:127.0.0.1:127.0.0.1:0,fork \
		SYSTEM:'echo $SOCAT_PEERADDR $SOCAT_PEERPORT; cat'
	for n in 1 2 3; do
		bound relay "$n"
		given hello
		run "$SOCAT" -t 10 - "TCP:127.0.0.1:$port,sourceport=500$n" <in
		assert_out "127.0.0.1 500$n\nhello"
	done
}

# ---- on top of each other

test_tls_inside() {
	# TLS to the target through the tunnel: its certificate is checked against its name
	tls_server target --cert "$pki/server.pem" echo
	proxied proxy
	given hello
	run "$SOCAT" -t 10 - \
		"OPENSSL:localhost:$server_port,cafile=$pki/ca.crt,via=\"SOCKS5:127.0.0.1:$proxy_port:localhost:$server_port\"" <in
	assert_status 0
	assert_out hello
	assert_log proxy.out "^connect localhost:$server_port$"
	run "$SOCAT" - \
		"OPENSSL:www.example.org:$server_port,cafile=$pki/ca.crt,via=\"SOCKS4A:127.0.0.1:localhost:$server_port,socksport=$proxy_port\"" </dev/null
	assert_error 'TLS handshake: .*www.example.org'
}

test_socks_in_socks() {
	# a chain of three, each asked by the one before
	server target echo
	target=$server_port
	proxied first
	first=$proxy_port
	proxied second
	second=$proxy_port
	proxied third
	given hello
	run "$SOCAT" -t 10 - "SOCKS5:third:localhost:$target,via=\"SOCKS4:second:127.0.0.1:$proxy_port,via='SOCKS5:127.0.0.1:$first:127.0.0.1:$second'\"" <in
	assert_status 0
	assert_out hello
	assertEquals "connect 127.0.0.1:$second" "$(cat first.out)"
	assertEquals "connect 127.0.0.1:$proxy_port" "$(cat second.out)"
	assertEquals "connect localhost:$target" "$(cat third.out)"
}

test_tls_outside() {
	# the way to the SOCKS server is TLS; many sessions; SOCKS5-LISTEN, too
	server target echo
	proxied proxy
	tls_listener front "fork,verify=0,cert=$pki/server.pem" "TCP:127.0.0.1:$proxy_port"
	front=$port
	via="via=\"OPENSSL:127.0.0.1:$front,cafile=$pki/ca.crt\""
	listener relay TCP-LISTEN:0,fork,bind=127.0.0.1 "SOCKS5:localhost:127.0.0.1:$server_port,$via"
	before=$(count_fds "$pid")
	client many "127.0.0.1:$port" 20 100000
	assert_out '20 of 20 answers right\n'
	wait_until has_fds "$pid" "$before"
	relay waiter "SOCKS5-LISTEN:localhost:127.0.0.1:0,$via" PIPE
	bound waiter
	client ask "127.0.0.1:$port" hello
	assert_out hello
}

test_failures_inside() {
	# whose error it is can be told
	script server hear:3 "say:$no_login" hear:10 say:0504 mute
	run "$SOCAT" - "OPENSSL:localhost:1,via=SOCKS5:127.0.0.1:$server_port:10.1.2.3:80" </dev/null
	assert_error "SOCKS5:127.0.0.1:$server_port:10.1.2.3:80: SOCKS handshake: SOCKS5 server error 4: host unreachable"
	run "$SOCAT" - "SOCKS5:a:b:1,via=SOCKS5:127.0.0.1:9:c:1" </dev/null
	assert_error 'SOCKS5:127.0.0.1:9:c:1: connect to AF=2 127.0.0.1:9: Connection refused'
}

test_with_http_proxies() {
	# an HTTP proxy behind a SOCKS server, and the other way round
	server target echo
	proxied proxy
	peer_server "$tests/http_proxy.py" web tunnel
	web=$server_port server_port=$target_port
	given hello
	run "$SOCAT" -t 10 - \
		"PROXY:web:127.0.0.1:$server_port,via=\"SOCKS5:127.0.0.1:$proxy_port:127.0.0.1:$web\"" <in
	assert_status 0
	assert_out hello
	run "$SOCAT" -t 10 - \
		"SOCKS4:proxy:127.0.0.1:$server_port,via=\"PROXY:127.0.0.1:127.0.0.1:$proxy_port,proxyport=$web\"" <in
	assert_status 0
	assert_out hello
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
