#!/bin/sh
# Logs in JSON, and the record that each session leaves, in either form.

# shellcheck disable=SC2034,SC2154
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/syslog.sh
. "$(dirname "$0")/syslog.sh"
own_namespace "$@"
# shellcheck source=tests/socks.sh
. "$(dirname "$0")/socks.sh"
# shellcheck source=tests/proxy_header.sh
. "$(dirname "$0")/proxy_header.sh"

json=--log-format=json

# json_listener NAME ARGUMENT...: start the program tested with messages in JSON, wait until it listens,
# set $port.
json_listener() {
	json_name=$1
	shift
	start "$json_name" "$SOCAT" -d -d $json "$@"
	wait_log "$json_name.log" '"listening on ' || return 1
	port=$(sed -n 's/.*"listening on .*:\([0-9]*\)"}$/\1/p' "$json_name.log" | head -n 1)
}

# log_lines FILE [EVENT NAME...]: see log_lines.py; a line that is not as it should be fails the test.
log_lines() {
	"$python" "$tests/log_lines.py" "$@" >"$dir/members" 2>"$dir/problem" || fail "$(cat "$dir/problem")"
}

# sessions FILE COUNT NAME...: wait for so many records; their members are in the file members.
sessions() {
	sessions_log=$1 sessions_count=$2
	shift 2
	wait_log "$sessions_log" '"event":"session"' "$sessions_count" || return 1
	log_lines "$sessions_log" session "$@"
	assertEquals "records in $sessions_log" "$sessions_count" "$(wc -l <members)"
}

assert_members() {
	assert_file "$1" members
}

# one_run EXPECTED ARGUMENT...: a run with one session: close_reason, failed, lost, client and upstream.
one_run() {
	expected=$1
	shift
	run "$SOCAT" $json "$@" <in
	sessions err 1 close_reason failed lost client upstream
	assertEquals "$*" "$expected" "$(cat members)"
}

# ---- who, with whom, how much

test_server() {
	# one record per session, with the addresses and what was said each way
	server peer echo
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork TCP4:127.0.0.1:"$server_port"
	client ask "127.0.0.1:$port" 'hello'
	assert_out hello
	client ask "127.0.0.1:$port" 'hi'
	sessions relay.log 2 listener upstream bytes_to_upstream bytes_to_client lost failed
	assert_members "\"127.0.0.1:$port\" \"127.0.0.1:$server_port\" 5 5 0 false
\"127.0.0.1:$port\" \"127.0.0.1:$server_port\" 2 2 0 false\n"
	log_lines relay.log session client blocks_to_upstream blocks_to_client level
	assert_lines members '^"127.0.0.1:[0-9]+" 1 1 "notice"$' 2
}

test_always_written() {
	# in JSON the record is there whatever -d says, and whatever children-shutup makes milder
	# the network is the test's own, and so is the port
	start relay "$SOCAT" -d0 $json TCP4-LISTEN:4321,bind=127.0.0.1,fork,children-shutup=4 PIPE
	wait_until bound_to -t 4321
	client ask 127.0.0.1:4321 hello
	sessions relay.log 1 bytes_to_upstream bytes_to_client
	assert_members '5 5\n'
}

# bound_to -t|-u PORT: somebody has this port.
bound_to() {
	ss -Hn -l -4 "$1" "sport = :$2" | grep -q .
}

test_text() {
	# as text it is one notice, and is not there without -d -d
	server peer echo
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork TCP4:127.0.0.1:"$server_port"
	client ask "127.0.0.1:$port" 'hello'
	wait_log relay.log ' N session of '
	assert_log relay.log " N session of 127.0.0.1:[0-9]+ on 127.0.0.1:$port to 127.0.0.1:$server_port over after 0\.[0-9]{3} s: 5 bytes to the right, 5 to the left; (client|upstream)_closed$"
	given hello
	run "$SOCAT" -d - PIPE <in
	assert_file '' err
	run "$SOCAT" -d -d --log-format json --log-format text - EXEC:cat <in
	assert_log err ' N session of STDIO to EXEC:cat over after .*; client_closed; exit status 0$'
	run "$SOCAT" -d -d -u - OPEN:/dev/full <in
	assert_log err ', 5 lost; upstream_write_error$'
}

