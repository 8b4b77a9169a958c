/* What the addresses over IP share: families, names, ports, binding, connecting. */
#ifndef ADDR_IP_H
#define ADDR_IP_H

#include "addr/open.h"
#include "sys/net.h"

/* Which IP version to prefer where the address leaves it open: AF_INET (-4, the default),
 * AF_INET6 (-6) or AF_UNSPEC (-0). listening: SOCAT_DEFAULT_LISTEN_IP counts; otherwise
 * SOCAT_PREFERRED_RESOLVE_IP. Command line first: ip_set_version(). */
void ip_set_version(int family);
int ip_version(bool listening);
/* Read the environment. Returns 0, or -1 (logged). */
int ip_read_environment(void);

/* The family that the type or option pf asks for; AF_UNSPEC if neither does. */
int ip_family(const struct spec *spec);

/* Check that option pf is an IP version and does not contradict the type. */
int ip_check_family(const struct spec *spec);

/* Check a port, a host and option bind, opening nothing: for addr_type.check. */
int ip_check_port(const struct spec *spec, const char *text, const char *protocol);
int ip_check_host(const struct spec *spec, const char *text);
int ip_check_bind(const struct spec *spec, const char *protocol);

/* Take "host:port" of option bind apart. host has room for size bytes; empty if none was
 * given. Returns the port, 0 if none was given; -1 if it is not a port. */
int ip_split_bind(const char *text, const char *protocol, char *host, size_t size);

/* Look a local host name up, at the start, waiting for it. Returns 0, or -1 (logged). */
int ip_resolve_now(const struct spec *spec, const char *host, union net_addr *addr);

/* The local address to listen on or to receive at: option bind, or any. A host name is looked
 * up at once. Returns 0, or -1 (logged). */
int ip_local_address(const struct spec *spec, const char *port, const char *protocol,
                     union net_addr *addr);

/* What to do about a failed bind: "; ..." for an error line, or "". */
const char *ip_bind_hint(const union net_addr *addr, int error);

/* What to do about a failed socket(2): "; ..." for an error line, or "". */
const char *ip_socket_hint(int error);

/* True if socket(2) fails like this where the kernel does not know the protocol. */
bool ip_missing(int error);

/* Put the preferred family's addresses first, keeping the order otherwise. */
void ip_prefer(union net_addr *addrs, unsigned count, int family);

/* How to connect. */
struct ip_target {
	const char *host;      /* name or number; must stay as long as the spec */
	int port;
	int socktype, protocol;
};

/* Connect a socket, trying all addresses of the name in turn, again and again as options
 * retry, forever and interval say. done() gets the descriptor of the connected,
 * non-blocking socket, or -1 after an error was logged. */
struct ip_request {
	struct ip_target target;
	const char *service;   /* names of ports in option bind; NULL: by protocol */
	const char *missing;   /* "; ..." behind the error of a kernel without the protocol, or NULL */
	bool server;
	bool again;            /* failing is no error: somebody will try again */
	/* NULL, or: don't connect; the address is written here before done() is called. */
	union net_addr *unconnected;
	/* NULL: options retry and forever say how often; or what is left of that, shared with who
	 * has more to do for each attempt. */
	int64_t *tries_left;
	/* NULL, or: gets what watches the connected socket, if anything does, so that it need not be
	 * registered again. Whoever closes the socket without having taken it over ends it. */
	struct watch *watch;
	bool peer_sourceport;  /* option sourceport is about the peer's port, not ours */
	void (*done)(void *owner, int fd);
	void *owner;
};
struct opening *ip_connect(const struct spec *spec, const struct ip_request *request);

#endif
