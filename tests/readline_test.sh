#!/bin/sh
# READLINE, used as a person would.

# shellcheck disable=SC2034,SC3045,SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tmux.sh
. "$(dirname "$0")/tmux.sh"

# edit ARGUMENT...: type the relay's command line, and wait until it edits.
edit() {
	text "clear; stty -g >before; ./relay $*"
	keys Enter
	wait_until editing
	tm clear-history
}

editing() {
	stty -a -F "$tty" | grep -q -- '-icanon'
}

# The relay has ended: its status, and the terminal is as it was, with the cursor in the first column.
ended_with() {
	wait_until at_shell
	text 'echo status $?; stty -g >after'
	keys Enter
	wait_until screen_has "^status $1\$" || screen
	wait_until test -s after
	assertTrue 'settings of the terminal' "cmp before after"
	# pasted text is not marked any more
	tm set-buffer pasted
	text 'clear; cat -v'
	keys Enter
	wait_until screen_is_empty
	tm paste-buffer -p
	keys Enter
	screen_is 'pasted\npasted'
	keys C-d
}

# program NAME TEXT: a shell script to be run by an address.
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

received() {
	cmp -s "$1" "$2"
}

# was_sent TEXT FILE: the peer comes to have received just this.
was_sent() {
	printf -- "$1" >sent
	wait_until received sent "$2" || od -c "$2"
}

prompting='printf "hello\n> "; while read -r line; do printf "got %s\n> " "$line"; done'

test_edit() {
	# lines are edited behind the peer's prompt, sent, and answered
	program peer "$prompting"
	terminal 40 12
	edit READLINE EXEC:./peer
	screen_is 'hello\n>'
	text 'word two'
	keys C-a X C-e Y M-b Z Left BSpace
	screen_is 'hello\n> XwordZtwoY'
	cursor_is 7 1
	keys C-u C-k
	screen_is 'hello\n>'
	text 'echo'
	keys Left Left Delete End '!' Enter
	screen_is 'hello\n> eco!\ngot eco!\n>'
	keys C-d
	ended_with 0
}

test_keys() {
	# the keys do what the manual says
	terminal 40 12
	edit READLINE 'SYSTEM:"cat >got"'
	text 'ne two'
	keys Home o End ' ' t h r e e C-Left M-d Enter
	text 'abc'
	keys C-t C-k Enter
	text 'one two'
	keys C-w C-a C-y Enter
	text 'abcd'
	keys Left Left C-d C-h Enter
	text 'x'
	keys C-v C-a Enter
	text 'gone'
	keys C-u C-_ Enter
	was_sent 'one two \nacb\ntwoone \nad\nx\001\ngone\n' got
	screen_is 'one two\nacb\ntwoone\nad\nx^A\ngone'
	keys C-l
	screen_is ''
	keys C-d
	ended_with 0
}

test_history() {
	# entered lines come back, also at the next start
	terminal 40 12
	edit READLINE,history=past 'SYSTEM:"cat >got"'
	text 'first'
	keys Enter Enter
	text 'second'
	keys Enter
	text 'second'
	keys Enter
	text 'new'
	keys Up Up
	screen_is 'first\n\nsecond\nsecond\nfirst'
	keys Down Down
	screen_is 'first\n\nsecond\nsecond\nnew'
	keys M-\<
	screen_is 'first\n\nsecond\nsecond\nfirst'
	text '!'
	keys Enter
	was_sent 'first\n\nsecond\nsecond\nfirst!\n' got
	assert_file 'first\nsecond\nfirst!\n' past
	assertEquals 600 "$(stat -c %a past)"
	keys C-d
	ended_with 0
	edit READLINE,history=past 'SYSTEM:"cat >got"'
	keys Up
	screen_is 'first!'
	keys C-d C-u C-r
	text 'sec'
	screen_is "(search)\`sec': second"
	keys C-r
	screen_is "(failed search)\`sec': second"
	keys C-g
	screen_is ''
	keys C-r
	text 'i'
	keys C-r
	screen_is "(search)\`i': first"
	keys Enter
	was_sent 'first\n' got
	assert_file 'first\nsecond\nfirst!\nfirst\n' past
}

test_history_of_two() {
	# relays that run at the same time do not lose each other's lines
	printf 'old' >past
	terminal 40 12
	edit READLINE,history=past 'SYSTEM:"cat >got"'
	text 'one'
	keys Enter
	was_sent 'one\n' got
	printf 'of another\n' >>past
	text 'two'
	keys Enter
	was_sent 'one\ntwo\n' got
	assert_file 'old\none\nof another\ntwo\n' past
}

