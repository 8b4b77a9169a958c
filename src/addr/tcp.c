/* TCP-CONNECT and TCP-LISTEN, with their variants for one IP version. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/access.h"
#include "addr/bind.h"
#include "addr/ip.h"
#include "addr/listener.h"
#include "addr/types.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

/* The kernel cuts it to net.core.somaxconn. */
enum { BACKLOG = 4096 };

#define CONNECT_GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_TCP)
#define LISTEN_GROUPS  (CONNECT_GROUPS | G_LISTEN | G_RANGE)

static int check_connect(const struct spec *spec)
{
	if (ip_check_host(spec, spec->params[0]) < 0 ||
	    ip_check_port(spec, spec->params[1], "tcp") < 0)
		return -1;
	return ip_check_bind(spec, "tcp");
}

static int check_listen(const struct spec *spec)
{
	if (ip_check_port(spec, spec->params[0], "tcp") < 0 || ip_check_family(spec) < 0)
		return -1;
	return ip_check_bind(spec, "tcp") < 0 ? -1 : access_check(spec);
}

struct tcp_opening {
	struct opening base;
	struct opening *connecting;
	const struct spec *spec;
	struct open_request request;
};

static void done(struct tcp_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	opening_over(&o->base);
	open_done(&request, channel);
}

static void connected(void *owner, int fd)
{
	struct tcp_opening *o = owner;
	struct fd_settings settings = {
		.read_fd = fd, .write_fd = fd, .finish = FINISH_SHUTDOWN,
		.family = ip_family(o->spec) == AF_INET6 ? AF_INET6 : AF_INET,
		.type = spec_opt(o->spec, "so-type") != NULL ? 0 : SOCK_STREAM,
	};
	struct channel *channel = NULL;

	if (fd >= 0) {
		fd_settings_from(o->spec, &settings);
		channel = fd_channel_new(&settings);
		if (channel == NULL) {
			log_error("%s: %s", o->spec->text, error_text(errno));
			close(fd);
		}
	}
	done(o, channel);
}

static void cancel(struct opening *opening)
{
	struct tcp_opening *o = (struct tcp_opening *)opening;

	opening_cancel(o->connecting);
	opening_over(opening);
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	struct tcp_opening *o = calloc(1, sizeof(*o));
	struct ip_request connect = {
		.target = { spec->params[0], net_parse_port(spec->params[1], "tcp"), SOCK_STREAM,
		            IPPROTO_TCP },
		.server = request->server, .done = connected, .owner = o,
	};

	if (o == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		open_done(request, NULL);
		return NULL;
	}
	o->base.cancel = cancel;
	o->spec = spec;
	o->request = *request;
	o->connecting = ip_connect(spec, &connect);
	return opening_handle(&o->base);
}

/* SO_REUSEADDR is on by default for listening sockets; "reuseaddr=" leaves it alone. */
static int set_reuseaddr(const struct spec *spec, int fd)
{
	int value = (int)spec_number(spec, "so-reuseaddr", 1);

	if (value < 0)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value));
}

/* Returns the listening socket; -1: may be tried again; -2: not. last: log the reason of -1. */
static int try_listen(const struct spec *spec, bool last)
{
	union net_addr addr;
	const char *call = "socket";
	char text[NET_TEXT];
	int fd, zero = 0;

	if (ip_local_address(spec, spec->params[0], "tcp", &addr) < 0)
		return -2;
	fd = socket(addr.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	            (int)spec_number(spec, "so-protocol", IPPROTO_TCP));
	if (fd < 0)
		goto failed;
	if (addr.sa.sa_family == AF_INET6 && ip_family(spec) == AF_UNSPEC &&
	    ip_version(true) == AF_UNSPEC)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	call = "setsockopt(SO_REUSEADDR)";
	if (set_reuseaddr(spec, fd) < 0)
		goto failed;
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 ||
	    spec_apply(spec, PH_PREBIND, fd, NULL) < 0) {
		close(fd);
		return -2;
	}
	call = "bind";
	if (bind_privileged(fd, &addr, net_length(&addr)) < 0)
		goto failed;
	call = "listen";
	if (spec_apply(spec, PH_LISTEN, fd, NULL) < 0 ||
	    listen(fd, (int)spec_number(spec, "backlog", BACKLOG)) < 0)
		goto failed;
	return fd;

failed:
	if (last)
		log_error("%s: %s to %s: %s%s", spec->text, call,
		          net_print(&addr, net_length(&addr), text, sizeof(text)), error_text(errno),
		          ip_bind_hint(&addr, errno));
	else
		log_warn("%s: %s to %s: %s; trying again", spec->text, call,
		         net_print(&addr, net_length(&addr), text, sizeof(text)), error_text(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	struct process_frame frame;
	int fd;

	if (process_enter(spec, &frame) < 0)
		return NULL;
	fd = try_listen(spec, request->last_try);
	process_leave(&frame);
	return fd < 0 ? NULL : listener_new(spec, fd, NULL, request);
}

#define CONNECT(tag, title, others, ip, groups_)                                              \
	const struct addr_type addr_type_##tag##_connect = {                                  \
		.name = title, .aliases = others, .syntax = ":<host>:<port>",                 \
		.feature = "WITH_TCP", .min_params = 2, .max_params = 2,                      \
		.groups = CONNECT_GROUPS | (groups_), .directions = ADDR_BOTH, .family = ip,  \
		.check = check_connect, .open = open_connect }

#define LISTEN(tag, title, others, ip, groups_)                                               \
	const struct addr_type addr_type_##tag##_listen = {                                   \
		.name = title, .aliases = others, .syntax = ":<port>",                        \
		.feature = "WITH_LISTEN", .min_params = 1, .max_params = 1,                   \
		.groups = LISTEN_GROUPS | (groups_), .directions = ADDR_BOTH, .family = ip,   \
		.check = check_listen, .open = listener_open_once, .listen = start_listen }

CONNECT(tcp, "TCP-CONNECT", "INET TCP", AF_UNSPEC, G_IP4 | G_IP6);
CONNECT(tcp4, "TCP4-CONNECT", "INET4 TCP4", AF_INET, G_IP4);
CONNECT(tcp6, "TCP6-CONNECT", "INET6 TCP6", AF_INET6, G_IP6);
LISTEN(tcp, "TCP-LISTEN", "INET-L INET-LISTEN TCP-L", AF_UNSPEC, G_IP4 | G_IP6);
LISTEN(tcp4, "TCP4-LISTEN", "TCP4-L INET4-L INET4-LISTEN", AF_INET, G_IP4);
LISTEN(tcp6, "TCP6-LISTEN", "TCP6-L INET6-L INET6-LISTEN", AF_INET6, G_IP6);
