#ifndef ADDR_ACCEPTFD_H
#define ADDR_ACCEPTFD_H

#include <stdbool.h>

#include "addr/addr.h"

/* True if this is an ACCEPT-FD with a socket for datagrams, of which several processes would each get
 * some of a peer's packets. */
bool acceptfd_gets_packets(const struct spec *spec);

#endif
