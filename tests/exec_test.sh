#!/bin/sh
# Programs as addresses: EXEC, SYSTEM, SHELL over socket pairs and pipes.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# program NAME TEXT: make a shell script to be run by an address.
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

test_exec() {
	# EXEC starts a program that reads and writes
	given 'abc\n'
	run "$SOCAT" -t 10 - EXEC:'tr a-z A-Z' <in
	assert_status 0
	assert_out 'ABC\n'
}

test_exec_words() {
	# EXEC splits at blanks and honours quotes, and needs no shell
	program show 'for word; do echo "<$word>"; done'
	run "$SOCAT" -u "EXEC:./show a 'b c' \$HOME *" -
	assert_out '<a>\n<b>\n<c>\n<$HOME>\n<*>\n'
	run "$SOCAT" -u 'EXEC:./show a \"b c\" d' -
	assert_out '<a>\n<b c>\n<d>\n'
}

test_system() {
	# SYSTEM gives its text to /bin/sh
	given 'abc\n'
	run "$SOCAT" -t 10 - 'SYSTEM:tr a-z A-Z | sed s/B/x/; echo $((1+2))' <in
	assert_status 0
	assert_out 'AxC\n3\n'
}

test_shell() {
	# SHELL gives its text to $SHELL, or to the one of the option
	program own 'echo "own $1 $2"'
	SHELL=$dir/own run "$SOCAT" -u 'SHELL:echo abc' -
	assert_out 'own -c echo abc\n'
	run "$SOCAT" -u "SHELL:echo abc,shell=$dir/own" -
	assert_out 'own -c echo abc\n'
	run "$SOCAT" -u 'SHELL:echo $SHELL,shell=/bin/sh' -
	assert_out '/bin/sh\n'
}

test_shell_alone() {
	# SHELL without a command reads commands
	given 'echo abc; exit\n'
	SHELL=/bin/sh run "$SOCAT" -t 10 - SHELL <in
	assert_out 'abc\n'
}

test_pipes() {
	# pipes takes two pipes instead of a socket pair
	given 'abc\n'
	program kinds 'stat -L -c %F /proc/self/fd/0 /proc/self/fd/1; cat'
	run "$SOCAT" -t 10 - EXEC:./kinds <in
	assert_out 'socket\nsocket\nabc\n'
	run "$SOCAT" -t 10 - EXEC:./kinds,pipes <in
	assert_out 'fifo\nfifo\nabc\n'
	run "$SOCAT" -t 10 - SYSTEM:./kinds,pipes <in
	assert_out 'fifo\nfifo\nabc\n'
}

test_one_direction() {
	# with -u the program's other stream is the relay's own
	given 'abc\n'
	run "$SOCAT" -u - 'EXEC:cat' <in
	assert_status 0
	assert_out 'abc\n'
	run "$SOCAT" -u 'EXEC:cat' - <in
	assert_status 0
	assert_out 'abc\n'
}

test_program_may_finish() {
	# a program that only reads is given time to finish its work with the input
	given 'abc\n'
	for address in 'SYSTEM:sleep 0.2; cat >copy' 'SYSTEM:sleep 0.2; cat >copy,pipes'; do
		rm -f copy
		run "$SOCAT" -t 10 -u - "$address" <in
		assertEquals "$(cat err)" 0 "$status"
		wait_until test -s copy
		assert_file 'abc\n' copy
	done
}

test_half_close() {
	# the end of input reaches the program, its late output comes through
	given 'abc\n'
	for options in '' ,pipes; do
		run "$SOCAT" -t 10 - "SYSTEM:wc -c; sleep 1; echo late$options" <in
		assertEquals "$options" '4 late' "$(tr '\n' ' ' <out | sed 's/ $//')"
	done
}

test_descriptors() {
	# fdin and fdout choose the program's descriptors
	given 'abc\n'
	for options in '' ,pipes; do
		run "$SOCAT" -t 10 - "SYSTEM:cat <&8 >&9; echo other >&2,fdin=8,fdout=9$options" <in
		assert_out 'abc\n'
		assert_file 'other\n' err
	done
}

test_stderr() {
	# stderr sends the program's error output the same way as its output
	for options in '' ,pipes; do
		run "$SOCAT" -u "SYSTEM:echo abc >&2,stderr$options" -
		assert_out 'abc\n'
		run "$SOCAT" -u "SYSTEM:echo abc >&2$options" -
		assert_out ''
		assert_file 'abc\n' err
	done
}

