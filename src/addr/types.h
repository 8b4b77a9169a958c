/* All address types, for addr/table.c: each is defined in the file of its kind. */
#ifndef ADDR_TYPES_H
#define ADDR_TYPES_H

#include "addr/addr.h"

/* file.c */
extern const struct addr_type addr_type_open, addr_type_create, addr_type_gopen;
/* stdio.c */
extern const struct addr_type addr_type_stdio, addr_type_stdin, addr_type_stdout,
	addr_type_stderr, addr_type_fd;
/* pipe.c */
extern const struct addr_type addr_type_pipe;
/* tcp.c */
extern const struct addr_type addr_type_tcp_connect, addr_type_tcp4_connect,
	addr_type_tcp6_connect, addr_type_tcp_listen, addr_type_tcp4_listen,
	addr_type_tcp6_listen;
/* sctp.c */
extern const struct addr_type addr_type_sctp_connect, addr_type_sctp4_connect,
	addr_type_sctp6_connect, addr_type_sctp_listen, addr_type_sctp4_listen,
	addr_type_sctp6_listen;
/* dccp.c */
extern const struct addr_type addr_type_dccp_connect, addr_type_dccp4_connect,
	addr_type_dccp6_connect, addr_type_dccp_listen, addr_type_dccp4_listen,
	addr_type_dccp6_listen;
/* vsock.c */
extern const struct addr_type addr_type_vsock_connect, addr_type_vsock_listen;
/* generic.c */
extern const struct addr_type addr_type_socket_connect, addr_type_socket_listen;
/* acceptfd.c */
extern const struct addr_type addr_type_accept_fd;
/* unix.c */
extern const struct addr_type addr_type_unix_connect, addr_type_unix_listen,
	addr_type_unix_client, addr_type_abstract_connect, addr_type_abstract_listen,
	addr_type_abstract_client;
/* exec.c */
extern const struct addr_type addr_type_exec, addr_type_system, addr_type_shell;

#endif
