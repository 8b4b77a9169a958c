/* UNIX-CONNECT, UNIX-CLIENT, UNIX-LISTEN and their ABSTRACT- counterparts.
 *
 * Connecting to a UNIX socket either works at once or fails, with one exception: EAGAIN, the
 * listener's backlog is full. Then the attempt is repeated a little later.
 */
#include "addr/unix.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/listener.h"
#include "addr/named.h"
#include "addr/types.h"
#include "loop/loop.h"
#include "loop/scarce.h"
#include "opt/process.h"
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
	int64_t tries_left;       /* -1: for ever */
	int64_t deadline;         /* of connect-timeout; 0: none */
};

/* With parameters there is at least one: the parser has seen to it. */
static bool is_abstract(const struct spec *spec)
{
	return !(spec->type->groups & G_NAMED);
}

static int fill_address(const struct spec *spec, const char *name, struct net_peer *peer)
{
	bool tight = spec_number(spec, "unix-tightsocklen", 1) != 0;

	return net_unix(name, is_abstract(spec), tight, peer);
}

static int check_name(const struct spec *spec, const char *name)
{
	struct net_peer peer;

	if (*name == '\0') {
		log_error("%s: the socket's name is missing", spec->text);
		return -1;
	}
	if (fill_address(spec, name, &peer) == 0)
		return 0;
	log_error("%s: \"%.40s...\" is too long for a UNIX socket: at most %zu bytes", spec->text,
	          name, sizeof(peer.addr.un.sun_path) - 1);
	return -1;
}

static int check(const struct spec *spec)
{
	const char *own = spec_string(spec, "bind");

	if (check_name(spec, spec->params[0]) < 0)
		return -1;
	if (own != NULL && spec_opt(spec, "unix-bind-tempname") != NULL) {
		log_error("%s: options bind and bind-tempname exclude each other", spec->text);
		return -1;
	}
	return own == NULL ? 0 : check_name(spec, own);
}

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

/* "; ..." if the reason is that this process may not use the socket: who may. */
static void permission_hint(const char *path, int error, char *hint, size_t size)
{
	struct stat st;
	bool group_may;

	hint[0] = '\0';
	if (error == ECONNREFUSED)
		snprintf(hint, size, "; no process listens there");
	if (error != EACCES)
		return;
	if (stat(path, &st) < 0) {
		snprintf(hint, size, "; a directory on the way is closed to user %d", (int)geteuid());
		return;
	}
	group_may = st.st_mode & S_IWGRP;   /* connecting takes the right to write */
	snprintf(hint, size, "; the socket belongs to user %d, group %d, mode %04o, and this process "
	         "is user %d, group %d: run it with %s %d", (int)st.st_uid, (int)st.st_gid,
	         (unsigned)st.st_mode & 07777u, (int)geteuid(), (int)getegid(),
	         group_may ? "--group-add" : "--user", (int)(group_may ? st.st_gid : st.st_uid));
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

	if (!is_abstract(o->spec))
		permission_hint(o->name, error, hint, sizeof(hint));
	if (o->tries_left == 0) {
		log_error("%s: %s \"%s\": %s%s", o->spec->text, call, o->name, error_text(error), hint);
		finish(o, NULL);
		return;
	}
	if (o->tries_left > 0)
		o->tries_left--;
	log_notice("%s: %s \"%s\": %s%s; trying again in %g s", o->spec->text, call, o->name,
	           error_text(error), hint, (double)interval / NANOSECONDS);
	timer_start(&o->timer, interval, again);
}

static void connected(struct unix_opening *o, int fd)
{
	struct fd_settings settings = {
		.read_fd = fd, .write_fd = fd, .finish = FINISH_SHUTDOWN,
		.family = AF_UNIX, .type = spec_opt(o->spec, "so-type") != NULL ? 0 : SOCK_STREAM,
	};
	struct net_peer local = { .length = sizeof(local.addr) };
	struct channel *channel;
	char text[NET_TEXT];

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

/* Option bind (or bind-tempname): our own name. Returns 0, or -1 with errno set. */
static int bind_own(struct unix_opening *o, int fd)
{
	const struct opt_value *temporary = spec_opt(o->spec, "unix-bind-tempname");
	const char *own = spec_string(o->spec, "bind");
	char name[108] = "";
	struct net_peer peer;
	int file;

	/* the entry of an earlier attempt */
	if (o->closer != NULL)
		o->closer->close(o->closer);
	o->closer = NULL;
	if (temporary != NULL) {
		snprintf(name, sizeof(name), "%s",
		         temporary->string != NULL ? temporary->string : "/tmp/fileXXXXXX");
		/* the name has to be free, not a file: mkstemp finds one, bind makes it */
		file = mkstemp(name);
		if (file < 0)
			return -1;
		close(file);
		unlink(name);
		own = name;
	}
	if (own == NULL)
		return 0;
	if (!is_abstract(o->spec) && temporary == NULL && named_before(o->spec, own) < 0)
		return -1;
	fill_address(o->spec, own, &peer);
	if (bind(fd, &peer.addr.sa, peer.length) < 0)
		return -1;
	if (!is_abstract(o->spec)) {
		o->closer = named_closer(o->spec, own, true);
		if (spec_apply(o->spec, PH_PASTOPEN, fd, own) < 0)
			return -1;
	}
	return 0;
}

/* Returns the connected socket, or -1 with *call and errno set. */
static int try_connect(struct unix_opening *o, const char **call)
{
	int type = (int)spec_number(o->spec, "so-type", SOCK_STREAM);
	struct net_peer peer;
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	                (int)spec_number(o->spec, "so-protocol", 0));

	*call = "socket for";
	if (fd < 0)
		return -1;
	*call = "options of";
	errno = EINVAL;
	if (spec_apply(o->spec, PH_PASTSOCKET, fd, NULL) < 0 ||
	    spec_apply(o->spec, PH_FD, fd, spec_string(o->spec, "bind")) < 0 ||
	    spec_apply(o->spec, PH_PREBIND, fd, NULL) < 0)
		goto close_fd;
	*call = "bind for";
	if (bind_own(o, fd) < 0)
		goto close_fd;
	fill_address(o->spec, o->name, &peer);
	*call = "connect to";
	if (connect(fd, &peer.addr.sa, peer.length) == 0)
		return fd;
close_fd:
	{
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return -1;
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
	if (o->closer != NULL)
		o->closer->close(o->closer);
	opening_over(opening);
}

struct opening *unix_open(const struct spec *spec, const char *path,
                          const struct open_request *request)
{
	struct unix_opening *o = calloc(1, sizeof(*o));
	int64_t timeout = spec_number(spec, "connect-timeout", 0);
	struct net_peer peer;
	char text[NET_TEXT];

	if (o == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		open_done(request, NULL);
		return NULL;
	}
	o->base.cancel = cancel;
	o->spec = spec;
	o->name = path;
	o->request = *request;
	o->tries_left = spec_flag(spec, "forever") ? -1 : spec_number(spec, "retry", 0);
	o->deadline = timeout > 0 ? loop_now() + timeout : 0;
	if (log_enabled(LOG_NOTICE_) && fill_address(spec, path, &peer) == 0)
		log_notice("opening connection to %s",
		           net_print(&peer.addr, peer.length, text, sizeof(text)));
	start(o);
	return opening_handle(&o->base);
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	return unix_open(spec, spec->params[0], request);
}

/* Does a process have this name? Asked with a datagram socket: the kernel answers "wrong type"
 * for a stream socket in use, and the listener does not see a connection from it. */
static bool is_live(const struct net_peer *peer)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return true;
	error = connect(fd, &peer->addr.sa, peer->length) == 0 ? 0 : errno;
	close(fd);
	return error != ECONNREFUSED;
}