test_history_is_cut() {
	# a long file is cut when it is read; its mode and a link to it stay
	mkdir real
	seq 1 2500 >real/past
	chmod 640 real/past
	ln -s real/past past
	terminal 40 12
	edit READLINE,history=past 'SYSTEM:"cat >got"'
	assertEquals 1000 "$(wc -l <real/past)"
	assertEquals '1501 2500' "$(sed -n '1p;$p' past | tr '\n' ' ' | sed 's/ $//')"
	assertEquals 640 "$(stat -c %a real/past)"
	assertTrue 'still a link' '[ -L past ]'
	assertEquals past "$(ls real)"
	keys M-\<
	screen_is '1501'
	keys C-c
	ended_with 130
}

test_history_unreadable() {
	# a history that can't be read is an error, one that can't be written a warning
	mkdir folder
	terminal 200 12
	text 'clear; ./relay READLINE,history=folder EXEC:cat; echo status $?'
	keys Enter
	wait_until screen_has ' E READLINE,history=folder: can.t read the history "folder": Is a directory'
	wait_until screen_has '^status 1$'
	edit READLINE,history=none/past 'SYSTEM:"cat >got"'
	text 'one'
	keys Enter
	wait_until screen_has ' W lines are not saved in the history "'
	text 'two'
	keys Enter
	was_sent 'one\ntwo\n' got
	assertEquals 1 "$(screen | grep -c ' W lines are')"
}

test_utf8() {
	# the cursor goes by whole characters, whatever their width
	terminal 20 12
	edit READLINE 'SYSTEM:"cat >got"'
	text 'äöü日本語e'
	text "$(printf '\314\201')"
	text 'x'
	keys Left Left Left Left
	text '|'
	cursor_is 6 0
	keys BSpace BSpace Home Delete End BSpace BSpace Enter
	was_sent 'öü本語\n' got
	screen_is 'öü本語'
}

test_wrapping() {
	# a line goes over several rows, and wide characters are not cut in two
	terminal 20 8
	edit READLINE,prompt="'> '" 'SYSTEM:"cat >got"'
	text 'abcdefghijklmnopqr'
	screen_is '> abcdefghijklmnopqr'
	cursor_is 0 1
	text 'stu'
	keys Home
	cursor_is 2 0
	text '12'
	screen_is '> 12abcdefghijklmnop\nqrstu'
	cursor_is 4 0
	keys C-k
	screen_is '> 12'
	text '34567890123456日本'
	screen_is '> 1234567890123456日\n本'
	keys Home Delete
	screen_is '> 234567890123456日\n本'
	keys Delete Delete
	screen_is '> 4567890123456日本'
	keys C-k Enter
	was_sent '\n' got
}

test_narrow() {
	# the window may be as narrow as can be
	terminal 40 10
	edit READLINE,prompt="'> '" 'SYSTEM:"cat >got"'
	tm resize-window -x 5 -y 8
	text 'abcdefgh'
	screen_is '> abc\ndefgh'
	cursor_is 0 2
	keys Home Delete
	screen_is '> bcd\nefgh'
	cursor_is 2 0
	keys C-a C-k
	screen_is '>'
	tm resize-window -x 1 -y 8
	keys C-l
	screen_is '>'
	text '日\'
	screen_is '>\n\n?\n\\'
	cursor_is 0 4
	keys BSpace Enter
	was_sent '日\n' got
}

test_high_line() {
	# a line higher than the window is shown in part
	terminal 20 5
	edit READLINE,prompt="'> '" 'SYSTEM:"cat >got"'
	line=$(seq -s ' ' 100 150)
	text "$line"
	screen_is '9 130 131 132 133 13\n4 135 136 137 138 13\n9 140 141 142 143 14\n4 145 146 147 148 14\n9 150'
	keys Home
	cursor_is 2 0
	text 'X'
	screen_is '> X100 101 102 103 1\n04 105 106 107 108 1\n09 110 111 112 113 1\n14 115 116 117 118 1\n19 120 121 122 123 1'
	keys Enter
	was_sent "X$line\n" got
	wait_until screen_has '^>$'
}

