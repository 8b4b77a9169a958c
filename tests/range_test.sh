#!/bin/sh
# Who may connect: options range and range-file, given once and often, read again on SIGHUP; in a
# network namespace of its own.

# shellcheck disable=SC2034,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
ip -6 addr add fd00::1/64 dev lo nodad 2>/dev/null
ip -6 addr add fd00::2/64 dev lo nodad 2>/dev/null

# guarded OPTIONS: a server on 127.0.0.1 that says "in" to whom it lets in; $relay is its process.
guarded() {
	listener relay "TCP4-LISTEN:0,bind=127.0.0.1,fork,$1" EXEC:'echo in'
	relay=$pid
}

# says ADDRESS ANSWER: what a client with this address gets.
says() {
	run "$SOCAT" -u "TCP4:127.0.0.1:$port,bind=$1" -
	assertEquals "$1" "$2" "$(cat out)"
}

admits() {
	for address in "$@"; do
		says "$address" in
	done
}

refuses() {
	for address in "$@"; do
		says "$address" ''
	done
}

# reload REGEX: have the files read again, until a line of the log says this once more.
reload() {
	reload_count=$(($(count_lines relay.log "$1") + 1))
	kill -HUP "$relay"
	wait_log relay.log "$1" "$reload_count"
}

# ---- option range

test_several() {
	# who is in one of several ranges may connect
	guarded range=127.0.0.2/32,range=127.0.1.0/24,range=127.9.0.1:255.255.0.255
	admits 127.0.0.2 127.0.1.0 127.0.1.255 127.9.7.1
	refuses 127.0.0.1 127.0.2.0 127.9.7.2
	assert_lines relay.log ' W refusing connection from AF=2 127\.0\.0\.1:[0-9]+ due to range option$' 1
}

test_deny() {
	# the most specific range decides, in whatever order they are written
	for ranges in \
		'range=127.0.0.0/8,range=!127.1.0.0/16,range=127.1.2.0/24,range=!127.1.2.3/32' \
		'range=!127.1.2.3/32,range=127.1.2.0/24,range=!127.1.0.0/16,range=127.0.0.0/8'; do
		guarded "$ranges"
		admits 127.0.0.1 127.2.0.1 127.1.2.4
		refuses 127.1.0.1 127.1.3.0 127.1.2.3
		stop "$relay"
	done
	assert_log relay.log ' W refusing connection from AF=2 127\.1\.2\.3:[0-9]+ due to range option$'
}

test_deny_equal() {
	# of equal ranges the one that denies
	guarded 'range=!127.0.0.2/32,range=127.0.0.0/8,range=127.0.0.2/32'
	admits 127.0.0.1
	refuses 127.0.0.2
}

test_only_deny() {
	# where nothing is allowed explicitly, what is not denied may connect
	guarded 'range=!127.0.0.2/32'
	admits 127.0.0.1 127.0.0.3
	refuses 127.0.0.2
}

test_ip6() {
	# the same for IPv6, also for IPv4 peers of its socket
	listener relay 'TCP6-LISTEN:0,fork,range=[fd00::]/16,range=![fd00::2]/128,range=[::ffff:127.0.0.0]/126' \
		EXEC:'echo in'
	admits 127.0.0.1
	refuses 127.0.0.4
	run "$SOCAT" -u "TCP6:[fd00::1]:$port,bind=[fd00::1]" -
	assert_out 'in\n'
	run "$SOCAT" -u "TCP6:[fd00::1]:$port,bind=[fd00::2]" -
	assert_out ''
	run "$SOCAT" -u "TCP6:[::1]:$port" -
	assert_out ''
	assert_lines relay.log ' W refusing connection from AF=10 .* due to range option$' 3
}

test_range_is_not_reloaded() {
	# with nothing but ranges in the command line SIGHUP ends the run, as it always has
	guarded range=127.0.0.0/8
	kill -HUP "$relay"
	finish "$relay"
	assert_log relay.log ' N exiting on signal 1$'
}

# ---- option range-file

test_file() {
	# a network on a line, in all forms, with comments
	printf '%s\n' '# office' '127.0.1.0/24	# all of it' '' '  127.0.2.0:255.255.255.0' '!127.0.1.7' \
		'fd00::/16' '![fd00::2]/128' '[fd01::]/16' '! 127.0.2.128/25' >list
	guarded range-file=list
	assert_lines relay.log ' N TCP4-LISTEN:0,.*,range-file=list: 7 networks read$' 1
	admits 127.0.1.1 127.0.2.1
	refuses 127.0.0.1 127.0.1.7 127.0.2.129
	assert_lines relay.log ' W refusing connection from AF=2 .* due to range-file option$' 3
}

