#!/bin/sh
# Files: OPEN, CREATE, GOPEN and the options for file system entries.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

test_open_reads() {
	# OPEN reads a file from its start to its end
	given 'abc\ndef'
	run "$SOCAT" -u OPEN:in -
	assert_status 0
	assert_out 'abc\ndef'
}

test_open_does_not_create() {
	# OPEN of a file that is not there is an error that names it
	run "$SOCAT" -u OPEN:none -
	assert_error '"?none"?.*No such file or directory'
	given abc
	run "$SOCAT" -u - OPEN:none <in
	assert_error '"?none"?.*No such file or directory'
	assertFalse '[ -e none ]'
}

test_open_writes_over() {
	# OPEN writes over what is there, without cutting the rest off
	printf 0123456 >file
	given abc
	run "$SOCAT" -u - OPEN:file <in
	assert_file abc3456 file
}

test_creat() {
	# creat makes the file, with mode 666 less the umask
	given abc
	(umask 027 && "$SOCAT" -u - OPEN:file,creat <in)
	assert_file abc file
	assertEquals 640 "$(stat -c %a file)"
}

test_excl() {
	# excl with creat refuses a file that is there
	given abc
	run "$SOCAT" -u - OPEN:file,creat,excl <in
	assert_status 0
	assert_file abc file
	printf old >file
	run "$SOCAT" -u - OPEN:file,creat,excl <in
	assert_error 'File exists'
	assert_file old file
}

test_append() {
	# append writes at the end
	printf 0123 >file
	given abc
	run "$SOCAT" -u - OPEN:file,append <in
	assert_file 0123abc file
}

test_trunc() {
	# trunc empties the file first
	printf 0123456 >file
	given abc
	run "$SOCAT" -u - OPEN:file,trunc <in
	assert_file abc file
}

test_seek() {
	# seek, seek-cur, seek-end move the position
	given 0123456789
	run "$SOCAT" -u OPEN:in,seek=4 -
	assert_out 456789
	run "$SOCAT" -u OPEN:in,seek-end=-3 -
	assert_out 789
	run "$SOCAT" -u OPEN:in,seek-cur=2 -
	assert_out 23456789
	run "$SOCAT" -u OPEN:in,seek -
	assert_out 123456789
	cp in file
	given ab
	run "$SOCAT" -u - OPEN:file,seek=4 <in
	assert_file 0123ab6789 file
}

test_ftruncate() {
	# ftruncate cuts or extends the file
	given 0123456789
	run "$SOCAT" -u OPEN:in,rdwr,ftruncate=4 -
	assert_out 0123
	assert_file 0123 in
}

test_mode() {
	# mode sets the permissions of a file that is created
	given abc
	run "$SOCAT" -u - OPEN:file,creat,mode=640 <in
	assertEquals 640 "$(stat -c %a file)"
	run "$SOCAT" -u - CREATE:file2,mode=0600 <in
	assertEquals 600 "$(stat -c %a file2)"
	run "$SOCAT" -u - OPEN:file,perm-late=604 <in
	assertEquals 604 "$(stat -c %a file)"
	run "$SOCAT" -u - OPEN:file,perm-early=660 <in
	assertEquals 660 "$(stat -c %a file)"
}

test_umask() {
	# umask holds for the files an address creates, not for the other address
	given abc
	(umask 022 && "$SOCAT" -u OPEN:in CREATE:file,umask=077)
	assertEquals 600 "$(stat -c %a file)"
	(umask 022 && "$SOCAT" -U CREATE:file2 OPEN:in,umask=077)
	assertEquals 644 "$(stat -c %a file2)"
}

test_owner() {
	# user and group, early and late, by name or number
	need_root || return 0
	given abc
	run "$SOCAT" -u - CREATE:file,user=nobody,group=2 <in
	assert_status 0
	assertEquals "nobody 2" "$(stat -c '%U %g' file)"
	run "$SOCAT" -u - OPEN:file,user-early=3,group-early=4 <in
	assertEquals "3 4" "$(stat -c '%u %g' file)"
	run "$SOCAT" -u - OPEN:file,user-late=5,group-late=6 <in
	assertEquals "5 6" "$(stat -c '%u %g' file)"
	run "$SOCAT" -u - OPEN:file,uid=7,gid=8 <in
	assertEquals "7 8" "$(stat -c '%u %g' file)"
}

test_unlink_before() {
	# unlink-early and unlink remove the file before it is opened
	printf 0123456 >file
	ln file other
	given abc
	run "$SOCAT" -u - OPEN:file,creat,unlink-early <in
	assert_status 0
	assert_file abc file
	assert_file 0123456 other
	run "$SOCAT" -u - CREATE:file,unlink <in
	assert_file abc file
	run "$SOCAT" -u - CREATE:new,unlink <in
	assert_status 0
	assert_file abc new
}

test_unlink_after() {
	# unlink-late removes it after opening, unlink-close at the end
	given abc
	run "$SOCAT" -u OPEN:in,unlink-late -
	assert_out abc
	assertFalse '[ -e in ]'
	given abc
	run "$SOCAT" -u OPEN:in,unlink-close -
	assert_out abc
	assertFalse '[ -e in ]'
	given abc
	run "$SOCAT" -u OPEN:in,unlink-close=0 -
	assertTrue '[ -e in ]'
}

test_create() {
	# CREATE empties a file that is there
	printf 0123456 >file
	given abc
	run "$SOCAT" -u - CREATE:file <in
	assert_status 0
	assert_file abc file
}

test_create_append() {
	# CREATE with append writes at the end of what comes meanwhile
	given abc
	run "$SOCAT" -u - CREATE:file,append <in
	assert_file abc file
}