test_server_on_the_right() {
	# the client is the one who comes, wherever the listener stands
	json_listener relay PIPE TCP4-LISTEN:0,bind=127.0.0.1,fork
	client ask "127.0.0.1:$port" 'hello'
	sessions relay.log 1 listener upstream bytes_to_upstream bytes_to_client
	assert_members "\"127.0.0.1:$port\" \"PIPE\" 5 5\n"
	stop "$pid"
	json_listener relay PIPE TCP4-LISTEN:0,bind=127.0.0.1
	client ask "127.0.0.1:$port" 'hello'
	sessions relay.log 1 listener upstream bytes_to_upstream
	assert_members "\"127.0.0.1:$port\" \"PIPE\" 5\n"
}

test_one_listener() {
	# without fork, too
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1 PIPE
	client ask "127.0.0.1:$port" 'hello'
	finish "$pid"
	sessions relay.log 1 listener upstream bytes_to_client
	assert_members "\"127.0.0.1:$port\" \"PIPE\" 5\n"
}

test_isolated_and_workers() {
	# each session is recorded once, by the process that has served it
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate EXEC:cat
	client ask "127.0.0.1:$port" 'hello'
	sessions relay.log 1 listener bytes_to_upstream exit_status pid
	assert_log members "^\"127.0.0.1:$port\" 5 0 [0-9]+$"
	refute_log members " $pid\$"
	stop "$pid"
	json_listener relay --workers 2 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	for word in one two three; do
		client ask "127.0.0.1:$port" "$word"
	done
	sessions relay.log 3 listener pid
	refute_log members " $pid\$"
	stop "$pid"
	json_listener relay UDP4-LISTEN:0,bind=127.0.0.1,fork,isolate EXEC:cat
	given hello
	run "$SOCAT" -t 0.5 - UDP4:127.0.0.1:"$port" <in
	assert_out hello
	stop "$pid"
	sessions relay.log 1 listener bytes_to_upstream
	assert_members "\"127.0.0.1:$port\" 5\n"
}

test_datagrams() {
	# a session for each peer; and for the one that there is
	json_listener relay -T 0.2 UDP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	given hello
	for peer in 1001 1002; do
		run "$SOCAT" -t 0.5 - UDP4:127.0.0.1:"$port",sourceport="$peer" <in
		assert_out hello
	done
	sessions relay.log 2 client listener close_reason bytes_to_client
	assert_members "\"127.0.0.1:1001\" \"127.0.0.1:$port\" \"idle_timeout\" 5
\"127.0.0.1:1002\" \"127.0.0.1:$port\" \"idle_timeout\" 5\n"
	stop "$pid"
	start relay "$SOCAT" $json -u UDP4-RECVFROM:4322,bind=127.0.0.1 -
	wait_until bound_to -u 4322
	run "$SOCAT" -u - UDP4-SENDTO:127.0.0.1:4322,sourceport=1003 <in
	sessions relay.log 1 client bytes_to_upstream
	assert_members '"127.0.0.1:1003" 5\n'
}

test_unix() {
	# clients of UNIX sockets have a path, or are known by their process
	json_listener relay UNIX-LISTEN:socket,fork PIPE
	given hello
	start_with in unnamed "$SOCAT" - UNIX-CONNECT:socket
	finish "$pid"
	sessions relay.log 1 client client_pid client_uid listener
	assert_members "\"pid:$pid,uid:$(id -u)\" $pid $(id -u) \"socket\"\n"
	run "$SOCAT" $json - UNIX-CONNECT:socket,bind=own <in
	sessions relay.log 2 client
	assert_log members '^"own"$'
	sessions err 1 client upstream
	assert_members '"STDIO" "socket"\n'
}

