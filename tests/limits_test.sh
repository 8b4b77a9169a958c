#!/bin/sh
# How often, and how often at once, a client may come: max-rate, max-children-per-peer.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
# shellcheck source=tests/tls.sh
. "$tests/tls.sh"

for address in 2001:db8:0:1::1 2001:db8:0:1::2 2001:db8:0:2::1 2001:db8:0:2::2; do
	ip address add "$address/128" dev lo nodad
done

# come ARGUMENT...: clients that come and go, see limits.py.
come() {
	run "$python" "$tests/limits.py" "$@"
}

# stay NAME ARGUMENT...: clients that stay until the pipe NAME.in is closed: end them with leave.
stay() {
	stay_name=$1
	shift
	mkfifo "$stay_name.in"
	start_with "$stay_name.in" "$stay_name" "$python" "$tests/limits.py" "$@" --hold
	stayed=$pid
	sleep infinity >"$stay_name.in" &
	keeper=$!
	started="$started $keeper"
	wait_log "$stay_name.out" ' served'
}

leave() {
	kill "$keeper"
	finish "$stayed"
}

# assert_served N M FILE: so many were served, and so many refused.
assert_served() {
	assertEquals 'clients' "$1 served, $2 refused" "$(sed 's/ in .*//' "$3")"
}

# assert_took SECONDS FILE: at least so long; what is earlier was not limited.
assert_took() {
	assertTrue "too fast: $(cat "$2")" "awk '{ exit !(\$6 >= $1) }' $2"
}

udp_port() {
	sed -n 's/.* N [a-z]* on .*:\([0-9]*\)$/\1/p' "$1" | head -n 1
}

served='accepting connection'
refusal='W .* is refused: it has as many sessions as option max-children-per-peer allows'

# ---- max-rate

test_rate_waits() {
	# beyond the rate connections wait, and those that are served are not disturbed
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,max-rate=1/h PIPE
	come "127.0.0.1:$port" 1
	assert_served 1 0 out
	start second "$python" "$tests/limits.py" "127.0.0.1:$port" 1
	wait_log relay.log ' W .* connections come faster than option max-rate allows: they wait$'
	assert_lines relay.log "$served" 1
}

test_rate_goes_on() {
	# 20 at once, then one in 50 ms
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,max-rate=20 PIPE
	come "127.0.0.1:$port" 25
	assert_served 25 0 out
	assert_took 0.25 out
	assert_lines relay.log ' W .*max-rate' 1
}

test_rate_none() {
	# 0: any
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,max-rate=0 PIPE
	come "127.0.0.1:$port" 25
	assert_served 25 0 out
	refute_log relay.log 'max-rate'
}

test_rate_unix() {
	# a fraction, and a socket that has no ports
	relay relay "UNIX-LISTEN:$dir/socket,fork,max-rate=0.001" PIPE
	wait_log relay.log ' N listening on '
	come "$dir/socket" 1
	assert_served 1 0 out
	start second "$python" "$tests/limits.py" "$dir/socket" 1
	wait_log relay.log ' W .*they wait$'
	assert_lines relay.log "$served" 1
}

test_rate_workers() {
	# all processes keep to it together
	relay relay --workers 2 TCP4-LISTEN:0,bind=127.0.0.1,fork,max-rate=1/h PIPE
	wait_log relay.log ' N worker 2 is process '
	port=$(port_of relay.log)
	come "127.0.0.1:$port" 1
	assert_served 1 0 out
	for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
		start "client$number" "$python" "$tests/limits.py" "127.0.0.1:$port" 1
	done
	# the kernel spreads them: each process has some with all but certainty
	wait_log relay.log ' W .*they wait$' 2
	assert_lines relay.log "$served" 1
}

test_rate_udp() {
	# first packets of new peers are dropped, those of known ones are not
	relay relay UDP4-LISTEN:0,bind=127.0.0.1,fork,max-rate=1/h PIPE
	wait_log relay.log ' N listening on UDP'
	port=$(udp_port relay.log)
	cat >peers.py <<-END
		import socket
		one, two = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(2)]
		for peer in one, two:
		    peer.settimeout($BOUND)
		    peer.connect(("127.0.0.1", $port))
		one.send(b"1")
		print(one.recv(9))
		two.send(b"2")
		for i in range(20):
		    one.send(b"3")
		    one.recv(9)
		two.setblocking(False)
		try:
		    print(two.recv(9))
		except BlockingIOError:
		    print("nothing")
	END
	run "$python" peers.py
	assert_out "b'1'\nnothing\n"
	assert_log relay.log ' W .*they come faster than option max-rate allows: packets of further peers are dropped$'
	assert_lines relay.log 'accepting UDP' 1
}

test_rate_packets() {
	# where each packet is a session, packets wait
	relay relay UDP4-RECVFROM:0,bind=127.0.0.1,fork,max-rate=20 PIPE
	wait_log relay.log ' N receiving on'
	port=$(udp_port relay.log)
	come "127.0.0.1:$port" 25 --udp
	assert_served 25 0 out
	assert_took 0.25 out
}

