/* UNIX-SENDTO, UNIX-RECV, UNIX-RECVFROM and their ABSTRACT- counterparts.
 *
 * Theory of operation: TRY to make the socket and to give it its name; if the name can't be had,
 * PAUSE for the interval and try again, as often as retry says. Then the channel is there at once
 * (SENDTO, RECV), or WAIT for the first packet (RECVFROM; with fork, addr/peers.c receives).
 *
 * A UNIX socket's packets are not lost on the way: if the receiver's queue is full the sender
 * has to wait. Who has no name of its own (option bind) can't be answered.
 */
#include "addr/unix_datagram.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/datagram.h"
#include "addr/named.h"
#include "addr/peers.h"
#include "addr/types.h"
#include "addr/unix_name.h"
#include "loop/loop.h"
#include "loop/scarce.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

static int check(const struct spec *spec)
{
	int64_t type = spec_number(spec, "so-type", SOCK_DGRAM);

	/* to the kernel a raw UNIX socket is one for datagrams */
	if (type == SOCK_DGRAM || type == SOCK_RAW)
		return unix_check(spec);
	log_error("%s: option \"so-type\": %s is for datagrams (type %d); %s takes other types",
	          spec->text, spec->type->name, SOCK_DGRAM,
	          spec->type->directions == ADDR_READ || spec->type->listen != NULL
	          ? "UNIX-LISTEN" : "UNIX-CONNECT");
	return -1;
}

static int check_receiver(const struct spec *spec)
{
	if (spec_opt(spec, "bind") == NULL && spec_opt(spec, "unix-bind-tempname") == NULL)
		return check(spec);
	log_error("%s: option \"%s\" can't be used: the address says where to receive", spec->text,
	          spec_opt(spec, "bind") != NULL ? "bind" : "bind-tempname");
	return -1;
}

static int new_socket(const struct spec *spec)
{
	return socket(AF_UNIX,
	              (int)spec_number(spec, "so-type", SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
	              (int)spec_number(spec, "so-protocol", 0));
}

/* --- sending ------------------------------------------------------------------- */

/* Option chdir is over when packets are sent: a name has to begin at the root then. */
static int find_receiver(const struct spec *spec, const char *name, struct net_peer *to)
{
	struct process_frame frame;
	char directory[sizeof(to->addr.un.sun_path)], path[2 * sizeof(directory) + 2];
	bool found;

	if (name[0] == '/' || unix_is_abstract(spec) || spec_opt(spec, "chdir") == NULL)
		return unix_address(spec, name, to);
	if (process_enter(spec, &frame) < 0)
		return -1;
	found = getcwd(directory, sizeof(directory)) != NULL;
	process_leave(&frame);
	if (!found) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	errno = ENAMETOOLONG;
	return unix_address(spec, path, to);
}

struct channel *unix_datagram_channel(const struct spec *spec, const char *name, int fd,
                                      struct closer *closer)
{
	struct net_peer to, local = { .length = sizeof(local.addr) };
	char text[NET_TEXT];

	memset(&to, 0, sizeof(to));
	if (find_receiver(spec, name, &to) < 0)
		log_error("%s: \"%s\" in the directory of option chdir: %s", spec->text, name,
		          error_text(errno));
	else if (spec_apply(spec, PH_CONNECTED, fd, NULL) == 0 &&
	         spec_apply(spec, PH_LATE, fd, NULL) == 0) {
		if (log_enabled(LOG_NOTICE_) && getsockname(fd, &local.addr.sa, &local.length) == 0)
			log_notice("successfully prepared local socket %s",
			           net_print(&local.addr, local.length, text, sizeof(text)));
		return datagram_channel(spec, fd, closer, &to, SENDERS_PEER);
	}
	close(fd);
	closer_run(closer);
	return NULL;
}

/* --- the socket ------------------------------------------------------------------ */

/* What went wrong with a socket. */
struct failure {
	const char *call, *hint;
	int error;               /* 0: it was logged, and can't get better */
};

/* Returns the socket, or -1. */
static int sending_socket(const struct spec *spec, struct closer **closer, struct failure *failure)
{
	int fd = new_socket(spec), rc;
	const char *own = spec_string(spec, "bind");

	*failure = (struct failure){ "socket", "", errno };
	if (fd < 0)
		return -1;
	failure->error = 0;
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 ||
	    spec_apply(spec, PH_PREBIND, fd, NULL) < 0)
		goto close_fd;
	rc = unix_bind_own(spec, fd, closer);
	if (rc == 0)
		return fd;
	if (rc == -1)
		*failure = (struct failure){ "bind", "", errno };
	if (failure->error == EADDRINUSE && own != NULL)
		failure->hint = unix_taken_hint(spec, own);
close_fd:
	close(fd);
	return -1;
}

