#!/bin/sh
# Real proxies (tinyproxy, Squid), and layers: TLS inside and outside of tunnels, tunnels in tunnels.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

# start_tinyproxy NAME [DIRECTIVE...]: sets $proxy_port.
start_tinyproxy() {
	tinyproxy_name=$1
	shift
	proxy_port=$(free_port)
	{
		printf 'Port %s\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nLogLevel Info\n' "$proxy_port"
		printf '%s\n' "$@"
	} >"$tinyproxy_name.conf"
	start "$tinyproxy_name" tinyproxy -d -c "$dir/$tinyproxy_name.conf"
	wait_until listens "$proxy_port" || cat "$tinyproxy_name.out"
}

# start_squid NAME [DIRECTIVE...]: sets $proxy_port. It runs as the user that tests run as.
start_squid() {
	squid_name=$1
	shift
	proxy_port=$(free_port)
	chmod 777 "$dir"
	{
		printf '%s\n' "$@"
		cat <<-END
			http_port 127.0.0.1:$proxy_port
			visible_hostname test
			pid_filename $dir/$squid_name.pid
			access_log none
			cache_log $dir/$squid_name.cache.log
			cache_store_log none
			cache deny all
			netdb_filename none
			pinger_enable off
			shutdown_lifetime 0 seconds
			coredump_dir $dir
			http_access allow all
		END
	} >"$squid_name.conf"
	start "$squid_name" /usr/sbin/squid -N -n "test$$" -f "$dir/$squid_name.conf"
	wait_until listens "$proxy_port" || cat "$squid_name.cache.log" "$squid_name.log"
}

# through OPTIONS [TARGET]
through() {
	echo "PROXY:127.0.0.1:${2:-127.0.0.1:$target_port},proxyport=$proxy_port${1:+,$1}"
}

# ask ADDRESS: one question through the program tested. It does not end: both proxies take the end of one
# direction for that of the other, too.
ask() {
	run "$SOCAT" TEXT:hello,ignoreeof "$1,readbytes=5"
}

start_target() {
	server echo echo
	target_port=$server_port
}

# assert_many ADDRESS: twenty connections at once.
assert_many() {
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$1"
	client hold "127.0.0.1:$port" 20 </dev/null
	assert_status 0
	assert_out 'held 20\n'
	refute_log relay.log ' [EW] '
	stop "$pid"
}

assert_tunnels() {
	ask "$(through "$1")"
	assert_status 0
	assert_out hello
	assert_many "$(through "$1")"
}

test_tinyproxy() {
	# tunnels through tinyproxy, and what it refuses
	need tinyproxy || return 0
	start_target
	closed_port=$(free_port)
	start_tinyproxy proxy "ConnectPort $target_port" "ConnectPort $closed_port"
	assert_tunnels ''
	assert_tunnels http-version=1.1
	ask "$(through '' 127.0.0.1:22)"
	assert_error 'CONNECT: the proxy answered 403 Access violation; it does not allow '
	ask "$(through '' "127.0.0.1:$closed_port")"
	assert_error 'CONNECT: the proxy answered 5[0-9][0-9] '
}

test_tinyproxy_with_a_password() {
	# BasicAuth
	need tinyproxy || return 0
	start_target
	start_tinyproxy proxy "ConnectPort $target_port" 'BasicAuth user s3cr3t'
	assert_tunnels proxyauth=user:s3cr3t
	echo user:s3cr3t >secret
	assert_tunnels proxyauthfile=secret
	ask "$(through)"
	assert_error 'answered 407 .*: it wants authentication by Basic; use option proxy-authorization='
	ask "$(through proxyauth=user:wrong)"
	assert_error 'answered 40[17] .*; it has refused the credentials of option proxy-authorization$'
}

test_squid() {
	# tunnels through Squid, and what it refuses
	[ -x /usr/sbin/squid ] || { startSkipping; return 0; }
	start_target
	closed_port=$(free_port)
	start_squid proxy 'acl denied port 22' 'http_access deny denied'
	assert_tunnels ''
	assert_tunnels http-version=1.1
	ask "$(through '' 127.0.0.1:22)"
	assert_error 'CONNECT: the proxy answered 403 Forbidden; it does not allow '
	ask "$(through '' "127.0.0.1:$closed_port")"
	assert_error 'CONNECT: the proxy answered 503 Service Unavailable; '
	ask "$(through '' nosuch.invalid:80)"
	assert_error 'CONNECT: the proxy answered 50[03] '
}