test_programs() {
	# the record waits for the exit status
	given hello
	one_run '"client_closed" false 0 "STDIO" "SYSTEM:cat; exit 3"' - 'SYSTEM:cat; exit 3'
	sessions err 1 exit_status
	assert_members '3\n'
	run "$SOCAT" $json - 'SYSTEM:cat >/dev/null; kill -9 $$' <in
	sessions err 1 exit_status
	assert_members '137\n'
	# a program on the left, and one that does not come to its end
	one_run '"client_closed" false 0 "EXEC:echo hello" "STDIO"' -u EXEC:'echo hello' -
	run "$SOCAT" $json -t 0.1 - EXEC:'sleep 1000' <in
	sessions err 1 close_reason exit_status
	assert_members '"linger_timeout" -\n'
	# many at once
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:cat
	client many "127.0.0.1:$port" 30
	sessions relay.log 30 exit_status upstream
	assert_lines members '^0 "EXEC:cat"$' 30
}

test_proxy_header() {
	# the client is whom the header names; who has connected is on the way
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,"$trusted" PIPE
	peer send "127.0.0.1:$port" "$v2$hello"
	sessions relay.log 1 client listener bytes_to_upstream
	assert_members "\"192.0.2.7:51234\" \"127.0.0.1:$port\" 5\n"
	log_lines relay.log session via
	assert_log members '^"127.0.0.1:[0-9]+"$'
	# one that is none
	peer send "127.0.0.1:$port" "$(printf 'GET / HTTP/1.0\r\n\r\n' | hex)"
	sessions relay.log 2 close_reason failed
	assert_log members '^"handshake_failed" true$'
}

test_through_proxies() {
	# the upstream is the target, and the proxy is named
	server peer echo
	proxied socks
	given hello
	run "$SOCAT" $json - "SOCKS5:127.0.0.1:127.0.0.1:$server_port,socksport=$proxy_port" <in
	sessions err 1 upstream proxy
	assert_members "\"127.0.0.1:$server_port\" \"127.0.0.1:$proxy_port\"\n"
	run "$SOCAT" $json - "SOCKS5:127.0.0.1:127.0.0.1:1,socksport=$proxy_port" <in
	sessions err 1 close_reason upstream failed
	assert_members '"proxy_failed" "127.0.0.1:1" true\n'
}

# ---- why it is over

test_who_has_closed() {
	# the first to end its output counts
	given hello
	one_run '"client_closed" false 0 "STDIO" "PIPE"' - PIPE
	server peer say hello
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork TCP4:127.0.0.1:"$server_port"
	run "$SOCAT" -u TCP4:127.0.0.1:"$port" -
	assert_out hello
	sessions relay.log 1 close_reason bytes_to_client failed
	assert_members '"upstream_closed" 5 false\n'
}

test_resets() {
	# a client that resets its connection
	json_listener relay -U TCP4-LISTEN:0,bind=127.0.0.1,fork OPEN:/dev/zero
	client abort "127.0.0.1:$port" 0
	sessions relay.log 1 close_reason failed error
	assert_log members '^"client_reset" true "(Connection reset by peer|Broken pipe)"$'
	log_lines relay.log session lost
	refute_log members '^0$'
	# and one of the upstream's
	server peer reset
	run "$SOCAT" $json -u OPEN:/dev/zero TCP4:127.0.0.1:"$server_port"
	sessions err 1 close_reason failed
	assert_members '"upstream_reset" true\n'
}

test_errors() {
	# reading or writing fails
	given hello
	one_run '"upstream_write_error" true 5 "STDIO" "OPEN:/dev/full"' -u - OPEN:/dev/full
	sessions err 1 error
	assert_members '"No space left on device"\n'
	one_run '"client_read_error" true 0 "OPEN:/proc/self/mem" "STDIO"' -u OPEN:/proc/self/mem,rdonly -
}

test_timeouts() {
	given hello
	mkfifo input
	exec 9<>input
	start_with input relay "$SOCAT" $json -T 0.1 - PIPE
	sessions relay.log 1 close_reason failed
	assert_members '"idle_timeout" false\n'
	exec 9>&-
	one_run '"linger_timeout" false 0 "STDIO" "EXEC:sleep 1000"' -t 0.1 - EXEC:'sleep 1000'
	# what a program has left behind keeps its end open
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork 'SYSTEM:sleep 1000 & echo $!'
	client ask "127.0.0.1:$port" hello
	kill "$(cat out)"
	sessions relay.log 1 close_reason
	assert_members '"program_exited"\n'
}

