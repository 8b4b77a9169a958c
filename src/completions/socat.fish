# Completion of socat's switches and addresses for fish. Written by generate.py: don't edit.

set -g __socat_types ABSTRACT-CLIENT: ABSTRACT-CONNECT: ABSTRACT-LISTEN: ABSTRACT-RECV: ABSTRACT-RECVFROM: ABSTRACT-SENDTO: ACCEPT-FD: CREATE: DCCP-CONNECT: DCCP-LISTEN: DCCP4-CONNECT: DCCP4-LISTEN: DCCP6-CONNECT: DCCP6-LISTEN: EXEC: FD: GOPEN: INTERFACE: IP-DATAGRAM: IP-RECV: IP-RECVFROM: IP-SENDTO: IP4-DATAGRAM: IP4-RECV: IP4-RECVFROM: IP4-SENDTO: IP6-DATAGRAM: IP6-RECV: IP6-RECVFROM: IP6-SENDTO: OPEN: OPENSSL-LISTEN: OPENSSL: PIPE: POSIXMQ-BIDIRECTIONAL: POSIXMQ-READ: POSIXMQ-RECEIVE: POSIXMQ-SEND: POSIXMQ-WRITE: PROXY: PTY READLINE SCTP-CONNECT: SCTP-LISTEN: SCTP4-CONNECT: SCTP4-LISTEN: SCTP6-CONNECT: SCTP6-LISTEN: SHELL: SOCKET-CONNECT: SOCKET-DATAGRAM: SOCKET-LISTEN: SOCKET-RECV: SOCKET-RECVFROM: SOCKET-SENDTO: SOCKETPAIR SOCKS4: SOCKS4A: SOCKS5-CONNECT: SOCKS5-LISTEN: STALL STDERR STDIN STDIO STDOUT SYSTEM: TCP-CONNECT: TCP-LISTEN: TCP4-CONNECT: TCP4-LISTEN: TCP6-CONNECT: TCP6-LISTEN: TEXT: TUN: UDP-CONNECT: UDP-DATAGRAM: UDP-LISTEN: UDP-RECV: UDP-RECVFROM: UDP-SENDTO: UDP4-CONNECT: UDP4-DATAGRAM: UDP4-LISTEN: UDP4-RECV: UDP4-RECVFROM: UDP4-SENDTO: UDP6-CONNECT: UDP6-DATAGRAM: UDP6-LISTEN: UDP6-RECV: UDP6-RECVFROM: UDP6-SENDTO: UDPLITE-CONNECT: UDPLITE-DATAGRAM: UDPLITE-LISTEN: UDPLITE-RECV: UDPLITE-RECVFROM: UDPLITE-SENDTO: UDPLITE4-CONNECT: UDPLITE4-DATAGRAM: UDPLITE4-LISTEN: UDPLITE4-RECV: UDPLITE4-RECVFROM: UDPLITE4-SENDTO: UDPLITE6-CONNECT: UDPLITE6-DATAGRAM: UDPLITE6-LISTEN: UDPLITE6-RECV: UDPLITE6-RECVFROM: UDPLITE6-SENDTO: UNIX-CLIENT: UNIX-CONNECT: UNIX-LISTEN: UNIX-RECV: UNIX-RECVFROM: UNIX-SENDTO: VSOCK-CONNECT: VSOCK-LISTEN:

set -g __socat_type_aliases ABSTRACT: ACCEPT: CREAT: DATAGRAM: DCCP-L: DCCP4-L: DCCP4: DCCP6-L: DCCP6: DCCP: DGRAM: ECHO: FIFO: FILE: IF: INET-L: INET-LISTEN: INET4-L: INET4-LISTEN: INET4: INET6-L: INET6-LISTEN: INET6: INET: IP-DGRAM: IP-SEND: IP4-DGRAM: IP4-SEND: IP4: IP6-DGRAM: IP6-SEND: IP6: IP: LOCAL: OPENSSL-CONNECT: POSIXMQ-RECV: POSIXMQ: PROXY-CONNECT: SCTP-L: SCTP4-L: SCTP4: SCTP6-L: SCTP6: SCTP: SENDTO: SOCKS5-BIND: SOCKS5: SOCKS: SSL-L: SSL: TCP-L: TCP4-L: TCP4: TCP6-L: TCP6: TCP: UDP-DGRAM: UDP-L: UDP-SEND: UDP4-DGRAM: UDP4-L: UDP4-SEND: UDP4: UDP6-DGRAM: UDP6-L: UDP6-SEND: UDP6: UDP: UDPLITE-DGRAM: UDPLITE-L: UDPLITE-SEND: UDPLITE4-DGRAM: UDPLITE4-L: UDPLITE4-SEND: UDPLITE4: UDPLITE6-DGRAM: UDPLITE6-L: UDPLITE6-SEND: UDPLITE6: UDPLITE: UNIX-L: UNIX-SEND: UNIX: VSOCK-L: VSOCK:

set -g __socat_switches -V -h -hh -hhh -d -dd -ddd -dddd -d0 -d1 -d2 -d3 -d4 -D --experimental --statistics --grace --metrics --healthcheck --workers -ly -lf -ls -lm -lp --log-format -lu -lh -v -x -r -R -b -s -S -t -T -u -U -g -L -W -0 -4 -6

set -g __socat_facilities auth authpriv cron daemon ftp kern lpr mail news syslog user uucp local0 local1 local2 local3 local4 local5 local6 local7

