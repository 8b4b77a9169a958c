#!/bin/sh
# Names of hosts: several addresses, preferences, slow name servers.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# A network and files of name resolution of our own: only loopback, our hosts file, our
# name server.
own_namespace "$@"

oneTimeSetUp() {
	[ -x "$SOCAT" ] || { echo "no such program: $SOCAT" >&2; exit 2; }
	files=$(mktemp -d "${TMPDIR:-/tmp}/socat-names.XXXXXX")
	echo 'hosts: files dns' >"$files/nsswitch.conf"
	echo 'nameserver 127.0.0.53' >"$files/resolv.conf"
	echo 'options timeout:30 attempts:1' >>"$files/resolv.conf"
	cat >"$files/hosts" <<-END
		127.0.0.1 localhost four
		::1 localhost
		fd00::77 six
		127.0.0.2 both
		fd00::77 both
		127.0.0.7 several
		127.0.0.8 several
		127.0.0.9 several
		127.0.0.11 host.example.test
		127.0.0.12 lonely
	END
	for name in nsswitch.conf resolv.conf hosts; do
		# a link would lead the mount elsewhere
		mount --bind "$files/$name" "$(readlink -f "/etc/$name")" || exit 2
	done
	ip addr add fe80::77/64 dev lo nodad
	# not ::1: for that, a C library may put 127.0.0.1
	ip addr add fd00::77/128 dev lo nodad
	# without an address besides 127.0.0.1 a C library may leave IPv4 out
	ip addr add 192.0.2.1/32 dev lo
	command -v nscd >/dev/null && echo 'note: a name service cache may answer instead'
	return 0
}

oneTimeTearDown() {
	rm -rf "${files:?}"
}

test_name() {
	# a name is resolved for connecting
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0
	wait_until test -s dns.port
	server echo echo
	given abc
	for type in TCP TCP4; do
		run "$SOCAT" -t 10 - "$type:four:$server_port" <in
		assertEquals "$type: $(cat err)" abc "$(cat out)"
	done
	server echo6 echo --host fd00::77
	for type in TCP TCP6; do
		run "$SOCAT" -t 10 - "$type:six:$server_port" <in
		assertEquals "$type: $(cat err)" abc "$(cat out)"
	done
}

test_unknown_name() {
	# a name that does not resolve is one error that names it
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0
	wait_until test -s dns.port
	run "$SOCAT" - TCP4:no.such.name:80 </dev/null
	assert_status 1
	assert_lines err ' E .*no\.such\.name' 1
	assert_lines err ' E ' 1
}

test_all_addresses_are_tried() {
	# all addresses of a name are tried in turn until one answers
	server echo echo --host 127.0.0.9
	given abc
	run "$SOCAT" -d -d -t 10 - "TCP4:several:$server_port" <in
	assert_status 0
	assert_out abc
	assert_log err ' N opening connection to AF=2 127\.0\.0\.7:'
	assert_log err ' N opening connection to AF=2 127\.0\.0\.8:'
	assert_log err ' N opening connection to AF=2 127\.0\.0\.9:'
	refute_log err ' E '
}

test_none_answers() {
	# when none answers it is one error
	run "$SOCAT" - TCP4:several:1 </dev/null
	assert_status 1
	assert_lines err ' E .*several:1.*Connection refused' 1
	assert_lines err ' E ' 1
}

test_other_version_is_tried() {
	# with no version demanded the other version's addresses are tried too
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0
	wait_until test -s dns.port
	given abc
	server four echo --host 127.0.0.2
	run "$SOCAT" -t 10 - "TCP:both:$server_port" <in
	assertEquals "$(cat err)" abc "$(cat out)"
	server six echo --host fd00::77
	run "$SOCAT" -t 10 - "TCP:both:$server_port" <in
	assertEquals "$(cat err)" abc "$(cat out)"
}

# which_version COMMAND...: the address a server sees when "both" is connected to
which_version() {
	run env "$@"
	cut -d ' ' -f 1 out
}

