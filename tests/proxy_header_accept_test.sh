#!/bin/sh
# Headers of the PROXY protocol that are accepted: what they change, and what bad ones do.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"
# shellcheck source=tests/proxy_header.sh
. "$(dirname "$0")/proxy_header.sh"

# acceptor [OPTIONS [ADDRESS]]: a relay that serves many clients of trusted proxies; $port, $relay.
acceptor() {
	listener relay "TCP4-LISTEN:0,bind=127.0.0.1,fork,$trusted${1:+,$1}" "${2:-$who}"
	relay=$pid
}

# still_good: the relay serves the next client, whatever has happened before.
still_good() {
	peer send "127.0.0.1:$port" "$v2$hello"
	assert_out "${seen}hello"
}

test_both_versions() {
	# the client that the header names, for programs and in the log; data right behind it is data
	acceptor
	for header in "$v1" "$v2"; do
		peer send "127.0.0.1:$port" "$header$hello"
		assert_out "${seen}hello"
	done
	assert_lines relay.log ' N PROXY header from AF=2 127\.0\.0\.1:[0-9]+: the client is AF=2 192\.0\.2\.7:51234, connected to AF=2 198\.51\.100\.1:80$' 2
	refute_log relay.log ' [WE] '
}

test_families() {
	# IPv6, UDP, and UNIX sockets; the family need not be the listener's
	acceptor
	peer send "127.0.0.1:$port" "$(header 1 tcp6 2001:db8::7 51234 2001:db8::1 80)"
	assert_out '[2001:0db8:0000:0000:0000:0000:0000:0007] 51234 [2001:0db8:0000:0000:0000:0000:0000:0001] 80\n'
	peer send "127.0.0.1:$port" "$(header 2 tcp6 2001:db8::7 1 2001:db8::1 2)"
	assert_out '[2001:0db8:0000:0000:0000:0000:0000:0007] 1 [2001:0db8:0000:0000:0000:0000:0000:0001] 2\n'
	peer send "127.0.0.1:$port" "$(header 2 udp4 192.0.2.7 51234 198.51.100.1 80)"
	assert_out "$seen"
	peer send "127.0.0.1:$port" "$(header 2 unix /run/c '' /run/s '')"
	wait_log relay.log 'the client is AF=1 "/run/c", connected to AF=1 "/run/s"$'
	refute_log relay.log ' [WE] '
}

test_no_client_named() {
	# LOCAL, UNKNOWN and unspecified addresses: the connection's own ones are kept
	acceptor
	for header in "$(header 1 unknown '' '' '' '')" "$(printf 'PROXY UNKNOWN ::1 ::1 1 2\r\n' | hex)" \
		"$(header 2 local '' '' '' '')" "$(header 2 local '' '' '' '' 4:00)" \
		"$(printf '\r\n\r\n\0\r\nQUIT\n\41\0\0\0' | hex)"; do
		peer send "127.0.0.1:$port" "$header"
		assert_log out "^127\.0\.0\.1 [0-9]+ 127\.0\.0\.1 $port\$"
	done
	assert_lines relay.log ' N PROXY header from AF=2 127\.0\.0\.1:[0-9]+: it names no client$' 5
	refute_log relay.log ' [WE] '
}

test_fields() {
	# what else a header of version 2 has is skipped, and its checksum is checked
	acceptor
	for field in 1:6832 4: 32:0100000000 238:00 crc '4:00 crc 4:0000'; do
		# shellcheck disable=SC2086
		peer send "127.0.0.1:$port" "$(header 2 tcp4 192.0.2.7 51234 198.51.100.1 80 $field)$hello"
		assert_out "${seen}hello"
	done
	peer send "127.0.0.1:$port" "$(header 2 tcp4 192.0.2.7 51234 198.51.100.1 80 "4:$(printf '%08162d' 0)")$hello"
	assert_out "${seen}hello"
	refute_log relay.log ' [WE] '
}

test_byte_by_byte() {
	# however it comes in
	acceptor
	for header in "$v1" "$v2" "$(header 2 unix /run/c '' /run/s '' crc)"; do
		peer drip "127.0.0.1:$port" "$header$hello"
		assert_log out hello
	done
	assert_lines relay.log ': the client is ' 3
	refute_log relay.log ' [WE] '
}

