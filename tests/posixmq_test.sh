#!/bin/sh
# POSIX message queues, in an IPC namespace of its own.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
if [ -z "${OWN_QUEUES:-}" ]; then
	[ "$(id -u)" -eq 0 ] && mapped='' || mapped=--map-root-user
	# shellcheck disable=SC2086
	OWN_QUEUES=1 exec unshare $mapped --ipc --mount --propagation private sh "$0" "$@"
fi
mkdir -p /dev/mqueue && mount -t mqueue queues /dev/mqueue || exit 2

queue() {
	run "$python" "$tests/packets.py" mq "$@"
}

# Other users exist only for the real root, not in a user namespace.
need_real_root() {
	grep -q '^ *0 *0 *4294967295$' /proc/self/uid_map && return 0
	echo 'skipped: needs root'
	startSkipping
	return 1
}

# Every test has queues of its own.
fresh() {
	find /dev/mqueue -type f -exec rm -f {} +
}

# send TEXT [OPTIONS]: one message into /q.
send() {
	given "$1"
	run "$SOCAT" -u - "POSIXMQ-SEND:/q${2:-}" <in
	assert_status 0
}

queue_holds() {
	[ "$("$python" "$tests/packets.py" mq attr /q | cut -d ' ' -f 3)" = "$1" ]
}

test_send_and_read() {
	# a message is written and read; reading goes on until it is ended
	fresh
	send 'first'
	relay reader -u POSIXMQ-READ:/q CREATE:copy
	wait_until size_is copy 5
	send 'second'
	wait_until size_is copy 11
	assert_file firstsecond copy
	stop "$pid"
	assertEquals 143 "$status"
}

test_write_is_send() {
	# POSIXMQ-WRITE is POSIXMQ-SEND, POSIXMQ takes the direction it is used in
	fresh
	given abc
	run "$SOCAT" -u - POSIXMQ-WRITE:/q <in
	assert_status 0
	given def
	run "$SOCAT" -U POSIXMQ:/q - <in
	assert_status 0
	queue take /q 2
	assert_out '0 abc\n0 def\n'
	send ghi
	start reader "$SOCAT" -u POSIXMQ:/q CREATE:copy
	wait_until size_is copy 3
}

test_bidirectional() {
	# POSIXMQ-BIDIRECTIONAL is an echo, and POSIXMQ alone refuses to be one
	fresh
	given abc
	run "$SOCAT" - POSIXMQ-BIDIRECTIONAL:/q <in
	assert_status 0
	assert_out abc
	run "$SOCAT" - POSIXMQ:/r </dev/null
	assert_error 'POSIXMQ-BIDIRECTIONAL if that is wanted'
	assertFalse 'not even opened' '[ -e /dev/mqueue/r ]'
}

test_borders() {
	# messages stay apart, empty ones too
	fresh
	send x
	queue send /q 0 '' "$(printf %5000s y)" z
	start relay "$SOCAT" -u POSIXMQ-READ:/q POSIXMQ-SEND:/r,mq-prio=2
	wait_until test -e /dev/mqueue/r
	queue take /r 4
	assert_out "2 x\n2 \n2 $(printf %5000s y)\n2 z\n"
}

test_stream_to_messages() {
	# each read of a stream is a message
	fresh
	mkfifo fifo
	start_with fifo writer "$SOCAT" -u - POSIXMQ-SEND:/q
	exec 9>fifo
	printf abc >&9
	wait_until queue_holds 1
	printf def >&9
	wait_until queue_holds 2
	exec 9>&-
	finish "$pid"
	assertEquals 0 "$status"
	queue take /q 2
	assert_out '0 abc\n0 def\n'
}

test_small_buffer() {
	# a message larger than -b is cut, and that is said
	fresh
	send 0123456789
	relay reader -b 4 -u POSIXMQ-READ:/q CREATE:copy
	wait_log reader.log 'W .*a packet of 10 bytes: all but the first 4 are lost'
	wait_until size_is copy 4
	assert_file 0123 copy
}

test_large_message() {
	# one that is too large for the queue is an error, whose remedy is said
	fresh
	given 0123456789
	run "$SOCAT" -u - POSIXMQ-SEND:/q,mq-msgsize=5 <in
	assert_error 'a packet of 10 bytes is too large; -b sets the size'
	run "$SOCAT" -b 5 -u - POSIXMQ-SEND:/q <in
	assert_status 0
	queue take /q 2
	assert_out '0 01234\n0 56789\n'
}

