/* The families of options, and what their tables share. */
#ifndef OPT_FAMILY_H
#define OPT_FAMILY_H

#include "opt/opt.h"

extern const struct opt_family opt_family_fd, opt_family_named, opt_family_open,
	opt_family_reg, opt_family_fifo, opt_family_process, opt_family_socket,
	opt_family_listen, opt_family_child, opt_family_retry, opt_family_range,
	opt_family_ip, opt_family_ip6, opt_family_resolver, opt_family_tcp, opt_family_sctp,
	opt_family_dccp, opt_family_port, opt_family_unix, opt_family_appl, opt_family_exec,
	opt_family_interface, opt_family_posixmq, opt_family_termios,
	opt_family_udplite, opt_family_openssl, opt_family_readline, opt_family_tunnel,
	opt_family_http, opt_family_socks, opt_family_proxy_header;

#define OPT_FAMILY(name_, title_, defs_) \
	const struct opt_family name_ = {title_, defs_, sizeof (defs_) / sizeof *(defs_)}

/* Functions for struct optdef's apply; each takes the level from major and the option from
 * minor and passes the value to setsockopt(2). */
int sockopt_int(const struct opt_value *value, const struct opt_target *target);
int sockopt_byte(const struct opt_value *value, const struct opt_target *target);
int sockopt_time(const struct opt_value *value, const struct opt_target *target);
int sockopt_bin(const struct opt_value *value, const struct opt_target *target);
int sockopt_string(const struct opt_value *value, const struct opt_target *target);
/* The same with any bytes; takes level and option from the definition too. */
int sockopt_bytes(const struct opt_value *value, const struct opt_target *target,
                  const void *bytes, size_t length);

/* Log that applying an option failed: the address, the option as written, the system call,
 * and errno in words. Returns -1. */
int opt_failed(const struct opt_value *value, const struct opt_target *target,
               const char *call);
/* The same with a reason of our own. */
int opt_refuse(const struct opt_value *value, const struct opt_target *target,
               const char *reason);

/* Reasons of struct optdef's refused that occur more than once. */
extern const char opt_read_only[];
extern const char opt_not_in_linux[];

#endif
