/* Connecting to one given address, and listening on one.
 *
 * Theory of operation of connecting: TRY, non-blocking and bounded by connect-timeout >
 * connected; or WAIT for the interval and TRY again, as often as retry says; or give up. A UNIX
 * socket whose queue is full says EAGAIN: it is tried again a little later, until
 * connect-timeout. If descriptors run out an attempt waits and counts for nothing.
 */
#include "addr/endpoint.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "addr/bind.h"
#include "addr/failure.h"
#include "addr/listener.h"
#include "addr/named.h"
#include "loop/loop.h"
#include "loop/scarce.h"
#include "opt/process.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

#define FULL_INTERVAL (NANOSECONDS / 100)

struct endpoint_opening {
	struct opening base;
	const struct spec *spec;
	struct endpoint endpoint;
	struct open_request request;
	struct watch watch;            /* of the socket being connected */
	struct timer timer;            /* connect-timeout, or the pause before the next attempt */
	struct closer *closer;         /* removes our own bound entry */
	int64_t tries_left;            /* -1: for ever */
	int64_t deadline;              /* of an attempt that found the queue full; 0: none */
	int fd;
};

static void start(struct endpoint_opening *o);

static struct endpoint_opening *of_timer(struct timer *timer)
{
	return (struct endpoint_opening *)((char *)timer - offsetof(struct endpoint_opening, timer));
}

static void again(struct timer *timer)
{
	start(of_timer(timer));
}

/* Neither the socket nor its name in the file system. */
static void drop_socket(struct endpoint_opening *o)
{
	timer_stop(&o->timer);
	watch_stop(&o->watch);
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	closer_run(o->closer);
	o->closer = NULL;
}

static void finish(struct endpoint_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	if (channel != NULL && o->closer != NULL) {
		channel_on_close(channel, o->closer);
		o->closer = NULL;
	}
	drop_socket(o);
	opening_over(&o->base);
	open_done(&request, channel);
}

static void cancel(struct opening *opening)
{
	drop_socket((struct endpoint_opening *)opening);
	opening_over(opening);
}

static void failed(struct endpoint_opening *o, const char *call, const struct net_peer *addr,
                   int error)
{
	int64_t interval = spec_number(o->spec, "interval", NANOSECONDS);
	const char *hint = o->endpoint.hint(&o->endpoint, error);
	char text[NET_TEXT];

	counter_connect_failed(error);
	failure_set(OPEN_CONNECT, error, error_text(error));
	net_print(&addr->addr, addr->length, text, sizeof(text));
	drop_socket(o);
	if (o->tries_left == 0) {
		log_error("%s: %s %s: %s%s", o->spec->text, call, text, error_text(error), hint);
		finish(o, NULL);
		return;
	}
	if (o->tries_left > 0)
		o->tries_left--;
	o->deadline = 0;
	log_notice("%s: %s %s: %s%s; trying again in %g s", o->spec->text, call, text,
	           error_text(error), hint, (double)interval / NANOSECONDS);
	timer_start(&o->timer, interval, again);
}

static void log_connected(int fd)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	char text[NET_TEXT];

	if (log_enabled(LOG_NOTICE_) && getsockname(fd, &local.addr.sa, &local.length) == 0)
		log_notice("successfully connected from local address %s",
		           net_print(&local.addr, local.length, text, sizeof(text)));
}

static void connected(struct endpoint_opening *o)
{
	struct fd_settings settings = {
		.read_fd = o->fd, .write_fd = o->fd, .finish = FINISH_SOCKET, .exclusive = true,
		.family = o->endpoint.domain, .type = o->endpoint.type,
		.protocol = o->endpoint.protocol,
	};
	struct channel *channel;

	watch_stop(&o->watch);
	log_connected(o->fd);
	if (spec_apply(o->spec, PH_CONNECTED, o->fd, NULL) < 0 ||
	    spec_apply(o->spec, PH_LATE, o->fd, NULL) < 0) {
		finish(o, NULL);
		return;
	}
	fd_settings_from(o->spec, &settings);
	channel = fd_channel_new(&settings);
	if (channel == NULL)
		log_error("%s: %s", o->spec->text, error_text(errno));
	else
		o->fd = -1;
	finish(o, channel);
}

