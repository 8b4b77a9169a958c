/* UNIX datagram sockets, for the types that may turn out to need one (UNIX-CLIENT, GOPEN). */
#ifndef ADDR_UNIX_DATAGRAM_H
#define ADDR_UNIX_DATAGRAM_H

#include "addr/open.h"

/* A channel that sends to this name and takes only its packets. The socket, with its own name if
 * it has one, and the closer (may be NULL) belong to the channel from now on, also on failure.
 * Returns NULL (logged). */
struct channel *unix_datagram_channel(const struct spec *spec, const char *name, int fd,
                                      struct closer *closer);

#endif
