/* OPENSSL-CONNECT and OPENSSL-LISTEN: TLS over TCP. Connecting is ip_connect()'s work and then a
 * handshake; both count as one attempt for option retry. Listening is TCP's; the handshake comes
 * when it is known which process serves the connection. */
#include "addr/openssl.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "addr/ip.h"
#include "addr/ip_stream.h"
#include "addr/listener.h"
#include "addr/types.h"
#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

#define CONNECT_GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_IP4 | G_IP6 | G_TCP | G_OPENSSL)
#define LISTEN_GROUPS  (CONNECT_GROUPS | G_LISTEN | G_RANGE)

static const struct ip_stream tcp = {
	.service = "tcp", .socktype = SOCK_STREAM, .protocol = IPPROTO_TCP,
};

static int check_connect(const struct spec *spec)
{
	return ip_stream_check_connect(spec, &tcp) < 0 ? -1 : openssl_check_options(spec, false);
}

static int check_listen(const struct spec *spec)
{
	return ip_stream_check_listen(spec, &tcp) < 0 ? -1 : openssl_check_options(spec, true);
}

/* --- connecting ---------------------------------------------------------------- */

struct tls_opening {
	struct opening base;
	const struct spec *spec;
	struct open_request request;
	struct opening *connecting;
	struct tls_handshake *handshake;
	struct timer timer;              /* pause before the next attempt */
	int64_t tries_left;              /* -1: for ever */
};

static void attempt(struct tls_opening *o);

static void again(struct timer *timer)
{
	attempt((struct tls_opening *)((char *)timer - offsetof(struct tls_opening, timer)));
}

static void done(struct tls_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	timer_stop(&o->timer);
	opening_over(&o->base);
	open_done(&request, channel);
}

static void failed(struct tls_opening *o, const char *problem)
{
	int64_t interval = spec_number(o->spec, "interval", NANOSECONDS);

	if (o->tries_left == 0) {
		log_error("%s: TLS handshake: %s", o->spec->text, problem);
		done(o, NULL);
		return;
	}
	if (o->tries_left > 0)
		o->tries_left--;
	log_notice("%s: TLS handshake: %s; trying again in %g s", o->spec->text, problem,
	           (double)interval / NANOSECONDS);
	timer_start(&o->timer, interval, again);
}

/* Programs get to know the server's names. */
static void tell_names(const struct tls_opening *o, struct variables *names)
{
	struct client_info server = { .variables = names };

	if (o->request.accepted != NULL && names != NULL)
		o->request.accepted(o->request.owner, &server);
	free(names);
}

static void shook_hands(void *owner, const struct tls_outcome *outcome)
{
	struct tls_opening *o = owner;

	o->handshake = NULL;
	if (outcome->channel == NULL) {
		failed(o, outcome->problem);
		return;
	}
	tell_names(o, outcome->names);
	done(o, outcome->channel);
}

static void connected(void *owner, int fd)
{
	struct tls_opening *o = owner;
	struct channel *channel = fd < 0 ? NULL : ip_stream_channel(o->spec, &tcp, fd);
	struct tls_handshake_request request = {
		.config = openssl_config(o->spec), .channel = channel,
		.timeout = openssl_timeout(o->spec), .done = shook_hands, .owner = o,
	};

	o->connecting = NULL;
	if (channel == NULL) {
		done(o, NULL);
		return;
	}
	o->handshake = tls_handshake_start(&request);
	if (o->handshake == NULL) {
		log_error("%s: %s", o->spec->text, error_text(errno));
		channel_free(channel);
		done(o, NULL);
	}
}

static void attempt(struct tls_opening *o)
{
	struct ip_request connect = {
		.target = { o->spec->params[0], net_parse_port(o->spec->params[1], tcp.service),
		            tcp.socktype, tcp.protocol },
		.service = tcp.service, .server = o->request.server, .tries_left = &o->tries_left,
		.done = connected, .owner = o,
	};
	struct opening *connecting = ip_connect(o->spec, &connect);

	if (connecting != NULL)
		o->connecting = connecting;
}

