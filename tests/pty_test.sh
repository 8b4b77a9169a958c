#!/bin/sh
# Pseudo terminals: PTY, and programs with option pty; STALL and TEXT.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# pty NAME ARGUMENT...: start a relay with PTY,link=tty among its addresses, wait for the link.
pty() {
	relay "$@"
	wait_until test -L tty
}

# ---- PTY

test_link() {
	# the link leads to a terminal, with the owner and mode asked for, and goes with the relay
	pty one -u PTY,link=tty,mode=640,user=1234 -
	assertEquals 'character special file 640 1234' "$(stat -L -c '%F %a %u' tty)"
	assert_log one.log "N PTY is $(readlink tty)\$"
	[ "$(stat -L -c %t tty)" = 88 ] || fail "not a pseudo terminal: $(stat -L -c %t tty)"
	stop "$pid"
	[ ! -L tty ] || fail 'the link is still there'
}

test_link_stays() {
	# with unlink-close=0 the link stays
	pty one -u PTY,link=tty,unlink-close=0 -
	stop "$pid"
	[ -L tty ] || fail 'the link is gone'
}

test_link_of_before() {
	# a link that was left behind is replaced, anything else is not, unless told to
	ln -s /dev/nowhere tty
	relay one -u PTY,link=tty -
	wait_until test -c tty
	stop "$pid"
	echo data >tty
	run "$SOCAT" -u PTY,link=tty -
	assert_error 'PTY,link=tty: symlink.*tty.*: File exists; option unlink-early removes'
	assert_file 'data\n' tty
	relay two -u PTY,link=tty,unlink-early -
	wait_until test -c tty
	stop "$pid"
	run "$SOCAT" -u PTY,link=none/tty -
	assert_error 'PTY,link=none/tty: symlink.*No such file or directory'
}

test_link_of_later() {
	# the end of a session leaves alone the link that another one has made since
	mkfifo first second
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork PTY,link=tty
	start_with first one "$SOCAT" - "TCP4:127.0.0.1:$port"
	exec 9>first
	wait_until test -c tty
	before=$(readlink tty)
	start_with second two "$SOCAT" - "TCP4:127.0.0.1:$port"
	exec 8>second
	wait_until leads_elsewhere
	after=$(readlink tty)
	exec 9>&-
	wait_until test ! -e "$before"
	assertEquals "$after" "$(readlink tty)"
	exec 8>&-
	wait_until test ! -L tty
}

leads_elsewhere() {
	[ -L tty ] && [ "$(readlink tty)" != "$before" ]
}

test_link_in_folder() {
	# chdir says where the link is made
	mkdir folder
	relay one -u PTY,link=tty,chdir=folder -
	wait_until test -c folder/tty
	stop "$pid"
	[ ! -L folder/tty ] || fail 'the link is still there'
}

test_both_ways() {
	# data goes both ways, in lines that are echoed unless the line is made raw
	server peer echo
	pty one PTY,link=tty "TCP4:127.0.0.1:$server_port"
	stty -F tty -echo -onlcr
	exec 8<>tty
	printf 'abc\n' >&8
	run head -n 1 <&8
	exec 8>&-
	assert_out 'abc\n'
}

test_programs_come_and_go() {
	# without wait-slave programs may open and close the terminal, and nothing is lost
	pty one -u PTY,link=tty -
	stty -F tty raw
	for word in one two three; do
		echo "$word" >tty
	done
	wait_until size_is one.out 14
	assert_file 'one\ntwo\nthree\n' one.out
	[ -d "/proc/$pid" ] || fail 'the relay has ended'
}

test_written_before() {
	# what comes before there is a program waits for it
	mkfifo fifo
	exec 9<>fifo
	start_with fifo one "$SOCAT" -d -d - PTY,link=tty
	wait_until test -L tty
	stty -F tty raw -echo
	echo before >fifo
	run head -n 1 tty
	exec 9>&-
	assert_out 'before\n'
}

test_wait_slave_order() {
	# the second address is not opened before
	pty one -u PTY,link=tty,wait-slave,pty-interval=0.01 CREATE:got
	assertFalse 'opened too early' '[ -e got ]'
	exec 8>tty
	wait_until test -e got
	printf 'abc\n' >&8
	exec 8>&-
	finish "$pid"
	assertEquals 0 "$status"
	assert_file 'abc\r\n' got
	[ ! -L tty ] || fail 'the link is still there'
}

