/* Theory of operation. A connection takes these steps, each of which can be left out:
 *
 *   LOOK     a TLS listener that expects a header on either side looks at the first byte, without
 *            taking it: a TLS handshake, or a header
 *   HEADER   a dialogue hears exactly the header
 *   ASK      range, tcpwrap and ports are about the client that it names; tcpwrap may want to know
 *            the client's host name, which is looked up
 *   TLS      the type's own upgrade; if no header has come yet, HEADER and ASK follow
 */
#include "addr/upgrade.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "addr/access.h"
#include "addr/dialogue.h"
#include "addr/failure.h"
#include "addr/proxy_header.h"
#include "addr/proxy_options.h"
#include "loop/loop.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

/* The type of the record that a TLS connection begins with (RFC 5246, 6.2.1). */
enum { TLS_HANDSHAKE = 22 };

struct upgrading {
	struct opening base;
	const struct spec *spec;
	struct upgrade_request request;
	struct channel *channel;         /* while no step has it */
	struct client_info client;       /* as far as it is known by now */
	struct net_peer proxy;           /* who has connected */
	struct dialogue *dialogue;
	struct opening *inner;           /* TLS */
	struct access *access;           /* ASK */
	struct name_lookup *lookup;
	struct timer timer;              /* LOOK */
	bool attached;                   /* the channel, by LOOK */
	bool header_heard, client_named;
};

bool spec_needs_upgrade(const struct spec *spec)
{
	return spec->type->upgrade != NULL || spec_accept_proxy(spec) != ACCEPT_PROXY_NONE;
}

static void release(struct upgrading *u)
{
	timer_stop(&u->timer);
	dialogue_cancel(u->dialogue);
	opening_cancel(u->inner);
	resolve_name_cancel(u->lookup);
	access_free(u->access);
	channel_free(u->channel);
	opening_over(&u->base);
}

static void cancel(struct opening *opening)
{
	struct upgrading *u = (struct upgrading *)opening;

	free(u->client.variables);
	release(u);
}

/* channel: NULL if it has failed. */
static void finish(struct upgrading *u, struct channel *channel)
{
	struct upgrade_request request = u->request;

	if (request.client != NULL)
		*request.client = u->client;
	else
		free(u->client.variables);
	release(u);
	request.done(request.owner, channel);
}

/* By now one line has said why. */
static void fail(struct upgrading *u)
{
	finish(u, NULL);
}

static void no_memory(struct upgrading *u)
{
	log_error("%s: %s", u->spec->text, error_text(errno));
	fail(u);
}

static void bad_header(struct upgrading *u, const char *problem, bool unheard)
{
	char text[NET_TEXT];

	counter_add(COUNT_REFUSED + REFUSED_PROXY_HEADER, 1);
	failure_set(OPEN_HANDSHAKE, 0, problem);
	net_print(&u->proxy.addr, u->proxy.length, text, sizeof(text));
	/* somebody looked whether the port is open: no news */
	if (unheard)
		log_notice("%s: PROXY header from %s: %s", u->spec->text, text, problem);
	else
		log_error("%s: PROXY header from %s: %s", u->spec->text, text, problem);
	fail(u);
}

static int64_t time_limit(const struct upgrading *u)
{
	return spec_number(u->spec, "handshake-timeout", PROXY_HEADER_TIMEOUT);
}

/* --- TLS ------------------------------------------------------------------------- */

static void hear_header(struct upgrading *u);

static void shook_hands(void *owner, struct channel *channel)
{
	struct upgrading *u = owner;

	u->inner = NULL;
	u->channel = channel;
	if (channel == NULL) {
		fail(u);
	} else if (!u->header_heard && spec_accept_proxy(u->spec) != ACCEPT_PROXY_NONE) {
		hear_header(u);
	} else {
		u->channel = NULL;
		finish(u, channel);
	}
}

static void shake_hands(struct upgrading *u)
{
	struct upgrade_request request = {
		.channel = u->channel, .client = &u->client, .done = shook_hands, .owner = u,
	};
	struct opening *inner;

	u->channel = NULL;
	inner = u->spec->type->upgrade(u->spec, &request);
	if (inner != NULL)
		u->inner = inner;
}

/* --- who it is -------------------------------------------------------------------- */

static void ask_access(struct upgrading *u, const struct resolve_name *name);

static void named(void *owner, const struct resolve_name *name)
{
	struct upgrading *u = owner;

	u->lookup = NULL;
	ask_access(u, name);
}

static void granted(struct upgrading *u)
{
	struct channel *channel = u->channel;

	if (u->request.admit != NULL && !u->request.admit(u->request.owner, &u->client)) {
		failure_set(OPEN_REFUSED, 0, "");
		fail(u);
		return;
	}
	/* most of the memory, and a client that is silent now would hold it until its time is over */
	access_free(u->access);
	u->access = NULL;
	/* a header in TLS comes last */
	if (u->spec->type->upgrade != NULL && channel->tls_levels == 0) {
		shake_hands(u);
		return;
	}
	u->channel = NULL;
	finish(u, channel);
}

