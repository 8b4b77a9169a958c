/* Addresses that connect to a server and have to come to terms with it before there is data: by
 * a TLS handshake, or by asking a proxy for a connection to the target. Connecting and
 * that are one attempt; options retry, forever and interval say how many there are.
 *
 * The connection to the server is TCP (ip_connect()), or what the address in option via makes: so
 * each of them can run inside or outside any other.
 */
#ifndef ADDR_TUNNEL_H
#define ADDR_TUNNEL_H

#include <stdalign.h>

#include "addr/dialogue.h"
#include "addr/ip.h"
#include "addr/open.h"
#include "loop/loop.h"

struct tunnel;

/* One of the two: a script, or start() and cancel(). */
struct tunnel_type {
	const char *what;              /* the negotiation, for messages: "TLS handshake" */
	/* Where to connect to without option via. */
	void (*server)(const struct spec *spec, struct ip_target *server);
	/* NULL, or: the host whose address has to be known before, and in *family AF_UNSPEC, AF_INET
	 * or AF_INET6; NULL if none has. tunnel->target is that address then, without a port. */
	const char *(*lookup)(const struct spec *spec, int *family);

	/* The script: see dialogue.h. */
	const char *peer;              /* who the server is, for messages: "the proxy" */
	int64_t timeout;               /* nanoseconds, unless option handshake-timeout says it */
	size_t max;                    /* bytes of an answer */
	size_t memory;                 /* of tunnel->memory */
	int (*step)(struct tunnel *tunnel, const unsigned char *heard, size_t length);
	const char *(*expired)(struct tunnel *tunnel);

	/* Negotiate over this channel, which belongs to the negotiation from now on. At its end, and
	 * not before start() has returned, tunnel_done() or tunnel_failed() is called. Returns NULL
	 * with errno set: the channel is then still the caller's. */
	void *(*start)(struct tunnel *tunnel, struct channel *channel);
	void (*cancel)(void *negotiation);     /* NULL is fine */
};

struct tunnel {
	struct opening base;
	const struct tunnel_type *type;
	const struct spec *spec;
	struct open_request request;
	struct opening *connecting;
	struct lookup *lookup;
	struct watch watch;            /* of the connected socket, until it is a channel */
	struct timer timer;            /* pause before the next attempt */
	int64_t tries_left;            /* -1: for ever */
	union net_addr target;         /* see tunnel_type.lookup */
	int family;                    /* of the target, if there is only one to look for */
	struct dialogue *dialogue;
	void *negotiation;             /* what start() has returned */
	alignas(16) unsigned char memory[]; /* of the script; zero at the beginning of each attempt */
};

/* For addr_type.check: the parameters name a server, where to connect from, and what goes with
 * option via. port: the server's, as written. Returns 0, or -1 (logged). */
int tunnel_check(const struct spec *spec, const char *port);

/* For addr_type.open. type must stay. */
struct opening *tunnel_open(const struct spec *spec, const struct open_request *request,
                            const struct tunnel_type *type);

/* For start(): the negotiation was successful, and this is the channel for the data. */
void tunnel_done(struct tunnel *tunnel, struct channel *channel);
/* It was not; the channel is closed. Another attempt is made if there may be one. */
void tunnel_failed(struct tunnel *tunnel, const char *problem);

#endif
