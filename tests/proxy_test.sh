#!/bin/sh
# Connections through HTTP proxies, good and bad ones: see http_proxy.py.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

ok='HTTP/1.1 200 OK\r\n\r\n'

# http_proxy NAME [--host HOST] MODE [ARG...]: sets $proxy_port.
http_proxy() {
	peer_server "$tests/http_proxy.py" "$@" && proxy_port=$server_port
}

# through [OPTION,...] [TARGET]: the address that uses it.
through() {
	echo "PROXY:127.0.0.1:${2:-target.example:443},proxyport=$proxy_port${1:+,$1}"
}

# ask ADDRESS [SWITCH...]: what the other end says goes to out. Our side says nothing.
ask() {
	asked_address=$1
	shift
	run "$SOCAT" "$@" -u "$asked_address" -
}

# ---- the request

# assert_request 'REQUEST': of the last connection, as Python writes it.
assert_request() {
	assertEquals "'$1'" "$(tail -n 1 proxy.port.requests | cut -d ' ' -f 2-)"
}

test_request() {
	# the request is what the original sends, byte by byte
	http_proxy proxy close "$ok"
	while read -r options target request; do
		ask "$(through "${options#-}" "$target")"
		assertEquals "$options $target: $(cat err)" 0 "$status"
		assert_request "$request"
	done <<-'END'
		- target.example:443 CONNECT target.example:443 HTTP/1.0\r\n\r\n
		- 192.0.2.1:65535 CONNECT 192.0.2.1:65535 HTTP/1.0\r\n\r\n
		- target.example:https CONNECT target.example:443 HTTP/1.0\r\n\r\n
		- [2001:db8::1]:22 CONNECT [2001:db8::1]:22 HTTP/1.0\r\n\r\n
		proxyauth=user:pass a:1 CONNECT a:1 HTTP/1.0\r\nProxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n
		proxy-auth=user: a:1 CONNECT a:1 HTTP/1.0\r\nProxy-authorization: Basic dXNlcjo=\r\n\r\n
		http-version=1.0 a:1 CONNECT a:1 HTTP/1.0\r\n\r\n
		http-version=1.1,ignorehost a:1 CONNECT a:1 HTTP/1.1\r\n\r\n
		ignorecr a:1 CONNECT a:1 HTTP/1.0\r\n\r\n
	END
	# HTTP/1.1 wants a Host header
	ask "$(through http-version=1.1,proxyauth=user:pass)"
	assert_request 'CONNECT target.example:443 HTTP/1.1\r\nHost: target.example:443\r\nProxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n'
}

test_names_of_the_type() {
	# PROXY and PROXY-CONNECT are the same; a name for the proxy will do, and a service for its port
	http_proxy proxy close "${ok}hello"
	for type in PROXY PROXY-CONNECT proxy; do
		ask "$type:localhost:a:1,proxyport=$proxy_port,pf=ip4"
		assert_status 0
		assert_out hello
	done
	ask PROXY:127.0.0.1:a:1,proxyport=tcpmux
	assert_error '127\.0\.0\.1:1: Connection refused'
}

test_resolve() {
	# with resolve, the target's name is looked up here
	http_proxy proxy close "$ok"
	ask "$(through resolve localhost:80)"
	assert_request 'CONNECT 127.0.0.1:80 HTTP/1.0\r\n\r\n'
	ask "$(through resolve 192.0.2.1:80)"
	assert_request 'CONNECT 192.0.2.1:80 HTTP/1.0\r\n\r\n'
	ask "$(through proxy-resolve '[2001:0db8::0001]:80')"
	assert_request 'CONNECT [2001:db8::1]:80 HTTP/1.0\r\n\r\n'
	ask "$(through resolve nosuch.invalid:80)"
	assert_error 'nosuch\.invalid:80.*: looking up the host: '
	# nobody was asked then
	assertEquals 3 "$(wc -l <proxy.port.requests)"
}

test_ipv6() {
	# proxy and target over IPv6
	server echo echo --host ::1
	target_port=$server_port
	http_proxy proxy --host ::1 tunnel
	given hello
	run "$SOCAT" -t 10 - "PROXY:[::1]:[::1]:$target_port,proxyport=$proxy_port" <in
	assert_status 0
	assert_out hello
	assert_request "CONNECT [::1]:$target_port HTTP/1.0\\r\\n\\r\\n"
}

test_where_from() {
	# bind and sourceport are those of the connection to the proxy
	http_proxy proxy close "$ok"
	ask "$(through bind=127.0.0.9)"
	assert_status 0
	assert_log proxy.port.requests '^127\.0\.0\.9:'
	# a port that is free: that of a listener that has gone
	listener other TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	ask "$(through "sourceport=$port,reuseaddr")"
	assert_status 0
	assert_log proxy.port.requests "^127\\.0\\.0\\.1:$port "
}

# ---- what is secret

test_credentials_of_a_file() {
	# a line end belongs to no password
	http_proxy proxy close "$ok"
	for text in 'user:pass' 'user:pass\n' 'user:pass\r\n'; do
		printf "$text" >secret
		ask "$(through proxy-authorization-file=secret)"
		assert_status 0
		assert_request 'CONNECT target.example:443 HTTP/1.0\r\nProxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n'
	done
	# by way of a pipe, too
	mkfifo pipe
	start writer sh -c 'echo user:pass >pipe'
	ask "$(through proxyauthfile=pipe)"
	finish "$pid"
	assert_request 'CONNECT target.example:443 HTTP/1.0\r\nProxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n'
}

# assert_refused_file TEXT: with that option, this is said, and nobody is called.
assert_refused_file() {
	rm -f opened
	run "$SOCAT" -u "$(through proxyauthfile=secret)" CREATE:opened
	assert_error "option proxy-authorization-file: \"secret\": $1"
	assertFalse 'nothing is opened' '[ -e opened ]'
}

test_bad_files() {
	# what is wrong with a file of credentials is said at the start
	http_proxy proxy close "$ok"
	assert_refused_file 'No such file or directory'
	printf '' >secret
	assert_refused_file 'it is empty; it should have "user:password"'
	printf '\n' >secret
	assert_refused_file 'it is empty'
	printf 'user' >secret
	assert_refused_file 'there is no ":" between user and password'
	printf 'user:pass\nother:pass\n' >secret
	assert_refused_file 'there is a line end or another control character'
	printf 'user:pa\000ss' >secret
	assert_refused_file 'there is a line end or another control character'
	printf '%05000d:' 1 >secret
	assert_refused_file 'File too large'
	printf '%04098d' 1 >secret
	assert_refused_file 'there are more than 4096 bytes'
	rm secret
	mkdir secret
	assert_refused_file 'Is a directory'
	assertFalse 'nobody was called' '[ -e proxy.port.requests ]'
}

test_reload() {
	# SIGHUP has the file read anew; a bad one changes nothing. Who has no file ends
	http_proxy proxy say 'HTTP/1.1 200 OK\r\n\r\nhello'
	echo one:1 >secret
	reloads=0
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(through proxyauthfile=secret)"
	relay=$pid
	for text in one:1=b25lOjE= two:2=dHdvOjI= bad=dHdvOjI=; do
		echo "${text%%=*}" >secret
		if [ "$text" != one:1=b25lOjE= ]; then
			kill -HUP "$relay"
			wait_log relay.log ' (N .*: credentials reloaded|E .*: those in use stay)' "$reloads"
		fi
		reloads=$((reloads + 1))
		client first "127.0.0.1:$port"
		assert_out hello
		assert_request "CONNECT target.example:443 HTTP/1.0\\r\\nProxy-authorization: Basic ${text#*=}\\r\\n\\r\\n"
	done
	assert_lines relay.log 'there is no ":"' 1
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(through)"
	kill -HUP "$pid"
	finish "$pid"
	assert_log relay.log ' N exiting on signal 1$'
	# a pipe is not waited for again
	mkfifo pipe
	start writer sh -c 'echo one:1 >pipe'
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(through proxyauthfile=pipe)"
	kill -HUP "$pid"
	wait_log relay.log ' E .*: "pipe": it is not a regular file, .*'
	client first "127.0.0.1:$port"
	assert_out hello
	assert_request 'CONNECT target.example:443 HTTP/1.0\r\nProxy-authorization: Basic b25lOjE=\r\n\r\n'
}

test_file_of_another_user() {
	# the file is read before the program becomes another user, or has another root
	need_root || return 0
	without_leak_check
	http_proxy proxy close "${ok}hello"
	mkdir root
	(umask 077 && echo user:pass >secret)
	for option in user=nobody "chroot=$dir/root" isolate; do
		case $option in
		isolate) source=TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate option= ;;
		*) source=TCP4-LISTEN:0,bind=127.0.0.1,fork ;;
		esac
		listener relay "$source" "$(through "proxyauthfile=secret${option:+,$option}")"
		client first "127.0.0.1:$port"
		assert_out hello
		assert_request 'CONNECT target.example:443 HTTP/1.0\r\nProxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n'
		stop "$pid"
	done
}

