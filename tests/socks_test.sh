#!/bin/sh
# SOCKS4, SOCKS4A and SOCKS5-CONNECT, with servers that say whatever they are told to: socks_peer.py.

# shellcheck disable=SC2034,SC2154
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/socks.sh
. "$(dirname "$0")/socks.sh"

# ---- what is said

test_socks4_says() {
	# addresses as numbers, the user with a NUL; names only in 4A
	asks 040100500a0102036d6500 "hear:11 say:$granted4" \
		SOCKS4:127.0.0.1:10.1.2.3:80,socksport=PORT,socksuser=me
	asks 040100507f00000100 "hear:9 say:$granted4" \
		SOCKS:127.0.0.1:localhost:http,socksport=PORT,socksuser=
	asks 0401ffff000000017500646200 "hear:13 say:$granted4" \
		SOCKS4A:127.0.0.1:db:65535,socksport=PORT,socksuser=u
	asks 040100500a0102037500 "hear:10 say:$granted4" \
		SOCKS4A:127.0.0.1:10.1.2.3:80,socksport=PORT,socksuser=u
}

test_socks4_user() {
	# without option socksuser: LOGNAME, or else USER, unless empty; or else "anonymous"
	four=SOCKS4:127.0.0.1:10.1.2.3:80,socksport=PORT
	export LOGNAME=me USER=you
	asks 040100500a0102036d6500 "hear:11 say:$granted4" "$four"
	LOGNAME=
	asks 040100500a010203796f7500 "hear:12 say:$granted4" "$four"
	unset LOGNAME
	asks 040100500a010203796f7500 "hear:12 say:$granted4" "$four"
	USER=
	asks 040100500a010203616e6f6e796d6f757300 "hear:18 say:$granted4" "$four"
	USER=$(printf '%0256d' 0)
	run "$SOCAT" - SOCKS4:127.0.0.1:10.1.2.3:80 </dev/null
	assert_error "the user's name has more than 255 bytes"
	unset USER
}

test_socks5_says() {
	# numbers of both kinds, names as they are, the server's port in three ways
	asks '050100 050100010a0102030050' "hear:3 say:$no_login hear:10 say:$granted5" \
		SOCKS5:127.0.0.1:PORT:10.1.2.3:80
	asks '050100 0501000420010db80000000000000000000000010050' \
		"hear:3 say:$no_login hear:22 say:$granted5" \
		'SOCKS5-CONNECT:127.0.0.1:[2001:db8::1]:http,socksport=PORT'
	asks '050100 0501000302646201bb' "hear:3 say:$no_login hear:9 say:$granted5" \
		SOCKS5:127.0.0.1:1:db:443,socksport=PORT
	name=$(printf '%0255d' 0 | tr 0 n)
	asks "050100 05010003ff$(printf %s "$name" | od -An -v -tx1 | tr -d ' \n')0050" \
		"hear:3 say:$no_login hear:262 say:$granted5" "SOCKS5:127.0.0.1:PORT:$name:80"
}

test_socks5_default_port() {
	# 1080, on which Debian's service "socks" is, too
	start server "$SOCAT" -d -d TCP-LISTEN:1080,bind=127.0.0.1 SYSTEM:'cat >asked'
	wait_log server.log ' N listening on '
	start client "$SOCAT" - SOCKS5:127.0.0.1:db:80,handshake-timeout=1
	finish "$pid"
	assertEquals 050100 "$(od -An -tx1 asked | tr -d ' ')"
}

test_socks5_login() {
	# offered beside none; only said if the server wants it
	login="socksuser=u,sockspass=pw"
	asks '05020002 010175027077 0501000302646201bb' \
		"hear:4 say:$password hear:6 say:$welcome hear:9 say:$granted5" \
		"SOCKS5:127.0.0.1:PORT:db:443,$login"
	asks '05020002 0501000302646201bb' "hear:4 say:$no_login hear:9 say:$granted5" \
		"SOCKS5:127.0.0.1:PORT:db:443,$login"
	# a version of 5 in the answer is as good as 1
	asks '05020002 010175027077 0501000302646201bb' \
		"hear:4 say:$password hear:6 say:0500 hear:9 say:$granted5" \
		"SOCKS5:127.0.0.1:PORT:db:443,$login"
}

