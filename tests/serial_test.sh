#!/bin/sh
# Serial lines, played by pseudo terminals: all bytes, flow control, hang-up, several sessions.
# The scenarios are in terminal_serial.py.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

scenario() {
	BOUND=$((BOUND * 2)) run "$python" "$tests/terminal_serial.py" "$1" "$SOCAT"
	assertEquals "$1: $(cat "$dir/out" "$dir/err")" 0 "$status"
}

test_write() {
	# every byte arrives, though the writer ends at once
	scenario open-write
	scenario gopen-write
}

test_read() {
	# every byte is read
	scenario open-read
	scenario gopen-read
}

test_both_ways() {
	# both directions at once
	scenario both-ways
}

test_null_modem() {
	# two relays with a null modem between them
	need /usr/bin/socat || return
	scenario null-modem
}

test_lines() {
	# canonical mode
	scenario lines
}

test_threshold() {
	# min
	scenario threshold
}

test_stopped() {
	# output that is stopped and goes on
	scenario stopped
}

test_software_flow_control() {
	# ^S and ^Q
	scenario software-flow-control
}

test_hang_up() {
	# the other side goes
	scenario hang-up
}

test_sessions() {
	# fork
	scenario sessions
}

test_no_controlling_terminal() {
	# noctty
	scenario no-controlling-terminal
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
