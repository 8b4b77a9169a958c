/* Single patterns of hosts_access(5), sections PATTERNS and WILDCARDS. */
#include "addr/tcpwrap_pattern.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addr/range.h"
#include "sys/log.h"

/* What a host pattern is compared with. */
struct host {
	const struct sockaddr *address;
	const char *name;              /* or NULL */
	bool disputed;
	bool *name_asked;
	char text[INET6_ADDRSTRLEN];   /* the address; "" if it is no IP address */
};

static struct host host_of(const struct sockaddr *address, const char *name, bool disputed,
                           bool *name_asked)
{
	struct host host = {.address = address, .name = name, .disputed = disputed,
	                    .name_asked = name_asked};
	const unsigned char *bytes;
	unsigned length = range_address_bytes(address, &bytes);

	if (length > 0)
		inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, host.text, sizeof host.text);
	return host;
}

static void ask_for_name(const struct host *host)
{
	if (host->name_asked != NULL)
		*host->name_asked = true;
}

static bool has_name(const struct host *host)
{
	ask_for_name(host);
	return host->name != NULL && !host->disputed;
}

static bool is_all(const struct host *host)
{
	(void)host;
	return true;
}

static bool is_local(const struct host *host)
{
	return has_name(host) && strchr(host->name, '.') == NULL;
}

static bool is_known(const struct host *host)
{
	return has_name(host) && host->text[0] != '\0';
}

static bool is_unknown(const struct host *host)
{
	return !is_known(host);
}

static bool is_paranoid(const struct host *host)
{
	ask_for_name(host);
	return host->disputed;
}

static const struct {
	const char *name;
	bool (*matches)(const struct host *host);
} wildcards[] = {
	{"ALL", is_all}, {"LOCAL", is_local}, {"KNOWN", is_known}, {"UNKNOWN", is_unknown},
	{"PARANOID", is_paranoid},
};

/* ".example.org" at the end of the name, in any case. */
static bool has_domain(const struct host *host, const char *domain)
{
	size_t length = strlen(domain), have = has_name(host) ? strlen(host->name) : 0;

	return have > length && strcasecmp(host->name + have - length, domain) == 0;
}

/* "n.n.n.n/bits", "n.n.n.n/m.m.m.m", "[v6]/bits" and "[v6]". */
static int in_net(const struct host *host, const char *pattern)
{
	const char *slash = strchr(pattern, '/');
	char text[INET6_ADDRSTRLEN + 16];
	struct range range;
	const char *reason;

	if (slash == NULL)
		snprintf(text, sizeof text, "%s/128", pattern);
	else
		/* A mask in dots is written with a colon in ranges. */
		snprintf(text, sizeof text, "%.*s%c%s", (int)(slash - pattern), pattern,
		         strchr(slash, '.') != NULL ? ':' : '/', slash + 1);
	reason = range_parse(&range, text, AF_UNSPEC);
	if (reason != NULL) {
		log_warn("the pattern \"%.100s\" %s", pattern, reason);
		return -1;
	}
	return range_match(&range, host->address);
}

/* No host has such a name: the pattern is for addresses only. */
static bool is_numeric(const char *pattern)
{
	return strspn(pattern, "0123456789.*?") == strlen(pattern) || strchr(pattern, ':') != NULL;
}

static int host_matches(const char *pattern, const struct host *host)
{
	bool numeric = is_numeric(pattern);
	size_t length = strlen(pattern);

	for (size_t i = 0; i < sizeof wildcards / sizeof *wildcards; i++)
		if (strcasecmp(pattern, wildcards[i].name) == 0)
			return wildcards[i].matches(host);
	if (*pattern == '@' || *pattern == '/') {
		log_warn("the pattern \"%.100s\": %s are not supported", pattern,
		         *pattern == '@' ? "netgroups" : "lists in files");
		return -1;
	}
	if (*pattern == '[' || strchr(pattern, '/') != NULL)
		return in_net(host, pattern);
	if (strpbrk(pattern, "*?") != NULL)
		return fnmatch(pattern, host->text, FNM_CASEFOLD) == 0
		       || (!numeric && has_name(host)
		           && fnmatch(pattern, host->name, FNM_CASEFOLD) == 0);
	if (*pattern == '.')
		return has_domain(host, pattern);
	if (length > 0 && pattern[length - 1] == '.')
		return strncmp(host->text, pattern, length) == 0;
	return strcasecmp(pattern, host->text) == 0
	       || (!numeric && has_name(host) && strcasecmp(pattern, host->name) == 0);
}

int tcpwrap_client_matches(const char *pattern, const struct tcpwrap *wrap,
                           const struct tcpwrap_peer *peer)
{
	struct host host = host_of(peer->address, peer->host, peer->disputed, peer->name_asked);
	const char *at = strchr(pattern, '@');

	(void)wrap;
	if (at != NULL && at != pattern) {
		log_warn("the pattern \"%.100s\": names of users are not supported", pattern);
		return -1;
	}
	return host_matches(pattern, &host);
}

/* "daemon" or "daemon@the address connected to". */
int tcpwrap_daemon_matches(const char *pattern, const struct tcpwrap *wrap,
                           const struct tcpwrap_peer *peer)
{
	const char *at = strchr(pattern, '@');
	size_t length = at != NULL && at != pattern ? (size_t)(at - pattern) : strlen(pattern);
	bool all = length == 3 && strncasecmp(pattern, "ALL", 3) == 0;
	struct host host;

	if (!all && (strlen(wrap->daemon) != length
	             || strncasecmp(pattern, wrap->daemon, length) != 0))
		return 0;
	if (pattern[length] == '\0')
		return 1;
	if (peer->local == NULL) {
		log_warn("the pattern \"%.100s\": the local address is not known", pattern);
		return -1;
	}
	host = host_of(peer->local, NULL, false, NULL);
	return host_matches(pattern + length + 1, &host);
}