static void ask_access(struct upgrading *u, const struct resolve_name *name)
{
	switch (access_ask(u->access, &u->client.peer, &u->client.local, name)) {
	case ACCESS_GRANTED:
		granted(u);
		break;
	case ACCESS_WANTS_NAME:
		u->lookup = resolve_name_start(&u->client.peer.addr, named, u);
		if (u->lookup == NULL)
			no_memory(u);
		break;
	default:
		failure_set(OPEN_REFUSED, 0, "");
		fail(u);
	}
}

static void log_client(const struct upgrading *u)
{
	char from[NET_TEXT], client[NET_TEXT], local[NET_TEXT];

	net_print(&u->proxy.addr, u->proxy.length, from, sizeof(from));
	if (!u->client_named) {
		log_notice("PROXY header from %s: it names no client", from);
		return;
	}
	log_notice("PROXY header from %s: the client is %s, connected to %s",
	           from,
	           net_print(&u->client.peer.addr, u->client.peer.length, client, sizeof(client)),
	           net_print(&u->client.local.addr, u->client.local.length, local, sizeof(local)));
}

static void heard(void *owner, struct channel *channel, const char *problem, bool unheard)
{
	struct upgrading *u = owner;

	u->dialogue = NULL;
	if (channel == NULL) {
		bad_header(u, problem, unheard);
		return;
	}
	u->channel = channel;
	u->header_heard = true;
	if (log_enabled(LOG_NOTICE_))
		log_client(u);
	u->access = access_new(u->spec, true);
	if (u->access == NULL)
		no_memory(u);
	else
		ask_access(u, NULL);
}

/* The script of the dialogue. */
static int hear(void *owner, struct dialogue *dialogue, const unsigned char *bytes, size_t length)
{
	struct upgrading *u = owner;
	struct client_info named_client;
	const char *why = NULL;
	int missing = proxy_header_missing(bytes, length, &why);

	if (missing == 0)
		why = proxy_header_read(bytes, length, &named_client);
	if (why != NULL)
		return dialogue_fail(dialogue, "%s", why);
	if (missing == 0 && named_client.peer.length > 0) {
		u->client.peer = named_client.peer;
		u->client.local = named_client.local;
		u->client.type = named_client.type;
		u->client_named = true;
	}
	return missing;
}

static void hear_header(struct upgrading *u)
{
	struct dialogue_request request = {
		.channel = u->channel, .peer = "the peer", .timeout = time_limit(u),
		.max = PROXY_HEADER_MAX, .step = hear, .done = heard, .owner = u,
	};

	u->dialogue = dialogue_start(&request);
	if (u->dialogue != NULL)
		u->channel = NULL;
	else
		no_memory(u);
}

/* --- what comes first --------------------------------------------------------------- */

static void looked(struct upgrading *u)
{
	timer_stop(&u->timer);
	if (u->attached)
		channel_detach(u->channel);
}

static void timed_out(struct timer *timer)
{
	struct upgrading *u = (struct upgrading *)((char *)timer - offsetof(struct upgrading, timer));

	bad_header(u, "the peer has said nothing within the time of option handshake-timeout", false);
}

static void look(void *owner)
{
	struct upgrading *u = owner;
	unsigned char first;
	ssize_t n = recv(u->channel->read_fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN) {
		if (u->attached)
			return;
		u->attached = true;
		timer_start(&u->timer, time_limit(u), timed_out);
		if (channel_attach(u->channel, look, u) < 0)
			no_memory(u);
		return;
	}
	looked(u);
	if (n == 1 && first == TLS_HANDSHAKE)
		shake_hands(u);
	else
		hear_header(u);
}

/* --- the beginning ------------------------------------------------------------------ */

static void find_client(struct upgrading *u)
{
	struct client_info *client = u->request.client;

	if (client != NULL) {
		u->client = *client;
		client->variables = NULL;   /* ours, until the end */
	} else {
		u->client.peer.length = sizeof(u->client.peer.addr);
		if (getpeername(u->channel->read_fd, &u->client.peer.addr.sa,
		                &u->client.peer.length) < 0)
			u->client.peer.length = 0;
	}
	u->proxy = u->client.peer;
}

struct opening *spec_upgrade(const struct spec *spec, const struct upgrade_request *request)
{
	enum accept_proxy accept = spec_accept_proxy(spec);
	struct upgrading *u;

	if (accept == ACCEPT_PROXY_NONE)
		return spec->type->upgrade(spec, request);
	u = calloc(1, sizeof(*u));
	if (u == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		channel_free(request->channel);
		request->done(request->owner, NULL);
		return NULL;
	}
	u->base.cancel = cancel;
	u->spec = spec;
	u->request = *request;
	u->channel = request->channel;
	find_client(u);
	if (u->channel->reads_packets) {
		/* what of a packet is not read at once is lost */
		log_error("%s: a PROXY header needs a stream, and this is a socket for packets",
		          spec->text);
		fail(u);
	} else if (accept == ACCEPT_PROXY_INSIDE) {
		shake_hands(u);
	} else if (accept == ACCEPT_PROXY_AUTO && spec->type->upgrade != NULL) {
		look(u);
	} else {
		hear_header(u);
	}
	return opening_handle(&u->base);
}