# ---- max-children-per-peer

test_per_peer() {
	# each address has its own, and sessions that are over count no more
	listener relay TCP4-LISTEN:0,fork,max-children-per-peer=3 PIPE
	stay first "127.0.0.1:$port" 5 --from 127.0.0.2
	assert_served 3 2 first.out
	come "127.0.0.1:$port" 3 --from 127.0.0.3
	assert_served 3 0 out
	assert_lines relay.log "$refusal" 1
	assert_log relay.log '127\.0\.0\.2 is refused: it has as many'
	leave
	wait_until served_again 3
}

# So many of a peer are served, once its last sessions are really over.
served_again() {
	come "127.0.0.1:$port" "$1" --from 127.0.0.2
	grep -q "^$1 served, 0 refused" out
}

test_per_peer_many() {
	# many peers that come, go and come again
	listener relay TCP4-LISTEN:0,fork,max-children-per-peer=1 PIPE
	cat >many.py <<-END
		import random, socket
		random.seed(7)
		held = {}
		for step in range(1500):
		    host = "127.1.%d.%d" % (random.randrange(2), random.randrange(1, 200))
		    if host in held and random.random() < 0.5:
		        held[host].shutdown(socket.SHUT_WR)
		        assert held.pop(host).recv(9) == b""
		        continue
		    conn = socket.socket()
		    conn.settimeout($BOUND)
		    conn.bind((host, 0))
		    conn.connect(("127.0.0.1", $port))
		    try:
		        conn.send(b"x")
		        came = conn.recv(9)
		    except ConnectionError:
		        came = b""
		    if host in held:
		        assert came == b"", (step, host)
		    elif came:
		        held[host] = conn
		print(len(held) > 100)
	END
	run "$python" many.py
	assert_out 'True\n'
}

test_per_peer_refused_upstream() {
	# a connection whose other side can't be had does not count any more
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,max-children-per-peer=1 TCP4:127.0.0.1:1
	come "127.0.0.1:$port" 1
	for number in 1 2 3 4 5; do
		wait_log relay.log ' E TCP4:127.0.0.1:1' "$number"
		come "127.0.0.1:$port" 1
	done
	refute_log relay.log "$refusal"
}

test_per_peer_ip6() {
	# a client of IPv6 is a network of 64 bits
	listener relay TCP6-LISTEN:0,fork,max-children-per-peer=2 PIPE
	stay first "[2001:db8:0:1::1]:$port" 1 --from 2001:db8:0:1::1
	come "[2001:db8:0:1::1]:$port" 2 --from 2001:db8:0:1::2
	assert_served 1 1 out
	come "[2001:db8:0:1::1]:$port" 2 --from 2001:db8:0:2::1
	assert_served 2 0 out
}

test_per_peer_prefix() {
	# or as many bits as the option says
	listener relay TCP6-LISTEN:0,fork,max-children-per-peer=1/128 PIPE
	stay first "[2001:db8:0:1::1]:$port" 1 --from 2001:db8:0:1::1
	come "[2001:db8:0:1::1]:$port" 1 --from 2001:db8:0:1::2
	assert_served 1 0 out
	leave
	listener other TCP6-LISTEN:0,fork,max-children-per-peer=1/56 PIPE
	stay second "[2001:db8:0:1::1]:$port" 1 --from 2001:db8:0:1::1
	come "[2001:db8:0:1::1]:$port" 1 --from 2001:db8:0:2::1
	assert_served 0 1 out
}

test_per_peer_link_local() {
	# neighbours have the same 64 bits: there it is the address
	ip address add fe80::51/128 dev lo nodad
	ip address add fe80::52/128 dev lo nodad
	listener relay TCP6-LISTEN:0,fork,max-children-per-peer=1 PIPE
	cat >neighbours.py <<-END
		import socket
		scope = socket.if_nametoindex("lo")
		kept = []
		for number, expected in (51, b"x"), (52, b"x"), (52, b""):
		    conn = socket.socket(socket.AF_INET6)
		    conn.settimeout($BOUND)
		    conn.bind(("fe80::%d" % number, 0, 0, scope))
		    conn.connect(("fe80::51", $port, 0, scope))
		    try:
		        conn.send(b"x")
		        came = conn.recv(9)
		    except ConnectionError:
		        came = b""
		    print(came == expected)
		    kept.append(conn)
	END
	run "$python" neighbours.py
	assertEquals '' "$(cat err)"
	assert_out 'True\nTrue\nTrue\n'
}

test_per_peer_mapped() {
	# IPv4 clients of a socket of IPv6 are told apart
	listener relay TCP6-LISTEN:0,fork,ipv6only=0,max-children-per-peer=1 PIPE
	stay first "127.0.0.1:$port" 1 --from 127.0.0.2
	come "127.0.0.1:$port" 1 --from 127.0.0.2
	assert_served 0 1 out
	come "127.0.0.1:$port" 1 --from 127.0.0.3
	assert_served 1 0 out
}