test_wait_slave_short() {
	# a program that has gone again before it was noticed counts, and its data
	pty one -u PTY,link=tty,wait-slave,pty-interval=0.5 CREATE:got
	printf 'abc\n' >tty
	finish "$pid"
	assertEquals 0 "$status"
	assert_file 'abc\r\n' got
}

test_wait_slave_signal() {
	# a signal ends the wait, and the link goes
	pty one -u PTY,link=tty,wait-slave CREATE:got
	kill "$pid"
	finish "$pid"
	assertEquals 143 "$status"
	[ ! -L tty ] || fail 'the link is still there'
}

test_sitout() {
	# with sitout-eio it is not the end when the terminal is closed for a while
	pty one -u PTY,link=tty,wait-slave,pty-interval=0.01,sitout-eio=100 -
	echo one >tty
	wait_until size_is one.out 5
	echo two >tty
	wait_until size_is one.out 10
	stop "$pid"
	assertEquals 143 "$status"
	pty two -u PTY,link=tty,wait-slave,pty-interval=0.01,sitout-eio=0.2 -
	echo one >tty
	finish "$pid"
	assertEquals 0 "$status"
	assert_file 'one\r\n' two.out
}

test_sitout_writing() {
	# nor is what has to be written meanwhile lost
	mkfifo fifo
	exec 9<>fifo
	start_with fifo one "$SOCAT" -d -d - PTY,link=tty,wait-slave,pty-interval=0.01,sitout-eio=100
	wait_until test -L tty
	exec 8<>tty
	stty raw -echo <&8
	wait_log one.log 'starting data transfer'
	exec 8>&-
	echo abc >fifo
	run head -n 1 tty
	exec 9>&-
	assert_out 'abc\n'
}

test_much_data() {
	# megabytes come through a raw line, with a slow reader too
	head -c 3000000 /dev/urandom >data
	pty one -u OPEN:data PTY,link=tty,wait-slave,pty-interval=0.3
	exec 8<>tty
	stty raw -echo <&8
	timeout "$BOUND" sh -c 'head -c 1000 >part; sleep 0.2; head -c 2999000 >>part' <&8
	exec 8>&-
	cmp data part || fail 'data differs'
	finish "$pid"
}

test_nobody_reads() {
	# what nobody reads is not waited for forever, and its loss is told
	given 'never read\n'
	run "$SOCAT" -u - PTY <in
	assert_status 0
	assert_log err 'W 11 bytes written to a terminal were not read from it'
}

test_shared() {
	# several sessions share a terminal, without losing it
	server peer echo
	pty one PTY,link=tty TCP4-LISTEN:0,bind=127.0.0.1,fork
	wait_log one.log 'listening on'
	port=$(port_of one.log)
	stty -F tty raw -echo
	exec 8<>tty
	for word in one two three; do
		client ask "127.0.0.1:$port" "$word"
		run head -c "${#word}" <&8
		assert_out "$word"
	done
	exec 8>&-
}

test_null_modem() {
	# two terminals joined: a null modem cable
	relay one PTY,link=a PTY,link=b
	wait_until test -L a
	wait_until test -L b
	stty -F a raw -echo
	stty -F b raw -echo
	exec 8<>a 7<>b
	printf 'to b' >&8
	run head -c 4 <&7
	assert_out 'to b'
	printf 'to a' >&7
	run head -c 4 <&8
	assert_out 'to a'
	exec 8>&- 7>&-
}

test_many() {
	# each session of a server can have a terminal, and all descriptors come back
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork PTY
	before=$(count_fds "$pid")
	for n in 1 2 3 4 5 6 7 8; do
		client ask "127.0.0.1:$port" 'abc\n'
	done
	wait_until has_fds "$pid" "$before"
}

# ---- programs

test_program_has_a_terminal() {
	# with pty a program's input and output are a terminal, its errors ours, unless stderr
	run "$SOCAT" -t 10 - 'SYSTEM:test -t 0 && test -t 1 && ! test -t 2 && echo yes,pty' </dev/null
	assert_out 'yes\r\n'
	run "$SOCAT" -t 10 - 'SYSTEM:test -t 2 && echo yes,pty,stderr' </dev/null
	assert_out 'yes\r\n'
	for option in openpty ptmx pty=1; do
		run "$SOCAT" -t 10 - "EXEC:tty,$option" </dev/null
		assert_log out '^/dev/pts/[0-9]'
	done
	run "$SOCAT" -t 10 - EXEC:tty,pty=0 </dev/null
	assert_out 'not a tty\n'
}

