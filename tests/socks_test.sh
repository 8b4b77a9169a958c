#!/bin/sh
# SOCKS4, SOCKS4A, SOCKS5-CONNECT and SOCKS5-LISTEN. The servers are socks_peer.py, which says
# whatever it is told to, microsocks and Dante. All of it lives in a network of its own, so that
# every port is ours.

# shellcheck disable=SC2034,SC2154
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"

# Answers of servers, in hexadecimal.
granted4=005a000000000000
no_login=0500 password=0502 welcome=0100
granted5=050000017f0000010050
came5=050000010a0102031234

# socks_server NAME MODE...: sets $server_port.
socks_server() {
	peer_server "$tests/socks_peer.py" "$@"
}

# script NAME STEP...
script() {
	script_name=$1
	shift
	socks_server "$script_name" script "$@"
}

# heard NAME: what a script's steps hear:N took, a line each.
heard() {
	sed -n 's/^heard //p' "$1.out" | paste -s -d ' '
}

# proxied NAME: a server that works, at $proxy_port; $server_port stays that of the target.
proxied() {
	target_port=${server_port:-}
	socks_server "$1" proxy
	proxy_port=$server_port server_port=$target_port
}

# ---- what is said

# asks EXPECTED STEPS ADDRESS: with PORT replaced; the script's steps hear just that.
asks() {
	expected=$1 steps=$2
	# shellcheck disable=SC2086
	script server $steps
	address=$(echo "$3" | sed "s/PORT/$server_port/")
	given hello
	run "$SOCAT" -t 10 - "$address" <in
	assertEquals "status of $address: $(tail -n 1 err)" 0 "$status"
	assert_out hello
	assertEquals "said by $address" "$expected" "$(heard server)"
	stop "$server_pid"
}

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
	asks '05020002 0101750270''77 0501000302646201bb' \
		"hear:4 say:$password hear:6 say:$welcome hear:9 say:$granted5" \
		"SOCKS5:127.0.0.1:PORT:db:443,$login"
	asks '05020002 0501000302646201bb' "hear:4 say:$no_login hear:9 say:$granted5" \
		"SOCKS5:127.0.0.1:PORT:db:443,$login"
	# a version of 5 in the answer is as good as 1
	asks '05020002 0101750270''77 0501000302646201bb' \
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
	for answer in 05000001 0500000400000000000000''0000000000 050000030161; do
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

# ---- SOCKS5-LISTEN

# bound NAME [COUNT]: sets $port to where the server listens for that relay.
bound() {
	wait_log "$1.log" ' N listening on remote host ' "${2:-1}" || return 1
	port=$(sed -n 's/.* N listening on remote host .*:\([0-9]*\)$/\1/p' "$1.log" | tail -n 1)
}

test_listen() {
	# who has connected is told: to the log and to programs; and where the server listens
	proxied proxy
	relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0" \
		SYSTEM:'echo $SOCAT_PEERADDR $SOCAT_PEERPORT $SOCAT_SOCKADDR $SOCAT_SOCKPORT; cat'
	relay=$pid
	bound relay
	assert_log relay.log " N asking the SOCKS server to listen on 127.0.0.1:0$"
	# the server has said 0.0.0.0
	assert_log relay.log " N listening on remote host AF=2 127.0.0.1:$port$"
	assert_log proxy.out "^bound $port$"
	run "$SOCAT" -t 10 - "TCP:127.0.0.1:$port,bind=127.0.0.3:4321" </dev/null
	assert_out "127.0.0.3 4321 127.0.0.1 $port\n"
	assert_log relay.log ' N received connection on remote host from AF=2 127.0.0.3:4321$'
	finish "$relay"
	assert_status 0
}

test_listen_says() {
	# both forms of the address; a name where the server listens, and one who comes
	for address in SOCKS5-LISTEN:127.0.0.1:PORT:0.0.0.0:80 \
		SOCKS5-BIND:127.0.0.1:0.0.0.0:80,socksport=PORT; do
		asks '050100 05020001000000000050' \
			"hear:3 say:$no_login hear:10 say:$granted5 say:$came5" "$address"
	done
	script server hear:4 "say:$password" hear:6 "say:$welcome" hear:22 say:0500000301790050 \
		say:05000003017a0051
	run "$SOCAT" -d -d "SOCKS5-LISTEN:127.0.0.1:$server_port:[::]:9,socksuser=u,sockspass=pw" \
		SYSTEM:'echo "<${SOCAT_PEERADDR-}>"'
	assertEquals '05020002 010175027077 05020004000000000000000000000000000000000009' "$(heard server)"
	assert_log err ' N listening on remote host y:80$'
	assert_log err ' N received connection on remote host from z:81$'
}

test_listen_data_behind_the_answers() {
	# both replies and data at once
	script server hear:3 "say:$no_login" hear:10 "say:${granted5}${came5}68656c6c6f" close
	run "$SOCAT" -u "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80" -
	assert_status 0
	assert_out hello
}

