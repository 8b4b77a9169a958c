#!/bin/sh
# The command line: switches, help and version, log lines, dumps, statistics, locks.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/syslog.sh
. "$(dirname "$0")/syslog.sh"

stamp='[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'

# ---- help and version

test_version() {
	# -V prints a "socat version" line and the features, and ends with status 0
	run "$SOCAT" -V
	assert_status 0
	assert_log out '^socat version [0-9]+\.[0-9]+'
	for feature in HELP STATS STDIO FDNUM FILE CREAT GOPEN PIPE UNIX ABSTRACT_UNIXSOCKET IP4 IP6 TCP \
		LISTEN EXEC SYSTEM SHELL LIBWRAP RETRY; do
		assert_log out "^ *#define WITH_$feature 1$"
	done
	assert_file '' err
}

test_version_says_independent() {
	# -V says that this is an implementation of its own
	run "$SOCAT" -V
	assert_log out '[Ii]ndependent'
	refute_log out 'Rieger'
}

test_help() {
	# -h and -? list the switches and the address types with their groups
	for switch in -h '-?'; do
		run "$SOCAT" "$switch"
		assert_status 0
		for word in -V -d -D --experimental --statistics -ly -lf -ls -lm -lp -lu -lh -v -x -r -R -b -s -S \
			-t -T -u -U -g -L -W -0 -4 -6 --grace --workers; do
			assert_log out "^ +$word"
		done
		assert_log out '^ +TCP-LISTEN:<port>[[:space:]]+groups=FD,SOCKET,LISTEN,CHILD,RETRY,RANGE,IP4,IP6,TCP,PROXYHEADER$'
		assert_log out '^ +UNIX-CONNECT:<filename>[[:space:]]+groups=FD,SOCKET,NAMED,RETRY,UNIX,PROXYHEADER$'
		assert_log out '^ +STDIO[[:space:]]+groups='
		refute_log out '[[:space:]]phase='
	done
}

test_help_options() {
	# -hh adds the options' short names, with groups, phase and type
	for switch in -hh '-??'; do
		run "$SOCAT" "$switch"
		assert_status 0
		assert_log out '^ +reuseaddr[[:space:]]+groups=SOCKET[[:space:]]+phase=PREBIND[[:space:]]+type=INT'
		assert_log out '^ +fork[[:space:]]+groups=CHILD[[:space:]]+phase=PASTACCEPT[[:space:]]+type=BOOL$'
		refute_log out '^ +so-reuseaddr[[:space:]]'
	done
}

test_help_all_options() {
	# -hhh adds all names of options
	for switch in -hhh '-???'; do
		run "$SOCAT" "$switch"
		assert_status 0
		for word in so-reuseaddr retry forever fork max-children umask; do
			assert_log out "^ +${word}[[:space:]]+groups=.*[[:space:]]+phase=.*[[:space:]]+type="
		done
		assert_log out '^ +reuseaddr[[:space:]]+is an alias for so-reuseaddr$'
	done
}

test_help_lists_only_what_works() {
	# every address type that -h lists is accepted by the parser
	run "$SOCAT" -h
	types=$(sed -n 's/^ *\([A-Z][A-Z0-9-]*\)[^A-Za-z0-9-].*groups=.*/\1/p' out)
	assertTrue 'a list of types' "[ $(echo "$types" | wc -l) -gt 20 ]"
	for type in $types; do
		run "$SOCAT" "$type,no-such-option" -
		assertEquals "$type" 1 "$status"
		refute_log err '(unknown|not built)[^,]*(address|type)[^,]*'"$type"
	done
}

test_wrong_switches() {
	# unknown switches and a wrong number of addresses end with status 1 and one error line
	for words in '-Z - -' '-' '- - -' '--no-such-switch - -' '-b - -' '-t - -'; do
		# shellcheck disable=SC2086
		run "$SOCAT" $words
		assertEquals "$words: $(cat err)" 1 "$status"
		assert_lines err ' E ' 1
	done
}

