#!/bin/sh
# The PROXY protocol with others that speak it: HAProxy and nginx, as senders and as receivers. Their
# logs, and the answers through them, have to show the real client. And headers through real proxies.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"
# shellcheck source=tests/proxy_header.sh
. "$(dirname "$0")/proxy_header.sh"

# In a network namespace of its own ports can have fixed numbers: 8001 and so on are others', 9001 and so on
# ours.
PATH=$PATH:/usr/sbin
stream_module=/usr/lib/nginx/modules/ngx_stream_module.so

# haproxy_server SECTIONS: with these sections; its log is haproxy.out.
haproxy_server() {
	cat >haproxy.cfg <<-END
		global
		    log stdout format raw local0
		defaults
		    mode tcp
		    retries 0
		    log global
		    timeout connect 20s
		    timeout client 20s
		    timeout server 20s
		$1
	END
	start haproxy haproxy -db -f haproxy.cfg
}

# nginx_with HTTP [STREAM]: nginx with these blocks' contents; its log of clients is clients.log.
nginx_with() {
	streams=${2:+"stream { $2 }"}
	mkdir -p www tmp
	chmod 777 tmp
	echo page >www/index.html
	cat >nginx.conf <<-END
		daemon off;
		master_process off;
		pid $dir/nginx.pid;
		error_log stderr;
		${2:+load_module $stream_module;}
		events { }
		http {
			log_format client '\$proxy_protocol_addr \$proxy_protocol_port \$proxy_protocol_server_addr \$proxy_protocol_server_port \$remote_addr';
			access_log $dir/clients.log client;
			client_body_temp_path $dir/tmp;
			proxy_temp_path $dir/tmp;
			fastcgi_temp_path $dir/tmp;
			uwsgi_temp_path $dir/tmp;
			scgi_temp_path $dir/tmp;
			$1
		}
		$streams
	END
	start nginx nginx -p "$dir" -c "$dir/nginx.conf"
}

# relayed LISTENER ADDRESS [SWITCH...]: a relay on port 9001.
relayed() {
	relay relay "$@"
	wait_log relay.log ' N listening on '
}

# Each connection comes from a port of its own: the kernel may still remember the one before.
client=40000

# ask4 PORT, ask6 PORT: a client's connection to it from the other addresses of this machine, and port
# $client.
ask4() {
	client=$((client + 1))
	ask "TCP4:127.0.0.1:$1,bind=127.0.0.9:$client"
}

ask6() {
	client=$((client + 1))
	ask "TCP6:[2001:db8::7]:$1,bind=[2001:db8::7]:$client"
}

# With what it ends when nothing has come for a while: some end both directions with the first.
ask() {
	given hello
	run "$SOCAT" -T 0.5 -,ignoreeof "$1" <in
}

# get URL ARGUMENT...: by curl.
get() {
	run curl -sS --fail --noproxy '*' --max-time "$BOUND" "$@"
	assert_status 0
}

long7=2001:0db8:0000:0000:0000:0000:0000:0007

test_haproxy_sends() {
	# its headers of both versions, also with a checksum and further fields
	haproxy_server '
		listen one
		    bind 127.0.0.1:8001
		    bind [2001:db8::7]:8001
		    server relay 127.0.0.1:9001 send-proxy
		listen two
		    bind 127.0.0.1:8002
		    bind [2001:db8::7]:8002
		    server relay 127.0.0.1:9001 send-proxy-v2
		listen three
		    bind 127.0.0.1:8003
		    bind [2001:db8::7]:8003
		    server relay 127.0.0.1:9001 send-proxy-v2 proxy-v2-options crc32c,unique-id,authority'
	relayed "TCP4-LISTEN:9001,bind=127.0.0.1,fork,$trusted" "$who"
	for number in 1 2 3; do
		wait_until listens 800$number
		ask4 800$number
		assert_out "127.0.0.9 $client 127.0.0.1 800$number\nhello"
		ask6 800$number
		assert_out "[$long7] $client [$long7] 800$number\nhello"
	done
	refute_log relay.log ' [WE] '
}

test_haproxy_checks() {
	# its health checks, which name no client, are connections like others
	haproxy_server '
		listen one
		    bind 127.0.0.1:8001
		    server relay 127.0.0.1:9001 send-proxy-v2 check check-send-proxy inter 100ms'
	relayed "TCP4-LISTEN:9001,bind=127.0.0.1,fork,$trusted" PIPE
	wait_log relay.log ' N PROXY header from .*: it names no client$' 3
	refute_log relay.log ' [WE] .*PROXY'
	refute_log haproxy.out DOWN
}

test_haproxy_accepts() {
	# it logs the client that our headers name
	haproxy_server '
		listen accept
		    bind 127.0.0.1:8001 accept-proxy
		    log-format "client %ci %cp"
		    server web 127.0.0.1:8002'
	wait_until listens 8001
	for option in send-proxy send-proxy-v2; do
		relayed TCP6-LISTEN:9001,ipv6-v6only=0,reuseaddr,fork "TCP4:127.0.0.1:8001,$option"
		ask4 9001
		wait_log haproxy.out "^client 127\.0\.0\.9 $client\$"
		ask6 9001
		wait_log haproxy.out "^client 2001:db8::7 $client\$"
		stop "$pid"
		# without a client it sees the relay
		ask "TCP4:127.0.0.1:8001,bind=127.0.0.8,$option"
	done
	wait_log haproxy.out '^client 127\.0\.0\.8 ' 2
	refute_log haproxy.out 'PROXY'
}

