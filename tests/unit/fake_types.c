/* Address types that open nothing, for tests of the parser: enough of them to have every
 * group, every number of parameters and every direction. */
#include "addr/addr.h"

#include "sys/log.h"

static int check_port(const struct spec *spec)
{
	if (spec->params[1][0] != '\0')
		return 0;
	log_error("%s: the port is missing", spec->text);
	return -1;
}

#define STREAM (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_IP4 | G_IP6 | G_TCP)

static const struct addr_type
	tcp = {.name = "TCP-CONNECT", .aliases = "TCP INET", .syntax = ":<host>:<port>",
	       .min_params = 2, .max_params = 2, .groups = STREAM, .directions = ADDR_BOTH,
	       .check = check_port},
	tcp_listen = {.name = "TCP-LISTEN", .aliases = "TCP-L", .syntax = ":<port>",
	              .min_params = 1, .max_params = 1,
	              .groups = STREAM | G_LISTEN | G_RANGE, .directions = ADDR_BOTH},
	open_type = {.name = "OPEN", .aliases = "FILE", .syntax = ":<filename>", .min_params = 1,
	             .max_params = 1, .groups = G_FD | G_REG | G_BLK | G_NAMED | G_OPEN,
	             .directions = ADDR_BOTH},
	gopen = {.name = "GOPEN", .syntax = ":<filename>", .min_params = 1, .max_params = 1,
	         .groups = G_FD | G_REG | G_NAMED | G_OPEN | G_UNIX, .directions = ADDR_BOTH},
	create = {.name = "CREATE", .aliases = "CREAT", .syntax = ":<filename>", .min_params = 1,
	          .max_params = 1, .groups = G_FD | G_REG | G_NAMED, .directions = ADDR_WRITE},
	exec = {.name = "EXEC", .syntax = ":<command-line>", .min_params = 1, .max_params = 1,
	        .groups = G_FD | G_EXEC | G_FORK | G_PARENT, .directions = ADDR_BOTH},
	pipe_type = {.name = "PIPE", .aliases = "ECHO FIFO", .syntax = "[:<filename>]",
	             .max_params = 1, .groups = G_FD | G_FIFO | G_NAMED | G_OPEN,
	             .directions = ADDR_BOTH},
	fd = {.name = "FD", .syntax = ":<fdnum>", .min_params = 1, .max_params = 1,
	      .groups = G_FD | G_REG | G_SOCKET, .directions = ADDR_BOTH},
	stdio = {.name = "STDIO", .aliases = "-", .syntax = "", .groups = G_FD,
	         .directions = ADDR_BOTH},
	text = {.name = "TEXT", .syntax = ":<string>", .min_params = 1, .max_params = 1,
	        .groups = G_FD, .directions = ADDR_READ};

const struct addr_type *const addr_types[] = {
	&tcp, &tcp_listen, &open_type, &gopen, &create, &exec, &pipe_type, &fd, &stdio, &text,
	NULL,
};

const struct addr_type_impossible addr_types_impossible[] = {
	{"UDP-LISTEN UDP-L", "is no type of this test"}, {"DTLS", "is impossible"}, {NULL, NULL},
};