# ---- log lines

test_log_line() {
	# a log line has a stamp, the program's name, its process id and a level
	relay log OPEN:/dev/null -
	finish "$pid"
	assert_log log.log "^$stamp socat\\[$pid\\] N .+"
	assert_lines log.log "^$stamp socat\\[[0-9]+\\] [EWNID] " "$(wc -l <log.log)"
}

test_microseconds() {
	# -lu extends the stamp to microseconds
	run "$SOCAT" -lu -d -d - EXEC:cat </dev/null
	assert_log err "^$stamp\\.[0-9]{6} socat\\[[0-9]+\\] N "
}

test_program_name() {
	# -lp changes the name in messages and in the variables given to programs
	run "$SOCAT" -lpfoo -d -d - 'SYSTEM:echo $FOO_VERSION; echo "$SOCAT_VERSION"' </dev/null
	assert_log err "^$stamp foo\\[[0-9]+\\] N "
	assert_log out '^[0-9]+\.[0-9]'
	assertEquals 'the other name is not set' '' "$(sed -n 2p out)"
}

test_host_name() {
	# -lh puts $HOSTNAME (or the system's name) before the program's name
	HOSTNAME=some.where run "$SOCAT" -lh -d -d - EXEC:cat </dev/null
	assert_log err "^$stamp some\\.where socat\\[[0-9]+\\] N "
	run "$SOCAT" -lh -d -d - EXEC:cat </dev/null
	assert_log err "^$stamp $(uname -n) socat\\[[0-9]+\\] N "
}

test_log_file() {
	# -lf writes the messages to a file instead of standard error
	run "$SOCAT" -d -d "-lf$dir/messages" - EXEC:cat </dev/null
	assert_file '' err
	assert_log messages "^$stamp socat\\[[0-9]+\\] N starting data transfer loop"
	run "$SOCAT" -d -d -lf "$dir/messages2" - EXEC:cat </dev/null
	assert_log messages2 ' N starting data transfer loop'
}

test_log_file_appends() {
	# -lf keeps what the file already says
	echo before >messages
	run "$SOCAT" -d -d "-lf$dir/messages" - EXEC:cat </dev/null
	assertEquals before "$(head -n 1 messages)"
}

test_log_file_impossible() {
	# a log file that can't be opened is an error
	run "$SOCAT" "-lf$dir/none/messages" - EXEC:cat </dev/null
	assert_status 1
	assert_log err 'none/messages.*No such file or directory'
}

test_log_stderr() {
	# -ls is the default: standard error
	run "$SOCAT" -ls -d -d - EXEC:cat </dev/null
	assert_log err ' N starting data transfer loop'
}

test_syslog() {
	# -ly writes to syslog, facility daemon unless another is given
	need_root || return 0
	with_syslog "$SOCAT" -d -d -ly OPEN:/dev/null,rdonly -
	assert_status 0
	refute_log err 'starting data transfer loop'
	assert_log syslog 'exiting with status 0'
	assert_log syslog '^<29>.*socat\[[0-9]+\]: N starting data transfer loop'
}

test_syslog_facility() {
	# -lylocal3 uses that facility; an unknown one is an error
	need_root || return 0
	with_syslog "$SOCAT" -d -d -lylocal3 OPEN:/dev/null,rdonly -
	assert_status 0
	assert_log syslog 'exiting with status 0'
	assert_log syslog '^<157>.*socat\[[0-9]+\]: N starting data transfer loop'
	run "$SOCAT" -lynowhere - -
	assert_status 1
	assert_lines err ' E .*nowhere' 1
}

test_mixed_log() {
	# -lm writes to standard error while opening and to syslog from the transfer on
	need_root || return 0
	with_syslog "$SOCAT" -d -d -lm OPEN:/dev/null,rdonly -
	assert_status 0
	assert_log syslog 'exiting with status 0'
	assert_log err ' N opening .*"/dev/null"'
	refute_log err 'exiting with status'
	refute_log syslog 'opening'
}