test_preference() {
	# switches, environment and pf decide which version comes first
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0
	wait_until test -s dns.port
	server four whoami --host 127.0.0.2
	port=$server_port
	server six whoami --host fd00::77 --port "$port"
	target=TCP:both:$port
	assertEquals '-4' 127.0.0.1 "$(which_version "$SOCAT" -4 -u "$target" -)"
	assertEquals '-6' fd00::77 "$(which_version "$SOCAT" -6 -u "$target" -)"
	assertEquals 'pf=ip4' 127.0.0.1 "$(which_version "$SOCAT" -6 -u "$target,pf=ip4" -)"
	assertEquals 'pf=ip6' fd00::77 "$(which_version "$SOCAT" -4 -u "$target,pf=ip6" -)"
	assertEquals 'variable 6' fd00::77 "$(which_version SOCAT_PREFERRED_RESOLVE_IP=6 "$SOCAT" -u "$target" -)"
	assertEquals 'variable 4' 127.0.0.1 "$(which_version SOCAT_PREFERRED_RESOLVE_IP=4 "$SOCAT" -u "$target" -)"
	assertEquals 'TCP4' 127.0.0.1 "$(which_version "$SOCAT" -6 -u "TCP4:both:$port" -)"
	assertEquals 'TCP6' fd00::77 "$(which_version "$SOCAT" -4 -u "TCP6:both:$port" -)"
}

test_demanded_version() {
	# a demanded version that the name does not have is an error
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0
	wait_until test -s dns.port
	run "$SOCAT" - TCP6:four:80 </dev/null
	assert_status 1
	assert_lines err ' E .*four' 1
	run "$SOCAT" - TCP4:six:80 </dev/null
	assert_status 1
	assert_lines err ' E .*six' 1
}

test_bind_name() {
	# bind takes names too
	server who whoami
	run "$SOCAT" -u "TCP4:127.0.0.1:$server_port,bind=several" -
	assert_log out '^127\.0\.0\.7 '
	listener relay TCP4-LISTEN:0,bind=four PIPE
	assert_log relay.log 'listening on AF=2 127\.0\.0\.1:'
}

test_zone() {
	# a link-local address carries its zone
	listener relay 'TCP6-LISTEN:0,bind=[fe80::77%lo]' PIPE
	given abc
	run "$SOCAT" -t 10 - "TCP6:[fe80::77%lo]:$port" <in
	assertEquals "$(cat err)" abc "$(cat out)"
}

test_slow_name_server() {
	# while one session waits for a name the others go on, and new ones come
	server echo echo
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 4 slow.test=127.0.0.1 quick.test=127.0.0.1
	wait_until test -s dns.port
	listener slow TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:slow.test:$server_port"
	mkfifo go
	start waiting "$python" "$tests/peer.py" client ask "127.0.0.1:$port" first
	waiting=$pid
	wait_until grep -q 'asked slow.test' names.out
	# the first one still waits while a second is accepted
	start second "$python" "$tests/peer.py" client ask "127.0.0.1:$port" second
	second=$pid
	wait_log slow.log 'accepting connection from' 2
	assert_file '' waiting.out
	finish "$waiting"
	finish "$second"
	assert_file first waiting.out
	assert_file second second.out
}

test_slow_name_beside_running_session() {
	# bytes of a running session are relayed during a slow look-up
	server hello hello-echo
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 5 slow.test=127.0.0.1
	wait_until test -s dns.port
	# the first connection finds the name in the hosts file, the second has to ask
	cp "$files/hosts" hosts.kept
	echo '127.0.0.1 slow.test' >>"$files/hosts"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:slow.test:$server_port"
	"$python" -c '
import socket, sys, time, os
address = ("127.0.0.1", int(sys.argv[1]))
first = socket.create_connection(address)
stream = first.makefile("rb")
print(stream.readline().decode().strip(), flush=True)
while not os.path.exists("changed"): time.sleep(0.01)
second = socket.create_connection(address)
while "asked slow.test" not in open("names.out").read(): time.sleep(0.01)
second.setblocking(False)
for number in range(20):
    first.sendall(b"%d\n" % number)
    assert stream.readline() == b"%d\n" % number
try:
    second.recv(1); print("second was not waiting")
except BlockingIOError:
    print("relayed meanwhile", flush=True)
second.setblocking(True)
print(second.makefile("rb").readline().decode().strip())' "$port" >talk.out 2>talk.err &
	talk=$!
	started="$started $talk"
	wait_until grep -q hello talk.out
	cat hosts.kept >"$files/hosts"
	touch changed
	finish "$talk"
	assert_file 'hello 1\nrelayed meanwhile\nhello 2\n' talk.out
	assert_file '' talk.err
}

