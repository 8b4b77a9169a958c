#!/bin/sh
# Datagrams between hosts with several addresses: binding, answering from the address that was
# asked, who may send, and what packets look like on the wire.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/hosts.sh
. "$(dirname "$0")/hosts.sh"

# ---- which address answers

# assert_answers TYPE HOST...: a listener at any address, asked at these, answers from there;
# twice, and the second packet is heard as well.
assert_answers() {
	answers_type=$1
	shift
	for asked in "$@"; do
		case $answers_type in *UDPLITE*) lite=--lite ;; *) lite= ;; esac
		# shellcheck disable=SC2086
		receiver_on far log $answers_type PIPE || return
		# shellcheck disable=SC2086
		ask_from near "$asked" "$port" one two $lite
		case $answers_type in
		*RECVFROM:0 | *RECVFROM:0,ipv6*0) sed -i 2d out && assert_out "one from $asked $port\\n" ;;
		*) assert_out "one from $asked $port\\ntwo from $asked $port\\n" ;;
		esac
		stop "$pid"
	done
}

test_answer_ipv4() {
	for type in UDP4-LISTEN:0,fork UDP4-LISTEN:0 UDP4-RECVFROM:0,fork UDPLITE4-LISTEN:0 UDPLITE4-LISTEN:0,fork; do
		assert_answers "$type" 10.9.0.2 10.9.0.3 10.9.1.2
	done
}

test_answer_once() {
	for asked in 10.9.0.2 10.9.0.3; do
		receiver_on far log UDP4-RECVFROM:0 PIPE || return
		ask_from near "$asked" "$port" one
		assert_out "one from $asked $port\\n"
		finish "$pid"
		assert_status 0
	done
	receiver_on far log UDP6-RECVFROM:0 PIPE || return
	ask_from near fd00:9::3 "$port" one
	assert_out "one from fd00:9::3 $port\\n"
}

test_answer_ipv6() {
	for type in UDP6-LISTEN:0,fork UDP6-LISTEN:0 UDP6-RECVFROM:0,fork; do
		assert_answers "$type" fd00:9::2 fd00:9::3 fd00:9:1::2
	done
}

# IPv4 on IPv6 sockets.
test_answer_mapped() {
	for type in '-0 UDP-LISTEN:0,fork' '-0 UDP-LISTEN:0' UDP6-LISTEN:0,fork,ipv6-v6only=0 \
	    UDP6-LISTEN:0,ipv6-v6only=0 UDP6-RECVFROM:0,fork,v6only=0; do
		assert_answers "$type" 10.9.0.2 10.9.0.3 fd00:9::3
	done
}

# A request to a group or to all is answered from an address of the interface; and the
# same peer is still heard afterwards, wherever it sends to.
test_answer_group() {
	for type in UDP4-LISTEN:0,fork UDP4-LISTEN:0 UDP4-RECVFROM:0,fork \
	    'UDP6-LISTEN:0,fork,v6only=0' 'UDP6-LISTEN:0,v6only=0'; do
		receiver_on far log "$type,ip-add-membership=239.9.9.9:far0" PIPE || return
		ask_from near 239.9.9.9 "$port" one two --interface near0
		assert_out "one from 10.9.0.2 $port\\ntwo from 10.9.0.2 $port\\n"
		stop "$pid"
		receiver_on far log "$type" PIPE || return
		ask_from near 10.9.0.255 "$port" one two --broadcast
		assert_out "one from 10.9.0.2 $port\\ntwo from 10.9.0.2 $port\\n"
		stop "$pid"
	done
	for type in UDP6-LISTEN:0,fork UDP6-LISTEN:0; do
		receiver_on far log "$type,ipv6-join-group=[ff02::9]:far0" PIPE || return
		ask_from near ff02::9%near0 "$port" one two
		assert_out "one from fe80::2 $port\\ntwo from fe80::2 $port\\n"
		stop "$pid"
	done
}

