/* Connecting to, and listening for, connections over IP. Connecting is ip_connect()'s work; its
 * socket becomes a channel here. Listening binds to option bind, or to any address. */
#include "addr/ip_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/access.h"
#include "addr/bind.h"
#include "addr/error_queue.h"
#include "addr/ip.h"
#include "addr/listener.h"
#include "loop/loop.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

int ip_stream_check_connect(const struct spec *spec, const struct ip_stream *stream)
{
	if (ip_check_host(spec, spec->params[0]) < 0 ||
	    ip_check_port(spec, spec->params[1], stream->service) < 0)
		return -1;
	return ip_check_bind(spec, stream->service);
}

int ip_stream_check_listen(const struct spec *spec, const struct ip_stream *stream)
{
	if (ip_check_port(spec, spec->params[0], stream->service) < 0 || ip_check_family(spec) < 0)
		return -1;
	return ip_check_bind(spec, stream->service) < 0 ? -1 : access_check(spec);
}

struct stream_opening {
	struct opening base;
	struct opening *connecting;
	const struct spec *spec;
	const struct ip_stream *stream;
	struct watch watch;            /* of the connected socket, until it is a channel */
	struct open_request request;
};

static void done(struct stream_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	opening_over(&o->base);
	open_done(&request, channel);
}

struct channel *ip_stream_channel(const struct spec *spec, const struct ip_stream *stream, int fd,
                                  struct watch *watch)
{
	struct fd_settings settings = {
		.read_fd = fd, .write_fd = fd,
		.finish = stream->socktype == SOCK_DGRAM ? FINISH_NULL : FINISH_SOCKET,
		.family = ip_family(spec) == AF_INET6 ? AF_INET6 : AF_INET,
		.type = spec_opt(spec, "so-type") != NULL ? 0 : stream->socktype,
		.protocol = spec_opt(spec, "so-protocol") != NULL ? 0 : stream->protocol,
	};
	struct channel *channel;

	settings.watch = watch;
	settings.exclusive = true;
	fd_settings_from(spec, &settings);
	if (stream->socktype == SOCK_DGRAM)
		settings.failed = error_queue_for(spec, true);
	channel = fd_channel_new(&settings);
	if (channel != NULL)
		return channel;
	log_error("%s: %s", spec->text, error_text(errno));
	watch_end(watch);
	close(fd);
	return NULL;
}

static void connected(void *owner, int fd)
{
	struct stream_opening *o = owner;

	done(o, fd < 0 ? NULL : ip_stream_channel(o->spec, o->stream, fd, &o->watch));
}

static void cancel(struct opening *opening)
{
	struct stream_opening *o = (struct stream_opening *)opening;

	opening_cancel(o->connecting);
	opening_over(opening);
}

struct opening *ip_stream_open(const struct spec *spec, const struct open_request *request,
                               const struct ip_stream *stream)
{
	struct stream_opening *o = opening_new(spec, request, sizeof(*o), cancel);
	struct ip_request connect = {
		.target = { spec->params[0], net_parse_port(spec->params[1], stream->service),
		            stream->socktype, stream->protocol },
		.service = stream->service, .missing = stream->missing,
		.server = request->server, .again = request->again, .done = connected, .owner = o,
	};

	if (o == NULL)
		return NULL;
	connect.watch = &o->watch;
	o->spec = spec;
	o->stream = stream;
	o->request = *request;
	o->connecting = ip_connect(spec, &connect);
	return opening_handle(&o->base);
}

static int make_socket(const struct spec *spec, const struct ip_stream *stream, int family)
{
	int zero = 0;
	int fd = socket(family, (int)spec_number(spec, "so-type", stream->socktype) |
	                        SOCK_NONBLOCK | SOCK_CLOEXEC,
	                (int)spec_number(spec, "so-protocol", stream->protocol));

	if (fd >= 0 && family == AF_INET6 && ip_family(spec) == AF_UNSPEC &&
	    ip_version(true) == AF_UNSPEC)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	return fd;
}

static void log_failed(const struct spec *spec, const struct ip_stream *stream, const char *call,
                       const union net_addr *addr, bool last)
{
	int error = errno;
	const char *hint = ip_missing(error) && stream->missing != NULL ? stream->missing
	                                                              : ip_bind_hint(addr, error);
	char text[NET_TEXT];

	net_print(addr, net_length(addr), text, sizeof(text));
	if (last)
		log_error("%s: %s %s: %s%s", spec->text, call, text, error_text(error), hint);
	else
		log_warn("%s: %s %s: %s; trying again", spec->text, call, text, error_text(error));
}

/* Returns the listening socket; -1: may be tried again; -2: not. */
static int try_listen(const struct spec *spec, const struct ip_stream *stream,
                      const struct listen_request *request)
{
	struct net_peer local;
	const char *call = "socket for";
	int fd;

	if (ip_local_address(spec, spec->params[0], stream->service, &local.addr) < 0)
		return -2;
	local.length = net_length(&local.addr);
	fd = make_socket(spec, stream, local.addr.sa.sa_family);
	if (fd < 0)
		goto failed;
	call = "setsockopt(SO_REUSEADDR) for";
	if (listener_reuseaddr(spec, fd) < 0)
		goto failed;
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 ||
	    spec_apply(spec, PH_PREBIND, fd, NULL) < 0) {
		close(fd);
		return -2;
	}
	call = "setsockopt(SO_REUSEPORT) for";
	if (request->beside != NULL && bind_beside(request->beside->fd, fd, &local) < 0)
		goto failed;
	call = "bind to";
	if (bind_privileged(fd, &local.addr, local.length) < 0)
		goto failed;
	call = "listen to";
	if (spec_apply(spec, PH_LISTEN, fd, NULL) < 0 ||
	    listen(fd, (int)spec_number(spec, "backlog", LISTENER_BACKLOG)) < 0)
		goto failed;
	return fd;

failed:
	log_failed(spec, stream, call, &local.addr, request->last_try);
	if (fd >= 0)
		close(fd);
	return -1;
}

struct listener *ip_stream_listen(const struct spec *spec, const struct listen_request *request,
                                  const struct ip_stream *stream)
{
	struct process_frame frame;
	int fd;

	if (process_enter(spec, &frame) < 0)
		return NULL;
	fd = try_listen(spec, stream, request);
	process_leave(&frame);
	return fd < 0 ? NULL : listener_new(spec, fd, NULL, request);
}
