#!/bin/sh
# Headers of the PROXY protocol that are sent: what is in them, and where they go.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"
# shellcheck source=tests/proxy_header.sh
. "$(dirname "$0")/proxy_header.sh"

# collector [ARGUMENT...]: a server that keeps what comes in got/1, got/2 ...; $server_port.
collector() {
	rm -rf got
	mkdir got
	server server collect got "$@"
}

# got_header VERSION KIND ...: got/1 is that header, and the client's data behind it.
got_header() {
	wait_until grep -qs hello got/1
	assertEquals "$*" "$(header "$@")$hello" "$(hex <got/1)"
}

# passes_on LISTENER CLIENT OPTION: a client's connection through a relay that sends headers; $from
# and $port are then the client's port and the relay's.
passes_on() {
	collector
	listener relay "$1" "TCP4:127.0.0.1:$server_port,$3"
	given hello
	run "$SOCAT" - "$2:$port" <in
	assert_status 0
	from=$(client_port relay.log)
}

test_addresses() {
	# the client's address and the one it connected to, in both versions and families
	for version in 1 2; do
		[ "$version" -eq 1 ] && option=send-proxy || option=send-proxy-v2
		passes_on TCP4-LISTEN:0,bind=127.0.0.1,fork TCP4:127.0.0.1 "$option"
		got_header "$version" tcp4 127.0.0.1 "$from" 127.0.0.1 "$port"
		passes_on 'TCP6-LISTEN:0,bind=[::1],fork' 'TCP6:[::1]' "$option"
		got_header "$version" tcp6 ::1 "$from" ::1 "$port"
		# IPv4 that came in on a socket of IPv6 is IPv4
		passes_on TCP6-LISTEN:0,ipv6-v6only=0,fork TCP4:127.0.0.1 "$option"
		got_header "$version" tcp4 127.0.0.1 "$from" 127.0.0.1 "$port"
		passes_on TCP6-LISTEN:0,fork 'TCP6:[2001:db8::7]' "$option"
		got_header "$version" tcp6 2001:db8::7 "$from" 2001:db8::7 "$port"
		stop_all
	done
}

test_without_notices() {
	# the address connected to is found out even if no message wants it
	collector
	port=$(free_port)
	start relay "$SOCAT" "TCP4-LISTEN:$port,bind=127.0.0.1" "TCP4:127.0.0.1:$server_port,send-proxy"
	wait_until listens "$port"
	given hello
	run "$SOCAT" - "TCP4:127.0.0.1:$port,bind=127.0.0.1:40000" <in
	got_header 1 tcp4 127.0.0.1 40000 127.0.0.1 "$port"
}

test_kinds_of_servers() {
	# one session, many, and those with processes of their own
	for options in '' ,fork ,fork,isolate; do
		passes_on "TCP4-LISTEN:0,bind=127.0.0.1$options" TCP4:127.0.0.1 send-proxy
		got_header 1 tcp4 127.0.0.1 "$from" 127.0.0.1 "$port"
		stop_all
	done
}

test_packets() {
	# of UDP clients version 1 knows nothing; version 2 does
	for type in UDP4-LISTEN UDP4-RECVFROM; do
		for fork in '' ,fork; do
			collector
			relay relay "$type:0,bind=127.0.0.1$fork" "TCP4:127.0.0.1:$server_port,send-proxy-v2"
			wait_log relay.log ' N (listening on UDP|receiving on) '
			port=$(sed -n 's/.* N \(listening on UDP\|receiving on\) .*:\([0-9]*\)$/\2/p' relay.log)
			run "$SOCAT" -u TEXT:hello "UDP4:127.0.0.1:$port,bind=127.0.0.1:40000"
			wait_log relay.log ' N successfully connected '
			stop "$pid"
			got_header 2 udp4 127.0.0.1 40000 127.0.0.1 "$port"
		done
	done
	collector
	relay relay UDP4-RECVFROM:0,bind=127.0.0.1 "TCP4:127.0.0.1:$server_port,send-proxy"
	wait_log relay.log ' N receiving on '
	run "$SOCAT" -u TEXT:hello "UDP4:127.0.0.1:$(sed -n 's/.* N receiving on .*:\([0-9]*\)$/\1/p' relay.log)"
	wait_log relay.log ' N successfully connected '
	stop "$pid"
	got_header 1 unknown '' '' '' ''
}