# One peer, two of our addresses: two sessions.
test_answer_sessions() {
	receiver_on far log UDP4-LISTEN:0,fork 'SYSTEM:echo "$SOCAT_SOCKADDR"; cat' || return
	for asked in 10.9.0.2 10.9.0.3; do
		ask_from near "$asked" "$port" one --from 10.9.0.1,7777
		assert_log out "^$asked\$"
		assert_log out " from $asked $port\$"
	done
}

# Others are refused while a peer is served that has asked for the second address.
test_answer_others() {
	receiver_on far log UDP4-LISTEN:0 PIPE || return
	ask_from near 10.9.0.3 "$port" one --from 10.9.0.1,7777
	ask_from near 10.9.0.3 "$port" strange --wait 0
	wait_log log.log 'wrong peer address' || return
	ask_from near 10.9.0.3 "$port" two --from 10.9.0.1,7777
	assert_out "two from 10.9.0.3 $port\\n"
	refute_log log.log 'transferred 7 bytes'
}

# ---- bind

test_bind() {
	for bind in 10.9.0.3 10.9.0.3:0; do
		receiver_on far log "UDP4-LISTEN:0,fork,bind=$bind" PIPE || return
		ask_from near 10.9.0.3 "$port" one
		assert_out "one from 10.9.0.3 $port\\n"
		ask_from near 10.9.0.2 "$port" one --connect
		assert_out 'Connection refused\n'
		stop "$pid"
	done
	receiver_on far log 'UDP6-LISTEN:0,fork,bind=[fd00:9::3]' PIPE || return
	ask_from near fd00:9::3 "$port" one
	assert_out "one from fd00:9::3 $port\\n"
	ask_from near fd00:9::2 "$port" one --connect
	assert_out 'Connection refused\n'
}

# What packets say of their sender, with each form of option bind.
test_bind_sender() {
	packets_on near got 8
	printf hello >in
	for bind in 10.9.0.3 10.9.0.3:6543 :6544; do
		run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:10.9.0.1:$packet_port,bind=$bind" <in
		run ip netns exec far "$SOCAT" -u - "UDP4:10.9.0.1:$packet_port,bind=$bind,shut-none" <in
	done
	run ip netns exec far "$SOCAT" -u - "UDP4-DATAGRAM:10.9.0.1:$packet_port,bind=10.9.0.3:6545" <in
	run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:10.9.0.1:$packet_port,sp=6546" <in
	wait_log got.out '^hello from' 8 || return
	assert_lines got.out '^hello from 10\.9\.0\.3 [0-9]+ to 10\.9\.0\.1 ' 5
	assert_lines got.out '^hello from 10\.9\.0\.3 6543 ' 2
	assert_lines got.out '^hello from 10\.9\.0\.2 6544 ' 2
	assert_lines got.out '^hello from 10\.9\.0\.3 6545 ' 1
	assert_lines got.out '^hello from 10\.9\.0\.2 6546 ' 1
}

# hosts LINE...: names for all hosts of the suite.
hosts() {
	printf '%s\n' "$@" >hosts
	mount --bind hosts /etc/hosts || return 1
}

test_bind_name() {
	hosts '127.0.0.1 localhost' '10.9.0.3 second.example' || return
	packets_on near got 1
	printf hello >in
	run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:10.9.0.1:$packet_port,bind=second.example" <in
	wait_log got.out '^hello from 10\.9\.0\.3 '
	receiver_on far log UDP4-RECVFROM:0,bind=second.example PIPE
	umount /etc/hosts
	ask_from near 10.9.0.3 "$port" one
	assert_out "one from 10.9.0.3 $port\\n"
}

# ---- link-local addresses

test_link_local() {
	receiver_on far log UDP6-LISTEN:0,fork PIPE || return
	for type in UDP6 UDP6-SENDTO UDP6-DATAGRAM; do
		printf hello >in
		for zone in near0 near1 "$(on near cat /sys/class/net/near0/ifindex)"; do
			run ip netns exec near "$SOCAT" -t 1 - "$type:[fe80::2%$zone]:$port,shut-none" <in
			assert_status 0
			assert_out hello
		done
	done
	assert_log log.log ' N accepting UDP connection from AF=10 \[fe80:0000:0000:0000:0000:0000:0000:0001%[0-9]+\]:'
}