static void cancel(struct opening *opening)
{
	struct tls_opening *o = (struct tls_opening *)opening;

	timer_stop(&o->timer);
	opening_cancel(o->connecting);
	tls_handshake_cancel(o->handshake);
	opening_over(opening);
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	struct tls_opening *o = opening_new(spec, request, sizeof(*o), cancel);

	if (o == NULL)
		return NULL;
	o->spec = spec;
	o->request = *request;
	o->tries_left = spec_tries(spec);
	attempt(o);
	return opening_handle(&o->base);
}

/* --- listening ----------------------------------------------------------------- */

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	return ip_stream_listen(spec, request, &tcp);
}

/* The handshake over an accepted connection. */
struct tls_upgrade {
	struct opening base;
	const struct spec *spec;
	struct upgrade_request request;
	struct tls_handshake *handshake;
	struct net_peer peer;            /* for messages: it may be gone when they are written */
};

static void log_refused(const struct tls_upgrade *u, const struct tls_outcome *outcome)
{
	char peer[NET_TEXT];

	net_print(&u->peer.addr, u->peer.length, peer, sizeof(peer));
	/* somebody looked whether the port is open: no news */
	if (outcome->unheard)
		log_notice("%s: TLS handshake with %s: %s", u->spec->text, peer, outcome->problem);
	else
		log_error("%s: TLS handshake with %s: %s", u->spec->text, peer, outcome->problem);
}

static void upgraded(void *owner, const struct tls_outcome *outcome)
{
	struct tls_upgrade *u = owner;
	struct upgrade_request request = u->request;

	u->handshake = NULL;
	if (outcome->channel == NULL)
		log_refused(u, outcome);
	if (request.client != NULL) {
		free(request.client->variables);
		request.client->variables = outcome->names;
	} else {
		free(outcome->names);
	}
	opening_over(&u->base);
	request.done(request.owner, outcome->channel);
}

static void cancel_upgrade(struct opening *opening)
{
	tls_handshake_cancel(((struct tls_upgrade *)opening)->handshake);
	opening_over(opening);
}

/* The kernel forgets it as soon as the peer resets the connection: so who accepted it is asked. */
static void find_peer(struct tls_upgrade *u)
{
	if (u->request.client != NULL && u->request.client->peer.length > 0) {
		u->peer = u->request.client->peer;
		return;
	}
	u->peer.length = sizeof(u->peer.addr);
	if (getpeername(u->request.channel->read_fd, &u->peer.addr.sa, &u->peer.length) < 0)
		u->peer.length = 0;
}

static struct opening *upgrade(const struct spec *spec, const struct upgrade_request *request)
{
	struct tls_upgrade *u = calloc(1, sizeof(*u));
	struct tls_handshake_request shake = {
		.config = openssl_config(spec), .channel = request->channel,
		.timeout = openssl_timeout(spec), .done = upgraded, .owner = u,
	};

	if (u == NULL)
		goto failed;
	u->base.cancel = cancel_upgrade;
	u->spec = spec;
	u->request = *request;
	find_peer(u);
	u->handshake = tls_handshake_start(&shake);
	if (u->handshake != NULL)
		return &u->base;
failed:
	log_error("%s: %s", spec->text, error_text(errno));
	free(u);
	channel_free(request->channel);
	request->done(request->owner, NULL);
	return NULL;
}

const struct addr_type addr_type_openssl_connect = {
	.name = "OPENSSL", .aliases = "OPENSSL-CONNECT SSL", .syntax = ":<host>:<port>",
	.feature = "WITH_OPENSSL", .min_params = 2, .max_params = 2, .groups = CONNECT_GROUPS,
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .check = check_connect,
	.prepare = openssl_prepare_client, .reload = openssl_reload, .open = open_connect,
};

const struct addr_type addr_type_openssl_listen = {
	.name = "OPENSSL-LISTEN", .aliases = "SSL-L", .syntax = ":<port>",
	.feature = "WITH_OPENSSL", .min_params = 1, .max_params = 1, .groups = LISTEN_GROUPS,
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .check = check_listen,
	.prepare = openssl_prepare_server, .reload = openssl_reload, .open = listener_open_once,
	.listen = start_listen, .upgrade = upgrade,
};