test_nothing_behind_it_is_taken() {
	# data in the same packet reaches a program that gets the connection itself
	acceptor '' "EXEC:cat,nofork"
	for header in "$v1" "$v2"; do
		peer send "127.0.0.1:$port" "$header$hello"
		assert_out hello
	done
}

test_cut() {
	# ended or reset after any byte of it: nothing is opened for that connection
	acceptor
	fds=$(count_fds "$relay")
	for header in "$v1" "$v2"; do
		length=$((${#header} / 2))
		peer cuts "127.0.0.1:$port" "$header"
		assert_out "$length refused\n"
	done
	assert_log relay.log ' E TCP4-LISTEN:.*: PROXY header from AF=2 127\.0\.0\.1:[0-9]+: the peer closed the connection before it had said all that it should$'
	refute_log relay.log 'forked off|the client is'
	still_good
	wait_until has_fds "$relay" "$fds"
}

test_probe() {
	# who closes without a word is not worth an error
	acceptor
	peer send "127.0.0.1:$port"
	wait_log relay.log ' N TCP4-LISTEN:.*: PROXY header from AF=2 127\.0\.0\.1:[0-9]+: the peer closed the connection without a word$'
	refute_log relay.log ' [WE] '
}

test_bad_headers() {
	# each is closed with a line that says why
	acceptor
	while IFS='|' read -r bytes why; do
		peer stay "127.0.0.1:$port" "$bytes"
		assert_out ''
		wait_log relay.log ": PROXY header from AF=2 127\.0\.0\.1:[0-9]+: $why\$"
	done <<-END
		$(printf 'GET / HTTP/1.0\r\n\r\n' | hex)|the connection begins with something else
		1603010200010001fc0303deadbeef|the connection begins with something else
		$(printf 'PROXY TCP5 1.2.3.4 5.6.7.8 9 10\r\n' | hex)|its protocol is none of TCP4, TCP6 and UNKNOWN
		$(printf 'PROXY TCP4 1.2.3.4 5.6.7.8 9\r\n   ' | hex)|(its line is incomplete|it has not two .*)
		$(printf 'PROXY TCP4 1.2.3.4 ::1 9 10\r\n' | hex)|one of its addresses is not of its protocol
		$(printf 'PROXY TCP4 1.2.3.4 5.6.7.8 9 70000\r\n' | hex)|one of its ports is not a number from 0 to 65535
		$(printf 'PROXY UNKNOWN %0200d' 0 | hex)|its line is longer than 107 bytes
		$(echo "$v2" | sed 's/51554954/51554955/')|the connection begins with something else
		$(echo "$v2" | sed 's/0a2111/0a1111/')|its version is neither 1 nor 2
		$(echo "$v2" | sed 's/0a2111/0a2211/')|its command is neither LOCAL nor PROXY
		$(echo "$v2" | sed 's/0a2111/0a2141/')|its address family or transport protocol is unknown
		$(echo "$v2" | sed 's/0a2111000c/0a2121000c/')|it is too short for its addresses
		$(echo "$v2" | sed 's/0a2111000c/0a2111ffff/')|it is longer than 4096 bytes
		$(header 2 tcp4 1.2.3.4 5 6.7.8.9 10 3:01020304)|its checksum is wrong
		$(header 2 tcp4 1.2.3.4 5 6.7.8.9 10 4:0102 | sed 's/0400020102/0400030102/')|one of its fields is longer than the header
	END
	refute_log relay.log 'forked off|the client is'
	still_good
}

test_silent() {
	# who says nothing, or never comes to an end, is not waited for without end
	acceptor handshake-timeout=0.2
	peer stay "127.0.0.1:$port"
	assert_out ''
	wait_log relay.log ': the peer has said nothing within the time of option handshake-timeout$'
	peer stay "127.0.0.1:$port" "${v1%0d0a}"
	assert_out ''
	wait_log relay.log ': the peer has said only part of what it should within the time of option handshake-timeout$'
	still_good
}

test_from() {
	# peers that are no trusted proxies are refused, whatever they say, before anything is read
	listener relay 'TCP6-LISTEN:0,ipv6-v6only=0,fork,accept-proxy,accept-proxy-from=10.0.0.0/8:[2001:db8::]/32,accept-proxy-from=127.0.0.2:[2001:db9::1]' "$who"
	for from in 'TCP4:127.0.0.1' 'TCP6:[::1]'; do
		run "$SOCAT" "TEXT:PROXY UNKNOWN!!CREATE:got" "$from:$port"
	done
	wait_log relay.log ' W refusing connection from AF=10 .*:7f00:0001\]:[0-9]+ due to accept-proxy-from option$'
	wait_log relay.log ' W refusing connection from AF=10 .*:0001\]:[0-9]+ due to accept-proxy-from option$' 2
	refute_log relay.log 'PROXY header'
	given "$(printf 'PROXY TCP4 192.0.2.7 198.51.100.1 51234 80')\r\n"
	for from in 'TCP4:127.0.0.1:%s,bind=127.0.0.2' 'TCP6:[2001:db8::7]:%s,bind=[2001:db8::7]'; do
		# shellcheck disable=SC2059
		run "$SOCAT" -t 5 - "$(printf "$from" "$port")" <in
		assert_out "$seen"
	done
	stop "$pid"
	# IPv4 in IPv6 is IPv4, however it is written
	listener relay 'TCP6-LISTEN:0,ipv6-v6only=0,fork,accept-proxy,accept-proxy-from=[::ffff:127.0.0.0]/127:[::ffff:127.0.0.3]' "$who"
	for from in 127.0.0.1 127.0.0.3; do
		run "$SOCAT" -t 5 - "TCP4:127.0.0.1:$port,bind=$from" <in
		assert_out "$seen"
	done
}

test_range() {
	# it is about the client that the header names; also of another family than the listener
	acceptor range=192.0.2.0/24
	still_good
	peer send "127.0.0.1:$port" "$(header 1 tcp4 203.0.113.9 1 198.51.100.1 80)$hello"
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=2 203\.0\.113\.9:1 due to range option$'
	# without a client it is about the connection's own address, and paths are in no range
	peer send "127.0.0.1:$port" "$(header 1 unknown '' '' '' '')$hello"
	assert_out ''
	peer send "127.0.0.1:$port" "$(header 2 unix /run/c '' /run/s '')$hello"
	assert_out ''
	assert_lines relay.log ' W refusing connection from .* due to range option$' 3
	still_good
	stop "$relay"
	acceptor 'range=[2001:db8::]/32'
	peer send "127.0.0.1:$port" "$(header 2 tcp6 2001:db8::9 1 ::1 2)$hello"
	assert_log out hello
	peer send "127.0.0.1:$port" "$v2"
	assert_out ''
}

test_lists() {
	# files of networks, with exceptions
	printf '%s\n' 192.0.2.0/24 '!192.0.2.8' 2001:db8::/32 >list
	acceptor "range-file=$dir/list"
	still_good
	peer send "127.0.0.1:$port" "$(header 1 tcp4 192.0.2.8 1 198.51.100.1 80)$hello"
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=2 192\.0\.2\.8:1 due to range-file option$'
	peer send "127.0.0.1:$port" "$(header 1 tcp6 2001:db8::8 1 2001:db8::1 80)$hello"
	assert_log out hello
}

test_ports() {
	# sourceport and lowport, too
	acceptor sourceport=51234
	still_good
	peer send "127.0.0.1:$port" "$(header 1 tcp4 192.0.2.7 51235 198.51.100.1 80)$hello"
	assert_out ''
	stop "$relay"
	acceptor lowport
	peer send "127.0.0.1:$port" "$v1"
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=2 192\.0\.2\.7:51234 due to lowport option$'
	peer send "127.0.0.1:$port" "$(header 2 unix /run/c '' /run/s '')$hello"
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=1 "/run/c" due to lowport option$'
	peer send "127.0.0.1:$port" "$(header 2 tcp4 192.0.2.7 1023 198.51.100.1 80)$hello"
	assert_log out hello
}

test_tables() {
	# hosts.allow and hosts.deny, with the address connected to
	echo 'relay: 192.0.2.7' >allow
	echo 'ALL: ALL' >deny
	acceptor "tcpwrap=relay,allow-table=$dir/allow,deny-table=$dir/deny"
	still_good
	peer send "127.0.0.1:$port" "$(header 1 tcp4 192.0.2.8 1 198.51.100.1 80)$hello"
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=2 192\.0\.2\.8:1 due to tcpwrapper option$'
	echo 'relay@198.51.100.1: ALL' >allow
	still_good
	peer send "127.0.0.1:$port" "$(header 1 tcp4 192.0.2.7 1 198.51.100.2 80)$hello"
	assert_out ''
}

test_tables_without_addresses() {
	# clients that are UNIX sockets have no address and no name: only ALL and UNKNOWN are them
	echo 'ALL: ALL' >deny
	acceptor "tcpwrap=relay,allow-table=$dir/allow,deny-table=$dir/deny"
	for pattern in 10.0.0.0/8 .example LOCAL KNOWN PARANOID '[::]/0' UNKNOWN ALL; do
		echo "relay: $pattern" >allow
		peer send "127.0.0.1:$port" "$(header 2 unix /run/c '' /run/s '')$hello"
		case $pattern in
		UNKNOWN | ALL) assert_log out hello ;;
		*) assertEquals "$pattern" '' "$(cat out)" ;;
		esac
	done
	assert_lines relay.log ' W refusing connection from AF=1 "/run/c" due to tcpwrapper option$' 6
}

test_tables_with_names() {
	# names of clients are looked up
	cp /etc/hosts hosts
	echo '192.0.2.7 friend.example' >>hosts
	mount --bind hosts /etc/hosts || return
	echo 'relay: friend.example' >allow
	echo 'ALL: ALL' >deny
	acceptor "tcpwrap=relay,allow-table=$dir/allow,deny-table=$dir/deny"
	still_good
	peer send "127.0.0.1:$port" "$(header 2 tcp4 127.0.0.1 1 198.51.100.1 80)$hello"
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.1:1 due to tcpwrapper option$'
	umount /etc/hosts
}

test_once() {
	# without fork: who is refused, or sends a bad header, was not the client that is waited for
	listener relay "TCP4-LISTEN:0,bind=127.0.0.1,$trusted,range=192.0.2.0/24,handshake-timeout=0.2" "$who"
	peer send "127.0.0.1:$port"
	peer stay "127.0.0.1:$port" "$(printf 'GET / HTTP/1.0\r\n\r\n' | hex)"
	peer stay "127.0.0.1:$port"
	peer send "127.0.0.1:$port" "$(header 1 tcp4 203.0.113.9 1 198.51.100.1 80)$hello"
	peer send "127.0.0.1:$port" "$v1$hello"
	assert_out "${seen}hello"
	finish "$pid"
	assertEquals 0 "$status"
	assert_lines relay.log 'the client is AF=2 192\.0\.2\.7' 1
}

test_once_timeout() {
	# accept-timeout is about the wait for a connection, again after one that was none
	listener relay "TCP4-LISTEN:0,bind=127.0.0.1,$trusted,accept-timeout=0.5" PIPE
	peer send "127.0.0.1:$port"
	wait_log relay.log 'without a word'
	finish "$pid"
	assertEquals 1 "$status"
	assert_log relay.log ' E .*accept: .*\(option accept-timeout\)'
}

test_once_tells_the_program() {
	# a program on the other side, and one that the process becomes
	for other in "$who" "$who,nofork"; do
		listener relay "TCP4-LISTEN:0,bind=127.0.0.1,$trusted" "$other"
		peer send "127.0.0.1:$port" "$v2$hello"
		assert_out "${seen}hello"
		finish "$pid"
	done
}

test_isolate() {
	# with a process of its own for each connection, the header is heard there
	acceptor isolate,range=192.0.2.0/24
	still_good
	peer send "127.0.0.1:$port" "$(header 1 tcp4 203.0.113.9 1 198.51.100.1 80)$hello"
	assert_out ''
	assert_lines relay.log ' N forked off child process' 3
	still_good
}

test_max_children() {
	# connections whose header is awaited count
	acceptor max-children=1
	mkfifo hold
	start_with hold first "$python" "$tests/proxy_peer.py" talk "127.0.0.1:$port" 50
	exec 9>hold
	wait_log relay.log ' N accepting connection from '
	start second "$python" "$tests/proxy_peer.py" send "127.0.0.1:$port" "$v1$hello"
	client=$pid
	# the first one ends: only then the second is accepted
	assert_lines relay.log ' N accepting connection from ' 1
	kill -TERM "$(echo "$started" | awk '{ print $2 }')"
	finish "$client"
	assert_file "${seen}hello" second.out
	assert_lines relay.log ' N accepting connection from ' 2
	exec 9>&-
}

test_signal() {
	# a server that is told to end gives those who have not sent their header the time of --grace
	listener relay --grace 600 "TCP4-LISTEN:0,bind=127.0.0.1,fork,$trusted" PIPE
	relay=$pid
	start silent "$python" "$tests/proxy_peer.py" stay "127.0.0.1:$port" 50
	client=$pid
	wait_log relay.log ' N accepting connection from '
	kill -TERM "$relay"
	wait_log relay.log 'may finish within'
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	finish "$client"
}

test_unix_listener() {
	# the permissions of the socket decide who may say it; range is about the client then
	relay relay "UNIX-LISTEN:$dir/s,fork,accept-proxy,range=192.0.2.0/24" "$who"
	wait_log relay.log ' N listening on '
	peer send "unix:$dir/s" "$v1$hello"
	assert_out "${seen}hello"
	peer cuts "unix:$dir/s" "$v2"
	assert_out '28 refused\n'
	peer send "unix:$dir/s" "$(header 2 local '' '' '' '')$hello"
	assert_out ''
	wait_log relay.log ' W refusing connection from AF=1 .* due to range option$'
	peer send "unix:$dir/s" "$v2$hello"
	assert_out "${seen}hello"
	stop "$pid"
	relay relay "ABSTRACT-LISTEN:socat-test-$$,accept-proxy" "$who"
	wait_log relay.log ' N listening on '
	given hello
	run "$SOCAT" - "ABSTRACT-CONNECT:socat-test-$$,send-proxy-v2" <in
	assert_log out hello
	finish "$pid"
}

test_packet_sockets() {
	# what of a packet is not read at once is lost, so a header needs a stream
	relay relay "UNIX-LISTEN:$dir/packets,fork,type=5,accept-proxy" "$who"
	wait_log relay.log ' N listening on '
	given 'PROXY UNKNOWN\r\n'
	run "$SOCAT" - "UNIX-CONNECT:$dir/packets,type=5" <in
	assert_out ''
	wait_log relay.log ' E UNIX-LISTEN.*: a PROXY header needs a stream, and this is a socket for packets$'
	stop "$pid"
}

test_chain() {
	# two relays between client and program, also over TLS and UNIX sockets: the client stays known
	listener last "OPENSSL-LISTEN:0,bind=127.0.0.1,fork,cert=$pki/server.pem,verify=0,$trusted" "$who"
	last_port=$port
	relay middle "UNIX-LISTEN:$dir/s,fork,accept-proxy" "OPENSSL:127.0.0.1:$last_port,cafile=$pki/ca.crt,send-proxy-v2"
	wait_log middle.log ' N listening on '
	listener first TCP6-LISTEN:0,fork "UNIX-CONNECT:$dir/s,send-proxy-v2"
	given hello
	run "$SOCAT" -t 5 - "TCP6:[2001:db8::7]:$port,bind=[2001:db8::7]:40000" <in
	assert_out "[2001:0db8:0000:0000:0000:0000:0000:0007] 40000 [2001:0db8:0000:0000:0000:0000:0000:0007] $port\nhello"
}

test_many() {
	# hundreds of connections at once through two relays, beside peers that say nothing; and nothing is left
	server echo echo
	listener back "TCP4-LISTEN:0,bind=127.0.0.1,fork,$trusted,handshake-timeout=600" \
		"TCP4:127.0.0.1:$server_port"
	back=$pid back_port=$port
	listener front TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$back_port,send-proxy-v2"
	client many "127.0.0.1:$port" 20 100
	wait_until has_sockets "$back" 1
	fds=$(count_fds "$back")
	for number in 1 2 3; do
		start "silent$number" "$python" "$tests/proxy_peer.py" stay "127.0.0.1:$back_port" 50
	done
	client many "127.0.0.1:$port" 300 1000
	assert_out '300 of 300 answers right\n'
	wait_until has_sockets "$back" 4
	for number in 1 2 3; do
		stop "${started##* }"
	done
	wait_until has_fds "$back" "$fds"
	assert_lines back.log ': the client is AF=2 127\.0\.0\.1:' 320
}

# tls_acceptor OPTIONS: a TLS server that expects headers; $port, $relay.
tls_acceptor() {
	tls_listener relay "verify=0,fork,$1" "$who"
	relay=$pid
}

# outside_inside OUTSIDE INSIDE: these texts in front of the TLS handshake and behind it.
outside_inside() {
	peer tls "127.0.0.1:$port" "$(printf -- "$1" | hex)" "$(printf -- "$2" | hex)"
}

line='PROXY TCP4 192.0.2.7 198.51.100.1 51234 80\r\n'
not_header=': PROXY header from AF=2 127\.0\.0\.1:[0-9]+: the connection begins with something else$'

test_tls_either() {
	# in front of the TLS handshake or as the first thing inside, but only once
	tls_acceptor "$trusted"
	outside_inside "$line" hello
	assert_out "${seen}hello"
	outside_inside '' "${line}hello"
	assert_out "${seen}hello"
	outside_inside "$line" "${line}hello"
	assert_out "$seen${line}hello"
	outside_inside '' "$line${line}hello"
	assert_out "$seen${line}hello"
	refute_log relay.log ' [WE] '
	# neither the one nor the other
	outside_inside '' 'GET / HTTP/1.0\r\n\r\n'
	assert_out ''
	wait_log relay.log "$not_header"
	outside_inside 'GET / HTTP/1.0\r\n\r\n' ''
	wait_log relay.log "$not_header" 2
	peer send "127.0.0.1:$port" "$v1$(printf 'GET / HTTP/1.0\r\n\r\n' | hex)"
	wait_log relay.log ' E .*: TLS handshake with AF=2 192\.0\.2\.7:51234: the peer does not speak TLS'
	peer send "127.0.0.1:$port"
	wait_log relay.log ' N .*: PROXY header from AF=2 127\.0\.0\.1:[0-9]+: the peer closed the connection without a word'
}

test_tls_outside() {
	# pinned to that side
	tls_acceptor "${trusted%%,*}=outside,${trusted#*,}"
	outside_inside "$line" hello
	assert_out "${seen}hello"
	outside_inside '' "${line}hello"
	assert_out ''
	wait_log relay.log "$not_header"
}

test_tls_inside() {
	# pinned to the other one
	tls_acceptor "${trusted%%,*}=inside,${trusted#*,}"
	outside_inside '' "${line}hello"
	assert_out "${seen}hello"
	outside_inside "$line" hello
	assert_out ''
	wait_log relay.log ' E .*: TLS handshake with AF=2 127\.0\.0\.1:[0-9]+: the peer does not speak TLS'
}

test_tls_silent() {
	# each of the steps has its time limit
	tls_acceptor "$trusted,handshake-timeout=0.3"
	peer stay "127.0.0.1:$port"
	wait_log relay.log ' E .*: PROXY header from AF=2 127\.0\.0\.1:[0-9]+: the peer has said nothing within the time of option handshake-timeout'
	peer stay "127.0.0.1:$port" "$v2"
	wait_log relay.log ' N .*: TLS handshake with AF=2 192\.0\.2\.7:51234: .*handshake-timeout'
	peer stay "127.0.0.1:$port" 16
	wait_log relay.log ' E .*: TLS handshake with AF=2 127\.0\.0\.1:[0-9]+: .*handshake-timeout'
}

test_tls_range() {
	# the client is asked after before the handshake where that is possible
	tls_acceptor "$trusted,range=192.0.2.0/24"
	outside_inside "$line" hello
	assert_out "${seen}hello"
	outside_inside '' "${line}hello"
	assert_out "${seen}hello"
	bad='PROXY TCP4 203.0.113.9 198.51.100.1 1 80\r\n'
	for sides in "$bad:" ":$bad"; do
		outside_inside "${sides%%:*}" "${sides#*:}hello"
		assert_out ''
	done
	assert_lines relay.log ' W refusing connection from AF=2 203\.0\.113\.9:1 due to range option$' 2
	refute_log relay.log ' E '
}

test_tls_certificate() {
	# what programs learn of the client's certificate goes with the client that the header names
	tls_listener relay "fork,cafile=$pki/ca.crt,$trusted" \
		'SYSTEM:"echo $SOCAT_OPENSSL_X509_COMMONNAME $SOCAT_PEERADDR"'
	given "$line"
	run "$SOCAT" -t 5 - "OPENSSL:127.0.0.1:$port,cafile=$pki/ca.crt,cert=$pki/client.pem" <in
	assert_log out '^.+ 192\.0\.2\.7$'
}

test_faults() {
	# no memory-like fault of the system loses the listener: names of peers that can't be had
	need strace || return 0
	faulty relay getpeername:error=ENOBUFS "TCP4-LISTEN:0,bind=127.0.0.1,fork,$trusted" PIPE
	wait_log relay.log ' N listening on '
	port=$(port_of relay.log)
	peer send "127.0.0.1:$port" "$v1$hello"
	assert_out hello
}

. shunit2