static void writable(struct watch *watch)
{
	struct endpoint_opening *o = (struct endpoint_opening *)((char *)watch -
	                                            offsetof(struct endpoint_opening, watch));
	int error = 0;
	socklen_t size = sizeof(error);

	if (!(watch->ready & WATCH_WRITE))
		return;
	if (getsockopt(o->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error != 0)
		failed(o, "connect to", &o->endpoint.remote, error);
	else
		connected(o);
}

static void timed_out(struct timer *timer)
{
	struct endpoint_opening *o = of_timer(timer);

	failed(o, "connect to", &o->endpoint.remote, ETIMEDOUT);
}

static void connect_now(struct endpoint_opening *o)
{
	int64_t timeout = spec_number(o->spec, "connect-timeout", 0);
	const struct net_peer *remote = &o->endpoint.remote;

	if (connect(o->fd, &remote->addr.sa, remote->length) == 0) {
		connected(o);
		return;
	}
	if (errno == EAGAIN) {
		if (o->deadline == 0)
			o->deadline = timeout > 0 ? loop_now() + timeout : INT64_MAX;
		if (loop_now() < o->deadline) {
			drop_socket(o);
			timer_start(&o->timer, FULL_INTERVAL, again);
			return;
		}
		errno = ETIMEDOUT;
	}
	if (errno != EINPROGRESS || watch_start(&o->watch, o->fd, writable) < 0) {
		failed(o, "connect to", remote, errno);
		return;
	}
	if (timeout > 0)
		timer_start(&o->timer, timeout, timed_out);
}

/* The entry in the file system that a bound UNIX socket has, or NULL. */
static const char *entry_of(const struct net_peer *local)
{
	return local->addr.sa.sa_family == AF_UNIX &&
	       local->length > offsetof(struct sockaddr_un, sun_path) &&
	       local->addr.un.sun_path[0] != '\0' ? local->addr.un.sun_path : NULL;
}

int endpoint_bind(const struct spec *spec, int fd, const struct net_peer *local,
                  struct closer **closer)
{
	char path[sizeof(local->addr.un.sun_path) + 1] = "";

	if (local->length == 0)
		return 0;
	if (bind_privileged(fd, &local->addr, local->length) < 0)
		return -1;
	if (entry_of(local) == NULL)
		return 0;
	/* it need not end with a NUL */
	memcpy(path, local->addr.un.sun_path, local->length - offsetof(struct sockaddr_un, sun_path));
	*closer = named_closer(spec, path, true);
	return 0;
}

/* Make and prepare the socket. Returns 0, or -1 with errno set; 1: an option failed, which
 * was logged and can't get better. */
static int make_socket(struct endpoint_opening *o)
{
	const struct endpoint *endpoint = &o->endpoint;

	o->fd = socket(endpoint->domain, endpoint->type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	               endpoint->protocol);
	if (o->fd < 0)
		return -1;
	log_info("socket(%d, %d, %d) -> %d", endpoint->domain, endpoint->type,
	         endpoint->protocol, o->fd);
	if (spec_apply(o->spec, PH_PASTSOCKET, o->fd, NULL) < 0 ||
	    spec_apply(o->spec, PH_FD, o->fd, NULL) < 0 ||
	    spec_apply(o->spec, PH_PREBIND, o->fd, NULL) < 0)
		return 1;
	return endpoint_bind(o->spec, o->fd, &endpoint->local, &o->closer);
}

static void start(struct endpoint_opening *o)
{
	const struct net_peer *remote = &o->endpoint.remote;
	struct process_frame frame;
	char text[NET_TEXT];
	int rc, error;

	if (o->deadline == 0)
		log_notice("opening connection to %s",
		           net_print(&remote->addr, remote->length, text, sizeof(text)));
	if (process_enter(o->spec, &frame) < 0) {
		finish(o, NULL);
		return;
	}
	rc = make_socket(o);
	error = errno;
	process_leave(&frame);
	if (rc > 0) {
		finish(o, NULL);
	} else if (rc < 0 && o->fd < 0 && o->request.server && scarce(error)) {
		/* the client was accepted already: it must not suffer */
		scarce_met("socket", error);
		timer_start(&o->timer, SCARCE_INTERVAL, again);
	} else if (rc < 0 && o->fd < 0) {
		failed(o, "socket for", remote, error);
	} else if (rc < 0) {
		failed(o, "bind to", &o->endpoint.local, error);
	} else {
		connect_now(o);
	}
}

struct opening *endpoint_open(const struct spec *spec, const struct open_request *request,
                              const struct endpoint *endpoint)
{
	struct endpoint_opening *o = opening_new(spec, request, sizeof(*o), cancel);

	if (o == NULL)
		return NULL;
	o->spec = spec;
	o->endpoint = *endpoint;
	o->request = *request;
	o->fd = -1;
	o->tries_left = spec_tries(spec);
	start(o);
	return opening_handle(&o->base);
}

/* Returns the listening socket; -1: may be tried again; -2: not. last: log the reason of -1. */
static int try_listen(const struct spec *spec, const struct endpoint *endpoint, bool last,
                      struct closer **closer)
{
	const struct net_peer *local = &endpoint->local;
	const char *call = "socket for";
	char text[NET_TEXT];
	int error, fd = socket(endpoint->domain, endpoint->type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	                       endpoint->protocol);

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
	call = "bind to";
	if (endpoint_bind(spec, fd, local, closer) < 0)
		goto failed;
	call = "listen to";
	if (spec_apply(spec, PH_LISTEN, fd, NULL) == 0 &&
	    listen(fd, (int)spec_number(spec, "backlog", LISTENER_BACKLOG)) == 0)
		return fd;

failed:
	error = errno;
	net_print(&local->addr, local->length, text, sizeof(text));
	if (last)
		log_error("%s: %s %s: %s%s", spec->text, call, text, error_text(error),
		          endpoint->hint(endpoint, error));
	else
		log_warn("%s: %s %s: %s; trying again", spec->text, call, text, error_text(error));
	if (*closer != NULL)
		(*closer)->close(*closer);
	if (fd >= 0)
		close(fd);
	return -1;
}

struct listener *endpoint_listen(const struct spec *spec, const struct listen_request *request,
                                 const struct endpoint *endpoint)
{
	struct process_frame frame;
	struct closer *closer = NULL;
	int fd;

	if (process_enter(spec, &frame) < 0)
		return NULL;
	fd = try_listen(spec, endpoint, request->last_try, &closer);
	process_leave(&frame);
	return fd < 0 ? NULL : listener_new(spec, fd, closer, request);
}
