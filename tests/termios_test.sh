#!/bin/sh
# Options of terminals: what each sets, what can't be set, and that terminals are given back as
# they were found. The scenarios are in terminal_settings.py.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

scenario() {
	BOUND=$BOUND run "$python" "$tests/terminal_settings.py" "$1" "$SOCAT"
	assertEquals "$1: $(cat "$dir/out" "$dir/err")" 0 "$status"
}

test_flags() {
	# each option of a single bit sets and clears it, under each of its names, and nothing else
	BOUND=120 scenario flags
}

test_fields() {
	# delays, their short forms, and the size of characters
	scenario fields
}

test_characters() {
	# each control character, and the two numbers among them
	BOUND=60 scenario characters
}

test_speeds() {
	# each speed that has a name, others by number, one direction alone
	BOUND=120 scenario speeds
}

test_composites() {
	# raw and the like, whole words, and several options in the order written
	scenario composites
}

test_warned() {
	# what the terminal has not taken is said
	scenario warned
}

test_size() {
	# columns and rows
	scenario size
}

test_both_sides() {
	# STDIO with two terminals
	scenario both-sides
}

test_other_descriptors() {
	# STDIN, STDOUT and FD
	scenario other-descriptors
}

test_restored() {
	# at the end, after an error, after each signal, which a sanitizer would take for itself
	with_own_signals scenario restored
}

test_sessions() {
	# several sessions with one terminal
	scenario sessions
}

test_isolated() {
	# processes of single connections
	scenario isolated
}

test_job_in_background() {
	# another job has the terminal by then
	scenario job-in-background
}

test_other_name() {
	# the same terminal under two names
	scenario other-name
}

test_shell() {
	# in an interactive shell
	scenario shell
}

test_no_terminal() {
	# an error for each side that is no terminal; with -s only said
	given 'abc\n'
	run "$SOCAT" -,raw,echo=0 PIPE <in
	assert_error '-,raw,echo=0: option "raw": tcgetattr\(\): (Not a tty|Inappropriate ioctl for device)'
	run "$SOCAT" -u OPEN:/dev/null,b9600 -
	assert_error 'OPEN:/dev/null,b9600: option "b9600": tcgetattr\(\)'
	run "$SOCAT" -u OPEN:/dev/null,winsz=80:24 -
	assert_error 'option "winsz=80:24": ioctl\(TIOCSWINSZ\)'
	run "$SOCAT" -s -,raw - <in
	assert_status 0
	assert_out 'abc\n'
	assert_lines err 'option "raw": tcgetattr' 2
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
