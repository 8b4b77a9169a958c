#include "addr/ip.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "sys/error.h"
#include "sys/log.h"

static struct {
	int version;          /* -4, -6, -0 of the command line */
	bool version_given;
	int listen_version, resolve_version;
} settings = { AF_INET, false, AF_INET, AF_INET };

void ip_set_version(int family)
{
	settings.version = family;
	settings.version_given = true;
}

int ip_version(bool listening)
{
	if (settings.version_given)
		return settings.version;
	return listening ? settings.listen_version : settings.resolve_version;
}

static int read_version(const char *name, int *family, bool zero)
{
	const char *text = getenv(name);

	if (text == NULL || *text == '\0')
		return 0;
	if (strcmp(text, "4") == 0)
		*family = AF_INET;
	else if (strcmp(text, "6") == 0)
		*family = AF_INET6;
	else if (zero && strcmp(text, "0") == 0)
		*family = AF_UNSPEC;
	else {
		log_error("environment variable %s is \"%s\": must be %s", name, text,
		          zero ? "0, 4 or 6" : "4 or 6");
		return -1;
	}
	return 0;
}

int ip_read_environment(void)
{
	if (read_version("SOCAT_DEFAULT_LISTEN_IP", &settings.listen_version, false) < 0)
		return -1;
	return read_version("SOCAT_PREFERRED_RESOLVE_IP", &settings.resolve_version, true);
}

int ip_family(const struct spec *spec)
{
	if (spec->type->family != AF_UNSPEC)
		return spec->type->family;
	return (int)spec_number(spec, "protocol-family", AF_UNSPEC);
}

int ip_check_family(const struct spec *spec)
{
	int type = spec->type->family, pf = (int)spec_number(spec, "protocol-family", AF_UNSPEC);

	if (pf != AF_UNSPEC && pf != AF_INET && pf != AF_INET6) {
		log_error("%s: option \"pf\" must be ip4 or ip6 with this address type", spec->text);
		return -1;
	}
	if (type != AF_UNSPEC && pf != AF_UNSPEC && pf != type) {
		log_error("%s: option \"pf\" asks for another IP version than %s does", spec->text,
		          spec->type->name);
		return -1;
	}
	return 0;
}

int ip_check_port(const struct spec *spec, const char *text, const char *protocol)
{
	if (net_parse_port(text, protocol) >= 0)
		return 0;
	if (*text == '\0')
		log_error("%s: the port is missing", spec->text);
	else if (*text >= '0' && *text <= '9')
		log_error("%s: \"%s\" is not a port: must be a number from 0 to 65535", spec->text,
		          text);
	else
		log_error("%s: \"%s\" is not a port: no such service for %s in /etc/services",
		          spec->text, text, protocol);
	return -1;
}

int ip_check_host(const struct spec *spec, const char *text)
{
	int family = ip_family(spec);
	union net_addr addr;

	if (*text == '\0') {
		log_error("%s: the host is missing", spec->text);
		return -1;
	}
	if (ip_check_family(spec) < 0)
		return -1;
	switch (net_parse_host(text, family, &addr)) {
	case 0:
		return 0;
	case -2:
		/* the interface may be one of another network namespace */
		if (strchr(text, '%') != NULL && spec_opt(spec, "netns") != NULL &&
		    family != AF_INET)
			return 0;
		log_error("%s: \"%s\" is not an IPv%d address%s", spec->text, text,
		          family == AF_INET ? 4 : 6,
		          strchr(text, '%') != NULL ? ", or there is no such interface" : "");
		return -1;
	default:
		break;
	}
	if (strpbrk(text, " \t\n[]%:/\\") != NULL || strlen(text) > 253) {
		log_error("%s: \"%.80s\" is neither an IP address nor a host name", spec->text, text);
		return -1;
	}
	return 0;
}