test_file_ip6() {
	# both versions of IP in one file, which is read by a server for both
	printf '127.0.0.1\r\n!127.0.0.2\r\nfd00::/64\r\n!fd00::2' >list
	listener relay TCP6-LISTEN:0,fork,range-file=list EXEC:'echo in'
	admits 127.0.0.1
	refuses 127.0.0.2 127.0.0.3
	run "$SOCAT" -u "TCP6:[fd00::1]:$port,bind=[fd00::1]" -
	assert_out 'in\n'
	run "$SOCAT" -u "TCP6:[fd00::1]:$port,bind=[fd00::2]" -
	assert_out ''
}

test_files_and_ranges() {
	# several files and ranges are one list; what refused is told
	echo '127.0.1.0/24' >one
	echo '!127.0.1.1' >two
	guarded 'range-file=one,range=127.0.2.0/24,range-file=two,range=!127.0.1.2/32'
	admits 127.0.1.3 127.0.2.1
	refuses 127.0.0.1 127.0.1.1 127.0.1.2
	assert_log relay.log ' W .* 127\.0\.0\.1:[0-9]+ due to range option$'
	assert_log relay.log ' W .* 127\.0\.1\.1:[0-9]+ due to range-file option$'
	assert_log relay.log ' W .* 127\.0\.1\.2:[0-9]+ due to range option$'
}

test_empty_file() {
	# an empty list refuses nobody, which is worth a warning
	echo '# nobody' >list
	guarded range-file=list
	assert_log relay.log ' W TCP4-LISTEN:.*: option "range-file": no network is listed, so nobody is refused$'
	admits 127.0.0.1
}

test_isolate() {
	# a child process for every connection changes nothing
	echo 127.0.0.1 >list
	guarded range-file=list,isolate
	admits 127.0.0.1
	refuses 127.0.0.2
	echo 127.0.0.2 >list
	reload ': 1 network reloaded$'
	admits 127.0.0.2
	refuses 127.0.0.1
}

# numbers NETWORKS: so many different networks of 10.0.0.0/8, and one host that may connect.
numbers() {
	"$python" -c '
import sys
for n in range(int(sys.argv[1])):
    print("%s10.%d.%d.%d/32" % ("!" if n % 3 else "", n >> 16, n >> 8 & 255, n & 255))
    if n == 5000:
        print("127.0.0.2")' "$1"
}

test_many() {
	# ten thousand networks
	numbers 10000 >list
	guarded range-file=list
	assert_log relay.log ': 10001 networks read$'
	admits 127.0.0.2
	refuses 127.0.0.1
	numbers 20000 >list
	reload ': 20001 networks reloaded$'
	admits 127.0.0.2
	refuses 127.0.0.1
}

test_too_many() {
	# there is a bound
	"$python" -c 'print("10.0.0.0/8\n" * 1000001, end="")' >list
	run "$SOCAT" TCP4-LISTEN:0,bind=127.0.0.1,range-file=list -
	assert_error 'list:1000001: "10.0.0.0/8" is one too many: an address can have 1000000 networks$'
}

# ---- what is wrong with files

# bad_file MESSAGE: the run ends with this line, before anything is opened.
bad_file() {
	run "$SOCAT" -U CREATE:made TCP4-LISTEN:0,bind=127.0.0.1,range-file=list
	assert_error "TCP4-LISTEN:0,bind=127\\.0\\.0\\.1,range-file=list: $1\$"
	assertEquals 'lines' 1 "$(wc -l <err)"
	assertTrue 'nothing was opened' '[ ! -e made ]'
}

