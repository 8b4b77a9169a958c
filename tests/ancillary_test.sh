#!/bin/sh
# What the kernel tells of packets: ancillary messages, in the log and for programs; and the
# errors that other hosts report.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/hosts.sh
. "$(dirname "$0")/hosts.sh"

ipv4_options=so-timestamp,ip-pktinfo,ip-recvttl,ip-recvtos,ip-recvopts,ip-retopts
ipv6_options=so-timestamp,ipv6-recvpktinfo,ipv6-recvhoplimit,ipv6-recvtclass,ipv6-recvhopopts,ipv6-recvdstopts,ipv6-recvrthdr
show_variables='SYSTEM:env|grep "^SOCAT_"|sort; echo done'
time_form='(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]{8} [0-9]{4}, [0-9]{6} usecs'

# assert_variable NAME VALUE: of the program whose output is in the file out.
assert_variable() {
	assertEquals "SOCAT_$1" "$2" "$(sed -n "s/^SOCAT_$1=//p" out)"
}

# ---- the log

test_log_ipv4() {
	receiver_on far log -u "UDP4-RECV:0,$ipv4_options" CREATE:data || return
	ask_from near 10.9.0.3 "$port" hello --ttl 77 --tos 40 --options 0707040000000000 --wait 0
	wait_log log.log 'transferred 5 bytes' || return
	assert_log log.log " I ancillary message: SCM_TIMESTAMP: timestamp=$time_form\$"
	assert_log log.log ' N Ancillary message: interface "far0", locaddr=10\.9\.0\.3, dstaddr=10\.9\.0\.3$'
	assert_log log.log ' I ancillary message: IP_PKTINFO: if=far0$'
	assert_log log.log ' I ancillary message: IP_PKTINFO: locaddr=10\.9\.0\.3$'
	assert_log log.log ' I ancillary message: IP_PKTINFO: dstaddr=10\.9\.0\.3$'
	assert_log log.log ' N Ancillary message: ttl=77$'
	assert_log log.log ' I ancillary message: IP_TTL: ttl=77$'
	assert_log log.log ' N Ancillary message: tos=40$'
	assert_log log.log ' I ancillary message: IP_TOS: tos=40$'
	# the record of the route has our address by now
	assert_log log.log ' I ancillary message: IP_OPTIONS: options=x0707080a09000100$'
	assert_log log.log ' I ancillary message: IP: type_7='
}

test_log_ipv6() {
	receiver_on far log -u "UDP6-RECV:0,$ipv6_options" CREATE:data || return
	ask_from near fd00:9::3 "$port" hello --ttl 77 --tos 40 --hopopts 16 --wait 0
	wait_log log.log 'transferred 5 bytes' || return
	assert_log log.log " I ancillary message: SCM_TIMESTAMP: timestamp=$time_form\$"
	assert_log log.log ' I ancillary message: IPV6_PKTINFO: dstaddr=\[fd00:0009:0000:0000:0000:0000:0000:0003\]$'
	assert_log log.log ' I ancillary message: IPV6_PKTINFO: if=far0$'
	assert_log log.log ' I ancillary message: IPV6_HOPLIMIT: hoplimit=77$'
	assert_log log.log ' I ancillary message: IPV6_TCLASS: tclass=x00000028$'
	assert_log log.log ' I ancillary message: IPV6_HOPOPTS: hopopts=x..011e0c'
}

# Each type that receives, with its own way of doing it, tells of every packet once.
test_log_types() {
	for type in UDP4-RECV:0 UDP4-DATAGRAM:10.9.0.1:9,bind=:0 UDP4-LISTEN:0 \
	    UDP4-LISTEN:0,fork UDP4-RECVFROM:0,fork UDPLITE4-RECV:0; do
		case $type in UDPLITE*) lite=--lite ;; *) lite= ;; esac
		receiver_on far log -u "$type,ip-recvttl" CREATE:data || return
		# shellcheck disable=SC2086
		ask_from near 10.9.0.2 "$port" one two --ttl 33 --wait 0 $lite
		wait_log log.log 'transferred 3 bytes' 2 || { echo "$type"; return; }
		assert_lines log.log ' N Ancillary message: ttl=33$' 2
		stop "$pid"
	done
}