function __socat_type
	switch $argv[1]
		case 'ABSTRACT-CLIENT' 'ABSTRACT'
			set -g groups FD SOCKET RETRY UNIX PROXYHEADER
			set -g parameter none
		case 'ABSTRACT-CONNECT'
			set -g groups FD SOCKET RETRY UNIX PROXYHEADER
			set -g parameter none
		case 'ABSTRACT-LISTEN'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE UNIX PROXYHEADER
			set -g parameter none
		case 'ABSTRACT-RECV'
			set -g groups FD SOCKET RETRY UNIX
			set -g parameter none
		case 'ABSTRACT-RECVFROM'
			set -g groups FD SOCKET CHILD RETRY UNIX
			set -g parameter none
		case 'ABSTRACT-SENDTO'
			set -g groups FD SOCKET RETRY UNIX
			set -g parameter none
		case 'ACCEPT-FD' 'ACCEPT'
			set -g groups FD SOCKET CHILD RETRY RANGE UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE
			set -g parameter none
		case 'CREATE' 'CREAT'
			set -g groups FD REG NAMED
			set -g parameter file
		case 'DCCP-CONNECT' 'DCCP'
			set -g groups FD SOCKET CHILD RETRY IP4 IP6 DCCP
			set -g parameter none
		case 'DCCP-LISTEN' 'DCCP-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP4 IP6 DCCP
			set -g parameter none
		case 'DCCP4-CONNECT' 'DCCP4'
			set -g groups FD SOCKET CHILD RETRY IP4 DCCP
			set -g parameter none
		case 'DCCP4-LISTEN' 'DCCP4-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP4 DCCP
			set -g parameter none
		case 'DCCP6-CONNECT' 'DCCP6'
			set -g groups FD SOCKET CHILD RETRY IP6 DCCP
			set -g parameter none
		case 'DCCP6-LISTEN' 'DCCP6-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP6 DCCP
			set -g parameter none
		case 'EXEC'
			set -g groups FD FIFO SOCKET EXEC FORK TERMIOS PTY PARENT UNIX
			set -g parameter command
		case 'FD'
			set -g groups FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE
			set -g parameter none
		case 'GOPEN'
			set -g groups FD FIFO CHR BLK REG SOCKET NAMED OPEN TERMIOS UNIX
			set -g parameter file
		case 'INTERFACE' 'IF'
			set -g groups FD SOCKET INTERFACE
			set -g parameter interface
		case 'IP-DATAGRAM' 'IP-DGRAM'
			set -g groups FD SOCKET RANGE IP4 IP6
			set -g parameter none
		case 'IP-RECV'
			set -g groups FD SOCKET RANGE IP4 IP6
			set -g parameter none
		case 'IP-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP4 IP6
			set -g parameter none
		case 'IP-SENDTO' 'IP' 'IP-SEND'
			set -g groups FD SOCKET IP4 IP6
			set -g parameter none
		case 'IP4-DATAGRAM' 'IP4-DGRAM'
			set -g groups FD SOCKET RANGE IP4
			set -g parameter none
		case 'IP4-RECV'
			set -g groups FD SOCKET RANGE IP4
			set -g parameter none
		case 'IP4-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP4
			set -g parameter none
		case 'IP4-SENDTO' 'IP4' 'IP4-SEND'
			set -g groups FD SOCKET IP4
			set -g parameter none
		case 'IP6-DATAGRAM' 'IP6-DGRAM'
			set -g groups FD SOCKET RANGE IP6
			set -g parameter none
		case 'IP6-RECV'
			set -g groups FD SOCKET RANGE IP6
			set -g parameter none
		case 'IP6-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP6
			set -g parameter none
		case 'IP6-SENDTO' 'IP6' 'IP6-SEND'
			set -g groups FD SOCKET IP6
			set -g parameter none
		case 'OPEN' 'FILE'
			set -g groups FD FIFO CHR BLK REG NAMED OPEN TERMIOS
			set -g parameter file
		case 'OPENSSL-LISTEN' 'SSL-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP4 IP6 TCP OPENSSL PROXYHEADER
			set -g parameter none
		case 'OPENSSL' 'OPENSSL-CONNECT' 'SSL'
			set -g groups FD SOCKET CHILD RETRY IP4 IP6 TCP OPENSSL PROXYHEADER
			set -g parameter none
		case 'PIPE' 'ECHO' 'FIFO'
			set -g groups FD FIFO NAMED OPEN
			set -g parameter file
		case 'POSIXMQ-BIDIRECTIONAL' 'POSIXMQ'
			set -g groups FD NAMED OPEN RETRY POSIXMQ
			set -g parameter none
		case 'POSIXMQ-READ'
			set -g groups FD NAMED OPEN RETRY POSIXMQ
			set -g parameter none
		case 'POSIXMQ-RECEIVE' 'POSIXMQ-RECV'
			set -g groups FD NAMED OPEN CHILD RETRY POSIXMQ
			set -g parameter none
		case 'POSIXMQ-SEND'
			set -g groups FD NAMED OPEN CHILD RETRY POSIXMQ
			set -g parameter none
		case 'POSIXMQ-WRITE'
			set -g groups FD NAMED OPEN CHILD RETRY POSIXMQ
			set -g parameter none
		case 'PROXY' 'PROXY-CONNECT'
			set -g groups FD SOCKET CHILD RETRY IP4 IP6 TCP HTTP PROXYHEADER
			set -g parameter none
		case 'PTY'
			set -g groups FD NAMED TERMIOS PTY
			set -g parameter none
		case 'READLINE'
			set -g groups FD TERMIOS READLINE
			set -g parameter none
		case 'SCTP-CONNECT' 'SCTP'
			set -g groups FD SOCKET CHILD RETRY IP4 IP6 SCTP
			set -g parameter none
		case 'SCTP-LISTEN' 'SCTP-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP4 IP6 SCTP
			set -g parameter none
		case 'SCTP4-CONNECT' 'SCTP4'
			set -g groups FD SOCKET CHILD RETRY IP4 SCTP
			set -g parameter none
		case 'SCTP4-LISTEN' 'SCTP4-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP4 SCTP
			set -g parameter none
		case 'SCTP6-CONNECT' 'SCTP6'
			set -g groups FD SOCKET CHILD RETRY IP6 SCTP
			set -g parameter none
		case 'SCTP6-LISTEN' 'SCTP6-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP6 SCTP
			set -g parameter none
		case 'SHELL'
			set -g groups FD FIFO SOCKET EXEC FORK SHELL TERMIOS PTY PARENT UNIX
			set -g parameter command
		case 'SOCKET-CONNECT'
			set -g groups FD SOCKET CHILD RETRY
			set -g parameter none
		case 'SOCKET-DATAGRAM' 'DATAGRAM' 'DGRAM'
			set -g groups FD SOCKET RANGE
			set -g parameter none
		case 'SOCKET-LISTEN'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE
			set -g parameter none
		case 'SOCKET-RECV'
			set -g groups FD SOCKET RANGE
			set -g parameter none
		case 'SOCKET-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE
			set -g parameter none
		case 'SOCKET-SENDTO' 'SENDTO'
			set -g groups FD SOCKET
			set -g parameter none
		case 'SOCKETPAIR'
			set -g groups FD SOCKET
			set -g parameter none
		case 'SOCKS4' 'SOCKS'
			set -g groups FD SOCKET CHILD RETRY IP4 IP6 TCP SOCKS PROXYHEADER
			set -g parameter none
		case 'SOCKS4A'
			set -g groups FD SOCKET CHILD RETRY IP4 IP6 TCP SOCKS PROXYHEADER
			set -g parameter none
		case 'SOCKS5-CONNECT' 'SOCKS5'
			set -g groups FD SOCKET CHILD RETRY IP4 IP6 TCP SOCKS PROXYHEADER
			set -g parameter none
		case 'SOCKS5-LISTEN' 'SOCKS5-BIND'
			set -g groups FD SOCKET LISTEN CHILD RETRY IP4 IP6 TCP SOCKS
			set -g parameter none
		case 'STALL'
			set -g groups 
			set -g parameter none
		case 'STDERR'
			set -g groups FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE
			set -g parameter none
		case 'STDIN'
			set -g groups FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE
			set -g parameter none
		case 'STDIO'
			set -g groups FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE
			set -g parameter none
		case 'STDOUT'
			set -g groups FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE
			set -g parameter none
		case 'SYSTEM'
			set -g groups FD FIFO SOCKET EXEC FORK TERMIOS PTY PARENT UNIX
			set -g parameter command
		case 'TCP-CONNECT' 'INET' 'TCP'
			set -g groups FD SOCKET CHILD RETRY IP4 IP6 TCP PROXYHEADER
			set -g parameter none
		case 'TCP-LISTEN' 'INET-L' 'INET-LISTEN' 'TCP-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP4 IP6 TCP PROXYHEADER
			set -g parameter none
		case 'TCP4-CONNECT' 'INET4' 'TCP4'
			set -g groups FD SOCKET CHILD RETRY IP4 TCP PROXYHEADER
			set -g parameter none
		case 'TCP4-LISTEN' 'INET4-L' 'INET4-LISTEN' 'TCP4-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP4 TCP PROXYHEADER
			set -g parameter none
		case 'TCP6-CONNECT' 'INET6' 'TCP6'
			set -g groups FD SOCKET CHILD RETRY IP6 TCP PROXYHEADER
			set -g parameter none
		case 'TCP6-LISTEN' 'INET6-L' 'INET6-LISTEN' 'TCP6-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY RANGE IP6 TCP PROXYHEADER
			set -g parameter none
		case 'TEXT'
			set -g groups FD
			set -g parameter none
		case 'TUN'
			set -g groups FD CHR OPEN INTERFACE
			set -g parameter none
		case 'UDP-CONNECT' 'UDP'
			set -g groups FD SOCKET IP4 IP6 UDP
			set -g parameter none
		case 'UDP-DATAGRAM' 'UDP-DGRAM'
			set -g groups FD SOCKET RANGE IP4 IP6 UDP
			set -g parameter none
		case 'UDP-LISTEN' 'UDP-L'
			set -g groups FD SOCKET LISTEN CHILD RANGE IP4 IP6 UDP
			set -g parameter none
		case 'UDP-RECV'
			set -g groups FD SOCKET RANGE IP4 IP6 UDP
			set -g parameter none
		case 'UDP-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP4 IP6 UDP
			set -g parameter none
		case 'UDP-SENDTO' 'UDP-SEND'
			set -g groups FD SOCKET IP4 IP6 UDP
			set -g parameter none
		case 'UDP4-CONNECT' 'UDP4'
			set -g groups FD SOCKET IP4 UDP
			set -g parameter none
		case 'UDP4-DATAGRAM' 'UDP4-DGRAM'
			set -g groups FD SOCKET RANGE IP4 UDP
			set -g parameter none
		case 'UDP4-LISTEN' 'UDP4-L'
			set -g groups FD SOCKET LISTEN CHILD RANGE IP4 UDP
			set -g parameter none
		case 'UDP4-RECV'
			set -g groups FD SOCKET RANGE IP4 UDP
			set -g parameter none
		case 'UDP4-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP4 UDP
			set -g parameter none
		case 'UDP4-SENDTO' 'UDP4-SEND'
			set -g groups FD SOCKET IP4 UDP
			set -g parameter none
		case 'UDP6-CONNECT' 'UDP6'
			set -g groups FD SOCKET IP6 UDP
			set -g parameter none
		case 'UDP6-DATAGRAM' 'UDP6-DGRAM'
			set -g groups FD SOCKET RANGE IP6 UDP
			set -g parameter none
		case 'UDP6-LISTEN' 'UDP6-L'
			set -g groups FD SOCKET LISTEN CHILD RANGE IP6 UDP
			set -g parameter none
		case 'UDP6-RECV'
			set -g groups FD SOCKET RANGE IP6 UDP
			set -g parameter none
		case 'UDP6-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP6 UDP
			set -g parameter none
		case 'UDP6-SENDTO' 'UDP6-SEND'
			set -g groups FD SOCKET IP6 UDP
			set -g parameter none
		case 'UDPLITE-CONNECT' 'UDPLITE'
			set -g groups FD SOCKET IP4 IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE-DATAGRAM' 'UDPLITE-DGRAM'
			set -g groups FD SOCKET RANGE IP4 IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE-LISTEN' 'UDPLITE-L'
			set -g groups FD SOCKET LISTEN CHILD RANGE IP4 IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE-RECV'
			set -g groups FD SOCKET RANGE IP4 IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP4 IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE-SENDTO' 'UDPLITE-SEND'
			set -g groups FD SOCKET IP4 IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE4-CONNECT' 'UDPLITE4'
			set -g groups FD SOCKET IP4 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE4-DATAGRAM' 'UDPLITE4-DGRAM'
			set -g groups FD SOCKET RANGE IP4 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE4-LISTEN' 'UDPLITE4-L'
			set -g groups FD SOCKET LISTEN CHILD RANGE IP4 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE4-RECV'
			set -g groups FD SOCKET RANGE IP4 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE4-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP4 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE4-SENDTO' 'UDPLITE4-SEND'
			set -g groups FD SOCKET IP4 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE6-CONNECT' 'UDPLITE6'
			set -g groups FD SOCKET IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE6-DATAGRAM' 'UDPLITE6-DGRAM'
			set -g groups FD SOCKET RANGE IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE6-LISTEN' 'UDPLITE6-L'
			set -g groups FD SOCKET LISTEN CHILD RANGE IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE6-RECV'
			set -g groups FD SOCKET RANGE IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE6-RECVFROM'
			set -g groups FD SOCKET CHILD RANGE IP6 UDP UDPLITE
			set -g parameter none
		case 'UDPLITE6-SENDTO' 'UDPLITE6-SEND'
			set -g groups FD SOCKET IP6 UDP UDPLITE
			set -g parameter none
		case 'UNIX-CLIENT' 'UNIX'
			set -g groups FD SOCKET NAMED RETRY UNIX PROXYHEADER
			set -g parameter file
		case 'UNIX-CONNECT' 'LOCAL'
			set -g groups FD SOCKET NAMED RETRY UNIX PROXYHEADER
			set -g parameter file
		case 'UNIX-LISTEN' 'UNIX-L'
			set -g groups FD SOCKET NAMED LISTEN CHILD RETRY RANGE UNIX PROXYHEADER
			set -g parameter file
		case 'UNIX-RECV'
			set -g groups FD SOCKET NAMED RETRY UNIX
			set -g parameter file
		case 'UNIX-RECVFROM'
			set -g groups FD SOCKET NAMED CHILD RETRY UNIX
			set -g parameter file
		case 'UNIX-SENDTO' 'UNIX-SEND'
			set -g groups FD SOCKET NAMED RETRY UNIX
			set -g parameter file
		case 'VSOCK-CONNECT' 'VSOCK'
			set -g groups FD SOCKET CHILD RETRY
			set -g parameter none
		case 'VSOCK-LISTEN' 'VSOCK-L'
			set -g groups FD SOCKET LISTEN CHILD RETRY
			set -g parameter none
		case '-'
			set -g groups FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE
	end
