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

test_line_ends_across_blocks() {
	# a CR LF that falls into two blocks is still one line end, and bare ones stay right
	given 'a\r\n\r\n\n\rb\r\r\nc'
	for block in 1 2 3 5; do
		run "$SOCAT" -b $block -u -,crnl CREATE:copy <in
		assert_file 'a\n\n\nb\nc' copy
		run "$SOCAT" -b $block -u -,cr CREATE:copy <in
		assert_file 'a\n\n\n\n\n\nb\n\n\nc' copy
		run "$SOCAT" -b $block -u - CREATE:copy,crnl <in
		assert_file 'a\r\r\n\r\r\n\r\n\rb\r\r\r\nc' copy
		run "$SOCAT" -b $block -u - CREATE:copy,cr <in
		assert_file 'a\r\r\r\r\r\rb\r\r\rc' copy
	done
}

test_escape_across_blocks() {
	# the escape character ends the input wherever in a block it comes
	for block in 1 3 65536; do
		given 'abcdef\035ghi\035'
		run "$SOCAT" -b $block -u -,escape=29 CREATE:copy <in
		assertEquals "-b $block" 0 "$status"
		assert_file abcdef copy
	done
	# far away, in bulk; what is behind it is not passed on
	"$python" -c 'import sys; sys.stdout.buffer.write(b"0123456789" * 300000 + b"\x1d" + b"x" * 100000)' >in
	head -c 3000000 in >expected
	run "$SOCAT" -u -,escape=29 CREATE:copy <in
	assertEquals "$(checksum expected)" "$(checksum copy)"
}

test_readbytes_across_blocks() {
	# readbytes counts bytes, not blocks
	given 0123456789
	for block in 1 3 7 65536; do
		for count in 1 3 4 9 10 11; do
			run "$SOCAT" -b $block -u -,readbytes=$count CREATE:copy <in
			assertEquals "-b $block, readbytes=$count" "$(head -c $count in)" "$(cat copy)"
		done
	done
}

test_all_layers_at_once() {
	# line ends, escape and limit of one address work together, in any block size
	given 'a\r\nb\r\ncdef\035g'
	for block in 1 3 65536; do
		run "$SOCAT" -b $block -u -,crnl,escape=29 CREATE:copy <in
		assert_file 'a\nb\ncdef' copy
		# the limit is of what is read from outside
		run "$SOCAT" -b $block -u -,crnl,readbytes=5 CREATE:copy <in
		assert_file 'a\nb' copy
	done
}

test_line_ends_in_bulk() {
	# twenty megabytes of lines through a server, converted there and back
	if sanitized || [ -n "${QUICK:-}" ]; then lines=300000; else lines=3000000; fi
	seq "$lines" >in
	server echo echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,crnl "TCP4:127.0.0.1:$server_port"
	run "$SOCAT" -t 30 - "TCP4:127.0.0.1:$port,crnl" <in
	assert_status 0
	assertEquals "$(checksum in)" "$(checksum out)"
}

test_readbytes_in_bulk() {
	# exactly so many bytes of an endless stream arrive, at full speed between sockets too
	for limit in 12345678 20000000; do
		server collect collect "$dir"
		listener relay -u "TCP4-LISTEN:0,bind=127.0.0.1,fork,readbytes=$limit" "TCP4:127.0.0.1:$server_port"
		start flood "$SOCAT" -u OPEN:/dev/zero,readbytes=30000000 "TCP4:127.0.0.1:$port"
		wait_until test -e 1
		assertEquals $limit "$(stat -c %s 1)"
		rm -f 1
		stop "$pid"
		stop "$server_pid"
	done
}

test_readbytes_of_right_side_in_bulk() {
	# the same for what comes from the right side, while the other direction is free
	limit=12345678
	server full full right 20000000
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port,readbytes=$limit"
	"$python" - "$port" "$tests" >out 2>err <<-'END'
		import hashlib, socket, sys, threading
		sys.path.insert(0, sys.argv[2])
		import peer
		conn = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		def send():
		    for block in peer.data_from("full", 20000000):
		        conn.sendall(block)
		    conn.shutdown(socket.SHUT_WR)
		thread = threading.Thread(target=send)
		thread.start()
		got = peer.read_all(conn)
		want = b"".join(peer.data_from("right", 20000000))[:len(got)]
		print(len(got), got == want)
	END
	assertEquals "$(cat err)" "$limit True" "$(cat out)"
}

# held_back OPTIONS: 5000 bytes are sent into a fifo that takes 4096, then it is emptied while
# the input stays open; to out, how many bytes come.
held_back() {
	mkfifo fifo
	run "$python" - "$SOCAT" "$1" <<-'END'
		import array, fcntl, os, select, subprocess, sys, termios, time
		F_SETPIPE_SZ = 1031
		relay = subprocess.Popen([sys.argv[1], "-u", "-", "OPEN:fifo,wronly" + sys.argv[2]],
		                         stdin=subprocess.PIPE)
		reader = os.open("fifo", os.O_RDONLY)
		fcntl.fcntl(reader, F_SETPIPE_SZ, 4096)
		def unread(fd):
		    count = array.array("i", [0])
		    fcntl.ioctl(fd, termios.FIONREAD, count)
		    return count[0]
		for number in range(5):
		    os.write(relay.stdin.fileno(), b"x" * 1000)
		    while unread(relay.stdin.fileno()) > 0:
		        time.sleep(0.01)
		got = 0
		while got < 5000 and select.select([reader], [], [], 5)[0]:
		    got += len(os.read(reader, 65536))
		print(got)
		relay.stdin.close()
		relay.wait()
	END
	rm fifo
}

test_nothing_is_held_back() {
	# what did not fit at first is written as soon as there is room, not with the next data
	for options in '' ,crnl ,cr ,readbytes=5000 ,escape=29; do
		held_back "$options"
		assertEquals "\"$options\"" 5000 "$(cat out)"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