test_nothing_secret_is_logged() {
	# user and password are in no message, plain or encoded, whatever the verbosity
	http_proxy proxy close 'HTTP/1.0 407 Who\r\n\r\n'
	ask "$(through 'proxyauth="us,er:s3cr3t",retry=1,interval=0')" -d -d -d -d
	assert_error 'PROXY:127\.0\.0\.1:target\.example:443,proxyport=[0-9]*,proxyauth=\.\.\.: CONNECT: '
	assert_log err ' I sending "Proxy-authorization: \.\.\."'
	echo user:s3cr3t >secret
	ask "$(through proxyauthfile=secret)" -d -d -d -d
	mv err err.file
	ask "$(through proxyauth=user:s3cr3t,nosuch)"
	assert_error 'unknown option "nosuch"'
	mv err err.option
	ask "$(through proxyauth=s3cr3t)"
	assert_error 'option proxy-authorization: there is no ":"'
	mv err err.form
	ask "OPENSSL:a:1,via=\"$(through proxyauth=user:s3cr3t)\",nosuch"
	assert_error 'unknown option "nosuch"'
	secret64=$(printf user:s3cr3t | base64 | cut -c 1-12)
	for log in err*; do
		assert_lines "$log" "s3cr3t|$secret64|$(printf us,er:s3cr3t | base64 | cut -c 1-12)" 0
	done
}