# What nobody asked for is not told, though the program itself may have asked the kernel.
test_log_unasked() {
	receiver_on far log UDP4-RECVFROM:0,ip-recvttl "$show_variables" || return
	ask_from near 10.9.0.3 "$port" hello
	assert_lines log.log ' N Ancillary message: ' 1
	refute_log log.log 'PKTINFO'
	receiver_on far log UDP4-LISTEN:0,fork PIPE || return
	ask_from near 10.9.0.3 "$port" hello
	assert_out "hello from 10.9.0.3 $port\\n"
	refute_log log.log '[Aa]ncillary'
}

# An interface's name is that of the namespace the socket lives in.
test_log_netns() {
	receiver_on near log -u UDP4-RECV:0,netns=far,ip-pktinfo CREATE:data || return
	ask_from near 10.9.1.2 "$port" hello --wait 0
	wait_log log.log 'IP_PKTINFO: if=far1$'
}

# Options given in raw form have their messages logged, too.
test_log_raw() {
	receiver_on far log -u UDP4-RECV:0,setsockopt-socket=0:12:i1,setsockopt-socket=0:20:i1 CREATE:data || return
	ask_from near 10.9.0.2 "$port" hello --ttl 9 --wait 0
	wait_log log.log ' N Ancillary message: ttl=9$'
	assert_log log.log " I ancillary message: IP: type_20=x0200....0a0900020000000000000000$"
	receiver_on far log -u UDP6-RECV:0,setsockopt-socket=41:74:i1 CREATE:data || return
	ask_from near fd00:9::2 "$port" hello --wait 0
	wait_log log.log ' I ancillary message: IPV6\.74: data=x0a00'
}

# What is longer than the buffer is cut: that is said, and the packet is served.
test_log_cut() {
	receiver_on far log -u UDP6-RECVFROM:0,fork,ipv6-recvhopopts,ipv6-recvhoplimit 'SYSTEM:cat >data' || return
	ask_from near fd00:9::2 "$port" hello --hopopts 1000 --wait 0
	assert_file '' out
	wait_log log.log ' W ancillary messages of a packet were cut' || return
	wait_until size_is data 5
	refute_log log.log 'IPV6_HOPOPTS'
	assert_log log.log 'IPV6_HOPLIMIT: hoplimit=64'
	ask_from near fd00:9::2 "$port" hello --hopopts 1000 --wait 0
	wait_log log.log ' I ancillary messages of a packet were cut'
}

# A note about the path is no packet.
test_log_path_mtu() {
	receiver_on far log -b 4000 UDP6-LISTEN:0,fork,ipv6-recvpathmtu,ipv6-mtu-discover=3,setsockopt-socket=41:62:i1 \
		'SYSTEM:head -c 3000 /dev/zero' || return
	ask_from near fd00:9::2 "$port" hello --wait 0
	wait_log log.log ' E write\(.*\): a packet of 3000 bytes is too large' || return
	# the kernel shows it before the next packet
	ask_from near fd00:9::2 "$port" hello --wait 0
	wait_log log.log ' I ancillary message: IPV6_PATHMTU: mtu=1500 \(to \[fd00:0009:' || return
	wait_log log.log ' N accepting UDP connection' 2
	assert_lines log.log ' N accepting UDP connection' 2
}

# ---- variables for programs