test_full_queue() {
	# a full queue holds the writer back, until somebody reads
	fresh
	head -c 40000 /dev/urandom >in
	start_with in writer "$SOCAT" -b 100 -u - POSIXMQ-SEND:/q,mq-msgsize=100,mq-maxmsg=5
	wait_until test -e /dev/mqueue/q
	wait_until queue_holds 5
	writer=$pid
	assertFalse 'waits' "ended $writer"
	used=$(cpu_ticks "$writer")
	start reader "$SOCAT" -u POSIXMQ-READ:/q CREATE:copy
	finish "$writer"
	assertEquals 0 "$status"
	wait_until size_is copy 40000
	assertEquals "$(checksum in)" "$(checksum copy)"
	assertTrue "waited without computing ($used)" "[ $used -lt 20 ]"
}

test_priority() {
	# messages are sent with a priority, and the most urgent comes first; it is logged
	fresh
	send low ,posixmq-priority=1
	send high ,mq-prio=32767
	send mid ,mq-prio=0x10
	queue attr /q
	assert_out '10 8192 3\n'
	start reader "$SOCAT" -d -d -d -u POSIXMQ-READ:/q CREATE:copy
	wait_until size_is copy 10
	assert_file highmidlow copy
	assert_log reader.log 'I mq_receive\([0-9]+\) -> 4 \{prio=32767\}'
}

test_priority_of_reading() {
	# it has no effect on reading, which is said
	fresh
	send abc
	relay reader -u POSIXMQ-READ:/q,mq-prio=3 CREATE:copy
	wait_until size_is copy 3
	assert_log reader.log 'W .*posixmq-priority has no effect on reading'
}

test_flush() {
	# posixmq-flush drops what is in the queue, for readers and for writers
	fresh
	send one
	send two
	start reader "$SOCAT" -d -d -d -u POSIXMQ-READ:/q,posixmq-flush CREATE:copy
	wait_log reader.log 'flushed 6 bytes in 2 packets from queue "/q"'
	wait_log reader.log 'starting data transfer loop'
	stop "$pid"
	assert_file '' copy
	send one
	send two ,mq-flush
	queue take /q
	assert_out '0 two\n'
	queue attr /q
	assert_out '10 8192 0\n'
}

test_size() {
	# the size of a new queue; what is not given is the system's default
	fresh
	send abc ,posixmq-maxmsg=3,posixmq-msgsize=100
	queue attr /q
	assert_out '3 100 1\n'
	send abc ,unlink-early,mq-maxmsg=4
	queue attr /q
	assert_out '4 8192 1\n'
	send abc ,unlink-early,mq-msgsize=50
	queue attr /q
	assert_out '10 50 1\n'
	send abc ,mq-msgsize=60
	assert_log err 'W .*exists already, with room for 10 messages of at most 50 bytes'
}

test_limits() {
	# what the system does not allow names the file to look at
	fresh
	run "$SOCAT" -u - POSIXMQ-SEND:/q,mq-maxmsg=1000000 </dev/null
	if [ "$status" -ne 0 ]; then
		assert_error 'Invalid argument; posixmq-maxmsg may be at most [0-9]+ \(/proc/sys/fs/mqueue/msg_max\)|ulimit -q'
	fi
	run setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$SOCAT" -u - POSIXMQ-SEND:/r,mq-msgsize=100000 </dev/null
	assert_error 'Invalid argument; posixmq-msgsize may be at most 8192 \(/proc/sys/fs/mqueue/msgsize_max\)'
	run prlimit --msgqueue=1000 setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$SOCAT" -u - POSIXMQ-SEND:/s </dev/null
	assert_error 'Too many open files; or the .*ulimit -q'
}

test_creating() {
	# o-creat=0 wants a queue, o-excl a new one, and permissions are mode and umask
	fresh
	run "$SOCAT" -u - POSIXMQ-SEND:/q,o-creat=0 </dev/null
	assert_error 'mq_open\("/q"\): No such file or directory'
	send abc ,perm=640
	assertEquals 640 "$(stat -c %a /dev/mqueue/q)"
	run "$SOCAT" -u - POSIXMQ-SEND:/q,o-excl </dev/null
	assert_error 'mq_open\("/q"\): File exists'
	send abc ,unlink,umask=077
	assertEquals 600 "$(stat -c %a /dev/mqueue/q)"
	need_real_root || return 0
	send abc ,user=1234,group=5678,perm-late=604
	assertEquals '1234 5678 604' "$(stat -c '%u %g %a' /dev/mqueue/q)"
}

