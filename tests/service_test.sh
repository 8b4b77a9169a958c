#!/bin/sh
# What a service manager is told through NOTIFY_SOCKET.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# manager [NAME]: somebody listens; what he hears is in the file heard.
manager() {
	notify=${1:-$dir/notify}
	start manager "$python" "$tests/notify.py" "$dir/heard" "$notify"
	manager=$pid
	wait_until test -e heard
}

# service NAME ARGUMENT...: the program tested, with that socket; $service is its id.
service() {
	service_name=$1
	shift
	start "$service_name" env NOTIFY_SOCKET="$notify" "$SOCAT" -d -d "$@"
	service=$pid
}

# told TEXT...: wait until these are all lines that were heard, in this order.
told() {
	printf "$service %s\n" "$@" >expected
	wait_until cmp -s expected heard || diff expected heard
}

echo_server='TCP4-LISTEN:0,bind=127.0.0.1,fork'

test_server() {
	# ready when it listens, and stopping when it was told to
	manager
	service relay "$echo_server" PIPE
	told READY=1 "STATUS=serving $echo_server"
	assert_log relay.log ' N listening on '
	stop "$service"
	told READY=1 "STATUS=serving $echo_server" STOPPING=1 STATUS=ending EXTEND_TIMEOUT_USEC=5000000
	refute_log relay.log ' W .*NOTIFY'
}

test_grace() {
	# the time that sessions may take is asked for
	manager
	service relay --grace 12.5 "$echo_server" PIPE
	told READY=1 "STATUS=serving $echo_server"
	stop "$service"
	wait_until grep -q 'EXTEND_TIMEOUT_USEC=17500000$' heard
}

test_one_session() {
	# a single session: ready when both addresses are open
	manager
	service relay TCP4-LISTEN:0,bind=127.0.0.1 PIPE
	wait_log relay.log ' N listening on '
	port=$(port_of relay.log)
	assert_file '' heard
	client ask "127.0.0.1:$port" hello
	assert_out hello
	told READY=1 STATUS=relaying
	finish "$service"
	assertEquals 0 "$status"
}

test_nofork() {
	# a program that takes the place is what is ready then
	manager
	service relay PIPE SYSTEM:'exit 3',nofork
	told READY=1 STATUS=relaying
	finish "$service"
	assertEquals 3 "$status"
}

test_error() {
	# who can't start is not ready
	manager
	service relay TCP4-LISTEN:0,bind=192.0.2.1,fork PIPE
	finish "$service"
	assertEquals 1 "$status"
	assert_file '' heard
}

test_reload() {
	# SIGHUP: first that it begins, and when, then that it is over
	manager
	echo 127.0.0.0/8 >ranges
	service relay "$echo_server,range-file=$dir/ranges" PIPE
	told READY=1 "STATUS=serving $echo_server,range-file=$dir/ranges"
	kill -HUP "$service"
	wait_log heard 'READY=1$' 2
	sed 's/[^ ]* //; s/USEC=[0-9]\{6,\}$/USEC=N/' heard >lines
	assert_file "READY=1\nSTATUS=serving $echo_server,range-file=$dir/ranges\nRELOADING=1\nMONOTONIC_USEC=N\nREADY=1\nSTATUS=serving $echo_server,range-file=$dir/ranges\n" lines
	reloading=$(sed -n 's/.*MONOTONIC_USEC=//p' heard)
	assertTrue 'of this machine' "awk -v then=$reloading '{ exit !(then <= \$1 * 1e6 + 1e4 && then > 0) }' /proc/uptime"
}

test_reload_while_sessions_finish() {
	# it is no second signal to end, and who is about to end does not become ready again
	manager
	echo 127.0.0.0/8 >ranges
	for option in '' --workers=2; do
		: >heard
		start relay env NOTIFY_SOCKET="$notify" "$SOCAT" -d -d --grace 60 ${option:+"$option"} \
			"$echo_server,range-file=$dir/ranges" PIPE
		service=$pid
		wait_log relay.log ' N listening on '
		wait_log heard READY=1
		mkfifo "input$option"
		start_with "input$option" held "$SOCAT" - "TCP4:127.0.0.1:$(port_of relay.log)"
		held=$pid
		exec 9>"input$option"
		wait_log relay.log ' N starting data transfer loop'
		kill -TERM "$service"
		wait_log relay.log 'may finish within'
		kill -HUP "$service"
		wait_log relay.log ' N .*: 1 network reloaded'
		echo hello >&9
		wait_log held.out hello
		exec 9>&-
		finish "$held"
		finish "$service"
		assertEquals "sessions have finished $option" 0 "$status"
		refute_log heard RELOADING
		assert_lines heard 'READY=1' 1
	done
}