test_many_slow_lookups() {
	# many connections that wait for the same name are all served when it comes
	server echo echo
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 1 slow.test=127.0.0.1
	wait_until test -s dns.port
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:slow.test:$server_port"
	client many "127.0.0.1:$port" 50
	assert_out '50 of 50 answers right\n'
}

test_name_changes() {
	# a server asks again for later connections
	server four whoami --host 127.0.0.2
	port4=$server_port
	server five whoami --host 127.0.0.3 --port "$port4"
	cp "$files/hosts" hosts.kept
	echo '127.0.0.2 moving.test' >>"$files/hosts"
	listener relay -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:moving.test:$port4"
	client ask "127.0.0.1:$port" ''
	sed 's/.* moving.test/127.0.0.3 moving.test/' "$files/hosts" >hosts.new
	cat hosts.new >"$files/hosts"
	client ask "127.0.0.1:$port" ''
	assert_log relay.log 'opening connection to AF=2 127\.0\.0\.2:'
	assert_log relay.log 'opening connection to AF=2 127\.0\.0\.3:'
	cat hosts.kept >"$files/hosts"
}

test_signal_during_lookup() {
	# a signal ends the run while a name is being looked up
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 60 slow.test=127.0.0.1
	wait_until test -s dns.port
	relay relay TCP4:slow.test:80 -
	wait_until grep -q 'asked slow.test' names.out
	stop "$pid"
	assertEquals 143 "$status"
}

test_long_answers() {
	# an answer too long for a packet is fetched by TCP, and all its addresses are tried
	server echo echo --host 127.0.0.50
	set --
	number=10
	while [ $number -le 50 ]; do
		set -- "$@" "many.test=127.0.0.$number"
		number=$((number + 1))
	done
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0 "$@"
	wait_until test -s dns.port
	given abc
	run "$SOCAT" -t 10 - "TCP4:many.test:$server_port" <in
	assertEquals "$(cat err)" abc "$(cat out)"
	assert_log names.out 'by TCP'
}


# guarded NAME ALLOW: a server "relay" that says "in" to the clients this line lets in.
guarded() {
	echo "$2" >allow
	echo 'ALL: ALL' >deny
	listener "$1" TCP4-LISTEN:0,bind=127.0.0.1,fork,tcpwrap=relay,hosts-allow="$dir/allow",hosts-deny="$dir/deny" \
		EXEC:'echo in'
}

# answer_for ADDRESS: what a client from there is told.
answer_for() {
	run "$SOCAT" -u "TCP4:127.0.0.1:$port,bind=$1" -
	cat out
}

test_tcpwrap_names() {
	# tables may name clients: by name, domain, wildcard, and whether they have a name
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0 \
		13.0.0.127.in-addr.arpa=by.dns.test by.dns.test=127.0.0.13 \
		14.0.0.127.in-addr.arpa=liar.test liar.test=127.0.0.99
	wait_until test -s dns.port
	# pattern>who is let in, of: .11 host.example.test, .12 lonely, .13 by.dns.test,
	# .14 whose name belongs to another address, .15 without a name
	while IFS=">" read -r pattern expected; do
		guarded relay "relay: $pattern"
		let_in=
		for last in 11 12 13 14 15; do
			[ -z "$(answer_for 127.0.0.$last)" ] || let_in="$let_in,$last"
		done
		assertEquals "$pattern" "${expected#-}" "${let_in#,}"
		stop "$pid"
	done <<-END
		host.example.test>11
		HOST.Example.Test>11
		.example.test>11
		.test>11,13
		example.test>-
		by.dns.test>13
		*.test>11,13
		h?st.example.*>11
		LOCAL>12
		KNOWN>11,12,13
		UNKNOWN>14,15
		PARANOID>14
		liar.test>-
		ALL>11,12,13,14,15
		KNOWN EXCEPT .example.test>12,13
		ALL EXCEPT lonely, by.dns.test>11,14,15
		127.0.0.15, lonely>12,15
	END
}