static int receiving_socket(const struct spec *spec, struct closer **closer,
                            struct failure *failure)
{
	const char *name = spec->params[0], *path = unix_is_abstract(spec) ? NULL : name;
	int fd;

	*failure = (struct failure){ "socket", "", 0 };
	if (path != NULL && named_before(spec, path) < 0)
		return -1;
	fd = new_socket(spec);
	if (fd < 0) {
		failure->error = errno;
		return -1;
	}
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 ||
	    spec_apply(spec, PH_PREBIND, fd, NULL) < 0)
		goto close_fd;
	if (unix_bind(spec, name, fd) < 0) {
		*failure = (struct failure){ "bind", "", errno };
		if (errno == EADDRINUSE)
			failure->hint = unix_taken_hint(spec, name);
		goto close_fd;
	}
	if (path != NULL && !spec_flag(spec, "unlink-late"))
		*closer = named_closer(spec, path, true);
	if (spec_apply(spec, PH_FD, fd, path) < 0 || spec_apply(spec, PH_PASTBIND, fd, path) < 0 ||
	    spec_apply(spec, PH_CONNECTED, fd, NULL) < 0 ||
	    spec_apply(spec, PH_LATE, fd, NULL) < 0)
		goto close_fd;
	if (path != NULL)
		named_after(spec, path);
	return fd;

close_fd:
	close(fd);
	if (*closer != NULL)
		(*closer)->close(*closer);
	*closer = NULL;
	return -1;
}

typedef int socket_maker(const struct spec *spec, struct closer **closer, struct failure *failure);

static int make_socket(const struct spec *spec, socket_maker *make, struct closer **closer,
                       struct failure *failure)
{
	struct process_frame frame;
	int fd;

	*closer = NULL;
	*failure = (struct failure){ "", "", 0 };
	if (process_enter(spec, &frame) < 0)
		return -1;
	fd = make(spec, closer, failure);
	process_leave(&frame);
	if (fd < 0 && *closer != NULL)
		(*closer)->close(*closer);
	return fd;
}

/* --- opening ------------------------------------------------------------------------ */

struct datagram_opening {
	struct opening base;
	const struct spec *spec;
	struct open_request request;
	socket_maker *make;
	struct opening *waiting;   /* RECVFROM: for a packet */
	struct timer timer;
	int64_t tries_left;        /* -1: for ever */
};

static void finish(struct datagram_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	timer_stop(&o->timer);
	opening_over(&o->base);
	open_done(&request, channel);
}

static void cancel(struct opening *opening)
{
	struct datagram_opening *o = (struct datagram_opening *)opening;

	timer_stop(&o->timer);
	opening_cancel(o->waiting);
	opening_over(opening);
}

static void waited(void *owner, struct channel *channel)
{
	finish(owner, channel);
}

static void accepted(void *owner, const struct client_info *client)
{
	const struct open_request *request = &((struct datagram_opening *)owner)->request;

	if (request->accepted != NULL)
		request->accepted(request->owner, client);
}

static void made(struct datagram_opening *o, int fd, struct closer *closer)
{
	struct open_request request = o->request;

	if (o->spec->type->listen != NULL) {
		request.done = waited;
		request.accepted = accepted;
		request.owner = o;
		o->waiting = datagram_wait(o->spec, fd, closer, FIRST_ANSWER, &request);
	} else if (o->make == sending_socket) {
		finish(o, unix_datagram_channel(o->spec, o->spec->params[0], fd, closer));
	} else {
		finish(o, datagram_channel(o->spec, fd, closer, NULL, SENDERS_ADMITTED));
	}
}

static void try(struct datagram_opening *o);

static void again(struct timer *timer)
{
	try((struct datagram_opening *)((char *)timer - offsetof(struct datagram_opening, timer)));
}

