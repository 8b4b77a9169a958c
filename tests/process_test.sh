#!/bin/sh
# Options that change the process: user, group, root, session, network namespace.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_su_of_the_run() {
	# su on an address without a process of its own changes the run itself, after opening
	need_root || return 0
	without_leak_check
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,su=nobody EXEC:cat
	start_connection
	wait_log relay.log 'starting data transfer loop'
	assertEquals "$(id -u nobody) $(id -g nobody)" "$(stat -c '%u %g' "/proc/$pid/")"
	assertEquals 'groups' "$(id -G nobody)" "$(sed -n 's/^Groups:[[:space:]]*\(.*[0-9]\).*/\1/p' "/proc/$pid/status")"
}

# A client that stays; $pid remains that of the relay.
start_connection() {
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	exec 9>hold
	pid=$relay
}

test_setuid_setgid() {
	# setuid and setgid change just that
	need_root || return 0
	without_leak_check
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,setgid=12,setuid=11 PIPE
	start_connection
	wait_log relay.log 'starting data transfer loop'
	assertEquals '11 12' "$(stat -c '%u %g' "/proc/$pid/")"
}

test_su_unknown() {
	# a user that does not exist is an error before anything is opened
	given abc
	run "$SOCAT" -u - CREATE:file,su=no-such-user <in
	assert_status 1
	assert_lines err ' E .*no-such-user' 1
	assertFalse '[ -e file ]'
}

test_su_d_before_chroot() {
	# su-d looks the user up before the root changes
	need_root || return 0
	without_leak_check
	mkdir empty
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,chroot="$dir/empty",su-d=nobody PIPE
	start_connection
	wait_log relay.log 'starting data transfer loop'
	assertEquals "$(id -u nobody)" "$(stat -c '%u' "/proc/$pid/")"
	assertEquals "$dir/empty" "$(readlink "/proc/$pid/root")"
}

test_chroot() {
	# chroot acts after opening, chroot-early before
	need_root || return 0
	without_leak_check
	mkdir jail
	echo inside >jail/file
	echo outside >file
	run "$SOCAT" -u "OPEN:$dir/file,chroot=$dir/jail" -
	assert_out 'outside\n'
	run "$SOCAT" -u "OPEN:/file,chroot-early=$dir/jail" -
	assert_out 'inside\n'
	run "$SOCAT" -u "OPEN:$dir/file,chroot=$dir/none" -
	assert_error 'none.*No such file or directory'
}

test_setuid_early() {
	# setuid-early acts before opening
	need_root || return 0
	without_leak_check
	echo secret >file
	chmod 600 file
	run "$SOCAT" -u "OPEN:$dir/file,setuid-early=nobody" -
	assert_error 'Permission denied'
	run "$SOCAT" -u "OPEN:$dir/file,setuid=nobody" -
	assert_out 'secret\n'
}

test_not_permitted() {
	# without the right to it, it is an error with the reason
	need_root || return 0
	without_leak_check
	given abc
	chmod 644 in
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$SOCAT" -u "OPEN:$dir/in,setuid=1" -
	assert_error 'Operation not permitted'
}

test_setsid() {
	# setsid makes the run a session of its own
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,setsid PIPE
	start_connection
	wait_log relay.log 'starting data transfer loop'
	assertEquals "$pid" "$(sed 's/.*) . [0-9]* [0-9]* \([0-9]*\) .*/\1/' "/proc/$pid/stat")"
	exec 9>&-
}

test_umask_is_put_back() {
	# umask and cd of one address do not reach the other one
	mkdir folder
	given abc
	(umask 022 && "$SOCAT" -u OPEN:in,umask=0077 CREATE:copy)
	assertEquals 644 "$(stat -c %a copy)"
	run "$SOCAT" -u OPEN:../in,cd=folder CREATE:copy2
	assert_file abc copy2
}

