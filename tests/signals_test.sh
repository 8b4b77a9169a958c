#!/bin/sh
# Signals: ending at once or with grace, children, the duties of process 1.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_one_shot_ends_at_once() {
	# SIGTERM, SIGINT, SIGHUP and SIGQUIT end a one-shot run with status 128+N
	for pair in TERM=143 INT=130 HUP=129 QUIT=131; do
		mkfifo "hold-$pair"
		# a shell gives background jobs an ignored SIGINT
		start_with "hold-$pair" relay env --default-signal "$SOCAT" -d -d - PIPE
		exec 9>"hold-$pair"
		wait_log relay.log 'starting data transfer loop'
		kill "-${pair%=*}" "$pid"
		finish "$pid"
		exec 9>&-
		assertEquals "$pair" "${pair#*=}" "$status"
		assert_log relay.log " [WN] exiting on signal $((${pair#*=} - 128))\$"
	done
}

test_broken_program() {
	# a signal of a broken program is said and then acts as ever; with sanitizers they say it
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	kill -SEGV "$pid"
	finish "$pid"
	if [ -z "${SANITIZER_LOG:-}" ]; then
		assertEquals 139 "$status"
		assert_log relay.log ' F exiting on signal 11$'
	else
		assertEquals 99 "$status"
		wait_until grep -q 'SEGV' "$SANITIZER_LOG.$pid"
		rm -f "$SANITIZER_LOG.$pid"
	fi
}

test_while_opening() {
	# so too while the addresses are being opened
	listener relay TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	assertEquals 143 "$status"
	relay relay TCP4:127.0.0.1:1,forever,interval=0.1 -
	wait_log relay.log 'opening connection'
	stop "$pid"
	assertEquals 143 "$status"
}

test_idle_server_ends_at_once() {
	# a server without a session ends at once: every session finished
	for grace in '' '--grace 60'; do
		# shellcheck disable=SC2086
		listener relay $grace TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
		client ask "127.0.0.1:$port" abc
		wait_log relay.log 'is at EOF' 2
		kill -TERM "$pid"
		finish "$pid"
		assertEquals "$grace" 0 "$status"
	done
}

# busy_server ARGUMENT...: a server with one session, to $relay and $port.
busy_server() {
	listener relay "$@" TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	holder=$pid
	exec 9>hold
	wait_until grep -q 'held 1' holder.out
}

test_no_grace() {
	# without grace a server with a session ends at once, with 128+N
	busy_server
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	exec 9>&-
}

test_statistics_of_what_is_cut() {
	# a session that is cut counts once
	busy_server --statistics
	kill -TERM "$relay"
	finish "$relay"
	assert_lines relay.log ' I STATISTICS: .* 2 byte' 2
	exec 9>&-
}

test_grace() {
	# with --grace the listener closes, the session may finish, status 0
	busy_server --grace 60
	kill -TERM "$relay"
	wait_until refuses "$port"
	assertTrue 'session goes on' "kill -0 $relay"
	exec 9>&-
	finish "$holder"
	assertEquals 'the session' 0 "$status"
	finish "$relay"
	assertEquals 0 "$status"
}

refuses() {
	! "$python" "$tests/peer.py" client ask "127.0.0.1:$1" x
}

test_grace_runs_out() {
	# a session that does not finish in time is cut, with 128+N
	busy_server --grace 0.3
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	exec 9>&-
}

test_second_signal() {
	# a second signal cuts the grace time short
	busy_server --grace 600
	kill -TERM "$relay"
	wait_until refuses "$port"
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	exec 9>&-
}

test_server_interrupt() {
	# SIGINT does the same, with its own number
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	start second env --default-signal "$SOCAT" -d -d TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log second.log 'listening on'
	mkfifo hold
	second=$pid
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$(port_of second.log)" 1
	exec 9>hold
	wait_until grep -q 'held 1' holder.out
	kill -INT "$second"
	finish "$second"
	assertEquals 130 "$status"
	exec 9>&-
}

test_children_end_too() {
	# processes forked for connections are told to end
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 2
	exec 9>hold
	wait_until grep -q 'held 2' holder.out
	forked=$(children "$relay")
	assertEquals 2 "$(echo "$forked" | wc -w)"
	kill -TERM "$relay"
	finish "$relay"
	assertEquals 143 "$status"
	for child in $forked; do
		wait_until ended "$child"
	done
	exec 9>&-
}

test_programs_end_too() {
	# programs of connections are told to end
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork 'SYSTEM:echo $$ >program; cat'
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	exec 9>hold
	wait_until grep -q 'held 1' holder.out
	program=$(cat program)
	kill -TERM "$relay"
	finish "$relay"
	wait_until ended "$program"
	exec 9>&-
}

test_transfer_finishes_in_grace() {
	# bytes under way at the signal arrive completely
	head -c 5000000 /dev/urandom >data
	mkfifo data.fifo
	mkdir got
	server collect collect "$dir/got"
	listener relay --grace 60 TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	relay=$pid
	start_with data.fifo sender "$SOCAT" -t 60 -u - "TCP4:127.0.0.1:$port"
	exec 9>data.fifo
	head -c 2500000 data >&9
	wait_until test -s got/1.part
	kill -TERM "$relay"
	tail -c +2500001 data >&9
	exec 9>&-
	finish "$relay"
	assertEquals 0 "$status"
	wait_until test -e got/1
	assertEquals "$(checksum data)" "$(checksum got/1)"
}

# ---- process 1

test_init_signals() {
	# as process 1 SIGTERM and SIGINT act
	need_root || return 0
	for pair in TERM=143 INT=130; do
		as_init relay TCP4-LISTEN:0,bind=127.0.0.1 -
		wait_log relay.log 'socat\[1\] N listening on'
		kill "-${pair%=*}" "$pid"
		finish "$outer"
		assertEquals "$pair" "${pair#*=}" "$status"
	done
}

test_init_idle_server() {
	# as process 1 an idle server ends at once
	need_root || return 0
	as_init relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log relay.log 'listening on'
	kill -TERM "$pid"
	finish "$outer"
	assertEquals 0 "$status"
}

test_init_grace() {
	# as process 1 sessions have some seconds to finish even without --grace
	need_root || return 0
	as_init relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	relay=$pid
	wait_log relay.log 'listening on'
	port=$(port_of relay.log)
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	exec 9>hold
	wait_until grep -q 'held 1' holder.out
	kill -TERM "$relay"
	wait_until refuses "$port"
	exec 9>&-
	finish "$outer"
	assertEquals 0 "$status"
}

test_init_reaps() {
	# as process 1 orphans are reaped
	need_root || return 0
	# the shell ends at once and leaves a child behind, which then is ours
	as_init relay TCP4-LISTEN:0,bind=127.0.0.1,fork 'SYSTEM:(read -r go <go; exit 0) & echo left; exit'
	wait_log relay.log 'listening on'
	mkfifo go
	client first "127.0.0.1:$(port_of relay.log)"
	assert_log out left
	wait_until has_children "$pid" 1
	echo go >go
	wait_until has_children "$pid" 0
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
