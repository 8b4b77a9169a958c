/* How many sessions each client has (option max-children-per-peer). A client is an IPv4 address, a
 * network of IPv6 (an address, if it is link-local), a user at a UNIX socket, or a VSOCK cid. Where
 * nothing of that is known all are the same client. */
#ifndef RELAY_TALLY_H
#define RELAY_TALLY_H

#include <stdint.h>

#include "addr/addr.h"
#include "addr/client.h"

struct tally;

/* For a spec with the option. Returns NULL with errno set. */
struct tally *tally_new(const struct spec *spec);
/* NULL is fine. */
void tally_free(struct tally *tally);

/* One more session of a client, whose connection this descriptor is (-1: it has none of its own).
 * Returns what tally_give() wants, never 0; or 0 if it has as many as it may, or there is no memory,
 * which is said now and then. */
uint32_t tally_take(struct tally *tally, const struct client_info *client, int fd);
/* It is over. 0 is fine. */
void tally_give(struct tally *tally, uint32_t entry);

#endif
