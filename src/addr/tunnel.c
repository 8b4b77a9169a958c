/* Theory of operation. LOOK UP the target's address, where that is wanted > CONNECT to the server,
 * by ip_connect() or by the address of option via, which both have their own attempts > NEGOTIATE:
 * a dialogue with the script, or what the type has started > done; or, where the negotiation
 * has failed, or the address of option via: WAIT for the interval and begin again.
 */
#include "addr/tunnel.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr/failure.h"
#include "addr/ip_stream.h"
#include "addr/via.h"
#include "loop/resolve.h"
#include "loop/scarce.h"
#include "opt/process.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

static const struct ip_stream tcp = {
	.service = "tcp", .socktype = SOCK_STREAM, .protocol = IPPROTO_TCP,
};

int tunnel_check(const struct spec *spec, const char *port)
{
	if (ip_check_host(spec, spec->params[0]) < 0 ||
	    ip_check_port(spec, port, tcp.service) < 0 || ip_check_bind(spec, tcp.service) < 0)
		return -1;
	return via_check(spec);
}

static void attempt(struct tunnel *t);

static void finish(struct tunnel *t, struct channel *channel)
{
	struct open_request request = t->request;

	timer_stop(&t->timer);
	opening_over(&t->base);
	open_done(&request, channel);
}

static void cancel(struct opening *opening)
{
	struct tunnel *t = (struct tunnel *)opening;

	timer_stop(&t->timer);
	resolve_cancel(t->lookup);
	opening_cancel(t->connecting);
	dialogue_cancel(t->dialogue);
	if (t->type->cancel != NULL)
		t->type->cancel(t->negotiation);
	opening_over(opening);
}

static void again(struct timer *timer)
{
	attempt((struct tunnel *)((char *)timer - offsetof(struct tunnel, timer)));
}

static void failed(struct tunnel *t, const char *what, const char *problem)
{
	int64_t interval = spec_number(t->spec, "interval", NANOSECONDS);

	if (t->tries_left == 0) {
		log_write(t->request.again ? LOG_NOTICE_ : LOG_ERROR_, "%s: %s: %s", t->spec->text,
		          what, problem);
		finish(t, NULL);
		return;
	}
	if (t->tries_left > 0)
		t->tries_left--;
	log_notice("%s: %s: %s; trying again in %g s", t->spec->text, what, problem,
	           (double)interval / NANOSECONDS);
	timer_start(&t->timer, interval, again);
}

static void negotiation_failed(struct tunnel *t, const char *problem)
{
	failure_set(t->type->start != NULL ? OPEN_HANDSHAKE : OPEN_PROXY, 0, problem);
	failed(t, t->type->what, problem);
}

void tunnel_failed(struct tunnel *t, const char *problem)
{
	t->negotiation = NULL;
	negotiation_failed(t, problem);
}

void tunnel_done(struct tunnel *t, struct channel *channel)
{
	t->negotiation = NULL;
	finish(t, channel);
}

/* --- negotiating ----------------------------------------------------------------- */

static int step(void *owner, struct dialogue *dialogue, const unsigned char *heard, size_t length)
{
	struct tunnel *t = owner;

	t->dialogue = dialogue;
	return t->type->step(t, heard, length);
}

static const char *expired(void *owner)
{
	struct tunnel *t = owner;

	return t->type->expired == NULL ? NULL : t->type->expired(t);
}

static void talked(void *owner, struct channel *channel, const char *problem, bool unheard)
{
	struct tunnel *t = owner;

	(void)unheard;
	t->dialogue = NULL;
	if (channel != NULL)
		finish(t, channel);
	else
		negotiation_failed(t, problem);
}

/* Returns 0, or -1 with errno set. */
static int start_dialogue(struct tunnel *t, struct channel *channel)
{
	struct dialogue_request request = {
		.channel = channel, .peer = t->type->peer, .max = t->type->max,
		.timeout = spec_number(t->spec, "handshake-timeout", t->type->timeout),
		.step = step, .expired = expired, .done = talked, .owner = t, .upstream = true,
	};

	memset(t->memory, 0, t->type->memory);
	t->dialogue = dialogue_start(&request);
	return t->dialogue != NULL ? 0 : -1;
}

static int start_negotiation(struct tunnel *t, struct channel *channel)
{
	if (t->type->step != NULL)
		return start_dialogue(t, channel);
	t->negotiation = t->type->start(t, channel);
	return t->negotiation != NULL ? 0 : -1;
}