test_removing() {
	# unlink-early and unlink before, unlink-late after opening, unlink-close at the end
	fresh
	send one
	send two ,unlink-early
	queue take /q
	assert_out '0 two\n'
	queue attr /q
	assert_out '10 8192 0\n'
	send abc ,unlink-close
	assertFalse 'unlink-close' '[ -e /dev/mqueue/q ]'
	send abc ,unlink-close=0
	assertTrue 'unlink-close=0' '[ -e /dev/mqueue/q ]'
	send abc ,unlink-late
	assertFalse 'unlink-late' '[ -e /dev/mqueue/q ]'
	: >q
	send abc ,unlink-early
	assertTrue 'files are left alone' '[ -e q ]'
	relay reader -u POSIXMQ-READ:/q,unlink-close CREATE:copy
	wait_log reader.log 'starting data transfer loop'
	stop "$pid"
	assertFalse 'after a signal' '[ -e /dev/mqueue/q ]'
}

test_retry() {
	# retry waits for a queue to come
	fresh
	relay reader -u POSIXMQ-READ:/q,o-creat=0,retry=1000,interval=0.05 CREATE:copy
	wait_log reader.log 'No such file or directory; trying again in 0.05 s' 2
	send abc
	wait_until size_is copy 3
}

test_receive_one() {
	# POSIXMQ-RECEIVE takes one message, waiting for it, and ends
	fresh
	relay receiver -u POSIXMQ-RECEIVE:/q CREATE:copy
	wait_log receiver.log 'waiting for messages in queue "/q"'
	assertFalse 'the other address is opened later' '[ -e copy ]'
	send one
	finish "$pid"
	assertEquals 0 "$status"
	assert_file one copy
	send two
	send three
	run "$SOCAT" -u POSIXMQ-RECV:/q -
	assert_out two
	queue take /q
	assert_out '0 three\n'
}

test_receive_answer() {
	# nothing can flow back: an answer is an error, and no answer is none
	fresh
	send one
	run "$SOCAT" POSIXMQ-RECV:/q 'SYSTEM:cat >copy; echo answer'
	assert_error 'write\(-1, ...\): Bad file descriptor'
	assert_log err 'W .*opened in read-write mode but only supports read-only'
	assert_file one copy
	send two
	run "$SOCAT" -t 60 POSIXMQ-RECV:/q 'SYSTEM:cat >copy; sleep 0.7; echo end >>copy'
	assert_status 0
	assert_file 'twoend\n' copy
}

test_receive_fork() {
	# with fork every message has its session
	fresh
	relay receiver -u POSIXMQ-RECEIVE:/q,fork 'SYSTEM:cat >>all; echo >>all; echo done >&2'
	wait_log receiver.log 'waiting for messages'
	for n in 1 2 3 4 5; do
		send "message $n"
	done
	wait_log receiver.log '^done' 5
	# they ran side by side: lines may be joined
	assertEquals 5 "$(grep -o 'message [1-5]' all | sort -u | wc -l)"
	stop "$pid"
	assertEquals 0 "$status"
}

test_receive_max_children() {
	# with max-children further messages wait in the queue
	fresh
	for n in 1 2 3; do send "$n"; done
	mkfifo hold
	relay receiver -t 60 POSIXMQ-RECV:/q,fork,max-children=2 'SYSTEM:read n; echo got $n >&2; read x <hold'
	wait_log receiver.log '^got ' 2
	assertTrue 'others wait' 'queue_holds 1'
	queue attr /q
	assert_out '10 8192 1\n'
	exec 9>hold
	printf 'x\nx\nx\n' >&9
	wait_log receiver.log '^got 3'
	exec 9>&-
}

