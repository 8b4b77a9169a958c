#!/bin/sh
# UNIX sockets: connecting, listening, the file system entry, abstract names.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# unix_listener NAME ARGUMENT...: start and wait until it listens.
unix_listener() {
	relay "$@"
	wait_log "$1.log" ' N listening on '
}

test_connect() {
	# UNIX-CONNECT talks to a listening socket
	server echo echo --unix "$dir/socket"
	given abc
	run "$SOCAT" -d -d -t 10 - UNIX-CONNECT:socket <in
	assert_status 0
	assert_out abc
	assert_log err ' N opening connection to AF=1 "socket"$'
}

test_connect_errors() {
	# a path that is missing, no socket, or without a listener is an error with the reason
	run "$SOCAT" - UNIX-CONNECT:none </dev/null
	assert_error 'none.*No such file or directory'
	given abc
	run "$SOCAT" - UNIX-CONNECT:in </dev/null
	assert_error 'Connection refused'
	"$python" -c 'import socket; socket.socket(socket.AF_UNIX).bind("dead")'
	run "$SOCAT" - UNIX-CONNECT:dead </dev/null
	assert_error 'dead.*Connection refused'
}

test_connect_forbidden() {
	# a socket that may not be opened is an error that names its owner, group and mode
	need_root || return 0
	without_leak_check
	server echo echo --unix "$dir/socket"
	chown 3:4 socket
	chmod 660 socket
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$SOCAT" - UNIX-CONNECT:socket </dev/null
	assert_status 1
	assert_lines err ' E .*socket.*Permission denied' 1
	assert_log err ' E .*660'
	assert_log err ' E .*--group-add 4'
}

test_listen() {
	# UNIX-LISTEN serves one connection and removes its entry
	unix_listener relay UNIX-LISTEN:socket PIPE
	assertTrue '[ -S socket ]'
	assert_log relay.log ' N listening on AF=1 "socket"$'
	client ask "unix:$dir/socket" abc
	assert_out abc
	finish "$pid"
	assertEquals 0 "$status"
	assertFalse 'removed' '[ -e socket ]'
}

test_listen_fork() {
	# with fork it serves many
	unix_listener relay UNIX-LISTEN:socket,fork PIPE
	client many "unix:$dir/socket" 50
	assert_out '50 of 50 answers right\n'
	assertTrue '[ -S socket ]'
	stop "$pid"
	assertFalse 'removed' '[ -e socket ]'
}

test_unlink_close() {
	# unlink-close=0 keeps the entry
	unix_listener relay UNIX-LISTEN:socket,unlink-close=0 PIPE
	client ask "unix:$dir/socket" abc
	finish "$pid"
	assertTrue '[ -S socket ]'
}

test_left_over() {
	# the socket of a killed run is replaced
	unix_listener first UNIX-LISTEN:socket PIPE
	kill -KILL "$pid"
	finish "$pid"
	assertTrue 'left over' '[ -S socket ]'
	unix_listener second UNIX-LISTEN:socket PIPE
	client ask "unix:$dir/socket" abc
	assert_out abc
}

test_in_use() {
	# a socket somebody listens on is left alone: one clear error
	unix_listener first UNIX-LISTEN:socket,fork PIPE
	run "$SOCAT" UNIX-LISTEN:socket,fork PIPE
	assert_status 1
	assert_lines err " E .*socket.*$in_use" 1
	client ask "unix:$dir/socket" abc
	assert_out abc
}

test_not_a_socket() {
	# a file in the way is left alone
	given abc
	run "$SOCAT" UNIX-LISTEN:in PIPE
	assert_status 1
	assert_log err ' E .*"?in"?.*'
	assert_file abc in
	mkdir folder
	run "$SOCAT" UNIX-LISTEN:folder PIPE
	assert_status 1
	assertTrue '[ -d folder ]'
}

test_unlink_early() {
	# unlink-early takes the place of whatever is there
	given abc
	unix_listener relay UNIX-LISTEN:in,unlink-early PIPE
	assertTrue '[ -S in ]'
	client ask "unix:$dir/in" abc
	assert_out abc
}

test_mode_owner() {
	# mode, user and group hold for the entry
	need_root || return 0
	unix_listener relay UNIX-LISTEN:socket,mode=640,user=3,group=4 PIPE
	assertEquals '640 3 4' "$(stat -c '%a %u %g' socket)"
}

test_umask() {
	# umask decides on its permissions
	unix_listener relay UNIX-LISTEN:socket,umask=0117 PIPE
	assertEquals 660 "$(stat -c %a socket)"
}

test_client_bind() {
	# bind gives the client's socket a name, which goes at the end
	server who whoami --unix "$dir/socket"
	run "$SOCAT" -u UNIX-CONNECT:socket,bind=own -
	assert_status 0
	assert_out 'own\n'
	assertFalse 'removed' '[ -e own ]'
}

test_client_tempname() {
	# bind-tempname makes up a name
	server who whoami --unix "$dir/socket"
	run "$SOCAT" -u "UNIX-CONNECT:socket,bind-tempname=$dir/pre-XXXXXX" -
	assert_log out "^$dir/pre-[A-Za-z0-9]{6}\$"
}

