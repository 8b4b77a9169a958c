#!/bin/sh
# How sessions with programs end: nothing a program has written is lost, whatever becomes of it.

# shellcheck disable=SC2034,SC2154,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# program NAME TEXT: make a shell script to be run by an address.
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# ---- data

test_all_of_a_short_life() {
	# a program that writes and ends at once is heard completely
	for size in 1 65536 10000000; do
		program write "exec head -c $size /dev/zero"
		for options in '' ,pipes; do
			run "$SOCAT" - "EXEC:./write$options" </dev/null
			assertEquals "$size$options: status" 0 "$status"
			assertTrue "$size$options" "size_is out $size"
			run "$SOCAT" -u "EXEC:./write$options" -
			assertTrue "$size$options -u" "size_is out $size"
			run "$SOCAT" "EXEC:./write$options" - </dev/null
			assertTrue "$size$options left" "size_is out $size"
		done
	done
}


test_slow_reader() {
	# a reader that rests longer than half a second gets all, though input has ended before
	mkfifo feed
	for options in '' ,pipes; do
		rm -f go all
		program write 'head -c 3000000 /dev/zero; touch written'
		start reader sh -c 'exec 8<feed; until [ -e go ]; do sleep 0.05; done; cat <&8 >all'
		reader=$pid
		start relay "$SOCAT" 'STDIN!!OPEN:feed,wronly' "EXEC:./write$options"
		relay=$pid
		# more than twice the time after which a silent direction is given up
		sleep 1.2
		assertTrue "$options: still there" "kill -0 $relay"
		touch go
		finish "$relay"
		assertEquals "$options: $(cat relay.log)" 0 "$status"
		finish "$reader"
		assertTrue "$options" 'size_is all 3000000'
	done
}

test_slow_client_of_a_server() {
	# so does a client of a server that has ended its own output, and rests
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,sndbuf=10000 'SYSTEM:cat >/dev/null; head -c 500000 /dev/zero'
	"$python" -c '
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10000)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.shutdown(socket.SHUT_WR)
time.sleep(1.5)
count = 0
while data := s.recv(65536):
    count += len(data)
print(count)' "$port" >out
	assert_out '500000\n'
	refute_log relay.log ' [EW] '
	wait_until has_children "$pid" 0
}

test_time_given() {
	# with -t a reader that takes longer loses the rest, which is an error
	mkfifo feed
	start reader sh -c 'exec 8<feed; sleep 600'
	run "$SOCAT" -t 0.2 'STDIN!!OPEN:feed,wronly' 'SYSTEM:head -c 3000000 /dev/zero' </dev/null
	assert_error '[0-9]+ bytes from .* are lost'
}

test_input_not_read() {
	# a program that ends without having read its input is heard completely; over a pair of sockets
	# the kernel tells that its input is lost, as in the original
	program write 'sleep 0.2; head -c 3000000 /dev/zero'
	given abc
	run "$SOCAT" - EXEC:./write <in
	assert_error 'read\([0-9]+, ...\): Connection reset by peer'
	assertTrue 'size_is out 3000000'
	run "$SOCAT" - EXEC:./write,pipes <in
	assert_status 0
	assertTrue 'pipes' 'size_is out 3000000'
}

# ---- programs that close one stream

test_output_closed() {
	# a program that closes its output but reads on gets all of its input
	program read 'exec >&-; cat >copy'
	head -c 3000000 /dev/zero >in
	run "$SOCAT" - EXEC:./read,pipes <in
	assert_status 0
	wait_until size_is copy 3000000
	rm -f copy
	# over a pair of sockets its end is seen only with both descriptors closed
	run "$SOCAT" - EXEC:./read <in
	assert_status 0
	wait_until size_is copy 3000000
}

test_input_closed() {
	# a program that closes its input but writes on is heard; input it did not take is an error
	program write 'exec <&-; head -c 3000000 /dev/zero'
	run "$SOCAT" - EXEC:./write,pipes </dev/null
	assert_status 0
	assertTrue 'no input' 'size_is out 3000000'
	mkfifo feed
	start_with feed relay "$SOCAT" - EXEC:./write,pipes
	exec 9>feed
	wait_until size_is relay.out 3000000
	exec 9>&-
	finish "$pid"
	assertEquals 0 "$status"
	yes | head -c 1000000 >in
	run "$SOCAT" - EXEC:./write,pipes <in
	assert_error 'write\([0-9]+, ...\): Broken pipe'
	assertTrue 'with input' 'size_is out 3000000'
}

# ---- what is left behind
#
# Nobody else ends what a relay leaves alone: it does so by itself when the file "wait" has gone, at
# the latest with the test's folder.

test_grandchild() {
	# what a program leaves behind may go on writing, while it writes; silent, it is not waited for
	for options in '' ,pipes; do
		: >wait
		program leave 'echo one; (sleep 0.2; echo two; while [ -e wait ]; do sleep 0.05; done) &'
		run "$SOCAT" - "EXEC:./leave$options" </dev/null
		rm wait
		assertEquals "$options" 0 "$status"
		assert_out 'one\ntwo\n'
	done
}

test_grandchild_of_a_server() {
	# in a server, too, a client that has said all it had does not wait for what is left behind
	: >wait
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork \
		'SYSTEM:echo one; (while [ -e wait ]; do sleep 0.05; done) &'
	client ask "127.0.0.1:$port" ''
	assert_out 'one\n'
	rm wait
}

# ---- programs that do not end

test_deaf_program() {
	# a program that ignores SIGTERM does not keep the relay, nor a server's end
	: >wait
	program deaf 'trap "" TERM; echo $$ >pid; echo ready; exec >&- <&-; while [ -e wait ]; do sleep 0.05; done'
	for options in '' ,pipes; do
		rm -f pid
		run "$SOCAT" - "EXEC:./deaf$options" </dev/null
		assertNotEquals "$options" 124 "$status"
		assertTrue "$options: left alone" "kill -0 $(cat pid)"
	done
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:./deaf
	client ask "127.0.0.1:$port" ''
	assert_out 'ready\n'
	stop "$pid"
	assertEquals 0 "$status"
	rm wait
}

test_killed() {
	# what a program wrote before it was killed comes through
	program die 'head -c 100000 /dev/zero; kill -KILL $$'
	for options in '' ,pipes; do
		run "$SOCAT" - "EXEC:./die$options" </dev/null
		assertEquals "$options" 1 "$status"
		assertTrue "$options" 'size_is out 100000'
		assert_log err ' W .*child [0-9]+ exited on signal 9'
	done
}

test_stopped() {
	# a program that is stopped and continued goes on; it is not taken for one that has ended
	mkfifo feed
	for options in '' ,pipes; do
		start_with feed relay "$SOCAT" - "EXEC:cat$options"
		relay=$pid
		exec 9>feed
		echo one >&9
		wait_until grep -q one relay.out
		program_pid=$(children "$relay" | tr -d ' ')
		kill -STOP "$program_pid"
		echo two >&9
		kill -CONT "$program_pid"
		wait_until grep -q two relay.out
		exec 9>&-
		finish "$relay"
		assertEquals "$options" 0 "$status"
		assert_file '' relay.log
	done
}

test_stopped_for_good() {
	# one that stays stopped when its input has ended is ended with the session
	program stop 'echo $$ >pid; echo one; kill -STOP $$'
	run "$SOCAT" - EXEC:./stop </dev/null
	assertNotEquals 124 "$status"
	assert_out 'one\n'
	program_pid=$(cat pid)
	kill -CONT "$program_pid" 2>/dev/null
	wait_until ended "$program_pid"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