test_socks5_half_a_login() {
	# a user without a password has an empty one, a password alone is an anonymous user's
	asks '05020002 01017500 0501000302646201bb' \
		"hear:4 say:$password hear:4 say:$welcome hear:9 say:$granted5" \
		"SOCKS5:127.0.0.1:PORT:db:443,socksuser=u"
	assert_lines err ' W .*the password is empty' 1
	asks '05020002 0109616e6f6e796d6f75730170 0501000302646201bb' \
		"hear:4 say:$password hear:13 say:$welcome hear:9 say:$granted5" \
		"SOCKS5:127.0.0.1:PORT:db:443,sockspass=p"
	assert_lines err ' W .*the user is "anonymous"' 1
	asks '040100500a0102037500' "hear:10 say:$granted4" \
		"SOCKS4:127.0.0.1:10.1.2.3:80,socksport=PORT,socksuser=u,sockspass=p"
	assert_lines err ' W .*SOCKS4 knows no passwords' 1
}

test_log() {
	# messages say what is asked for, and of whom; but no password, also where it failed
	script server hear:4 "say:$password" hear:10 "say:$welcome" hear:9 "say:$granted5"
	address="SOCKS5:127.0.0.1:$server_port:db:443,socksuser=u"
	run "$SOCAT" -d -d -d -d - "$address,sockspass=geheim" </dev/null
	assert_status 0
	assert_log err ' N asking the SOCKS server for a connection to db:443$'
	assert_log err ' N successfully connected to db:443 via SOCKS server 127.0.0.1$'
	refute_log err geheim
	script other hear:4 "say:$password" hear:10 say:0101
	run "$SOCAT" - "SOCKS5:127.0.0.1:$server_port:db:443,socksuser=u,sockspass=geheim" </dev/null
	assert_error 'SOCKS5:.*,socksuser=u,sockspass=...: SOCKS handshake: '
	refute_log err geheim
	run "$SOCAT" - "OPENSSL:a:1,via=SOCKS5:127.0.0.1:9:db:443\,sockspass=geheim" </dev/null
	assert_error '127.0.0.1:9'
	refute_log err geheim
}

# ---- what is heard

test_data_behind_the_answer() {
	# what comes right behind the answer, in the same packet, is data
	for answer in 05000001 05000004000000000000000000000000 050000030161; do
		case $answer in
		05000001) rest=7f0000010050 ;;
		050000030161) rest=0050 ;;
		*) rest=000000010050 ;;
		esac
		script server hear:3 "say:$no_login" hear:10 "say:${answer}${rest}68656c6c6f" close
		run "$SOCAT" -u "SOCKS5:127.0.0.1:$server_port:10.1.2.3:80" -
		assert_status 0
		assert_out hello
		stop "$server_pid"
	done
	script server hear:10 "say:${granted4}68656c6c6f" close
	run "$SOCAT" -u "SOCKS4:127.0.0.1:10.1.2.3:80,socksport=$server_port,socksuser=u" -
	assert_out hello
}

test_drop_by_drop() {
	# answers may come a byte at a time
	script server hear:4 "drip:$password" hear:6 "drip:$welcome" hear:9 "drip:${granted5}68656c6c6f"
	given X
	run "$SOCAT" -t 10 - "SOCKS5:127.0.0.1:$server_port:db:443,socksuser=u,sockspass=pw" <in
	assert_status 0
	assert_out helloX
}