test_nothing_else_open() {
	# the program gets no other descriptors of ours
	program list 'exec ls /proc/self/fd'
	for address in EXEC:./list EXEC:./list,pipes SYSTEM:./list; do
		run "$SOCAT" -u "$address" -
		assertEquals "$address" "$(./list | tr '\n' ' ')" "$(tr '\n' ' ' <out)"
	done
}

test_nothing_of_the_server_open() {
	# nor those of other connections or the listener
	program list 'exec ls /proc/self/fd'
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:./list
	for round in 1 2 3; do
		client ask "127.0.0.1:$port" ''
		assertEquals "connection $round" "$(./list | tr '\n' ' ')" "$(tr '\n' ' ' <out)"
	done
}

test_path() {
	# path is where the program is looked for, and what it gets
	mkdir folder
	program folder/own 'echo "$PATH"'
	run "$SOCAT" -u "EXEC:own,path=$dir/folder" -
	assert_out "$dir/folder\n"
}

test_login() {
	# login and dash put a "-" before the program's name
	given 'echo $0; exit\n'
	for option in login dash; do
		run "$SOCAT" -t 10 - "EXEC:sh,$option" <in
		assert_out '-sh\n'
	done
}

test_program_name() {
	# the program's own name is what was written
	given 'echo $0; exit\n'
	run "$SOCAT" -t 10 - "EXEC:/bin/sh" <in
	assert_out '/bin/sh\n'
	run "$SOCAT" -t 10 - "EXEC:sh" <in
	assert_out 'sh\n'
	run "$SOCAT" -t 10 - "EXEC:/bin/sh,login" <in
	assert_out '-/bin/sh\n'
}

test_missing_program() {
	# a program that is not there or can't be run is one clear error and status 1
	for address in EXEC:no-such-program "EXEC:$dir/none" EXEC:no-such-program,pipes; do
		run "$SOCAT" - "$address" </dev/null
		assertEquals "$address" 1 "$status"
		assert_lines err ' E .*(no-such-program|none).*No such file or directory' 1
	done
	echo text >text
	run "$SOCAT" - EXEC:./text </dev/null
	assertEquals 1 "$status"
	assert_lines err ' E .*text.*Permission denied' 1
}

test_failing_program() {
	# a program that fails makes us fail, with a warning that tells its status
	program three 'cat >/dev/null; exit 3'
	for address in EXEC:./three EXEC:./three,pipes SYSTEM:./three SHELL:./three; do
		SHELL=/bin/sh run "$SOCAT" -t 10 - "$address" </dev/null
		assertEquals "$address: $(cat err)" 1 "$status"
		assert_log err ' W .*(exited with status 3|returned with status 768)'
	done
}

test_killed_program() {
	# a program that dies of a signal makes us fail, with a warning that tells which
	program nine 'cat >/dev/null; kill -KILL $$'
	run "$SOCAT" -t 10 - EXEC:./nine </dev/null
	assert_status 1
	assert_log err ' W .*child [0-9]+ exited on signal 9'
}

test_socket_options() {
	# options for sockets act on the socket pair
	need strace || return 0
	without_leak_check
	given abc
	run strace -f -e trace=setsockopt -o trace "$SOCAT" -t 10 - EXEC:cat,sndbuf=5000 <in
	assert_out abc
	assert_log trace 'SO_SNDBUF, \[5000\]'
}

test_no_false_alarm() {
	# a program that ends well is nothing to warn of
	given abc
	run "$SOCAT" -t 10 - EXEC:cat <in
	assert_status 0
	assert_file '' err
}

test_nofork() {
	# nofork becomes the program: its process id and status are ours
	program pid 'echo $$; exit 7'
	start relay "$SOCAT" - EXEC:./pid,nofork
	finish "$pid"
	assertEquals 7 "$status"
	assert_file "$pid\n" relay.out
	start relay "$SOCAT" - 'SYSTEM:exit 3,nofork'
	finish "$pid"
	assertEquals 3 "$status"
}

test_nofork_with_listener() {
	# nofork gives the program the accepted connection
	program greet 'echo "hello $SOCAT_PEERADDR"; read line; echo "got $line"'
	listener relay TCP4-LISTEN:0,bind=127.0.0.1 EXEC:./greet,nofork
	client ask "127.0.0.1:$port" 'abc
'
	assert_out 'hello 127.0.0.1\ngot abc\n'
	finish "$pid"
	assertEquals 0 "$status"
}

test_nofork_only_second() {
	# nofork is for the second address only
	run "$SOCAT" EXEC:cat,nofork - </dev/null
	assert_status 1
	assert_lines err ' E .*nofork' 1
	run "$SOCAT" - '-!!EXEC:cat,nofork' </dev/null
	assert_status 1
	assert_lines err ' E .*nofork' 1
}