static void connected(void *owner, struct channel *channel)
{
	struct tunnel *t = owner;

	t->connecting = NULL;
	if (channel == NULL && t->spec->via != NULL && t->tries_left != 0) {
		/* the address below knows nothing of our attempts */
		failed(t, "option via", "there is no connection");
	} else if (channel == NULL) {
		finish(t, NULL);
	} else if (start_negotiation(t, channel) < 0) {
		log_error("%s: %s", t->spec->text, error_text(errno));
		channel_free(channel);
		finish(t, NULL);
	}
}

/* --- connecting ------------------------------------------------------------------ */

static void socket_connected(void *owner, int fd)
{
	struct tunnel *t = owner;

	connected(t, fd < 0 ? NULL : ip_stream_channel(t->spec, &tcp, fd, &t->watch));
}

static void names(void *owner, const struct client_info *client)
{
	struct tunnel *t = owner;

	if (t->request.accepted != NULL)
		t->request.accepted(t->request.owner, client);
}

/* By another address. */
static struct opening *open_via(struct tunnel *t)
{
	struct open_request request = t->request;

	request.direction = ADDR_BOTH;
	request.again |= t->tries_left != 0;
	request.done = connected;
	request.accepted = names;
	request.owner = t;
	return address_open(t->spec->via, &request, false);
}

static struct opening *open_socket(struct tunnel *t)
{
	struct ip_request request = {
		.target = { .socktype = tcp.socktype, .protocol = tcp.protocol },
		.service = tcp.service, .server = t->request.server, .again = t->request.again,
		.tries_left = &t->tries_left, .watch = &t->watch, .done = socket_connected,
		.owner = t,
	};

	t->type->server(t->spec, &request.target);
	return ip_connect(t->spec, &request);
}

static void connect_server(struct tunnel *t)
{
	struct opening *connecting = t->spec->via != NULL ? open_via(t) : open_socket(t);

	if (connecting != NULL)
		t->connecting = connecting;
}

/* --- looking up ------------------------------------------------------------------ */

static void lookup_failed(struct tunnel *t, int system_error, const char *problem)
{
	/* a shortage of ours is not the client's fault */
	if (t->request.server && scarce(system_error)) {
		scarce_met("getaddrinfo", system_error);
		timer_start(&t->timer, SCARCE_INTERVAL, again);
		return;
	}
	counter_add(COUNT_CONNECT_FAILED + CONNECT_DNS, 1);
	failure_set(OPEN_LOOKUP, system_error, problem);
	failed(t, t->family == AF_INET ? "looking up the IPv4 address of the host"
	          : "looking up the host", problem);
}

static void resolved(void *owner, const struct resolve_result *result)
{
	struct tunnel *t = owner;
	union net_addr addrs[RESOLVE_MAX];

	t->lookup = NULL;
	if (result->error != 0 || result->count == 0) {
		lookup_failed(t, result->system_error,
		              result->error == 0 ? "it has no address"
		              : result->system_error != 0 ? error_text(result->system_error)
		              : error_lookup_text(result->error));
		return;
	}
	memcpy(addrs, result->addrs, result->count * sizeof(*addrs));
	ip_prefer(addrs, result->count, ip_version(false));
	t->target = addrs[0];
	connect_server(t);
}

static void look_up(struct tunnel *t, const char *host)
{
	int netns;

	if (net_parse_host(host, t->family, &t->target) == 0) {
		connect_server(t);
		return;
	}
	netns = process_netns(t->spec);
	if (netns == -2) {
		finish(t, NULL);
		return;
	}
	t->lookup = resolve_start(host, t->family, t->family == AF_UNSPEC ? AI_ADDRCONFIG : 0,
	                          netns, resolved, t);
	if (netns >= 0)
		close(netns);
	if (t->lookup == NULL)
		lookup_failed(t, errno, error_text(errno));
}

static void attempt(struct tunnel *t)
{
	const char *host = t->type->lookup != NULL ? t->type->lookup(t->spec, &t->family) : NULL;

	if (host != NULL)
		look_up(t, host);
	else
		connect_server(t);
}

struct opening *tunnel_open(const struct spec *spec, const struct open_request *request,
                            const struct tunnel_type *type)
{
	struct tunnel *t = opening_new(spec, request, sizeof(*t) + type->memory, cancel);

	if (t == NULL)
		return NULL;
	t->type = type;
	t->spec = spec;
	t->request = *request;
	t->tries_left = spec_tries(spec);
	attempt(t);
	return opening_handle(&t->base);
}