test_resize() {
	# when the window changes, prompt and line are drawn anew
	program peer "$prompting"
	terminal 30 10
	edit READLINE EXEC:./peer
	text 'abcdefghijklmnopqrstuvwxyz012345'
	screen_is 'hello\n> abcdefghijklmnopqrstuvwxyz01\n2345'
	tm resize-window -x 20 -y 10
	screen_is 'hello\n> abcdefghijklmnopqr\nstuvwxyz012345'
	keys Left Left X
	screen_is 'hello\n> abcdefghijklmnopqr\nstuvwxyz0123X45'
	tm resize-window -x 50 -y 6
	screen_is 'hello\n> abcdefghijklmnopqrstuvwxyz0123X45'
	keys Enter
	screen_is 'hello\n> abcdefghijklmnopqrstuvwxyz0123X45\ngot abcdefghijklmnopqrstuvwxyz0123X45\n>'
}

test_output_while_typing() {
	# what the peer says appears above the line
	mkfifo say
	terminal 30 10
	edit READLINE 'SYSTEM:"cat say & cat >got"'
	exec 9>say
	text 'my line'
	keys Left Left Left
	screen_is 'my line'
	echo 'news' >&9
	screen_is 'news\nmy line'
	cursor_is 4 1
	printf 'more\nask: ' >&9
	screen_is 'news\nmore\nask: my line'
	cursor_is 9 2
	printf '\033[1;31mred\033[0m> ' >&9
	screen_is 'news\nmore\nask: red> my line'
	text 'X'
	screen_is 'news\nmore\nask: red> my lXine'
	keys Enter
	was_sent 'my lXine\n' got
	exec 9>&-
}

test_messages_while_typing() {
	# messages on the same terminal appear above prompt and line, too
	program peer 'echo $PPID >pid; printf "hello\n> "; while read -r line; do printf "got %s\n> " "$line"; done'
	terminal 200 14
	edit READLINE,history=none/past EXEC:./peer
	text 'my line'
	keys Left
	wait_until screen_has '^> my line$'
	kill -USR1 "$(cat pid)"
	wait_until screen_has ' I '
	wait_until screen_has '^> my line$'
	text 'X'
	wait_until screen_has '^> my linXe$'
	keys Enter
	wait_until screen_has '^> *$'
	screen | sed 's/^20.* \([A-Z]\) .*/\1/' >seen
	assert_file 'hello\nI\nI\n> my linXe\nW\ngot my linXe\n>\n' seen
}

test_much_output() {
	# nothing of a lot of output is lost, though a line is drawn again and again
	terminal 40 10
	program peer 'read -r line; seq 1 20000; echo end; cat >/dev/null'
	edit READLINE EXEC:./peer
	keys Enter
	text 'typed'
	wait_until screen_has '^typed'
	screen_is '19993\n19994\n19995\n19996\n19997\n19998\n19999\n20000\nend\ntyped'
}

test_typed_before() {
	# what was typed before the peer was there is in the line, and shown once
	mkfifo gate
	terminal 40 10
	text 'clear; ./relay READLINE!!OPEN:gate,wronly SYSTEM:"cat >got"'
	keys Enter
	wait_until screen_is_empty
	text 'early'
	screen_is 'early'
	cat gate >/dev/null &
	reader=$!
	wait_until editing
	screen_is 'early'
	keys Enter
	was_sent 'early\n' got
	keys C-d
	wait_until screen_has '^\$'
	wait "$reader"
}

test_slow_terminal() {
	# a terminal that takes nothing holds the peer up; nothing is lost, and memory stays small
	cat >slow.py <<-'EOF'
		import os, pty, re, select, sys, time
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], [sys.argv[1], "READLINE", "SYSTEM:seq 1 500000; echo end"])
		time_over = time.monotonic() + 60
		def state():
		    with open("/proc/%d/stat" % pid) as f:
		        return f.read().rsplit(")", 1)[1].split()
		def resident():
		    with open("/proc/%d/statm" % pid) as f:
		        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")
		# until the terminal has something, and nobody does anything any more
		select.select([fd], [], [], 60)
		before = None
		while before != state()[11:13] and time.monotonic() < time_over:
		    before = state()[11:13]
		    time.sleep(0.1)
		grown = resident()
		out = b""
		try:
		    while True:
		        data = os.read(fd, 65536)
		        if not data:
		            break
		        out += data
		except OSError:
		    pass
		status = os.waitpid(pid, 0)[1]
		out = re.sub(rb"\033\[[?0-9]*[a-zA-Z]", b"", out).replace(b"\r", b"")
		wanted = b"".join(b"%d\n" % n for n in range(1, 500001)) + b"end\n"
		print(status, out == wanted, len(out), grown)
	EOF
	run "$python" slow.py "$SOCAT"
	assert_log out '^0 True 3388899 '
	sanitized || assertTrue 'memory' "[ $(cut -d ' ' -f 4 out) -lt 4000000 ]"
}

