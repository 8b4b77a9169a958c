#!/bin/sh
# INTERFACE: link-level packets, in namespaces of its own with pairs of virtual interfaces.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
mount -t tmpfs tmpfs /run || exit 2

destination=020000000002 source=020000000001
ip_frame=$destination${source}080061626364
tagged_frame=$destination${source}81000005080061626364

packets() {
	run "$python" "$tests/packets.py" "$@"
}

no_ipv6() {
	ip link set "$1" addrgenmode none
}

# Interfaces va and vb, one the other's peer. The host has nothing to say on them by itself.
pair() {
	! ip link show va >/dev/null 2>&1 || ip link del va
	ip link add va type veth peer name vb || return 1
	for interface in va vb; do
		no_ipv6 "$interface"
		ip link set "$interface" up
	done
	wait_until carrier va
	wait_until carrier vb
}

carrier() {
	[ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ] ||
		ip link show "$1" | grep -q LOWER_UP
}

# sniffer NAME INTERFACE: frames that come in, as lines of hex in NAME.frames
sniffer() {
	start "$1" "$python" "$tests/packets.py" sniff "$2" "$dir/$1.frames"
	wait_until grep -q ready "$1.out"
}

# interface NAME ARGUMENT...: a relay, once it transfers
interface() {
	relay "$@"
	wait_log "$1.log" 'starting data transfer loop'
}

flags() {
	ip -o link show "$1" | sed 's/.*<\(.*\)>.*/,\1,/'
}

has_flag() {
	case $(flags "$1") in *,"$2",*) ;; *) return 1 ;; esac
}

has_not_flag() {
	! has_flag "$@"
}

binary() {
	"$python" -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$1"
}

hex() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

test_in() {
	# a frame is read whole, with its link-level header; the log tells of it
	pair
	interface reader -u INTERFACE:vb CREATE:copy
	packets frame va "$ip_frame"
	wait_until size_is copy 18
	assertEquals "$ip_frame" "$(hex copy)"
	assert_log reader.log 'N successfully prepared local socket AF=17 0x0003[0-9a-f]+'
	assert_log reader.log "N received packet with 18 bytes from AF=17 0x0800[0-9a-f]{16}$source"
}

test_out() {
	# a frame is written as it is
	pair
	sniffer peer va
	binary "$ip_frame" >in
	run "$SOCAT" -u - IF:vb <in
	assert_status 0
	wait_until grep -q . peer.frames
	assertEquals "$ip_frame" "$(cat peer.frames)"
}

test_own_packets_do_not_come_back() {
	# what is sent over the interface is not read from it: an echo does not loop
	pair
	sniffer peer va
	interface echo INTERFACE:vb SOCKETPAIR
	packets frame va "$ip_frame"
	wait_until grep -q . peer.frames
	packets frame vb "${ip_frame}ff"
	wait_until grep -q 'ff$' peer.frames
	packets frame va "${ip_frame}ee"
	wait_until grep -q 'ee$' peer.frames
	assert_file "$ip_frame\n${ip_frame}ff\n${ip_frame}ee\n" peer.frames
	assert_lines echo.log 'received packet' 2
}

test_arp() {
	# traffic of the host at the other end: its ARP requests
	pair
	ip addr add 10.98.0.1/24 dev va
	interface reader -u INTERFACE:vb CREATE:copy
	start ping "$python" "$tests/packets.py" ping 10.98.0.2
	wait_log reader.log 'received packet with (42|60) bytes from AF=17 0x0806'
	case $(hex copy) in
	ffffffffffff????????????08060001080006040001*) assertTrue 0 ;;
	*) fail "no ARP request: $(hex copy)" ;;
	esac
}

test_bridge() {
	# a relay between two interfaces joins two networks: ARP, ICMP in several sizes
	for name in left right; do
		ip netns add "$name"
		ip link add "$name" type veth peer name inside netns "$name"
		no_ipv6 "$name"
		ip link set "$name" up
		ip -n "$name" link set inside up
	done
	ip -n left addr add 10.99.0.1/24 dev inside
	ip -n right addr add 10.99.0.2/24 dev inside
	interface relay INTERFACE:left,promisc INTERFACE:right,promisc
	for size in 1 56 1472 4000; do
		run ip netns exec left "$python" "$tests/packets.py" ping 10.99.0.2 "$size"
		assert_out 'answer\n'
	done
	stop "$pid"
	assertTrue 'flags restored' 'has_not_flag left PROMISC && has_not_flag right PROMISC'
	ip netns del left
	ip netns del right
}