end

function __socat_group
	switch $argv[1]
		case 'APPL'
			set -g names cr crnl escape= ignoreeof lockfile= readbytes= waitlock=
			set -g aliases crlf ignoreof bytes=
		case 'BLK'
			set -g names lseek32-cur= lseek32-end= lseek32-set= lseek64-cur= lseek64-end= lseek64-set=
			set -g aliases lseek32= seek-cur= seek-end= lseek= lseek64= seek= seek-set=
		case 'CHILD'
			set -g names children-shutup= fork isolate max-children= max-children-per-peer= max-rate=
			set -g aliases maxchildren=
		case 'DCCP'
			set -g names dccp-set-ccid= dccp-set-sid= lowport sourceport=
			set -g aliases ccid= sp=
		case 'EXEC'
			set -g names dash path=
			set -g aliases login
		case 'FD'
			set -g names append async cloexec cool-write end-close f-setlk-rd f-setlk-wr f-setlkw-rd f-setlkw-wr flock-ex flock-ex-nb flock-sh flock-sh-nb group= group-late= ioctl-bin= ioctl-int= ioctl-intp= ioctl-string= ioctl-void= o-noatime o-nonblock perm= perm-late= shut-close shut-down shut-none shut-null user= user-late=
			set -g aliases o-append o-async coolwrite close setlk-rd f-setlk setlk setlk-wr setlkw-rd f-setlkw lock lockw setlkw setlkw-wr flock flock-nb gid= gid-l= ioctl= noatime ndelay nonblock o-ndelay o_ndelay mode= owner= uid= uid-l=
		case 'FIFO'
			set -g names f-setpipe-sz=
			set -g aliases pipesz= setpipe=
		case 'FORK'
			set -g names fdin= fdout= nofork pipes pty setpgid= stderr
			set -g aliases pgid=
		case 'HTTP'
			set -g names handshake-timeout= http-version= ignorecr ignorehost proxy-authorization= proxy-authorization-file= proxy-resolve proxyport= via=
			set -g aliases proxy-auth= proxyauth= proxyauthfile= resolv resolve
		case 'INTERFACE'
			set -g names iff-allmulti iff-automedia iff-broadcast iff-debug iff-loopback iff-master iff-multicast iff-no-pi iff-noarp iff-notrailers iff-pointopoint iff-portsel iff-promisc iff-running iff-slave iff-up interface-mtu= retrieve-vlan tun-device= tun-name= tun-type=
			set -g aliases allmulti automedia loopback master multicast no-pi tun-no-pi noarp notrailers pointopoint portsel promisc running slave up if-mtu=
		case 'IP4'
			set -g names ai-addrconfig ai-all ai-passive ai-v4mapped ip-add-membership= ip-add-source-membership= ip-freebind= ip-hdrincl= ip-mtu-discover= ip-multicast-if= ip-multicast-loop= ip-multicast-ttl= ip-options= ip-pktinfo= ip-recverr= ip-recvopts= ip-recvtos= ip-recvttl= ip-retopts= ip-router-alert= ip-tos= ip-transparent ip-ttl= ipv6-mtu-discover=
			set -g aliases addrconfig passive v4mapped add-membership= ip-membership= membership= add-source-membership= source-membership= freebind= ipfreebind= hdrincl= iphdrincl= ipmtudiscover= mtudiscover= multicast-if= ipmulticastloop= mcloop= multicast-loop= multicastloop= ipmulticastttl= multicast-ttl= multicastttl= ipoptions= ippktinfo= pktinfo= iprecverr= recverr= iprecvopts= recvopts= iprecvtos= recvtos= iprecvttl= recvttl= ipretopts= retopts= iprouteralert= routeralert= iptos= tos= transparent ipttl= ttl= mtudiscover6=
		case 'IP6'
			set -g names ai-addrconfig ai-all ai-passive ai-v4mapped ip-add-membership= ip-add-source-membership= ip-freebind= ip-hdrincl= ip-mtu-discover= ip-multicast-if= ip-multicast-loop= ip-multicast-ttl= ip-options= ip-pktinfo= ip-recverr= ip-recvopts= ip-recvtos= ip-recvttl= ip-retopts= ip-router-alert= ip-tos= ip-transparent ip-ttl= ipv6-join-group= ipv6-join-source-group= ipv6-mtu-discover= ipv6-multicast-loop= ipv6-recvdstopts= ipv6-recverr= ipv6-recvhoplimit= ipv6-recvhopopts= ipv6-recvpathmtu= ipv6-recvpktinfo= ipv6-recvrthdr= ipv6-recvtclass= ipv6-tclass= ipv6-unicast-hops= ipv6-v6only=
			set -g aliases addrconfig passive v4mapped add-membership= ip-membership= membership= add-source-membership= source-membership= freebind= ipfreebind= hdrincl= iphdrincl= ipmtudiscover= mtudiscover= multicast-if= ipmulticastloop= mcloop= multicast-loop= multicastloop= ipmulticastttl= multicast-ttl= multicastttl= ipoptions= ippktinfo= pktinfo= iprecverr= recverr= iprecvopts= recvopts= iprecvtos= recvtos= iprecvttl= recvttl= ipretopts= retopts= iprouteralert= routeralert= iptos= tos= transparent ipttl= ttl= ipv6-add-membership= join-group= ipv6-add-source-membership= join-source-group= mtudiscover6= ipv6-mcloop= mcloop6= recvdstopts= recvhoplimit= recvhopopts= recvpktinfo= recvrthdr= unicast-hops= ipv6only= v6only=
		case 'LISTEN'
			set -g names accept-timeout= backlog=
			set -g aliases listen-timeout=
		case 'NAMED'
			set -g names group= group-early= perm= perm-early= unlink unlink-close unlink-early unlink-late user= user-early=
			set -g aliases gid= gid-e= mode= delete remove new owner= uid= uid-e=
		case 'OPEN'
			set -g names append async o-creat o-direct o-directory o-dsync o-excl o-largefile o-noatime o-noctty o-nofollow o-nonblock o-rdonly o-rdwr o-rsync o-sync o-trunc o-wronly
			set -g aliases o-append o-async creat create o-create o_creat o_create direct o_direct directory o_directory dsync o_dsync excl o_excl largefile o_largefile noatime noctty o_noctty nofollow o_nofollow ndelay nonblock o-ndelay o_ndelay o_rdonly rdonly o_rdwr rdwr o_rsync rsync o_sync sync trunc o_wronly wronly
		case 'OPENSSL'
			set -g names alpn= handshake-timeout= openssl-cafile= openssl-capath= openssl-certificate= openssl-cipherlist= openssl-commonname= openssl-compress= openssl-dhparam= openssl-egd= openssl-key= openssl-max-proto-version= openssl-maxfraglen= openssl-maxsendfrag= openssl-method= openssl-min-proto-version= openssl-no-sni openssl-pseudo openssl-snihost= openssl-verify pin-sha256= via=
			set -g aliases cafile= capath= cert= certificate= cipher= cipherlist= ciphers= cn= commonname= compress= dh= dhparam= dhparams= openssl-dhparams= egd= key= max-proto-version= max-version= maxfraglen= maxsendfrag= method= min-proto-version= min-version= no-sni nosni pseudo snihost= verify
		case 'PARENT'
			set -g names sighup sigint sigquit
			set -g aliases 
		case 'POSIXMQ'
			set -g names posixmq-flush posixmq-maxmsg= posixmq-msgsize= posixmq-priority=
			set -g aliases mq-flush mq-maxmsg= mq-msgsize= mq-prio=
		case 'PROCESS'
			set -g names chroot= chroot-early= netns= setgid= setgid-early= setsid setuid= setuid-early= substuser= substuser-delayed= substuser-early=
			set -g aliases sid su= su-d= su-e=
		case 'PROXYHEADER'
			set -g names accept-proxy accept-proxy-from= handshake-timeout= send-proxy send-proxy-v2
			set -g aliases 
		case 'PTY'
			set -g names openpty ptmx pty-interval= pty-wait-slave sitout-eio= symbolic-link=
			set -g aliases pty-intervall= wait-slave waitslave link=
		case 'RANGE'
			set -g names range= range-file= tcpwrap-etc= tcpwrap-hosts-allow-table= tcpwrap-hosts-deny-table= tcpwrappers
			set -g aliases tcpwrap-dir= allow-table= hosts-allow= deny-table= hosts-deny= libwrap tcpwrap tcpwrapper wrap
		case 'READLINE'
			set -g names history-file= noecho= noprompt prompt=
			set -g aliases history=
		case 'REG'
			set -g names fs-append fs-compr fs-dirsync fs-immutable fs-journal-data fs-noatime fs-nodump fs-notail fs-secrm fs-sync fs-topdir fs-unrm ftruncate32= ftruncate64= lseek32-cur= lseek32-end= lseek32-set= lseek64-cur= lseek64-end= lseek64-set=
			set -g aliases ext2-append ext3-append compr ext2-compr ext3-compr dirsync ext2-dirsync ext3-dirsync ext2-immutable ext3-immutable immutable ext2-journal-data ext3-journal-data journal journal-data ext2-noatime ext3-noatime ext2-nodump ext3-nodump nodump ext2-notail ext3-notail notail ext2-secrm ext3-secrm secrm ext2-sync ext3-sync ext2-topdir ext3-topdir topdir ext2-unrm ext3-unrm unrm ftruncate= truncate= lseek32= seek-cur= seek-end= lseek= lseek64= seek= seek-set=
		case 'RETRY'
			set -g names forever interval= retry=
			set -g aliases intervall=
		case 'SCTP'
			set -g names lowport sctp-maxseg= sctp-nodelay sourceport=
			set -g aliases sp=
		case 'SHELL'
			set -g names shell=
			set -g aliases 
		case 'SOCKET'
			set -g names bind= connect-timeout= fiosetown= null-eof protocol-family= setsockopt= setsockopt-bin= setsockopt-connected= setsockopt-int= setsockopt-listen= setsockopt-socket= setsockopt-string= siocspgrp= so-bindtodevice= so-broadcast= so-bsdcompat= so-debug= so-detach-filter= so-dontroute= so-keepalive= so-linger= so-no-check= so-oobinline= so-passcred= so-priority= so-protocol= so-rcvbuf= so-rcvbuf-late= so-rcvlowat= so-rcvtimeo= so-reuseaddr so-reuseport= so-sndbuf= so-sndbuf-late= so-sndtimeo= so-timestamp= so-type=
			set -g aliases pf= sockopt= sockopt-bin= sockopt-conn= sockopt-int= sockopt-listen= sockopt-sock= sockopt-string= bindtodevice= if= interface= broadcast= bsdcompat= debug= detach-filter= detachfilter= dontroute= keepalive= linger= no-check= nocheck= oobinline= passcred= priority= protocol= prototype= so-prototype= rcvbuf= rcvbuf-late= rcvlowat= rcvtimeo= reuseaddr reuseport= sndbuf= sndbuf-late= sndtimeo= timestamp= socktype= type=
		case 'SOCKS'
			set -g names handshake-timeout= sockspass= socksport= socksuser= via=
			set -g aliases 
		case 'TCP'
			set -g names lowport sourceport= tcp-cork= tcp-defer-accept= tcp-keepcnt= tcp-keepidle= tcp-keepintvl= tcp-linger2= tcp-maxseg= tcp-maxseg-late= tcp-nodelay= tcp-quickack= tcp-syncnt= tcp-window-clamp=
			set -g aliases sp= cork= defer-accept= keepcnt= keepidle= keepintvl= linger2= maxseg= mss= maxseg-late= mss-late= nodelay= quickack= syncnt= window-clamp=
		case 'TERMIOS'
			set -g names b0 b1000000 b110 b115200 b1152000 b1200 b134 b150 b1500000 b1800 b19200 b200 b2000000 b230400 b2400 b2500000 b300 b3000000 b3500000 b38400 b4000000 b460800 b4800 b50 b500000 b57600 b576000 b600 b7200 b75 b921600 b9600 brkint bs0 bs1 bsdly clocal cr0 cr1 cr2 cr3 crdly= cread crtscts cs5 cs6 cs7 cs8 csize= cstopb echo echoctl echoe echok echoke echonl echoprt ff0 ff1 ffdly flusho hupcl icanon icrnl iexten ignbrk igncr ignpar imaxbel inlcr inpck isig ispeed= istrip iuclc ixany ixoff ixon nl0 nl1 nldly noflsh ocrnl ofdel ofill olcuc onlcr onlret onocr opost ospeed= parenb parmrk parodd pendin raw sane tab0 tab1 tab2 tab3 tabdly= termios-cfmakeraw termios-rawer termios-setflags= tiocsctty tiocswinsz= tostop vdiscard= veof= veol= veol2= verase= vintr= vkill= vlnext= vmin= vquit= vreprint= vstart= vstop= vsusp= vswtc= vt0 vt1 vtdly vtime= vwerase= xcase xtabs
			set -g aliases ctlecho crterase crtkill prterase hup tandem cfmakeraw rawer setflags= ctty winsz= discard= eof= eol= eol2= erase= intr= kill= lnext= min= quit= reprint= rprnt= start= stop= susp= swtc= swtch= time= werase=
		case 'UDP'
			set -g names lowport sourceport=
			set -g aliases sp=
		case 'UDPLITE'
			set -g names lowport sourceport= udplite-recv-cscov= udplite-send-cscov=
			set -g aliases sp=
		case 'UNIX'
			set -g names unix-bind-tempname unix-tightsocklen
			set -g aliases bind-tempname tightsocklen
		case 'all'
			set -g names chdir= umask=
			set -g aliases cd=
	end