test_program_echo() {
	# the terminal is as the system makes them: lines, with echo
	given 'abc\n'
	run "$SOCAT" - EXEC:cat,pty <in
	assert_status 0
	assert_out 'abc\r\nabc\r\n'
}

test_program_of_one_direction() {
	# with -u and -U only that descriptor is the terminal
	given 'abc\n'
	run "$SOCAT" -u 'SYSTEM:test -t 0 || test -t 1 && echo yes,pty' - <in
	assert_out 'yes\r\n'
	run "$SOCAT" -u - 'SYSTEM:test -t 0 && head -n 1 >got,pty' <in
	assert_file 'abc\n' got
}

test_pipes_ignored() {
	# pipes beside pty is ignored, with a warning
	run "$SOCAT" -t 10 - EXEC:tty,pty,pipes </dev/null
	assert_log err 'W .*pty and pipes exclude each other: pipes is ignored'
	assert_log out '^/dev/pts/[0-9]'
}

test_program_link() {
	# link gives a program's terminal a name
	relay one -u 'SYSTEM:sleep 100,pty,link=tty,mode=644' -
	wait_until test -L tty
	assertEquals '644' "$(stat -L -c %a tty)"
	stop "$pid"
	[ ! -L tty ] || fail 'the link is still there'
}

test_nothing_lost() {
	# all that a program wrote before it ended arrives, how fast it ever ended
	for n in 1 2 3 4 5; do
		run "$SOCAT" -u 'SYSTEM:printf abc,pty' -
		assert_status 0
		assert_out 'abc'
	done
	run "$SOCAT" -u 'SYSTEM:stty raw; head -c 1000000 /dev/zero,pty' -
	assertEquals 1000000 "$(stat -c %s out)"
}

test_nothing_lost_exclusive() {
	# where a program has its terminal for itself nobody can tell what it has not read yet: then
	# it gets the full time
	without_leak_check
	program=$dir/deaf.py
	printf 'import fcntl, sys, termios, time\nfcntl.ioctl(0, termios.TIOCEXCL)\nprint("ready", file=sys.stderr, flush=True)\ntime.sleep(100)\n' >"$program"
	chmod 755 "$dir" "$program"
	mkfifo fifo
	start_with fifo one setpriv --reuid=65534 --clear-groups "$SOCAT" -d -d -d -lu -u - "EXEC:python3 $program,pty"
	exec 9>fifo
	wait_log one.log '^ready'
	echo abc >&9
	exec 9>&-
	finish "$pid"
	read_at=$(seconds_of 'transferred 4 bytes' one.log)
	ended_at=$(seconds_of 'exiting with status' one.log)
	assertTrue "ended after $read_at, at $ended_at" \
		"awk 'BEGIN { exit !($ended_at - $read_at + ($ended_at < $read_at ? 60 : 0) > 0.45) }'"
}

# seconds_of REGEX LOG: when a line was logged, the seconds of its minute.
seconds_of() {
	sed -n "s/^[^ ]* [0-9]*:[0-9]*:\([0-9.]*\) .*$1.*/\1/p" "$2"
}

test_program_status() {
	# a failing program makes us fail
	run "$SOCAT" -u 'SYSTEM:exit 3,pty' -
	assert_status 1
	assert_log err 'W .*child .* exited with status 3'
}

test_program_gone() {
	# where nothing is read from a program, its end is noticed all the same, as without pty:
	# the terminal itself would go on taking what is written
	run "$SOCAT" -u STALL 'SYSTEM:exit 0,pty'
	assert_error 'write.*: Broken pipe'
	run "$SOCAT" -U 'SYSTEM:exit 0,pty,sitout-eio=0.1' STALL
	assert_error 'write.*: Broken pipe'
	mkfifo fifo
	start_with fifo one "$SOCAT" - 'STALL!!SYSTEM:exit 3,pty'
	exec 9>fifo
	wait_log one.log 'exited with status 3'
	echo data >&9
	finish "$pid"
	exec 9>&-
	assertEquals 1 "$status"
	assert_log one.log 'E write.*: Broken pipe'
}