int ip_split_bind(const char *text, const char *protocol, char *host, size_t size)
{
	const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
	size_t length;

	if (colon != NULL && bracket != NULL && colon < bracket)
		colon = NULL;
	/* "::1" without brackets is an address, not a host and a port */
	if (colon != NULL && bracket == NULL && strchr(text, ':') != colon)
		colon = NULL;
	length = colon != NULL ? (size_t)(colon - text) : strlen(text);
	if (length >= size)
		return -1;
	memcpy(host, text, length);
	host[length] = '\0';
	return colon == NULL ? 0 : net_parse_port(colon + 1, protocol);
}

int ip_check_bind(const struct spec *spec, const char *protocol)
{
	const char *text = spec_string(spec, "bind");
	char host[256];

	if (text == NULL)
		return 0;
	if (*text == '\0') {
		log_error("%s: option \"bind\": the address is missing", spec->text);
		return -1;
	}
	if (ip_split_bind(text, protocol, host, sizeof(host)) < 0 && strrchr(text, ':') != NULL) {
		log_error("%s: option \"bind=%s\": \"%s\" is not a port", spec->text, text,
		          strrchr(text, ':') + 1);
		return -1;
	}
	if (ip_split_bind(text, protocol, host, sizeof(host)) < 0) {
		log_error("%s: option \"bind=%s\": must be host, host:port or :port", spec->text,
		          text);
		return -1;
	}
	return host[0] == '\0' ? 0 : ip_check_host(spec, host);
}

int ip_resolve_now(const struct spec *spec, const char *host, union net_addr *addr)
{
	struct addrinfo hints = { .ai_family = ip_family(spec), .ai_socktype = SOCK_STREAM,
	                          .ai_flags = AI_PASSIVE };
	struct addrinfo *list, *best;
	int error = getaddrinfo(host, NULL, &hints, &list), prefer = ip_version(true);

	if (error != 0) {
		log_error("%s: looking up \"%s\": %s", spec->text, host, error_lookup_text(error));
		return -1;
	}
	for (best = list; best != NULL && best->ai_family != prefer; best = best->ai_next)
		;
	if (best == NULL)
		best = list;
	if (best != NULL)
		memcpy(addr, best->ai_addr, best->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

int ip_local_address(const struct spec *spec, const char *port, const char *protocol,
                     union net_addr *addr)
{
	const char *text = spec_string(spec, "bind");
	int family = ip_family(spec);
	char host[256] = "";

	memset(addr, 0, sizeof(*addr));
	if (text != NULL)
		ip_split_bind(text, protocol, host, sizeof(host));
	if (host[0] == '\0') {
		if (family == AF_UNSPEC)
			family = ip_version(true);
		/* -0: IPv6 sockets serve both versions */
		addr->sa.sa_family = (sa_family_t)(family == AF_UNSPEC ? AF_INET6 : family);
	} else if (net_parse_host(host, family, addr) < 0 &&
	           ip_resolve_now(spec, host, addr) < 0) {
		return -1;
	}
	net_set_port(addr, (unsigned)net_parse_port(port, protocol));
	return 0;
}

const char *ip_bind_hint(const union net_addr *addr, int error)
{
	if (error == EACCES && net_port(addr) > 0 && net_port(addr) < 1024)
		return "; ports below 1024 need the capability NET_BIND_SERVICE "
		       "(docker run --cap-add NET_BIND_SERVICE), or use a port from 1024";
	if (error == EADDRINUSE)
		return "; another process listens there";
	if (error == EADDRNOTAVAIL)
		return "; no interface of this machine has that address";
	return "";
}

const char *ip_socket_hint(int error)
{
	return error == EPERM ? "; raw sockets need the capability NET_RAW "
	                        "(docker run --user 0 --cap-add NET_RAW), or root" : "";
}

bool ip_missing(int error)
{
	return error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT;
}

void ip_prefer(union net_addr *addrs, unsigned count, int family)
{
	unsigned first = 0;

	for (unsigned i = 0; i < count; i++)
		if (addrs[i].sa.sa_family == family) {
			union net_addr wanted = addrs[i];

			memmove(addrs + first + 1, addrs + first, (i - first) * sizeof(*addrs));
			addrs[first++] = wanted;
		}
}
