/* The only list of address types, in the order of -h. */
#include "addr/types.h"

const struct addr_type *const addr_types[] = {
	&addr_type_abstract_client, &addr_type_abstract_connect, &addr_type_abstract_listen,
	&addr_type_abstract_recv, &addr_type_abstract_recvfrom, &addr_type_abstract_sendto,
	&addr_type_accept_fd, &addr_type_create, &addr_type_dccp_connect,
	&addr_type_dccp_listen, &addr_type_dccp4_connect, &addr_type_dccp4_listen,
	&addr_type_dccp6_connect, &addr_type_dccp6_listen, &addr_type_exec, &addr_type_fd,
	&addr_type_gopen, &addr_type_interface, &addr_type_ip_datagram, &addr_type_ip_recv,
	&addr_type_ip_recvfrom, &addr_type_ip_sendto, &addr_type_ip4_datagram,
	&addr_type_ip4_recv, &addr_type_ip4_recvfrom, &addr_type_ip4_sendto,
	&addr_type_ip6_datagram, &addr_type_ip6_recv, &addr_type_ip6_recvfrom,
	&addr_type_ip6_sendto, &addr_type_open, &addr_type_openssl_connect,
	&addr_type_openssl_listen, &addr_type_pipe,
	&addr_type_posixmq_bidirectional, &addr_type_posixmq_read, &addr_type_posixmq_receive,
	&addr_type_posixmq_send, &addr_type_posixmq_write, &addr_type_proxy, &addr_type_pty, &addr_type_readline,
	&addr_type_sctp_connect,
	&addr_type_sctp_listen, &addr_type_sctp4_connect, &addr_type_sctp4_listen,
	&addr_type_sctp6_connect, &addr_type_sctp6_listen, &addr_type_shell,
	&addr_type_socket_connect, &addr_type_socket_datagram, &addr_type_socket_listen,
	&addr_type_socket_recv, &addr_type_socket_recvfrom, &addr_type_socket_sendto,
	&addr_type_socketpair, &addr_type_socks4, &addr_type_socks4a,
	&addr_type_socks5_connect, &addr_type_socks5_listen, &addr_type_stall,
	&addr_type_stderr, &addr_type_stdin, &addr_type_stdio, &addr_type_stdout,
	&addr_type_system, &addr_type_tcp_connect, &addr_type_tcp_listen,
	&addr_type_tcp4_connect, &addr_type_tcp4_listen, &addr_type_tcp6_connect,
	&addr_type_tcp6_listen, &addr_type_text, &addr_type_tun, &addr_type_udp_connect,
	&addr_type_udp_datagram, &addr_type_udp_listen, &addr_type_udp_recv,
	&addr_type_udp_recvfrom, &addr_type_udp_sendto, &addr_type_udp4_connect,
	&addr_type_udp4_datagram, &addr_type_udp4_listen, &addr_type_udp4_recv,
	&addr_type_udp4_recvfrom, &addr_type_udp4_sendto, &addr_type_udp6_connect,
	&addr_type_udp6_datagram, &addr_type_udp6_listen, &addr_type_udp6_recv,
	&addr_type_udp6_recvfrom, &addr_type_udp6_sendto, &addr_type_udplite_connect,
	&addr_type_udplite_datagram, &addr_type_udplite_listen, &addr_type_udplite_recv,
	&addr_type_udplite_recvfrom, &addr_type_udplite_sendto, &addr_type_udplite4_connect,
	&addr_type_udplite4_datagram, &addr_type_udplite4_listen, &addr_type_udplite4_recv,
	&addr_type_udplite4_recvfrom, &addr_type_udplite4_sendto, &addr_type_udplite6_connect,
	&addr_type_udplite6_datagram, &addr_type_udplite6_listen, &addr_type_udplite6_recv,
	&addr_type_udplite6_recvfrom, &addr_type_udplite6_sendto, &addr_type_unix_client,
	&addr_type_unix_connect, &addr_type_unix_listen, &addr_type_unix_recv,
	&addr_type_unix_recvfrom, &addr_type_unix_sendto, &addr_type_vsock_connect,
	&addr_type_vsock_listen, NULL
};

static const char no_dtls[] =
	"is impossible: BearSSL has no DTLS; use OPENSSL and OPENSSL-LISTEN (TLS over TCP), or a "
	"tunnel such as WireGuard for UDP";

const struct addr_type_impossible addr_types_impossible[] = {
	{"OPENSSL-DTLS-CLIENT DTLS DTLS-C DTLS-CLIENT DTLS-CONNECT OPENSSL-DTLS-CONNECT", no_dtls},
	{"OPENSSL-DTLS-SERVER DTLS-L DTLS-LISTEN DTLS-SERVER OPENSSL-DTLS-LISTEN", no_dtls},
	{NULL, NULL},
};
