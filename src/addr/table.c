/* The only list of address types, in the order of -h. */
#include "addr/types.h"

const struct addr_type *const addr_types[] = {
	&addr_type_abstract_client, &addr_type_abstract_connect, &addr_type_abstract_listen,
	&addr_type_accept_fd, &addr_type_create,
	&addr_type_dccp_connect, &addr_type_dccp_listen, &addr_type_dccp4_connect,
	&addr_type_dccp4_listen, &addr_type_dccp6_connect, &addr_type_dccp6_listen,
	&addr_type_exec, &addr_type_fd, &addr_type_gopen, &addr_type_open,
	&addr_type_pipe,
	&addr_type_sctp_connect, &addr_type_sctp_listen, &addr_type_sctp4_connect,
	&addr_type_sctp4_listen, &addr_type_sctp6_connect, &addr_type_sctp6_listen,
	&addr_type_shell, &addr_type_socket_connect, &addr_type_socket_listen,
	&addr_type_stderr, &addr_type_stdin,
	&addr_type_stdio, &addr_type_stdout, &addr_type_system, &addr_type_tcp_connect,
	&addr_type_tcp_listen, &addr_type_tcp4_connect, &addr_type_tcp4_listen,
	&addr_type_tcp6_connect, &addr_type_tcp6_listen, &addr_type_unix_client,
	&addr_type_unix_connect, &addr_type_unix_listen,
	&addr_type_vsock_connect, &addr_type_vsock_listen, NULL
};

const char *const addr_types_later[] = {
	"ABSTRACT-RECV", "ABSTRACT-RECVFROM", "ABSTRACT-SENDTO",
	"INTERFACE IF", "IP-DATAGRAM IP-DGRAM",
	"IP-RECV", "IP-RECVFROM", "IP-SENDTO IP IP-SEND", "IP4-DATAGRAM IP4-DGRAM", "IP4-RECV",
	"IP4-RECVFROM", "IP4-SENDTO IP4 IP4-SEND", "IP6-DATAGRAM IP6-DGRAM", "IP6-RECV",
	"IP6-RECVFROM", "IP6-SENDTO IP6 IP6-SEND", "OPENSSL OPENSSL-CONNECT SSL",
	"OPENSSL-DTLS-CLIENT DTLS DTLS-C DTLS-CLIENT DTLS-CONNECT OPENSSL-DTLS-CONNECT",
	"OPENSSL-DTLS-SERVER DTLS-L DTLS-LISTEN DTLS-SERVER OPENSSL-DTLS-LISTEN",
	"OPENSSL-LISTEN SSL-L", "POSIXMQ-BIDIRECTIONAL POSIXMQ", "POSIXMQ-READ",
	"POSIXMQ-RECEIVE POSIXMQ-RECV", "POSIXMQ-SEND", "POSIXMQ-WRITE", "PROXY PROXY-CONNECT",
	"PTY", "READLINE",
	"SOCKET-DATAGRAM DATAGRAM DGRAM", "SOCKET-RECV", "SOCKET-RECVFROM",
	"SOCKET-SENDTO SENDTO", "SOCKETPAIR", "SOCKS4 SOCKS", "SOCKS4A", "SOCKS5-CONNECT SOCKS5",
	"SOCKS5-LISTEN SOCKS5-BIND", "STALL", "TEXT", "TUN", "UDP-CONNECT UDP",
	"UDP-DATAGRAM UDP-DGRAM", "UDP-LISTEN UDP-L", "UDP-RECV", "UDP-RECVFROM",
	"UDP-SENDTO UDP-SEND", "UDP4-CONNECT UDP4", "UDP4-DATAGRAM UDP4-DGRAM",
	"UDP4-LISTEN UDP4-L", "UDP4-RECV", "UDP4-RECVFROM", "UDP4-SENDTO UDP4-SEND",
	"UDP6-CONNECT UDP6", "UDP6-DATAGRAM UDP6-DGRAM", "UDP6-LISTEN UDP6-L", "UDP6-RECV",
	"UDP6-RECVFROM", "UDP6-SENDTO UDP6-SEND", "UDPLITE-CONNECT UDPLITE",
	"UDPLITE-DATAGRAM UDPLITE-DGRAM", "UDPLITE-LISTEN UDPLITE-L", "UDPLITE-RECV",
	"UDPLITE-RECVFROM", "UDPLITE-SENDTO UDPLITE-SEND", "UDPLITE4-CONNECT UDPLITE4",
	"UDPLITE4-DATAGRAM UDPLITE4-DGRAM", "UDPLITE4-LISTEN UDPLITE4-L", "UDPLITE4-RECV",
	"UDPLITE4-RECVFROM", "UDPLITE4-SENDTO UDPLITE4-SEND", "UDPLITE6-CONNECT UDPLITE6",
	"UDPLITE6-DATAGRAM UDPLITE6-DGRAM", "UDPLITE6-LISTEN UDPLITE6-L", "UDPLITE6-RECV",
	"UDPLITE6-RECVFROM", "UDPLITE6-SENDTO UDPLITE6-SEND", "UNIX-RECV", "UNIX-RECVFROM",
	"UNIX-SENDTO UNIX-SEND", NULL
};
