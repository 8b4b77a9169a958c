#!/bin/sh
# Packets to groups and to all hosts of a network.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/hosts.sh
. "$(dirname "$0")/hosts.sh"

index_of() {
	on far cat "/sys/class/net/$1/ifindex"
}

# assert_member OPTION GROUP LINK [--lite] TYPE...: who joins there gets the group's packets of that
# link and not those of the other one.
assert_member() {
	member_option=$1 member_group=$2 member_link=$3
	shift 3
	[ "$member_link" = 0 ] && member_other=1 || member_other=0
	for type in "$@"; do
		case $type in UDPLITE*) lite=--lite ;; *) lite= ;; esac
		receiver_on far log -u "$type,$member_option" CREATE:data || return
		case $member_group in
		ff02:*) there=$member_group%near$member_link elsewhere=$member_group%near$member_other ;;
		*) there=$member_group elsewhere=$member_group ;;
		esac
		# shellcheck disable=SC2086
		ask_from near "$elsewhere" "$port" bad --interface "near$member_other" --wait 0 $lite
		# shellcheck disable=SC2086
		ask_from near "$there" "$port" good --interface "near$member_link" --wait 0 $lite
		wait_until size_is data 4 || { echo "$type,$member_option" && cat log.log; return; }
		assert_file good data
		stop "$pid"
		rm data
	done
}

# ---- membership

test_membership() {
	assert_member ip-add-membership=239.9.9.9:far1 239.9.9.9 1 UDP4-RECV:0 \
		UDP4-RECVFROM:0,fork UDP4-RECVFROM:0 UDP4-LISTEN:0 UDP4-LISTEN:0,fork UDPLITE4-RECV:0 \
		UDP4-DATAGRAM:10.9.0.1:9,bind=:6543 UDP4-RECV:0,bind=239.9.9.9
}

test_membership_forms() {
	for interface in 10.9.1.2 "$(index_of far1)" 10.9.1.2:far1 "0.0.0.0:$(index_of far1)" far1; do
		assert_member "ip-add-membership=239.9.9.9:$interface" 239.9.9.9 1 UDP4-RECV:0
	done
	assert_member add-membership=239.9.9.9:10.9.0.2 239.9.9.9 0 UDP4-RECV:0
	# several groups
	receiver_on far log -u UDP4-RECV:0,membership=239.9.9.9:far0,membership=239.9.9.8:far1 CREATE:data || return
	ask_from near 239.9.9.9 "$port" one --interface near0 --wait 0
	ask_from near 239.9.9.8 "$port" two --interface near1 --wait 0
	wait_until size_is data 6
	stop "$pid"
	wait_until refute_member 239.9.9.9
}

refute_member() {
	! on far ip maddr show | grep -q "$1"
}

test_membership_ipv6() {
	assert_member 'ipv6-join-group=[ff02::99]:far1' ff02::99 1 UDP6-RECV:0 UDP6-RECVFROM:0,fork \
		UDP6-LISTEN:0 UDP6-LISTEN:0,fork UDPLITE6-RECV:0 'UDP6-DATAGRAM:[fd00:9::1]:9,bind=:6543'
	assert_member "ipv6-add-membership=[ff05::99]:$(index_of far1)" ff05::99 1 UDP6-RECV:0
}

# Only what one host sends to the group.
test_source_membership() {
	ip -n near addr add 10.9.0.65/24 dev near0
	ip -n near addr add fd00:9::65/64 dev near0 nodad
	receiver_on far log -u UDP4-RECV:0,ip-add-source-membership=232.9.9.9:10.9.0.2:10.9.0.65 CREATE:data || return
	ask_from near 232.9.9.9 "$port" bad --interface near0 --from 10.9.0.1 --wait 0
	ask_from near 232.9.9.9 "$port" good --interface near0 --from 10.9.0.65 --wait 0
	wait_until size_is data 4
	assert_file good data
	stop "$pid"
	rm data
	for interface in far0 "$(index_of far0)"; do
		receiver_on far log -u "UDP6-RECV:0,ipv6-join-source-group=[ff35::99]:$interface:[fd00:9::65]" CREATE:data || return
		ask_from near ff35::99 "$port" bad --interface near0 --from fd00:9::1 --wait 0
		ask_from near ff35::99 "$port" good --interface near0 --from fd00:9::65 --wait 0
		wait_until size_is data 4
		assert_file good data
		stop "$pid"
		rm data
	done
	ip -n near addr del 10.9.0.65/24 dev near0
	ip -n near addr del fd00:9::65/64 dev near0
}

