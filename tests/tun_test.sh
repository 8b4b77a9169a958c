#!/bin/sh
# TUN and TAP devices, in namespaces of its own.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
own_namespace "$@"
mount -t tmpfs tmpfs /run || exit 2
ip netns add far && ip -n far link set lo up || exit 2

# need_tun: skip the test's assertions where there is no device to open.
need_tun() {
	[ -c /dev/net/tun ] && (: <>/dev/net/tun) 2>/dev/null && return 0
	echo 'skipped: needs /dev/net/tun'
	startSkipping
	return 1
}

# tun NAME ARGUMENT...: a relay, once it transfers; $device is its interface
tun() {
	relay "$@"
	wait_log "$1.log" 'starting data transfer loop' || return 1
	device=$(sed -n 's/.* N TUN: new device "\(.*\)"$/\1/p' "$1.log")
}

device_has() {
	ip -d -o link show "$device" | grep -Eq "$1" && assertTrue 0 && return 0
	fail "$device has no '$1': $(ip -d -o link show "$device" 2>&1)"
}

device_has_not() {
	! ip -d -o link show "$device" | grep -Eq "$1" && assertTrue 0 && return 0
	fail "$device has '$1': $(ip -d -o link show "$device" 2>&1)"
}

address_is() {
	assertEquals "$1" "$(ip -o addr show dev "$device" scope global | awk '{ print $4 }')"
}

ping() {
	run "$python" "$tests/packets.py" ping "$@"
	assert_out 'answer\n'
}

test_device() {
	# an interface comes with the relay and goes with it; without iff-up it stays down
	need_tun || return 0
	tun relay TUN PIPE
	assert_log relay.log ' N creating tunnel network interface'
	device_has 'tun type tun pi on'
	device_has_not '[<,]UP[,>]'
	address_is ''
	stop "$pid"
	assertFalse 'gone' "ip link show $device"
}

test_address() {
	# address and network mask
	need_tun || return 0
	tun relay TUN:10.77.0.1/20,up PIPE
	device_has '[<,]UP[,>]'
	address_is 10.77.0.1/20
	stop "$pid"
	for bits in 0 31 32; do
		tun relay "TUN:10.77.0.1/$bits" PIPE
		assertTrue "$bits" "ip -o addr show dev $device | grep -q '10.77.0.1'"
		stop "$pid"
	done
	tun relay 'TUN:[fd77::1]/64,iff-up' PIPE
	assertEquals 'fd77::1/64' "$(ip -o -6 addr show dev "$device" scope global | awk '{ print $4 }')"
}

test_name() {
	# tun-name, with or without a number of the system's choice
	need_tun || return 0
	tun relay TUN,tun-name=wire0 PIPE
	assertEquals wire0 "$device"
	run "$SOCAT" TUN,tun-name=wire0 -
	assert_error 'Device or resource busy; another process has this interface'
	stop "$pid"
	tun relay TUN,tun-name=wire%d PIPE
	assertEquals wire0 "$device"
	run "$SOCAT" TUN,tun-name=lo - </dev/null
	assert_error 'Invalid argument; there is an interface of that name'
}

test_type() {
	# tun-type and iff-no-pi
	need_tun || return 0
	tun relay TUN,tun-type=tap,iff-no-pi PIPE
	device_has 'tun type tap pi off'
	stop "$pid"
	tun relay TUN,tun-type=tun,tun-no-pi PIPE
	device_has 'tun type tun pi off'
	stop "$pid"
	tun relay TUN,no-pi,iff-no-pi=0 PIPE
	device_has 'tun type tun pi on'
}

test_flags() {
	# flags are set and cleared, the last one of a name counts, the impossible is said
	need_tun || return 0
	tun relay TUN,tun-type=tap,up,promisc,allmulti,noarp,multicast=0,loopback,no-pi PIPE
	device_has 'BROADCAST,NOARP,ALLMULTI,PROMISC,UP'
	device_has_not MULTICAST
	assert_log relay.log 'W .*option "loopback": Linux does not let this flag of tap0 be changed'
	stop "$pid"
	tun relay TUN,iff-up,iff-up=0,promisc=0,promisc PIPE
	device_has_not '[<,]UP[,>]'
	device_has '[<,]PROMISC[,>]'
}