flow() {
	"$python" -c 'import os, sys, termios
termios.tcflow(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY), getattr(termios, sys.argv[2]))' "$tty" "$1"
}

test_blocked_at_end() {
	# what a terminal has not taken when the time is over is reported
	mkfifo say
	terminal 60 12
	edit -T 1 READLINE 'SYSTEM:"cat say"' '2>log'
	exec 9>say
	flow TCOOFF
	echo news >&9
	exec 9>&-
	wait_log log ' E 5 bytes from .* are lost: '
	flow TCOON
}

test_interrupt() {
	# Ctrl-C ends the relay, and the terminal is as before
	terminal 40 10
	edit READLINE EXEC:cat
	text 'abc'
	screen_is 'abc'
	keys C-c
	wait_until screen_has '^abc\^C$'
	ended_with 130
}

test_interrupt_for_program() {
	# with sigint the program gets it, and the line is thrown away
	program peer 'trap "sig=1; echo ouch" INT
		printf "> "
		while read -r line || [ -n "$sig" ]; do [ -n "$sig" ] || echo "got $line"; sig=; done'
	terminal 40 10
	edit READLINE EXEC:./peer,sigint,setsid
	text 'abc'
	screen_is '> abc'
	keys C-c
	wait_until screen_has 'ouch'
	wait_until screen_has '^> abc\^C$'
	text 'def'
	keys Enter
	wait_until screen_has '^got def$'
}

test_end_of_file() {
	# Ctrl-D ends an empty line only
	terminal 60 10
	edit -t 10 READLINE 'SYSTEM:"cat; echo bye"'
	text 'ab'
	keys Left C-d
	screen_is 'a'
	keys C-d Enter C-d
	wait_until screen_has '^bye$'
	ended_with 0
}

test_suspend() {
	# Ctrl-Z gives the terminal back, fg takes it again
	program peer "$prompting"
	terminal 60 20
	edit READLINE EXEC:./peer,setsid
	text 'abc'
	# the terminal forgets what was typed and not read when it makes a signal
	screen_is 'hello\n> abc'
	keys C-z
	wait_until screen_has 'Stopped'
	text 'stty -g >stopped; clear; fg'
	keys Enter
	wait_until editing
	assertTrue 'settings while stopped' 'cmp before stopped'
	wait_until screen_has '^> abc$'
	text 'd'
	keys Enter
	wait_until screen_has '^got abcd$'
	keys C-d
	ended_with 0
}

test_stopped_by_force() {
	# after SIGSTOP and SIGCONT the line is there again
	terminal 60 20
	edit READLINE,prompt="'me> '" 'SYSTEM:"echo \$PPID >pid; cat >got"'
	text 'abc'
	wait_until test -s pid
	kill -STOP "$(cat pid)"
	wait_until screen_has 'Stopped'
	# its settings are still there: Enter is no NL
	text 'clear; fg'
	keys C-j
	wait_until screen_has '^me> abc$'
	text 'd'
	keys Enter
	was_sent 'abcd\n' got
}

test_terminated() {
	# signals restore the terminal, too, even that of a crash
	for signal in 15 1 3 11; do
		with_own_signals terminal 40 10
		rm -f pid after
		edit READLINE 'SYSTEM:"echo \$PPID >pid; cat"'
		text 'abc'
		screen_is 'abc'
		wait_until test -s pid
		kill "-$signal" "$(cat pid)"
		wait_until screen_has '^\$'
		ended_with "$((128 + signal))"
		tm kill-server
		wait_until server_gone
	done
}

test_peer_ends() {
	# the cursor is on a line of its own when the peer ends while a line is edited
	mkfifo say
	terminal 40 10
	edit READLINE 'SYSTEM:"exec cat say"'
	exec 9>say
	echo 'news' >&9
	text 'abc'
	screen_is 'news\nabc'
	exec 9>&-
	screen_is 'news\nabc\n$'
	ended_with 0
}