test_vanished() {
	# the network is gone, and the kernel gives up
	server peer silent
	mkfifo input
	exec 9<>input
	start_with input relay "$SOCAT" -d -d $json - TCP4:127.0.0.1:"$server_port",setsockopt-int=6:18:500
	wait_log relay.log 'starting data transfer loop'
	ip link set lo down
	echo hello >&9
	sessions relay.log 1 close_reason failed error
	ip link set lo up
	exec 9>&-
	assert_log members '^"upstream_timed_out" true "(Connection|Operation) timed out"$'
}

test_limits() {
	given hello
	one_run '"client_limit" false 0 "STDIO" "PIPE"' -,readbytes=3 PIPE
	one_run '"client_escape" false 0 "STDIO" "PIPE"' -,escape=0x6c PIPE
}

test_ends_of_the_program() {
	# a signal, and the end of the grace time
	mkfifo input
	exec 9<>input
	start_with input relay "$SOCAT" -d -d $json - PIPE
	wait_log relay.log 'starting data transfer loop'
	stop "$pid"
	exec 9>&-
	sessions relay.log 1 close_reason
	assert_members '"signal"\n'
	for grace in 0=signal 0.1=grace_over; do
		json_listener relay --grace "${grace%=*}" TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
		mkfifo "input.$grace"
		exec 9<>"input.$grace"
		start_with "input.$grace" client "$SOCAT" - TCP4:127.0.0.1:"$port"
		wait_log relay.log 'starting data transfer loop'
		kill -TERM "$(echo "$started" | awk '{ print $(NF - 1) }')"
		sessions relay.log 1 close_reason
		exec 9>&-
		assert_members "\"${grace#*=}\"\n"
		stop_all
	done
}

test_not_begun() {
	# the other side could not be opened
	given hello
	one_run '"connect_failed" true 0 "STDIO" "127.0.0.1:1"' - TCP4:127.0.0.1:1
	sessions err 1 error
	assert_members '"Connection refused"\n'
	one_run '"connect_failed" true 0 "STDIO" "UNIX-CONNECT:nobody"' - UNIX-CONNECT:nobody
	one_run '"lookup_failed" true 0 "STDIO" "no.such.host.invalid:1"' - TCP4:no.such.host.invalid:1
	one_run '"open_failed" true 0 "STDIO" "OPEN:/no/such/file"' - OPEN:/no/such/file
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork TCP4:127.0.0.1:1
	client ask "127.0.0.1:$port" hello
	sessions relay.log 1 close_reason error listener
	assert_members "\"connect_failed\" \"Connection refused\" \"127.0.0.1:$port\"\n"
}

test_ended_before_they_began() {
	# who still waits for the other side when the program ends has a record, too
	start full "$python" "$tests/scrape.py" full "$dir/full"
	wait_until [ -s "$dir/full" ]
	for grace in 0=signal 0.1=grace_over; do
		json_listener relay --grace "${grace%=*}" TCP4-LISTEN:0,bind=127.0.0.1,fork \
			"TCP4:127.0.0.1:$(cat "$dir/full")"
		start client "$SOCAT" -u "TCP4:127.0.0.1:$port" -
		wait_log relay.log 'accepting connection'
		kill -TERM "$(echo "$started" | awk '{ print $(NF - 1) }')"
		sessions relay.log 1 close_reason listener
		assert_members "\"${grace#*=}\" \"127.0.0.1:$port\"\n"
		stop "$pid"
	done
	start_with /dev/null relay "$SOCAT" -d -d $json - "TCP4:127.0.0.1:$(cat "$dir/full")"
	wait_log relay.log 'opening connection'
	stop "$pid"
	sessions relay.log 1 close_reason client
	assert_members '"signal" "STDIO"\n'
}