end

function __socat_value
	switch $argv[1]
		case 'chdir' 'cd' 'chroot' 'chroot-early' 'openssl-capath' 'capath' 'tcpwrap-etc' 'tcpwrap-dir'
			set -g kind directory
		case 'history-file' 'history' 'lockfile' 'openssl-cafile' 'cafile' 'openssl-certificate' 'cert' 'certificate' 'openssl-dhparam' 'dh' 'dhparam' 'dhparams' 'openssl-dhparams' 'openssl-key' 'key' 'proxy-authorization-file' 'proxyauthfile' 'range-file' 'shell' 'symbolic-link' 'link' 'tcpwrap-hosts-allow-table' 'allow-table' 'hosts-allow' 'tcpwrap-hosts-deny-table' 'deny-table' 'hosts-deny' 'tun-device' 'waitlock'
			set -g kind file
		case 'group' 'gid' 'group-early' 'gid-e' 'group-late' 'gid-l' 'setgid' 'setgid-early'
			set -g kind group
		case 'so-bindtodevice' 'bindtodevice' 'if' 'interface'
			set -g kind interface
		case 'netns'
			set -g kind netns
		case 'setuid' 'setuid-early' 'substuser' 'su' 'substuser-delayed' 'su-d' 'substuser-early' 'su-e' 'user' 'owner' 'uid' 'user-early' 'uid-e' 'user-late' 'uid-l'
			set -g kind user
		case 'ai-addrconfig' 'addrconfig' 'ai-all' 'ai-passive' 'passive' 'ai-v4mapped' 'v4mapped' 'append' 'o-append' 'async' 'o-async' 'brkint' 'bsdly' 'clocal' 'cloexec' 'cool-write' 'coolwrite' 'cread' 'crtscts' 'cstopb' 'dash' 'login' 'echo' 'echoctl' 'ctlecho' 'echoe' 'crterase' 'echok' 'echoke' 'crtkill' 'echonl' 'echoprt' 'prterase' 'f-setlk-rd' 'setlk-rd' 'f-setlk-wr' 'f-setlk' 'setlk' 'setlk-wr' 'f-setlkw-rd' 'setlkw-rd' 'f-setlkw-wr' 'f-setlkw' 'lock' 'lockw' 'setlkw' 'setlkw-wr' 'ffdly' 'flock-ex' 'flock' 'flock-ex-nb' 'flock-nb' 'flock-sh' 'flock-sh-nb' 'flusho' 'forever' 'fork' 'fs-append' 'ext2-append' 'ext3-append' 'fs-compr' 'compr' 'ext2-compr' 'ext3-compr' 'fs-dirsync' 'dirsync' 'ext2-dirsync' 'ext3-dirsync' 'fs-immutable' 'ext2-immutable' 'ext3-immutable' 'immutable' 'fs-journal-data' 'ext2-journal-data' 'ext3-journal-data' 'journal' 'journal-data' 'fs-noatime' 'ext2-noatime' 'ext3-noatime' 'fs-nodump' 'ext2-nodump' 'ext3-nodump' 'nodump' 'fs-notail' 'ext2-notail' 'ext3-notail' 'notail' 'fs-secrm' 'ext2-secrm' 'ext3-secrm' 'secrm' 'fs-sync' 'ext2-sync' 'ext3-sync' 'fs-topdir' 'ext2-topdir' 'ext3-topdir' 'topdir' 'fs-unrm' 'ext2-unrm' 'ext3-unrm' 'unrm' 'hupcl' 'hup' 'icanon' 'icrnl' 'iexten' 'iff-allmulti' 'allmulti' 'iff-automedia' 'automedia' 'iff-broadcast' 'iff-debug' 'iff-loopback' 'loopback' 'iff-master' 'master' 'iff-multicast' 'multicast' 'iff-no-pi' 'no-pi' 'tun-no-pi' 'iff-noarp' 'noarp' 'iff-notrailers' 'notrailers' 'iff-pointopoint' 'pointopoint' 'iff-portsel' 'portsel' 'iff-promisc' 'promisc' 'iff-running' 'running' 'iff-slave' 'slave' 'iff-up' 'up' 'ignbrk' 'igncr' 'ignorecr' 'ignoreeof' 'ignoreof' 'ignorehost' 'ignpar' 'imaxbel' 'inlcr' 'inpck' 'ip-transparent' 'transparent' 'isig' 'isolate' 'istrip' 'iuclc' 'ixany' 'ixoff' 'tandem' 'ixon' 'lowport' 'nldly' 'noflsh' 'nofork' 'noprompt' 'null-eof' 'o-creat' 'creat' 'create' 'o-create' 'o_creat' 'o_create' 'o-direct' 'direct' 'o_direct' 'o-directory' 'directory' 'o_directory' 'o-dsync' 'dsync' 'o_dsync' 'o-excl' 'excl' 'o_excl' 'o-largefile' 'largefile' 'o_largefile' 'o-noatime' 'noatime' 'o-noctty' 'noctty' 'o_noctty' 'o-nofollow' 'nofollow' 'o_nofollow' 'o-nonblock' 'ndelay' 'nonblock' 'o-ndelay' 'o_ndelay' 'o-rdonly' 'o_rdonly' 'rdonly' 'o-rdwr' 'o_rdwr' 'rdwr' 'o-rsync' 'o_rsync' 'rsync' 'o-sync' 'o_sync' 'sync' 'o-trunc' 'trunc' 'o-wronly' 'o_wronly' 'wronly' 'ocrnl' 'ofdel' 'ofill' 'olcuc' 'onlcr' 'onlret' 'onocr' 'openpty' 'openssl-no-sni' 'no-sni' 'nosni' 'openssl-pseudo' 'pseudo' 'openssl-verify' 'verify' 'opost' 'parenb' 'parmrk' 'parodd' 'pendin' 'pipes' 'posixmq-flush' 'mq-flush' 'proxy-resolve' 'resolv' 'resolve' 'ptmx' 'pty' 'pty-wait-slave' 'wait-slave' 'waitslave' 'sctp-nodelay' 'send-proxy' 'send-proxy-v2' 'setsid' 'sid' 'stderr' 'tiocsctty' 'ctty' 'tostop' 'unix-tightsocklen' 'tightsocklen' 'unlink' 'delete' 'remove' 'unlink-close' 'unlink-early' 'new' 'unlink-late' 'vtdly' 'xcase'
			set -g kind words
			set -g choices 0 1
		case 'openssl-method' 'method'
			set -g kind words
			set -g choices SSL23 TLS1 TLS1.1 TLS1.2
		case 'openssl-max-proto-version' 'max-proto-version' 'max-version' 'openssl-min-proto-version' 'min-proto-version' 'min-version'
			set -g kind words
			set -g choices TLS1 TLS1.1 TLS1.2
		case 'protocol-family' 'pf'
			set -g kind words
			set -g choices ip4 ip6 unix vsock
		case 'accept-proxy'
			set -g kind words
			set -g choices outside inside
		case 'tun-type'
			set -g kind words
			set -g choices tun tap
	end
