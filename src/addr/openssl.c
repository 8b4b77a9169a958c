/* OPENSSL-CONNECT and OPENSSL-LISTEN: TLS over TCP, or over whatever option via says. Connecting
 * is a tunnel's work (tunnel.h), with a handshake as its negotiation. Listening is TCP's; the
 * handshake comes when it is known which process serves the connection. */
#include "addr/openssl.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "addr/failure.h"
#include "addr/ip.h"
#include "addr/ip_stream.h"
#include "addr/listener.h"
#include "addr/tunnel.h"
#include "addr/types.h"
#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

#define CONNECT_GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_IP4 | G_IP6 | G_TCP | G_OPENSSL | \
                        G_PROXY_HEADER)
#define LISTEN_GROUPS  (CONNECT_GROUPS | G_LISTEN | G_RANGE)

static const struct ip_stream tcp = {
	.service = "tcp", .socktype = SOCK_STREAM, .protocol = IPPROTO_TCP,
};

static int check_connect(const struct spec *spec)
{
	return tunnel_check(spec, spec->params[1]) < 0 ? -1 : openssl_check_options(spec, false);
}

static int check_listen(const struct spec *spec)
{
	if (spec->via != NULL) {
		log_error("%s: option \"via\" is about connecting; this address listens", spec->text);
		return -1;
	}
	return ip_stream_check_listen(spec, &tcp) < 0 ? -1 : openssl_check_options(spec, true);
}

/* --- connecting ---------------------------------------------------------------- */

/* Programs get to know the server's names. */
static void tell_names(const struct tunnel *tunnel, struct variables *names)
{
	struct client_info server = { .variables = names };

	if (tunnel->request.accepted != NULL && names != NULL)
		tunnel->request.accepted(tunnel->request.owner, &server);
	free(names);
}

static void shook_hands(void *owner, const struct tls_outcome *outcome)
{
	struct tunnel *tunnel = owner;

	if (outcome->channel == NULL) {
		tunnel_failed(tunnel, outcome->problem);
		return;
	}
	tell_names(tunnel, outcome->names);
	tunnel_done(tunnel, outcome->channel);
}

static void *start_handshake(struct tunnel *tunnel, struct channel *channel)
{
	struct tls_handshake_request request = {
		.config = openssl_config(tunnel->spec), .channel = channel,
		.timeout = openssl_timeout(tunnel->spec), .done = shook_hands, .owner = tunnel,
	};

	return tls_handshake_start(&request);
}

static void cancel_handshake(void *negotiation)
{
	tls_handshake_cancel(negotiation);
}

static void server(const struct spec *spec, struct ip_target *target)
{
	target->host = spec->params[0];
	target->port = net_parse_port(spec->params[1], tcp.service);
}

static const struct tunnel_type handshake = {
	.what = "TLS handshake", .server = server, .start = start_handshake,
	.cancel = cancel_handshake,
};

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	return tunnel_open(spec, request, &handshake);
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

	failure_set(OPEN_HANDSHAKE, 0, outcome->problem);
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
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .carries = true, .check = check_connect,
	.prepare = openssl_prepare_client, .reload = openssl_reload, .open = open_connect,
};

const struct addr_type addr_type_openssl_listen = {
	.name = "OPENSSL-LISTEN", .aliases = "SSL-L", .syntax = ":<port>",
	.feature = "WITH_OPENSSL", .min_params = 1, .max_params = 1, .groups = LISTEN_GROUPS,
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .check = check_listen,
	.prepare = openssl_prepare_server, .reload = openssl_reload, .open = listener_open_once,
	.listen = start_listen, .upgrade = upgrade,
};