test_bad_files() {
	# what can't be read or understood is an error with file, line and reason
	bad_file 'option "range-file": list: No such file or directory'
	mkdir list
	bad_file 'option "range-file": list: Is a directory'
	rmdir list
	mkfifo list
	bad_file 'option "range-file": list is not a regular file, so it could not be read again'
	rm list
	printf '127.0.0.1\n\nlocalhost\n' >list
	bad_file 'list:3: "localhost" is no network like 10\.0\.0\.0/8 or 2001:db8::/32, and no address'
	printf '127.0.0.1/33\n' >list
	bad_file 'list:1: "127\.0\.0\.1/33" needs a number of bits from 0 to 32 behind the "/"'
	printf '#\n!::/129\n' >list
	bad_file 'list:2: "!::/129" needs a number of bits from 0 to 128 behind the "/"'
	printf '127.0.0.1\n\0' >list
	bad_file 'list:2: the line has a NUL in it: this is no text file'
	"$python" -c 'print("1" * 5000)' >list
	bad_file 'list:1: the line is too long: a line has one network'
	truncate -s 65M list
	bad_file 'option "range-file": list: File too large'
}

test_file_of_others() {
	# a file that may not be read is told with whose it is
	need_root || return
	echo 127.0.0.1 >list
	chmod 600 list
	without_leak_check
	run setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$SOCAT" TCP4-LISTEN:0,bind=127.0.0.1,range-file=list -
	assert_error 'range-file": list: Permission denied; it belongs to user 0, group 0, mode 0600'
}

# ---- reading again

test_reload() {
	# SIGHUP reads the file again: for new connections, while those there are stay
	echo 127.0.0.1 >list
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,range-file=list PIPE
	relay=$pid
	mkfifo keys
	start_with keys client "$SOCAT" - "TCP4:127.0.0.1:$port"
	exec 9>keys
	echo one >&9
	wait_until grep -q one client.out
	printf '127.0.0.2\n127.0.0.3\n' >list
	reload ' N TCP4-LISTEN:.*,range-file=list: 2 networks reloaded$'
	says 127.0.0.1 ''
	given two
	run "$SOCAT" - "TCP4:127.0.0.1:$port,bind=127.0.0.2" <in
	assert_out two
	echo three >&9
	wait_until grep -q three client.out
	exec 9>&-
	# a new file in the place of the old one
	echo 127.0.0.4 >new
	mv new list
	reload ': 1 network reloaded$'
	says 127.0.0.2 ''
	run "$SOCAT" - "TCP4:127.0.0.1:$port,bind=127.0.0.4" <in
	assert_out two
}

test_reload_bad() {
	# what can't be read or understood leaves the list as it was
	echo 127.0.0.2 >list
	guarded range-file=list
	kept=' E TCP4-LISTEN:.*,range-file=list: networks were not reloaded: those in use stay$'
	printf '127.0.0.1\n127.0.0.3/x\n' >list
	reload "$kept"
	assert_log relay.log ' E .*: list:2: "127\.0\.0\.3/x" needs a number of bits from 0 to 32'
	admits 127.0.0.2
	refuses 127.0.0.1
	rm list
	reload "$kept"
	assert_log relay.log ' E .*: list: No such file or directory'
	mkdir list
	reload "$kept"
	rmdir list
	mkfifo list
	reload "$kept"
	admits 127.0.0.2
	refuses 127.0.0.1
	rm list
	echo 127.0.0.1 >list
	reload ': 1 network reloaded$'
	admits 127.0.0.1
	refuses 127.0.0.2
}

test_reload_without_descriptors() {
	# with no descriptor left the list stays, too
	need prlimit || return
	echo 127.0.0.2 >list
	guarded range-file=list
	echo 127.0.0.1 >list
	prlimit --pid "$relay" --nofile=3:4096
	reload ' E .*: networks were not reloaded: those in use stay$'
	assert_log relay.log " E .*: list: $out_of_descriptors"
	prlimit --pid "$relay" --nofile=1024:4096
	admits 127.0.0.2
	refuses 127.0.0.1
	reload ': 1 network reloaded$'
	admits 127.0.0.1
}

test_reload_one_shot() {
	# without fork, too: whoever waits for a client goes on waiting, and a session goes on
	echo 127.0.0.2 >list
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,range-file=list PIPE
	relay=$pid
	says 127.0.0.1 ''
	echo 127.0.0.1 >list
	reload ': 1 network reloaded$'
	mkfifo keys
	start_with keys client "$SOCAT" - "TCP4:127.0.0.1:$port"
	exec 9>keys
	echo one >&9
	wait_until grep -q one client.out
	reload ': 1 network reloaded$'
	echo two >&9
	wait_until grep -q two client.out
	exec 9>&-
	finish "$relay"
	assertEquals 0 "$status"
}