test_membership_fails() {
	for options in \
	    '4-RECV:0,ip-add-membership=239.9.9.9:nosuch|if_nametoindex\(\): No such device' \
	    '4-RECV:0,ip-add-membership=239.9.9.9:10.77.0.1|setsockopt\(\): No such device' \
	    '4-RECV:0,ip-add-source-membership=232.9.9.9:10.77.0.1:10.9.0.1|setsockopt\(\): No such device' \
	    '6-RECV:0,ipv6-join-group=[ff02::1]:nosuch|if_nametoindex\(\): No such device' \
	    '6-RECV:0,ipv6-join-source-group=[ff35::1]:nosuch:[fd00::1]|if_nametoindex\(\): No such device' \
	    '4-RECV:0,ip-multicast-if=10.77.0.1|setsockopt\(\): '"$not_available" \
	    '4-RECV:0,ip-multicast-if=nosuch|there is no interface of that name'; do
		run ip netns exec far "$SOCAT" -u "UDP${options%%|*}" -
		assert_error "${options#*|}"
	done
}

# ---- sending

# Packets to groups leave by the interface that is asked for, with the TTL given.
test_sending() {
	packets_on near got0 3 --group 239.9.9.9 --interface near0
	port0=$packet_port
	packets_on near got1 5 --group 239.9.9.9 --interface near1
	port1=$packet_port
	printf hello >in
	for interface in 10.9.1.2 far1; do
		for type in UDP4-SENDTO UDP4-DATAGRAM; do
			run ip netns exec far "$SOCAT" -u - "$type:239.9.9.9:$port1,ip-multicast-if=$interface,ip-multicast-ttl=7" <in
			assert_status 0
		done
	done
	run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:239.9.9.9:$port1,so-bindtodevice=far1,mcloop=0" <in
	wait_log got1.out '^hello from 10\.9\.1\.2 .* to 239\.9\.9\.9 on near1 ttl 7' 4
	wait_log got1.out '^hello from 10\.9\.1\.2 .* to 239\.9\.9\.9 on near1 ttl 1 ' 1
	for type in UDP4-SENDTO UDP4-DATAGRAM; do
		run ip netns exec far "$SOCAT" -u - "$type:239.9.9.9:$port0,multicast-if=far0" <in
	done
	run ip netns exec far "$SOCAT" -u - "UDP4:239.9.9.9:$port0,multicast-if=far0,bind=10.9.0.3,shut-none" <in
	wait_log got0.out '^hello from 10\.9\.0\.2 .* to 239\.9\.9\.9 on near0 ttl 1 ' 2
	wait_log got0.out '^hello from 10\.9\.0\.3 .* to 239\.9\.9\.9 on near0 ttl 1 ' 1
}

test_sending_ipv6() {
	packets_on near got 3 --six --group ff02::99 --interface near1
	printf hello >in
	for type in UDP6-SENDTO UDP6-DATAGRAM UDP6; do
		run ip netns exec far "$SOCAT" -u - "$type:[ff02::99%far1]:$packet_port,setsockopt-socket=41:18:i9,shut-none" <in
		assert_status 0
	done
	wait_log got.out '^hello from fe80::2 .* to ff02::99 on near1 ttl 9' 3
}

# Whether members on the own host get the packets, too.
test_loop() {
	receiver_on far log -u UDP4-RECV:0,ip-add-membership=239.9.9.9:far0 CREATE:data || return
	for loop in 0 1; do
		printf "loop%s" "$loop" >in
		run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:239.9.9.9:$port,ip-multicast-if=far0,ip-multicast-loop=$loop" <in
	done
	wait_until size_is data 5
	assert_file loop1 data
	rm data
	receiver_on far log -u 'UDP6-RECV:0,ipv6-join-group=[ff02::99]:far0' CREATE:data || return
	for loop in 0 1; do
		printf "loop%s" "$loop" >in
		run ip netns exec far "$SOCAT" -u - "UDP6-SENDTO:[ff02::99%far0]:$port,ipv6-multicast-loop=$loop" <in
	done
	wait_until size_is data 5
	assert_file loop1 data
}

