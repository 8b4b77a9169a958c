/* SOCKS4, SOCKS4A, SOCKS5-CONNECT and SOCKS5-LISTEN: connections that a SOCKS server makes, or
 * accepts.
 *
 * Theory of operation: a tunnel (tunnel.h) connects to the server and has the scripts here talk
 * to it.
 *   SOCKS4, 4A: the request > REPLY.
 *   SOCKS5: the greeting > CHOICE of the way to log in > LOGIN, if it is that with a password > the
 *   request > REPLY. For SOCKS5-LISTEN this one says where the server listens; then it
 *   takes its time > PEER, a second reply, says who has connected.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr/socks_message.h"
#include "addr/tunnel.h"
#include "addr/types.h"
#include "sys/log.h"

#define COMMON_GROUPS  (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_IP4 | G_IP6 | G_TCP | G_SOCKS)
#define CONNECT_GROUPS (COMMON_GROUPS | G_PROXY_HEADER)
#define LISTEN_GROUPS  (COMMON_GROUPS | G_LISTEN)

/* Until the server has answered: it may try as long as TCP does to reach the target. */
#define TIMEOUT (150 * NANOSECONDS)

static bool is_listener(const struct spec *spec)
{
	return (spec->type->groups & G_LISTEN) != 0;
}

/* The target's host and port are the last two parameters. */
static const char *host(const struct spec *spec)
{
	return spec->params[spec->param_count - 2];
}

static const char *port(const struct spec *spec)
{
	return spec->params[spec->param_count - 1];
}

static const char *server_port(const struct spec *spec)
{
	const char *option = spec_string(spec, "socksport");

	return option != NULL ? option : spec->param_count > 3 ? spec->params[1] : "1080";
}

static void server(const struct spec *spec, struct ip_target *target)
{
	target->host = spec->params[0];
	target->port = net_parse_port(server_port(spec), "tcp");
}

/* SOCKS4 says who asks. */
static const char *user4(const struct spec *spec)
{
	static const char *const variables[] = { "LOGNAME", "USER" };
	const char *user = spec_string(spec, "socksuser");

	for (unsigned i = 0; user == NULL && i < sizeof(variables) / sizeof(variables[0]); i++) {
		user = getenv(variables[i]);
		if (user != NULL && *user == '\0')
			user = NULL;
	}
	return user != NULL ? user : "anonymous";
}

/* SOCKS5 wants one only together with a password. */
static const char *user5(const struct spec *spec)
{
	const char *user = spec_string(spec, "socksuser");

	return user != NULL ? user : "anonymous";
}

static bool has_login(const struct spec *spec)
{
	return spec_opt(spec, "socksuser") != NULL || spec_opt(spec, "sockspass") != NULL;
}

/* --- checking ------------------------------------------------------------------- */

static int check_length(const struct spec *spec, const char *what, const char *text)
{
	if (strlen(text) <= SOCKS_FIELD)
		return 0;
	log_error("%s: %s has more than %d bytes, which SOCKS can't say", spec->text, what,
	          SOCKS_FIELD);
	return -1;
}

/* family: of addresses that the protocol can say. */
static int check_target(const struct spec *spec, int family)
{
	union net_addr addr;

	if (*host(spec) == '\0') {
		log_error("%s: the target host is missing", spec->text);
		return -1;
	}
	/* zones mean nothing to another host */
	if (strchr(host(spec), '%') == NULL) {
		switch (net_parse_host(host(spec), family, &addr)) {
		case 0:
			return 0;
		case -2:
			log_error("%s: %s has no IPv6 addresses; use SOCKS5-CONNECT", spec->text,
			          spec->type->name);
			return -1;
		default:
			break;
		}
	}
	if (strpbrk(host(spec), " \t\n[]%:/\\") == NULL)
		return check_length(spec, "the host name", host(spec));
	log_error("%s: \"%.80s\" is neither an IP address nor a host name", spec->text, host(spec));
	return -1;
}

static int check(const struct spec *spec, int family)
{
	if (tunnel_check(spec, server_port(spec)) < 0 || check_target(spec, family) < 0 ||
	    ip_check_port(spec, port(spec), "tcp") < 0)
		return -1;
	if (is_listener(spec) || net_parse_port(port(spec), "tcp") > 0)
		return 0;
	log_error("%s: nothing can be connected to at port 0", spec->text);
	return -1;
}

static int check4(const struct spec *spec)
{
	if (check(spec, AF_INET) < 0 || check_length(spec, "the user's name", user4(spec)) < 0)
		return -1;
	if (spec_opt(spec, "sockspass") != NULL)
		log_warn("%s: option \"sockspass\" has no effect: SOCKS4 knows no passwords",
		         spec->text);
	return 0;
}