# levels ARGUMENT...: the set of levels in the log of a little relay.
levels() {
	run "$SOCAT" "$@" - EXEC:cat </dev/null
	sed -n 's/^[^]]*\] \([EWNID]\) .*/\1/p' err | sort -u | tr -d '\n'
}

test_levels() {
	# -d -d0..-d4 -dd -ddd -dddd choose what is logged
	assertEquals 'no -d' '' "$(levels)"
	assertEquals '-d0' '' "$(levels -d0)"
	assertEquals '-d1 is no more than -d2' '' "$(levels -d1 | tr -d N)"
	assertEquals '-d is no more than -d -d' '' "$(levels -d | tr -d N)"
	assertEquals '-d -d' N "$(levels -d -d)"
	assertEquals '-dd' N "$(levels -dd)"
	assertEquals '-d2' N "$(levels -d2)"
	assertEquals '-ddd' IN "$(levels -ddd)"
	assertEquals '-d3' IN "$(levels -d3)"
	assertEquals '-dddd' DIN "$(levels -dddd)"
	assertEquals '-d4' DIN "$(levels -d4)"
}

test_warnings_by_default() {
	# warnings are printed without -d and suppressed by -d0
	run "$SOCAT" - SYSTEM:'cat >/dev/null; exit 3' </dev/null
	assert_lines err ' W ' 1
	run "$SOCAT" -d0 - SYSTEM:'cat >/dev/null; exit 3' </dev/null
	refute_log err ' W '
}

test_known_texts() {
	# the well-known messages of a connection come in their order
	server echo echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1 "TCP4:127.0.0.1:$server_port"
	client ask "127.0.0.1:$port" hello
	assert_out hello
	finish "$pid"
	assertEquals 'exit status' 0 "$status"
	assert_log relay.log " N listening on AF=2 127\\.0\\.0\\.1:$port\$"
	assert_log relay.log " N accepting connection from AF=2 127\\.0\\.0\\.1:[0-9]+ on AF=2 127\\.0\\.0\\.1:$port\$"
	assert_log relay.log " N opening connection to AF=2 127\\.0\\.0\\.1:$server_port\$"
	assert_log relay.log ' N successfully connected from local address AF=2 127\.0\.0\.1:[0-9]+$'
	assert_log relay.log ' N starting data transfer loop with FDs \[[0-9]+,[0-9]+\] and \[[0-9]+,[0-9]+\]$'
	assert_log relay.log ' N socket 1 \(fd [0-9]+\) is at EOF$'
	assert_log relay.log ' N socket 2 \(fd [0-9]+\) is at EOF$'
	assert_log relay.log ' N exiting with status 0$'
	assertEquals 'order' 'listening accepting opening successfully starting exiting' \
		"$(sed -n 's/.* N \(listening\|accepting\|opening\|successfully\|starting\|exiting\).*/\1/p' \
			relay.log | uniq | tr '\n' ' ' | sed 's/ $//')"
}

test_descriptor_analysis() {
	# -D logs information on open descriptors before the transfer starts
	run "$SOCAT" -D - EXEC:cat </dev/null
	assert_status 0
	assert_log err '[0-9]'
	assertTrue 'a line per standard descriptor' "[ $(wc -l <err) -ge 3 ]"
}

test_experimental() {
	# --experimental is accepted
	given 'abc\n'
	run "$SOCAT" --experimental - EXEC:cat <in
	assert_status 0
	assert_out 'abc\n'
}

# ---- dumps

# undated FILE: the dumps in it without the time of day.
undated() {
	sed 's|\([<>]\) [0-9/]* [0-9:.]*  length=|\1 length=|g' "$1"
}