test_mtu() {
	# interface-mtu
	need_tun || return 0
	tun relay TUN:10.77.0.1/24,up,if-mtu=1280 PIPE
	device_has 'mtu 1280'
	stop "$pid"
	run "$SOCAT" TUN,interface-mtu=70000 - </dev/null
	assert_error 'option "interface-mtu=70000": interface tun0: .*Invalid argument; it can.t have packets of that size'
}

# tunnel LEFT RIGHT: the two ends of a tunnel through a socket that keeps packets apart; the far
# one is in a network namespace of its own.
tunnel() {
	tunnel_left=$1 tunnel_right=$2
	relay near "$tunnel_left" UNIX-LISTEN:wire,type=5
	wait_log near.log " N listening on "
	tun far "$tunnel_right,netns=far" UNIX-CONNECT:wire,type=5
	wait_log near.log 'starting data transfer loop'
}

test_tunnel() {
	# two networks joined by two relays: ICMP of several sizes, and TCP
	need_tun || return 0
	tunnel TUN:10.77.0.1/24,up TUN:10.77.0.2/24,up
	for size in 0 56 1472 5000; do
		ping 10.77.0.2 "$size"
	done
	head -c 3000000 /dev/urandom >in
	start sink ip netns exec far "$SOCAT" -d -d -u TCP4-LISTEN:7777,bind=10.77.0.2 CREATE:copy
	wait_log sink.log 'listening on'
	run "$SOCAT" -u OPEN:in TCP4:10.77.0.2:7777
	assert_status 0
	finish "$pid"
	assertEquals "$(checksum in)" "$(checksum copy)"
}

test_tunnel_without_information() {
	# the same without packet information
	need_tun || return 0
	tunnel TUN:10.77.0.1/24,up,no-pi TUN:10.77.0.2/24,up,no-pi
	ping 10.77.0.2 1000
}

test_tunnel_over_udp() {
	# through UDP, as one would do it between hosts
	need_tun || return 0
	relay near TUN:10.77.0.1/24,up UDP4-LISTEN:4443,bind=127.0.0.1
	wait_log near.log 'listening on'
	tun far TUN:10.77.0.2/24,up,netns=far UDP4:127.0.0.1:4443
	run ip netns exec far "$python" "$tests/packets.py" ping 10.77.0.1
	assert_out 'answer\n'
	ping 10.77.0.2 1400
}

test_tap_tunnel() {
	# and with Ethernet frames, ARP included
	need_tun || return 0
	tunnel TUN:10.77.0.1/24,up,tun-type=tap TUN:10.77.0.2/24,up,tun-type=tap
	ping 10.77.0.2 1472
	assertTrue 'ARP' "ip neigh show 10.77.0.2 | grep -q lladdr"
}

test_both_ends() {
	# one relay with two devices
	need_tun || return 0
	tun relay TUN:10.77.0.1/24,up,tun-name=here TUN:10.77.0.2/24,up,tun-name=there,netns=far
	ping 10.77.0.2
	assertFalse 'not here' 'ip link show there'
	assertTrue 'but there' 'ip -n far link show there'
	stop "$pid"
	assertFalse 'gone' 'ip -n far link show there'
}

# send_wire HEX...: messages through the listening socket "wire"
send_wire() {
	run "$python" -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("wire")
for text in sys.argv[1:]:
    s.send(bytes.fromhex(text))
s.settimeout(10)
while True:
    data = s.recv(65536)
    if data[:1] == b"E":
        print(data.hex())
        break' "$@"
	assert_status 0
}

echo_request=$("$python" "$tests/packets.py" request 10.77.0.2 10.77.0.1)