test_paste() {
	# pasted text is text: its lines are sent, its control characters are not keys
	terminal 40 10
	edit READLINE 'SYSTEM:"cat >got"'
	tm set-buffer "$(printf 'one\ntwo\tx\004\001y')"
	text 'a'
	tm paste-buffer -p
	text 'b'
	keys Enter
	was_sent 'aone\ntwo\tx\004\001yb\n' got
	screen_is 'aone\ntwo     x^D^Ayb'
}

test_paste_plain() {
	# without marks, too, each line is sent in order
	terminal 40 10
	edit READLINE 'SYSTEM:"cat >got"'
	seq -f 'line %g of the text' 1 300 >lines
	tm load-buffer lines
	tm paste-buffer
	wait_until received lines got
	assertTrue 'all lines' 'cmp lines got'
}

test_noecho() {
	# a password is neither shown nor kept
	program peer 'printf "User: "; read -r user; printf "Password: "; read -r password
		echo "$user:$password" >got; printf "welcome\n> "; cat >/dev/null'
	terminal 40 10
	edit "READLINE,history=past,noecho='[Pp]assword:'" EXEC:./peer
	screen_is 'User:'
	text 'me'
	keys Enter
	screen_is 'User: me\nPassword:'
	text 'secret'
	keys Up C-u
	text 'topsecret'
	screen_is 'User: me\nPassword:'
	keys Enter
	screen_is 'User: me\nPassword:\nwelcome\n>'
	keys Up
	screen_is 'User: me\nPassword:\nwelcome\n> me'
	was_sent 'me:topsecret\n' got
	assert_file 'me\n' past
}

test_program_with_terminal() {
	# a program on a pseudo terminal that does not echo: all is shown once, the password never
	program ask 'printf "User: "; read -r user; stty -echo; printf "Password: "; read -r password
		stty echo; printf "\nhello %s:%s\n" "$user" "$password"; stty -echo
		printf "ftp> "; while read -r line; do printf "got %s\nftp> " "$line"; done'
	terminal 60 10
	edit "READLINE,noecho='[Pp]assword:'" EXEC:./ask,pty,setsid,ctty,echo=0
	screen_is 'User:'
	text 'me'
	keys Enter
	screen_is 'User: me\nPassword:'
	text 'secret'
	keys Enter
	screen_is 'User: me\nPassword:\n\nhello me:secret\nftp>'
	text 'ls'
	keys Enter
	screen_is 'User: me\nPassword:\n\nhello me:secret\nftp> ls\ngot ls\nftp>'
	keys C-d
	ended_with 0
}

test_noecho_pattern() {
	# a pattern that is none is an error, before anything is opened
	run "$SOCAT" 'READLINE,noecho=a(b' CREATE:made
	assert_error 'READLINE,noecho=a\(b: option noecho: "a\(b" is not a regular expression: .'
	assertFalse 'nothing was opened' '[ -e made ]'
}

test_prompt() {
	# prompt shows a text where the peer leaves none; noprompt begins in the first column
	program peer 'read -r line; echo "got $line"; printf "ask "; read -r line; cat'
	terminal 40 12
	edit READLINE,prompt="'me> '" EXEC:./peer
	screen_is 'me>'
	text 'one'
	keys Enter
	screen_is 'me> one\ngot one\nask'
	text 'two'
	keys Enter
	screen_is 'me> one\ngot one\nask two\nme>'
	keys C-c
	wait_until screen_has '^\$'
	edit READLINE,noprompt "EXEC:./peer"
	text 'one'
	keys Enter
	screen_is 'one\ngot one\nask'
	text 'two'
	screen_is 'one\ngot one\nask\ntwo'
}

test_directions() {
	# -u has the terminal for reading only, -U for writing only
	terminal 60 12
	edit -u READLINE CREATE:got
	text 'abd'
	keys Left c Enter C-d
	wait_until screen_has '^\$'
	assert_file 'abcd\n' got
	text 'clear; stty -g >before; ./relay -U READLINE SYSTEM:"stty -g </dev/tty; echo said"; cat before'
	keys Enter
	wait_until screen_has '^said$'
	assertEquals 'nothing is changed' 2 "$(screen | grep -c "^$(cut -c1-30 before)")"
}

