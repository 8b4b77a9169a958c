# Two hosts, "near" and "far", as network namespaces with two links between them, for suites
# of packets. Sourced after lib.sh, which needs root for it.
# shellcheck shell=sh disable=SC2034
#
#   near: near0 10.9.0.1    fd00:9::1            fe80::1    far: far0 10.9.0.2, 10.9.0.3 (the
#         near1 10.9.1.1    fd00:9:1::1          fe80::1         latter second) fd00:9::2, ::3
#                                                                fe80::2; far1 10.9.1.2 ...
#
# They are in namespaces of the suite's own and known only to it: /run/netns is covered by a
# file system of its own. So nothing stays behind, however the suite ends.

own_namespace "$@"

on() {
	on_host=$1
	shift
	ip netns exec "$on_host" "$@"
}

make_hosts() {
	mkdir -p /run/netns && mount -t tmpfs netns /run/netns || return 1
	ip netns add near && ip netns add far || return 1
	for link in 0 1; do
		ip link add "near$link" netns near type veth peer name "far$link" netns far || return 1
	done
	address near near0 10.9.0.1/24 fd00:9::1/64 fe80::1/64
	address near near1 10.9.1.1/24 fd00:9:1::1/64 fe80::1/64
	address far far0 10.9.0.2/24 10.9.0.3/24 fd00:9::2/64 fd00:9::3/64 fe80::2/64
	address far far1 10.9.1.2/24 fd00:9:1::2/64 fe80::2/64
}

# address HOST INTERFACE ADDRESS...: without waiting for a check whether others have it.
address() {
	address_host=$1 address_link=$2
	shift 2
	ip -n "$address_host" link set lo up
	on "$address_host" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$address_link/addr_gen_mode"
	# as many errors as tests ask for; no note is held back
	on "$address_host" sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
		echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
	ip -n "$address_host" link set "$address_link" up
	for address_one in "$@"; do
		case $address_one in
		*:*) ip -n "$address_host" addr add "$address_one" dev "$address_link" nodad ;;
		*) ip -n "$address_host" addr add "$address_one" brd + dev "$address_link" ;;
		esac
	done
}

links_are_up() {
	[ "$(ip -n far -o link show up | grep -c 'far[01]@.*state UP')" -eq 2 ] &&
		[ "$(ip -n near -o link show up | grep -c 'near[01]@.*state UP')" -eq 2 ]
}

oneTimeSetUp() {
	[ -x "$SOCAT" ] || { echo "no such program: $SOCAT" >&2; exit 2; }
	make_hosts || exit 2
	hosts_until=$(($(date +%s) + BOUND))
	until links_are_up; do
		[ "$(date +%s)" -lt "$hosts_until" ] || { echo "the links are not up" >&2; exit 2; }
		sleep 0.05
	done
}

# relay_on HOST NAME ARGUMENT...: start the program tested with -d -d -d on that host.
relay_on() {
	relay_host=$1 relay_name=$2
	shift 2
	start "$relay_name" ip netns exec "$relay_host" "$SOCAT" -d -d -d "$@"
}

# receiver_on HOST NAME ARGUMENT...: the same, for one that waits for packets; sets $port.
receiver_on() {
	relay_on "$@"
	wait_log "$dir/$2.log" ' N (listening on UDP|receiving on|successfully prepared local socket) AF=' ||
		return 1
	port=$(sed -n 's/.* N \(listening on UDP\|receiving on\|successfully prepared local socket\) .*:\([0-9]*\)$/\2/p' \
		"$dir/$2.log" | head -n 1)
}

# ask_from HOST ARGUMENT...: send packets, see datagrams.py; answers are in the file out.
ask_from() {
	ask_host=$1
	shift
	run ip netns exec "$ask_host" "$python" "$tests/datagrams.py" ask "$@"
}

# packets_on HOST NAME COUNT ARGUMENT...: receive packets into NAME.out; sets $packet_port.
packets_on() {
	packets_host=$1 packets_name=$2 packets_count=$3
	shift 3
	rm -f "$dir/$packets_name.port"
	start "$packets_name" ip netns exec "$packets_host" "$python" "$tests/datagrams.py" listen \
		"$dir/$packets_name.port" "$packets_count" "$@"
	wait_until test -s "$dir/$packets_name.port" || { cat "$dir/$packets_name.log"; return 1; }
	packet_port=$(cat "$dir/$packets_name.port")
}
