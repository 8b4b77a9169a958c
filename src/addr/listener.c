/* Accepting connections.
 *
 * Theory of operation. The listening socket is watched as long as it may be accepted from; each turn
 * takes one connection, so that no call is made only to hear that there is none, or, if connections
 * keep coming, a growing batch, each being handed on before the next is accepted. PAUSED: the server
 * has as many sessions as it may (max-children); connections wait in the kernel's backlog. SHORT:
 * descriptors or memory ran out, or connections come too fast (max-rate); the same, and a timer tries
 * again, so nothing spins.
 */
#include "addr/listener.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr/access.h"
#include "addr/proxy_options.h"
#include "addr/upgrade.h"
#include "loop/loop.h"
#include "loop/rate.h"
#include "loop/resolve.h"
#include "loop/scarce.h"
#include "loop/seldom.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

/* Connections accepted per turn; descriptors a connection may need besides its own (the
 * other side, a pipe pair, a resolver's event). */
enum { BATCH = 32, DESCRIPTORS_PER_SESSION = 4 };

struct stream_listener {
	struct listener base;
	const struct spec *spec;
	struct listen_request request;
	struct watch watch;
	struct task task;
	struct timer shortage, timeout;
	struct access *access;       /* range, tcpwrap, ports */
	struct proxies *proxies;     /* NULL: clients come themselves, without accept-proxy */
	struct closer *closer;
	int fd;
	int family, type, protocol;  /* of the connections: those of the socket that listens */
	unsigned batch;              /* connections to accept in a turn: more while they keep coming */
	uint64_t turn;               /* the last one in which something was accepted */
	bool inherited;              /* the socket is others', too: see listener_inherit() */
	bool paused, closed;
	struct seldom rate_said;
	struct naming *naming;       /* connections whose client's name is being looked up */
};

/* A connection that tcpwrap can judge only by its client's host name. */
struct naming {
	struct naming *next;
	struct stream_listener *listener;
	struct name_lookup *lookup;  /* NULL: it is known, and the connection may be served */
	struct client_info client;
	int fd;
};

static struct stream_listener *self(struct listener *listener)
{
	return (struct stream_listener *)listener;
}

static void arm_timeout(struct stream_listener *l);
static void notified(struct watch *watch);

/* Nobody waits for these clients' names any more. */
static void forget_naming(struct stream_listener *l)
{
	while (l->naming != NULL) {
		struct naming *n = l->naming;

		l->naming = n->next;
		resolve_name_cancel(n->lookup);
		close(n->fd);
		free(n);
	}
}

static void release(struct stream_listener *l)
{
	if (l->closed)
		return;
	l->closed = true;
	task_cancel(&l->task);
	timer_stop(&l->shortage);
	timer_stop(&l->timeout);
	watch_stop(&l->watch);
	close(l->fd);
	forget_naming(l);
	access_free(l->access);
	free(l->proxies);
	closer_run(l->closer);
	loop_free_later(l);
}

static void listener_close(struct listener *listener)
{
	release(self(listener));
}

static void listener_abandon(struct listener *listener)
{
	struct stream_listener *l = self(listener);

	l->closed = true;
	/* our copies of the parent's other connections */
	forget_naming(l);
	access_free(l->access);
	free(l->proxies);
	l->access = NULL;
	l->proxies = NULL;
	loop_free_later(l);
}

static void listener_pause(struct listener *listener)
{
	struct stream_listener *l = self(listener);

	l->paused = true;
	timer_stop(&l->timeout);
}

static void listener_resume(struct listener *listener)
{
	struct stream_listener *l = self(listener);

	l->paused = false;
	arm_timeout(l);
	task_queue(&l->task);
}

static void listener_sleep(struct listener *listener)
{
	watch_stop(&self(listener)->watch);
}

static int listener_wake(struct listener *listener)
{
	return watch_start_level(&self(listener)->watch, listener->fd, notified);
}

static void fail(struct stream_listener *l)
{
	struct listen_request request = l->request;

	release(l);
	request.failed(request.owner);
}

static void timed_out(struct timer *timer)
{
	struct stream_listener *l = (struct stream_listener *)((char *)timer -
	                                        offsetof(struct stream_listener, timeout));

	log_error("%s: accept: %s (option accept-timeout)", l->spec->text,
	          error_text(ETIMEDOUT));
	fail(l);
}

static void arm_timeout(struct stream_listener *l)
{
	int64_t timeout = spec_number(l->spec, "accept-timeout", -1);

	if (timeout > 0)
		timer_start(&l->timeout, timeout, timed_out);
}

static void shortage_over(struct timer *timer)
{
	struct stream_listener *l = (struct stream_listener *)((char *)timer -
	                                        offsetof(struct stream_listener, shortage));

	task_queue(&l->task);
}

static void find_local(int fd, struct client_info *client)
{
	client->local.length = sizeof(client->local.addr);
	if (getsockname(fd, &client->local.addr.sa, &client->local.length) < 0)
		client->local.length = 0;
}

