#!/bin/sh
# Options that work on the data and its end: readbytes, line ends, escape, locks, shut-*.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_readbytes() {
	# readbytes ends the input after so many bytes
	given 0123456789
	run "$SOCAT" -u -,readbytes=4 - <in
	assert_out 0123
	run "$SOCAT" -,bytes=4 PIPE <in
	assert_out 0123
	head -c 300000 /dev/urandom >in
	run "$SOCAT" -u OPEN:in,readbytes=100001 CREATE:copy
	head -c 100001 in >expected
	assertEquals "$(checksum expected)" "$(checksum copy)"
}

test_readbytes_leaves_the_rest() {
	# what comes after stays unread for the next program
	given 'first second'
	(timeout "$BOUND" "$SOCAT" -u -,readbytes=6 CREATE:copy && cat >rest) <in
	assert_file 'first ' copy
	assert_file second rest
}

test_crnl() {
	# crnl makes LF to CR LF when writing, and takes CR away when reading
	given 'a\nb\n'
	run "$SOCAT" -u - CREATE:copy,crnl <in
	assert_file 'a\r\nb\r\n' copy
	given 'a\r\nb\rc\r\n'
	run "$SOCAT" -u -,crnl CREATE:copy <in
	assert_file 'a\nbc\n' copy
	given 'a\r\nb\r\n'
	run "$SOCAT" -u -,crlf CREATE:copy <in
	assert_file 'a\nb\n' copy
}

test_cr() {
	# cr makes LF to CR when writing, CR to LF when reading
	given 'a\nb\n'
	run "$SOCAT" -u - CREATE:copy,cr <in
	assert_file 'a\rb\r' copy
	given 'a\rb\r'
	run "$SOCAT" -u -,cr CREATE:copy <in
	assert_file 'a\nb\n' copy
}

test_line_ends_both_ways() {
	# both directions of an address are converted
	given 'a\nb\n'
	run "$SOCAT" -t 10 - 'EXEC:od -An -c,crnl' <in
	assertEquals 'a \r \n b \r \n' "$(tr -s ' \n' ' ' <out | sed 's/^ //; s/ $//')"
}

test_crnl_of_a_listener() {
	# line ends are changed once, whether the address serves one connection or many
	for options in '' ,fork; do
		listener relay "TCP4-LISTEN:0,bind=127.0.0.1,crnl$options" "SYSTEM:cat >copy; echo b"
		client ask "127.0.0.1:$port" 'a
'
		assert_out 'b\r\n'
		wait_until size_is copy 2
		stop "$pid"
	done
}

test_line_ends_for_a_slow_reader() {
	# what the reader does not take at first comes when it does, not with the next data
	mkfifo fifo
	start relay sh -c '"$1" -u OPEN:fifo -,crnl | (sleep 0.5; head -c 70000 | wc -c)' sh "$SOCAT"
	exec 9>fifo
	yes '' | head -n 35000 >&9
	wait_until grep -q 70000 relay.out
	exec 9>&-
}

test_line_ends_much_data() {
	# a megabyte of lines, cut into blocks anywhere
	"$python" -c 'print("\n".join(str(n) for n in range(150000)))' >in
	run "$SOCAT" -b 1000 -u - CREATE:copy,crnl <in
	sed 's/$/\r/' in >expected
	assertEquals "$(checksum expected)" "$(checksum copy)"
	run "$SOCAT" -b 777 -u OPEN:copy,crnl CREATE:back
	assertEquals "$(checksum in)" "$(checksum back)"
}

test_escape() {
	# the escape character ends the input
	given 'abc\035def'
	run "$SOCAT" -u -,escape=29 - <in
	assert_status 0
	assert_out abc
	given '\035def'
	run "$SOCAT" -,escape=0x1d PIPE <in
	assert_out ''
	given 'abc'
	run "$SOCAT" -u -,escape=0x1d - <in
	assert_out abc
}

test_ignoreeof() {
	# ignoreeof goes on after the end of the input; the other side decides
	given abc
	run "$SOCAT" -t 0.2 -T 0.5 -,ignoreeof PIPE <in
	assert_status 0
	assert_out abc
	relay relay -,ignoreeof 'SYSTEM:sleep 0.3; echo end'
	finish "$pid"
	assert_file 'end\n' relay.out
}

test_lockfile() {
	# lockfile is there while running, and refuses a second run
	mkfifo hold
	start_with hold relay "$SOCAT" -d -d "-,lockfile=$dir/lock" PIPE
	exec 9>hold
	wait_log relay.log 'starting data transfer loop'
	assertTrue '[ -e lock ]'
	run "$SOCAT" "-,lockfile=$dir/lock" PIPE </dev/null
	assert_status 1
	assert_lines err ' E .*lock' 1
	exec 9>&-
	finish "$pid"
	assertFalse '[ -e lock ]'
}

test_waitlock() {
	# waitlock waits until the file is gone
	echo 1 >lock
	relay relay -u "OPEN:/dev/null,waitlock=$dir/lock" CREATE:copy
	wait_log relay.log 'lock'
	assertFalse '[ -e copy ]'
	rm lock
	finish "$pid"
	assertEquals 0 "$status"
	assertTrue '[ -e copy ]'
	assertFalse '[ -e lock ]'
}

# what_the_end_does ADDRESS OPTION: the calls that tell the peer about our end
what_the_end_does() {
	without_leak_check
	server "say-$2" late 0
	timeout "$BOUND" strace -f -e trace=shutdown,close -o trace \
		"$SOCAT" -t 5 - "TCP4:127.0.0.1:$server_port,$2" </dev/null >out 2>err
	status=$?
}

test_shut_down() {
	# by default and with shut-down the end is passed on with shutdown()
	need strace || return 0
	what_the_end_does TCP4 shut-down
	assert_log trace 'shutdown\([0-9]+, SHUT_WR'
	assert_out 'late 0\n'
}

test_shut_none() {
	# shut-none tells the peer nothing until the close
	need strace || return 0
	without_leak_check
	server echo late 0
	timeout "$BOUND" strace -f -e trace=shutdown -o trace \
		"$SOCAT" -t 0.2 - "TCP4:127.0.0.1:$server_port,shut-none" </dev/null >out 2>err
	assertEquals 0 $?
	assert_out ''
	refute_log trace 'SHUT_WR\)'
}

test_shut_close() {
	# shut-close closes a descriptor that only writes
	given abc
	mkfifo fifo
	start reader cat fifo
	run "$SOCAT" -t 5 - "OPEN:/dev/null,rdonly,ignoreeof!!OPEN:fifo,wronly,shut-close" <in
	finish "$pid"
	assert_file abc reader.out
}

test_shut_null() {
	# shut-null sends an empty packet, null-eof takes one for the end
	"$python" -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
child = subprocess.Popen([sys.argv[1], "-t", "0.2", "-", "FD:%d,shut-null" % theirs.fileno()],
                         stdin=subprocess.PIPE, pass_fds=[theirs.fileno()])
child.stdin.write(b"abc")
child.stdin.flush()
print(ours.recv(100))
child.stdin.close()
print(ours.recv(100))
child.wait()' "$SOCAT" >out
	assertEquals "b'abc' b''" "$(tr '\n' ' ' <out | sed 's/ $//')"
}

test_end_close() {
	# end-close leaves a shared connection open for the others
	run "$python" -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen([sys.argv[1], "-u", "-", "FD:%d,end-close" % theirs.fileno()],
                         stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
status = child.wait()
theirs.sendall(b"still open")
print(status, ours.recv(100))' "$SOCAT"
	assertEquals "0 b'still open'" "$(cat out)"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