test_variables_ipv4() {
	for fork in '' ,fork; do
		receiver_on far log "UDP4-RECVFROM:0,$ipv4_options$fork" "$show_variables" || return
		ask_from near 10.9.0.3 "$port" hello --ttl 77 --tos 40 --options 0707040000000000
		assert_variable IP_IF far0
		assert_variable IP_DSTADDR 10.9.0.3
		assert_variable IP_LOCADDR 10.9.0.3
		assert_variable IP_TTL 77
		assert_variable IP_TOS 40
		assert_variable IP_OPTIONS x0707080a09000100
		assert_variable PEERADDR 10.9.0.1
		assert_variable SOCKADDR 10.9.0.3
		assert_log out "^SOCAT_TIMESTAMP=$time_form\$"
		stop "$pid"
	done
}

# The case the manual has: where was the packet sent to?
test_variables_broadcast() {
	receiver_on far log UDP4-RECVFROM:0,so-broadcast,so-timestamp,ip-pktinfo,ip-recverr,ip-recvopts,ip-recvtos,ip-recvttl!!- \
		'SYSTEM:export' || return
	ask_from near 10.9.0.255 "$port" hello --broadcast --wait 0
	wait_log log.out "SOCAT_IP_DSTADDR='?10\.9\.0\.255" || return
	assert_log log.out "SOCAT_IP_LOCADDR='?10\.9\.0\.2"
	assert_log log.out "SOCAT_IP_IF='?far0"
}

test_variables_ipv6() {
	for type in UDP6-RECVFROM:0 UDP6-RECVFROM:0,fork UDP6-LISTEN:0 UDP6-LISTEN:0,fork; do
		receiver_on far log "$type,$ipv6_options" "$show_variables" || return
		ask_from near fd00:9::3 "$port" hello --ttl 77 --tos 40 --hopopts 8
		assert_variable IPV6_DSTADDR '[fd00:0009:0000:0000:0000:0000:0000:0003]'
		assert_variable IPV6_IF far0
		assert_variable IPV6_HOPLIMIT 77
		assert_variable IPV6_TCLASS x00000028
		assert_log out '^SOCAT_IPV6_HOPOPTS=x..001e0400000000$'
		assert_log out "^SOCAT_TIMESTAMP=$time_form\$"
		stop "$pid"
	done
}

test_variables_listen() {
	for fork in '' ,fork; do
		receiver_on far log "UDP4-LISTEN:0,ip-pktinfo,ip-recvttl$fork" "$show_variables" || return
		ask_from near 10.9.0.3 "$port" hello --ttl 5
		assert_variable IP_DSTADDR 10.9.0.3
		assert_variable IP_TTL 5
		assert_variable SOCKADDR 10.9.0.3
		stop "$pid"
	done
}

# An IPv6 socket that serves IPv4, too.
test_variables_mapped() {
	receiver_on far log "UDP6-RECVFROM:0,ipv6-v6only=0,$ipv6_options,ip-pktinfo,ip-recvttl" "$show_variables" || return
	ask_from near 10.9.0.3 "$port" hello --ttl 77
	assert_variable IP_DSTADDR 10.9.0.3
	assert_variable IP_TTL 77
	assert_variable IPV6_DSTADDR '[0000:0000:0000:0000:0000:ffff:0a09:0003]'
	assert_variable PEERADDR '[0000:0000:0000:0000:0000:ffff:0a09:0001]'
}

# Each packet its own.
test_variables_differ() {
	receiver_on far log UDP4-RECVFROM:0,fork,ip-recvttl 'SYSTEM:cat >/dev/null; echo "$SOCAT_IP_TTL"' || return
	for ttl in 11 22 33; do
		ask_from near 10.9.0.2 "$port" hello --ttl "$ttl"
		assert_log out "^$ttl"
	done
}

# ---- errors

refused='Connection refused: 10\.9\.0\.1 reports by ICMP type 3, code 3 \(port unreachable\)'

# free_port: one on the near host where nobody listens, in $free.
free_port() {
	packets_on near free 1 "$@"
	stop "$pid"
	free=$packet_port
}