test_reload_other_side() {
	# an address that is opened for each connection of the other one has its list once
	echo 127.0.0.2 >list
	relay relay UNIX-LISTEN:socket,fork TCP4-LISTEN:0,bind=127.0.0.1,range-file=list
	relay=$pid
	wait_log relay.log ' N listening on '
	assert_log relay.log ': 1 network read$'
	echo 127.0.0.1 >list
	reload ': 1 network reloaded$'
	given abc
	start client "$SOCAT" -u UNIX:socket -
	client=$pid
	wait_log relay.log ' N listening on AF=2 '
	port=$(port_of relay.log)
	says 127.0.0.2 ''
	run "$SOCAT" -u - "TCP4:127.0.0.1:$port" <in
	finish "$client"
	assert_file abc client.out
	assert_lines relay.log ': 1 network read$' 1
}

# ---- datagrams

# receiver ARGUMENT...: start the relay, wait until it can be sent to, set $port and $relay.
receiver() {
	relay relay "$@"
	relay=$pid
	wait_log relay.log ' N (listening on UDP|receiving on|successfully prepared local socket) AF=' || return 1
	port=$(sed -n 's/.* N \(listening on UDP\|receiving on\|successfully prepared local socket\) .*:\([0-9][0-9]*\)$/\2/p' \
		relay.log | head -n 1)
}

# send FROM TEXT: a packet.
send() {
	given "$2"
	run "$SOCAT" -u - "UDP4-SENDTO:127.0.0.1:$port,bind=$1" <in
}

test_datagrams() {
	# one receiver, for all its life: each packet is judged by the list of its time
	echo '!127.0.0.2' >list
	receiver -u UDP4-RECV:0,bind=127.0.0.1,range-file=list CREATE:got
	send 127.0.0.2 no
	wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.2:[0-9]+ due to range-file option'
	send 127.0.0.1 one
	wait_until size_is got 3
	echo '!127.0.0.1' >list
	reload ': 1 network reloaded$'
	send 127.0.0.1 no
	wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.1:[0-9]+ due to range-file option'
	send 127.0.0.2 two
	wait_until size_is got 6
	assert_file onetwo got
}

test_datagram_servers() {
	# many peers on one socket: sessions and single packets
	for type in UDP4-LISTEN UDP4-RECVFROM; do
		echo 127.0.0.1 >list
		receiver -u "$type:0,bind=127.0.0.1,fork,range-file=list" OPEN:got,creat,append
		send 127.0.0.2 no
		wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.2:[0-9]+ due to range-file option'
		send 127.0.0.1 one
		wait_until size_is got 3
		printf '127.0.0.2\n!10.0.0.0/8\n' >list
		reload ': 2 networks reloaded$'
		send 127.0.0.1 no
		wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.1:[0-9]+ due to range-file option'
		send 127.0.0.2 two
		wait_until size_is got 6
		assert_file onetwo got
		stop "$relay"
		rm got
	done
}

test_datagram_waits() {
	# without fork the first peer that may send is taken, by the list of that moment
	echo 127.0.0.2 >list
	receiver -u UDP4-LISTEN:0,bind=127.0.0.1,range-file=list,readbytes=3 CREATE:got
	echo 127.0.0.1 >list
	reload ': 1 network reloaded$'
	send 127.0.0.2 no
	wait_log relay.log ' W refusing connection from AF=2 127\.0\.0\.2:[0-9]+ due to range-file option'
	send 127.0.0.1 one
	finish "$relay"
	assert_file one got
}

# ---- ranges of bytes

test_bytes() {
	# types that know addresses as bytes have several ranges, and files of them
	printf '%s\n' '# loopback' 'x0000x7f000000:x0000xff000000' '!x0000x7f000002:x0000xffffffff' >list
	for options in 'range=x0000x7f000000:x0000xff000000,range=!x0000x7f000002:x0000xffffffff' \
		range-file=list; do
		listener relay "SOCKET-LISTEN:2:6:x0000x7f000001x0000000000000000,fork,$options" EXEC:'echo in'
		admits 127.0.0.1 127.0.0.3
		refuses 127.0.0.2
		stop "$pid"
	done
	echo 127.0.0.0/8 >list
	run "$SOCAT" "SOCKET-LISTEN:2:6:x0000x7f000001x0000000000000000,range-file=list" -
	assert_error 'list:1: "127.0.0.0/8" must be data and mask, as in x0000x0a000000:x0000xff000000$'
}

# shellcheck source=/dev/null
. shunit2