test_watchdog() {
	# again and again, from READY=1 on
	manager
	start relay env NOTIFY_SOCKET="$notify" WATCHDOG_USEC=40000 "$SOCAT" -d -d "$echo_server" PIPE
	wait_log heard ' WATCHDOG=1' 5
	assertEquals READY=1 "$(sed -n '1s/.* //p' heard)"
}

test_watchdog_of_this_process() {
	# WATCHDOG_PID may be its own id; another one's is no concern of it
	manager
	start relay env NOTIFY_SOCKET="$notify" WATCHDOG_USEC=40000 sh -c \
		"WATCHDOG_PID=\$\$ exec '$SOCAT' -d -d $echo_server PIPE"
	wait_log heard ' WATCHDOG=1' 2
	stop "$pid"
	: >heard
	start relay env NOTIFY_SOCKET="$notify" WATCHDOG_USEC=1 WATCHDOG_PID=1 "$SOCAT" -d -d \
		"$echo_server" SYSTEM:'sleep 0.2; cat'
	wait_log relay.log ' N listening on '
	port=$(port_of relay.log)
	client ask "127.0.0.1:$port" hello
	assert_out hello
	refute_log heard WATCHDOG
}

test_watchdog_of_nonsense() {
	manager
	start relay env NOTIFY_SOCKET="$notify" WATCHDOG_USEC=soon "$SOCAT" -d -d "$echo_server" PIPE
	wait_log heard READY=1
	assert_lines relay.log ' W WATCHDOG_USEC is not a number of microseconds: there is no watchdog' 1
}

test_programs_get_nothing() {
	# neither the variables nor the socket
	manager
	start_with /dev/null relay env NOTIFY_SOCKET="$notify" WATCHDOG_USEC=1000000 WATCHDOG_PID=5 \
		"$SOCAT" -u SYSTEM:'env; ls -l /proc/self/fd',pty STDOUT
	finish "$pid"
	assertEquals 0 "$status"
	refute_log relay.out '^(NOTIFY|WATCHDOG)'
	refute_log relay.out 'socket:'
	assert_log relay.out '^PATH='
}

test_abstract() {
	manager "@socat-test-$$"
	service relay "$echo_server" PIPE
	told READY=1 "STATUS=serving $echo_server"
}

test_workers() {
	# the first process speaks, when all of them run, and nobody else
	manager
	start relay env NOTIFY_SOCKET="$notify" "$SOCAT" -d -d --workers 3 "$echo_server,isolate" PIPE
	service=$pid
	told READY=1 "STATUS=serving $echo_server,isolate"
	assert_log relay.log ' N worker 3 is process'
	port=$(port_of relay.log)
	client many "127.0.0.1:$port" 20 10
	assert_out '20 of 20 answers right\n'
	stop "$service"
	told READY=1 "STATUS=serving $echo_server,isolate" STOPPING=1 STATUS=ending EXTEND_TIMEOUT_USEC=5000000
}

test_secrets() {
	# passwords are no part of the status
	manager
	service relay "SOCKS5-LISTEN:127.0.0.1:127.0.0.1:0,socksuser=me,sockspass=geheim,fork" PIPE
	wait_log heard READY=1
	refute_log heard geheim
}

test_nobody_listens() {
	# that is one warning, and everything else goes on
	for notify in "$dir/nothing" "@socat-nobody-$$" "$dir/$(printf %0120d 0)" relative vsock:2:1; do
		start relay env NOTIFY_SOCKET="$notify" WATCHDOG_USEC=20000 "$SOCAT" -d -d "$echo_server" PIPE
		wait_log relay.log ' N listening on '
		port=$(port_of relay.log)
		client ask "127.0.0.1:$port" hello
		assert_out hello
		stop "$pid"
		assert_lines relay.log ' W .*NOTIFY_SOCKET' 1
	done
}

test_manager_comes_again() {
	# after its socket was made anew it is told again
	manager
	service relay "$echo_server" PIPE
	told READY=1 "STATUS=serving $echo_server"
	stop "$manager"
	rm heard
	manager
	stop "$service"
	told STOPPING=1 STATUS=ending EXTEND_TIMEOUT_USEC=5000000
	refute_log relay.log ' W .*NOTIFY'
}

. shunit2
