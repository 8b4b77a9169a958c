/* Sockets with connections whose addresses are known from the start, as a struct sockaddr:
 * VSOCK, and SOCKET-CONNECT and SOCKET-LISTEN. */
#ifndef ADDR_ENDPOINT_H
#define ADDR_ENDPOINT_H

#include "addr/open.h"
#include "sys/net.h"

struct endpoint {
	int domain, type, protocol;    /* for socket(2) */
	struct net_peer remote;        /* to connect to */
	struct net_peer local;         /* to bind to; length 0: not at all */
	/* What to do about a failed call: "; ..." for an error line, or "". */
	const char *(*hint)(const struct endpoint *endpoint, int error);
};

/* Bind a socket, unless the address has length 0. *closer, NULL before: removes the entry that a
 * UNIX socket gets. Returns 0, or -1 with errno set. */
int endpoint_bind(const struct spec *spec, int fd, const struct net_peer *local,
                  struct closer **closer);

/* Connect; options retry, forever, interval and connect-timeout hold. The endpoint is copied. */
struct opening *endpoint_open(const struct spec *spec, const struct open_request *request,
                              const struct endpoint *endpoint);

/* Listen on the local address. A UNIX socket's entry in the file system is removed at the end.
 * Returns NULL after logging. */
struct listener *endpoint_listen(const struct spec *spec, const struct listen_request *request,
                                 const struct endpoint *endpoint);

#endif