test_accept_timeout() {
	# bounds the wait for who connects, whatever retry says; handshake-timeout does not
	script server hear:3 "say:$no_login" hear:10 "say:$granted5" mute
	start client "$SOCAT" -d -d \
		"SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80,accept-timeout=0.5,handshake-timeout=0.1,forever" -
	finish "$pid"
	assertEquals 1 "$status"
	assert_lines client.log ' E .*nobody has connected within the time of option accept-timeout' 1
	assert_lines client.log ' N listening on remote host ' 1
	wait_log server.out closed
	# ... which still bounds the rest
	script other hear:3 "say:$no_login" mute
	run "$SOCAT" "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80,accept-timeout=0.1,handshake-timeout=0.2" -
	assert_error 'the time of option handshake-timeout'
}

test_listen_server_gone() {
	# the server ends the connection while it waits for somebody: an error, or another attempt
	script server hear:3 "say:$no_login" hear:10 "say:$granted5" close
	run "$SOCAT" "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80" -
	assert_error 'SOCKS handshake: the SOCKS server closed the connection'
	run "$SOCAT" -d -d "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80,retry=2,interval=0.01" -
	assert_error 'SOCKS handshake: the SOCKS server closed the connection'
	assert_lines err ' N listening on remote host ' 3
}

test_listen_keepalive() {
	# a server that vanishes while there is nothing to say would never be missed
	script server hear:3 "say:$no_login" hear:10 "say:$granted5" mute
	relay relay "SOCKS5-LISTEN:127.0.0.1:$server_port:0.0.0.0:80" -
	bound relay
	ss -tnpo >sockets
	assert_log sockets "pid=$pid,.*timer:\(keepalive"
}

test_listen_fork() {
	# one after the other, at once and not after the interval; sessions run at the same time
	proxied proxy
	relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0,fork,interval=1000" PIPE
	relay=$pid
	bound relay
	before=$(count_fds "$relay")
	mkfifo hold
	exec 9<>hold
	for n in 1 2 3 4 5; do
		bound relay "$n"
		holder "client$n"
		wait_log relay.log ' N received connection on remote host ' "$n"
	done
	bound relay 6
	assertEquals 'ports' 6 "$(sed -n 's/^bound //p' proxy.out | sort -u | wc -l)"
	client ask "127.0.0.1:$port" hello
	assert_out hello
	echo hello >&9
	wait_until grep -q hello client1.out client2.out client3.out client4.out client5.out
	exec 9>&-
	stop_clients
	wait_until has_fds "$relay" "$before"
}

# holder NAME: a client of what listens at $port that holds its connection as long as descriptor 9 is
# open; to $clients.
holder() {
	start_with hold "$1" "$SOCAT" - "TCP:127.0.0.1:$port"
	clients="${clients:-} $pid"
}

stop_clients() {
	for client in $clients; do
		stop "$client"
	done
	clients=
}

test_listen_same_port() {
	# a port that was asked for is listened on again while sessions go on, also in processes
	for option in fork fork,isolate; do
		proxied proxy
		relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:8000,$option" PIPE
		relay=$pid
		for n in 1 2 3; do
			bound relay "$n"
			assertEquals 8000 "$port"
			client ask 127.0.0.1:8000 "hello $n"
			assert_out "hello $n"
		done
		bound relay 4
		stop "$relay"
		assertEquals 0 "$status"
		stop "$server_pid"
	done
}

test_listen_max_children() {
	# nobody is waited for while there are as many sessions as there may be
	proxied proxy
	relay relay "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0,fork,max-children=2" PIPE
	mkfifo hold
	exec 9<>hold
	for n in 1 2; do
		bound relay "$n"
		holder "client$n"
		wait_log relay.log ' N received connection on remote host ' "$n"
	done
	client2=$pid
	wait_log relay.log ' N starting data transfer loop ' 2
	assert_lines proxy.out '^bound ' 2
	stop "$client2"
	bound relay 3
	assert_lines proxy.out '^bound ' 3
	exec 9>&-
}

test_listen_without_descriptors() {
	# a shortage makes it wait, not end: sessions that end give back what it needs
	server target echo
	proxied proxy
	start relay prlimit --nofile=20:20 "$SOCAT" -d -d \
		"SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0,fork" "TCP:127.0.0.1:$server_port"
	relay=$pid
	mkfifo hold
	exec 9<>hold
	n=0
	until log_has relay.log "$out_of_descriptors"; do
		n=$((n + 1))
		wait_until eval "log_has relay.log '$out_of_descriptors' || log_has relay.log 'listening on remote host' $n" ||
			break
		log_has relay.log "$out_of_descriptors" && break
		bound relay "$n"
		holder "client$n"
		wait_log relay.log ' N received connection on remote host ' "$n"
	done
	assertTrue "$n sessions" "[ $n -gt 2 ]"
	exec 9>&-
	asked=$(grep -c '^bound ' proxy.out)
	stop_clients
	assertTrue 'the relay is there' "kill -0 $relay"
	wait_log proxy.out '^bound ' "$((asked + 1))"
	bound relay "$((asked + 1))"
	client ask "127.0.0.1:$port" hello
	assert_out hello
}

test_listen_as_second_address() {
	# each session of a server has one of its own to wait for
	proxied proxy
	listener relay TCP-LISTEN:0,fork,bind=127.0.0.1 "SOCKS5-LISTEN:127.0.0.1:$proxy_port:127.0.0.1:0"
	start one "$SOCAT" -t 10 - "TCP:127.0.0.1:$port"
	one=$pid
	bound relay
	client ask "127.0.0.1:$port" hello
	assert_out ''
	finish "$one"
	assert_status 0
}

# ---- real servers

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

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