test_link_local_bind() {
	for zone in far0 far1; do
		receiver_on far log "UDP6-LISTEN:0,fork,bind=[fe80::2%$zone]" PIPE || return
		ask_from near "fe80::2%near${zone#far}" "$port" one
		assert_out "one from fe80::2 $port\\n"
		ask_from near fd00:9::2 "$port" one --connect
		assert_out 'Connection refused\n'
		stop "$pid"
	done
	packets_on near got 1 --six
	printf hello >in
	run ip netns exec far "$SOCAT" -u - "UDP6-SENDTO:[fe80::1%far1]:$packet_port,bind=[fe80::2%far1]:6543" <in
	wait_log got.out '^hello from fe80::2 6543 to fe80::1 on near1'
}

test_link_local_wrong() {
	for type in 'UDP6-SENDTO:[fe80::1%nosuch]:9' 'UDP6-RECVFROM:0,bind=[fe80::1%nosuch]'; do
		run ip netns exec far "$SOCAT" "$type" -
		assert_error '"\[fe80::1%nosuch\]" is not an IPv6 address, or there is no such interface'
	done
	run ip netns exec far "$SOCAT" 'UDP4-SENDTO:[fe80::1%far0]:9' -
	assert_error '"\[fe80::1%far0\]" is not an IPv4 address'
}

# ---- other namespaces

# The relay lives elsewhere: addresses, interfaces and zones are those of the namespace.
test_netns() {
	receiver_on near log UDP4-LISTEN:0,fork,netns=far PIPE || return
	ask_from near 10.9.0.3 "$port" one
	assert_out "one from 10.9.0.3 $port\\n"
	stop "$pid"
	receiver_on near log UDP4-LISTEN:0,netns=far PIPE || return
	ask_from near 10.9.0.3 "$port" one two
	assert_out "one from 10.9.0.3 $port\\ntwo from 10.9.0.3 $port\\n"
	packets_on near got 3 --six
	printf hello >in
	for type in UDP6-SENDTO UDP6-DATAGRAM UDP6; do
		run "$SOCAT" -u - "$type:[fe80::1%far1]:$packet_port,netns=far,bind=[fe80::2%far1]" <in
		assert_status 0
	done
	wait_log got.out '^hello from fe80::2 [0-9]+ to fe80::1 on near1' 3
	run "$SOCAT" -u - "UDP6-SENDTO:[fe80::1%nosuch]:$packet_port,netns=far" <in
	assert_error 'there is no such interface'
}

test_netns_membership() {
	receiver_on near log UDP4-RECVFROM:0,netns=far,ip-add-membership=239.9.9.9:far1 PIPE || return
	ask_from near 239.9.9.9 "$port" one --interface near1
	assert_out "one from 10.9.1.2 $port\\n"
}

# ---- devices and foreign addresses

test_bindtodevice() {
	receiver_on far log UDP4-LISTEN:0,fork,so-bindtodevice=far1 PIPE || return
	ask_from near 10.9.1.2 "$port" one
	assert_out "one from 10.9.1.2 $port\\n"
	# the address is ours, but it came in by the other link
	ask_from near 10.9.0.2 "$port" one --wait 0.2
	assert_out 'none\n'
	packets_on near got 1
	printf hello >in
	run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:10.9.1.1:$packet_port,if=far1" <in
	wait_log got.out '^hello from 10\.9\.1\.2 .* on near1'
}

