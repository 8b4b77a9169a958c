#!/bin/sh
# Standard input, output and error as addresses.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_stdio() {
	# STDIO reads standard input and writes standard output
	given 'abc\n'
	run "$SOCAT" STDIO PIPE <in
	assert_status 0
	assert_out 'abc\n'
}

test_stdin_stdout() {
	# STDIN and STDOUT are one direction each
	given 'abc\n'
	run "$SOCAT" -u STDIN STDOUT <in
	assert_out 'abc\n'
	run "$SOCAT" -U STDOUT STDIN <in
	assert_out 'abc\n'
}

test_stderr() {
	# STDERR writes to descriptor 2
	given 'abc\n'
	run "$SOCAT" -u - STDERR <in
	assert_status 0
	assert_file 'abc\n' err
	assert_file '' out
}

test_one_way_pair() {
	# STDIN beside STDOUT makes a relay of one direction, with or without -u
	given 'abc\n'
	for words in 'STDIN STDOUT' 'STDOUT STDIN' '-u STDIN STDOUT' '-U STDOUT STDIN'; do
		# shellcheck disable=SC2086
		run "$SOCAT" $words <in
		assertEquals "$words: $(cat err)" 0 "$status"
		assert_out 'abc\n'
	done
}

test_wrong_direction() {
	# with -u, reading STDOUT or writing STDIN is an error, said before anything happens
	for words in 'STDOUT CREATE:copy' '- STDIN'; do
		# shellcheck disable=SC2086
		run "$SOCAT" -u $words </dev/null
		assertEquals "$words" 1 "$status"
		assert_lines err ' E ' 1
		assertFalse "$words" '[ -e copy ]'
	done
}

test_empty_input() {
	# no input at all is fine
	run "$SOCAT" - PIPE </dev/null
	assert_status 0
	assert_out ''
}

test_input_file_and_pipe() {
	# standard input may be a file, a pipe, /dev/null, a socket
	given 'abc\n'
	run "$SOCAT" - PIPE <in
	assert_out 'abc\n'
	mkfifo fifo
	cat in >fifo &
	started="$started $!"
	run "$SOCAT" - PIPE <fifo
	assert_out 'abc\n'
	run "$python" -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen([sys.argv[1], "-t", "10", "-", "PIPE"], stdin=theirs, stdout=theirs)
theirs.close()
ours.sendall(b"abc\n")
ours.shutdown(socket.SHUT_WR)
print(ours.makefile("rb").read(), child.wait())' "$SOCAT"
	assertEquals "b'abc\\n' 0" "$(cat out)"
}

test_flags_of_shared_files_stay() {
	# standard input shared with another program is not left non-blocking
	mkfifo fifo
	"$python" -c '
import fcntl, os, subprocess, sys
read, write = os.pipe()
before = fcntl.fcntl(read, fcntl.F_GETFL)
child = subprocess.Popen([sys.argv[1], "-u", "-", "STDOUT"], stdin=read)
os.write(write, b"abc")
os.close(write)
child.wait()
print(before == fcntl.fcntl(read, fcntl.F_GETFL))' "$SOCAT" >out
	assertEquals abcTrue "$(cat out)"
}

test_flags_while_running() {
	# nor while the relay runs
	"$python" -c '
import fcntl, os, subprocess, sys
read, write = os.pipe()
oread, owrite = os.pipe()
before = fcntl.fcntl(read, fcntl.F_GETFL), fcntl.fcntl(owrite, fcntl.F_GETFL)
child = subprocess.Popen([sys.argv[1], "-", "PIPE"], stdin=read, stdout=owrite)
os.write(write, b"abc")
while len(os.read(oread, 3)) < 3: pass
print(before == (fcntl.fcntl(read, fcntl.F_GETFL), fcntl.fcntl(owrite, fcntl.F_GETFL)))
os.close(write)
child.wait()' "$SOCAT" >out
	assertEquals True "$(cat out)"
}

test_closed_output() {
	# output that nobody reads any more is an error that ends the run
	head -c 1000000 /dev/zero >in
	mkfifo fifo
	start reader sh -c 'exec 8<fifo; head -c 1 <&8 >/dev/null'
	timeout "$BOUND" "$SOCAT" -u - STDOUT <in >fifo 2>err
	status=$?
	assert_status 1
	assert_log err ' E .*Broken pipe'
}

