/* UNIX-CONNECT, UNIX-CLIENT, UNIX-LISTEN and their ABSTRACT- counterparts.
 *
 * Connecting to a UNIX socket either works at once or fails, with one exception: EAGAIN, the
 * listener's backlog is full. Then the attempt is repeated a little later.
 */
#include "addr/unix.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/access.h"
#include "addr/failure.h"
#include "addr/listener.h"
#include "addr/named.h"
#include "addr/types.h"
#include "addr/unix_datagram.h"
#include "addr/unix_name.h"
#include "loop/loop.h"
#include "loop/scarce.h"
#include "opt/process.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

#define FULL_INTERVAL (NANOSECONDS / 100)

struct unix_opening {
	struct opening base;
	const struct spec *spec;
	const char *name;
	struct open_request request;
	struct timer timer;
	struct closer *closer;    /* removes our own bound entry */
	bool guess;               /* the type of the socket */
	int type;                 /* SOCK_..., of the connected socket */
	int64_t tries_left;       /* -1: for ever */
	int64_t deadline;         /* of connect-timeout; 0: none */
};

static void finish(struct unix_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	timer_stop(&o->timer);
	if (o->closer != NULL && channel != NULL)
		channel_on_close(channel, o->closer);
	else if (o->closer != NULL)
		o->closer->close(o->closer);
	opening_over(&o->base);
	open_done(&request, channel);
}

static void start(struct unix_opening *o);

static void again(struct timer *timer)
{
	start((struct unix_opening *)((char *)timer - offsetof(struct unix_opening, timer)));
}

static void failed(struct unix_opening *o, const char *call, int error)
{
	int64_t interval = spec_number(o->spec, "interval", NANOSECONDS);
	char hint[256] = "";

	counter_connect_failed(error);
	failure_set(OPEN_CONNECT, error, error_text(error));
	unix_hint(o->name, error, hint, sizeof(hint));
	if (o->tries_left == 0) {
		log_write(o->request.again ? LOG_NOTICE_ : LOG_ERROR_, "%s: %s \"%s\": %s%s",
		          o->spec->text, call, o->name, error_text(error), hint);
		finish(o, NULL);
		return;
	}
	if (o->tries_left > 0)
		o->tries_left--;
	log_notice("%s: %s \"%s\": %s%s; trying again in %g s", o->spec->text, call, o->name,
	           error_text(error), hint, (double)interval / NANOSECONDS);
	timer_start(&o->timer, interval, again);
}

/* A datagram socket. */
static void prepared(struct unix_opening *o, int fd)
{
	struct closer *closer = o->closer;

	o->closer = NULL;    /* the channel's */
	finish(o, unix_datagram_channel(o->spec, o->name, fd, closer));
}

static void connected(struct unix_opening *o, int fd)
{
	struct fd_settings settings = {
		.read_fd = fd, .write_fd = fd, .finish = FINISH_SHUTDOWN, .exclusive = true,
		.family = AF_UNIX, .type = o->type,
	};
	struct net_peer local = { .length = sizeof(local.addr) };
	struct channel *channel;
	char text[NET_TEXT];

	if (o->type == SOCK_DGRAM) {
		prepared(o, fd);
		return;
	}
	if (log_enabled(LOG_NOTICE_) && getsockname(fd, &local.addr.sa, &local.length) == 0)
		log_notice("successfully connected from local address %s",
		           net_print(&local.addr, local.length, text, sizeof(text)));
	if (spec_apply(o->spec, PH_CONNECTED, fd, NULL) < 0 ||
	    spec_apply(o->spec, PH_LATE, fd, NULL) < 0) {
		close(fd);
		finish(o, NULL);
		return;
	}
	fd_settings_from(o->spec, &settings);
	channel = fd_channel_new(&settings);
	if (channel == NULL) {
		log_error("%s: %s", o->spec->text, error_text(errno));
		close(fd);
	}
	finish(o, channel);
}

/* Make a socket of this type and connect it; a datagram socket is only made, once it is clear
 * that there is one at the other end. Returns it; -1 with *call and errno set; -2: an option failed,
 * which was logged. */