test_text_dump() {
	# -v dumps the data as text, with a header per block and direction
	given 'ab\tc\n\001\377"x\r\nlast\\end'
	run "$SOCAT" -v - PIPE <in
	assert_log err "^> $stamp\\.[0-9]{6}  length=19 from=0 to=18\$"
	undated err >dump
	assert_file '> length=19 from=0 to=18\nab\tc\n.."x\\r\nlast\\\\end< length=19 from=0 to=18\nab\tc\n.."x\\r\nlast\\\\end' dump
}

test_hex_dump() {
	# -x dumps the data as hexadecimal numbers
	given 'ab\tc\n\001\377\\"x\r\nlast'
	run "$SOCAT" -x - PIPE <in
	undated err >dump
	assert_file '> length=16 from=0 to=15\n 61 62 09 63 0a 01 ff 5c 22 78 0d 0a 6c 61 73 74\n< length=16 from=0 to=15\n 61 62 09 63 0a 01 ff 5c 22 78 0d 0a 6c 61 73 74\n' dump
}

test_both_dumps() {
	# -x -v dumps both beside each other, sixteen bytes a line, a line feed ends one
	given 'ab\tc\n\001\377\\"x\r\n0123456789abcdefgh'
	run "$SOCAT" -x -v -u - OPEN:/dev/null <in
	undated err >dump
	assert_file '> length=30 from=0 to=29\n 61 62 09 63 0a                                   ab.c.\n 01 ff 5c 22 78 0d 0a                             ..\\"x..\n 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n 67 68                                            gh\n--\n' dump
}

test_dump_positions() {
	# from= and to= count the bytes of a direction over all blocks
	given '0123456789'
	run "$SOCAT" -v -b 4 -u - OPEN:/dev/null <in
	assertEquals 'length=4 from=0 to=3|length=4 from=4 to=7|length=2 from=8 to=9' \
		"$(sed -n 's/.*\(length=.*\)/\1/p' err | tr '\n' '|' | sed 's/|$//')"
}

test_raw_dumps() {
	# -r and -R write the bytes of each direction to files
	given 'to the right'
	run "$SOCAT" -r right -R left - 'SYSTEM:cat >/dev/null; echo to the left' <in
	assert_status 0
	assert_file 'to the right' right
	assert_file 'to the left\n' left
	assert_out 'to the left\n'
}

test_raw_dump_names() {
	# file names of -r may hold $$, $PROGNAME, $TIMESTAMP, $MICROS and variables
	given abc
	WORD=word run "$SOCAT" -lp prog -r 'dump-$$-$PROGNAME-$TIMESTAMP-$MICROS-$WORD' - PIPE <in
	assert_status 0
	assertTrue "$(ls)" "ls | grep -Eqx 'dump-[0-9]+-prog-[0-9]{8}T[0-9]{6}-[0-9]{6}-word'"
	assert_file abc dump-*
}

test_raw_dump_appends() {
	# -r adds to a file that is there
	given def
	printf abc >dump
	run "$SOCAT" -r dump -u - OPEN:/dev/null <in
	assert_file abcdef dump
}

# ---- data transfer

test_block_size() {
	# -b limits the bytes of one transfer
	given 0123456789
	run "$SOCAT" -b 3 -v -u - CREATE:copy <in
	assertEquals 4 "$(count_lines err 'length=')"
	assert_file 0123456789 copy
	run "$SOCAT" -b3 -v -u - CREATE:copy <in
	assertEquals 4 "$(count_lines err 'length=')"
}

test_unidirectional() {
	# -u transfers left to right only, -U right to left only
	given left
	run "$SOCAT" -u - 'SYSTEM:cat; echo nothing >&2' <in
	assert_status 0
	run "$SOCAT" -u OPEN:in STDOUT
	assert_out left
	run "$SOCAT" -U STDOUT OPEN:in
	assert_out left
}

test_unidirectional_opens_for_one_direction() {
	# with -u a file is opened for reading only on the left, for writing only on the right
	given left
	chmod 400 in
	run "$SOCAT" -u -d -d OPEN:in CREATE:copy
	assert_status 0
	assert_file left copy
	assert_log err 'opening .*"in" for reading'
}