test_garbage() {
	# what is no packet is lost alone
	need_tun || return 0
	relay relay TUN:10.77.0.1/24,up,no-pi UNIX-LISTEN:wire,type=5
	wait_log relay.log " N listening on "
	send_wire 00 fffefdfc "$(printf '%064d' 0)" "$echo_request"
	assert_log out '^4500001c'
	assert_log relay.log 'W TUN:.*: 1 bytes are lost: the device takes them for no packet'
	assertTrue 'goes on' "kill -0 $pid || log_has relay.log 'is at EOF'"
}

test_down() {
	# packets wait for the interface to come up
	need_tun || return 0
	relay relay TUN:10.77.0.1/24,no-pi UNIX-LISTEN:wire,type=5
	wait_log relay.log " N listening on "
	start wait sh -c "while ! grep -q 'starting data' relay.log; do sleep 0.02; done; sleep 0.3; ip link set tun0 up"
	send_wire "$echo_request"
	assert_log out '^4500001c'
	refute_log relay.log 'lost'
}

test_goes_down_and_up() {
	# an interface that goes down and up again goes on
	need_tun || return 0
	tunnel TUN:10.77.0.1/24,up TUN:10.77.0.2/24,up
	ping 10.77.0.2
	ip -n far link set "$device" down
	ip link set "$(sed -n 's/.*new device "\(.*\)"/\1/p' near.log)" down
	ip -n far link set "$device" up
	ip link set "$(sed -n 's/.*new device "\(.*\)"/\1/p' near.log)" up
	ping 10.77.0.2
	refute_log far.log ' [WE] '
}

test_small_buffer() {
	# a packet larger than -b is cut, and that is said
	need_tun || return 0
	tun relay -b 50 -u TUN:10.77.0.1/24,up,no-pi CREATE:copy
	start ping "$python" "$tests/packets.py" ping 10.77.0.9 100
	wait_log relay.log 'W read.*a packet of 128 bytes: all but the first 50 are lost'
}

test_removed() {
	# a device that is removed by others is an error
	need_tun || return 0
	tun relay TUN PIPE
	ip link del "$device"
	finish "$pid"
	assertEquals 1 "$status"
	assert_log relay.log 'E read\('
}

test_no_device() {
	# what is wrong with the device
	run "$SOCAT" TUN,tun-device=/nosuch - </dev/null
	assert_error 'open\("/nosuch"\): No such file or directory; load the module tun'
	run "$SOCAT" TUN,tun-device=/dev/null - </dev/null
	assert_error 'Inappropriate ioctl for device; option tun-device names another kind of device'
}

test_other_device() {
	# a device elsewhere
	need_tun || return 0
	mknod tun c 10 200 2>/dev/null || { echo 'skipped: needs mknod'; startSkipping; return 0; }
	tun relay "TUN,tun-device=$dir/tun" PIPE
	device_has 'tun type tun'
}

test_permission() {
	# the capability that is missing is named
	need_tun || return 0
	run setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$SOCAT" TUN - </dev/null
	assert_error 'making the interface: Operation not permitted; it takes the capability NET_ADMIN'
	without_leak_check
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$SOCAT" TUN - </dev/null
	if [ "$(stat -c %a /dev/net/tun)" = 600 ]; then
		assert_error 'open\("/dev/net/tun"\): Permission denied; it has to be readable and writable'
	fi
}

test_traffic_gives_back() {
	# after much traffic descriptors are what they were
	need_tun || return 0
	tunnel TUN:10.77.0.1/24,up TUN:10.77.0.2/24,up
	far=$pid
	ping 10.77.0.2
	fds=$(count_fds "$far")
	start flood "$python" -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(20000):
    s.sendto(b'x' * (n % 1400), ('10.77.0.2', 9))"
	finish "$pid"
	ping 10.77.0.2
	assertEquals "$fds" "$(count_fds "$far")"
	refute_log far.log ' [WE] '
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