test_environment() {
	# the program learns the version, the process and both ends of the connection
	program show 'env | grep ^SOCAT_ | sort'
	listener relay TCP4-LISTEN:0,bind=127.0.0.1 EXEC:./show
	client ask "127.0.0.1:$port" ''
	assert_log out '^SOCAT_VERSION=[0-9]'
	assert_log out "^SOCAT_PID=$pid\$"
	assert_log out "^SOCAT_PPID=$pid\$"
	assert_log out '^SOCAT_PEERADDR=127\.0\.0\.1$'
	assert_log out '^SOCAT_PEERPORT=[0-9]+$'
	assert_log out '^SOCAT_SOCKADDR=127\.0\.0\.1$'
	assert_log out "^SOCAT_SOCKPORT=$port\$"
}

test_environment_v6() {
	# IPv6 addresses come in brackets, written out
	program show 'env | grep ^SOCAT_ | sort'
	listener relay TCP6-LISTEN:0,bind=[::1] EXEC:./show
	client ask "[::1]:$port" ''
	assert_log out '^SOCAT_PEERADDR=\[0000:0000:0000:0000:0000:0000:0000:0001\]$'
	assert_log out '^SOCAT_SOCKADDR=\[0000:0000:0000:0000:0000:0000:0000:0001\]$'
}

test_environment_per_connection() {
	# with fork each connection's program gets the right peer
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork 'SYSTEM:echo $SOCAT_PEERPORT'
	"$python" -c '
import socket, sys
conns = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(10)]
print(all(c.makefile().read() == "%d\n" % c.getsockname()[1] for c in conns))' "$port" >out
	assertEquals True "$(cat out)"
}

test_umask() {
	# umask holds for the program
	run "$SOCAT" -u 'SYSTEM:umask,umask=0137' -
	assert_out '0137\n'
}

test_working_directory() {
	# cd holds for the program
	mkdir folder
	run "$SOCAT" -u "EXEC:pwd,cd=$dir/folder" -
	assert_out "$dir/folder\n"
}

test_other_user() {
	# su changes user and groups of the program only
	need_root || return 0
	without_leak_check
	run "$SOCAT" -u 'SYSTEM:id -un; id -G,su=nobody' CREATE:file
	assert_file "nobody\n$(id -G nobody)\n" file
	assertEquals 0 "$(stat -c %u file)"
	run "$SOCAT" -u 'SYSTEM:id -u; id -g,setgid=2,setuid=1' -
	assert_out '1\n2\n'
}

test_root_directory() {
	# chroot changes the program's root
	need_root || return 0
	without_leak_check
	mkdir -p folder/bin folder/proc
	cp /bin/ls folder/bin/
	ldd /bin/ls | sed -n 's/[^/]*\(\/[^ ]*\).*/\1/p' | while read -r library; do
		mkdir -p "folder$(dirname "$library")"
		cp "$library" "folder$library"
	done
	run "$SOCAT" -u "EXEC:/bin/ls /,chroot=$dir/folder" -
	assert_log out '^bin$'
	refute_log out '^etc$'
}

test_session() {
	# setsid makes the program the leader of a session, setpgid of a process group
	program show 'read -r pid name state parent group session rest </proc/self/stat; [ "$1" = "$session" ]; echo $?
		sed "s/.*) [A-Z] [0-9]* \([0-9]*\) \([0-9]*\) .*/\1 \2/" /proc/$$/stat; echo $$'
	run "$SOCAT" -u EXEC:./show,setsid -
	assertEquals "$(sed -n 3p out) $(sed -n 3p out)" "$(sed -n 2p out)"
	run "$SOCAT" -u EXEC:./show,setpgid -
	assertEquals "$(sed -n 3p out)" "$(sed -n '2s/ .*//p' out)"
	run "$SOCAT" -u EXEC:./show -
	assertNotEquals "$(sed -n 3p out) $(sed -n 3p out)" "$(sed -n 2p out)"
}

test_signals_are_reset() {
	# the program starts with no signal blocked and SIGPIPE as usual
	program show 'grep -E "Sig(Blk|Ign)" /proc/self/status'
	run "$SOCAT" -u EXEC:./show -
	assertEquals "$(grep -E 'Sig(Blk|Ign)' /proc/self/status)" "$(cat out)"
}

test_signals_passed_on() {
	# sighup, sigint and sigquit pass those signals to the program
	program wait 'trap "echo got hup; exit" HUP; echo ready; while :; do sleep 0.1; done'
	relay relay -u EXEC:./wait,sighup STDOUT
	wait_until grep -q ready relay.out
	kill -HUP "$pid"
	finish "$pid"
	assert_file 'ready\ngot hup\n' relay.out
}