end

function __socat_switch
	switch $argv[1]
		case '--grace'
			set -g kind word
		case '--metrics'
			set -g kind word
		case '--workers'
			set -g kind word
		case '-lf'
			set -g kind file
		case '-lp'
			set -g kind word
		case '--log-format'
			set -g kind words
			set -g choices text json
		case '-r'
			set -g kind file
		case '-R'
			set -g kind file
		case '-b'
			set -g kind word
		case '-S'
			set -g kind word
		case '-t'
			set -g kind word
		case '-T'
			set -g kind word
		case '-L'
			set -g kind file
		case '-W'
			set -g kind file
	end
end

# __socat_from KIND BEFORE BEGINNING WORD...: print values of a kind, each behind what stands before.
function __socat_from
	set -l before $argv[2]
	set -l found
	switch $argv[1]
		case words
			set found $argv[4..-1]
		case interface
			set found (command ls /sys/class/net 2>/dev/null)
		case netns
			set found (command ls /run/netns 2>/dev/null)
		case user
			set found (__fish_complete_users | string replace -r '\t.*' '')
		case group
			set found (__fish_complete_groups | string replace -r '\t.*' '')
		case file
			set found (__fish_complete_path "$argv[3]" | string replace -r '\t.*' '')
		case directory
			set found (__fish_complete_directories "$argv[3]" | string replace -r '\t.*' '')
		case command
			set found (complete -C "$argv[3]" | string replace -r '\t.*' '')
	end
	for word in $found
		printf '%s%s\n' $before $word
	end
