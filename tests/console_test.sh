#!/bin/sh
# A shell on a terminal behind a relay, used as a person would: tmux is the terminal in front.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tmux.sh
. "$(dirname "$0")/tmux.sh"

# console OPTIONS: a server of shells, and one of them in front of us.
console() {
	relay server UNIX-LISTEN:console,fork "EXEC:env PS1=far> ENV= sh -i,pty,setsid,ctty,stderr$1"
	wait_log server.log 'listening on'
	terminal 70 12
	text 'clear; stty -g >before; ./relay -,rawer,escape=0x1d UNIX:console; stty -g >after'
	keys Enter
	wait_until screen_has '^far>$'
}

at_home() {
	wait_until test -s after
	assertTrue 'settings of the terminal' 'cmp before after'
}

test_commands() {
	# commands, their echo and their output look as they do at home
	console ''
	text 'echo one two'
	keys Enter
	wait_until screen_has '^far>echo one two$'
	wait_until screen_has '^one two$'
	text 'exit'
	keys Enter
	at_home
}

runs() {
	pgrep -f -x -s "$(cat shell)" "$1"
}

nothing_runs() {
	! runs "$1"
}

test_keys_of_signals() {
	# Ctrl-C ends what runs there, not the shell and nobody here; Ctrl-Z stops it
	console ''
	text 'echo $$ >shell'
	keys Enter
	wait_until test -s shell
	text 'sleep 1000'
	keys Enter
	wait_until runs 'sleep 1000'
	keys C-c
	text 'echo status $?'
	keys Enter
	wait_until screen_has '^status 130$'
	text 'sleep 1001'
	keys Enter
	wait_until runs 'sleep 1001'
	keys C-z
	text 'jobs'
	keys Enter
	wait_until screen_has 'Stopped.*sleep 1001'
	keys C-]
	at_home
	wait_until nothing_runs "sleep 1001"
}

test_escape() {
	# the escape character ends it, and with it the shell
	console ''
	text 'echo $$ >shell'
	keys Enter
	wait_until test -s shell
	keys C-]
	at_home
	wait_until ended "$(cat shell)"
}

test_size() {
	# the size that winsz gives is what programs see
	console ',winsz=70:12'
	text 'stty size'
	keys Enter
	wait_until screen_has '^12 70$'
	keys C-]
	at_home
}

test_password() {
	# what is typed while a program has turned echo off is not seen
	printf '#!/bin/sh\nstty -echo; printf "Password: "; read -r p; stty echo; echo; echo "$p" >got\n' >login
	chmod +x login
	console ''
	text './login'
	keys Enter
	wait_until screen_has '^Password:'
	text 'secret'
	keys Enter
	wait_until test -s got
	assert_file 'secret\n' got
	screen_has secret && fail 'the password is on the screen'
	keys C-]
	at_home
}

test_server_ends() {
	# when the server is told to end the shells get their hang-up, and the terminal in front is given back
	console ''
	text 'echo $$ >shell'
	keys Enter
	wait_until test -s shell
	stop "$pid"
	at_home
	wait_until ended "$(cat shell)"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