test_netns() {
	# netns opens an address in another network namespace
	need_root || return 0
	need ip || return 0
	without_leak_check
	space=socat-test-$$
	ip netns add "$space" || { startSkipping; return 0; }
	ip -n "$space" link set lo up
	start inside ip netns exec "$space" "$python" "$tests/peer.py" server "$dir/inside.port" say 'from inside'
	wait_until test -s inside.port
	run "$SOCAT" --experimental -u "TCP4:127.0.0.1:$(cat inside.port),netns=$space" -
	assert_status 0
	assert_out 'from inside'
	run "$SOCAT" -u "TCP4:127.0.0.1:$(cat inside.port)" -
	assert_status 1
	stop_all
	ip netns delete "$space"
}

test_netns_listener() {
	# a listener inside serves clients there while connecting outside
	need_root || return 0
	need ip || return 0
	without_leak_check
	space=socat-test-l$$
	ip netns add "$space" || { startSkipping; return 0; }
	ip -n "$space" link set lo up
	server say say 'from outside'
	listener relay --experimental "TCP4-LISTEN:0,bind=127.0.0.1,fork,netns=$space" "TCP4:127.0.0.1:$server_port"
	for round in 1 2; do
		run ip netns exec "$space" "$python" "$tests/peer.py" client first "127.0.0.1:$port"
		assert_out 'from outside'
	done
	stop_all
	ip netns delete "$space"
}

test_netns_unknown() {
	# a namespace that does not exist is an error that names it
	need_root || return 0
	run "$SOCAT" --experimental - TCP4:127.0.0.1:1,netns=no-such-namespace </dev/null
	assert_error 'no-such-namespace'
}

test_early_identity_of_a_server() {
	# setuid-early and setgid-early change a server before it listens, its programs with it
	need_root || return 0
	without_leak_check
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,setuid-early=11,setgid-early=12 'SYSTEM:id -u; id -g'
	assertEquals 'the server' '11 12' "$(stat -c '%u %g' "/proc/$pid/")"
	for round in 1 2; do
		client ask "127.0.0.1:$port" ''
		assert_out '11\n12\n'
	done
	# before it listens: 11 may not make an entry here
	run "$SOCAT" UNIX-LISTEN:socket,fork,setuid-early=11 PIPE
	assert_error 'Permission denied'
}

test_early_root_of_a_server() {
	# chroot-early changes a server's root: what is opened for a connection is in there
	need_root || return 0
	without_leak_check
	mkdir jail
	echo inside >jail/file
	listener relay -U TCP4-LISTEN:0,bind=127.0.0.1,fork,chroot-early="$dir/jail" OPEN:/file,rdonly
	assertEquals "$dir/jail" "$(readlink "/proc/$pid/root")"
	for round in 1 2; do
		client first "127.0.0.1:$port"
		assert_out 'inside\n'
	done
}

test_delayed_user_of_a_server() {
	# su-d and chroot together hold for the process of every connection, not for the server
	need_root || return 0
	without_leak_check
	# no /etc/passwd in there: the user was looked up before
	# (not nobody, whom some C libraries know without it)
	mkdir jail
	for options in chroot chroot-early; do
		listener relay "TCP4-LISTEN:0,bind=127.0.0.1,fork,$options=$dir/jail,su-d=daemon" PIPE
		relay=$pid
		rm -f hold
		mkfifo hold
		start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 2
		exec 9>hold
		wait_until grep -q 'held 2' holder.out
		assertEquals "$options" 2 "$(count_children "$relay")"
		for child in $(children "$relay"); do
			assertEquals "$options" "$(id -u daemon) $(id -g daemon)" "$(stat -c '%u %g' "/proc/$child/")"
			assertEquals "$options" "$dir/jail" "$(readlink "/proc/$child/root")"
		done
		assertEquals "$options: the server" 0 "$(stat -c %u "/proc/$relay/")"
		[ $options = chroot-early ] || assertEquals "$options: the server" / "$(readlink "/proc/$relay/root")"
		exec 9>&-
		stop "$relay"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
