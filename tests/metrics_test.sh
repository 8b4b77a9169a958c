#!/bin/sh
# Metrics for Prometheus and probes: --metrics.

# shellcheck disable=SC2034,SC2154,SC3045
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tls.sh
. "$(dirname "$0")/tls.sh"
# nothing but loopback: what has no route is unreachable
own_namespace "$@"

# measured NAME ARGUMENT...: start the program tested with --metrics, until it serves them at $metrics.
measured() {
	measured_name=$1
	shift
	scrapes=
	relay "$measured_name" --metrics 127.0.0.1:0 "$@"
	relay=$pid
	wait_log "$measured_name.log" ' N serving metrics on ' || return 1
	metrics=$(metrics_of "$measured_name.log")
}

metrics_of() {
	sed -n 's/.* N serving metrics on AF=[0-9]* \(.*\)$/\1/p' "$1"
}

# listening ARGUMENT...: the same with a listener, whose port is $port.
listening() {
	measured relay "$@"
	wait_log relay.log ' N listening on ' && port=$(port_of relay.log)
}

# scrape: the series to a file of its own, $last.
scrape() {
	last=scrape.$((${last##*.} + 1))
	curl -sS --max-time "$BOUND" -o "$last" "http://$metrics/metrics" || fail 'no scrape'
	scrapes="$scrapes $last"
}
last=scrape.0

# value SERIES: of the last scrape.
value() {
	awk -v series="$1" '$1 == series { print $2 }' "$last"
}

# assert_value SERIES VALUE
assert_value() {
	assertEquals "$1" "$2" "$(value "$1")"
}

# counts SERIES VALUE: true if it has that value now; for wait_until.
counts() {
	scrape && [ "$(value "$1")" = "$2" ]
}

# wait_value SERIES VALUE
wait_value() {
	wait_until counts "$1" "$2" || echo "$1 is $(value "$1")"
}

# All scrapes of the test, in their order, are as they should be.
check_scrapes() {
	[ -n "$scrapes" ] || scrape
	# shellcheck disable=SC2086 # a list of files
	run "$python" "$tests/scrape.py" check $scrapes
	assert_status 0
}

# probe PATH [OPTION...]: the status code and the body, to out.
probe() {
	probe_path=$1
	shift
	run curl -sS --max-time "$BOUND" -w '%{http_code}\n' "$@" "http://$metrics$probe_path"
}

# answers PATH CODE: true if it does now.
answers() {
	probe "$1"
	[ "$(tail -n 1 out)" = "$2" ]
}

visit() {
	run "$python" "$tests/scrape.py" visit "$metrics" "$@"
}

let_go() {
	exec 9>&-
	finish "$holder"
}

# visitors COUNT TEXT: so many connections to the metrics that have said this, until let_go.
visitors() {
	rm -f holding
	mkfifo holding
	start_with holding holder "$python" "$tests/scrape.py" visit "$metrics" hold "$1" "$2"
	holder=$pid
	exec 9>holding
	wait_until grep -q "held $1" holder.out
}

# ---- the format

test_format() {
	# what is served is text format 0.0.4, whoever checks it
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	run curl -sS -D headers -o "scrape" "http://$metrics/metrics"
	assert_status 0
	tr -d '\r' <headers >plain
	assert_log plain '^HTTP/1.1 200 OK$'
	assert_log plain '^Content-Type: text/plain; version=0.0.4; charset=utf-8$'
	assert_log plain "^Content-Length: $(stat -c %s scrape)$"
	assert_log plain '^Connection: close$'
	assert_log plain "^Date: $(LC_ALL=C date -u '+%a, %d %b %Y') [0-9:]* GMT$"
	run "$python" "$tests/scrape.py" check scrape
	assert_out '1 checked\n'
	run promtool check metrics <scrape
	assert_status 0
	assert_file '' out
	assert_file '' err
}

test_process() {
	# what the process is and has, as the system sees it
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,max-children=7 PIPE
	scrape
	assert_value socat_sessions_max 7
	assert_value socat_draining 0
	assert_value socat_workers 1
	assert_value process_open_fds "$(($(count_fds "$relay") + 1))"
	assert_value process_max_fds "$(sed -n 's/Max open files *\([0-9]*\).*/\1/p' "/proc/$relay/limits")"
	page=$(getconf PAGESIZE)
	assertEquals 'resident' 0 "$(($(value process_resident_memory_bytes) % page))"
	assertTrue 'resident' "[ $(value process_resident_memory_bytes) -ge $((100 * page)) ]"
	assertTrue 'virtual' \
		"[ $(value process_virtual_memory_bytes) -gt $(value process_resident_memory_bytes) ]"
	began=$(($(date +%s) - $(ps -o etimes= -p "$relay")))
	off=$(($(value process_start_time_seconds | cut -d . -f 1) - began))
	assertTrue "start, $off s off" "[ ${off#-} -le 2 ]"
	assertEquals 'version' "socat_build_info{version=\"$("$SOCAT" -V | sed -n 's/^socat version \([^ ]*\) .*/\1/p')\"} 1" \
		"$(grep '^socat_build_info' "$last")"
	dd if=/dev/zero bs=1M count=32 2>/dev/null | run "$SOCAT" - "TCP4:127.0.0.1:$port"
	scrape
	ticks=$(cpu_ticks "$relay")
	assertTrue "CPU $(value process_cpu_seconds_total), $ticks ticks" \
		"[ $(value process_cpu_seconds_total | tr -d . | sed 's/^0*//;s/^$/0/') -le $((ticks * 10 + 20)) ]"
	check_scrapes
}

# ---- sessions

test_bytes() {
	# sessions and bytes are those that were served, both ways, while they run as well
	server answer answer 7 3000
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	scrape
	assert_value socat_sessions_total 0
	for size in 1000 20000; do
		head -c "$size" /dev/zero >data
		run "$SOCAT" -u OPEN:data "TCP4:127.0.0.1:$port"
	done
	wait_value 'socat_sessions_ended_total{reason="client_closed"}' 2
	assert_value socat_sessions_total 2
	assert_value socat_sessions_open 0
	assert_value 'socat_relayed_bytes_total{direction="left_to_right"}' 21000
	mkfifo input
	start_with input slow "$SOCAT" -u - "TCP4:127.0.0.1:$port"
	exec 9>input
	printf 12345 >&9
	wait_value 'socat_relayed_bytes_total{direction="left_to_right"}' 21005
	assert_value socat_sessions_open 1
	exec 9>&-
	wait_value socat_sessions_open 0
	assert_value socat_connect_duration_seconds_count 3
	assert_value 'socat_connect_duration_seconds_bucket{le="+Inf"}' 3
	assert_value 'socat_connect_duration_seconds_bucket{le="10"}' 3
	check_scrapes
}

test_both_ways() {
	# what comes back is counted on its own
	server answer answer 7 3000
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	client ask "127.0.0.1:$port" abc
	wait_value 'socat_sessions_ended_total{reason="client_closed"}' 1
	assert_value 'socat_relayed_bytes_total{direction="left_to_right"}' 3
	assert_value 'socat_relayed_bytes_total{direction="right_to_left"}' 3000
}

test_splicing() {
	# what goes through a pipe in the kernel is counted, too
	server collect collect "$dir"
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	head -c 20000000 /dev/zero >data
	run "$SOCAT" -u OPEN:data "TCP4:127.0.0.1:$port"
	wait_value 'socat_relayed_bytes_total{direction="left_to_right"}' 20000000
}

test_one_shot() {
	# a single session is counted; who waits for a connection is ready for it
	measured relay TCP4-LISTEN:0,bind=127.0.0.1 SYSTEM:'cat; exit 3'
	wait_log relay.log ' N listening on '
	port=$(port_of relay.log)
	probe /readyz
	assert_out 'ready\n200\n'
	scrape
	assert_value socat_sessions_open 0
	hold 1
	wait_value socat_sessions_open 1
	assert_value socat_sessions_total 1
	check_scrapes
	let_go
	finish "$relay"
	run curl -sS "http://$metrics/healthz"
	assertEquals 'closed at the end' 7 "$status"
}

test_starting() {
	# before everything is open it is alive, and not ready
	measured relay TCP4:127.0.0.1:1,retry=1000,interval=0.05 PIPE
	wait_value 'socat_connect_failures_total{reason="refused"}' 3
	probe /readyz
	assert_out 'starting\n503\n'
	probe /healthz
	assert_out 'ok\n200\n'
	check_scrapes
}

test_connecting_server() {
	# an address that connects again and again
	server hello hello-echo
	measured relay "TCP4:127.0.0.1:$server_port,fork,interval=0.01,max-children=3" PIPE
	wait_value socat_sessions_open 3
	probe /readyz
	assert_out 'ready\n200\n'
	check_scrapes
}

test_datagrams() {
	# each peer of UDP is a session
	peer_server "$tests/udp_peer.py" echo echo
	listening UDP4-LISTEN:0,bind=127.0.0.1,fork "UDP4:127.0.0.1:$server_port"
	port=$(sed -n 's/.* N listening on UDP .*:\([0-9]*\)$/\1/p' relay.log)
	run "$python" "$tests/udp_peer.py" client many "$port" 5 4
	assert_status 0
	scrape
	assert_value socat_sessions_total 5
	assert_value socat_sessions_open 5
	check_scrapes
}

# ---- what goes wrong

# refused REASON: a connection was, for this one.
refused() {
	wait_value "socat_connections_refused_total{reason=\"$1\"}" 1
	assertEquals 'others' 1 "$(awk '/^socat_connections_refused_total/ { n += $2 } END { print n }' "$last")"
}

test_refused_by_range() {
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,range=127.0.0.2/32 PIPE
	client ask "127.0.0.1:$port" abc
	refused range
	assert_value socat_sessions_total 0
}

test_refused_by_tcpwrap() {
	echo 'ALL: ALL' >deny
	listening "TCP4-LISTEN:0,bind=127.0.0.1,fork,tcpwrap=x,deny-table=$dir/deny" PIPE
	client ask "127.0.0.1:$port" abc
	refused tcpwrap
}

test_refused_by_port() {
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,lowport PIPE
	client ask "127.0.0.1:$port" abc
	refused port
}

test_refused_by_proxy_source() {
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,accept-proxy,accept-proxy-from=127.0.0.2/32 PIPE
	client ask "127.0.0.1:$port" abc
	refused proxy_source
}

test_refused_by_proxy_header() {
	# it was a session by then
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,accept-proxy,accept-proxy-from=127.0.0.1/32 PIPE
	client ask "127.0.0.1:$port" 'no header at all, but long enough to be one'
	refused proxy_header
	assert_value 'socat_sessions_ended_total{reason="handshake_failed"}' 1
	check_scrapes
}

test_refused_per_peer() {
	# a client has as many sessions as it may
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,max-children-per-peer=1 PIPE
	hold 1
	client ask "127.0.0.1:$port" abc
	refused max_children_per_peer
	assert_value socat_sessions_total 1
	check_scrapes
}

test_refused_per_peer_by_a_header() {
	# whom the header names; that is no session that could not begin, and has no record
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,accept-proxy,accept-proxy-from=127.0.0.1,max-children-per-peer=1 PIPE
	mkfifo input
	start_with input held "$SOCAT" - "TCP4:127.0.0.1:$port"
	exec 9>input
	printf 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello' >&9
	wait_log held.out hello
	printf 'PROXY TCP4 192.0.2.1 192.0.2.2 3 4\r\n' >data
	"$SOCAT" - "TCP4:127.0.0.1:$port" <data >out 2>err
	wait_value 'socat_connections_refused_total{reason="max_children_per_peer"}' 1
	wait_value 'socat_sessions_ended_total{reason="refused"}' 1
	assert_value socat_sessions_open 1
	refute_log relay.log ' N session of '
	exec 9>&-
	check_scrapes
}

test_rate() {
	# they come too fast, and wait
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,max-rate=2 PIPE
	client many "127.0.0.1:$port" 4 10
	assert_out '4 of 4 answers right\n'
	scrape
	assertTrue "$(value socat_rate_waits_total) waits" "[ $(value socat_rate_waits_total) -gt 0 ]"
	assert_value socat_sessions_total 4
}

test_dropped_packets() {
	# peers of UDP that are not let in
	listening UDP4-LISTEN:0,bind=127.0.0.1,fork,max-children=1 PIPE
	port=$(sed -n 's/.* N listening on UDP .*:\([0-9]*\)$/\1/p' relay.log)
	for peer in 1 2; do
		echo hello | run "$SOCAT" -u - "UDP4-SENDTO:127.0.0.1:$port"
	done
	wait_value socat_dropped_packets_total 1
	assert_value socat_sessions_total 1
	check_scrapes
}

test_refused_without_memory() {
	# no process can be had for the connection
	need strace || return 0
	scrapes=
	faulty relay 'clone,fork,vfork,clone3:error=EAGAIN' --metrics 127.0.0.1:0 \
		TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	wait_log relay.log ' N listening on ' || return
	metrics=$(metrics_of relay.log) port=$(port_of relay.log)
	client ask "127.0.0.1:$port" abc
	refused shortage
	check_scrapes
}

# failed_connect REASON ADDRESS: attempts to open it fail, for this reason.
failed_connect() {
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork "$2"
	client ask "127.0.0.1:$port" abc
	[ "$1" = dns ] && end=lookup_failed || end=connect_failed
	wait_value "socat_sessions_ended_total{reason=\"$end\"}" 1
	assert_value "socat_connect_failures_total{reason=\"$1\"}" "${3:-1}"
	assertEquals 'others' "${3:-1}" \
		"$(awk '/^socat_connect_failures_total/ { n += $2 } END { print n }' "$last")"
	assert_value socat_connect_duration_seconds_count 0
	check_scrapes
	stop "$relay"
}

test_connect_failures() {
	failed_connect refused TCP4:127.0.0.1:1
	failed_connect refused TCP4:127.0.0.1:1,retry=2,interval=0.01 3
	failed_connect unreachable TCP4:192.0.2.1:1
	failed_connect dns TCP4:no-such-host.invalid:1
	failed_connect missing "UNIX-CONNECT:$dir/none"
	failed_connect other TCP4:127.0.0.1:1,bind=192.0.2.9
}

test_connect_timeout() {
	# nobody takes the connection
	start full "$python" "$tests/scrape.py" full "$dir/full.port"
	wait_until test -s full.port
	failed_connect timeout "TCP4:127.0.0.1:$(cat full.port),connect-timeout=0.1"
}

test_connect_denied() {
	# as by a packet filter
	need strace || return 0
	scrapes=
	faulty relay 'connect:error=EPERM' --metrics 127.0.0.1:0 \
		TCP4-LISTEN:0,bind=127.0.0.1,fork TCP4:127.0.0.1:1
	wait_log relay.log ' N listening on ' || return
	metrics=$(metrics_of relay.log) port=$(port_of relay.log)
	client ask "127.0.0.1:$port" abc
	wait_value 'socat_connect_failures_total{reason="denied"}' 1
}

# failed_handshake SIDE REASON: one has failed, and nothing else.
failed_handshake() {
	wait_value "socat_handshake_failures_total{side=\"$1\",reason=\"$2\"}" 1
	assertEquals 'others' 1 \
		"$(awk '/^socat_handshake_failures_total/ { n += $2 } END { print n }' "$last")"
	check_scrapes
	stop "$relay"
}

# tls_measured OPTIONS: a TLS server.
tls_measured() {
	listening "OPENSSL-LISTEN:0,bind=127.0.0.1,fork,cert=$pki/server.pem,$1" PIPE
}

test_client_handshakes() {
	tls_measured verify=0
	client ask "127.0.0.1:$port" 'GET / HTTP/1.0'
	failed_handshake client other
	tls_measured verify=0
	client abort "127.0.0.1:$port" 0
	failed_handshake client closed
	tls_measured verify=0,handshake-timeout=0.1
	hold_silent
	failed_handshake client timeout
	tls_measured "cafile=$pki/ca.crt"
	run timeout "$BOUND" openssl s_client -tls1_2 -cert "$pki/client-other.crt" \
		-key "$pki/client-other.key" -connect "127.0.0.1:$port" </dev/null
	failed_handshake client certificate
	tls_measured verify=0
	run timeout "$BOUND" openssl s_client -tls1_2 -verify_return_error -CAfile "$pki/other-ca.crt" \
		-connect "127.0.0.1:$port" </dev/null
	failed_handshake client refused
}

# A connection that says nothing until the other side closes it.
hold_silent() {
	run "$python" "$tests/peer.py" client first "127.0.0.1:$port"
}

# upstream ADDRESS: connections go there.
upstream() {
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork "$1"
	client ask "127.0.0.1:$port" abc
}

test_upstream_handshakes() {
	server say say 'no TLS at all'
	upstream "OPENSSL:127.0.0.1:$server_port,cafile=$pki/ca.crt"
	failed_handshake upstream other
	server silent silent
	upstream "OPENSSL:127.0.0.1:$server_port,cafile=$pki/ca.crt,handshake-timeout=0.1"
	failed_handshake upstream timeout
	listener tls "OPENSSL-LISTEN:0,bind=127.0.0.1,fork,cert=$pki/server.pem,verify=0" PIPE
	upstream "OPENSSL:127.0.0.1:$port,cafile=$pki/other-ca.crt"
	failed_handshake upstream certificate
	peer_server "$tests/http_proxy.py" proxy say 'HTTP/1.0 403 Forbidden\r\n\r\n'
	upstream "PROXY:127.0.0.1:target.example:80,proxyport=$server_port"
	failed_handshake upstream refused
	peer_server "$tests/http_proxy.py" proxy close ''
	upstream "PROXY:127.0.0.1:target.example:80,proxyport=$server_port"
	failed_handshake upstream closed
}

test_failed_session() {
	# an error in the middle
	server reset reset
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork "TCP4:127.0.0.1:$server_port"
	client ask "127.0.0.1:$port" abc
	wait_value 'socat_sessions_ended_total{reason="upstream_reset"}' 1
	check_scrapes
}

# ---- HTTP

request='GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'

test_paths() {
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	probe /healthz
	assert_out 'ok\n200\n'
	probe '/readyz?verbose=1'
	assert_out 'ready\n200\n'
	for path in / /metrics/ /healthzz /health; do
		probe "$path"
		assertEquals "$path" 404 "$(tail -n 1 out)"
	done
	probe /healthz -I
	assert_log out '^HTTP/1.1 200 ok'
	assert_log out '^Content-Length: 3'
	for method in POST PUT DELETE OPTIONS; do
		probe /metrics -X "$method" -d body -D headers
		assertEquals "$method" 405 "$(tail -n 1 out)"
		assert_log headers '^Allow: GET, HEAD'
	done
	probe /healthz --http1.0
	assert_out 'ok\n200\n'
	run curl -sS --proxy "http://$metrics" http://relay.example/healthz
	assert_out 'ok\n'
	probe /healthz -X GET -d 'a body that nobody reads'
	assert_out 'ok\n200\n'
	scrape
	assert_value socat_sessions_total 0
}

# says CODE TEXT [MODE]: that is the answer to a request.
says() {
	visit "${3:-send}" "$2"
	assertEquals "$2" "HTTP/1.1 $1" "$(head -n 1 out | cut -c 1-12)"
}

test_requests() {
	# what is no request, or none that is served
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	says 200 "$request" pieces
	says 200 "$request" half
	says 200 'GET /healthz HTTP/1.0\n\n'
	says 200 '\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n'
	says 400 'GET /healthz\r\n\r\n'
	says 400 'GET /healthz HTTP/1.1\r\n\r\n'
	says 400 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'
	says 400 'GET healthz HTTP/1.0\r\n\r\n'
	says 400 'GET /healthz HTTP/1.0\r\nno header\r\n\r\n'
	says 400 'GET /health\x00z HTTP/1.0\r\n\r\n'
	says 400 '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
	says 505 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
	says 405 'get /healthz HTTP/1.0\r\n\r\n'
	says 431 "GET /healthz HTTP/1.0\\r\\nA: $(printf '%05000d' 0)\\r\\n\\r\\n"
	says 431 "GET /$(printf '%05000d' 0) HTTP/1.0\\r\\n\\r\\n"
	# one answer, whatever follows
	visit send "$request$request$request"
	assert_lines out '^HTTP/1.1 200' 1
	visit half 'GET /healthz HTT'
	assert_file '' out
	visit leave "$request"
	assert_status 0
	visit leave 'GET '
	probe /healthz
	assert_out 'ok\n200\n'
}

test_too_late() {
	# who does not come to the point is told so, and nobody else has to wait for that
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	probe /healthz
	fds=$(count_fds "$relay")
	start late "$python" "$tests/scrape.py" visit "$metrics" send 'GET /metr'
	late=$pid
	visitors 10 ''
	probe /healthz
	assert_out 'ok\n200\n'
	finish "$late"
	assert_log late.out '^HTTP/1.1 408 Request Timeout'
	wait_until has_fds "$relay" "$fds"
	let_go
	assert_log holder.out '^closed 10$'
}

test_many_visitors() {
	# with 16 that are slow on purpose the oldest makes room; and descriptors come back
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	probe /healthz
	fds=$(count_fds "$relay")
	visitors 40 'GET /metrics HTTP/1.1\r\n'
	scrape
	scrape
	assertTrue "$(count_fds "$relay") descriptors" "[ $(count_fds "$relay") -le $((fds + 17)) ]"
	let_go
	assertTrue "$(cat holder.out)" "[ $(sed -n 's/^closed //p' holder.out) -ge 24 ]"
	wait_until has_fds "$relay" "$fds"
	check_scrapes
}

test_reads_nothing() {
	# an answer that nobody takes does not stay for ever
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	fds=$(count_fds "$relay")
	visit stall
	assert_log out 'Error'
	wait_until has_fds "$relay" "$fds"
	client ask "127.0.0.1:$port" abc
	assert_out abc
}

# ---- places

test_unix_socket() {
	# a UNIX socket, which goes with the process; a stale one is replaced, any other is not
	start relay "$SOCAT" -d -d --metrics ./probe.sock TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	relay=$pid
	wait_log relay.log ' N listening on '
	run curl -sS --unix-socket probe.sock http://localhost/readyz
	assert_out 'ready\n'
	run "$SOCAT" --metrics "$dir/probe.sock" PIPE PIPE
	assert_error 'option --metrics: .*/probe.sock: bind: '"$in_use"'; a process listens there'
	kill -KILL "$relay"
	finish "$relay"
	assertTrue 'stale' '[ -S probe.sock ]'
	start relay "$SOCAT" -d -d --metrics ./probe.sock TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	relay=$pid
	wait_log relay.log ' N listening on '
	run curl -sS --unix-socket probe.sock http://localhost/readyz
	assert_out 'ready\n'
	stop "$relay"
	assertFalse 'removed' '[ -e probe.sock ]'
	echo precious >./probe.sock
	run "$SOCAT" --metrics ./probe.sock PIPE PIPE
	assert_error 'or it is no socket'
	assert_file 'precious\n' probe.sock
}

# succeeds: true if a run with the same socket serves it, which it can't before the other one is gone.
succeeds() {
	start next "$SOCAT" -d -d --metrics ./probe.sock TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	next=$pid
	wait_until log_has next.log ' N listening on | E ' 1
	log_has next.log ' N listening on ' 1
}

test_unix_socket_of_a_successor() {
	# who ends does not take the socket away from who comes after him
	faulty relay 'unlink,unlinkat:delay_enter=1000000' --metrics ./probe.sock \
		TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	relay=$pid
	wait_log relay.log ' N listening on '
	kill -TERM "$(children "$relay" | tr -d ' ')"
	wait_log relay.log ' N exiting with status'
	wait_until succeeds
	finish "$relay"
	run curl -sS --unix-socket probe.sock http://localhost/readyz
	assert_out 'ready\n'
}

test_places() {
	# without a host at every address, of both IP versions; names; brackets
	for place in 0 :0; do
		start relay "$SOCAT" -d -d --metrics "$place" TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
		wait_log relay.log ' N listening on '
		port=$(metrics_of relay.log | sed 's/.*://')
		for host in 127.0.0.1 '[::1]'; do
			run curl -sS "http://$host:$port/healthz"
			assert_out 'ok\n'
		done
		stop "$pid"
	done
	for place in localhost '[::1]'; do
		start relay "$SOCAT" -d -d "--metrics=$place:0" TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
		wait_log relay.log ' N listening on '
		run curl -sS "http://$place:$(metrics_of relay.log | sed 's/.*://')/healthz"
		assert_out 'ok\n'
		stop "$pid"
	done
}

test_taken() {
	# a port that is taken, or a name that is none: nothing else is opened
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	run "$SOCAT" --metrics "$metrics" UNIX-LISTEN:socket,fork PIPE
	assert_error "option --metrics: $metrics: bind: $in_use; another process listens there"
	run "$SOCAT" --metrics no-such-host.invalid:0 UNIX-LISTEN:socket,fork PIPE
	assert_error 'option --metrics: looking up "no-such-host.invalid": '
	assertFalse 'opened' '[ -e socket ]'
}

# ---- the server is busy, short, or about to end

test_full() {
	# probes are no sessions, and are served when max-children are
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,max-children=2 PIPE
	hold 2
	wait_value socat_sessions_open 2
	probe /readyz
	assert_out 'ready\n200\n'
	assert_value socat_sessions_total 2
	let_go
	wait_value socat_sessions_open 0
	check_scrapes
}

test_descriptors_run_out() {
	# a shortage is counted, and can be asked about while it lasts
	start relay prlimit --nofile=40 "$SOCAT" -d -d --metrics 127.0.0.1:0 \
		TCP4-LISTEN:0,bind=127.0.0.1,fork UNIX-CONNECT:"$dir/upstream"
	relay=$pid scrapes=
	start upstream "$SOCAT" -d -d UNIX-LISTEN:upstream,fork PIPE
	wait_log upstream.log ' N listening on '
	wait_log relay.log ' N listening on '
	metrics=$(metrics_of relay.log) port=$(port_of relay.log)
	rm -f holding
	mkfifo holding
	start_with holding holder "$python" "$tests/scrape.py" visit "127.0.0.1:$port" hold 60 x
	holder=$pid
	exec 9>holding
	wait_log relay.log ' W .*waiting for sessions to end'
	for _ in 1 2 3 4 5 6 7 8; do
		scrape
	done
	assert_value socat_shortages_total 1
	assertTrue "$(value process_open_fds) descriptors" "[ $(value process_open_fds) -gt 30 ]"
	assert_value process_max_fds 40
	let_go
	wait_value socat_sessions_total 60
	wait_value socat_sessions_open 0
	check_scrapes
}

test_drain() {
	# after SIGTERM sessions may finish: not ready any more, but alive; then it is gone
	listening --grace 60 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	hold 3
	kill -TERM "$relay"
	wait_log relay.log ' N 3 sessions may finish '
	probe /readyz
	assert_out 'draining\n503\n'
	probe /healthz
	assert_out 'ok\n200\n'
	scrape
	assert_value socat_draining 1
	assert_value socat_sessions_open 3
	let_go
	finish "$relay"
	assertEquals 0 "$status"
	check_scrapes
}

# ---- several processes

# worker NUMBER: the process that is this one now.
worker() {
	sed -n "s/.* N worker $1 is process \([0-9]*\)$/\1/p" relay.log | tail -n 1
}

test_workers() {
	# the sums of all; who dies takes its open sessions along, and what it counted stays
	listening --workers 2 TCP4-LISTEN:0,bind=127.0.0.1,fork,max-children=100 PIPE
	wait_log relay.log ' N worker 2 is process '
	client many "127.0.0.1:$port" 50 1000
	assert_out '50 of 50 answers right\n'
	wait_value 'socat_sessions_ended_total{reason="client_closed"}' 50
	assert_value socat_sessions_total 50
	assert_value socat_sessions_max 100
	assert_value 'socat_relayed_bytes_total{direction="left_to_right"}' 50000
	assert_value socat_workers 2
	fds=$(($(count_fds "$relay") + $(count_fds "$(worker 1)") + $(count_fds "$(worker 2)")))
	assert_value process_open_fds "$((fds + 1))"
	hold 20
	wait_value socat_sessions_open 20
	for number in 1 2; do
		assertEquals "sockets of worker $number" '' "$(ss -Hltnp "sport = :${metrics##*:}" |
			grep "pid=$(worker $number),")"
		kill -KILL "$(worker $number)"
	done
	wait_value socat_workers_replaced_total 2
	wait_value socat_workers 2
	assert_value socat_sessions_open 0
	assert_value 'socat_sessions_ended_total{reason="killed"}' 20
	assert_value socat_sessions_total 70
	exec 9>&-
	client ask "127.0.0.1:$port" abc
	assert_out abc
	probe /healthz
	assert_out 'ok\n200\n'
	check_scrapes
	stop "$relay"
	assertEquals 0 "$status"
}

# All workers are dead at the moment, since each of them is killed as it comes.
without_workers() {
	for without in $(children "$relay"); do
		kill -KILL "$without"
	done
	answers /healthz 503
}

test_no_worker() {
	# when all are dead it is not alive, until there is one again
	listening --workers 2 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log relay.log ' N worker 2 is process '
	wait_until without_workers
	assert_out 'no worker\n503\n'
	answers /readyz 200 && fail 'ready without workers'
	wait_until answers /healthz 200
}

test_workers_drain() {
	listening --workers 2 --grace 60 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log relay.log ' N worker 2 is process '
	hold 1
	kill -TERM "$relay"
	wait_until answers /readyz 503
	assert_out 'draining\n503\n'
	probe /healthz
	assert_out 'ok\n200\n'
	let_go
	finish "$relay"
	assertEquals 0 "$status"
}

test_process_per_connection() {
	# a child process counts with the others, and has nothing of the metrics
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	client many "127.0.0.1:$port" 10 1000
	wait_value 'socat_sessions_ended_total{reason="client_closed"}' 10
	assert_value 'socat_relayed_bytes_total{direction="left_to_right"}' 10000
	assert_value 'socat_relayed_bytes_total{direction="right_to_left"}' 10000
	hold 2
	wait_value socat_sessions_open 2
	assertEquals 'who listens' 1 "$(ss -Hltnp "sport = :${metrics##*:}" | grep -o 'pid=' | wc -l)"
	for child in $(children "$relay"); do
		assertEquals 'reserve' '' "$(find "/proc/$child/fd" -lname / -o -lname '*/statm')"
	done
	kill -KILL "$(children "$relay" | cut -d ' ' -f 1)"
	wait_value 'socat_sessions_ended_total{reason="killed"}' 1
	let_go
	wait_value socat_sessions_open 0
	assert_value 'socat_sessions_ended_total{reason="client_closed"}' 11
	check_scrapes
	probe /healthz
	assert_out 'ok\n200\n'
}

test_killed_while_it_waits() {
	# a process whose session is over, but not its program, has one end, too
	# shellcheck disable=SC2016 # for the shell that is run
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate \
		SYSTEM:'exec <&- >&-; sleep 0.2; kill -STOP $PPID; sleep 60'
	run "$SOCAT" -u /dev/null "TCP4:127.0.0.1:$port"
	wait_until has_children "$relay" 1
	child=$(children "$relay")
	wait_until grep -q '^State:.T' "/proc/${child% }/status"
	kill -KILL "$child"
	wait_value 'socat_sessions_ended_total{reason="killed"}' 1
	assert_value 'socat_sessions_ended_total{reason="client_closed"}' 0
	assert_value socat_sessions_open 0
	check_scrapes
}

test_workers_and_processes() {
	# the child processes of a worker outlive it, and their sessions are open until they end
	listening --workers 2 TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	wait_log relay.log ' N worker 2 is process '
	hold 6
	wait_value socat_sessions_open 6
	kill -KILL "$(worker 1)" "$(worker 2)"
	wait_value socat_workers_replaced_total 2
	assert_value socat_sessions_open 6
	let_go
	assertEquals 0 "$status"
	wait_value 'socat_sessions_ended_total{reason="client_closed"}' 6
	assert_value socat_sessions_open 0
	check_scrapes
}

test_process_per_peer() {
	# packets that reach a child process through the first one count once
	listening UDP4-LISTEN:0,bind=127.0.0.1,fork,isolate PIPE
	port=$(sed -n 's/.* N listening on UDP .*:\([0-9]*\)$/\1/p' relay.log)
	run "$python" "$tests/udp_peer.py" client ask "$port" one three
	assert_out 'one\nthree\n'
	scrape
	assert_value 'socat_relayed_bytes_total{direction="left_to_right"}' 8
	assert_value socat_sessions_total 1
	check_scrapes
}

test_becomes_a_program() {
	# with nofork, too
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork EXEC:cat,nofork
	client ask "127.0.0.1:$port" abc
	assert_out abc
	wait_value 'socat_sessions_ended_total{reason="program_exited"}' 1
	assert_value socat_sessions_open 0
	check_scrapes
}

# ---- --healthcheck

check() {
	run "$SOCAT" --healthcheck "$@"
}

test_healthcheck() {
	# every form of a URL
	listening TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	for url in "$metrics" "${metrics#*:}" "http://$metrics" "http://$metrics/" "$metrics/readyz" \
		"http://$metrics/metrics?x" "localhost:${metrics#*:}/healthz"; do
		check "$url"
		[ "${url%/}" != "$url" ] && continue
		assertEquals "$url: $(cat err)" 0 "$status"
	done
	run "$SOCAT" "--healthcheck=$metrics"
	assert_status 0
	check "http://$metrics/nothing"
	assert_error "option --healthcheck: http://$metrics/nothing: the answer is 404 Not Found"
	check 127.0.0.1:1
	assert_error 'option --healthcheck: 127.0.0.1:1: connect: Connection refused'
	check "$dir/none"
	assert_error 'none: connect: No such file or directory'
	check no..host:80
	assert_error 'looking up the host: '
	start unix "$SOCAT" -d -d --metrics ./probe.sock UNIX-LISTEN:other,fork PIPE
	wait_log unix.log ' N listening on '
	check "$dir/probe.sock"
	assert_status 0
	check "$dir/probe.sock:/readyz"
	assert_status 0
	check "$dir/probe.sock:/nothing"
	assert_error '404'
}

test_healthcheck_of_strangers() {
	# what is no HTTP, nothing, or never
	server say say 'SSH-2.0-x
'
	check "127.0.0.1:$server_port"
	assert_error 'this is not HTTP'
	server say say ''
	check "127.0.0.1:$server_port"
	assert_error 'without an answer|reset'
	server silent silent
	check "127.0.0.1:$server_port"
	assertEquals 1 "$status"
	assert_lines err "^socat: option --healthcheck: 127.0.0.1:$server_port: no answer within 5 s$" 1
}

test_healthcheck_in_a_container() {
	# without a URL process 1 is asked
	need_root || return 0
	as_init relay --metrics 127.0.0.1:0 TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log relay.log ' N listening on '
	run nsenter -t "$pid" --pid --mount "$SOCAT" --healthcheck
	assert_error 'option --healthcheck: "127.0.0.1:0" names no port'
	stop_all
	free=$(metrics_of relay.log)
	as_init relay -T 9 --metrics "$free" TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log relay.log ' N listening on '
	run nsenter -t "$pid" --pid --mount "$SOCAT" --healthcheck
	assert_status 0
	stop_all
	as_init relay "--metrics=$free" TCP4-LISTEN:0,bind=127.0.0.1,fork PIPE
	wait_log relay.log ' N listening on '
	run nsenter -t "$pid" --pid --mount "$SOCAT" --healthcheck
	assert_status 0
}

test_healthcheck_of_a_relative_path() {
	# what --metrics took for a path is one, too, wherever its slashes are
	measured relay --metrics ./probe.sock TCP4-LISTEN:0,bind=127.0.0.1,fork \
		EXEC:"$SOCAT --healthcheck"
	wait_log relay.log ' N listening on ' && port=$(port_of relay.log)
	run "$SOCAT" -u "TCP4:127.0.0.1:$port" -
	wait_log relay.log '; exit status 0'
}

test_healthcheck_without() {
	# where there is no --metrics
	check
	assert_error 'neither process 1 nor the parent'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