static int check5(const struct spec *spec)
{
	const char *password = spec_string(spec, "sockspass");

	if (check(spec, AF_UNSPEC) < 0 ||
	    check_length(spec, "option \"socksuser\"", user5(spec)) < 0)
		return -1;
	if (*user5(spec) == '\0') {
		log_error("%s: option \"socksuser\" is empty, which SOCKS5 does not allow",
		          spec->text);
		return -1;
	}
	if (has_login(spec) && password == NULL)
		log_warn("%s: option \"socksuser\" without \"sockspass\": the password is empty",
		         spec->text);
	if (password != NULL && spec_opt(spec, "socksuser") == NULL)
		log_warn("%s: option \"sockspass\" without \"socksuser\": the user is \"%s\"",
		         spec->text, user5(spec));
	return password == NULL ? 0 : check_length(spec, "option \"sockspass\"", password);
}

static int check_listen(const struct spec *spec)
{
	if (spec_opt(spec, "backlog") == NULL)
		return check5(spec);
	log_error("%s: option \"backlog\": the SOCKS server accepts one connection", spec->text);
	return -1;
}

/* --- talking -------------------------------------------------------------------- */

enum stage { CHOICE, LOGIN, REPLY, PEER };

struct script {
	enum stage stage;
	struct net_peer bound;         /* where the server listens; length 0: it has not told */
};

static struct script *script(struct tunnel *t)
{
	return (struct script *)(void *)t->memory;
}

static struct socks_target target_of(struct tunnel *t)
{
	bool known = t->type->lookup != NULL ||
	             net_parse_host(host(t->spec), AF_UNSPEC, &t->target) == 0;

	return (struct socks_target){
		.name = known ? NULL : host(t->spec), .addr = &t->target,
		.port = (unsigned)net_parse_port(port(t->spec), "tcp"),
	};
}

/* Say this; the answer has two bytes at least. */
static int say(struct tunnel *t, enum stage stage, const unsigned char *message, size_t length)
{
	script(t)->stage = stage;
	dialogue_forget(t->dialogue);
	dialogue_say(t->dialogue, message, length);
	return 2;
}

static void log_connected(const struct tunnel *t)
{
	log_notice("successfully connected to %s:%s via SOCKS server %s", host(t->spec),
	           port(t->spec), t->spec->params[0]);
}

static int ask4(struct tunnel *t)
{
	struct socks_target target = target_of(t);
	unsigned char message[SOCKS_MESSAGE];

	log_notice("asking the SOCKS server for a connection to %s:%u as user \"%.255s\"",
	           host(t->spec), target.port, user4(t->spec));
	return say(t, REPLY, message, socks4_request(message, &target, user4(t->spec)));
}

static int step4(struct tunnel *t, const unsigned char *heard, size_t length)
{
	char problem[SOCKS_PROBLEM];
	int missing;

	if (length == 0)
		return ask4(t);
	missing = socks4_reply(heard, length, problem);
	if (missing < 0)
		return dialogue_fail(t->dialogue, "%s", problem);
	if (missing == 0)
		log_connected(t);
	return missing;
}

static int log_in(struct tunnel *t)
{
	unsigned char message[SOCKS_MESSAGE];
	const char *password = spec_string(t->spec, "sockspass");

	return say(t, LOGIN, message, socks5_login(message, user5(t->spec),
	                                           password != NULL ? password : ""));
}

static int ask5(struct tunnel *t)
{
	bool listens = is_listener(t->spec);
	struct socks_target target = target_of(t);
	unsigned char message[SOCKS_MESSAGE];

	log_notice(listens ? "asking the SOCKS server to listen on %s:%u"
	                   : "asking the SOCKS server for a connection to %s:%u", host(t->spec),
	           target.port);
	return say(t, REPLY, message, socks5_request(message, listens ? SOCKS_BIND : SOCKS_CONNECT,
	                                             &target));
}

/* A server that listens at all its addresses does so at the one that we have connected to. */
static void own_address(const struct tunnel *t, struct net_peer *bound, char *text)
{
	static const union net_addr any;
	const union net_addr *addr = &bound->addr;
	struct net_peer own = { .length = sizeof(own.addr) };
	size_t length = addr->sa.sa_family == AF_INET ? 4 : 16;

	if (bound->length == 0 || t->spec->via != NULL ||
	    memcmp(length == 4 ? (const void *)&addr->in.sin_addr : &addr->in6.sin6_addr, &any,
	           length) != 0 ||
	    getpeername(dialogue_channel(t->dialogue)->read_fd, &own.addr.sa, &own.length) < 0)
		return;
	net_set_port(&own.addr, net_port(addr));
	*bound = own;
	net_print(&own.addr, own.length, text, NET_TEXT);
}

