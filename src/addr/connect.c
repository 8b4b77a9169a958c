/* Connecting over IP.
 *
 * Theory of operation: RESOLVE (a name of option bind, then the host's, off the loop; numbers
 * need none) > TRY address after address, each non-blocking and bounded by connect-timeout >
 * connected; or, when the last address failed: WAIT for the interval and all over again, as
 * often as retry says, or give up. If descriptors run out an attempt waits and counts for
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr/bind.h"
#include "addr/failure.h"
#include "addr/ip.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "loop/resolve.h"
#include "loop/scarce.h"
#include "opt/process.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

struct connecting {
	struct opening base;
	const struct spec *spec;
	struct ip_request request;
	struct lookup *lookup;
	struct watch watch;            /* of the socket being connected */
	struct timer timer;            /* connect-timeout, or the pause before the next attempt */
	struct ip_binding binding;     /* local address, if any */
	union net_addr *addrs;         /* &one, or memory of their own */
	union net_addr one;
	unsigned count, next;
	int fd;
	int64_t *tries_left, own_tries; /* -1: for ever */
	int64_t started;               /* this attempt */
};

static void resolve(struct connecting *c);
static void try_next(struct connecting *c);

static void free_addrs(struct connecting *c)
{
	if (c->addrs != &c->one)
		free(c->addrs);
	c->addrs = NULL;
}

static void release(struct connecting *c)
{
	resolve_cancel(c->lookup);
	timer_stop(&c->timer);
	if (c->fd >= 0) {
		watch_end(&c->watch);
		close(c->fd);
	}
	free_addrs(c);
	opening_over(&c->base);
}

static void cancel(struct opening *opening)
{
	release((struct connecting *)opening);
}

/* Until somebody takes the connected socket over: what happens is remembered. */
static void not_yet_taken(struct watch *watch)
{
	(void)watch;
}

/* fd: the connected socket, not ours any more; or -1. */
static void finish(struct connecting *c, int fd)
{
	struct ip_request request = c->request;

	if (fd >= 0) {
		c->fd = -1;
		if (request.watch != NULL && c->watch.notify != NULL)
			watch_move(&c->watch, request.watch, not_yet_taken);
		else
			watch_stop(&c->watch);
	}
	release(c);
	request.done(request.owner, fd);
}

static void again(struct timer *timer)
{
	resolve((struct connecting *)((char *)timer - offsetof(struct connecting, timer)));
}

static void same_again(struct timer *timer)
{
	try_next((struct connecting *)((char *)timer - offsetof(struct connecting, timer)));
}

/* All addresses failed. why: the last one's reason. */
static void failed(struct connecting *c, const char *what, const char *why)
{
	int64_t interval = spec_number(c->spec, "interval", NANOSECONDS);

	if (*c->tries_left == 0) {
		log_write(c->request.again ? LOG_NOTICE_ : LOG_ERROR_, "%s: %s: %s", c->spec->text,
		          what, why);
		finish(c, -1);
		return;
	}
	if (*c->tries_left > 0)
		--*c->tries_left;
	log_notice("%s: %s: %s; trying again in %g s", c->spec->text, what, why,
	           (double)interval / NANOSECONDS);
	timer_start(&c->timer, interval, again);
}

static void address_failed(struct connecting *c, const char *call, int error)
{
	const union net_addr *addr = &c->addrs[c->next];
	char text[NET_TEXT], what[NET_TEXT + 32], why[256];
	bool no_socket = c->fd < 0;

	counter_connect_failed(error);
	timer_stop(&c->timer);
	if (c->fd >= 0) {
		watch_end(&c->watch);
		close(c->fd);
		c->fd = -1;
	}
	failure_set(OPEN_CONNECT, error, error_text(error));
	net_print(addr, net_length(addr), text, sizeof(text));
	snprintf(what, sizeof(what), "%s %s", call, text);
	if (++c->next < c->count) {
		log_notice("%s: %s: %s; trying the next address", c->spec->text, what,
		           error_text(error));
		try_next(c);
	} else {
		snprintf(why, sizeof(why), "%s%s", error_text(error),
		         no_socket && error == EPERM ? ip_socket_hint(error)
		         : c->request.missing != NULL && ip_missing(error) ? c->request.missing : "");
		failed(c, what, why);
	}
}

static void log_connected(const struct connecting *c)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	char text[NET_TEXT];

	if (!log_enabled(LOG_NOTICE_))
		return;
	if (getsockname(c->fd, &local.addr.sa, &local.length) == 0)
		log_notice("successfully connected from local address %s",
		           net_print(&local.addr, local.length, text, sizeof(text)));
	log_notice("successfully connected to %s:%d", c->request.target.host,
	           c->request.target.port);
}