test_peer_name() {
	# the server logs and passes on the client's name
	unix_listener relay UNIX-LISTEN:socket 'SYSTEM:echo peer "\"$SOCAT_PEERADDR\"" own "\"$SOCAT_SOCKADDR\""'
	run "$SOCAT" -u UNIX-CONNECT:socket,bind=own -
	assert_log relay.log ' N accepting connection from AF=1 "own" on AF=1 "socket"$'
	assert_log out '^peer "?own"? own "?socket"?$'
}

test_client() {
	# UNIX-CLIENT connects to a stream socket too
	server echo echo --unix "$dir/socket"
	given abc
	run "$SOCAT" -t 10 - UNIX-CLIENT:socket <in
	assert_status 0
	assert_out abc
}

test_abstract() {
	# abstract sockets work the same, without an entry
	name=socat-test-$$-$(basename "$dir")
	unix_listener relay "ABSTRACT-LISTEN:$name,fork" PIPE
	for type in ABSTRACT-CONNECT ABSTRACT-CLIENT ABSTRACT; do
		given "$type"
		run "$SOCAT" -t 10 - "$type:$name" <in
		assertEquals "$type: $(cat err)" "$type" "$(cat out)"
	done
	assertFalse "[ -e '$name' ]"
	client ask "unix:@$name" abc
	assert_out abc
}

test_abstract_in_use() {
	# an abstract name in use is an error
	name=socat-test-$$-$(basename "$dir")
	unix_listener relay "ABSTRACT-LISTEN:$name,fork" PIPE
	run "$SOCAT" "ABSTRACT-LISTEN:$name" PIPE
	assert_status 1
	assert_log err " E .*$in_use"
}

test_long_path() {
	# a path too long for a socket is an error, not cut short
	long=$(printf '%0120d' 0)
	run "$SOCAT" "UNIX-LISTEN:$long" PIPE
	assert_status 1
	assert_lines err ' E ' 1
	assertEquals 'nothing created' '' "$(find . -name '0*')"
	run "$SOCAT" - "UNIX-CONNECT:$long" </dev/null
	assert_status 1
}

test_longest_path() {
	# 107 characters fit
	longest=$(printf '%0107d' 0)
	unix_listener relay "UNIX-LISTEN:$longest,fork" PIPE
	given abc
	run "$SOCAT" -t 10 - "UNIX-CONNECT:$longest" <in
	assert_out abc
}

test_retry() {
	# retry and forever wait for the socket to come
	given abc
	start_with in relay "$SOCAT" -d -d -t 10 - UNIX-CONNECT:socket,forever,interval=0.05
	relay=$pid
	wait_log relay.log 'opening connection'
	server echo echo --unix "$dir/socket"
	finish "$relay"
	assert_file abc relay.out
}

test_docker_like() {
	# a TCP listener in front of a UNIX socket, as for a daemon's control socket
	server echo echo --unix "$dir/socket"
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,reuseaddr UNIX-CONNECT:socket
	client many "127.0.0.1:$port" 50 20000
	assert_out '50 of 50 answers right\n'
}

test_chdir_listener() {
	# cd holds for the path and for its removal
	mkdir folder
	unix_listener relay UNIX-LISTEN:socket,cd=folder PIPE
	assertTrue '[ -S folder/socket ]'
	client ask "unix:$dir/folder/socket" abc
	assert_out abc
	finish "$pid"
	assertFalse 'removed' '[ -e folder/socket ]'
}

test_retry_with_bind() {
	# a later attempt binds the own name again; the entry goes at the end, once
	need strace || return 0
	without_leak_check
	start relay strace -f -e trace=bind,unlink,unlinkat,connect -o trace \
		"$SOCAT" -d -d -u UNIX-CONNECT:socket,bind=own,forever,interval=0.05 -
	relay=$pid
	wait_log relay.log 'trying again' 2
	server who whoami --unix "$dir/socket"
	finish "$relay"
	assertEquals "$(cat relay.log)" 0 "$status"
	assert_file 'own\n' relay.out
	refute_log relay.log "$in_use"
	assertFalse 'removed' '[ -e own ]'
	sed -n '/connect(.*= 0$/,$p' trace >after
	assert_lines after 'unlink(at)?\(.*own' 1
}

test_no_entry_after_failure() {
	# nor is an entry left when all attempts fail, or a signal ends them
	run "$SOCAT" -u UNIX-CONNECT:socket,bind=own,retry=2,interval=0.02 -
	assert_error 'socket.*No such file or directory'
	assertFalse 'after failure' '[ -e own ]'
	relay relay -u UNIX-CONNECT:socket,bind=own,forever,interval=3600 -
	wait_log relay.log 'trying again'
	stop "$pid"
	assertEquals 143 "$status"
	assertFalse 'after a signal' '[ -e own ]'
}