static void log_accepted(const struct client_info *client)
{
	char peer[NET_TEXT], local[NET_TEXT];

	log_notice("accepting connection from %s on %s",
	           net_print(&client->peer.addr, client->peer.length, peer, sizeof(peer)),
	           net_print(&client->local.addr, client->local.length, local, sizeof(local)));
}

static struct channel *new_channel(struct stream_listener *l, int fd)
{
	struct fd_settings settings = {
		.read_fd = fd, .write_fd = fd, .family = l->family, .type = l->type,
		.protocol = l->protocol, .finish = FINISH_SOCKET, .exclusive = true,
	};
	struct channel *channel;

	fd_settings_from(l->spec, &settings);
	channel = fd_channel_new(&settings);
	if (channel == NULL) {
		counter_add(COUNT_REFUSED + REFUSED_SHORTAGE, 1);
		log_error("%s: %s", l->spec->text, error_text(errno));
		close(fd);
		return NULL;
	}
	/* the opening of a single channel gets its layers from address_open(), and one that is
	 * not ready for data from who makes it so */
	return l->request.server && !spec_needs_upgrade(l->spec)
	       ? channel_dress(l->spec, channel) : channel;
}

/* The connection may be served. Returns false if listening is over (the listener may be
 * gone). */
static bool hand_on(struct stream_listener *l, int fd, struct client_info *client)
{
	struct channel *channel;

	if ((l->inherited && spec_apply(l->spec, PH_PASTSOCKET, fd, NULL) < 0) ||
	    spec_apply(l->spec, PH_FD, fd, NULL) < 0 ||
	    spec_apply(l->spec, PH_CONNECTED, fd, NULL) < 0 ||
	    spec_apply(l->spec, PH_LATE, fd, NULL) < 0) {
		close(fd);
		return true;
	}
	channel = new_channel(l, fd);
	if (channel == NULL)
		return true;
	if (l->timeout.slot != 0)
		arm_timeout(l);
	l->request.accepted(l->request.owner, channel, client);
	return !l->closed;
}

/* Is it too early for another one (max-rate)? Then it waits in the kernel, like all behind it. */
static bool too_early(struct stream_listener *l)
{
	int64_t wait = rate_wait(l->request.rate);
	char more[SELDOM_TEXT];

	if (wait == 0)
		return false;
	counter_add(COUNT_RATE_WAITS, 1);
	if (seldom_say(&l->rate_said, more))
		log_warn("%s: connections come faster than option max-rate allows: they wait%s",
		         l->spec->text, more);
	timer_start(&l->shortage, wait, shortage_over);
	return true;
}

/* The connections whose clients' names were good, as long as there may be more sessions. Returns
 * false if listening is over. */
static bool serve_named(struct stream_listener *l)
{
	struct naming **p = &l->naming, *n;

	while ((n = *p) != NULL && !l->paused) {
		struct client_info client = n->client;
		int fd = n->fd;

		if (n->lookup != NULL) {
			p = &n->next;
			continue;
		}
		if (too_early(l))
			break;
		*p = n->next;
		free(n);
		if (!hand_on(l, fd, &client))
			return false;
		p = &l->naming;
	}
	return true;
}

static void named(void *owner, const struct resolve_name *name)
{
	struct naming *n = owner, **p = &n->listener->naming;
	struct stream_listener *l = n->listener;

	n->lookup = NULL;
	if (access_ask(l->access, &n->client.peer, &n->client.local, name) == ACCESS_GRANTED) {
		serve_named(l);
		return;
	}
	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	close(n->fd);
	free(n);
}

static void ask_name(struct stream_listener *l, int fd, const struct client_info *client)
{
	struct naming *n = malloc(sizeof(*n));

	if (n != NULL) {
		*n = (struct naming){ .next = l->naming, .listener = l, .client = *client, .fd = fd };
		n->lookup = resolve_name_start(&client->peer.addr, named, n);
		if (n->lookup != NULL) {
			l->naming = n;
			return;
		}
	}
	counter_add(COUNT_REFUSED + REFUSED_SHORTAGE, 1);
	log_error("%s: looking up a client's name: %s; it is refused", l->spec->text,
	          error_text(errno));
	free(n);
	close(fd);
}

/* Returns false if listening is over. */
static bool admit(struct stream_listener *l, int fd, struct client_info *client)
{
	/* a system call that most connections don't need */
	if (l->request.want_local || access_wants_local(l->access) || log_enabled(LOG_NOTICE_))
		find_local(fd, client);
	if (log_enabled(LOG_NOTICE_))
		log_accepted(client);
	/* who the client is, and whether it may connect, shows when its header has come */
	if (l->proxies != NULL && proxies_allow(l->proxies, &client->peer))
		return hand_on(l, fd, client);
	if (l->proxies != NULL) {
		close(fd);
		return true;
	}
	switch (access_ask(l->access, &client->peer, &client->local, NULL)) {
	case ACCESS_GRANTED:
		return hand_on(l, fd, client);
	case ACCESS_WANTS_NAME:
		ask_name(l, fd, client);
		return true;
	default:
		close(fd);
		return true;
	}
}