test_program_ends_with_us() {
	# when the run ends so does the program
	program wait 'echo $$ >pid; exec sleep 60'
	mkfifo feed
	start_with feed relay "$SOCAT" - EXEC:./wait
	exec 9>feed
	wait_until test -s pid
	program_pid=$(cat pid)
	stop "$pid"
	exec 9>&-
	assertEquals 143 "$status"
	wait_until ended "$program_pid"
}

test_end_close() {
	# with end-close the program is left alone when the run ends
	program wait 'echo $$ >pid; cat >/dev/null; touch waiting; while ! [ -e go ]; do sleep 0.05; done; touch done'
	run "$SOCAT" - EXEC:./wait,end-close </dev/null
	assert_status 0
	wait_until test -e waiting
	touch go
	wait_until test -e done
}

test_both_sides() {
	# programs on both sides talk to each other
	run "$SOCAT" -t 10 'SYSTEM:echo question; read answer; echo "$answer" >answer' \
		'SYSTEM:read line; echo "answer to $line"'
	wait_until test -s answer
	assert_file 'answer to question\n' answer
}

test_no_zombies() {
	# programs that ended are collected while the server runs
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:true
	for round in 1 2 3 4 5; do
		client ask "127.0.0.1:$port" ''
	done
	wait_until has_children "$pid" 0
}

# Port of a listener that logs nothing, to $port.
quiet_port() {
	port=$(ss -Hltnp | sed -n "s/.*127\.0\.0\.1:\([0-9]*\) .*pid=$1,.*/\1/p")
	[ -n "$port" ]
}

test_environment_without_messages() {
	# the program learns its own address too if nothing is logged
	need ss || return 0
	for options in '' ,fork ,fork,isolate; do
		start quiet "$SOCAT" "TCP4-LISTEN:0,bind=127.0.0.1$options" \
			'SYSTEM:echo $SOCAT_SOCKADDR $SOCAT_SOCKPORT $SOCAT_PEERADDR'
		wait_until quiet_port "$pid"
		client ask "127.0.0.1:$port" ''
		assertEquals "$options" "127.0.0.1 $port 127.0.0.1" "$(cat out)"
		assert_file '' quiet.log
		stop "$pid"
	done
}

# A program "show" that writes to the file flags, a line each for descriptors 0 and 1, whether
# they are non-blocking and whether they append.
show_flags() {
	cat >show <<-END
		#!$python
		import fcntl, os
		flags = [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (0, 1)]
		with open("flags", "w") as out:
		    for flag in flags:
		        out.write("%d %d\\n" % (bool(flag & os.O_NONBLOCK), bool(flag & os.O_APPEND)))
	END
	chmod +x show
}

test_nofork_keeps_append() {
	# nofork leaves the caller's descriptors as they are: O_APPEND stays, nothing is non-blocking
	show_flags
	program write './show; echo one; echo other >>file; echo two'
	: >file
	timeout "$BOUND" "$SOCAT" - EXEC:./write,nofork </dev/null >>file 2>err
	assertEquals "$(cat err)" 0 $?
	assert_file 'one\nother\ntwo\n' file
	assert_file '0 0\n0 1\n' flags
	# nor is it lost together with O_NONBLOCK that a caller has set
	: >file
	run "$python" -c '
import os, sys
os.dup2(os.open("file", os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK), 1)
os.execv(sys.argv[1], [sys.argv[1], "-", "EXEC:./write,nofork"])' "$SOCAT" </dev/null
	assert_status 0
	assert_file 'one\nother\ntwo\n' file
}

test_nofork_gives_blocking_descriptors() {
	# the program that nofork becomes can simply read and write, whatever it is given
	show_flags
	mkfifo fifo
	server say say abc
	server unix say abc --unix "$dir/socket"
	given abc
	for address in PIPE "TCP4:127.0.0.1:$(cat say.port)" UNIX-CONNECT:socket PIPE:fifo OPEN:fifo OPEN:in; do
		rm -f flags
		run "$SOCAT" "$address" EXEC:./show,nofork
		assertEquals "$address: $(cat err)" 0 "$status"
		assertEquals "$address" '0 0 0 0' "$(tr '\n' ' ' <flags | sed 's/ $//')"
	done
	for options in '' ,fork; do
		rm -f flags
		listener relay "TCP4-LISTEN:0,bind=127.0.0.1$options" EXEC:./show,nofork
		client ask "127.0.0.1:$port" ''
		assertEquals "TCP4-LISTEN$options" '0 0 0 0' "$(tr '\n' ' ' <flags | sed 's/ $//')"
		stop "$pid"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
