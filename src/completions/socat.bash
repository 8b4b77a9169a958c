# Completion of socat's switches and addresses for bash. Written by generate.py: don't edit.

__socat_types='ABSTRACT-CLIENT: ABSTRACT-CONNECT: ABSTRACT-LISTEN: ABSTRACT-RECV: ABSTRACT-RECVFROM: ABSTRACT-SENDTO: ACCEPT-FD: CREATE: DCCP-CONNECT: DCCP-LISTEN: DCCP4-CONNECT: DCCP4-LISTEN: DCCP6-CONNECT: DCCP6-LISTEN: EXEC: FD: GOPEN: INTERFACE: IP-DATAGRAM: IP-RECV: IP-RECVFROM: IP-SENDTO: IP4-DATAGRAM: IP4-RECV: IP4-RECVFROM: IP4-SENDTO: IP6-DATAGRAM: IP6-RECV: IP6-RECVFROM: IP6-SENDTO: OPEN: OPENSSL-LISTEN: OPENSSL: PIPE: POSIXMQ-BIDIRECTIONAL: POSIXMQ-READ: POSIXMQ-RECEIVE: POSIXMQ-SEND: POSIXMQ-WRITE: PROXY: PTY READLINE SCTP-CONNECT: SCTP-LISTEN: SCTP4-CONNECT: SCTP4-LISTEN: SCTP6-CONNECT: SCTP6-LISTEN: SHELL: SOCKET-CONNECT: SOCKET-DATAGRAM: SOCKET-LISTEN: SOCKET-RECV: SOCKET-RECVFROM: SOCKET-SENDTO: SOCKETPAIR SOCKS4: SOCKS4A: SOCKS5-CONNECT: SOCKS5-LISTEN: STALL STDERR STDIN STDIO STDOUT SYSTEM: TCP-CONNECT: TCP-LISTEN: TCP4-CONNECT: TCP4-LISTEN: TCP6-CONNECT: TCP6-LISTEN: TEXT: TUN: UDP-CONNECT: UDP-DATAGRAM: UDP-LISTEN: UDP-RECV: UDP-RECVFROM: UDP-SENDTO: UDP4-CONNECT: UDP4-DATAGRAM: UDP4-LISTEN: UDP4-RECV: UDP4-RECVFROM: UDP4-SENDTO: UDP6-CONNECT: UDP6-DATAGRAM: UDP6-LISTEN: UDP6-RECV: UDP6-RECVFROM: UDP6-SENDTO: UDPLITE-CONNECT: UDPLITE-DATAGRAM: UDPLITE-LISTEN: UDPLITE-RECV: UDPLITE-RECVFROM: UDPLITE-SENDTO: UDPLITE4-CONNECT: UDPLITE4-DATAGRAM: UDPLITE4-LISTEN: UDPLITE4-RECV: UDPLITE4-RECVFROM: UDPLITE4-SENDTO: UDPLITE6-CONNECT: UDPLITE6-DATAGRAM: UDPLITE6-LISTEN: UDPLITE6-RECV: UDPLITE6-RECVFROM: UDPLITE6-SENDTO: UNIX-CLIENT: UNIX-CONNECT: UNIX-LISTEN: UNIX-RECV: UNIX-RECVFROM: UNIX-SENDTO: VSOCK-CONNECT: VSOCK-LISTEN:'

__socat_type_aliases='ABSTRACT: ACCEPT: CREAT: DATAGRAM: DCCP-L: DCCP4-L: DCCP4: DCCP6-L: DCCP6: DCCP: DGRAM: ECHO: FIFO: FILE: IF: INET-L: INET-LISTEN: INET4-L: INET4-LISTEN: INET4: INET6-L: INET6-LISTEN: INET6: INET: IP-DGRAM: IP-SEND: IP4-DGRAM: IP4-SEND: IP4: IP6-DGRAM: IP6-SEND: IP6: IP: LOCAL: OPENSSL-CONNECT: POSIXMQ-RECV: POSIXMQ: PROXY-CONNECT: SCTP-L: SCTP4-L: SCTP4: SCTP6-L: SCTP6: SCTP: SENDTO: SOCKS5-BIND: SOCKS5: SOCKS: SSL-L: SSL: TCP-L: TCP4-L: TCP4: TCP6-L: TCP6: TCP: UDP-DGRAM: UDP-L: UDP-SEND: UDP4-DGRAM: UDP4-L: UDP4-SEND: UDP4: UDP6-DGRAM: UDP6-L: UDP6-SEND: UDP6: UDP: UDPLITE-DGRAM: UDPLITE-L: UDPLITE-SEND: UDPLITE4-DGRAM: UDPLITE4-L: UDPLITE4-SEND: UDPLITE4: UDPLITE6-DGRAM: UDPLITE6-L: UDPLITE6-SEND: UDPLITE6: UDPLITE: UNIX-L: UNIX-SEND: UNIX: VSOCK-L: VSOCK:'

__socat_switches='-V -h -hh -hhh -d -dd -ddd -dddd -d0 -d1 -d2 -d3 -d4 -D --experimental --statistics --grace --metrics --healthcheck --workers -ly -lf -ls -lm -lp --log-format -lu -lh -v -x -r -R -b -s -S -t -T -u -U -g -L -W -0 -4 -6'

__socat_facilities='auth authpriv cron daemon ftp kern lpr mail news syslog user uucp local0 local1 local2 local3 local4 local5 local6 local7'