test_refused() {
	# clients that are not let in have no session; nor has an address that can't be listened on
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,range=192.0.2.0/24 PIPE
	client ask "127.0.0.1:$port" hello
	wait_log relay.log 'refus'
	run "$SOCAT" $json TCP4-LISTEN:"$port",bind=127.0.0.1 PIPE
	log_lines err session client
	assert_members ''
	stop "$pid"
	log_lines relay.log session client
	assert_members ''
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,range=10.0.0.0/8,"$trusted" PIPE
	peer send "127.0.0.1:$port" "$v2$hello"
	wait_log relay.log 'refus'
	stop "$pid"
	log_lines relay.log session client
	assert_members ''
}

# ---- the form

test_hostile_names() {
	# whatever bytes names have, the line is JSON, and in one piece
	given hello
	# for the address the quote and the backslash have a backslash in front
	odd=$(printf 'a"b\\c\td\n\033[2J]e\377\302\205\355\240\200\360\237\230\200')
	address=$(printf %s "$odd" | sed 's/["\\]/\\&/g')
	run "$SOCAT" -d -d -d -d $json - "EXEC:$address" <in
	log_lines err
	run "$SOCAT" -d -d -d -d $json -lp "$odd" - "OPEN:$address,creat" <in
	log_lines err session program
	assert_members '"a\\"b\\\\c\\td\\n\\u001b[2J]e\\ufffd\\u0085\\ufffd\\ufffd\\ufffd\\ud83d\\ude00"\n'
	run "$SOCAT" $json -u "GOPEN:$address" - <in
	log_lines err session client
	assert_members '"GOPEN:a\\"b\\\\c\\td\\n\\u001b[2J]e\\ufffd\\u0085\\ufffd\\ufffd\\ufffd\\ud83d\\ude00"\n'
	json_listener relay UNIX-LISTEN:socket,fork PIPE
	run "$SOCAT" - "UNIX-CONNECT:socket,bind=$(printf 'q\\"\377\nx')" <in
	sessions relay.log 1 client
	assert_members '"q\\"\\\\xFF\\\\x0Ax"\n'
}

test_long_lines() {
	# a line is never longer than what pipes and files take in one piece
	long=$(printf '%06000d' 0 | tr 0 '"')
	for word in "$long" "x$(echo "$long" | tr '"' '\001')" "$(echo "$long" | sed 's/""/é/g')"; do
		run "$SOCAT" -d -d -d -d $json - "EXEC:echo $(echo "$word" | tr -d '"')" <in
		run "$SOCAT" -d -d $json -lp "$(echo "$word" | cut -c 1-20)" - "OPEN:$word" </dev/null
		log_lines err
		assert_log err '\.\.\.'
	done
}

test_switches() {
	# the host's name, a file, standard error until the transfer begins
	given hello
	HOSTNAME='some "host"' run "$SOCAT" $json -lh -lu -lp other -lf log - PIPE <in
	log_lines log session host program
	assert_members '"some \\"host\\"" "other"\n'
	assert_file '' err
	run "$SOCAT" --log-format xml - PIPE
	assert_error 'option --log-format: "xml" is not a format: must be text or json'
}

test_syslog() {
	# to syslog the object is the message, and short enough for it
	need_root || return
	long=$(printf '%0200d' 0)
	with_syslog "$SOCAT" -d -d $json -ly -u "OPEN:/dev/null,rdonly" "SYSTEM:cat >/dev/null; true '$long$long$long$long$long$long'"
	grep -a '"event":"session"' syslog | sed 's/^<29>.*socat\[[0-9]*\]: //' >session
	log_lines session session close_reason client
	assert_members '"client_closed" "OPEN:/dev/null"\n'
	sed -n 's/^<[0-9]*>.*socat\[[0-9]*\]: //p' syslog >all
	log_lines all
	assert_log syslog '^<29>.*"level":"notice".*"event":"message"'
}

test_statistics() {
	# statistics are numbers, too
	given hello
	run "$SOCAT" --statistics $json - PIPE <in
	log_lines err statistics sessions blocks_to_right bytes_to_right blocks_to_left bytes_to_left
	assert_members '1 1 5 1 5\n'
	json_listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	client ask "127.0.0.1:$port" hello
	sessions relay.log 1 client
	kill -USR1 "$pid"
	wait_log relay.log '"event":"statistics"'
	log_lines relay.log statistics sessions bytes_to_right
	assert_members '1 5\n'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