test_squid_with_passwords() {
	# Squid with a file of passwords; one whose schemes are none of ours
	[ -x /usr/sbin/squid ] || { startSkipping; return 0; }
	start_target
	echo "user:$(openssl passwd -apr1 's3:cr"3t')" >passwords
	start_squid proxy "auth_param basic program /usr/lib/squid/basic_ncsa_auth $dir/passwords" \
		'auth_param basic children 1 startup=1 idle=1' 'auth_param basic realm a, b' \
		'acl known proxy_auth REQUIRED' 'http_access deny !known'
	echo 'user:s3:cr"3t' >secret
	assert_tunnels proxyauthfile=secret
	assert_tunnels 'proxyauth="user:s3:cr\"3t"'
	ask "$(through)"
	assert_error 'answered 407 Proxy Authentication Required: it wants authentication by Basic; use '
	ask "$(through proxyauth=user:wrong)"
	assert_error 'by Basic; it has refused the credentials of option proxy-authorization$'
}

test_web_server_behind_a_proxy() {
	# a browser's requests, by a port here
	[ -x /usr/sbin/nginx ] && need tinyproxy || { startSkipping; return 0; }
	nginx_server nginx
	target_port=$server_port
	head -c 3000000 /dev/urandom >www/file
	chmod -R a+rX www "$dir"
	start_tinyproxy proxy "ConnectPort $target_port"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(through)"
	for number in 1 2 3; do
		run curl -sS --noproxy '*' "http://127.0.0.1:$port/file"
		assertEquals "$(cat err)" "$(checksum www/file)" "$(checksum out)"
	done
	# nginx itself is no proxy
	proxy_port=$target_port
	ask "$(through '' a:80)"
	assert_error 'the proxy answered (400 Bad Request|405 Not Allowed); '
}

# ---- layers

test_tls_in_a_tunnel() {
	# a TLS server behind a proxy: its certificate counts, not where the connection goes
	need tinyproxy || return 0
	tls_server target --cert "$pki/server.pem" echo
	target_port=$server_port
	start_tinyproxy proxy "ConnectPort $target_port" 'BasicAuth user s3cr3t'
	ask "$(tls_connect "via=\"$(through proxyauth=user:s3cr3t)\"")"
	assert_status 0
	assert_out hello
	ask "OPENSSL:other.example:1,cafile=$pki/ca.crt,via=\"$(through proxyauth=user:s3cr3t)\""
	assert_error 'other\.example.*TLS handshake: '
	# what goes wrong with the proxy is said with its name, once
	ask "$(tls_connect "via=\"$(through proxyauth=user:wrong)\"")"
	assert_error 'PROXY:127\.0\.0\.1:.*: CONNECT: the proxy answered 40[17] '
	assert_lines err ' E ' 1
	refute_log err s3cr3t
	assert_many "$(tls_connect "via=\"$(through proxyauth=user:s3cr3t)\"")"
}

test_tunnel_in_tls() {
	# a proxy that wants TLS
	need tinyproxy || return 0
	start_target
	start_tinyproxy proxy "ConnectPort $target_port"
	tls_listener tls verify=0,fork "TCP4:127.0.0.1:$proxy_port"
	tls_port=$port
	secure="PROXY:any:127.0.0.1:$target_port,via=\"OPENSSL:127.0.0.1:$tls_port,cafile=$pki/ca.crt\""
	ask "$secure"
	assert_status 0
	assert_out hello
	assert_many "$secure"
	# without it, the answer is an alert
	proxy_port=$tls_port
	ask "$(through)"
	assert_error 'CONNECT: (it does not speak HTTP but TLS \(see option via\): .*|the proxy closed .*)'
}

test_tunnel_in_a_tunnel() {
	# one proxy behind another, and TLS in both
	need tinyproxy || return 0
	tls_server target --cert "$pki/server.pem" echo
	target_port=$server_port
	start_tinyproxy inner "ConnectPort $target_port"
	inner_port=$proxy_port
	start_tinyproxy outer "ConnectPort $inner_port"
	outer="PROXY:127.0.0.1:127.0.0.1:$inner_port,proxyport=$proxy_port"
	inner="PROXY:127.0.0.1:127.0.0.1:$target_port,via='$outer'"
	ask "$(tls_connect "via=\"$inner\"")"
	assert_status 0
	assert_out hello
	assert_log target.log '^1: handshake'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