__socat_type() {
	case $1 in
	ABSTRACT-CLIENT | ABSTRACT)
		groups='FD SOCKET RETRY UNIX PROXYHEADER'
		parameter='none'
		;;
	ABSTRACT-CONNECT)
		groups='FD SOCKET RETRY UNIX PROXYHEADER'
		parameter='none'
		;;
	ABSTRACT-LISTEN)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE UNIX PROXYHEADER'
		parameter='none'
		;;
	ABSTRACT-RECV)
		groups='FD SOCKET RETRY UNIX'
		parameter='none'
		;;
	ABSTRACT-RECVFROM)
		groups='FD SOCKET CHILD RETRY UNIX'
		parameter='none'
		;;
	ABSTRACT-SENDTO)
		groups='FD SOCKET RETRY UNIX'
		parameter='none'
		;;
	ACCEPT-FD | ACCEPT)
		groups='FD SOCKET CHILD RETRY RANGE UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE'
		parameter='none'
		;;
	CREATE | CREAT)
		groups='FD REG NAMED'
		parameter='file'
		;;
	DCCP-CONNECT | DCCP)
		groups='FD SOCKET CHILD RETRY IP4 IP6 DCCP'
		parameter='none'
		;;
	DCCP-LISTEN | DCCP-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP4 IP6 DCCP'
		parameter='none'
		;;
	DCCP4-CONNECT | DCCP4)
		groups='FD SOCKET CHILD RETRY IP4 DCCP'
		parameter='none'
		;;
	DCCP4-LISTEN | DCCP4-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP4 DCCP'
		parameter='none'
		;;
	DCCP6-CONNECT | DCCP6)
		groups='FD SOCKET CHILD RETRY IP6 DCCP'
		parameter='none'
		;;
	DCCP6-LISTEN | DCCP6-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP6 DCCP'
		parameter='none'
		;;
	EXEC)
		groups='FD FIFO SOCKET EXEC FORK TERMIOS PTY PARENT UNIX'
		parameter='command'
		;;
	FD)
		groups='FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE'
		parameter='none'
		;;
	GOPEN)
		groups='FD FIFO CHR BLK REG SOCKET NAMED OPEN TERMIOS UNIX'
		parameter='file'
		;;
	INTERFACE | IF)
		groups='FD SOCKET INTERFACE'
		parameter='interface'
		;;
	IP-DATAGRAM | IP-DGRAM)
		groups='FD SOCKET RANGE IP4 IP6'
		parameter='none'
		;;
	IP-RECV)
		groups='FD SOCKET RANGE IP4 IP6'
		parameter='none'
		;;
	IP-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP4 IP6'
		parameter='none'
		;;
	IP-SENDTO | IP | IP-SEND)
		groups='FD SOCKET IP4 IP6'
		parameter='none'
		;;
	IP4-DATAGRAM | IP4-DGRAM)
		groups='FD SOCKET RANGE IP4'
		parameter='none'
		;;
	IP4-RECV)
		groups='FD SOCKET RANGE IP4'
		parameter='none'
		;;
	IP4-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP4'
		parameter='none'
		;;
	IP4-SENDTO | IP4 | IP4-SEND)
		groups='FD SOCKET IP4'
		parameter='none'
		;;
	IP6-DATAGRAM | IP6-DGRAM)
		groups='FD SOCKET RANGE IP6'
		parameter='none'
		;;
	IP6-RECV)
		groups='FD SOCKET RANGE IP6'
		parameter='none'
		;;
	IP6-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP6'
		parameter='none'
		;;
	IP6-SENDTO | IP6 | IP6-SEND)
		groups='FD SOCKET IP6'
		parameter='none'
		;;
	OPEN | FILE)
		groups='FD FIFO CHR BLK REG NAMED OPEN TERMIOS'
		parameter='file'
		;;
	OPENSSL-LISTEN | SSL-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP4 IP6 TCP OPENSSL PROXYHEADER'
		parameter='none'
		;;
	OPENSSL | OPENSSL-CONNECT | SSL)
		groups='FD SOCKET CHILD RETRY IP4 IP6 TCP OPENSSL PROXYHEADER'
		parameter='none'
		;;
	PIPE | ECHO | FIFO)
		groups='FD FIFO NAMED OPEN'
		parameter='file'
		;;
	POSIXMQ-BIDIRECTIONAL | POSIXMQ)
		groups='FD NAMED OPEN RETRY POSIXMQ'
		parameter='none'
		;;
	POSIXMQ-READ)
		groups='FD NAMED OPEN RETRY POSIXMQ'
		parameter='none'
		;;
	POSIXMQ-RECEIVE | POSIXMQ-RECV)
		groups='FD NAMED OPEN CHILD RETRY POSIXMQ'
		parameter='none'
		;;
	POSIXMQ-SEND)
		groups='FD NAMED OPEN CHILD RETRY POSIXMQ'
		parameter='none'
		;;
	POSIXMQ-WRITE)
		groups='FD NAMED OPEN CHILD RETRY POSIXMQ'
		parameter='none'
		;;
	PROXY | PROXY-CONNECT)
		groups='FD SOCKET CHILD RETRY IP4 IP6 TCP HTTP PROXYHEADER'
		parameter='none'
		;;
	PTY)
		groups='FD NAMED TERMIOS PTY'
		parameter='none'
		;;
	READLINE)
		groups='FD TERMIOS READLINE'
		parameter='none'
		;;
	SCTP-CONNECT | SCTP)
		groups='FD SOCKET CHILD RETRY IP4 IP6 SCTP'
		parameter='none'
		;;
	SCTP-LISTEN | SCTP-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP4 IP6 SCTP'
		parameter='none'
		;;
	SCTP4-CONNECT | SCTP4)
		groups='FD SOCKET CHILD RETRY IP4 SCTP'
		parameter='none'
		;;
	SCTP4-LISTEN | SCTP4-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP4 SCTP'
		parameter='none'
		;;
	SCTP6-CONNECT | SCTP6)
		groups='FD SOCKET CHILD RETRY IP6 SCTP'
		parameter='none'
		;;
	SCTP6-LISTEN | SCTP6-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP6 SCTP'
		parameter='none'
		;;
	SHELL)
		groups='FD FIFO SOCKET EXEC FORK SHELL TERMIOS PTY PARENT UNIX'
		parameter='command'
		;;
	SOCKET-CONNECT)
		groups='FD SOCKET CHILD RETRY'
		parameter='none'
		;;
	SOCKET-DATAGRAM | DATAGRAM | DGRAM)
		groups='FD SOCKET RANGE'
		parameter='none'
		;;
	SOCKET-LISTEN)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE'
		parameter='none'
		;;
	SOCKET-RECV)
		groups='FD SOCKET RANGE'
		parameter='none'
		;;
	SOCKET-RECVFROM)
		groups='FD SOCKET CHILD RANGE'
		parameter='none'
		;;
	SOCKET-SENDTO | SENDTO)
		groups='FD SOCKET'
		parameter='none'
		;;
	SOCKETPAIR)
		groups='FD SOCKET'
		parameter='none'
		;;
	SOCKS4 | SOCKS)
		groups='FD SOCKET CHILD RETRY IP4 IP6 TCP SOCKS PROXYHEADER'
		parameter='none'
		;;
	SOCKS4A)
		groups='FD SOCKET CHILD RETRY IP4 IP6 TCP SOCKS PROXYHEADER'
		parameter='none'
		;;
	SOCKS5-CONNECT | SOCKS5)
		groups='FD SOCKET CHILD RETRY IP4 IP6 TCP SOCKS PROXYHEADER'
		parameter='none'
		;;
	SOCKS5-LISTEN | SOCKS5-BIND)
		groups='FD SOCKET LISTEN CHILD RETRY IP4 IP6 TCP SOCKS'
		parameter='none'
		;;
	STALL)
		groups=''
		parameter='none'
		;;
	STDERR)
		groups='FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE'
		parameter='none'
		;;
	STDIN)
		groups='FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE'
		parameter='none'
		;;
	STDIO)
		groups='FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE'
		parameter='none'
		;;
	STDOUT)
		groups='FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE'
		parameter='none'
		;;
	SYSTEM)
		groups='FD FIFO SOCKET EXEC FORK TERMIOS PTY PARENT UNIX'
		parameter='command'
		;;
	TCP-CONNECT | INET | TCP)
		groups='FD SOCKET CHILD RETRY IP4 IP6 TCP PROXYHEADER'
		parameter='none'
		;;
	TCP-LISTEN | INET-L | INET-LISTEN | TCP-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP4 IP6 TCP PROXYHEADER'
		parameter='none'
		;;
	TCP4-CONNECT | INET4 | TCP4)
		groups='FD SOCKET CHILD RETRY IP4 TCP PROXYHEADER'
		parameter='none'
		;;
	TCP4-LISTEN | INET4-L | INET4-LISTEN | TCP4-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP4 TCP PROXYHEADER'
		parameter='none'
		;;
	TCP6-CONNECT | INET6 | TCP6)
		groups='FD SOCKET CHILD RETRY IP6 TCP PROXYHEADER'
		parameter='none'
		;;
	TCP6-LISTEN | INET6-L | INET6-LISTEN | TCP6-L)
		groups='FD SOCKET LISTEN CHILD RETRY RANGE IP6 TCP PROXYHEADER'
		parameter='none'
		;;
	TEXT)
		groups='FD'
		parameter='none'
		;;
	TUN)
		groups='FD CHR OPEN INTERFACE'
		parameter='none'
		;;
	UDP-CONNECT | UDP)
		groups='FD SOCKET IP4 IP6 UDP'
		parameter='none'
		;;
	UDP-DATAGRAM | UDP-DGRAM)
		groups='FD SOCKET RANGE IP4 IP6 UDP'
		parameter='none'
		;;
	UDP-LISTEN | UDP-L)
		groups='FD SOCKET LISTEN CHILD RANGE IP4 IP6 UDP'
		parameter='none'
		;;
	UDP-RECV)
		groups='FD SOCKET RANGE IP4 IP6 UDP'
		parameter='none'
		;;
	UDP-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP4 IP6 UDP'
		parameter='none'
		;;
	UDP-SENDTO | UDP-SEND)
		groups='FD SOCKET IP4 IP6 UDP'
		parameter='none'
		;;
	UDP4-CONNECT | UDP4)
		groups='FD SOCKET IP4 UDP'
		parameter='none'
		;;
	UDP4-DATAGRAM | UDP4-DGRAM)
		groups='FD SOCKET RANGE IP4 UDP'
		parameter='none'
		;;
	UDP4-LISTEN | UDP4-L)
		groups='FD SOCKET LISTEN CHILD RANGE IP4 UDP'
		parameter='none'
		;;
	UDP4-RECV)
		groups='FD SOCKET RANGE IP4 UDP'
		parameter='none'
		;;
	UDP4-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP4 UDP'
		parameter='none'
		;;
	UDP4-SENDTO | UDP4-SEND)
		groups='FD SOCKET IP4 UDP'
		parameter='none'
		;;
	UDP6-CONNECT | UDP6)
		groups='FD SOCKET IP6 UDP'
		parameter='none'
		;;
	UDP6-DATAGRAM | UDP6-DGRAM)
		groups='FD SOCKET RANGE IP6 UDP'
		parameter='none'
		;;
	UDP6-LISTEN | UDP6-L)
		groups='FD SOCKET LISTEN CHILD RANGE IP6 UDP'
		parameter='none'
		;;
	UDP6-RECV)
		groups='FD SOCKET RANGE IP6 UDP'
		parameter='none'
		;;
	UDP6-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP6 UDP'
		parameter='none'
		;;
	UDP6-SENDTO | UDP6-SEND)
		groups='FD SOCKET IP6 UDP'
		parameter='none'
		;;
	UDPLITE-CONNECT | UDPLITE)
		groups='FD SOCKET IP4 IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE-DATAGRAM | UDPLITE-DGRAM)
		groups='FD SOCKET RANGE IP4 IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE-LISTEN | UDPLITE-L)
		groups='FD SOCKET LISTEN CHILD RANGE IP4 IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE-RECV)
		groups='FD SOCKET RANGE IP4 IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP4 IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE-SENDTO | UDPLITE-SEND)
		groups='FD SOCKET IP4 IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE4-CONNECT | UDPLITE4)
		groups='FD SOCKET IP4 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE4-DATAGRAM | UDPLITE4-DGRAM)
		groups='FD SOCKET RANGE IP4 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE4-LISTEN | UDPLITE4-L)
		groups='FD SOCKET LISTEN CHILD RANGE IP4 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE4-RECV)
		groups='FD SOCKET RANGE IP4 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE4-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP4 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE4-SENDTO | UDPLITE4-SEND)
		groups='FD SOCKET IP4 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE6-CONNECT | UDPLITE6)
		groups='FD SOCKET IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE6-DATAGRAM | UDPLITE6-DGRAM)
		groups='FD SOCKET RANGE IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE6-LISTEN | UDPLITE6-L)
		groups='FD SOCKET LISTEN CHILD RANGE IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE6-RECV)
		groups='FD SOCKET RANGE IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE6-RECVFROM)
		groups='FD SOCKET CHILD RANGE IP6 UDP UDPLITE'
		parameter='none'
		;;
	UDPLITE6-SENDTO | UDPLITE6-SEND)
		groups='FD SOCKET IP6 UDP UDPLITE'
		parameter='none'
		;;
	UNIX-CLIENT | UNIX)
		groups='FD SOCKET NAMED RETRY UNIX PROXYHEADER'
		parameter='file'
		;;
	UNIX-CONNECT | LOCAL)
		groups='FD SOCKET NAMED RETRY UNIX PROXYHEADER'
		parameter='file'
		;;
	UNIX-LISTEN | UNIX-L)
		groups='FD SOCKET NAMED LISTEN CHILD RETRY RANGE UNIX PROXYHEADER'
		parameter='file'
		;;
	UNIX-RECV)
		groups='FD SOCKET NAMED RETRY UNIX'
		parameter='file'
		;;
	UNIX-RECVFROM)
		groups='FD SOCKET NAMED CHILD RETRY UNIX'
		parameter='file'
		;;
	UNIX-SENDTO | UNIX-SEND)
		groups='FD SOCKET NAMED RETRY UNIX'
		parameter='file'
		;;
	VSOCK-CONNECT | VSOCK)
		groups='FD SOCKET CHILD RETRY'
		parameter='none'
		;;
	VSOCK-LISTEN | VSOCK-L)
		groups='FD SOCKET LISTEN CHILD RETRY'
		parameter='none'
		;;
	-)
		groups='FD FIFO CHR BLK REG SOCKET TERMIOS UNIX IP4 IP6 UDP TCP SCTP DCCP UDPLITE'
		;;
	esac
}