static void connected(struct connecting *c)
{
	int fd = c->fd;

	counter_connected(loop_now() - c->started);
	log_connected(c);
	if (spec_apply(c->spec, PH_CONNECTED, fd, NULL) < 0 ||
	    spec_apply(c->spec, PH_LATE, fd, NULL) < 0) {
		finish(c, -1);
		return;
	}
	finish(c, fd);
}

static void writable(struct watch *watch)
{
	struct connecting *c = (struct connecting *)((char *)watch - offsetof(struct connecting,
	                                                                      watch));
	int error = 0;
	socklen_t size = sizeof(error);

	if (!(watch->ready & WATCH_WRITE))
		return;
	if ((watch->ready & (WATCH_ERROR | WATCH_HANGUP)) &&
	    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error != 0)
		address_failed(c, "connect to", error);
	else
		connected(c);
}

static void timed_out(struct timer *timer)
{
	address_failed((struct connecting *)((char *)timer - offsetof(struct connecting, timer)),
	               "connect to", ETIMEDOUT);
}

/* Make and prepare the socket. Returns 0, or -1 with errno set; 1: an option failed, which
 * was logged and can't get better. */
static int make_socket(struct connecting *c, const union net_addr *addr)
{
	const struct ip_target *target = &c->request.target;
	int type = (int)spec_number(c->spec, "so-type", target->socktype);
	int protocol = (int)spec_number(c->spec, "so-protocol", target->protocol);

	c->fd = socket(addr->sa.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (c->fd < 0)
		return -1;
	log_info("socket(%d, %d, %d) -> %d", addr->sa.sa_family, type, protocol, c->fd);
	if (spec_apply(c->spec, PH_PASTSOCKET, c->fd, NULL) < 0 ||
	    spec_apply(c->spec, PH_FD, c->fd, NULL) < 0 ||
	    spec_apply(c->spec, PH_PREBIND, c->fd, NULL) < 0)
		return 1;
	return ip_bind(c->spec, c->fd, &c->binding, addr->sa.sa_family);
}

/* A socket that sends to the address without being connected. */
static void prepared(struct connecting *c, const union net_addr *addr)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	char text[NET_TEXT];
	int fd = c->fd;

	if (log_enabled(LOG_NOTICE_) && getsockname(fd, &local.addr.sa, &local.length) == 0)
		log_notice("successfully prepared local socket %s",
		           net_print(&local.addr, local.length, text, sizeof(text)));
	*c->request.unconnected = *addr;
	if (spec_apply(c->spec, PH_CONNECTED, fd, NULL) < 0 ||
	    spec_apply(c->spec, PH_LATE, fd, NULL) < 0)
		fd = -1;
	finish(c, fd);
}

static void start_connect(struct connecting *c, const union net_addr *addr)
{
	int64_t timeout = spec_number(c->spec, "connect-timeout", -1);

	if (c->request.unconnected != NULL) {
		prepared(c, addr);
		return;
	}
	c->started = loop_now();
	if (connect(c->fd, &addr->sa, net_length(addr)) == 0) {
		connected(c);
		return;
	}
	if (errno != EINPROGRESS) {
		address_failed(c, "connect to", errno);
		return;
	}
	if (watch_start(&c->watch, c->fd, writable) < 0) {
		address_failed(c, "watch", errno);
		return;
	}
	if (timeout >= 0)
		timer_start(&c->timer, timeout, timed_out);
}

static void try_next(struct connecting *c)
{
	const union net_addr *addr = &c->addrs[c->next];
	struct process_frame frame;
	char text[NET_TEXT];
	int rc, error;

	if (c->request.unconnected == NULL)
		log_notice("opening connection to %s",
		           net_print(addr, net_length(addr), text, sizeof(text)));
	if (process_enter(c->spec, &frame) < 0) {
		finish(c, -1);
		return;
	}
	rc = make_socket(c, addr);
	error = errno;
	process_leave(&frame);
	if (rc > 0) {
		finish(c, -1);
	} else if (rc < 0 && c->fd < 0 && c->request.server && scarce(error)) {
		/* the client was accepted already: it must not suffer */
		scarce_met("socket", error);
		timer_start(&c->timer, SCARCE_INTERVAL, same_again);
	} else if (rc < 0) {
		address_failed(c, c->fd < 0 ? "socket for" : "bind for", error);
	} else {
		start_connect(c, addr);
	}
}

static void got_addresses(struct connecting *c, const union net_addr *addrs, unsigned count)
{
	union net_addr *copy;

	free_addrs(c);
	copy = count == 1 ? &c->one : malloc(count * sizeof(*copy));
	if (copy == NULL) {
		failed(c, "connect", error_text(ENOMEM));
		return;
	}
	memcpy(copy, addrs, count * sizeof(*copy));
	for (unsigned i = 0; i < count; i++)
		net_set_port(&copy[i], (unsigned)c->request.target.port);
	if (ip_family(c->spec) == AF_UNSPEC)
		ip_prefer(copy, count, ip_version(false));
	c->addrs = copy;
	c->count = count;
	c->next = 0;
	try_next(c);
}

