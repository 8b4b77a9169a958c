#!/bin/sh
# Terminals in containers of our image: pseudo ones, devices, lines typed by hand, a console of another
# container.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tmux.sh
. "$(dirname "$0")/../tmux.sh"

tearDown() {
	stop_terminal
	stop_all
	remove_labelled "test=$$"
	cd / && rm -rf "${dir:?}"
}

test_pty() {
	# a pseudo terminal takes no rights at all
	run_container --cap-drop ALL --security-opt no-new-privileges "$image" \
		-d -d 'TEXT:over the line' PTY,echo,rawer,echo
	assert_status 0
	assert_log err ' N PTY is /dev/pts/[0-9]+$'
	assertEquals 'over the line' "$(cat out)"
}

test_device() {
	# a device that only a group may use, with that group
	need_root || return
	mknod -m 660 device c 1 5 && chgrp 4321 device
	run_container --device "$dir/device:/dev/line" "$image" -u OPEN:/dev/line,readbytes=3 -
	assert_error 'OPEN:/dev/line,readbytes=3: open.*: Permission denied'
	run_container --device "$dir/device:/dev/line" --group-add "$(stat -c %g device)" "$image" \
		-u OPEN:/dev/line,readbytes=3 -
	assert_status 0
	assertEquals '0 0 0' "$(od -An -tu1 out | xargs)"
}

test_lines_by_hand() {
	# docker run -it gives lines with editing, and the terminal back afterwards
	listening --cap-drop ALL "$image" -d -d tcp-listen:7,fork,max-children=1 PIPE
	service=$(address_of "$container")
	terminal 60 10
	text "clear; stty -g >before; docker run --rm -it --read-only --label socat.test=$$ $image \
READLINE,prompt='redis> ' TCP:$service:7"
	keys Enter
	wait_until screen_has '^redis>$'
	text 'get oone'
	keys C-b C-b C-h
	text n
	keys C-d Enter
	wait_until screen_has '^get on'
	keys Up
	wait_until screen_has '^redis> get on'
	keys C-a C-k C-d
	wait_until at_shell
	text 'stty -g >after'
	keys Enter
	wait_until test -s after
	assertTrue 'settings of the terminal' "cmp before after"
}

# So many prompts of the far shell are on the screen.
prompts() {
	[ "$(screen | grep -c '^/ #')" = "$1" ]
}

far_runs() {
	docker exec "$container" ps | grep -q " $1\$"
}

test_console() {
	# a shell of one container, on a terminal, used through another one
	volume="$dir/console"
	mkdir -m 777 "$volume"
	docker cp "$(docker create --label "socat.test=$$" "$image"):/bin/socat" socat
	container --volume "$dir/socat:/socat" --volume "$volume:/run/console" "$base" \
		/socat -d -d UNIX-LISTEN:/run/console/socket,fork,mode=666 EXEC:sh,pty,setsid,ctty,stderr
	wait_container_log "$container" ' N listening on '
	terminal 60 10
	text "clear; docker run --rm -it --label socat.test=$$ --volume $volume:/run/console $image \
-,rawer,escape=0x1d UNIX:/run/console/socket"
	keys Enter
	wait_until screen_has '^/ #'
	text 'tail -f /dev/null'
	keys Enter
	wait_until far_runs 'tail -f /dev/null'
	keys C-c
	wait_until prompts 2
	text 'test -t 0 && tty; echo status $?'
	keys Enter
	wait_until screen_has '^status 0' || screen
	screen_has '^/dev/pts/' || fail 'no terminal'
	keys C-]
	wait_until screen_has '\$$'
	text 'clear; stty -a'
	keys Enter
	wait_until screen_has ' icanon'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