test_verbose() {
	# -v shows the lines as they are sent
	terminal 60 12
	edit -v READLINE 'SYSTEM:"cat >got"' '2>log'
	text 'abX'
	keys BSpace c Enter
	was_sent 'abc\n' got
	assert_log log '^> .* length=4 from=0 to=3$'
	assert_log log '^abc$'
}

test_line_ends() {
	# crnl and escape work as elsewhere
	terminal 60 12
	edit READLINE,crnl,escape=0x1d 'SYSTEM:"cat >got"'
	text 'abc'
	keys Enter
	text 'd'
	keys C-v C-] Enter
	wait_until screen_has '^\$'
	assert_file 'abc\nd' got
}

test_not_a_terminal() {
	# without a terminal lines are passed on as they are
	printf 'one\001\033[A\rtwo\nno end' >in
	run "$SOCAT" -t 10 READLINE,history=past,noecho=x EXEC:cat <in
	assert_status 0
	cmp -s in out || fail "$(od -c out)"
	assertFalse 'no history' '[ -e past ]'
}

test_output_not_a_terminal() {
	# with output elsewhere the terminal edits by itself
	terminal 200 12
	text 'clear; ./relay -t 10 READLINE EXEC:cat >out; echo status $?'
	keys Enter
	wait_until screen_is_empty
	text 'abc'
	keys Enter C-d
	screen_is 'abc\nstatus 0\n$'
	assert_file 'abc\n' out
	text 'clear; ./relay READLINE,noecho=x EXEC:cat >out; echo status $?'
	keys Enter
	wait_until screen_has 'E READLINE,noecho=x: option noecho can.t hide'
	wait_until screen_has '^status 1$'
}

test_two_terminals() {
	# standard output on another terminal is none to edit on
	cat >two.py <<-'EOF'
		import os, pty, sys
		master, other = pty.openpty()
		os.set_inheritable(master, True)
		os.dup2(other, 1)
		os.execv(sys.argv[1], [sys.argv[1], "READLINE,noecho=x", "EXEC:cat"])
	EOF
	terminal 200 12
	text "clear; $python two.py ./relay; echo status \$?"
	keys Enter
	wait_until screen_has 'option noecho can.t hide what is typed: stdin and stdout are different terminals'
	wait_until screen_has '^status 1$'
}

test_dumb() {
	# a dumb terminal gets no sequences
	terminal 60 12
	text 'clear; TERM=dumb ./relay -t 10 READLINE SYSTEM:"tr a-z A-Z"; echo status $?'
	keys Enter
	wait_until screen_is_empty
	text 'abc'
	keys Enter C-d
	screen_is 'abc\nABC\nstatus 0\n$'
}

# The job gets the terminal, and edits.
edits_in_foreground() {
	text 'fg'
	keys Enter
	wait_until editing
	text 'abd'
	keys Left c Enter
	was_sent 'abcd\n' got
}

test_in_background() {
	# in the background the terminal is left alone, until fg
	terminal 60 12
	text 'clear; stty -g >before; ./relay READLINE SYSTEM:"echo said; cat >got" &'
	keys Enter
	wait_until screen_has 'said'
	text 'stty -g >after'
	keys Enter
	wait_until test -s after
	assertTrue 'settings' 'cmp before after'
	edits_in_foreground
}

test_background_of_bash() {
	# a shell may give the terminal to a job that runs without a signal that tells
	terminal 60 12
	text 'exec bash --norc --noprofile'
	keys Enter
	text 'clear; PS1="$ "; ./relay READLINE SYSTEM:"echo said; cat >got" &'
	keys Enter
	wait_until screen_has '^(\$ )?said'
	edits_in_foreground
}

test_one_session_at_a_time() {
	# as the second address of a server: one session after the other has the terminal
	terminal 100 12
	text 'clear; stty -g >before; ./relay -d -d TCP-LISTEN:0,bind=127.0.0.1,fork,max-children=1 READLINE 2>log'
	keys Enter
	wait_log log ' N listening on ' || return
	port=$(port_of log)
	for n in 1 2; do
		mkfifo "in$n"
		start_with "in$n" "client$n" "$SOCAT" - "TCP:127.0.0.1:$port"
		exec 9>"in$n"
		printf 'hello %s\n> ' $n >&9
		wait_until screen_has "^hello $n"
		text "answer $n"
		keys Enter
		wait_until grep -q "answer $n" "client$n.out"
		exec 9>&-
		finish "$pid"
	done
	# no session is left: this ends the server as it ends any
	keys C-c
	ended_with 0
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
