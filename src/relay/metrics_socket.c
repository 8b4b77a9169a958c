/* Where metrics are to be had: reading the value of --metrics, and listening there. */
#include "relay/metrics.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/bind.h"
#include "addr/ip.h"
#include "addr/unix_name.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/net.h"

enum { BACKLOG = 64 };

const char *metrics_place_read(const char *text, struct metrics_place *place)
{
	const char *colon = strrchr(text, ':'), *port = colon != NULL ? colon + 1 : text;
	size_t length = colon != NULL ? (size_t)(colon - text) : 0;
	struct net_peer peer;

	*place = (struct metrics_place){ .path = NULL };
	if (strchr(text, '/') != NULL) {
		place->path = text;
		return net_unix(text, false, false, &peer) < 0 ? "is too long for a socket's path"
		                                               : NULL;
	}
	place->port = net_parse_port(port, "tcp");
	if (place->port < 0)
		return "is no [HOST:]PORT, nor a path with a slash";
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length) != NULL) {
		return "has an IPv6 address without brackets: write [ADDRESS]:PORT";
	}
	if (length >= sizeof(place->host))
		return "has a host's name that is too long";
	memcpy(place->host, text, length);
	place->host[length] = '\0';
	return NULL;
}

static int failed(int fd, const char *what, const char *call, const union net_addr *addr)
{
	int error = errno;

	log_error("option --metrics: %s: %s: %s%s", what, call, error_text(error),
	          addr->sa.sa_family != AF_UNIX ? ip_bind_hint(addr, error)
	          : error == EADDRINUSE ? "; a process listens there, or it is no socket" : "");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The socket that a killed run has left behind is in nobody's way. */
static bool remove_stale(const char *path, const struct net_peer *peer)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && unix_ask(peer) == ECONNREFUSED &&
	    unlink(path) == 0)
		return true;
	errno = EADDRINUSE;
	return false;
}

static int bind_to(int fd, const char *path, const struct net_peer *local)
{
	if (bind_privileged(fd, &local->addr, local->length) == 0)
		return 0;
	if (path == NULL || errno != EADDRINUSE || !remove_stale(path, local))
		return -1;
	return bind_privileged(fd, &local->addr, local->length);
}

static int listen_at(const char *what, const char *path, const struct net_peer *local)
{
	static const int one = 1, zero = 0;
	int fd = socket(local->addr.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return failed(fd, what, "socket", &local->addr);
	/* these mean nothing to sockets of other families, which refuse them */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind_to(fd, path, local) < 0)
		return failed(fd, what, "bind", &local->addr);
	if (listen(fd, BACKLOG) < 0)
		return failed(fd, what, "listen", &local->addr);
	return fd;
}

/* A host's name at the start, when nobody is served yet: this waits. Returns 0, or -1 (logged). */
static int look_up(const char *host, union net_addr *addr)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list;
	int error;

	if (net_parse_host(host, AF_UNSPEC, addr) == 0)
		return 0;
	error = getaddrinfo(host, NULL, &hints, &list);
	if (error != 0) {
		log_error("option --metrics: looking up \"%s\": %s", host,
		          error_lookup_text(error));
		return -1;
	}
	memcpy(addr, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

/* A socket for IPv6 serves both versions; where there is no IPv6, one for IPv4. */
static sa_family_t any_family(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return AF_INET;
	close(fd);
	return AF_INET6;
}

int metrics_listen(const struct metrics_place *place, const char *what)
{
	struct net_peer local = { .length = 0 };
	char text[NET_TEXT];
	int fd;

	if (place->path != NULL)
		net_unix(place->path, false, false, &local);
	else if (place->host[0] == '\0')
		local.addr.sa.sa_family = any_family();
	else if (look_up(place->host, &local.addr) < 0)
		return -1;
	if (place->path == NULL) {
		net_set_port(&local.addr, (unsigned)place->port);
		local.length = net_length(&local.addr);
	}
	fd = listen_at(what, place->path, &local);
	if (fd >= 0 && getsockname(fd, &local.addr.sa, &local.length) == 0)
		log_notice("serving metrics on %s", net_print(&local.addr, local.length, text,
		                                              sizeof(text)));
	return fd;
}

void metrics_unlisten(const struct metrics_place *place)
{
	if (place->path != NULL)
		unlink(place->path);
}