# ---- broadcast

test_broadcast() {
	printf hello >in
	packets_on near got 1 --answer reply
	run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:10.9.0.255:$packet_port" <in
	assert_error 'write\(.*\): Permission denied'
	run ip netns exec far "$SOCAT" -t 2 - "UDP4-DATAGRAM:10.9.0.255:$packet_port,broadcast" <in
	assert_status 0
	assert_out reply
	wait_log got.out '^hello from 10\.9\.0\.[23] .* to 10\.9\.0\.255 '
}

# ---- the examples of the original's manual

# Time servers of a network, which answer each for itself; not those of others.
test_example_ntp() {
	packets_on near got 1 --port 123 --answer reply
	mkfifo in
	start_with in log ip netns exec far "$SOCAT" -d -d - \
		UDP4-DATAGRAM:10.9.0.255:123,sp=123,broadcast,range=10.9.0.0/24,bind=:6543
	exec 9>in
	printf hello >&9
	wait_log log.out reply
	ask_from near 10.9.1.2 6543 strange --from 10.9.1.1,124 --wait 0
	ask_from near 10.9.0.2 6543 strange --from 10.9.0.1,124 --wait 0
	wait_log log.log 'refusing connection from AF=2 10\.9\.[01]\.1:124 ' 2
	exec 9>&-
	assert_file reply log.out
}

# A conference: what one says all others hear, on any number of hosts.
test_example_conference() {
	for host in near far; do
		ip -n "$host" route add 224.0.0.0/4 dev "${host}0"
		mkfifo "in.$host"
		start_with "in.$host" "$host" ip netns exec "$host" "$SOCAT" -d -d - \
			"UDP4-DATAGRAM:224.255.0.1:6666,bind=:6666,ip-add-membership=224.255.0.1:${host}0"
		[ "$host" = near ] && exec 8>in.near || exec 9>in.far
		wait_log "$host.log" 'starting data transfer' || return
	done
	echo 'from near' >&8
	wait_log far.out 'from near'
	echo 'from far' >&9
	wait_log near.out 'from far'
	# everybody hears also what he says himself
	wait_log near.out 'from near'
	wait_log far.out 'from far'
	exec 8>&- 9>&-
	ip -n near route del 224.0.0.0/4
	ip -n far route del 224.0.0.0/4
}

# Several members on one host share the port.
test_conference_one_host() {
	for member in 1 2; do
		relay_on far "log$member" -u UDP4-RECV:6667,reuseaddr,ip-add-membership=239.9.9.9:far0 \
			"CREATE:data$member"
		wait_log "log$member.log" 'receiving on' || return
	done
	ask_from near 239.9.9.9 6667 hello --interface near0 --wait 0
	wait_until size_is data1 5
	wait_until size_is data2 5
}

# A search for services: sent to a group, answered from hosts' own addresses.
test_example_ssdp() {
	ip -n far route add 239.0.0.0/8 dev far0
	packets_on near got 1 --port 1900 --group 239.255.255.250 --interface near0 --answer 'HTTP/1.1 200 OK'
	printf 'M-SEARCH * HTTP/1.1\nHOST: 239.255.255.250:1900\nMAN: "ssdp:discover"\nMX: 4\nST: "ssdp:all"\n\n' >in
	run ip netns exec far "$SOCAT" -t 2 - UDP-DATAGRAM:239.255.255.250:1900,crlf <in
	assert_status 0
	assert_out 'HTTP/1.1 200 OK'
	wait_log got.out "^HOST: 239\\.255\\.255\\.250:1900$(printf '\r')\$"
	ip -n far route del 239.0.0.0/8
}

# shellcheck disable=SC1091
. /usr/share/shunit2/shunit2