static int await_peer(struct tunnel *t, const unsigned char *reply)
{
	int64_t timeout = spec_number(t->spec, "accept-timeout", -1);
	struct script *s = script(t);
	char text[NET_TEXT];

	socks5_address(reply, &s->bound, text);
	own_address(t, &s->bound, text);
	log_notice("listening on remote host %s", text);
	s->stage = PEER;
	dialogue_forget(t->dialogue);
	dialogue_limit(t->dialogue, timeout > 0 ? timeout : -1);
	channel_watch_for_death(dialogue_channel(t->dialogue));
	return 2;
}

static void peer_came(struct tunnel *t, const unsigned char *reply)
{
	struct client_info client = { .local = script(t)->bound, .type = SOCK_STREAM };
	char text[NET_TEXT];

	socks5_address(reply, &client.peer, text);
	log_notice("received connection on remote host from %s", text);
	if (t->request.accepted != NULL)
		t->request.accepted(t->request.owner, &client);
}

/* An answer that was good. */
static int answered(struct tunnel *t, const unsigned char *answer)
{
	switch (script(t)->stage) {
	case CHOICE:
		return answer[1] == SOCKS_PASSWORD ? log_in(t) : ask5(t);
	case LOGIN:
		return ask5(t);
	case REPLY:
		if (is_listener(t->spec))
			return await_peer(t, answer);
		log_connected(t);
		return 0;
	default:
		peer_came(t, answer);
		return 0;
	}
}

static int step5(struct tunnel *t, const unsigned char *heard, size_t length)
{
	unsigned char greeting[SOCKS_MESSAGE];
	char problem[SOCKS_PROBLEM];
	int missing;

	if (length == 0)
		return say(t, CHOICE, greeting, socks5_greeting(greeting, has_login(t->spec)));
	if (script(t)->stage == CHOICE)
		missing = socks5_choice(heard, length, has_login(t->spec), problem);
	else if (script(t)->stage == LOGIN)
		missing = socks5_login_reply(heard, length, problem);
	else
		missing = socks5_reply(heard, length, problem);
	if (missing < 0)
		return dialogue_fail(t->dialogue, "%s", problem);
	return missing > 0 ? missing : answered(t, heard);
}

/* Nobody came: as with other listeners that is the end, whatever option retry says. */
static const char *expired(struct tunnel *t)
{
	if (script(t)->stage != PEER)
		return NULL;
	t->tries_left = 0;
	return "nobody has connected within the time of option accept-timeout";
}

static const char *lookup4(const struct spec *spec, int *family)
{
	*family = AF_INET;
	return host(spec);
}

/* --- the types ------------------------------------------------------------------ */

#define TUNNEL \
	.what = "SOCKS handshake", .server = server, .peer = "the SOCKS server", \
	.timeout = TIMEOUT, .max = SOCKS_ANSWER, .memory = sizeof(struct script)

static const struct tunnel_type tunnel4 = { TUNNEL, .lookup = lookup4, .step = step4 };
static const struct tunnel_type tunnel4a = { TUNNEL, .step = step4 };
static const struct tunnel_type tunnel5 = {
	TUNNEL, .step = step5, .expired = expired,
};

static struct opening *open4(const struct spec *spec, const struct open_request *request)
{
	return tunnel_open(spec, request, &tunnel4);
}

static struct opening *open4a(const struct spec *spec, const struct open_request *request)
{
	return tunnel_open(spec, request, &tunnel4a);
}

static struct opening *open5(const struct spec *spec, const struct open_request *request)
{
	return tunnel_open(spec, request, &tunnel5);
}

const struct addr_type addr_type_socks4 = {
	.name = "SOCKS4", .aliases = "SOCKS", .syntax = ":<socks-server>:<host>:<port>",
	.feature = "WITH_SOCKS4", .min_params = 3, .max_params = 3, .groups = CONNECT_GROUPS,
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .carries = true, .check = check4,
	.open = open4,
};

const struct addr_type addr_type_socks4a = {
	.name = "SOCKS4A", .syntax = ":<socks-server>:<host>:<port>",
	.feature = "WITH_SOCKS4A", .min_params = 3, .max_params = 3, .groups = CONNECT_GROUPS,
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .carries = true, .check = check4,
	.open = open4a,
};

const struct addr_type addr_type_socks5_connect = {
	.name = "SOCKS5-CONNECT", .aliases = "SOCKS5",
	.syntax = ":<socks-server>[:<socks-port>]:<target-host>:<target-port>",
	.feature = "WITH_SOCKS5", .min_params = 3, .max_params = 4, .groups = CONNECT_GROUPS,
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .carries = true, .check = check5,
	.open = open5,
};

const struct addr_type addr_type_socks5_listen = {
	.name = "SOCKS5-LISTEN", .aliases = "SOCKS5-BIND",
	.syntax = ":<socks-server>[:<socks-port>]:<listen-host>:<listen-port>",
	.feature = "WITH_SOCKS5", .min_params = 3, .max_params = 4, .groups = LISTEN_GROUPS,
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .awaits = true, .check = check_listen,
	.open = open5,
};
