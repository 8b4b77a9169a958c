#!/bin/sh
# The grammar of addresses: type names, parameters, options, quoting, dual addresses.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# says ADDRESS TEXT: what a program behind the address prints
says() {
	run "$SOCAT" -u "$1" STDOUT </dev/null
	assertEquals "$1: $(cat err)" 0 "$status"
	assert_out "$2"
}

test_type_names_ignore_case() {
	# type names may be written in any case
	for type in EXEC exec Exec eXeC; do
		says "$type:echo abc" 'abc\n'
	done
}

test_option_names_ignore_case() {
	# option names may be written in any case
	for option in creat CREAT Creat O-CREAT; do
		run "$SOCAT" -u EXEC:'echo abc' "OPEN:file-$option,$option"
		assertEquals "$option: $(cat err)" 0 "$status"
		assert_file 'abc\n' "file-$option"
	done
}

test_dash_is_stdio() {
	# "-" means STDIO and takes options
	given abcdef
	run "$SOCAT" - PIPE <in
	assert_out abcdef
	run "$SOCAT" -,readbytes=3 PIPE <in
	assert_out abc
}

test_number_is_fd() {
	# a number at the start means FD
	given abc
	run "$SOCAT" -u 0 1 <in
	assert_out abc
	run "$SOCAT" -u 5 1 5<in
	assert_out abc
	run "$SOCAT" -u 5,readbytes=2 1 5<in
	assert_out ab
}

test_slash_is_gopen() {
	# a "/" before the first ":" or "," means GOPEN
	given abc
	run "$SOCAT" -u "$dir/in" -
	assert_out abc
	run "$SOCAT" -u ./in -
	assert_out abc
	run "$SOCAT" -u ./in,readbytes=1 -
	assert_out a
	mkdir EXEC:
	run "$SOCAT" -u "OPEN:in" - <in
	assert_out abc
}

test_aliases() {
	# the short names of types work
	given abc
	server echo echo
	for type in TCP INET TCP4 INET4 TCP-CONNECT INET4; do
		run "$SOCAT" -t 10 - "$type:127.0.0.1:$server_port" <in
		assertEquals "$type" abc "$(cat out)"
	done
	for type in FILE OPEN GOPEN; do
		run "$SOCAT" -u "$type:in" -
		assertEquals "$type" abc "$(cat out)"
	done
	for type in CREATE CREAT; do
		run "$SOCAT" -u - "$type:copy-$type" <in
		assert_file abc "copy-$type"
	done
	for type in PIPE ECHO FIFO; do
		run "$SOCAT" - "$type" <in
		assertEquals "$type" abc "$(cat out)"
	done
	server unix echo --unix "$dir/socket"
	for type in UNIX UNIX-CLIENT UNIX-CONNECT LOCAL; do
		run "$SOCAT" -t 10 - "$type:$dir/socket" <in
		assertEquals "$type" abc "$(cat out)"
	done
	for type in TCP-L TCP4-L INET-L INET4-LISTEN TCP-LISTEN; do
		listener "$type" "$type:0,bind=127.0.0.1" PIPE
		client ask "127.0.0.1:$port" abc
		assertEquals "$type" abc "$(cat out)"
	done
	relay unix-l UNIX-L:listen PIPE
	wait_log unix-l.log 'listening on'
	client ask "unix:$dir/listen" abc
	assert_out abc
}

test_dual() {
	# a!!b reads from the first and writes to the second
	given abc
	printf other >other
	run "$SOCAT" 'OPEN:in,rdonly!!CREATE:copy' 'OPEN:other,rdonly!!CREATE:copy2'
	assert_status 0
	assert_file other copy
	assert_file abc copy2
}

test_dual_options() {
	# each half of a dual address has options of its own
	given abcdef
	run "$SOCAT" 'STDIN,readbytes=4!!STDOUT' 'PIPE' <in
	assert_out abcd
	run "$SOCAT" -u - 'STDIN!!CREATE:copy,mode=600' <in
	assert_file abcdef copy
	assertEquals 600 "$(stat -c %a copy)"
}

test_double_quotes() {
	# within "" the characters : , !! are plain, the quotes go
	says 'EXEC:echo "a,b:c!!d"' 'a,b:c!!d\n'
	says '"EXEC":echo abc' 'abc\n'
	given abc
	cp in 'a,b:c'
	says 'OPEN:"a,b:c",rdonly' abc
}

test_single_quotes() {
	# within single quotes the characters : , !! are plain
	given abc
	cp in 'a,b:c'
	says "OPEN:'a,b:c',rdonly" abc
	says "EXEC:'echo a,b'" 'a,b\n'
}

test_backslash() {
	# a backslash makes the next character plain
	given abc
	cp in 'a,b:c'
	says 'OPEN:a\,b\:c,rdonly' abc
	says 'EXEC:echo a\,b' 'a,b\n'
	says 'SYSTEM:echo a\!!b' 'a!!b\n'
}