test_namespace() {
	# netns: the interface of another network namespace, flags included
	ip netns add other
	ip -n other link add oa type veth peer name ob
	for interface in oa ob; do
		ip -n other link set "$interface" addrgenmode none up
	done
	interface reader -u INTERFACE:ob,netns=other,promisc CREATE:copy
	assertTrue 'promisc' 'ip -n other -o link show ob | grep -q PROMISC'
	run ip netns exec other "$python" "$tests/packets.py" frame oa "$ip_frame"
	wait_until size_is copy 18
	stop "$pid"
	assertFalse 'promisc' 'ip -n other -o link show ob | grep -q PROMISC'
	run "$SOCAT" INTERFACE:ob - </dev/null
	assert_error 'unknown interface "ob"'
	ip netns del other
}

test_vlan() {
	# the kernel strips VLAN tags; retrieve-vlan puts them back
	pair
	interface reader -u INTERFACE:vb CREATE:copy
	packets frame va "$tagged_frame"
	wait_until size_is copy 18
	assertEquals "$ip_frame" "$(hex copy)"
	stop "$pid"
	interface reader -u INTERFACE:vb,retrieve-vlan CREATE:tagged
	packets frame va "$tagged_frame"
	wait_until size_is tagged 22
	assertEquals "$tagged_frame" "$(hex tagged)"
	packets frame va "$ip_frame"
	wait_until size_is tagged 40
	assertEquals "$tagged_frame$ip_frame" "$(hex tagged)"
	assert_log reader.log 'received packet with 22 bytes'
	# a tag of another kind (802.1ad)
	packets frame va "$destination${source}88a8f123080061626364"
	wait_until size_is tagged 62
	assertEquals "$tagged_frame$ip_frame$destination${source}88a8f123080061626364" "$(hex tagged)"
}

test_vlan_cut() {
	# with a small buffer, a tagged frame is cut, and the rest is counted
	pair
	for size in 14 16 17 21; do
		interface reader -b "$size" -u INTERFACE:vb,retrieve-vlan "CREATE:cut$size"
		packets frame va "$tagged_frame"
		wait_log reader.log 'all but the first'
		wait_until size_is "cut$size" "$size"
		stop "$pid"
	done
	assertEquals "$(echo "$tagged_frame" | cut -c 1-42)" "$(hex cut21)"
	assertEquals "$(echo "$tagged_frame" | cut -c 1-32)" "$(hex cut16)"
	assert_log reader.log 'a packet of 22 bytes: all but the first 21 are lost'
}

test_without_headers() {
	# type=2: packets without link-level headers
	pair
	sniffer peer va
	interface both INTERFACE:vb,type=2 SOCKETPAIR
	packets frame va "ffffffffffff${source}080061626364"
	wait_log both.log 'received packet with 4 bytes'
	wait_until grep -q . peer.frames
	assert_log peer.frames '^000000000000[0-9a-f]{12}000361626364'
}

test_protocol() {
	# protocol: only packets of that kind, by its number in network byte order
	pair
	number=$("$python" -c 'import socket; print(socket.htons(0x0806))')
	interface reader -u "INTERFACE:vb,protocol=$number" CREATE:copy
	packets frame va "$ip_frame"
	packets frame va "$destination${source}080661"
	wait_until size_is copy 15
	assertEquals "$destination${source}080661" "$(hex copy)"
}

test_flags() {
	# flags are set, cleared, and restored at every kind of end
	pair
	ip link set vb arp on multicast on
	for end in stop close; do
		mkfifo fifo
		start_with fifo relay "$SOCAT" -d -d -u - INTERFACE:vb,promisc,allmulti,noarp,multicast=0
		exec 9>fifo
		wait_log relay.log 'starting data transfer loop'
		assertTrue "$(flags vb)" 'has_flag vb PROMISC && has_flag vb ALLMULTI && has_flag vb NOARP'
		assertTrue "$(flags vb)" 'has_not_flag vb MULTICAST'
		[ $end = close ] || stop "$pid"
		exec 9>&-
		[ $end = stop ] || finish "$pid"
		rm fifo
		wait_until has_not_flag vb PROMISC
		assertTrue "$(flags vb)" 'has_not_flag vb ALLMULTI && has_not_flag vb NOARP && has_flag vb MULTICAST'
	done
	# of others changed meanwhile, nothing is restored
	interface relay INTERFACE:vb,promisc PIPE
	ip link set vb allmulticast on
	stop "$pid"
	assertTrue "$(flags vb)" 'has_flag vb ALLMULTI && has_not_flag vb PROMISC'
	# the last one counts
	interface relay INTERFACE:vb,promisc,promisc=0 PIPE
	assertTrue "$(flags vb)" 'has_not_flag vb PROMISC'
}