__socat_group() {
	case $1 in
	APPL)
		names='cr crnl escape= ignoreeof lockfile= readbytes= waitlock='
		aliases='crlf ignoreof bytes='
		;;
	BLK)
		names='lseek32-cur= lseek32-end= lseek32-set= lseek64-cur= lseek64-end= lseek64-set='
		aliases='lseek32= seek-cur= seek-end= lseek= lseek64= seek= seek-set='
		;;
	CHILD)
		names='children-shutup= fork isolate max-children= max-children-per-peer= max-rate='
		aliases='maxchildren='
		;;
	DCCP)
		names='dccp-set-ccid= dccp-set-sid= lowport sourceport='
		aliases='ccid= sp='
		;;
	EXEC)
		names='dash path='
		aliases='login'
		;;
	FD)
		names='append async cloexec cool-write end-close f-setlk-rd f-setlk-wr f-setlkw-rd f-setlkw-wr flock-ex flock-ex-nb flock-sh flock-sh-nb group= group-late= ioctl-bin= ioctl-int= ioctl-intp= ioctl-string= ioctl-void= o-noatime o-nonblock perm= perm-late= shut-close shut-down shut-none shut-null user= user-late='
		aliases='o-append o-async coolwrite close setlk-rd f-setlk setlk setlk-wr setlkw-rd f-setlkw lock lockw setlkw setlkw-wr flock flock-nb gid= gid-l= ioctl= noatime ndelay nonblock o-ndelay o_ndelay mode= owner= uid= uid-l='
		;;
	FIFO)
		names='f-setpipe-sz='
		aliases='pipesz= setpipe='
		;;
	FORK)
		names='fdin= fdout= nofork pipes pty setpgid= stderr'
		aliases='pgid='
		;;
	HTTP)
		names='handshake-timeout= http-version= ignorecr ignorehost proxy-authorization= proxy-authorization-file= proxy-resolve proxyport= via='
		aliases='proxy-auth= proxyauth= proxyauthfile= resolv resolve'
		;;
	INTERFACE)
		names='iff-allmulti iff-automedia iff-broadcast iff-debug iff-loopback iff-master iff-multicast iff-no-pi iff-noarp iff-notrailers iff-pointopoint iff-portsel iff-promisc iff-running iff-slave iff-up interface-mtu= retrieve-vlan tun-device= tun-name= tun-type='
		aliases='allmulti automedia loopback master multicast no-pi tun-no-pi noarp notrailers pointopoint portsel promisc running slave up if-mtu='
		;;
	IP4)
		names='ai-addrconfig ai-all ai-passive ai-v4mapped ip-add-membership= ip-add-source-membership= ip-freebind= ip-hdrincl= ip-mtu-discover= ip-multicast-if= ip-multicast-loop= ip-multicast-ttl= ip-options= ip-pktinfo= ip-recverr= ip-recvopts= ip-recvtos= ip-recvttl= ip-retopts= ip-router-alert= ip-tos= ip-transparent ip-ttl= ipv6-mtu-discover='
		aliases='addrconfig passive v4mapped add-membership= ip-membership= membership= add-source-membership= source-membership= freebind= ipfreebind= hdrincl= iphdrincl= ipmtudiscover= mtudiscover= multicast-if= ipmulticastloop= mcloop= multicast-loop= multicastloop= ipmulticastttl= multicast-ttl= multicastttl= ipoptions= ippktinfo= pktinfo= iprecverr= recverr= iprecvopts= recvopts= iprecvtos= recvtos= iprecvttl= recvttl= ipretopts= retopts= iprouteralert= routeralert= iptos= tos= transparent ipttl= ttl= mtudiscover6='
		;;
	IP6)
		names='ai-addrconfig ai-all ai-passive ai-v4mapped ip-add-membership= ip-add-source-membership= ip-freebind= ip-hdrincl= ip-mtu-discover= ip-multicast-if= ip-multicast-loop= ip-multicast-ttl= ip-options= ip-pktinfo= ip-recverr= ip-recvopts= ip-recvtos= ip-recvttl= ip-retopts= ip-router-alert= ip-tos= ip-transparent ip-ttl= ipv6-join-group= ipv6-join-source-group= ipv6-mtu-discover= ipv6-multicast-loop= ipv6-recvdstopts= ipv6-recverr= ipv6-recvhoplimit= ipv6-recvhopopts= ipv6-recvpathmtu= ipv6-recvpktinfo= ipv6-recvrthdr= ipv6-recvtclass= ipv6-tclass= ipv6-unicast-hops= ipv6-v6only='
		aliases='addrconfig passive v4mapped add-membership= ip-membership= membership= add-source-membership= source-membership= freebind= ipfreebind= hdrincl= iphdrincl= ipmtudiscover= mtudiscover= multicast-if= ipmulticastloop= mcloop= multicast-loop= multicastloop= ipmulticastttl= multicast-ttl= multicastttl= ipoptions= ippktinfo= pktinfo= iprecverr= recverr= iprecvopts= recvopts= iprecvtos= recvtos= iprecvttl= recvttl= ipretopts= retopts= iprouteralert= routeralert= iptos= tos= transparent ipttl= ttl= ipv6-add-membership= join-group= ipv6-add-source-membership= join-source-group= mtudiscover6= ipv6-mcloop= mcloop6= recvdstopts= recvhoplimit= recvhopopts= recvpktinfo= recvrthdr= unicast-hops= ipv6only= v6only='
		;;
	LISTEN)
		names='accept-timeout= backlog='
		aliases='listen-timeout='
		;;
	NAMED)
		names='group= group-early= perm= perm-early= unlink unlink-close unlink-early unlink-late user= user-early='
		aliases='gid= gid-e= mode= delete remove new owner= uid= uid-e='
		;;
	OPEN)
		names='append async o-creat o-direct o-directory o-dsync o-excl o-largefile o-noatime o-noctty o-nofollow o-nonblock o-rdonly o-rdwr o-rsync o-sync o-trunc o-wronly'
		aliases='o-append o-async creat create o-create o_creat o_create direct o_direct directory o_directory dsync o_dsync excl o_excl largefile o_largefile noatime noctty o_noctty nofollow o_nofollow ndelay nonblock o-ndelay o_ndelay o_rdonly rdonly o_rdwr rdwr o_rsync rsync o_sync sync trunc o_wronly wronly'
		;;
	OPENSSL)
		names='alpn= handshake-timeout= openssl-cafile= openssl-capath= openssl-certificate= openssl-cipherlist= openssl-commonname= openssl-compress= openssl-dhparam= openssl-egd= openssl-key= openssl-max-proto-version= openssl-maxfraglen= openssl-maxsendfrag= openssl-method= openssl-min-proto-version= openssl-no-sni openssl-pseudo openssl-snihost= openssl-verify pin-sha256= via='
		aliases='cafile= capath= cert= certificate= cipher= cipherlist= ciphers= cn= commonname= compress= dh= dhparam= dhparams= openssl-dhparams= egd= key= max-proto-version= max-version= maxfraglen= maxsendfrag= method= min-proto-version= min-version= no-sni nosni pseudo snihost= verify'
		;;
	PARENT)
		names='sighup sigint sigquit'
		aliases=''
		;;
	POSIXMQ)
		names='posixmq-flush posixmq-maxmsg= posixmq-msgsize= posixmq-priority='
		aliases='mq-flush mq-maxmsg= mq-msgsize= mq-prio='
		;;
	PROCESS)
		names='chroot= chroot-early= netns= setgid= setgid-early= setsid setuid= setuid-early= substuser= substuser-delayed= substuser-early='
		aliases='sid su= su-d= su-e='
		;;
	PROXYHEADER)
		names='accept-proxy accept-proxy-from= handshake-timeout= send-proxy send-proxy-v2'
		aliases=''
		;;
	PTY)
		names='openpty ptmx pty-interval= pty-wait-slave sitout-eio= symbolic-link='
		aliases='pty-intervall= wait-slave waitslave link='
		;;
	RANGE)
		names='range= range-file= tcpwrap-etc= tcpwrap-hosts-allow-table= tcpwrap-hosts-deny-table= tcpwrappers'
		aliases='tcpwrap-dir= allow-table= hosts-allow= deny-table= hosts-deny= libwrap tcpwrap tcpwrapper wrap'
		;;
	READLINE)
		names='history-file= noecho= noprompt prompt='
		aliases='history='
		;;
	REG)
		names='fs-append fs-compr fs-dirsync fs-immutable fs-journal-data fs-noatime fs-nodump fs-notail fs-secrm fs-sync fs-topdir fs-unrm ftruncate32= ftruncate64= lseek32-cur= lseek32-end= lseek32-set= lseek64-cur= lseek64-end= lseek64-set='
		aliases='ext2-append ext3-append compr ext2-compr ext3-compr dirsync ext2-dirsync ext3-dirsync ext2-immutable ext3-immutable immutable ext2-journal-data ext3-journal-data journal journal-data ext2-noatime ext3-noatime ext2-nodump ext3-nodump nodump ext2-notail ext3-notail notail ext2-secrm ext3-secrm secrm ext2-sync ext3-sync ext2-topdir ext3-topdir topdir ext2-unrm ext3-unrm unrm ftruncate= truncate= lseek32= seek-cur= seek-end= lseek= lseek64= seek= seek-set='
		;;
	RETRY)
		names='forever interval= retry='
		aliases='intervall='
		;;
	SCTP)
		names='lowport sctp-maxseg= sctp-nodelay sourceport='
		aliases='sp='
		;;
	SHELL)
		names='shell='
		aliases=''
		;;
	SOCKET)
		names='bind= connect-timeout= fiosetown= null-eof protocol-family= setsockopt= setsockopt-bin= setsockopt-connected= setsockopt-int= setsockopt-listen= setsockopt-socket= setsockopt-string= siocspgrp= so-bindtodevice= so-broadcast= so-bsdcompat= so-debug= so-detach-filter= so-dontroute= so-keepalive= so-linger= so-no-check= so-oobinline= so-passcred= so-priority= so-protocol= so-rcvbuf= so-rcvbuf-late= so-rcvlowat= so-rcvtimeo= so-reuseaddr so-reuseport= so-sndbuf= so-sndbuf-late= so-sndtimeo= so-timestamp= so-type='
		aliases='pf= sockopt= sockopt-bin= sockopt-conn= sockopt-int= sockopt-listen= sockopt-sock= sockopt-string= bindtodevice= if= interface= broadcast= bsdcompat= debug= detach-filter= detachfilter= dontroute= keepalive= linger= no-check= nocheck= oobinline= passcred= priority= protocol= prototype= so-prototype= rcvbuf= rcvbuf-late= rcvlowat= rcvtimeo= reuseaddr reuseport= sndbuf= sndbuf-late= sndtimeo= timestamp= socktype= type='
		;;
	SOCKS)
		names='handshake-timeout= sockspass= socksport= socksuser= via='
		aliases=''
		;;
	TCP)
		names='lowport sourceport= tcp-cork= tcp-defer-accept= tcp-keepcnt= tcp-keepidle= tcp-keepintvl= tcp-linger2= tcp-maxseg= tcp-maxseg-late= tcp-nodelay= tcp-quickack= tcp-syncnt= tcp-window-clamp='
		aliases='sp= cork= defer-accept= keepcnt= keepidle= keepintvl= linger2= maxseg= mss= maxseg-late= mss-late= nodelay= quickack= syncnt= window-clamp='
		;;
	TERMIOS)
		names='b0 b1000000 b110 b115200 b1152000 b1200 b134 b150 b1500000 b1800 b19200 b200 b2000000 b230400 b2400 b2500000 b300 b3000000 b3500000 b38400 b4000000 b460800 b4800 b50 b500000 b57600 b576000 b600 b7200 b75 b921600 b9600 brkint bs0 bs1 bsdly clocal cr0 cr1 cr2 cr3 crdly= cread crtscts cs5 cs6 cs7 cs8 csize= cstopb echo echoctl echoe echok echoke echonl echoprt ff0 ff1 ffdly flusho hupcl icanon icrnl iexten ignbrk igncr ignpar imaxbel inlcr inpck isig ispeed= istrip iuclc ixany ixoff ixon nl0 nl1 nldly noflsh ocrnl ofdel ofill olcuc onlcr onlret onocr opost ospeed= parenb parmrk parodd pendin raw sane tab0 tab1 tab2 tab3 tabdly= termios-cfmakeraw termios-rawer termios-setflags= tiocsctty tiocswinsz= tostop vdiscard= veof= veol= veol2= verase= vintr= vkill= vlnext= vmin= vquit= vreprint= vstart= vstop= vsusp= vswtc= vt0 vt1 vtdly vtime= vwerase= xcase xtabs'
		aliases='ctlecho crterase crtkill prterase hup tandem cfmakeraw rawer setflags= ctty winsz= discard= eof= eol= eol2= erase= intr= kill= lnext= min= quit= reprint= rprnt= start= stop= susp= swtc= swtch= time= werase='
		;;
	UDP)
		names='lowport sourceport='
		aliases='sp='
		;;
	UDPLITE)
		names='lowport sourceport= udplite-recv-cscov= udplite-send-cscov='
		aliases='sp='
		;;
	UNIX)
		names='unix-bind-tempname unix-tightsocklen'
		aliases='bind-tempname tightsocklen'
		;;
	all)
		names='chdir= umask='
		aliases='cd='
		;;
	esac
}