test_freebind() {
	run ip netns exec far "$SOCAT" -u UDP4-RECV:0,bind=10.9.0.77 -
	assert_error "bind to AF=2 10\.9\.0\.77:0: $not_available"
	for option in ip-freebind ip-transparent; do
		receiver_on far log "UDP4-LISTEN:0,bind=10.9.0.77,$option,fork" PIPE || return
		ip -n far addr add 10.9.0.77/24 dev far0
		ask_from near 10.9.0.77 "$port" one
		ip -n far addr del 10.9.0.77/24 dev far0
		assert_out "one from 10.9.0.77 $port\\n"
		stop "$pid"
	done
	packets_on near got 1
	printf hello >in
	run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:10.9.0.1:$packet_port,bind=10.9.0.88,ip-transparent" <in
	wait_log got.out '^hello from 10\.9\.0\.88 '
}

# ---- who may send

# assert_admits OPTIONS HOST GOOD BAD...: each type that receives takes packets of the first
# sender and of none of the others. A sender is an address or "address,port".
assert_admits() {
	admit_options=$1 admit_host=$2 admit_good=$3
	shift 3
	case $admit_host in *:*) admit_family=6 ;; *) admit_family=4 ;; esac
	for type in "UDP$admit_family-RECVFROM:0,fork" "UDP$admit_family-LISTEN:0,fork" \
	    "UDP$admit_family-LISTEN:0" "UDP$admit_family-RECVFROM:0" "UDP$admit_family-RECV:0"; do
		case $type in *-RECV:*) what='-u' to=STDOUT ;; *) what='' to=SYSTEM:'cat; cat <&-' ;; esac
		# shellcheck disable=SC2086
		receiver_on far log $what "$type,$admit_options" "${to:-STDOUT}" || return
		for sender in "$@"; do
			ask_from near "$admit_host" "$port" bad --from "$sender" --wait 0
		done
		ask_from near "$admit_host" "$port" good --from "$admit_good" --wait 0
		case $what in
		'') wait_log log.log 'transferred 4 bytes' || { echo "$type"; return; } ;;
		*) wait_log log.out good || { echo "$type"; return; } ;;
		esac
		refute_log log.log 'transferred 3 bytes'
		stop "$pid"
	done
}

test_range() {
	ip -n near addr add 10.9.0.65/24 dev near0
	assert_admits range=10.9.0.64/26 10.9.0.2 10.9.0.65 10.9.0.1
	assert_admits range=10.9.0.64:255.255.255.192 10.9.0.2 10.9.0.65 10.9.0.1
	ip -n near addr del 10.9.0.65/24 dev near0
	ip -n near addr add fd00:9::1:1/64 dev near0 nodad
	assert_admits 'range=[fd00:9::1:0]/112' fd00:9::2 fd00:9::1:1 fd00:9::1
	ip -n near addr del fd00:9::1:1/64 dev near0
}

test_sourceport() {
	assert_admits sourceport=7000 10.9.0.2 10.9.0.1,7000 10.9.0.1,7001
	assert_admits lowport 10.9.0.2 10.9.0.1,700 10.9.0.1,7001
}

test_tcpwrap() {
	printf 'relay: 10.9.1.1 [fd00:9:1::1]\n' >allow
	printf 'ALL: ALL\n' >deny
	tables="tcpwrap=relay,allow-table=$dir/allow,deny-table=$dir/deny"
	assert_admits "$tables" 10.9.0.2 10.9.1.1 10.9.0.1
	assert_admits "$tables" fd00:9::2 fd00:9:1::1 fd00:9::1
}