/* The name is taken: by a live process, by something that is no socket, or by the entry that
 * a killed run left behind, which is removed. Returns true in that last case. */
static bool remove_stale(const struct spec *spec, const char *path, const struct net_peer *peer)
{
	struct stat st;

	if (path == NULL || lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode) || is_live(peer) ||
	    unlink(path) < 0)
		return false;
	log_notice("%s: removed the socket that an ended process had left behind", spec->text);
	return true;
}

static const char *taken_hint(const char *path)
{
	struct stat st;

	if (path == NULL)
		return "; another process listens there";
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return "; there is something that is not a socket";
	return "; a process listens there: end it, or take its name with option unlink-early";
}

static int bind_listener(const struct spec *spec, const char *path, int fd)
{
	struct net_peer peer;

	fill_address(spec, spec->params[0], &peer);
	if (bind(fd, &peer.addr.sa, peer.length) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -1;
	if (!remove_stale(spec, path, &peer)) {
		errno = EADDRINUSE;
		return -1;
	}
	return bind(fd, &peer.addr.sa, peer.length);
}

static int try_listen(const struct spec *spec, bool last)
{
	int type = (int)spec_number(spec, "so-type", SOCK_STREAM), fd, error;
	const char *call = "socket", *path = is_abstract(spec) ? NULL : spec->params[0];

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
	if (bind_listener(spec, path, fd) < 0)
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
		          error == EADDRINUSE ? taken_hint(path) : "");
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
	if (fd >= 0 && !is_abstract(spec) && !spec_flag(spec, "unlink-late"))
		closer = named_closer(spec, spec->params[0], true);
	process_leave(&frame);
	return fd < 0 ? NULL : listener_new(spec, fd, closer, request);
}

#define CONNECT(tag, title, others, groups_, feature_)                                        \
	const struct addr_type addr_type_##tag = {                                            \
		.name = title, .aliases = others, .syntax = ":<filename>",                    \
		.feature = feature_, .min_params = 1, .max_params = 1,                        \
		.groups = G_FD | G_SOCKET | G_RETRY | G_UNIX | (groups_),                     \
		.directions = ADDR_BOTH, .family = AF_UNIX, .check = check, .open = open_connect }

#define LISTEN(tag, title, others, groups_, feature_)                                         \
	const struct addr_type addr_type_##tag = {                                            \
		.name = title, .aliases = others, .syntax = ":<filename>",                    \
		.feature = feature_, .min_params = 1, .max_params = 1,                        \
		.groups = G_FD | G_SOCKET | G_LISTEN | G_CHILD | G_RETRY | G_UNIX | (groups_),\
		.directions = ADDR_BOTH, .family = AF_UNIX, .check = check,                   \
		.open = listener_open_once, .listen = start_listen }

CONNECT(unix_connect, "UNIX-CONNECT", "LOCAL", G_NAMED, "WITH_UNIX");
CONNECT(unix_client, "UNIX-CLIENT", "UNIX", G_NAMED, "WITH_UNIX");
LISTEN(unix_listen, "UNIX-LISTEN", "UNIX-L", G_NAMED, "WITH_UNIX");
CONNECT(abstract_connect, "ABSTRACT-CONNECT", NULL, 0, "WITH_ABSTRACT_UNIXSOCKET");
CONNECT(abstract_client, "ABSTRACT-CLIENT", "ABSTRACT", 0, "WITH_ABSTRACT_UNIXSOCKET");
LISTEN(abstract_listen, "ABSTRACT-LISTEN", NULL, 0, "WITH_ABSTRACT_UNIXSOCKET");