__socat_value() {
	case $1 in
	chdir | cd | chroot | chroot-early | openssl-capath | capath | tcpwrap-etc | tcpwrap-dir)
		kind='directory'
		;;
	history-file | history | lockfile | openssl-cafile | cafile | openssl-certificate | cert | certificate | openssl-dhparam | dh | dhparam | dhparams | openssl-dhparams | openssl-key | key | proxy-authorization-file | proxyauthfile | range-file | shell | symbolic-link | link | tcpwrap-hosts-allow-table | allow-table | hosts-allow | tcpwrap-hosts-deny-table | deny-table | hosts-deny | tun-device | waitlock)
		kind='file'
		;;
	group | gid | group-early | gid-e | group-late | gid-l | setgid | setgid-early)
		kind='group'
		;;
	so-bindtodevice | bindtodevice | if | interface)
		kind='interface'
		;;
	netns)
		kind='netns'
		;;
	setuid | setuid-early | substuser | su | substuser-delayed | su-d | substuser-early | su-e | user | owner | uid | user-early | uid-e | user-late | uid-l)
		kind='user'
		;;
	ai-addrconfig | addrconfig | ai-all | ai-passive | passive | ai-v4mapped | v4mapped | append | o-append | async | o-async | brkint | bsdly | clocal | cloexec | cool-write | coolwrite | cread | crtscts | cstopb | dash | login | echo | echoctl | ctlecho | echoe | crterase | echok | echoke | crtkill | echonl | echoprt | prterase | f-setlk-rd | setlk-rd | f-setlk-wr | f-setlk | setlk | setlk-wr | f-setlkw-rd | setlkw-rd | f-setlkw-wr | f-setlkw | lock | lockw | setlkw | setlkw-wr | ffdly | flock-ex | flock | flock-ex-nb | flock-nb | flock-sh | flock-sh-nb | flusho | forever | fork | fs-append | ext2-append | ext3-append | fs-compr | compr | ext2-compr | ext3-compr | fs-dirsync | dirsync | ext2-dirsync | ext3-dirsync | fs-immutable | ext2-immutable | ext3-immutable | immutable | fs-journal-data | ext2-journal-data | ext3-journal-data | journal | journal-data | fs-noatime | ext2-noatime | ext3-noatime | fs-nodump | ext2-nodump | ext3-nodump | nodump | fs-notail | ext2-notail | ext3-notail | notail | fs-secrm | ext2-secrm | ext3-secrm | secrm | fs-sync | ext2-sync | ext3-sync | fs-topdir | ext2-topdir | ext3-topdir | topdir | fs-unrm | ext2-unrm | ext3-unrm | unrm | hupcl | hup | icanon | icrnl | iexten | iff-allmulti | allmulti | iff-automedia | automedia | iff-broadcast | iff-debug | iff-loopback | loopback | iff-master | master | iff-multicast | multicast | iff-no-pi | no-pi | tun-no-pi | iff-noarp | noarp | iff-notrailers | notrailers | iff-pointopoint | pointopoint | iff-portsel | portsel | iff-promisc | promisc | iff-running | running | iff-slave | slave | iff-up | up | ignbrk | igncr | ignorecr | ignoreeof | ignoreof | ignorehost | ignpar | imaxbel | inlcr | inpck | ip-transparent | transparent | isig | isolate | istrip | iuclc | ixany | ixoff | tandem | ixon | lowport | nldly | noflsh | nofork | noprompt | null-eof | o-creat | creat | create | o-create | o_creat | o_create | o-direct | direct | o_direct | o-directory | directory | o_directory | o-dsync | dsync | o_dsync | o-excl | excl | o_excl | o-largefile | largefile | o_largefile | o-noatime | noatime | o-noctty | noctty | o_noctty | o-nofollow | nofollow | o_nofollow | o-nonblock | ndelay | nonblock | o-ndelay | o_ndelay | o-rdonly | o_rdonly | rdonly | o-rdwr | o_rdwr | rdwr | o-rsync | o_rsync | rsync | o-sync | o_sync | sync | o-trunc | trunc | o-wronly | o_wronly | wronly | ocrnl | ofdel | ofill | olcuc | onlcr | onlret | onocr | openpty | openssl-no-sni | no-sni | nosni | openssl-pseudo | pseudo | openssl-verify | verify | opost | parenb | parmrk | parodd | pendin | pipes | posixmq-flush | mq-flush | proxy-resolve | resolv | resolve | ptmx | pty | pty-wait-slave | wait-slave | waitslave | sctp-nodelay | send-proxy | send-proxy-v2 | setsid | sid | stderr | tiocsctty | ctty | tostop | unix-tightsocklen | tightsocklen | unlink | delete | remove | unlink-close | unlink-early | new | unlink-late | vtdly | xcase)
		kind='words'
		choices='0 1'
		;;
	openssl-method | method)
		kind='words'
		choices='SSL23 TLS1 TLS1.1 TLS1.2'
		;;
	openssl-max-proto-version | max-proto-version | max-version | openssl-min-proto-version | min-proto-version | min-version)
		kind='words'
		choices='TLS1 TLS1.1 TLS1.2'
		;;
	protocol-family | pf)
		kind='words'
		choices='ip4 ip6 unix vsock'
		;;
	accept-proxy)
		kind='words'
		choices='outside inside'
		;;
	tun-type)
		kind='words'
		choices='tun tap'
		;;
	esac
}

