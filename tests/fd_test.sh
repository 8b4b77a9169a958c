#!/bin/sh
# Descriptors that are open already, as addresses.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_fd_numbers() {
	# FD:n uses descriptor n, written out or as a bare number
	given abc
	run "$SOCAT" -u FD:5 FD:6 5<in 6>copy
	assert_status 0
	assert_file abc copy
	run "$SOCAT" -u 5 6 5<in 6>copy2
	assert_file abc copy2
}

test_fd_both_ways() {
	# a descriptor that reads and writes serves both directions
	run "$python" -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen([sys.argv[1], "FD:%d" % theirs.fileno(), "PIPE"], pass_fds=[theirs.fileno()])
theirs.close()
ours.sendall(b"abc")
ours.shutdown(socket.SHUT_WR)
print(ours.makefile("rb").read(), child.wait())' "$SOCAT"
	assertEquals "b'abc' 0" "$(cat out)"
}

test_fd_closed() {
	# a descriptor that is not open is an error
	run "$SOCAT" -u FD:77 - </dev/null
	assert_status 1
	assert_log err ' E .*77.*(Bad file descriptor|not open)'
}

test_fd_options() {
	# options of descriptors and files work on them
	given abcdef
	run "$SOCAT" -u FD:5,seek=2 - 5<in
	assert_out cdef
	printf 0123456 >file
	run "$SOCAT" -u - FD:5,append 5<>file <in
	assert_file 0123456abcdef file
	run "$SOCAT" -u - FD:5,ftruncate=3,seek-end=0 5<>file <in
	assert_file 012abcdef file
}

test_fd_perm_and_owner() {
	# mode and owner of the file behind a descriptor can be set
	need_root || return 0
	given abc
	run "$SOCAT" -u - FD:5,perm-late=640,user-late=1,group-late=2 5>file <in
	assert_status 0
	assertEquals '640 1 2' "$(stat -c '%a %u %g' file)"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