test_create_only_writes() {
	# CREATE can't be read: an error, and the file stays as it is
	printf old >file
	run "$SOCAT" -u CREATE:file -
	assert_status 1
	assert_lines err ' E ' 1
	assert_file old file
}

test_gopen_file() {
	# GOPEN appends to a file that is there
	printf 0123 >file
	given abc
	run "$SOCAT" -u - GOPEN:file <in
	assert_file 0123abc file
	run "$SOCAT" -u GOPEN:file -
	assert_out 0123abc
}

test_gopen_creates() {
	# GOPEN creates a file that is not there
	given abc
	run "$SOCAT" -u - GOPEN:file <in
	assert_status 0
	assert_file abc file
}

test_gopen_socket() {
	# GOPEN of a UNIX socket connects to it
	server echo echo --unix "$dir/socket"
	given abc
	run "$SOCAT" -t 10 - GOPEN:socket <in
	assert_status 0
	assert_out abc
	run "$SOCAT" -t 10 - "$dir/socket" <in
	assert_out abc
}

test_gopen_device() {
	# GOPEN of a device just opens it
	given abc
	run "$SOCAT" -u - /dev/null <in
	assert_status 0
	run "$SOCAT" -u /dev/zero,readbytes=5 -
	assert_out '\000\000\000\000\000'
}

test_directory() {
	# a directory is an error
	mkdir folder
	given abc
	run "$SOCAT" -u - GOPEN:folder <in
	assert_error '[Ii]s a directory'
	run "$SOCAT" -u - OPEN:folder <in
	assert_error '[Ii]s a directory'
}

test_open_socket() {
	# OPEN of a socket is an error
	server echo echo --unix "$dir/socket"
	run "$SOCAT" - OPEN:socket </dev/null
	assert_error 'No such device or address'
}

test_access_modes() {
	# rdonly, wronly and rdwr override what the direction asks for
	need strace || return 0
	without_leak_check
	given abc
	run "$SOCAT" -d -d -u OPEN:in,rdwr -
	assert_status 0
	strace -f -e trace=open,openat -o trace "$SOCAT" -u OPEN:in,rdwr - >/dev/null
	assert_log trace '"in", O_RDWR'
	strace -f -e trace=open,openat -o trace "$SOCAT" -u OPEN:in,rdonly - >/dev/null
	assert_log trace '"in", O_RDONLY'
	strace -f -e trace=open,openat -o trace "$SOCAT" -u - OPEN:in,wronly </dev/null
	assert_log trace '"in", O_WRONLY'
}

test_open_flags() {
	# the options that stand for a flag of open() set that flag
	need strace || return 0
	without_leak_check
	given abc
	for pair in sync=O_SYNC dsync=O_DSYNC nofollow=O_NOFOLLOW noctty=O_NOCTTY noatime=O_NOATIME \
		nonblock=O_NONBLOCK; do
		strace -f -e trace=open,openat,fcntl -o trace "$SOCAT" -u OPEN:in,"${pair%=*}" - >/dev/null 2>err
		assertTrue "$pair: $(grep '"in"' trace; cat err)" "grep -Eq '(\"in\"|F_SETFL).*${pair#*=}' trace"
	done
	strace -f -e trace=open,openat -o trace "$SOCAT" -u "OPEN:in,o-directory" - >/dev/null 2>err
	assert_log err 'Not a directory'
}

test_nofollow() {
	# nofollow refuses a symbolic link
	given abc
	ln -s in link
	run "$SOCAT" -u OPEN:link,nofollow -
	assert_error '[Ss]ymbolic link'
}

test_ignoreeof() {
	# ignoreeof waits for what is added to the file later
	given 'first\n'
	start relay "$SOCAT" -u OPEN:in,ignoreeof -
	wait_until grep -q first relay.out
	echo second >>in
	wait_until grep -q second relay.out
	stop "$pid"
	assert_file 'first\nsecond\n' relay.out
}

test_locks() {
	# setlk and flock-ex-nb refuse a file that somebody else has locked
	given abc
	for option in setlk flock-ex-nb; do
		printf 0 >file
		mkfifo "hold-$option"
		start_with "hold-$option" "$option" "$SOCAT" -d -d -u - "OPEN:file,$option"
		exec 9>"hold-$option"
		wait_log "$option.log" 'starting data transfer loop'
		run "$SOCAT" -u - "OPEN:file,$option" <in
		assertEquals "$option" 1 "$status"
		assert_log err 'Resource temporarily unavailable'
		exec 9>&-
		finish "$pid"
		run "$SOCAT" -u - "OPEN:file,$option" <in
		assertEquals "$option" 0 "$status"
	done
}

test_waiting_lock() {
	# setlkw waits until the lock is free
	mkfifo hold
	printf 0 >file
	given abc
	start_with hold holder "$SOCAT" -d -d -u - OPEN:file,setlkw
	holder=$pid
	exec 9>hold
	wait_log holder.log 'starting data transfer loop'
	start_with in waiter "$SOCAT" -d -d -u - OPEN:file,lock
	wait_until grep -q "POSIX.*WRITE $holder " /proc/locks
	wait_log waiter.log 'opening'
	assert_file 0 file
	exec 9>&-
	finish "$holder"
	finish "$pid"
	assertEquals 0 "$status"
	assert_file abc file
}

test_chdir() {
	# cd changes the working directory for one address only
	mkdir folder
	given abc
	printf other >folder/in
	run "$SOCAT" -u OPEN:in,cd=folder -
	assert_out other
	run "$SOCAT" -u OPEN:in,cd=folder CREATE:copy
	assert_file other copy
	assertFalse '[ -e folder/copy ]'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