test_flags_that_cannot_change() {
	# what Linux does not do is said
	pair
	interface relay INTERFACE:vb,loopback,iff-broadcast=0,iff-broadcast PIPE
	assert_log relay.log 'W .*option "loopback": Linux does not let this flag of vb be changed'
	refute_log relay.log 'W .*option "iff-broadcast'
}

test_mtu() {
	# interface-mtu
	pair
	interface relay INTERFACE:vb,if-mtu=1400 PIPE
	assertTrue 'mtu' 'ip link show vb | grep -q "mtu 1400"'
	run "$SOCAT" INTERFACE:vb,interface-mtu=1000000 - </dev/null
	assert_error 'option "interface-mtu=1000000": interface vb: Invalid argument'
}

test_down() {
	# an interface that is down is at its end; iff-up brings it up
	pair
	ip link set vb down
	run "$SOCAT" -u INTERFACE:vb -
	assert_status 0
	assert_log err 'W INTERFACE:vb: the interface is down; option iff-up'
	interface reader -u INTERFACE:vb,up CREATE:copy
	wait_until carrier va
	packets frame va "$ip_frame"
	wait_until size_is copy 18
	ip link set vb down
	finish "$pid"
	assertEquals 0 "$status"
	assert_log reader.log 'W .*the interface is down'
}

test_vanishes() {
	# so is one that is removed
	pair
	interface reader -u INTERFACE:vb,promisc CREATE:copy
	ip link del va
	finish "$pid"
	assertEquals 0 "$status"
	refute_log reader.log 'restored'
}

test_bad_frames() {
	# one too short for a header is lost alone; one too long is, too
	pair
	sniffer peer va
	relay relay UNIX-LISTEN:sock,type=5 INTERFACE:vb
	wait_log relay.log " N listening on "
	run "$python" -c "
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect('sock')
for data in (b'abc', b'x' * 3000, bytes.fromhex('$ip_frame')):
    s.send(data)
s.settimeout(1)
try:
    s.recv(1)
except TimeoutError:
    pass"
	wait_until grep -q . peer.frames
	assertEquals "$ip_frame" "$(cat peer.frames)"
	assert_log relay.log 'W INTERFACE:vb: a packet of 3 bytes is lost: Invalid argument; it needs a link-level'
	assert_log relay.log 'E .*a packet of 3000 bytes is too large; it is lost'
}

fewer_fds() {
	[ "$(count_fds "$1")" -lt "$2" ]
}

test_sessions() {
	# sessions of a server share the flags that the address has set
	pair
	listener relay TCP4-LISTEN:0,bind=127.0.0.1,fork INTERFACE:vb,promisc
	relay=$pid
	for client in one two; do
		mkfifo "$client"
		start_with "$client" "$client.client" "$SOCAT" - "TCP4:127.0.0.1:$port"
		eval "$client=$pid"
	done
	exec 8>one 9>two
	wait_log relay.log 'starting data transfer loop' 2
	assertTrue "$(flags vb)" 'has_flag vb PROMISC'
	fds=$(count_fds "$relay")
	exec 8>&-
	stop "$one"
	wait_until fewer_fds "$relay" "$fds"
	assertTrue "$(flags vb)" 'has_flag vb PROMISC'
	exec 9>&-
	stop "$two"
	wait_until has_not_flag vb PROMISC
}

test_permission() {
	# the capability that is missing is named
	pair
	run setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$SOCAT" INTERFACE:vb - </dev/null
	assert_error 'socket: Operation not permitted; raw sockets need the capability NET_RAW'
	run setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$SOCAT" INTERFACE:vb,promisc - </dev/null
	assert_error 'flags of interface vb: Operation not permitted; it takes the capability NET_ADMIN'
	run setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$SOCAT" INTERFACE:vb,if-mtu=1400 - </dev/null
	assert_error 'interface vb: Operation not permitted; it takes the capability NET_ADMIN'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
