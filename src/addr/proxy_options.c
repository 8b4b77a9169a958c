#include "addr/proxy_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr/range.h"
#include "sys/error.h"
#include "sys/counters.h"
#include "sys/log.h"

struct proxies {
	unsigned count;
	struct range ranges[];
};

int spec_send_proxy(const struct spec *spec)
{
	/* with switch -g options can be anywhere */
	if (!(spec->type->groups & G_PROXY_HEADER))
		return 0;
	return spec_flag(spec, "send-proxy-v2") ? 2 : spec_flag(spec, "send-proxy") ? 1 : 0;
}

bool address_sends_proxy(const struct address *address)
{
	for (; address != NULL; address = address->reader->via)
		if (spec_send_proxy(address->reader) > 0 || spec_send_proxy(address->writer) > 0)
			return true;
	return false;
}

enum accept_proxy spec_accept_proxy(const struct spec *spec)
{
	return spec->type->groups & G_PROXY_HEADER
	       ? (enum accept_proxy)spec_number(spec, "accept-proxy", ACCEPT_PROXY_NONE)
	       : ACCEPT_PROXY_NONE;
}

/* --- accept-proxy-from ----------------------------------------------------------- */

/* The length of the first network in "10.0.0.0/8:[2001:db8::]/32". */
static size_t network_length(const char *text)
{
	size_t brackets = *text == '[' ? strcspn(text, "]") : 0;

	return brackets + strcspn(text + brackets, ":");
}

/* Returns NULL, or why the text is bad. */
static const char *read_network(struct range *range, const char *text)
{
	const char *why = range_parse(range, text, AF_UNSPEC);

	/* an address alone is one host */
	if (why == NULL || range_parse_listed(range, text) != NULL)
		return why;
	/* 10.0.0.0:255.0.0.0, a range elsewhere, would be two hosts here; none has such an address */
	return range->family == AF_INET && range->address[0] >= 224
	       ? "is no address of a host; masks are written \"/bits\" here" : NULL;
}

/* Add the networks of one option to the array, if there is one; *count: how many there are then.
 * Returns NULL, or why the text from *text on is bad. */
static const char *add_networks(const char **text, struct range *out, unsigned *count)
{
	const char *why = NULL;
	struct range range;

	for (;;) {
		size_t length = network_length(*text);
		char *network = strndup(*text, length);

		why = network == NULL ? error_text(ENOMEM) : read_network(&range, network);
		free(network);
		if (why != NULL)
			return why;
		if (out != NULL)
			out[*count] = range;
		++*count;
		if ((*text)[length] == '\0')
			return NULL;
		*text += length + 1;
	}
}

/* The same for all options of the spec. */
static const char *all_networks(const struct spec *spec, struct range *out, unsigned *count,
                                const char **text)
{
	const char *why = NULL;

	*count = 0;
	for (size_t i = 0; i < spec->opt_count && why == NULL; i++)
		if (strcmp(spec->opts[i].def->name, "accept-proxy-from") == 0) {
			*text = spec->opts[i].string;
			why = add_networks(text, out, count);
		}
	return why;
}

struct proxies *proxies_new(const struct spec *spec)
{
	struct proxies *proxies = NULL;
	const char *text;
	unsigned count;

	if (all_networks(spec, NULL, &count, &text) == NULL)
		proxies = calloc(1, sizeof(*proxies) + count * sizeof(*proxies->ranges));
	if (proxies != NULL && all_networks(spec, proxies->ranges, &proxies->count, &text) == NULL)
		return proxies;
	free(proxies);
	errno = ENOMEM;
	return NULL;
}

bool proxies_allow(const struct proxies *proxies, const struct net_peer *peer)
{
	char text[NET_TEXT];

	/* the permissions of the socket's file have decided */
	if (peer->addr.sa.sa_family == AF_UNIX)
		return true;
	for (unsigned i = 0; i < proxies->count; i++)
		if (range_match(&proxies->ranges[i], &peer->addr.sa))
			return true;
	counter_add(COUNT_REFUSED + REFUSED_PROXY_SOURCE, 1);
	log_warn("refusing connection from %s due to accept-proxy-from option",
	         net_print(&peer->addr, peer->length, text, sizeof(text)));
	return false;
}