test_unix_clients() {
	# they have paths in version 2
	for option in send-proxy send-proxy-v2; do
		collector
		relay relay "UNIX-LISTEN:$dir/s,fork" "TCP4:127.0.0.1:$server_port,$option"
		wait_log relay.log ' N listening on '
		given hello
		run "$SOCAT" - "UNIX-CONNECT:$dir/s,bind=$dir/c" <in
		case $option in
		send-proxy) got_header 1 unknown '' '' '' '' ;;
		*) got_header 2 unix "$dir/c" '' "$dir/s" '' ;;
		esac
		stop "$pid"
	done
}

test_no_client() {
	# where nobody has connected to us the header says so
	for option in 1:send-proxy 2:send-proxy-v2; do
		collector
		given hello
		run "$SOCAT" - "TCP4:127.0.0.1:$server_port,${option#*:}" <in
		assert_status 0
		got_header "${option%%:*}" local '' '' '' ''
	done
	# a source that connects again and again, a shared one, a listener on the other side
	collector
	start relay "$SOCAT" -d -d "TCP4:127.0.0.1:$server_port,send-proxy,fork,interval=60" TEXT:hello
	got_header 1 unknown '' '' '' ''
	collector
	listener relay "TCP4:127.0.0.1:$server_port,send-proxy" TCP4-LISTEN:0,bind=127.0.0.1,fork
	given hello
	run "$SOCAT" - "TCP4:127.0.0.1:$port" <in
	stop "$pid"
	got_header 1 unknown '' '' '' ''
	# which a warning tells, as it is the order of the addresses that is wrong
	assert_log relay.log ' W TCP4:127.0.0.1:[0-9]*,send-proxy: .*exchange the addresses'
	collector
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port,send-proxy"
	refute_log relay.log ' W '
	stop "$pid"
}

test_kinds_of_connections() {
	# UNIX sockets, too
	collector --unix "$dir/server"
	for address in "UNIX-CONNECT:$dir/server" "UNIX-CLIENT:$dir/server" "GOPEN:$dir/server"; do
		given hello
		case $address in GOPEN*) option='' ;; *) option=,send-proxy ;; esac
		run "$SOCAT" - "$address$option" <in
		assert_status 0
	done
	wait_until grep -qs hello got/3
	assert_file 'PROXY UNKNOWN\r\nhello' got/1
	assert_file 'PROXY UNKNOWN\r\nhello' got/2
	assert_file hello got/3
}

test_abstract_connections() {
	# and abstract ones
	for type in CONNECT CLIENT; do
		start relay "$SOCAT" -d -d -u "ABSTRACT-LISTEN:socat-test-$$" CREATE:got
		wait_log relay.log ' N listening on '
		given hello
		run "$SOCAT" - "ABSTRACT-$type:socat-test-$$,send-proxy" <in
		finish "$pid"
		assert_file 'PROXY UNKNOWN\r\nhello' got
	done
}

test_packet_sockets() {
	# a header needs a stream
	start receiver "$SOCAT" -d -d -u "UNIX-RECV:$dir/s" CREATE:got
	wait_until test -S s
	given hello
	run "$SOCAT" - "UNIX-CLIENT:$dir/s,send-proxy" <in
	assert_error ': a PROXY header needs a stream, and this is a socket for packets'
	assertEquals 0 "$(stat -c %s got)"
}

test_tls() {
	# inside of TLS, or in front of it by option via
	start server "$SOCAT" -d -d -u "OPENSSL-LISTEN:0,bind=127.0.0.1,cert=$pki/server.pem,verify=0" CREATE:got
	wait_log server.log ' N listening on '
	given hello
	run "$SOCAT" - "OPENSSL:127.0.0.1:$(port_of server.log),cafile=$pki/ca.crt,send-proxy" <in
	assert_status 0
	finish "$pid"
	assert_file 'PROXY UNKNOWN\r\nhello' got
	collector
	given hello
	run "$SOCAT" - "OPENSSL:localhost:443,verify=0,handshake-timeout=0.3,via=\"TCP4:127.0.0.1:$server_port,send-proxy\"" <in
	assert_error 'TLS handshake: .*handshake-timeout'
	wait_until test -s got/1
	assertEquals 'header, and a handshake' \
		"$(header 1 unknown '' '' '' '')16" "$(head -c 16 got/1 | hex)"
}