test_linger() {
	# a one-shot run waits half a second for answers after the end of one side, -t changes that
	given abc
	run "$SOCAT" -t 10 - 'SYSTEM:cat >/dev/null; sleep 1; echo late' <in
	assert_out 'late\n'
	run "$SOCAT" - 'SYSTEM:cat >/dev/null; exec sleep 30' <in
	assert_status 0
	assert_out ''
	run "$SOCAT" -t0 - 'SYSTEM:cat >/dev/null; exec sleep 30' <in
	assert_status 0
}

test_linger_while_data_comes() {
	# an answer that takes longer is not cut off as long as some of it comes
	given abc
	run "$SOCAT" -t 1 - 'SYSTEM:cat >/dev/null; for i in 1 2 3 4 5; do sleep 0.4; echo $i; done' <in
	assert_out '1\n2\n3\n4\n5\n'
}

test_lost_bytes_are_an_error() {
	# bytes that nobody takes until the time is over are not lost in silence
	given abc
	mkfifo stuck
	sleep 60 3<>stuck &
	started="$started $!"
	run "$SOCAT" -t 0.3 'STDIN!!OPEN:stuck,wronly' 'SYSTEM:cat >/dev/null; exec head -c 300000 /dev/zero' <in
	assert_error '[0-9]+ bytes from .* are lost'
}

test_idle_timeout_of_a_slow_reader() {
	# a reader that takes what is held bit by bit is not idle
	head -c 400000 /dev/zero >in
	run "$SOCAT" -T 0.6 -u OPEN:in "SYSTEM:for i in 1 2 3 4 5 6 7; do sleep 0.3; dd bs=60000 count=1 iflag=fullblock; done 2>/dev/null | wc -c >copy,pipes"
	assert_status 0
	wait_until test -s copy
	assertEquals 400000 "$(tr -d ' ' <copy)"
}

test_idle_timeout() {
	# -T ends a run that transfers nothing, with status 0
	mkfifo nothing
	sleep 60 >nothing &
	started="$started $!"
	run "$SOCAT" -d -d -T 0.3 - PIPE <nothing
	assert_status 0
	assert_log err ' N inactivity timeout triggered$'
	assert_log err ' N exiting with status 0$'
}

test_sloppy() {
	# -s goes on when an option can't be applied
	given abc
	touch file
	run "$SOCAT" -u - OPEN:file,ioctl-void=1 <in
	assert_status 1
	assert_lines err ' E ' 1
	assert_file '' file
	run "$SOCAT" -u -s - OPEN:file,ioctl-void=1 <in
	assert_status 0
	assert_log err ' E .*ioctl'
	assert_file abc file
}

test_no_group_check() {
	# -g lets options through that the type's groups don't have; then the kernel decides
	given abc
	run "$SOCAT" - EXEC:cat,nodelay <in
	assert_status 1
	assert_log err 'nodelay.*not .*(type|EXEC)'
	run "$SOCAT" -g - EXEC:cat,nodelay <in
	assert_status 1
	assert_log err 'Operation not supported'
	run "$SOCAT" -g -s - EXEC:cat,nodelay <in
	assert_status 0
	assert_out abc
}

# ---- locks

test_lock_file() {
	# -L makes a lock file while running, fails while there is one
	mkfifo hold
	start_with hold relay "$SOCAT" -d -d -L "$dir/lock" - PIPE
	exec 9>hold
	wait_log relay.log 'starting data transfer loop'
	assertEquals "$pid" "$(tr -d ' \n' <lock)"
	run "$SOCAT" -L "$dir/lock" - PIPE </dev/null
	assert_status 1
	assert_lines err ' E .*lock' 1
	assertTrue 'still there' '[ -e lock ]'
	exec 9>&-
	finish "$pid"
	assertEquals 0 "$status"
	assertFalse 'gone' '[ -e lock ]'
}