# all_cut BYTES ADDRESS STEP...: answers that end after each byte are errors, one each.
all_cut() {
	bytes=$1 address=$2
	shift 2
	socks_server cutter cuts "$@"
	start client "$SOCAT" -d -d - \
		"$(echo "$address" | sed "s/PORT/$server_port/"),retry=$((bytes - 1)),interval=0.001"
	finish "$pid"
	assertEquals "status of $address" 1 "$status"
	assert_lines cutter.out 'all cut' 1
	assert_lines client.log ' [NE] .*SOCKS handshake: the SOCKS server closed the connection ' "$bytes"
	assert_lines client.log ' E ' 1
	stop "$server_pid"
}

test_cuts() {
	# all answers, cut at every byte
	all_cut 8 SOCKS4:127.0.0.1:10.1.2.3:80,socksport=PORT,socksuser=u hear:10 "say:$granted4"
	all_cut 14 SOCKS5:127.0.0.1:PORT:db:443,socksuser=u,sockspass=pw \
		hear:4 "say:$password" hear:6 "say:$welcome" hear:9 "say:$granted5"
	all_cut 13 SOCKS5:127.0.0.1:PORT:db:443 \
		hear:3 "say:$no_login" hear:9 say:05000003046e616d650050
	all_cut 24 SOCKS5:127.0.0.1:PORT:db:443 hear:3 "say:$no_login" hear:9 \
		say:05000004000000000000000000000000000000010050
	all_cut 22 SOCKS5-LISTEN:127.0.0.1:PORT:db:443 \
		hear:3 "say:$no_login" hear:9 "say:$granted5" "say:$came5"
}

# bad REASON ADDRESS STEP...: the connection fails, no data comes, one line says why.
bad() {
	reason=$1 address=$2
	shift 2
	script server "$@" say:58585858585858585858 mute
	run "$SOCAT" - "$(echo "$address" | sed "s/PORT/$server_port/")" </dev/null
	assert_error ": SOCKS handshake: $reason$"
	assert_lines err ' E ' 1
	assert_out ''
	wait_log server.out closed
	stop "$server_pid"
}

test_bad_answers() {
	# codes in words, and what no SOCKS server says
	four=SOCKS4:127.0.0.1:10.1.2.3:80,socksport=PORT,socksuser=u
	five=SOCKS5:127.0.0.1:PORT:db:443
	bad 'SOCKS4 server error 91: connect request rejected or failed' $four hear:10 say:005b
	bad 'SOCKS4 server error 93: the identd of .*' $four hear:10 say:005d
	bad 'SOCKS4 server error 84: unknown error' $four hear:10 say:0054
	bad 'the answer begins with 72: this is no SOCKS4 server' $four hear:10 say:485454502f312e31
	bad 'the answer begins with 72: this is no SOCKS5 server' $five hear:3 say:485454502f312e31
	bad 'the answer begins with 4: this is no SOCKS5 server' $five hear:3 say:0400
	bad 'the server does not serve without a login: give options socksuser and sockspass' $five \
		hear:3 say:05ff
	bad 'the server accepts neither a user name and a password nor none' $five,socksuser=u,sockspass=p \
		hear:4 say:05ff
	bad 'the server has chosen a way to log in \(2\) that was not offered' $five hear:3 say:0502
	bad 'the server has chosen a way to log in \(1\) that was not offered' \
		$five,socksuser=u,sockspass=p hear:4 say:0501
	bad 'the server has refused the user name or the password \(options socksuser, sockspass\)' \
		$five,socksuser=u,sockspass=p hear:4 "say:$password" hear:5 say:0101
	bad 'SOCKS5 server error 5: connection refused' $five hear:3 "say:$no_login" hear:9 say:0505
	bad 'SOCKS5 server error 2: connection not allowed by ruleset' $five \
		hear:3 "say:$no_login" hear:9 say:0502
	bad 'SOCKS5 server error 99: unknown error' $five hear:3 "say:$no_login" hear:9 say:0563
	bad 'the reply has an address of unknown type \(2\)' $five \
		hear:3 "say:$no_login" hear:9 say:0500000200000000
	bad 'SOCKS5 server error 7: command not supported' SOCKS5-LISTEN:127.0.0.1:PORT:db:443 \
		hear:3 "say:$no_login" hear:9 say:0507
	bad 'SOCKS5 server error 1: general SOCKS server failure' SOCKS5-LISTEN:127.0.0.1:PORT:db:443 \
		hear:3 "say:$no_login" hear:9 "say:$granted5" say:0501
}