test_closed_descriptors() {
	# closed standard descriptors are an error for who wants them, and nothing else's number
	timeout "$BOUND" "$SOCAT" -u - CREATE:copy 2>err <&-
	status=$?
	assert_error 'Bad file descriptor'
	given abc
	timeout "$BOUND" "$SOCAT" -u - - <in 2>err >&-
	status=$?
	assert_error 'Bad file descriptor'
	server echo echo
	(
		exec <&- >&- 2>&-
		exec timeout "$BOUND" "$SOCAT" -d -d -d -d -t 1 OPEN:in,rdonly!!CREATE:copy "TCP4:127.0.0.1:$server_port"
	)
	assert_file abc copy
}

test_full_device() {
	# a write that fails for good is an error that names the reason
	given abc
	timeout "$BOUND" "$SOCAT" -u - OPEN:/dev/full,wronly <in 2>err
	status=$?
	assert_status 1
	assert_log err ' E .*No space left on device'
}

test_binary() {
	# every byte comes through unchanged
	"$python" -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 3)' >in
	run "$SOCAT" - PIPE <in
	assertEquals "$(checksum in)" "$(checksum out)"
}

# with_sockets TEXT: run a program in which relay(stdin, stdout) starts a relay between these
# and a TCP server, and returns its side of that connection.
with_sockets() {
	timeout "$BOUND" "$python" - "$SOCAT" >out 2>err <<-END
		import os, select, socket, subprocess, sys, threading, time
		def relay(stdin, stdout):
		    server = socket.create_server(("127.0.0.1", 0))
		    target = "TCP4:127.0.0.1:%d" % server.getsockname()[1]
		    global process
		    process = subprocess.Popen([sys.argv[1], "-t5", "-", target], stdin=stdin, stdout=stdout)
		    peer = server.accept()[0]
		    peer.settimeout(10)
		    return peer
		def receive(sock, size):
		    data = b""
		    while len(data) < size:
		        data += sock.recv(65536)
		    return data
		$(echo "$1" | tr -d "\t")
		process.terminate()
		process.wait()
	END
}

test_inherited_socket_that_blocks() {
	# a lot of data from a socket without O_NONBLOCK, and then an answer
	with_sockets 'client, ours = socket.socketpair()
			client.settimeout(10)
			peer = relay(ours, ours)
			threading.Thread(target=client.sendall, args=(bytes(3000000),), daemon=True).start()
			print(len(receive(peer, 3000000)))
			peer.sendall(b"answer")
			print(client.recv(100))'
	assert_out "3000000\nb'answer'\n"
}

test_socket_and_pipe() {
	# such a socket as only one of the two keeps the other direction going
	with_sockets 'client, ours = socket.socketpair()
			reader, writer = os.pipe()
			peer = relay(ours, writer)
			client.sendall(b"question")
			print(peer.recv(100))
			peer.sendall(b"answer")
			print(os.read(reader, 100) if select.select([reader], [], [], 10)[0] else "nothing")'
	assert_out "b'question'\nb'answer'\n"
	with_sockets 'client, ours = socket.socketpair()
			reader, writer = os.pipe()
			peer = relay(reader, ours)
			threading.Thread(target=peer.sendall, args=(bytes(3000000),), daemon=True).start()
			while not select.select([client], [], [], 0)[0]: pass
			time.sleep(0.3)
			os.write(writer, b"question")
			print(peer.recv(100))
			print(len(receive(client, 3000000)))'
	assert_out "b'question'\n3000000\n"
}

test_reader_gone() {
	# in one direction a reader that is gone is noticed at once, and is an error
	mkfifo fifo silent
	exec 9<>silent
	cat fifo >/dev/null &
	reader=$!
	"$SOCAT" -d -d -u - STDOUT <silent 2>err 9>&- >fifo &
	writer=$!
	started="$started $writer"
	wait_log err 'starting data transfer'
	kill "$reader"
	finish "$writer"
	exec 9>&-
	assertEquals 1 "$status"
	assert_log err 'E write\(1, ...\): Broken pipe'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