test_wait_lock() {
	# -W waits until the lock file is gone
	echo 1 >lock
	relay relay "-W$dir/lock" -u OPEN:/dev/null CREATE:copy
	wait_log relay.log 'lock'
	assertFalse 'not started yet' '[ -e copy ]'
	rm lock
	finish "$pid"
	assertEquals 0 "$status"
	assertTrue 'started then' '[ -e copy ]'
	assertFalse 'gone' '[ -e lock ]'
}

test_lock_removed_on_signal() {
	# the lock file is removed when a signal ends the run
	relay relay -L "$dir/lock" TCP4-LISTEN:0,bind=127.0.0.1 -
	wait_log relay.log 'listening on'
	assertTrue '[ -e lock ]'
	stop "$pid"
	assertFalse 'gone' '[ -e lock ]'
}

# ---- statistics and signals to be logged

test_statistics() {
	# --statistics logs packets and bytes of both directions at the end
	given '0123456789'
	run "$SOCAT" --statistics -b 5 - 'SYSTEM:cat >/dev/null; printf abc' <in
	assert_status 0
	assert_log err ' STATISTICS: left to right: +2 packets?\(s\), +10 byte\(s\)$'
	assert_log err ' STATISTICS: right to left: +1 packets?\(s\), +3 byte\(s\)$'
}

test_statistics_on_signal() {
	# SIGUSR1 logs the statistics and the transfer goes on
	mkfifo feed
	start_with feed relay "$SOCAT" -d -d - PIPE
	exec 9>feed
	printf abc >&9
	wait_until size_is relay.out 3
	kill -USR1 "$pid"
	wait_log relay.log 'STATISTICS: right to left: +1 packets?\(s\), +3 byte\(s\)$'
	assert_log relay.log 'STATISTICS: left to right: +1 packets?\(s\), +3 byte\(s\)$'
	printf def >&9
	exec 9>&-
	finish "$pid"
	assertEquals 0 "$status"
	assert_file abcdef relay.out
}

test_signal_mask() {
	# -S chooses the signals that are logged before they act
	listener relay TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	assertEquals 143 "$status"
	assert_log relay.log ' W exiting on signal 15$'
	listener silent -S 0 TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	assertEquals 143 "$status"
	refute_log silent.log 'signal 15'
	run "$SOCAT" -S nonsense - PIPE </dev/null
	assert_status 1
}

# ---- IP version

test_ip_version_switches() {
	# -4, -6 and -0 choose the version where the address leaves it open
	listener four -4 TCP-LISTEN:0,accept-timeout=30 -
	assert_log four.log 'listening on AF=2 0\.0\.0\.0:'
	listener six -6 TCP-LISTEN:0,accept-timeout=30 -
	assert_log six.log 'listening on AF=10 \[(0000:)*0*:*\]:'
	listener none TCP-LISTEN:0,accept-timeout=30 -
	assert_log none.log 'listening on AF=2 '
	listener both -0 TCP-LISTEN:0,fork PIPE
	client ask "127.0.0.1:$port" x
	assert_out x
}

test_idle_timeout_one_direction() {
	# -T keeps a session in which only one direction is active
	server silent silent
	server collect collect "$dir"
	for target in "TCP4:127.0.0.1:$server_port" "TCP4:127.0.0.1:$(cat silent.port)"; do
		mkfifo feed
		start_with feed relay "$SOCAT" -d -d -T 2 - "$target"
		relay=$pid
		# 20 bytes in 4 seconds, twice the limit
		"$python" -c '
import time
with open("feed", "wb", buffering=0) as feed:
    for number in range(20):
        feed.write(b"%d\n" % number)
        time.sleep(0.2)
    open("fed", "w").close()
    while not open("relay.log").read().count("inactivity timeout"):
        time.sleep(0.02)
' 2>feeder.log &
		feeder=$!
		started="$started $feeder"
		wait_until test -e fed
		# it ends only when that has stopped
		finish "$feeder"
		assertEquals "$(cat feeder.log)" 0 "$status"
		finish "$relay"
		assertEquals 0 "$status"
		assert_lines relay.log ' N inactivity timeout triggered$' 1
		rm -f feed fed
	done
	wait_until test -e 1
	seq 0 19 >expected
	assertEquals "$(checksum expected)" "$(checksum 1)"
}