test_tcpwrap_deny_names() {
	# names in hosts.deny keep just those out
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0
	wait_until test -s dns.port
	echo 'relay: .example.test, UNKNOWN' >deny
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,tcpwrap=relay,allow-table="$dir/none",deny-table="$dir/deny" \
		EXEC:'echo in'
	assertEquals 'by name' '' "$(answer_for 127.0.0.11)"
	assertEquals 'without a name' '' "$(answer_for 127.0.0.15)"
	assertEquals 'others' in "$(answer_for 127.0.0.12)"
	wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.11:'
	assert_lines relay.log ' W refusing connection' 2
}

test_tcpwrap_own_address() {
	# a rule may hold for one of our addresses only: daemon@host
	while read -r daemon answer; do
		guarded relay "$daemon: ALL"
		assertEquals "$daemon" "$answer" "$(answer_for 127.0.0.12)"
		stop "$pid"
	done <<-END
		relay@127.0.0.1 in
		relay@127.0.0. in
		relay@127.0.0.0/255.0.0.0 in
		ALL@127.0.0.1 in
		relay@127.0.0.2 
		other@127.0.0.1 
		relay@ALL in
	END
}

test_tcpwrap_slow_names() {
	# a name server that does not answer keeps only those waiting whose name matters
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0 15.0.0.127.in-addr.arpa=mute
	wait_until test -s dns.port
	guarded relay 'relay: 127.0.0.2, .example.test'
	start waiting "$SOCAT" -u "TCP4:127.0.0.1:$port,bind=127.0.0.15" -
	waiting=$pid
	wait_until grep -q 'asked 15\.0\.0\.127\.in-addr\.arpa type 12' names.out
	# no name is needed, or it is in a file
	for last in 2 11 2; do
		assertEquals "127.0.0.$last" in "$(answer_for 127.0.0.$last)"
	done
	assertFalse 'still waiting' "ended $waiting"
	assert_file '' waiting.out
	assert_lines names.out 'type 12' 1
}

test_tcpwrap_no_needless_names() {
	# no name is looked up where no rule asks for one, whether the client is let in or not
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0
	wait_until test -s dns.port
	for pattern in ALL 127.0.0.15 127.0.0. 127.0.0.0/255.0.0.0 10.0.0.0/8 10. '127.0.0.12 127.0.0.15' \
		'10.* 127.0.0.*' '[::1]'; do
		asked=$(wc -l <names.out)
		guarded relay "relay: $pattern"
		run "$SOCAT" -u "TCP4:127.0.0.1:$port,bind=127.0.0.15" -
		assert_status 0
		assertEquals "$pattern: $(tail -n 1 names.out)" "$asked" "$(wc -l <names.out)"
		stop "$pid"
	done
}

test_tcpwrap_signal_during_lookup() {
	# a signal ends a server that is looking up a client's name
	start names "$python" "$tests/peer.py" dns "$dir/dns.port" 127.0.0.53 0 15.0.0.127.in-addr.arpa=mute
	wait_until test -s dns.port
	guarded relay 'relay: .example.test'
	relay=$pid
	start waiting "$SOCAT" -u "TCP4:127.0.0.1:$port,bind=127.0.0.15" -
	wait_until grep -q 'type 12' names.out
	waiting=$pid
	stop "$relay"
	assertEquals 0 "$status"
	# and lets the client go
	finish "$waiting"
	assert_file '' waiting.out
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