# One failed packet is no reason to give up: the others may arrive.
test_error_goes_on() {
	for type in UDP4-SENDTO UDP4-DATAGRAM UDPLITE4-SENDTO; do
		case $type in UDPLITE*) lite=--lite ;; *) lite= ;; esac
		# shellcheck disable=SC2086
		free_port $lite
		rm -f in
		mkfifo in
		start_with in log ip netns exec far "$SOCAT" -d -d -d - "$type:10.9.0.1:$free,ip-recverr"
		relay_pid=$pid
		exec 9>in
		wait_log log.log 'starting data transfer' || return
		echo one >&9
		wait_log log.log " W sending to AF=2 10\.9\.0\.1:$free: $refused" || return
		# shellcheck disable=SC2086
		packets_on near got 1 --port "$free" $lite
		echo two >&9
		wait_log got.out '^two from 10\.9\.0\.2 '
		exec 9>&-
		finish "$relay_pid"
		assert_status 0
	done
}

test_error_ipv6() {
	free_port --six
	mkfifo in
	start_with in log ip netns exec far "$SOCAT" -d -d -d - "UDP6-DATAGRAM:[fd00:9::1]:$free,ipv6-recverr"
	exec 9>in
	wait_log log.log 'starting data transfer' || return
	echo one >&9
	wait_log log.log ' W sending to AF=10 \[fd00:.*\]:.*: Connection refused: \[fd00:0009:0000:0000:0000:0000:0000:0001\] reports by ICMPv6 type 1, code 4 \(port unreachable\)'
	exec 9>&-
}

# The only peer of a connection: it is over.
test_error_connected() {
	free_port
	mkfifo in
	for option in '' ,ip-recverr; do
		start_with in log ip netns exec far "$SOCAT" -d -d -d - "UDP4:10.9.0.1:$free$option"
		relay_pid=$pid
		exec 9>in
		wait_log log.log 'starting data transfer' || return
		echo one >&9
		finish "$relay_pid"
		exec 9>&-
		assert_status 1
		assert_log log.log ' E read\(.*\): Connection refused'
		assert_lines log.log " W .*$refused" "$([ -z "$option" ] && echo 0 || echo 1)"
	done
}

# One of several peers goes away: the others notice nothing.
test_error_listen_fork() {
	receiver_on far log UDP4-LISTEN:0,fork,ip-recverr 'SYSTEM:read a; echo first; cat' || return
	relay_pid=$pid
	packets_on near other 1
	ask_from near 10.9.0.2 "$port" 'hello
more' --wait 0
	wait_log log.log " W sending to AF=2 10\.9\.0\.1:[0-9]*: $refused" || return
	ask_from near 10.9.0.2 "$port" 'hello
'
	assert_log out '^first'
	assertTrue 'it still runs' "kill -0 $relay_pid"
}

# A listener for one peer, which has gone: as with a connection, whichever address it asked.
test_error_listen() {
	for host in 10.9.0.2 10.9.0.3; do
		rm -f in
		mkfifo in
		start_with in log ip netns exec far "$SOCAT" -d -d -d - UDP4-LISTEN:0
		relay_pid=$pid
		exec 9>in
		wait_log log.log 'listening on UDP' || return
		port=$(sed -n 's/.* N listening on UDP .*:\([0-9]*\)$/\1/p' log.log)
		ask_from near "$host" "$port" hello --wait 0
		wait_log log.log 'starting data transfer' || return
		echo answer >&9
		finish "$relay_pid"
		exec 9>&-
		assert_status 1
		assert_log log.log ' E read\(.*\): Connection refused'
	done
}

# What the own host finds: too large for a packet that must not be cut into pieces.
test_error_own_host() {
	packets_on near got 1
	head -c 3000 /dev/zero >in
	run ip netns exec far "$SOCAT" -b 4000 - "UDP4-SENDTO:10.9.0.1:$packet_port,ip-recverr,ip-mtu-discover=2" <in
	assert_log err ' W sending to AF=2 10\.9\.0\.1:[0-9]*: Message too (long|large); the MTU is 1500$'
	assert_error 'write\(.*\): a packet of 3000 bytes is too large'
}

# shellcheck disable=SC1091
. /usr/share/shunit2/shunit2