test_haproxy_accepts_over_tls() {
	# in front of TLS, as it wants it
	haproxy_server "
		listen accept
		    bind 127.0.0.1:8001 accept-proxy ssl crt $pki/server.pem
		    log-format \"client %ci %cp\"
		    server web 127.0.0.1:8002"
	wait_until listens 8001
	relayed TCP4-LISTEN:9001,bind=127.0.0.1,fork \
		"OPENSSL:localhost:8001,cafile=$pki/ca.crt,via=\"TCP4:127.0.0.1:8001,send-proxy-v2\""
	ask4 9001
	wait_log haproxy.out "^client 127\.0\.0\.9 $client\$"
}

test_haproxy_sends_to_tls() {
	# it sends a header in front of its TLS; and our listener tells that from one inside
	haproxy_server "
		listen one
		    bind 127.0.0.1:8001
		    server relay 127.0.0.1:9001 send-proxy-v2 ssl ca-file $pki/ca.crt verify required verifyhost localhost"
	relayed "OPENSSL-LISTEN:9001,bind=127.0.0.1,fork,cert=$pki/server.pem,verify=0,$trusted" "$who"
	wait_until listens 8001
	ask4 8001
	assert_out "127.0.0.9 $client 127.0.0.1 8001\nhello"
	run "$SOCAT" -t 20 - "OPENSSL:127.0.0.1:9001,cafile=$pki/ca.crt,send-proxy" <in
	assert_log out '^127\.0\.0\.1 [0-9]+ 127\.0\.0\.1 9001$'
	refute_log relay.log ' [WE] '
}

test_nginx_accepts() {
	# a web server logs the client and knows what it connected to, in both versions
	nginx_with '
		server {
			listen 127.0.0.1:8001 proxy_protocol;
			set_real_ip_from 127.0.0.1;
			real_ip_header proxy_protocol;
			root www;
		}'
	wait_until listens 8001
	for option in send-proxy send-proxy-v2; do
		relayed TCP6-LISTEN:9001,ipv6-v6only=0,reuseaddr,fork "TCP4:127.0.0.1:8001,$option"
		client=$((client + 2))
		get -6 'http://[2001:db8::7]:9001/' --local-port $client
		assert_out 'page\n'
		get -4 http://127.0.0.1:9001/ --interface 127.0.0.9 --local-port $((client - 1))
		assert_out 'page\n'
		stop "$pid"
		wait_log clients.log "^2001:db8::7 $client 2001:db8::7 9001 2001:db8::7\$"
		wait_log clients.log "^127\.0\.0\.9 $((client - 1)) 127\.0\.0\.1 9001 127\.0\.0\.9\$"
	done
}

test_nginx_sends() {
	# its stream module sends version 1
	[ -e $stream_module ] ||
		{ echo "skipped: needs nginx's module for streams"; startSkipping; }
	nginx_with '' '
		server {
			listen 127.0.0.1:8001;
			listen [2001:db8::7]:8001;
			proxy_pass 127.0.0.1:9001;
			proxy_protocol on;
		}'
	relayed "TCP4-LISTEN:9001,bind=127.0.0.1,fork,$trusted" "$who"
	wait_until listens 8001
	ask4 8001
	assert_out "127.0.0.9 $client 127.0.0.1 8001\nhello"
	ask6 8001
	assert_out "[$long7] $client [$long7] 8001\nhello"
	refute_log relay.log ' [WE] '
}

test_between_both() {
	# HAProxy, two relays, and nginx: each hands the client on
	haproxy_server '
		listen front
		    bind [2001:db8::7]:8001
		    server relay 127.0.0.1:9001 send-proxy'
	nginx_with "server { listen unix:$dir/web proxy_protocol; root www; }"
	relayed "TCP4-LISTEN:9001,bind=127.0.0.1,fork,$trusted" TCP6:[::1]:9002,send-proxy-v2
	relay second "TCP6-LISTEN:9002,bind=[::1],fork,$trusted" "UNIX-CONNECT:$dir/web,send-proxy"
	wait_log second.log ' N listening on '
	wait_until listens 8001
	wait_until test -S web
	get -6 'http://[2001:db8::7]:8001/' --local-port $((client += 1))
	assert_out 'page\n'
	wait_log clients.log "^2001:db8::7 $client 2001:db8::7 8001 "
}

test_through_proxies() {
	# through the tunnels of proxies to the target, which gets to know the client, not them
	printf 'Port 8003\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nLogLevel Info\n' >tinyproxy.conf
	start tinyproxy tinyproxy -d -c "$dir/tinyproxy.conf"
	start microsocks microsocks -i 127.0.0.1 -p 8004
	relay target "TCP4-LISTEN:8001,bind=127.0.0.1,fork,$trusted" "$who"
	wait_until listens 8003
	wait_until listens 8004
	wait_until listens 8001
	for through in PROXY:127.0.0.1:127.0.0.1:8001,proxyport=8003 SOCKS5:127.0.0.1:8004:127.0.0.1:8001; do
		relayed TCP4-LISTEN:9001,bind=127.0.0.1,reuseaddr,fork "$through,send-proxy-v2"
		ask4 9001
		assert_out "127.0.0.9 $client 127.0.0.1 9001\\nhello"
		stop "$pid"
	done
	refute_log target.log ' [WE] '
}

. shunit2