test_receive_workers() {
	# in one direction, too, max-children bounds how many programs run at once
	fresh
	for n in 1 2 3; do send "$n"; done
	relay receiver -u POSIXMQ-RECV:/q,fork,max-children=1 'SYSTEM:echo begin >&2; cat >/dev/null; sleep 0.2; echo end >&2'
	wait_log receiver.log '^end' 3
	assertEquals 'begin end begin end begin end' "$(grep -xE 'begin|end' receiver.log | tr '\n' ' ' | sed 's/ $//')"
}

test_receive_put_back() {
	# a message whose session can't begin is not lost
	fresh
	send precious ,mq-prio=5
	run "$SOCAT" -u POSIXMQ-RECV:/q OPEN:/nosuch/file
	assert_status 1
	queue attr /q
	assert_out '10 8192 1\n'
	for options in fork fork,isolate; do
		relay receiver -u "POSIXMQ-RECV:/q,interval=0.1,$options" OPEN:missing/file,append,creat
		wait_log receiver.log 'a message of 8 bytes was not read; it is put back' 2
		mkdir missing
		wait_until size_is missing/file 8
		assert_file precious missing/file
		stop "$pid"
		rm -r missing
		send precious ,mq-prio=5
	done
	relay receiver -u POSIXMQ-RECV:/q,fork,interval=20 OPEN:missing/file,creat
	wait_log receiver.log 'put back'
	stop "$pid"
	queue take /q
	assert_out '5 precious\n'
	assert_lines receiver.log 'put back' 1
}

test_receive_isolate() {
	# with isolate a child process serves each message
	fresh
	for n in 1 2 3; do send "$n"; done
	relay receiver -u POSIXMQ-RECV:/q,fork,isolate OPEN:all,creat,append
	wait_until size_is all 3
	assert_log receiver.log 'forked off child process' 3
	wait_until has_children "$pid" 0
}

test_receive_shared() {
	# a message that is shared by sessions goes to the first
	fresh
	send abc
	server collect collect "$dir"
	relay receiver -u POSIXMQ-RECV:/q "TCP4:127.0.0.1:$server_port,fork,interval=0.05"
	wait_log receiver.log 'successfully connected from' 3
	assert_log receiver.log 'socket 1 .* is at EOF'
	stop "$pid"
	queue attr /q
	assert_out '10 8192 0\n'
}

test_everything_is_given_back() {
	# after many messages descriptors and memory are what they were
	fresh
	relay receiver -u POSIXMQ-RECV:/q,fork OPEN:/dev/null
	wait_log receiver.log 'waiting for messages'
	send x
	wait_log receiver.log 'is at EOF'
	fds=$(count_fds "$pid") memory=$(resident "$pid")
	head -c 100000 /dev/zero >in
	run "$SOCAT" -b 50 -u - POSIXMQ-SEND:/q <in
	assert_status 0
	wait_log receiver.log 'is at EOF' 2001
	assertEquals "$fds" "$(count_fds "$pid")"
	if ! sanitized; then
		grown=$(($(resident "$pid") - memory))
		assertTrue "grown by $grown kB" "[ $grown -lt 500 ]"
	fi
}

holds_some() {
	[ "$("$python" "$tests/packets.py" mq attr /q | cut -d ' ' -f 3)" -ge 4 ]
}

test_send_fork() {
	# POSIXMQ-SEND with fork opens its other side again and again, the queue once
	fresh
	relay sender -U POSIXMQ-SEND:/q,fork,interval=0.05,max-children=2,unlink-early,mq-flush SYSTEM:'echo x'
	wait_until test -e /dev/mqueue/q
	wait_until holds_some
	assertTrue 'still there' "kill -0 $pid"
	fds=$(count_fds "$pid")
	assertTrue "$fds descriptors" "[ $fds -lt 20 ]"
}

test_server_writes() {
	# each connection of a server writes its messages
	fresh
	listener relay -u TCP4-LISTEN:0,bind=127.0.0.1,fork POSIXMQ-SEND:/q
	for n in 1 2 3; do
		given "client $n"
		run "$SOCAT" -u - "TCP4:127.0.0.1:$port" <in
	done
	wait_until queue_holds 3
	queue take /q 3
	assertEquals 3 "$(grep -c 'client' out)"
}

test_permission() {
	# a queue of somebody else
	need_real_root || return 0
	fresh
	send abc ,perm=600
	chmod 755 "$dir"
	without_leak_check
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$SOCAT" -u POSIXMQ-READ:/q - </dev/null
	assert_error 'Permission denied; it belongs to another user'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