__socat_switch() {
	case $1 in
	--grace)
		kind='word'
		;;
	--metrics)
		kind='word'
		;;
	--workers)
		kind='word'
		;;
	-lf)
		kind='file'
		;;
	-lp)
		kind='word'
		;;
	--log-format)
		kind='words'
		choices='text json'
		;;
	-r)
		kind='file'
		;;
	-R)
		kind='file'
		;;
	-b)
		kind='word'
		;;
	-S)
		kind='word'
		;;
	-t)
		kind='word'
		;;
	-T)
		kind='word'
		;;
	-L)
		kind='file'
		;;
	-W)
		kind='file'
		;;
	esac
}

# Print the options of an address type; with a beginning given also their other names.
__socat_options() {
	local groups= parameter= names= aliases= group

	__socat_type "${1^^}"
	for group in ${groups//,/ } all PROCESS APPL; do
		names= aliases=
		__socat_group "$group"
		printf '%s ' $names ${2:+$aliases}
	done
}

# __socat_words BEFORE BEGINNING WORD...: those that go on with the beginning.
__socat_words() {
	local before=$1 beginning=$2 word

	shift 2
	for word; do
		[[ $word != "$beginning"* ]] || COMPREPLY+=("$before$word")
	done
}

# __socat_from KIND BEFORE BEGINNING [WORD...]: values of a kind.
__socat_from() {
	local kind=$1 before=$2 beginning=$3 word

	shift 3
	case $kind in
	words) __socat_words "$before" "$beginning" "$@" ;;
	interface) __socat_words "$before" "$beginning" $(ls /sys/class/net 2>/dev/null) ;;
	netns) __socat_words "$before" "$beginning" $(ls /run/netns 2>/dev/null) ;;
	user) __socat_words "$before" "$beginning" $(compgen -u) ;;
	group) __socat_words "$before" "$beginning" $(compgen -g) ;;
	file | directory | command)
		while IFS= read -r word; do
			[[ $kind == command || ! -d $word ]] || word=$word/
			COMPREPLY+=("$before$word")
		done < <(compgen "-${kind:0:1}" -- "$beginning")
		;;
	esac
}