static int try_type(struct unix_opening *o, int type, const char **call)
{
	const struct spec *spec = o->spec;
	struct net_peer peer;
	int fd, rc = -2, error;

	*call = "socket for";
	fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	            (int)spec_number(spec, "so-protocol", 0));
	if (fd < 0)
		return -1;
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 ||
	    spec_apply(spec, PH_PREBIND, fd, NULL) < 0)
		goto close_fd;
	*call = "bind for";
	rc = unix_bind_own(spec, fd, &o->closer);
	if (rc < 0)
		goto close_fd;
	*call = "connect to";
	unix_address(spec, o->name, &peer);
	errno = type == SOCK_DGRAM ? unix_ask(&peer)
	        : connect(fd, &peer.addr.sa, peer.length) < 0 ? errno : 0;
	if (errno == 0) {
		o->type = type;
		return fd;
	}
	rc = -1;
close_fd:
	error = errno;
	close(fd);
	errno = error;
	return rc;
}

/* Nobody with such a socket is there: perhaps with another type. Abstract names of different
 * types are different names. */
static bool is_other_type(const struct unix_opening *o, int error)
{
	return error == EPROTOTYPE || (error == ECONNREFUSED && unix_is_abstract(o->spec));
}

static int try_connect(struct unix_opening *o, const char **call)
{
	static const int guesses[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	int fd = -1;

	if (!o->guess || spec_opt(o->spec, "so-type") != NULL)
		return try_type(o, (int)spec_number(o->spec, "so-type", SOCK_STREAM), call);
	for (unsigned i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		fd = try_type(o, guesses[i], call);
		if (fd != -1 || !is_other_type(o, errno))
			break;
	}
	return fd;
}

static void start(struct unix_opening *o)
{
	struct process_frame frame;
	const char *call;
	int fd, error;

	if (process_enter(o->spec, &frame) < 0) {
		finish(o, NULL);
		return;
	}
	fd = try_connect(o, &call);
	error = errno;
	process_leave(&frame);
	if (fd >= 0) {
		connected(o, fd);
	} else if (fd == -2) {
		finish(o, NULL);
	} else if (o->request.server && scarce(error)) {
		scarce_met("socket", error);
		timer_start(&o->timer, SCARCE_INTERVAL, again);
	} else if (error == EAGAIN && (o->deadline == 0 || loop_now() < o->deadline)) {
		timer_start(&o->timer, FULL_INTERVAL, again);
	} else {
		failed(o, call, error == EAGAIN ? ETIMEDOUT : error);
	}
}

static void cancel(struct opening *opening)
{
	struct unix_opening *o = (struct unix_opening *)opening;

	timer_stop(&o->timer);
	closer_run(o->closer);
	opening_over(opening);
}

static struct opening *open_unix(const struct spec *spec, const char *path, bool guess,
                                 const struct open_request *request)
{
	struct unix_opening *o = opening_new(spec, request, sizeof(*o), cancel);
	int64_t timeout = spec_number(spec, "connect-timeout", 0);
	struct net_peer peer;
	char text[NET_TEXT];

	if (o == NULL)
		return NULL;
	o->spec = spec;
	o->name = path;
	o->guess = guess;
	o->request = *request;
	o->tries_left = spec_tries(spec);
	o->deadline = timeout > 0 ? loop_now() + timeout : 0;
	if (log_enabled(LOG_NOTICE_) && unix_address(spec, path, &peer) == 0)
		log_notice("opening connection to %s",
		           net_print(&peer.addr, peer.length, text, sizeof(text)));
	start(o);
	return opening_handle(&o->base);
}

struct opening *unix_open(const struct spec *spec, const char *path,
                          const struct open_request *request)
{
	return open_unix(spec, path, true, request);
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	return open_unix(spec, spec->params[0], false, request);
}

static struct opening *open_client(const struct spec *spec, const struct open_request *request)
{
	return open_unix(spec, spec->params[0], true, request);
}

static int check_listen(const struct spec *spec)
{
	return unix_check(spec) < 0 ? -1 : access_check(spec);
}

static int try_listen(const struct spec *spec, bool last)
{
	int type = (int)spec_number(spec, "so-type", SOCK_STREAM), fd, error;
	const char *call = "socket", *path = unix_is_abstract(spec) ? NULL : spec->params[0];

	if (path != NULL && named_before(spec, path) < 0)
		return -2;
	fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	            (int)spec_number(spec, "so-protocol", 0));
	if (fd < 0)
		goto failed;
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 ||
	    spec_apply(spec, PH_PREBIND, fd, NULL) < 0)
		goto refused;
	call = "bind";
	if (unix_bind(spec, spec->params[0], fd) < 0)
		goto failed;
	if (path != NULL && spec_apply(spec, PH_FD, fd, path) < 0) {
		unlink(path);
		goto refused;
	}
	call = "listen";
	if (spec_apply(spec, PH_LISTEN, fd, NULL) < 0 ||
	    listen(fd, (int)spec_number(spec, "backlog", LISTENER_BACKLOG)) < 0) {
		error = errno;
		if (path != NULL)
			unlink(path);
		errno = error;
		goto failed;
	}
	if (path != NULL)
		named_after(spec, path);
	return fd;

