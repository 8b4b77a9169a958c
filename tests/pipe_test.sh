#!/bin/sh
# Unnamed and named pipes.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_unnamed_echoes() {
	# an unnamed pipe gives back what it is given
	given 'abc\n'
	run "$SOCAT" - PIPE <in
	assert_status 0
	assert_out 'abc\n'
}

test_unnamed_more_than_it_holds() {
	# much more than a pipe can hold goes through it
	head -c 3000000 /dev/urandom >in
	run "$SOCAT" - PIPE <in
	assert_status 0
	assertEquals "$(checksum in)" "$(checksum out)"
}

test_pipe_size() {
	# f-setpipe-sz sets the pipe's size
	need strace || return 0
	without_leak_check
	run strace -f -e trace=fcntl -o trace "$SOCAT" - PIPE,f-setpipe-sz=131072 </dev/null
	assert_log trace 'F_SETPIPE_SZ, 131072\) += 131072'
}

test_named_is_created() {
	# a named pipe that is not there is created, and removed at the end
	relay relay -u PIPE:fifo CREATE:copy
	wait_until test -p fifo
	printf abc >fifo
	finish "$pid"
	assertEquals 0 "$status"
	assert_file abc copy
	assertFalse removed '[ -e fifo ]'
}

test_named_exists() {
	# a named pipe that is there is used
	mkfifo fifo
	relay relay -u PIPE:fifo,unlink-close=0 CREATE:copy
	printf abc >fifo
	finish "$pid"
	assertEquals 0 "$status"
	assert_file abc copy
	assertTrue kept '[ -p fifo ]'
}

test_named_write() {
	# and written to
	mkfifo fifo
	start reader cat fifo
	given abc
	run "$SOCAT" -u - PIPE:fifo,unlink-close=0 <in
	assert_status 0
	wait_until size_is reader.out 3
	assert_file abc reader.out
}

test_named_echoes() {
	# used for both directions it is an echo
	given abc
	run "$SOCAT" - PIPE:fifo <in
	assert_status 0
	assert_out abc
	assertFalse removed '[ -e fifo ]'
}

test_named_mode() {
	# mode and umask decide on the permissions of a created pipe
	relay relay -u PIPE:fifo,mode=600 CREATE:copy
	wait_until test -p fifo
	wait_until test "$(stat -c %a fifo)" = 600
	assertEquals 600 "$(stat -c %a fifo)"
}

test_named_nonblock() {
	# with nonblock the opening for reading does not wait for a writer
	mkfifo fifo
	run "$SOCAT" -d -d -T 0.2 -u PIPE:fifo,nonblock,rdonly,unlink-close=0 CREATE:copy
	assert_log err 'starting data transfer loop'
	assert_status 0
}

test_not_a_pipe() {
	# a file in the place of the pipe is used as it is
	given abc
	printf file >file
	run "$SOCAT" -u PIPE:file,unlink-close=0 -
	assert_out file
}

test_named_existing_is_kept() {
	# a named pipe that existed before stays at the end
	for direction in '-u PIPE:fifo CREATE:copy' '-U CREATE:copy PIPE:fifo'; do
		rm -f fifo
		mkfifo fifo
		# shellcheck disable=SC2086
		relay relay $direction
		printf abc >fifo
		finish "$pid"
		assertEquals "$direction" 0 "$status"
		assert_file abc copy
		assertTrue "$direction: kept" '[ -p fifo ]'
	done
	given abc
	run "$SOCAT" - PIPE:fifo <in
	assert_out abc
	assertTrue 'both ways: kept' '[ -p fifo ]'
}

test_named_unlink_close() {
	# unlink-close decides instead, for a pipe that existed and for one that was made
	given abc
	mkfifo fifo
	run "$SOCAT" - PIPE:fifo,unlink-close <in
	assert_out abc
	assertFalse 'existed, unlink-close' '[ -e fifo ]'
	run "$SOCAT" - PIPE:fifo,unlink-close=0 <in
	assert_out abc
	assertTrue 'made, unlink-close=0' '[ -p fifo ]'
	run "$SOCAT" - PIPE:fifo,unlink-close=1 <in
	assertFalse 'existed, unlink-close=1' '[ -e fifo ]'
}

test_named_removed_on_signal() {
	# a signal that ends the run leaves no pipe of ours, and one of others alone
	for existed in no yes; do
		rm -f fifo
		[ $existed = no ] || mkfifo fifo
		relay relay PIPE:fifo PIPE
		wait_log relay.log 'starting data transfer loop'
		stop "$pid"
		assertEquals 143 "$status"
		assertEquals "existed: $existed" $existed "$([ -p fifo ] && echo yes || echo no)"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