# The address so far is $1, what stands before it on the word $2.
__socat_address() {
	local address=$1 before=$2 groups= parameter= kind= choices= last head name

	if [[ $address == *'!!'* ]]; then
		before=$before${address%'!!'*}'!!' address=${address##*'!!'}
	fi
	head=${address%%[,:]*}
	if [[ $address == *,* ]]; then
		last=${address##*,}
		before=$before${address%"$last"}
		case $head in
		[0-9]*) head=FD ;;
		*/*) head=GOPEN ;;
		esac
		if [[ $last == *=* ]]; then
			name=${last%%=*}
			__socat_value "${name,,}"
			__socat_from "$kind" "$before$name=" "${last#*=}" $choices
		else
			__socat_words "$before" "$last" $(__socat_options "$head" "$last")
		fi
	elif [[ $address == *:* ]]; then
		__socat_type "${head^^}"
		__socat_from "$parameter" "$before$head:" "${address#*:}"
	elif [[ $address == */* ]]; then
		__socat_from file "$before" "$address"
	else
		choices="$__socat_types ${address:+$__socat_type_aliases}"
		[[ $address != [a-z]* ]] || choices=${choices,,}
		__socat_words "$before" "$address" - $choices
	fi
}

_socat() {
	local line=${COMP_LINE:0:COMP_POINT} word previous kind= choices= cut quote= i

	# by blanks alone: readline takes ":" and "=" for borders of words, too
	word=${line##*[[:blank:]]}
	previous=${line%"$word"}
	previous=${previous%"${previous##*[![:blank:]]}"}
	previous=${previous##*[[:blank:]]}
	COMPREPLY=()
	# a quote that is still open: for readline all behind it is one word
	if [[ $word == [\"\']* && ${word:1} != *"${word:0:1}"* ]]; then
		quote=${word:0:1} word=${word:1}
	fi
	__socat_switch "$previous"
	if [[ -n $kind && $previous == -* ]]; then
		__socat_from "$kind" '' "$word" $choices
	elif [[ $word == -l[ym]?* ]]; then
		__socat_words "${word:0:3}" "${word:3}" $__socat_facilities
	elif [[ $word == -lf?* ]]; then
		__socat_from file -lf "${word:3}"
	elif [[ $word == -?* ]]; then
		__socat_words '' "$word" $__socat_switches
	else
		__socat_address "$word" ''
		compopt -o nospace 2>/dev/null
	fi
	# readline replaces only what is behind the last border
	cut=${word%"${word##*[:=]}"}
	[[ -z $quote && $COMP_WORDBREAKS == *:* && $COMP_WORDBREAKS == *=* ]] || cut=
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$cut"}
	done
}

complete -F _socat socat
