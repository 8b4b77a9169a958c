# A terminal, as a person has it: tmux is the terminal, keys go in, and the screen is compared.
# Sourced after lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154
#
# A test begins with "terminal COLUMNS ROWS". There is one terminal at a time, with a shell in it
# whose prompt is "$ ", and whose directory is the test's. The helpers wait for the screen to
# become what it shall be: nothing shows on it at once.

# tm COMMAND...: of tmux.
tm() {
	LC_ALL=C.UTF-8 TERM=xterm timeout 10 tmux -S "$dir/tmux" -f /dev/null "$@"
}

# The server of a test is ended with it, and what runs in it. A sanitizer's leak check that the
# terminal's hang-up comes into never ends by itself.
stop_terminal() {
	family=
	for pane_pid in $(tm list-panes -a -F '#{pane_pid}' 2>/dev/null); do
		add_family "$pane_pid"
	done
	tm kill-server 2>/dev/null && wait_until server_gone
	end_family
}

tearDown() {
	stop_terminal
	stop_all
	[ -z "${SANITIZER_LOG:-}" ] || no_sanitizer_report
	cd / && rm -rf "${dir:?}"
}

server_gone() {
	! tm list-sessions
}

# terminal COLUMNS ROWS: a shell in a terminal of that size, $tty. ./relay runs the program tested.
terminal() {
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$SOCAT" >relay
	chmod +x relay
	tm new-session -d -x "$1" -y "$2" "PS1='$ ' ENV= exec sh -i" || fail 'no tmux'
	tty=$(tm display-message -p '#{pane_tty}')
	screen_is '$'
}

# keys NAME...: as tmux calls them. text TEXT: literally.
keys() {
	tm send-keys "$@"
}

text() {
	tm send-keys -l "$1"
}

# The rows without empty ones at the end, nor blanks at the ends of rows.
screen() {
	tm capture-pane -p | sed 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

same_screen() {
	screen >screen
	cmp -s screen expected
}

# screen_is TEXT: the screen comes to show this (printf escapes).
screen_is() {
	printf -- "${1:+$1\n}" >expected
	wait_until same_screen || { echo '--- the screen:'; cat screen; echo '--- expected:'; cat expected; }
}

# For wait_until: a row matches the regular expression; there is nothing; the shell waits for a
# command.
screen_has() {
	screen | grep -Eq -- "$1"
}

screen_is_empty() {
	[ -z "$(screen)" ]
}

# cursor_is COLUMN ROW: counted from 0.
cursor_is() {
	wait_until at "$1" "$2" || tm display-message -p 'cursor: #{cursor_x} #{cursor_y}'
}

at() {
	[ "$(tm display-message -p '#{cursor_x} #{cursor_y}')" = "$1 $2" ]
}

at_shell() {
	case $(screen | tail -n 1) in
	'$' | '^C$') return 0 ;;
	esac
	return 1
}
