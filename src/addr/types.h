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
/* unix.c */
extern const struct addr_type addr_type_unix_connect, addr_type_unix_listen,
	addr_type_unix_client, addr_type_abstract_connect, addr_type_abstract_listen,
	addr_type_abstract_client;
/* interface.c, tun.c, socketpair.c */
extern const struct addr_type addr_type_interface, addr_type_tun, addr_type_socketpair;
/* posixmq.c */
extern const struct addr_type addr_type_posixmq_bidirectional, addr_type_posixmq_read,
	addr_type_posixmq_receive, addr_type_posixmq_send, addr_type_posixmq_write;
/* exec.c */
extern const struct addr_type addr_type_exec, addr_type_system, addr_type_shell;

#endif