test_brackets() {
	# within () [] {} the characters : , !! are plain; the brackets stay; they nest
	says 'SYSTEM:(echo a,b; (echo c,d))' 'a,b\nc,d\n'
	says 'SYSTEM:{ echo a,b; }' 'a,b\n'
	says 'EXEC:echo [a,b[c,d]]' '[a,b[c,d]]\n'
	says 'EXEC:echo {a,(b,c)}' '{a,(b,c)}\n'
}

test_unbalanced_brackets() {
	# a bracket without its end hides the separators behind it: that is worth a warning
	for text in '(a,b' '[a:b' '{a,b'; do
		run "$SOCAT" -u "EXEC:echo $text" -
		assertEquals "$text" 0 "$status"
		assert_out "$text\n"
		assert_lines err ' W .*is never closed' 1
	done
	run "$SOCAT" -u 'EXEC:echo (a' -
	assert_out '(a\n'
	assert_file '' err
}

test_quoted_option_values() {
	# option values may be quoted
	given abc
	run "$SOCAT" -u - 'CREATE:copy,mode="640"' <in
	assertEquals 640 "$(stat -c %a copy)"
	run "$SOCAT" -u OPEN:in,lockfile="$dir/lo\\,ck" - <in
	assert_out abc
	echo 1 >'lo,ck'
	run "$SOCAT" -u OPEN:in,lockfile='"lo,ck"' - <in
	assert_status 1
	assert_log err 'lo,ck'
}

test_flag_values() {
	# a flag may be set to 0 or 1
	given abc
	printf 0123456 >file
	run "$SOCAT" -u - OPEN:file,trunc=1 <in
	assert_file abc file
	printf 0123456 >file
	run "$SOCAT" -u - OPEN:file,trunc=0 <in
	assert_file abc3456 file
}

test_numbers() {
	# numbers may be decimal, octal or hexadecimal
	given 0123456789abcdefghij
	run "$SOCAT" -u -,readbytes=10 - <in
	assert_out 0123456789
	run "$SOCAT" -u -,readbytes=0x10 - <in
	assert_out 0123456789abcdef
	run "$SOCAT" -u -,readbytes=010 - <in
	assert_out 01234567
}

test_times() {
	# times may have a fraction
	run "$SOCAT" -d -d TCP4-LISTEN:0,bind=127.0.0.1,accept-timeout=0.05 -
	assert_log err ' [WE] .*accept: '
	run "$SOCAT" -d -d TCP4-LISTEN:0,bind=127.0.0.1,accept-timeout=.05 -
	assert_log err ' [WE] .*accept: '
}

test_last_value_wins() {
	# of an option given twice the last one counts
	given abcdef
	run "$SOCAT" -u -,readbytes=5,readbytes=2 - <in
	assert_out ab
}

test_ipv6_in_brackets() {
	# IPv6 addresses are written in brackets
	server echo echo --host ::1
	given abc
	for host in '[::1]' '[0:0:0:0:0:0:0:1]'; do
		for type in TCP TCP6 TCP-CONNECT; do
			run "$SOCAT" -t 10 - "$type:$host:$server_port" <in
			assertEquals "$type:$host: $(cat err)" abc "$(cat out)"
		done
	done
}

test_service_names() {
	# ports may be names of services
	run "$SOCAT" -d -d - TCP4:127.0.0.1:tcpmux </dev/null
	assert_status 1
	assert_log err '127\.0\.0\.1:1[^0-9]'
	run "$SOCAT" -d -d - TCP4:127.0.0.1:no-such-service </dev/null
	assert_status 1
	assert_log err 'no-such-service'
}

test_ports_are_decimal() {
	# other ways to write a port number are errors that name it
	for port in 0x1 1x ''; do
		run "$SOCAT" - "TCP4:127.0.0.1:$port" </dev/null
		assertEquals "$port" 1 "$status"
		assert_lines err " E .*$port" 1
	done
}

test_impossible_types() {
	# DTLS is refused under each of its names, with the reason and a way out
	for address in OPENSSL-DTLS-CLIENT:127.0.0.1:1 OPENSSL-DTLS-CONNECT:127.0.0.1:1 \
		DTLS:127.0.0.1:1 DTLS-C:127.0.0.1:1 DTLS-CLIENT:127.0.0.1:1 dtls-connect:127.0.0.1:1 \
		OPENSSL-DTLS-SERVER:1 OPENSSL-DTLS-LISTEN:1 DTLS-SERVER:1 DTLS-LISTEN:1 DTLS-L:1; do
		run "$SOCAT" - "$address" </dev/null
		assertEquals "$address" 1 "$status"
		assert_lines err ' E address type "'"${address%%:*}"'" is impossible: BearSSL has no DTLS' 1
		assert_lines err . 1
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