test_idle_timeout_in_a_server() {
	# -T ends the idle session of a server; the server and active sessions go on
	server echo echo
	listener relay -T 0.5 TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client hold "127.0.0.1:$port" 1
	exec 9>hold
	wait_log relay.log 'inactivity timeout triggered'
	client ask "127.0.0.1:$port" abc
	assert_out abc
	assertTrue "kill -0 $pid"
	exec 9>&-
}

test_no_linger() {
	# -t 0 ends a session at once after one side's end, in a server too
	server silent silent
	for options in '' ,fork; do
		listener relay -t 0 "TCP4-LISTEN:0,bind=127.0.0.1$options" "TCP4:127.0.0.1:$server_port"
		client ask "127.0.0.1:$port" abc
		assertEquals "$options" 0 "$status"
		assert_out ''
		if [ -z "$options" ]; then
			finish "$pid"
			assertEquals 0 "$status"
		else
			wait_until session_gone "$pid"
			assertTrue "kill -0 $pid"
		fi
	done
}

# No connected socket is left in the server, only the one that listens.
session_gone() {
	[ "$(find "/proc/$1/fd" -lname 'socket:*' | wc -l)" -eq 1 ]
}

test_no_linger_delivers() {
	# what was read before one side's end is delivered even with -t 0
	head -c 5000000 /dev/urandom >data
	for types in 'TCP4-LISTEN:0,bind=127.0.0.1' 'TCP4-LISTEN:0,bind=127.0.0.1,fork'; do
		server collect collect "$dir"
		listener relay -t 0 "$types" "TCP4:127.0.0.1:$server_port"
		run "$SOCAT" -u OPEN:data "TCP4:127.0.0.1:$port"
		assert_status 0
		wait_until test -e 1
		assertEquals "$types" "$(checksum data)" "$(checksum 1)"
		rm -f 1
		stop "$server_pid"
	done
}

test_unidirectional_sockets() {
	# between sockets, too, -u and -U transfer in one direction only
	server hello hello-echo
	hello=$server_port
	server collect collect "$dir"
	listener relay -u TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	client ask "127.0.0.1:$port" 'to the right'
	assert_out ''
	wait_until test -e 1
	assert_file 'to the right' 1
	# what the right side says is not for the client
	listener silent -u TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$hello"
	client ask "127.0.0.1:$port" abc
	assert_out ''
	# and the other way: nothing of the client comes to the server, so it gives nothing back
	listener left -U TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$hello"
	"$python" -c '
import socket, sys
conn = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
stream = conn.makefile("rb")
line = stream.readline()
conn.sendall(b"not for the server")
conn.settimeout(0.5)
try:
    print(line, conn.recv(100))
except TimeoutError:
    print(line, "nothing more")' "$port" >out 2>err
	assert_log out "^b'hello [0-9]+\\\\n' nothing more"
}

test_unidirectional_ends() {
	# with -u the left side's end is the run's, with -U the right side's; status 0
	server silent silent
	listener relay -u TCP4-LISTEN:0,bind=127.0.0.1 "TCP4:127.0.0.1:$server_port"
	client ask "127.0.0.1:$port" abc
	finish "$pid"
	assertEquals 0 "$status"
	server say say 'from the right'
	listener relay -U TCP4-LISTEN:0,bind=127.0.0.1 "TCP4:127.0.0.1:$server_port"
	relay=$pid
	mkfifo hold
	start_with hold holder "$python" "$tests/peer.py" client first "127.0.0.1:$port"
	exec 9>hold
	finish "$relay"
	assertEquals 0 "$status"
	exec 9>&-
	finish "$pid"
	assert_file 'from the right' holder.out
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
