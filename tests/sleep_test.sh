#!/bin/sh
# The program called by the name sleep, as containers for debugging do.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# as_sleep: a link of that name in the test's folder.
as_sleep() {
	ln -s "$SOCAT" sleep
}

# True once the process runs under that name and waits. The first thing it waits for is
# signals; before that, process 1 would not see them.
waits() {
	grep -qx sleep "/proc/$1/comm" && grep -q '^State:[[:space:]]*S' "/proc/$1/status"
}

# first_process NAME COMMAND...: start as process 1 of a namespace of its own. $outer is
# what to wait for, $pid the process inside.
first_process() {
	first_name=$1
	shift
	start "$first_name" unshare --fork --pid --mount-proc --kill-child env --default-signal "$@"
	outer=$pid
	wait_until has_children "$outer" 1
	pid=$(children "$outer" | tr -d ' ')
}

milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

test_waits() {
	# it waits as long as all arguments together say, and says nothing
	as_sleep
	for arguments in 0.4 '0.1 0.3' '.2 .2'; do
		began=$(milliseconds)
		# shellcheck disable=SC2086
		run ./sleep $arguments
		took=$(($(milliseconds) - began))
		assertEquals "$arguments" 0 "$status"
		assertTrue "$arguments took $took ms" "[ $took -ge 400 ]"
		assert_file '' err
		assert_out ''
	done
}

test_no_time() {
	# 0 ends at once
	as_sleep
	run ./sleep 0
	assert_status 0
	assert_file '' err
}

test_infinity_ends_on_signals() {
	# "infinity" ends on the signals that end, with the status shells give that
	as_sleep
	for pair in TERM=143 INT=130 HUP=129; do
		start sleeper env --default-signal ./sleep infinity
		wait_until waits "$pid"
		kill "-${pair%=*}" "$pid"
		finish "$pid"
		assertEquals "$pair" "${pair#*=}" "$status"
		assert_file '' sleeper.log
	done
}

test_first_process_ends_on_signals() {
	# so does process 1, which the system would leave running, with a time as well
	need_root || return 0
	as_sleep
	for arguments in infinity '1 3600'; do
		for pair in TERM=143 INT=130; do
			# shellcheck disable=SC2086
			first_process sleeper ./sleep $arguments
			wait_until waits "$pid"
			kill "-${pair%=*}" "$pid"
			finish "$outer"
			assertEquals "$arguments: $pair" "${pair#*=}" "$status"
		done
	done
}

test_first_process_reaps() {
	# process 1 collects orphans at their end, and goes on waiting
	need_root || return 0
	as_sleep
	mkfifo go go2
	# two orphans, one after the other
	first_process sleeper sh -c '(read -r word <go &); (read -r word <go2 &); exec ./sleep infinity'
	wait_until waits "$pid"
	wait_until has_children "$pid" 2
	echo word >go
	wait_until has_children "$pid" 1
	echo word >go2
	wait_until has_children "$pid" 0
	assertFalse 'still waiting' "ended $pid"
	kill -TERM "$pid"
	finish "$outer"
	assertEquals 143 "$status"
}

test_a_child_does_not_end_the_wait() {
	# the end of a child is no reason to wait less
	as_sleep
	began=$(milliseconds)
	run sh -c '(exit 3) & (sleep 0.1) & exec ./sleep 0.5'
	took=$(($(milliseconds) - began))
	assert_status 0
	assertTrue "took $took ms" "[ $took -ge 500 ]"
}

test_wrong_words() {
	# what is no number is one line that names it, and status 1
	as_sleep
	for words in abc 1x 5s --help '0.1 abc' 'infinit'; do
		# shellcheck disable=SC2086
		run timeout 5 ./sleep $words
		assertEquals "$words" 1 "$status"
		assertEquals "$words" 1 "$(wc -l <err)"
		assert_log err "^sleep: .*${words#* }"
		assert_out ''
	done
	run timeout 5 ./sleep ''
	assert_status 1
	assertEquals 1 "$(wc -l <err)"
}

test_wrong_times() {
	# no time, one below zero, and one that no clock counts are refused alike
	as_sleep
	for words in '' -1 -0.5 '2 -1' nan inf 1e300 '0.1 1e300'; do
		# shellcheck disable=SC2086
		run timeout 5 ./sleep $words
		assertEquals "\"$words\": status" 1 "$status"
		assertEquals "\"$words\": lines" 1 "$(wc -l <err)"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