/* Errors that concern one connection that is gone already (accept(2), "Error handling"). */
static bool of_one_connection(int error)
{
	return error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
	       error == ENOPROTOOPT || error == EHOSTDOWN || error == ENONET ||
	       error == EHOSTUNREACH || error == EOPNOTSUPP || error == ENETUNREACH ||
	       error == EPERM || error == EINTR;
}

/* Returns false if there is nothing to accept now. */
static bool accept_failed(struct stream_listener *l, int error)
{
	if (error == EAGAIN || error == EWOULDBLOCK) {
		scarce_over();
		l->batch = 1;
		return false;
	}
	/* sockets of SCTP for many peers listen but accept nothing */
	if (of_one_connection(error) && (error != EOPNOTSUPP || l->type == SOCK_STREAM)) {
		log_info("accept(%d): %s", l->fd, error_text(error));
		return true;
	}
	if (scarce(error)) {
		scarce_met("accept", error);
		timer_start(&l->shortage, SCARCE_INTERVAL, shortage_over);
		return false;
	}
	log_error("%s: accept: %s", l->spec->text, error_text(error));
	fail(l);
	return false;
}

static bool accept_one(struct stream_listener *l)
{
	struct client_info client = {
		.peer.length = sizeof(client.peer.addr),
		.type = l->protocol == IPPROTO_SCTP ? 0 : l->type,
	};
	int fd;

	/* those that wait for their other side go first, or all might wait for ever */
	if (scarce_now() && !scarce_try(1 + DESCRIPTORS_PER_SESSION)) {
		timer_start(&l->shortage, SCARCE_INTERVAL, shortage_over);
		return false;
	}
	if (too_early(l))
		return false;
	fd = accept4(l->fd, &client.peer.addr.sa, &client.peer.length,
	             SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return accept_failed(l, errno);
	if (!admit(l, fd, &client))
		return false;
	if (!scarce_room(fd, DESCRIPTORS_PER_SESSION)) {
		/* the next one might find no descriptor for its other side */
		scarce_met("accept", EMFILE);
		timer_start(&l->shortage, SCARCE_INTERVAL, shortage_over);
		return false;
	}
	return true;
}

static void accept_some(struct task *task)
{
	struct stream_listener *l = (struct stream_listener *)((char *)task -
	                                        offsetof(struct stream_listener, task));

	if (!serve_named(l))
		return;
	if (l->paused || l->shortage.slot != 0) {
		watch_stop(&l->watch);
	} else if (l->watch.notify == NULL) {
		if (watch_start_level(&l->watch, l->fd, notified) < 0)
			timer_start(&l->shortage, SCARCE_INTERVAL, shortage_over);
	} else if (l->watch.ready & WATCH_READ) {
		l->watch.ready = 0;
		/* whether a shortage is over shows when nothing is left to accept */
		if (scarce_now())
			l->batch = BATCH;
		else if (l->turn + 1 == loop_turn() && l->batch < BATCH)
			l->batch *= 2;
		l->turn = loop_turn();
		for (unsigned n = 0; n < l->batch && !l->paused && accept_one(l); n++)
			;
	}
}

static void notified(struct watch *watch)
{
	struct stream_listener *l = (struct stream_listener *)((char *)watch -
	                                        offsetof(struct stream_listener, watch));

	task_queue(&l->task);
}

static void log_listening(int fd)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	char text[NET_TEXT];

	if (getsockname(fd, &local.addr.sa, &local.length) == 0)
		log_notice("listening on %s",
		           net_print(&local.addr, local.length, text, sizeof(text)));
}

int listener_reuseaddr(const struct spec *spec, int fd)
{
	int value = (int)spec_number(spec, "so-reuseaddr", 1);

	if (value < 0)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value));
}

struct listener *listener_new(const struct spec *spec, int fd, struct closer *closer,
                              const struct listen_request *request)
{
	struct stream_listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		goto failed;
	l->base = (struct listener){ listener_pause, listener_resume, listener_close,
	                             listener_abandon, listener_sleep, listener_wake, fd };
	l->spec = spec;
	l->request = *request;
	l->fd = fd;
	l->family = net_family(fd);
	l->type = net_type(fd);
	l->protocol = net_protocol(fd);
	l->closer = closer;
	l->task.run = accept_some;
	l->batch = 1;
	l->access = access_new(spec, true);
	if (l->access == NULL)
		goto free_listener;
	if (spec_accept_proxy(spec) != ACCEPT_PROXY_NONE && (l->proxies = proxies_new(spec)) == NULL)
		goto free_access;
	if (watch_start_level(&l->watch, fd, notified) < 0)
		goto free_access;
	arm_timeout(l);
	if (request->beside == NULL)
		log_listening(fd);
	return &l->base;

free_access:
	free(l->proxies);
	access_free(l->access);
free_listener:
	free(l);
failed:
	log_error("%s: %s", spec->text, error_text(errno));
	close(fd);
	closer_run(closer);
	return NULL;
}

struct listener *listener_inherit(const struct spec *spec, int fd,
                                  const struct listen_request *request)
{
	struct listener *listener = listener_new(spec, fd, NULL, request);

	if (listener != NULL)
		self(listener)->inherited = true;
	return listener;
}