test_per_peer_unix() {
	# a client of a UNIX socket is a user
	need_root || return 0
	relay relay "UNIX-LISTEN:$dir/socket,fork,mode=666,max-children-per-peer=2" PIPE
	wait_log relay.log ' N listening on '
	stay first "$dir/socket" 3
	assert_served 2 1 first.out
	come "$dir/socket" 3 --uid 65534
	assert_served 2 1 out
}

test_per_peer_udp() {
	# of one host, whatever its ports
	relay relay UDP4-LISTEN:0,fork,max-children-per-peer=2 PIPE
	wait_log relay.log ' N listening on UDP'
	port=$(udp_port relay.log)
	stay first "127.0.0.1:$port" 2 --udp --from 127.0.0.2
	start third "$python" "$tests/limits.py" "127.0.0.1:$port" 1 --udp --from 127.0.0.2
	wait_log relay.log "$refusal"
	come "127.0.0.1:$port" 2 --udp --from 127.0.0.3
	assert_served 2 0 out
}

test_per_peer_isolate() {
	# child processes count, whatever ends them
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork,isolate,max-children-per-peer=2 PIPE
	stay first "127.0.0.1:$port" 3 --from 127.0.0.2
	assert_served 2 1 first.out
	wait_until has_children "$(echo "$started" | awk '{ print $1 }')" 2
	for child in $(children "$(echo "$started" | awk '{ print $1 }')"); do
		kill -KILL "$child"
	done
	wait_until served_again 2
}

test_per_peer_header() {
	# the client is whom the PROXY header names, not the proxy
	listener relay TCP4-LISTEN:0,fork,accept-proxy,accept-proxy-from=127.0.0.0/8,max-children-per-peer=2 PIPE
	stay first "127.0.0.1:$port" 3 --header 'PROXY TCP4 192.0.2.7 192.0.2.1 5 80\r\n'
	assert_served 2 1 first.out
	assert_log relay.log 'W .*192\.0\.2\.7 is refused: it has as many'
	come "127.0.0.1:$port" 2 --header 'PROXY TCP4 192.0.2.8 192.0.2.1 5 80\r\n'
	assert_served 2 0 out
	# those without a name are the proxy itself
	come "127.0.0.1:$port" 2 --header 'PROXY UNKNOWN\r\n'
	assert_served 2 0 out
	leave
	for number in 1 2 3; do
		come "127.0.0.1:$port" 1 --header 'GET / HTTP/1.0\r\n\r\n'
	done
	assert_served 0 1 out
	wait_until named_again
}

named_again() {
	come "127.0.0.1:$port" 2 --header 'PROXY TCP4 192.0.2.7 192.0.2.1 5 80\r\n'
	grep -q '^2 served, 0 refused' out
}

test_per_peer_tls() {
	# failed handshakes count while they last, and a client beyond its limit gets none
	listener relay "OPENSSL-LISTEN:0,bind=127.0.0.1,fork,cert=$pki/server.pem,verify=0,max-children-per-peer=1" PIPE
	for number in 1 2 3; do
		come "127.0.0.1:$port" 1 --header 'no TLS at all'
		wait_log relay.log ' E .*handshake|E OPENSSL-LISTEN' "$number"
	done
	refute_log relay.log "$refusal"
	mkfifo hold
	start_with hold tls openssl s_client -quiet -connect "127.0.0.1:$port"
	exec 9>hold
	echo hello >&9
	wait_log tls.out hello
	come "127.0.0.1:$port" 1
	assert_served 0 1 out
	wait_log relay.log "$refusal"
	exec 9>&-
}

test_per_peer_workers() {
	# all connections of a client come to one process, which counts them
	relay relay --workers 3 TCP6-LISTEN:0,fork,ipv6only=0,max-children-per-peer=3 PIPE
	wait_log relay.log ' N worker 3 is process '
	port=$(port_of relay.log)
	for number in 1 2 3 4 5 6 7 8; do
		come "127.0.0.1:$port" 9 --from "127.0.0.1$number"
		assert_served 3 6 out
	done
	come "[2001:db8:0:1::1]:$port" 9 --from 2001:db8:0:1::1
	assert_served 3 6 out
	assertTrue 'one process serves all' "[ $(sed -n "s/.*socat\[\([0-9]*\)\] N accepting.*/\1/p" relay.log |
		sort -u | wc -l) -gt 1 ]"
}

test_per_peer_workers_udp() {
	relay relay --workers 2 UDP4-LISTEN:0,fork,max-children-per-peer=2 PIPE
	wait_log relay.log ' N worker 2 is process '
	port=$(udp_port relay.log)
	come "127.0.0.1:$port" 2 --udp --from 127.0.0.2
	assert_served 2 0 out
	start third "$python" "$tests/limits.py" "127.0.0.1:$port" 4 --udp --lost 0.1 --from 127.0.0.2
	wait_log third.out '^0 served, 4 refused'
}

. shunit2