failed:
	error = errno;
	if (last)
		log_error("%s: %s: %s%s", spec->text, call, error_text(error),
		          error == EADDRINUSE ? unix_taken_hint(spec, spec->params[0]) : "");
	if (fd >= 0)
		close(fd);
	return -1;
refused:
	close(fd);
	return -2;
}

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	struct process_frame frame;
	struct closer *closer = NULL;
	int fd;

	if (process_enter(spec, &frame) < 0)
		return NULL;
	fd = try_listen(spec, request->last_try);
	if (fd >= 0 && !unix_is_abstract(spec) && !spec_flag(spec, "unlink-late"))
		closer = named_closer(spec, spec->params[0], true);
	process_leave(&frame);
	return fd < 0 ? NULL : listener_new(spec, fd, closer, request);
}

#define CONNECT(tag, title, others, groups_, open_, carries_, feature_)                       \
	const struct addr_type addr_type_##tag = {                                            \
		.name = title, .aliases = others, .syntax = ":<filename>",                    \
		.feature = feature_, .min_params = 1, .max_params = 1,                        \
		.groups = G_FD | G_SOCKET | G_RETRY | G_UNIX | G_PROXY_HEADER | (groups_),    \
		.directions = ADDR_BOTH, .family = AF_UNIX, .carries = carries_,  \
		.check = unix_check, .open = open_ }

#define LISTEN(tag, title, others, groups_, feature_)                                         \
	const struct addr_type addr_type_##tag = {                                            \
		.name = title, .aliases = others, .syntax = ":<filename>",                    \
		.feature = feature_, .min_params = 1, .max_params = 1,                        \
		.groups = G_FD | G_SOCKET | G_LISTEN | G_CHILD | G_RETRY | G_UNIX |           \
		          G_RANGE | G_PROXY_HEADER | (groups_),                               \
		.directions = ADDR_BOTH, .family = AF_UNIX, .check = check_listen,            \
		.open = listener_open_once, .listen = start_listen }

CONNECT(unix_connect, "UNIX-CONNECT", "LOCAL", G_NAMED, open_connect, true, "WITH_UNIX");
CONNECT(unix_client, "UNIX-CLIENT", "UNIX", G_NAMED, open_client, false, "WITH_UNIX");
LISTEN(unix_listen, "UNIX-LISTEN", "UNIX-L", G_NAMED, "WITH_UNIX");
CONNECT(abstract_connect, "ABSTRACT-CONNECT", NULL, 0, open_connect, true,
        "WITH_ABSTRACT_UNIXSOCKET");
CONNECT(abstract_client, "ABSTRACT-CLIENT", "ABSTRACT", 0, open_client, false,
        "WITH_ABSTRACT_UNIXSOCKET");
LISTEN(abstract_listen, "ABSTRACT-LISTEN", NULL, 0, "WITH_ABSTRACT_UNIXSOCKET");
