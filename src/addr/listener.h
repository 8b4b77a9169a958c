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

/* The opening of one channel by a type that listens: the first connection accepted. */
struct opening *listener_open_once(const struct spec *spec, const struct open_request *request);

/* Try fn(spec) until it returns a descriptor, as options retry, interval and forever say:
 * at the start, so it may sleep. Returns the descriptor, or -1 (logged). */
int listen_with_retry(const struct spec *spec, int (*fn)(const struct spec *spec, bool last));

#endif
