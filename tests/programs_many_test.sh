#!/bin/sh
# Many programs of one server, and programs that can't be started.

# shellcheck disable=SC2034,SC2154,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# faulty_listener NAME INJECTION ARGUMENT...: a listener where a system call fails; $pid is the relay's.
faulty_listener() {
	faulty "$@"
	wait_log "$1.log" ' N listening on ' || return 1
	port=$(port_of "$1.log")
	pid=$(children "$pid")
}

test_many_programs() {
	# hundreds of sessions with a program each in one process; all are collected, nothing stays open
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:cat
	client ask "127.0.0.1:$port" first
	wait_until has_children "$pid" 0
	fds=$(count_fds "$pid")
	cat >clients.py <<-END
		import os, socket, sys
		port, relay = sys.argv[1:]
		conns = [socket.create_connection(("127.0.0.1", int(port))) for _ in range(300)]
		def talk(round):
		    for i, c in enumerate(conns):
		        c.sendall(b"%d-%d;" % (round, i))
		    for i, c in enumerate(conns):
		        want = b"%d-%d;" % (round, i)
		        got = b""
		        while len(got) < len(want) and (data := c.recv(100)):
		            got += data
		        assert got == want, (got, want)
		talk(1)
		print(len(open("/proc/%s/task/%s/children" % (relay, relay)).read().split()), "programs")
		talk(2)
		# half of them end first, the others are cut off
		for c in conns[::2]:
		    c.shutdown(socket.SHUT_WR)
		    assert c.recv(1) == b""
		for c in conns:
		    c.close()
	END
	run "$python" clients.py "$port" "$pid"
	assert_status 0
	assert_out '300 programs\n'
	wait_until has_children "$pid" 0
	wait_until has_fds "$pid" "$fds"
	refute_log relay.log ' [EW] '
	client ask "127.0.0.1:$port" again
	assert_out again
}

test_programs_end_with_the_server() {
	# none of many programs is left when the server is told to end
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:'sleep 600'
	relay=$pid
	start clients "$python" -c '
import socket, sys, time
conns = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(50)]
time.sleep(600)' "$port"
	wait_until has_children "$relay" 50
	sleepers=$(children "$relay")
	stop "$relay"
	for sleeper in $sleepers; do
		wait_until ended "$sleeper"
	done
}

test_fork_fails() {
	# a program that can't be started costs its connection only, and is said once, not for each
	need strace || return 0
	for error in EAGAIN ENOMEM; do
		for options in '' ,pipes; do
			faulty_listener relay "fork,clone,clone3:error=$error:when=1..5" \
				TCP4-LISTEN:0,bind=127.0.0.1,fork "EXEC:cat$options"
			fds=$(count_fds "$pid")
			for round in 1 2 3 4 5; do
				client ask "127.0.0.1:$port" lost
				assert_out ''
			done
			assert_lines relay.log ' E ' 1
			assert_log relay.log ' E EXEC:cat.*: fork\(\): .*; the program does not run$'
			wait_until has_fds "$pid" "$fds"
			client ask "127.0.0.1:$port" again
			assert_out again
			stop "$pid"
		done
	done
}

test_fork_fails_without_server() {
	# without a server it is the end, with status 1
	need strace || return 0
	without_leak_check
	run strace -qq -o trace -e trace=fork,clone,clone3 -e inject=fork,clone,clone3:error=EAGAIN \
		"$SOCAT" - EXEC:cat </dev/null
	assert_status 1
	assert_lines err ' E EXEC:cat: fork\(\): ' 1
}

test_no_descriptors() {
	# nor do descriptors that run out in between: one error for this session, the server goes on
	need strace || return 0
	for injection in socketpair:error=EMFILE:when=1 socketpair:error=ENFILE:when=1 \
		pipe2:error=EMFILE:when=2 pipe2:error=ENFILE:when=1; do
		case $injection in
		pipe2*) options=,pipes ;;
		*) options= ;;
		esac
		faulty_listener relay "$injection" TCP4-LISTEN:0,bind=127.0.0.1,fork "EXEC:cat$options"
		fds=$(count_fds "$pid")
		client ask "127.0.0.1:$port" lost
		assertEquals "$injection" '' "$(cat out)"
		assert_lines relay.log ' E EXEC:cat.*: ' 1
		wait_until has_fds "$pid" "$fds"
		client ask "127.0.0.1:$port" again
		assert_out again
		stop "$pid"
	done
}

test_children_of_others() {
	# a process that the relay did not start, but inherits, is no program of its own
	cat >start.py <<-END
		import os, sys
		# a child of what becomes the relay, which ends while that runs
		if os.fork() == 0:
		    while not os.path.exists("go"):
		        pass
		    os._exit(3)
		os.execv(sys.argv[1], sys.argv[1:])
	END
	mkfifo feed
	start_with feed relay "$python" start.py "$SOCAT" - EXEC:cat
	exec 9>feed
	wait_until has_children "$pid" 2
	touch go
	wait_until has_children "$pid" 1
	echo abc >&9
	wait_until grep -q abc relay.out
	exec 9>&-
	finish "$pid"
	assertEquals 0 "$status"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