# The sender's name comes late: its packets wait, and so do those that come meanwhile.
test_tcpwrap_names() {
	printf 'ALL: ALL\n' >deny
	tables="tcpwrap=relay,allow-table=$dir/allow,deny-table=$dir/deny"
	echo 'nameserver 10.9.0.2' >resolv.conf
	mount --bind resolv.conf /etc/resolv.conf || return
	start dns ip netns exec far "$python" "$tests/peer.py" dns "$dir/dns.port" 10.9.0.2 0.3 \
		1.0.9.10.in-addr.arpa=slow.good.example slow.good.example=10.9.0.1 \
		1.1.9.10.in-addr.arpa=slow.bad.example slow.bad.example=10.9.1.1
	wait_until test -s dns.port
	printf 'relay: .good.example\n' >allow
	for type in UDP4-RECV:0 UDP4-LISTEN:0 UDP4-LISTEN:0,fork UDP4-DATAGRAM:10.9.0.1:9,bind=10.9.0.2:6543; do
		receiver_on far log -u "$type,$tables" CREATE:data || { umount /etc/resolv.conf; return; }
		ask_from near 10.9.0.2 "$port" bad --from 10.9.1.1 --wait 0
		ask_from near 10.9.0.2 "$port" one two three --from 10.9.0.1,7000 --wait 0
		wait_until size_is data 11 || { echo "$type"; tail -n 20 log.log; }
		assert_file onetwothree data
		stop "$pid"
		rm data
	done
	umount /etc/resolv.conf
}

# ---- on the wire

test_wire_ipv4() {
	packets_on near got 3
	packets_on near lite 1 --lite && lite_port=$packet_port
	packet_port=$(cat got.port)
	printf hello >in
	for type in UDP4 UDP4-SENDTO UDP4-DATAGRAM; do
		run ip netns exec far "$SOCAT" -u - "$type:10.9.0.1:$packet_port,ttl=33,tos=0x48,shut-none" <in
		assert_status 0
	done
	run ip netns exec far "$SOCAT" -u - "UDPLITE4-SENDTO:10.9.0.1:$lite_port,ip-ttl=34,ip-tos=8" <in
	wait_log lite.out '^hello from 10\.9\.0\.2 .* ttl 34 tos 8$'
	wait_log got.out '^hello from 10\.9\.0\.2 .* ttl 33 tos 72$' 3
}

# An answer of a listener, too.
test_wire_answer() {
	for type in UDP4-LISTEN:0,fork UDP4-LISTEN:0 UDP4-RECVFROM:0; do
		receiver_on far log "$type,ttl=33,tos=0x48" SYSTEM:'echo answer' || return
		packets_on near got 1 --first "10.9.0.3,$port"
		wait_log got.out '^answer from 10\.9\.0\.3 [0-9]+ .* ttl 33 tos 72$' || { echo "$type"; return; }
		stop "$pid"
	done
}

test_wire_ipv6() {
	packets_on near got 3 --six
	printf hello >in
	for type in UDP6 UDP6-SENDTO UDP6-DATAGRAM; do
		run ip netns exec far "$SOCAT" -u - "$type:[fd00:9::1]:$packet_port,ipv6-unicast-hops=33,ipv6-tclass=0x48,shut-none" <in
		assert_status 0
	done
	wait_log got.out '^hello from fd00:9::[23] .* ttl 33 tos 72$' 3
}

# IP options of several options are appended to each other.
test_wire_options() {
	packets_on near got 3
	printf hello >in
	run ip netns exec far "$SOCAT" -u - "UDP4-SENDTO:10.9.0.1:$packet_port,ip-options=x94040000" <in
	run ip netns exec far "$SOCAT" -u - \
		"UDP4-SENDTO:10.9.0.1:$packet_port,ip-options=x07070400000000,ip-options=x01,ip-options=x94040000" <in
	run ip netns exec far "$SOCAT" -u - "UDP4:10.9.0.1:$packet_port,ip-options=x0101,ip-options=x010101,shut-none" <in
	wait_log got.out '^hello from' 3 || return
	assert_log got.out 'options 94040000$'
	assert_log got.out 'options 0707080a0900020194040000$'
	assert_log got.out 'options 0101010101000000$'
	run ip netns exec far "$SOCAT" -u - "UDP4:10.9.0.1:9,ip-options=x$(printf '01%.0s' $(seq 40)),ip-options=x01" <in
	assert_error 'a packet has no room for more than 40 bytes of IP options'
}

# shellcheck disable=SC1091
. /usr/share/shunit2/shunit2
