#!/bin/sh
# The example units for systemd in docker/systemd: correct, and their commands do what they say
# under their filters of system calls.

# shellcheck disable=SC2034,SC2154,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/tls.sh
. "$tests/tls.sh"
units=$root/docker/systemd
ip address add 192.0.2.10/32 dev lo

# here UNIT: a copy for this place, in $dir/UNIT: our program, and files below $dir.
here() {
	sed "s|/usr/local/bin/socat|$SOCAT|; s|/etc/socat|$dir/etc|g; s|%i|some|g
		s|%d|$dir/credentials|g; s|/run/docker.sock|$dir/docker.sock|" "$units/$1" >"$dir/$1"
}

# setting NAME: of the unit that here() copied last, or all of them.
setting() {
	sed -n "s/^$1=//p" "$dir/$unit"
}

# start_unit UNIT [COMMAND...]: what its ExecStart says, confined, and with the watchdog's and
# the manager's variables; COMMAND: what comes before it. $service is its id.
start_unit() {
	unit=$1
	shift
	here "$unit"
	rm -f heard
	start manager "$python" "$tests/notify.py" "$dir/heard" "$dir/notify"
	wait_until test -e heard
	# "$VARIABLE" alone is split, "${VARIABLE}" is one word: systemd.service(5)
	setting ExecStart | sed 's/\${\([A-Z]*\)}/"${\1}"/g; s/^/exec /' >command
	[ ! -e etc/some.conf ] || sed 's/^\([A-Z]*\)=\(.*\)/\1="\2"/' etc/some.conf | cat - command >command2
	[ ! -e command2 ] || mv command2 command
	confined='exec "$@"'
	sanitized || confined='exec "$python" "$tests/syscall_filter.py" "$dir/$unit" "$@"'
	export python tests dir unit
	start "service" env NOTIFY_SOCKET="$dir/notify" WATCHDOG_USEC="$(($(setting WatchdogSec) * 1000))" \
		sh -c "$confined" sh "$@" sh "$dir/command"
	service=$pid
	wait_log heard READY=1 || cat service.log
}

# end_unit: with SIGTERM, after a watchdog's message; and it was never killed for a call.
end_unit() {
	wait_log heard WATCHDOG=1
	stop "$service"
	assertEquals 'status' 0 "$status"
	assert_log heard STOPPING=1
	refute_log service.log ' [EF] '
}

# A server at 192.0.2.10:8080.
upstream() {
	start upstream "$SOCAT" -d -d TCP4-LISTEN:8080,bind=192.0.2.10,fork PIPE
	wait_log upstream.log ' N listening on '
}

test_correct() {
	# systemd finds nothing to complain about
	for file in "$units"/*; do
		here "${file##*/}"
	done
	sed -i "s|$SOCAT|/bin/true|" ./*.service
	for file in *.service *.socket; do
		run systemd-analyze verify --man=no "./$(echo "$file" | sed 's/@/@some/')"
		assertEquals "$file: $(cat err)" 0 "$status"
		assert_file '' err
	done
	# and would complain
	echo 'Nonsense=1' >>socat-web.service
	run systemd-analyze verify --man=no ./socat-web.service
	assert_log err Nonsense
}

test_hardened() {
	# each has the settings that confine it
	for file in "$units"/*.service; do
		for line in DynamicUser=yes NoNewPrivileges=yes ProtectSystem=strict \
			SystemCallFilter=@system-service WatchdogSec=30 Type=notify; do
			assertTrue "$file: $line" "grep -qx $line $file"
		done
	done
}

test_filter_kills() {
	# the filter of these tests would show a call that a unit forbids
	unit=socat-web.service
	here "$unit"
	run "$python" "$tests/syscall_filter.py" "$unit" "$python" -c \
		'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)'
	assertEquals 'status' 159 "$status"
	run "$python" "$tests/syscall_filter.py" "$unit" "$python" -c 'import os; os.chroot("/")'
	assertEquals 'status' 159 "$status"
	run "$python" "$tests/syscall_filter.py" "$unit" "$python" -c 'print(1)'
	assertEquals 'status' 0 "$status"
}

test_forward() {
	mkdir etc
	echo 127.0.0.1/32 >etc/forward.networks
	upstream
	start_unit socat-forward.service
	client ask 127.0.0.1:80 hello
	assert_out hello
	run "$python" "$tests/limits.py" 127.0.0.1:80 1 --from 127.0.0.2
	assert_log out '^0 served'
	echo 127.0.0.2/32 >etc/forward.networks
	assertEquals '/bin/kill -HUP $MAINPID' "$(setting ExecReload)"
	kill -HUP "$service"
	wait_log heard RELOADING=1
	wait_log heard READY=1 2
	run "$python" "$tests/limits.py" 127.0.0.1:80 1 --from 127.0.0.2
	assert_log out '^1 served'
	end_unit
}

test_stopped_with_clients() {
	# that some are cut off at the end is no failure of a unit
	mkdir etc
	echo 127.0.0.1/32 >etc/forward.networks
	upstream
	start_unit socat-forward.service
	mkfifo words
	start_with words client "$SOCAT" - TCP:127.0.0.1:80
	exec 9>words
	echo hello >&9
	wait_log client.out hello
	kill -TERM "$service"
	wait_log heard STOPPING=1
	kill -TERM "$service"
	finish "$service"
	exec 9>&-
	for file in "$units"/*.service; do
		assertTrue "$file: $status" "grep -qx SuccessExitStatus=$status $file"
	done
}

test_web() {
	# with the socket that its socket unit describes
	assertEquals 80 "$(sed -n 's/^ListenStream=//p' "$units/socat-web.socket")"
	name=$(sed -n 's/^FileDescriptorName=//p' "$units/socat-web.socket")
	upstream
	start_unit socat-web.service "$python" "$tests/activate.py" "$dir/web.port" --names "$name" tcp --
	port=$(cat web.port)
	client ask "127.0.0.1:$port" hello
	assert_out hello
	end_unit
}

test_docker() {
	# who has a certificate reaches the engine's socket, and nobody else
	mkdir credentials
	cp "$pki/server.pem" credentials/server.pem
	cp "$pki/ca.crt" credentials/ca.pem
	start engine "$SOCAT" -d -d UNIX-LISTEN:docker.sock,fork PIPE
	wait_log engine.log ' N listening on '
	start_unit socat-docker.service
	given 'hello\n'
	run "$SOCAT" -t 5 - "OPENSSL:127.0.0.1:2376,cafile=$pki/ca.crt,cert=$pki/client.pem" <in
	assert_out 'hello\n'
	run "$SOCAT" -t 5 - "OPENSSL:127.0.0.1:2376,cafile=$pki/ca.crt" <in
	assert_out ''
	assert_lines engine.log ' N accepting connection' 1
	wait_log heard WATCHDOG=1
	stop "$service"
	assertEquals 'status' 0 "$status"
	assert_log heard STOPPING=1
}

test_any() {
	# what its file says
	mkdir etc
	printf 'LISTEN=TCP-LISTEN:5432,fork,max-children=200\nCONNECT=TCP:192.0.2.10:8080\nOPTIONS=-d -d\n' >etc/some.conf
	upstream
	start_unit socat@.service
	client ask 127.0.0.1:5432 hello
	assert_out hello
	assert_log service.log ' N accepting connection'
	end_unit
}

. shunit2