/* --- checks ---------------------------------------------------------------------- */

static int refuse(const struct spec *spec, const char *option, const char *why)
{
	log_error("%s: option \"%s\" %s", spec->text, option, why);
	return -1;
}

static int check_from(const struct spec *spec)
{
	const char *text = NULL, *why;
	unsigned count;

	why = all_networks(spec, NULL, &count, &text);
	if (why != NULL) {
		log_error("%s: option \"accept-proxy-from\": \"%s\" %s", spec->text, text, why);
		return -1;
	}
	if (spec->type->groups & G_UNIX)
		return count == 0 ? 0 :
		       refuse(spec, "accept-proxy-from", "is for IP: who may connect to a UNIX socket is "
		              "what its permissions say");
	return count > 0 ? 0 :
	       refuse(spec, "accept-proxy", "needs option accept-proxy-from: the networks of the "
	              "proxies that are trusted, as in accept-proxy-from=10.0.0.0/8:[fd00::]/8");
}

static int check_accept(const struct spec *spec)
{
	if (spec->type->listen == NULL)
		return refuse(spec, "accept-proxy", "is for addresses that listen; to send a header, "
		              "use send-proxy or send-proxy-v2");
	if (spec_accept_proxy(spec) != ACCEPT_PROXY_AUTO && !(spec->type->groups & G_OPENSSL))
		return refuse(spec, "accept-proxy", "has a value only with TLS, which has an inside "
		              "and an outside");
	/* the tables are asked in a process that has a root of its own by then */
	if (spec_opt(spec, "chroot") != NULL && spec_flag(spec, "fork") &&
	    (spec_opt(spec, "tcpwrappers") != NULL || spec_opt(spec, "tcpwrap-etc") != NULL ||
	     spec_opt(spec, "tcpwrap-hosts-allow-table") != NULL ||
	     spec_opt(spec, "tcpwrap-hosts-deny-table") != NULL))
		return refuse(spec, "accept-proxy", "with chroot excludes tcpwrap, whose tables would be "
		              "looked for in the new root; chroot-early is possible");
	return check_from(spec);
}

/* Options that are only known because of others. */
static int check_needed(const struct spec *spec)
{
	int64_t groups = spec->type->groups;

	for (size_t i = 0; i < spec->opt_count; i++) {
		const struct optdef *def = spec->opts[i].def;

		if (strcmp(def->name, "accept-proxy-from") == 0)
			return refuse(spec, def->name, "needs option accept-proxy");
		if ((groups & G_UNIX) && (def->groups & G_RANGE))
			return refuse(spec, def->name, "needs option accept-proxy with this address "
			              "type, whose clients have no IP address of their own");
		if (strcmp(def->name, "handshake-timeout") == 0 && (def->groups & groups) == G_PROXY_HEADER &&
		    spec_send_proxy(spec) == 0)
			return refuse(spec, def->name, "needs option accept-proxy, send-proxy or "
			              "send-proxy-v2 with this address type");
	}
	return 0;
}

int proxy_options_check(const struct spec *spec)
{
	if (!(spec->type->groups & G_PROXY_HEADER))
		return 0;
	if (spec_send_proxy(spec) > 0 && spec->type->listen != NULL)
		return refuse(spec, spec_send_proxy(spec) == 1 ? "send-proxy" : "send-proxy-v2",
		              "is for addresses that connect: give it to the other one; to expect "
		              "a header here, use accept-proxy");
	if (spec_flag(spec, "send-proxy") && spec_flag(spec, "send-proxy-v2"))
		return refuse(spec, "send-proxy", "excludes send-proxy-v2: there is one header");
	return spec_accept_proxy(spec) == ACCEPT_PROXY_NONE ? check_needed(spec) : check_accept(spec);
}