static void failed(struct datagram_opening *o, const struct failure *failure)
{
	int64_t interval = spec_number(o->spec, "interval", NANOSECONDS);

	if (o->tries_left == 0) {
		log_error("%s: %s: %s%s", o->spec->text, failure->call, error_text(failure->error),
		          failure->hint);
		finish(o, NULL);
		return;
	}
	if (o->tries_left > 0)
		o->tries_left--;
	log_notice("%s: %s: %s%s; trying again in %g s", o->spec->text, failure->call,
	           error_text(failure->error), failure->hint, (double)interval / NANOSECONDS);
	timer_start(&o->timer, interval, again);
}

static void try(struct datagram_opening *o)
{
	struct failure failure;
	struct closer *closer;
	int fd = make_socket(o->spec, o->make, &closer, &failure);

	if (fd >= 0) {
		made(o, fd, closer);
	} else if (failure.error == 0) {
		finish(o, NULL);
	} else if (o->request.server && scarce(failure.error)) {
		/* the other side is a client that must not suffer */
		scarce_met(failure.call, failure.error);
		timer_start(&o->timer, SCARCE_INTERVAL, again);
	} else {
		failed(o, &failure);
	}
}

static struct opening *open_datagram(const struct spec *spec, socket_maker *make,
                                     const struct open_request *request)
{
	struct datagram_opening *o = opening_new(spec, request, sizeof(*o), cancel);

	if (o == NULL)
		return NULL;
	o->spec = spec;
	o->request = *request;
	o->make = make;
	o->tries_left = spec_tries(spec);
	try(o);
	return opening_handle(&o->base);
}

static struct opening *open_sender(const struct spec *spec, const struct open_request *request)
{
	return open_datagram(spec, sending_socket, request);
}

static struct opening *open_receiver(const struct spec *spec, const struct open_request *request)
{
	return open_datagram(spec, receiving_socket, request);
}

static struct listener *listen_packets(const struct spec *spec,
                                       const struct listen_request *request)
{
	struct peers_settings settings = { .by_packet = true, .finish = FINISH_NONE };
	struct failure failure;

	settings.fd = make_socket(spec, receiving_socket, &settings.closer, &failure);
	if (settings.fd >= 0)
		return peers_listen(spec, &settings, request);
	if (failure.error != 0 && request->last_try)
		log_error("%s: %s: %s%s", spec->text, failure.call, error_text(failure.error),
		          failure.hint);
	return NULL;
}

/* --- the types ------------------------------------------------------------------------- */

#define SENDTO(tag, title, others, groups_, feature_)                                         \
	const struct addr_type addr_type_##tag##_sendto = {                                   \
		.name = title "-SENDTO", .aliases = others, .syntax = ":<filename>",          \
		.feature = feature_, .min_params = 1, .max_params = 1,                        \
		.groups = G_FD | G_SOCKET | G_RETRY | G_UNIX | (groups_),                     \
		.directions = ADDR_BOTH, .family = AF_UNIX, .check = check, .open = open_sender }

#define RECEIVER(name_, title, groups_, directions_, listen_, feature_)                       \
	const struct addr_type addr_type_##name_ = {                                          \
		.name = title, .syntax = ":<filename>", .feature = feature_,                  \
		.min_params = 1, .max_params = 1,                                             \
		.groups = G_FD | G_SOCKET | G_RETRY | G_UNIX | (groups_),                     \
		.directions = directions_, .family = AF_UNIX, .check = check_receiver,        \
		.open = open_receiver, .listen = listen_ }

SENDTO(unix, "UNIX", "UNIX-SEND", G_NAMED, "WITH_UNIX");
RECEIVER(unix_recv, "UNIX-RECV", G_NAMED, ADDR_READ, NULL, "WITH_UNIX");
RECEIVER(unix_recvfrom, "UNIX-RECVFROM", G_NAMED | G_CHILD, ADDR_BOTH, listen_packets, "WITH_UNIX");
SENDTO(abstract, "ABSTRACT", NULL, 0, "WITH_ABSTRACT_UNIXSOCKET");
RECEIVER(abstract_recv, "ABSTRACT-RECV", 0, ADDR_READ, NULL, "WITH_ABSTRACT_UNIXSOCKET");
RECEIVER(abstract_recvfrom, "ABSTRACT-RECVFROM", G_CHILD, ADDR_BOTH, listen_packets,
         "WITH_ABSTRACT_UNIXSOCKET");