# ---- answers that are fine

test_log() {
	# -d -d tells who was reached, -d -d -d what was said
	http_proxy proxy close 'HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\nhello'
	ask "$(through)" -d -d -d
	assert_log err ' I sending "CONNECT target\.example:443 HTTP/1\.0"$'
	assert_log err ' I proxy: received answer "HTTP/1\.1 200 Connection established"$'
	assert_log err ' I proxy: received header "Via: 1\.1 proxy"$'
	assert_log err " N successfully connected to target\\.example:443 via proxy 127\\.0\\.0\\.1:$proxy_port\$"
	refute_log err ' [EW] '
}

test_accepted() {
	# what proxies say when they agree, and the data right behind it
	while read -r options answer; do
		http_proxy proxy close "${answer}data\\r\\n\\r\\nmore"
		ask "$(through "${options#-}")"
		assertEquals "$answer: $(cat err)" 0 "$status"
		assert_out 'data\r\n\r\nmore'
		stop "$server_pid"
	done <<-'END'
		- HTTP/1.0 200 OK\r\n\r\n
		- HTTP/1.1  200\r\n\r\n
		- HTTP/1.1 200  Connection  established \r\n\r\n
		- HTTP/1.1 201 Created\r\n\r\n
		- HTTP/1.1 204\r\n\r\n
		- HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\n folded\r\nodd\r\n:\r\n\r\n
		- HTTP/1.1 200 OK\r\nNul: \x00\x00\r\n\r\n
		- HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n
		- HTTP/1.0 200 OK\n\n
		- HTTP/1.0 200 OK\nX: y\r\n\n
		ignorecr HTTP/1.0 200 OK\n\n
		ignorecr HTTP/1.0 200 OK\r\nX: y\r\n\r\n
		ignorecr HTTP/1.0 200 OK\r\r\nX: y\r\r\n\r\r\n
	END
}

test_long_header() {
	# 16 KiB are enough for any answer
	http_proxy proxy close "HTTP/1.1 200 OK\\r\\nX: $(printf '%016000d' 1)\\r\\n\\r\\ndata"
	ask "$(through)"
	assert_status 0
	assert_out data
}

test_bytes_one_by_one() {
	# an answer may come as slowly as it likes
	http_proxy proxy pieces 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n\r\nhello'
	ask "$(through),readbytes=5"
	assert_status 0
	assert_out hello
}

test_cut_answers() {
	# wherever an answer is cut off, it is a failure; attempt after attempt gets one byte more
	answer='HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n\r\n'
	length=$(printf "$answer" | wc -c)
	http_proxy proxy cut "$answer"
	ask "$(through "retry=$((length - 1)),interval=0.001")" -d -d
	assert_error 'closed the connection before it had said all that it should$'
	assert_lines err 'CONNECT: the proxy closed the connection without a word; trying again' 1
	assert_lines err 'CONNECT: the proxy closed the connection before .*; trying again' $((length - 2))
	assertEquals "$length" "$(wc -l <proxy.port.requests)"
	ask "$(through)"
	assert_status 0
}

# ---- answers that are not

# assert_refusal ANSWER REGEX [OPTIONS]: nothing more than the answer's head is waited for.
assert_refusal() {
	http_proxy proxy say "$1"
	ask "$(through "${3:-}")"
	assert_error "PROXY:127\\.0\\.0\\.1:target\\.example:443,.*: CONNECT: $2\$"
	assert_lines err ' [EWF] ' 1
	assert_out ''
	stop "$server_pid"
}

test_refusals() {
	# what a proxy answers is said in plain words, on one line
	while IFS='|' read -r answer words; do
		assert_refusal "HTTP/1.1 $answer\\r\\nContent-Length: 1000\\r\\n\\r\\n<html>" \
			"the proxy answered $answer$words"
	done <<-'END'
		302 Found|; it is probably a web server or a login page, not a proxy
		400 Bad Request|; it did not understand the request: .*http-version=1\.1.*
		403 Forbidden|; it does not allow this client or this target; many proxies allow port 443 only
		404 Not Found|; it does not know the target, or is a web server instead of a proxy
		405 Method Not Allowed|; it does not allow the method CONNECT: .*
		501 Not Implemented|; it does not have the method CONNECT: .*
		502 Bad Gateway|; it could not connect to the target
		503 Service Unavailable|; it or the target is out of service, .*
		504 Gateway Timeout|; it got no answer from the target in time
		418 I'm a teapot|
		101 Switching Protocols|
		999|
	END
}

test_authentication() {
	# 407: what the proxy wants, what it got, what to do
	asks='the proxy answered 407 Who: it wants authentication'
	use='; use option proxy-authorization=USER:PASSWORD or proxy-authorization-file'
	refused='; it has refused the credentials of option proxy-authorization'
	none=', none of which socat has: it knows Basic only'
	assert_refusal 'HTTP/1.1 407 Who\r\n\r\n' "$asks$use"
	basic='HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm="a, b"\r\n\r\n'
	assert_refusal "$basic" "$asks by Basic$use"
	assert_refusal "$basic" "$asks by Basic$refused" proxyauth=user:pass
	assert_refusal 'HTTP/1.1 407 Who\r\nproxy-authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n' \
		"$asks by Negotiate, NTLM$none" proxyauth=user:pass
}

test_what_is_not_http() {
	# others than proxies are recognised by their first words
	assert_refusal 'SSH-2.0-OpenSSH_9.9\r\n' 'it does not speak HTTP: it began with "SSH-2"'
	assert_refusal '\x15\x03\x03\x00\x02\x02\x46' \
		'it does not speak HTTP but TLS \(see option via\): it began with "\\x15\\x03\\x03\\x00\\x02"'
	assert_refusal '\x00\x00\x00\x00\x00\x00' 'it does not speak HTTP: it began with "(\\x00){5}"'
	assert_refusal 'HTTP/2 200 OK\r\n\r\n' 'it does not speak HTTP: it began with "HTTP/2 200 OK"'
}

test_terminal() {
	# nothing of a proxy's gets to the terminal as it is
	assert_refusal 'HTTP/1.1 403 \x1b[31m\x9b\xc2\x9b\x00No\x07\r\nX: \x1b[2J\r\n\r\n' \
		'the proxy answered 403 \\x1b\[31m\\x9b\\xc2\\x9b\\x00No\\x07; it does not .*'
	http_proxy proxy close 'HTTP/1.1 403 \x1b[31m\r\nX: \x1b[2J\r\n\r\n'
	ask "$(through)" -d -d -d -d
	assertEquals 0 "$(LC_ALL=C grep -c "[^ -~]" err)"
}

test_endless_answers() {
	# 16 KiB without an end are no answer: a status line, headers, interim answers
	while read -r head part; do
		http_proxy proxy endless "$head" "$part"
		ask "$(through)"
		assert_error 'CONNECT: the proxy has sent more than 16384 bytes and not come to an end$'
		stop "$server_pid"
	done <<-'END'
		HTTP/1.1\x20200\x20 abcdefgh
		HTTP/1.1\x20200\x20OK\r\n X:\x20y\r\n
		HTTP/1.1\x20100\x20Continue\r\n\r\n HTTP/1.1\x20100\x20Continue\r\n\r\n
		HTTP/1.1 \x20\x20\x20
	END
}

test_silence() {
	# a proxy that says nothing, or half of it, is waited for as long as handshake-timeout says
	http_proxy proxy say '' 'HTTP/1.1 200 OK\r\n'
	ask "$(through handshake-timeout=0.2)"
	assert_error 'CONNECT: the proxy has said nothing within the time of option handshake-timeout$'
	ask "$(through handshake-timeout=0.2)"
	assert_error 'CONNECT: the proxy has said only part of what it should .*handshake-timeout$'
}

test_closes() {
	# a proxy that goes away
	http_proxy proxy close ''
	ask "$(through)"
	assert_error 'CONNECT: the proxy closed the connection without a word$'
	stop "$server_pid"
	http_proxy proxy reset
	ask "$(through)"
	assert_error 'CONNECT: Connection reset by peer$'
	stop "$server_pid"
	ask "$(through)"
	assert_error "connect to AF=2 127\\.0\\.0\\.1:$proxy_port: Connection refused\$"
}

test_request_not_sent() {
	need strace || return 0
	# a proxy that could not be asked says nothing: that is no reason to wait for it
	http_proxy proxy say "$ok"
	faulty relay sendto:error=ENOMEM:when=1 -u "$(through)" -
	finish "$pid"
	assertEquals "exit status" 1 "$status"
	assert_log relay.log ' E .*: CONNECT: (Cannot allocate|Out of) memory$'
}

test_early_answer() {
	# one that answers before it was asked is heard, even if it has gone when it is asked
	http_proxy proxy early 'HTTP/1.1 503 Busy\r\n\r\n'
	ask "$(through)"
	assert_error 'CONNECT: (the proxy answered 503 Busy; .*|Connection reset by peer)$'
}

# ---- attempts

test_retry() {
	# refusals count as attempts, whatever they say
	http_proxy proxy say 'HTTP/1.1 502 no\r\n\r\n' 'SSH-2.0\r\n' 'HTTP/1.1 403 no\r\n\r\n' "${ok}hello"
	ask "$(through retry=3,interval=0.01),readbytes=5" -d -d
	assert_status 0
	assert_out hello
	assert_lines err ' N .*: CONNECT: .*; trying again in 0\.01 s$' 3
	refute_log err ' [EW] '
	stop "$server_pid"
	http_proxy proxy close 'HTTP/1.1 407 no\r\n\r\n'
	ask "$(through retry=2,interval=0)"
	assert_error 'the proxy answered 407 no'
	assertEquals 3 "$(wc -l <proxy.port.requests)"
}

test_forever() {
	# forever, until it is ended
	http_proxy proxy close 'HTTP/1.1 503 Busy\r\n\r\n'
	relay relay -u "$(through forever,interval=0.01)" -
	wait_log relay.log '; trying again in 0\.01 s$' 20
	stop "$pid"
	assertEquals 143 "$status"
}

test_proxy_that_is_not_there_yet() {
	# connecting to the proxy and asking it share the attempts
	listener other TCP4-LISTEN:0,bind=127.0.0.1 -
	stop "$pid"
	relay relay -u "PROXY:127.0.0.1:a:1,proxyport=$port,retry=1000,interval=0.05" -
	client_pid=$pid
	wait_log relay.log 'Connection refused; trying again'
	start late "$SOCAT" -u 'TEXT:HTTP/1.0 200 OK\n\nhello' "TCP4-LISTEN:$port,bind=127.0.0.1,reuseaddr"
	finish "$client_pid"
	assert_status 0
	assert_file hello relay.out
}

# ---- many connections

test_data() {
	# bulk in both directions, through several connections at once
	server target full 1 3000000
	target_port=$server_port
	http_proxy proxy tunnel
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(through '' "127.0.0.1:$target_port")"
	client full "127.0.0.1:$port" 2 3000000
	assert_status 0
	wait_until test -s target.port.sum
	there=$(cat target.port.sum)
	rm target.port.sum
	cp out here
	client full "127.0.0.1:$target_port" 2 3000000
	assertEquals "$(cat out)" "$(cat here)"
	wait_until test -s target.port.sum
	assertEquals "$(cat target.port.sum)" "$there"
	refute_log relay.log ' [EW] '
}

test_half_close() {
	# an answer that comes after the question's end
	server target late 0.3
	target_port=$server_port
	http_proxy proxy tunnel
	given 'a question'
	run "$SOCAT" -t 10 - "$(through '' "127.0.0.1:$target_port")" <in
	assert_status 0
	assert_out 'late 10\n'
}

test_many_at_once() {
	# sessions don't get into each other's way
	server target echo
	target_port=$server_port
	http_proxy proxy tunnel
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,backlog=512 \
		"$(through '' "127.0.0.1:$target_port")"
	client many "127.0.0.1:$port" 200 5000
	assert_status 0
	assertEquals 200 "$(wc -l <proxy.port.requests)"
	refute_log relay.log ' [EW] '
}

test_nothing_is_left() {
	# hundreds of failures later, everything is as before
	http_proxy proxy say "${ok}hello" "${ok}hello" 'HTTP/1.1 502 no\r\n\r\n' 'SSH-2.0\r\n' \
		'HTTP/1.1 100 C\r\n\r\nHTTP/1.1 407 no\r\nProxy-Authenticate: Basic\r\n\r\n' '0'
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork "$(through handshake-timeout=0.1)"
	relay=$pid
	client first "127.0.0.1:$port"
	assert_out hello
	client first "127.0.0.1:$port"
	wait_log relay.log ' N .*socket . \(fd ' 2
	wait_until has_sockets "$relay" 1
	before=$(count_fds "$relay")
	failures=0
	while [ "$failures" -lt 300 ]; do
		failures=$((failures + 50))
		run "$python" - "$port" <<-'END'
			import socket, sys
			conns = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(50)]
			for conn in conns:
			    while conn.recv(4096):
			        pass
		END
		assert_status 0
		[ "$failures" -ne 100 ] || memory=$(resident "$relay")
	done
	wait_log relay.log ' E .*: CONNECT: ' 300
	wait_until has_fds "$relay" "$before"
	sanitized || assertTrue "$memory kB became $(resident "$relay") kB" \
		"[ $(resident "$relay") -lt $((memory + 512)) ]"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