test_reset() {
	# a server that resets the connection in the middle
	script server hear:3 say:05 reset
	run "$SOCAT" - "SOCKS5:127.0.0.1:$server_port:db:443" </dev/null
	assert_error 'SOCKS handshake: Connection reset by peer'
	# ... or at once, which may be found before the handshake begins
	script other reset
	run "$SOCAT" - "SOCKS4:127.0.0.1:10.1.2.3:80,socksport=$server_port" </dev/null
	assert_error '(SOCKS handshake|connect to AF=2 [0-9.:]*): '
}

test_handshake_timeout() {
	# a server that falls silent, at each step, and one that says a byte now and then
	for steps in 'mute' 'hear:4 say:05 mute' "hear:4 say:$password mute" \
		"hear:4 say:$password hear:6 say:01 mute" "hear:4 say:$password hear:6 say:$welcome mute" \
		"hear:4 say:$password hear:6 say:$welcome hear:9 say:050000 mute"; do
		# shellcheck disable=SC2086
		script server $steps
		run "$SOCAT" - \
			"SOCKS5:127.0.0.1:$server_port:db:443,socksuser=u,sockspass=pw,handshake-timeout=0.2" </dev/null
		assert_error 'the time of option handshake-timeout'
		wait_log server.out closed
		stop "$server_pid"
	done
}

test_no_server() {
	# nobody there: the usual error, and connect-timeout counts for the way to the server
	run "$SOCAT" - SOCKS5:127.0.0.1:9:db:443 </dev/null
	assert_error 'connect to AF=2 127.0.0.1:9: Connection refused'
	run "$SOCAT" - SOCKS4A:nosuch.invalid:db:443 </dev/null
	assert_error 'looking up the host: '
	run "$SOCAT" - SOCKS4:127.0.0.1:nosuch.invalid:443 </dev/null
	assert_error 'looking up the IPv4 address of the host: '
}

test_socks4_without_ipv4() {
	# a name that has only an IPv6 address is of no use for SOCKS4
	echo '2001:db8::1 onlysix' >hosts
	sed 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf >nsswitch
	mount --bind hosts /etc/hosts && mount --bind nsswitch /etc/nsswitch.conf
	run "$SOCAT" - SOCKS4:127.0.0.1:onlysix:443 </dev/null
	assert_error 'looking up the IPv4 address of the host: '
	umount /etc/hosts /etc/nsswitch.conf
}

# ---- around it

test_socket_options() {
	# the way to the server: where from, over which protocol
	script server from hear:3 "say:$no_login" hear:9 "say:$granted5"
	run "$SOCAT" - "SOCKS5:127.0.0.1:$server_port:db:443,bind=127.0.0.2:1234" </dev/null
	assert_status 0
	assert_log server.out 'from 127.0.0.2'
	run "$SOCAT" -d -d - "SOCKS5:127.0.0.1:$server_port:db:443,sourceport=1235" </dev/null
	assert_log err 'from local address AF=2 127.0.0.1:1235'
	run "$SOCAT" - "SOCKS5:127.0.0.1:$server_port:db:443,pf=ip6" </dev/null
	assert_error '"127.0.0.1" is not an IPv6 address'
	peer_server "$tests/socks_peer.py" six --host ::1 script hear:3 "say:$no_login" hear:9 "say:$granted5"
	given hello
	run "$SOCAT" -t 10 - "SOCKS5:[::1]:$server_port:db:443" <in
	assert_out hello
}