end

function __socat_options
	set -g groups
	__socat_type (string upper -- $argv[1])
	for group in $groups all PROCESS APPL
		set -g names
		set -g aliases
		__socat_group $group
		printf '%s\n' $names
		test -z "$argv[2]"; or printf '%s\n' $aliases
	end
end

function __socat_address
	set -l address $argv[1]
	set -l before ''
	if string match -q '*!!*' -- $address
		set before (string replace -r '!![^!]*$' '!!' -- $address)
		set address (string replace -r '^.*!!' '' -- $address)
	end
	set -l head (string replace -r '[,:].*' '' -- $address)
	if string match -q '*,*' -- $address
		set -l last (string replace -r '^.*,' '' -- $address)
		set before $before(string replace -r '[^,]*$' '' -- $address)
		switch $head
			case '*/*'
				set head GOPEN
			case '0*' '1*' '2*' '3*' '4*' '5*' '6*' '7*' '8*' '9*'
				set head FD
		end
		if string match -q '*=*' -- $last
			set -l name (string replace -r '=.*' '' -- $last)
			set -g kind ''
			set -g choices
			__socat_value (string lower -- $name)
			__socat_from "$kind" "$before$name=" (string replace -r '^[^=]*=' '' -- $last) $choices
		else
			__socat_from words "$before" "$last" (__socat_options "$head" "$last")
		end
	else if string match -q '*:*' -- $address
		set -g parameter ''
		__socat_type (string upper -- $head)
		__socat_from "$parameter" "$before$head:" (string replace -r '^[^:]*:' '' -- $address)
	else if string match -q '*/*' -- $address
		__socat_from file "$before" $address
	else
		set -l found - $__socat_types
		test -z "$address"; or set -a found $__socat_type_aliases
		string match -qr '^[a-z]' -- $address; and set found (string lower -- $found)
		__socat_from words "$before" "$address" $found
	end
end

function __socat_complete
	set -l word (commandline -ct)
	set -l previous (commandline -opc)[-1]
	set -g kind ''
	set -g choices
	__socat_switch "$previous"
	if test -n "$kind"
		__socat_from $kind '' "$word" $choices
	else if string match -qr '^-l[ym].' -- $word
		__socat_from words (string sub -l 3 -- $word) '' $__socat_facilities
	else if string match -qr '^-lf.' -- $word
		__socat_from file -lf (string sub -s 4 -- $word)
	else if string match -qr '^-.' -- $word
		printf '%s\n' $__socat_switches
	else
		__socat_address "$word"
	end
end

complete -c socat -f -a '(__socat_complete)'
