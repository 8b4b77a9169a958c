/* Option via: the address that makes the connection on which another one runs, so that TLS and
 * proxies stack in any order. */
#ifndef ADDR_VIA_H
#define ADDR_VIA_H

#include "addr/addr.h"

/* Parse the option's value, if there is one, into spec->via. Returns 0, or -1 (logged). */
int via_parse(struct spec *spec, const struct parse_settings *settings);

/* Options that act on the socket that connects to the server: with option via there is none. For
 * addr_type.check. Returns 0, or -1 (logged). */
int via_check(const struct spec *spec);

/* True if the spec, or one that it runs on, encrypts: its data has to pass through this process. */
bool spec_is_tls(const struct spec *spec);

#endif
