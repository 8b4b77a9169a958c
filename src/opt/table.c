/* The list of families. */
#include "opt/family.h"

const struct opt_family *const opt_families[] = {
	&opt_family_appl,
	&opt_family_process,
	&opt_family_fd,
	&opt_family_named,
	&opt_family_open,
	&opt_family_reg,
	&opt_family_fifo,
	&opt_family_exec,
	&opt_family_socket,
	&opt_family_listen,
	&opt_family_child,
	&opt_family_retry,
	&opt_family_range,
	&opt_family_ip,
	&opt_family_ip6,
	&opt_family_resolver,
	&opt_family_tcp,
	&opt_family_port,
	&opt_family_unix,
	&opt_family_interface,
	&opt_family_posixmq,
	&opt_family_termios_later,
	&opt_family_later,
	NULL,
};