/* The look-up failed. Without descriptors for it the client must not suffer. */
static void lookup_failed(struct connecting *c, const char *what,
                          const struct resolve_result *result)
{
	const char *why;

	if (c->request.server && scarce(result->system_error)) {
		scarce_met("getaddrinfo", result->system_error);
		timer_start(&c->timer, SCARCE_INTERVAL, again);
		return;
	}
	counter_add(COUNT_CONNECT_FAILED + CONNECT_DNS, 1);
	why = result->error == 0 ? "it has no address"
	      : result->system_error != 0 ? error_text(result->system_error)
	      : error_lookup_text(result->error);
	failure_set(OPEN_LOOKUP, result->system_error, why);
	failed(c, what, why);
}

static void resolved(void *owner, const struct resolve_result *result)
{
	struct connecting *c = owner;

	c->lookup = NULL;
	if (result->error != 0 || result->count == 0)
		lookup_failed(c, "looking up the host", result);
	else
		got_addresses(c, result->addrs, result->count);
}

/* Flags of getaddrinfo(3), as options ai-... set them. */
static int lookup_flags(const struct spec *spec, int family)
{
	int flags = 0;

	if (spec_opt(spec, "ai-addrconfig") != NULL ? spec_flag(spec, "ai-addrconfig")
	                                            : family == AF_UNSPEC)
		flags |= AI_ADDRCONFIG;
	if (spec_flag(spec, "ai-passive"))
		flags |= AI_PASSIVE;
	if (spec_flag(spec, "ai-v4mapped"))
		flags |= AI_V4MAPPED;
	if (spec_flag(spec, "ai-all"))
		flags |= AI_ALL;
	return flags;
}

static void start_lookup(struct connecting *c, const char *host,
                         void (*done)(void *owner, const struct resolve_result *result))
{
	int family = ip_family(c->spec), netns = process_netns(c->spec);

	if (netns == -2) {
		finish(c, -1);
		return;
	}
	c->lookup = resolve_start(host, family, lookup_flags(c->spec, family), netns, done, c);
	if (netns >= 0)
		close(netns);
	if (c->lookup == NULL && c->request.server && scarce(errno)) {
		scarce_met("resolve", errno);
		timer_start(&c->timer, SCARCE_INTERVAL, again);
	} else if (c->lookup == NULL) {
		failed(c, "looking up the host", error_text(errno));
	}
}

static void resolve_host(struct connecting *c)
{
	struct process_frame frame;
	union net_addr addr;
	int kind;

	/* it may name an interface of the network namespace */
	if (process_enter(c->spec, &frame) < 0) {
		finish(c, -1);
		return;
	}
	kind = net_parse_host(c->request.target.host, ip_family(c->spec), &addr);
	process_leave(&frame);
	if (kind == 0)
		got_addresses(c, &addr, 1);
	else if (kind == -2)
		failed(c, "connect", "there is no such interface");
	else
		start_lookup(c, c->request.target.host, resolved);
}

static void bind_resolved(void *owner, const struct resolve_result *result)
{
	struct connecting *c = owner;

	c->lookup = NULL;
	if (result->error != 0 || result->count == 0) {
		lookup_failed(c, "looking up the host of option bind", result);
		return;
	}
	ip_binding_set(&c->binding, result->addrs, result->count);
	resolve_host(c);
}

static void resolve(struct connecting *c)
{
	if (ip_binding_name(&c->binding) != NULL)
		start_lookup(c, ip_binding_name(&c->binding), bind_resolved);
	else
		resolve_host(c);
}

struct opening *ip_connect(const struct spec *spec, const struct ip_request *request)
{
	struct connecting *c = pool_new(sizeof(*c));
	struct process_frame frame;

	if (c == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		request->done(request->owner, -1);
		return NULL;
	}
	c->base.cancel = cancel;
	c->base.pooled = sizeof(*c);
	c->spec = spec;
	c->request = *request;
	c->fd = -1;
	c->own_tries = spec_tries(spec);
	c->tries_left = request->tries_left != NULL ? request->tries_left : &c->own_tries;
	if (process_enter(spec, &frame) < 0) {
		finish(c, -1);
		return NULL;
	}
	ip_binding_init(&c->binding, spec, request->service != NULL ? request->service
	                : request->target.socktype == SOCK_DGRAM ? "udp" : "tcp",
	                !request->peer_sourceport);
	process_leave(&frame);
	if (request->unconnected == NULL)
		log_notice("opening connection to %s:%d", request->target.host, request->target.port);
	resolve(c);
	return opening_handle(&c->base);
}