test_wait_slave_gone() {
	# nor does what is written for nobody vanish
	pty one -u STALL PTY,link=tty,wait-slave,pty-interval=0.01
	exec 8>tty
	wait_log one.log 'starting data transfer'
	exec 8>&-
	finish "$pid"
	assertEquals 1 "$status"
	assert_log one.log 'E write.*: Broken pipe'
}

test_program_told_to_end() {
	# at the end of the session the program is told to end before its terminal vanishes
	program=$dir/trapping
	printf '#!/bin/sh\ntrap "echo told >got; exit" TERM\necho ready\nwhile read -r x; do :; done\necho "read failed" >got\n' >"$program"
	chmod +x "$program"
	mkfifo fifo
	start_with fifo one "$SOCAT" - "EXEC:$program,pty"
	exec 9>fifo
	wait_until grep -q ready one.out
	exec 9>&-
	finish "$pid"
	wait_until test -s got
	assert_file 'told\n' got
}

test_nothing_else_open() {
	# nothing else of ours is open in the program
	run "$SOCAT" -u 'EXEC:ls -1 /proc/self/fd,pty' -
	assertEquals "$(ls /proc/self/fd | tr '\n' ' ')" "$(tr -d '\r' <out | tr '\n' ' ')"
}

test_many_programs() {
	# each session of a server can have its program on a terminal
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork 'SYSTEM:read -r x; echo "got $x",pty'
	before=$(count_fds "$pid")
	for n in 1 2 3 4 5 6; do
		client ask "127.0.0.1:$port" "$n
"
		assert_out "$n\r\ngot $n\r\n"
	done
	wait_until has_fds "$pid" "$before"
	wait_until has_children "$pid" 0
}

# ---- STALL, TEXT

test_stall() {
	# STALL gives and takes nothing: only a time-out or a signal ends that
	given 'abc\n'
	run "$SOCAT" -d -d -T 0.2 - STALL <in
	assert_status 0
	assert_out ''
	assert_log err 'inactivity timeout'
	relay one -u STALL -
	wait_log one.log 'starting data transfer'
	kill "$pid"
	finish "$pid"
	assertEquals 143 "$status"
}

test_stall_is_no_load() {
	# nor does it take any time
	relay one -u /dev/zero STALL
	wait_log one.log 'starting data transfer'
	before=$(cpu_ticks "$pid")
	run "$SOCAT" -T 0.3 STALL STALL
	assertTrue "$(($(cpu_ticks "$pid") - before)) ticks" "[ $(($(cpu_ticks "$pid") - before)) -le 3 ]"
}

test_stall_program() {
	# the end of a program that has said nothing is one to STALL, too
	run "$SOCAT" STALL EXEC:true
	assert_status 0
	run "$SOCAT" STALL 'SYSTEM:exit 3,pty'
	assert_status 1
	assert_log err 'exited with status 3'
}

test_stall_in_a_server() {
	# in a server each client can be left waiting
	listener relay -T 0.2 TCP4-LISTEN:0,bind=127.0.0.1,fork STALL
	before=$(count_fds "$pid")
	client ask "127.0.0.1:$port" 'abc'
	assert_out ''
	wait_until has_fds "$pid" "$before"
}

test_text() {
	# TEXT is input; output goes to stdout
	run "$SOCAT" 'TEXT:one\ntwo\n' - </dev/null
	assert_status 0
	assert_out 'one\ntwo\n'
	given 'in\n'
	run "$SOCAT" -u - TEXT:unused <in
	assert_out 'in\n'
	run "$SOCAT" -u 'TEXT:"a,b!!c:d"' -
	assert_out 'a,b!!c:d'
	run "$SOCAT" -u TEXT: -
	assert_status 0
	assert_out ''
}

test_text_long() {
	# also a long one
	long=$(head -c 60000 /dev/zero | tr '\0' x)
	run "$SOCAT" -u "TEXT:$long" -
	assertEquals 60000 "$(stat -c %s out)"
}

test_text_in_a_server() {
	# each client of a server gets it whole
	listener relay -U TCP4-LISTEN:0,bind=127.0.0.1,fork 'TEXT:hello\n'
	for n in 1 2 3; do
		client ask "127.0.0.1:$port" ''
		assert_out 'hello\n'
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