test_dual_address() {
	# both parts of "a!!b" send one where they are told to
	collector
	given hello
	run "$SOCAT" - "TEXT:x!!TCP4:127.0.0.1:$server_port,send-proxy" <in
	wait_until grep -qs hello got/1
	assert_file 'PROXY UNKNOWN\r\nhello' got/1
}

test_header_is_not_data() {
	# line ends are not converted in it, nothing is counted or dumped of it
	collector
	given 'a\n'
	run "$SOCAT" -x - "TCP4:127.0.0.1:$server_port,send-proxy,crnl" <in
	wait_until grep -qs a got/1
	assert_file 'PROXY UNKNOWN\r\na\r\n' got/1
	refute_log err '50 52 4f 58'
	assert_lines err ' length=2 ' 1
}

test_interrupted_header() {
	need strace || return 0
	collector
	given hello
	without_leak_check
	run strace -qq -o trace -e trace=sendto -e inject=sendto:error=EINTR:when=1 "$SOCAT" - \
		"TCP4:127.0.0.1:$server_port,send-proxy" <in
	assert_status 0
	wait_until grep -qs hello got/1
	assert_file 'PROXY UNKNOWN\r\nhello' got/1
	assert_log trace INJECTED
}

test_slow_socket() {
	# a socket that takes nothing at first. The kernel tells when there is room after it has said
	# that there is none, which it has not: so the peer says something, and that tells it, too
	need strace || return 0
	mkfifo say
	start_with say peer "$SOCAT" -d -d TCP4-LISTEN:0,bind=127.0.0.1 -
	peer=$pid
	exec 9>say
	wait_log peer.log 'listening on'
	given hello
	without_leak_check
	: >trace
	start_with in relay strace -qq -o trace -e trace=sendto -e inject=sendto:error=EAGAIN:when=1 \
		"$SOCAT" -t 10 - "TCP4:127.0.0.1:$(port_of peer.log),send-proxy"
	wait_log trace INJECTED
	echo go >&9
	wait_until grep -qs hello peer.out
	assert_file 'PROXY UNKNOWN\r\nhello' peer.out
	exec 9>&-
	finish "$peer"
	finish "$pid"
}

test_broken_connection() {
	# the server is gone when the header is to be written: an error, and the client is told
	need strace || return 0
	collector
	faulty relay sendto:error=ECONNRESET:when=1 TCP4-LISTEN:0,bind=127.0.0.1,fork \
		"TCP4:127.0.0.1:$server_port,send-proxy"
	wait_log relay.log ' N listening on '
	client ask "127.0.0.1:$(port_of relay.log)" hello
	assert_out ''
	assert_log relay.log ' E .*send-proxy: PROXY header: Connection reset by peer'
	client ask "127.0.0.1:$(port_of relay.log)" hello
	wait_until grep -qs hello got/2
	refute_log got/1 .
}

test_cancelled() {
	# a signal while the header waits for the socket to take it
	need strace || return 0
	collector
	faulty relay sendto:error=EAGAIN TCP4-LISTEN:0,bind=127.0.0.1,fork \
		"TCP4:127.0.0.1:$server_port,send-proxy,handshake-timeout=600"
	wait_log relay.log ' N listening on '
	start asker "$python" "$tests/peer.py" client ask "127.0.0.1:$(port_of relay.log)" hello
	wait_until grep -q INJECTED relay.trace
	relay_pid=$(children "$(echo "$started" | cut -d ' ' -f 3)")
	kill -TERM $relay_pid
	kill -TERM $relay_pid
	wait_log relay.log ' exiting with status 143'
}

test_time_limit() {
	# a socket that takes nothing is not waited for without end
	need strace || return 0
	collector
	without_leak_check
	given hello
	run strace -qq -o trace -e trace=sendto -e inject=sendto:error=EAGAIN "$SOCAT" - \
		"TCP4:127.0.0.1:$server_port,send-proxy,handshake-timeout=0.2" <in
	assert_error 'PROXY header: the peer has not taken what it is told within the time of option handshake-timeout'
}

. shunit2
