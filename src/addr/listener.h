/* Listening stream sockets: what TCP-LISTEN, UNIX-LISTEN and their like share. */
#ifndef ADDR_LISTENER_H
#define ADDR_LISTENER_H

#include "addr/open.h"

/* Accept from a descriptor that listens. It, and the closer (may be NULL), which is run when
 * the listener closes, belong to the listener from now on, even on failure. Options: range,
 * tcpwrap, sourceport, lowport, accept-timeout, and those that act on the connection.
 * Returns NULL after logging. */
struct listener *listener_new(const struct spec *spec, int fd, struct closer *closer,
                              const struct listen_request *request);

/* The same with a socket that others have made and may use too: options that act on a socket
 * before it is bound act on each connection instead. */
struct listener *listener_inherit(const struct spec *spec, int fd,
                                  const struct listen_request *request);

/* SO_REUSEADDR is on by default for listening sockets; "reuseaddr=" leaves it alone. Returns 0,
 * or -1 with errno set. */
int listener_reuseaddr(const struct spec *spec, int fd);

/* Connections that may wait, by default: the kernel cuts it to net.core.somaxconn. */
enum { LISTENER_BACKLOG = 4096 };

/* The opening of one channel by a type that listens: the first connection accepted. Options
 * retry, interval and forever hold for the listening, too. */
struct opening *listener_open_once(const struct spec *spec, const struct open_request *request);

#endif