test_own_name_of_others() {
	# an own name that is taken is an error, and stays
	server who whoami --unix "$dir/socket"
	given abc
	run "$SOCAT" -u UNIX-CONNECT:socket,bind=in -
	assert_error "$in_use"
	assert_file abc in
}

test_descriptor_options_with_entry_options() {
	# options of descriptors and of the entry go together, in any order
	need_root || return 0
	need strace || return 0
	without_leak_check
	for options in keepalive,mode=640,user=3,group=4 mode=640,user=3,group=4,keepalive; do
		rm -f trace
		start relay strace -f -e trace=setsockopt -o trace "$SOCAT" -d -d "UNIX-LISTEN:socket,fork,$options" PIPE
		wait_log relay.log 'listening on'
		assertEquals "$options" '640 3 4' "$(stat -c '%a %u %g' socket)"
		client ask "unix:$dir/socket" abc
		assert_out abc
		assert_log trace 'SO_KEEPALIVE, \[1\]'
		stop "$(children "$pid" | tr -d ' ')"
		finish "$pid"
		assertFalse "$options" '[ -e socket ]'
	done
}

test_left_over_is_said_once() {
	# replacing a left-over socket is a single notice and nothing worse
	"$python" -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
	unix_listener relay UNIX-LISTEN:socket,fork PIPE
	assert_lines relay.log 'left behind' 1
	assert_lines relay.log ' N .*UNIX-LISTEN:socket,fork.*left behind' 1
	refute_log relay.log ' [WE] '
	stop "$pid"
	# nothing to say when there is nothing
	unix_listener relay UNIX-LISTEN:socket,fork PIPE
	refute_log relay.log 'left behind'
}

test_link_in_the_way() {
	# a symbolic link in the way stays, also one to a left-over socket; so does that
	"$python" -c 'import socket; socket.socket(socket.AF_UNIX).bind("dead")'
	given abc
	for target in dead in none; do
		rm -f socket
		ln -s $target socket
		run "$SOCAT" UNIX-LISTEN:socket,fork PIPE
		assert_error "$in_use"
		assertEquals "$target" $target "$(readlink socket)"
	done
	assertTrue 'the socket' '[ -S dead ]'
	assertFalse 'nothing made' '[ -e none ]'
	assert_file abc in
}

# hint MODE OWNER [NUMBER...]: the error of user 65534 with these groups who connects.
hint() {
	chmod "$1" socket
	chown "$2" socket
	shift 2
	run setpriv --reuid 65534 --regid 65534 "$@" "$SOCAT" - UNIX-CONNECT:socket </dev/null
}

test_forbidden_hint() {
	# the remedy of a group is only named where the group may write
	need_root || return 0
	without_leak_check
	server echo echo --unix "$dir/socket"
	for mode in 600 640 644 650; do
		hint $mode 3:4 --clear-groups
		assert_error 'socket.*Permission denied.*user 3, group 4, mode 0'$mode'.*user 65534, group 65534'
		assert_lines err ' E ' 1
		refute_log err 'group-add'
	done
	for mode in 620 660 670; do
		hint $mode 3:4 --clear-groups
		assert_error 'user 3, group 4, mode 0'$mode'.*--group-add 4$'
	done
	# and it helps
	hint 660 3:4 --groups 4
	assert_status 0
	hint 660 3:4 --clear-groups
	assert_status 1
}

test_forbidden_directory_hint() {
	# a directory on the way that is closed is said to be that
	need_root || return 0
	without_leak_check
	mkdir -m 700 closed
	server echo echo --unix "$dir/closed/socket"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$SOCAT" - UNIX-CONNECT:closed/socket </dev/null
	assert_error 'closed/socket.*Permission denied.*directory.*65534'
	refute_log err 'group-add'
}

test_descriptors_in_the_stream() {
	# a read stops where descriptors were sent; what is behind them comes, too
	: >data
	unix_listener relay UNIX-LISTEN:socket,fork SYSTEM:'cat >>data'
	timeout "$BOUND" "$python" - "$pid" >out <<-'END'
		import array, os, signal, socket, sys, time
		relay = int(sys.argv[1])
		client = socket.socket(socket.AF_UNIX)
		client.connect("socket")
		client.send(b"first")
		while os.path.getsize("data") < 5:
		    pass
		os.kill(relay, signal.SIGSTOP)
		while ") T " not in open("/proc/%d/stat" % relay).read():
		    pass
		client.sendmsg([b"abc"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
		client.send(b"def")
		os.kill(relay, signal.SIGCONT)
		deadline = time.time() + 10
		while os.path.getsize("data") < 11 and time.time() < deadline:
		    pass
		print(open("data").read())
	END
	assert_out 'firstabcdef\n'
}

test_end_of_packets() {
	# the end of a SEQPACKET connection is one
	unix_listener relay UNIX-LISTEN:socket,fork,so-type=5 EXEC:cat
	timeout "$BOUND" "$python" - >out <<-'END'
		import socket
		client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		client.connect("socket")
		client.send(b"abc")
		print(client.recv(10))
		client.shutdown(socket.SHUT_WR)
		print(client.recv(10))
	END
	assert_out "b'abc'\nb''\n"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