test_retry() {
	# a connection to the server that fails later is an attempt like one that was refused
	server target echo
	target=$server_port
	socks_server flaky flaky 3
	given hello
	run "$SOCAT" -d -d -t 10 - "SOCKS5:127.0.0.1:$server_port:127.0.0.1:$target,retry=3,interval=0.01" <in
	assert_status 0
	assert_out hello
	assert_lines err ' N .*SOCKS handshake: .*; trying again in 0.01 s' 3
	socks_server flaky flaky 3
	run "$SOCAT" -t 10 - "SOCKS4:127.0.0.1:127.0.0.1:$target,socksport=$server_port,retry=2,interval=0.01" <in
	assert_error 'SOCKS handshake: .* closed the connection'
	socks_server flaky flaky 3
	run "$SOCAT" -t 10 - "SOCKS4A:127.0.0.1:localhost:$target,socksport=$server_port,forever,interval=0.01" <in
	assert_status 0
	assert_out hello
}

test_many_sessions() {
	# a hundred at once, each with a tunnel of its own, and nothing left of them
	server target echo
	proxied proxy
	listener relay TCP-LISTEN:0,fork,bind=127.0.0.1 \
		"SOCKS5:127.0.0.1:$proxy_port:localhost:$server_port"
	relay=$pid
	before=$(count_fds "$relay")
	client many "127.0.0.1:$port" 100 100000
	assert_out '100 of 100 answers right\n'
	wait_until has_fds "$relay" "$before"
	assertEquals 100 "$(grep -c "^connect localhost:$server_port$" proxy.out)"
	assertEquals children 0 "$(count_children "$relay")"
}

test_bulk() {
	# megabytes in both directions, and the end of one leaves the other
	server target full seed 3000000
	proxied proxy
	listener relay TCP-LISTEN:0,bind=127.0.0.1 \
		"SOCKS4:127.0.0.1:127.0.0.1:$server_port,socksport=$proxy_port"
	client full "127.0.0.1:$port" other 3000000
	wait_until test -s target.port.sum
	assertEquals "$("$python" "$tests/peer.py" client sum seed 3000000)" "$(cat out)"
	assertEquals "$("$python" "$tests/peer.py" client sum other 3000000)" "$(cat target.port.sum)"
}

test_failures_leave_nothing() {
	# hundreds of tunnels that fail at different steps: no descriptor is lost
	for steps in 'reset' 'hear:3 close' "hear:3 say:$no_login close" \
		"hear:3 say:$no_login hear:9 say:0505 mute"; do
		# shellcheck disable=SC2086
		script server $steps
		listener relay TCP-LISTEN:0,fork,bind=127.0.0.1 "SOCKS5:127.0.0.1:$server_port:db:443"
		relay=$pid
		before=$(count_fds "$relay")
		client many "127.0.0.1:$port" 100 10
		# a reset may be found before the handshake begins
		wait_log relay.log ' E .*(SOCKS handshake|connect to AF=2 [0-9.:]*): ' 100
		wait_until has_fds "$relay" "$before"
		stop "$relay"
		stop "$server_pid"
	done
}

test_end_while_asking() {
	# SIGTERM while the server keeps silent
	script server hear:3 mute
	start client "$SOCAT" -d -d - "SOCKS5:127.0.0.1:$server_port:db:443"
	wait_log server.out heard
	stop "$pid"
	assertEquals 143 "$status"
	wait_log server.out closed
}

test_isolate() {
	# in a process of its own, too
	server target echo
	proxied proxy
	listener relay TCP-LISTEN:0,fork,isolate,bind=127.0.0.1 \
		"SOCKS5:127.0.0.1:$proxy_port:localhost:$server_port"
	client ask "127.0.0.1:$port" hello
	assert_out hello
}

test_connecting_source() {
	# option fork of a connecting address: a tunnel after the other
	server target say hello
	proxied proxy
	relay source "SOCKS5:127.0.0.1:$proxy_port:127.0.0.1:$server_port,fork,interval=0.01" \
		"OPEN:all,creat,append"
	wait_until log_has proxy.out '^connect ' 4
	stop "$pid"
	assert_log all '(hello){3}'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
