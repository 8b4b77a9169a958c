/* From an accepted connection to one that is ready for data, in the process that serves it: a
 * header of the PROXY protocol (option accept-proxy), who may connect as the header says, and
 * what the type does (a TLS handshake). */
#ifndef ADDR_UPGRADE_H
#define ADDR_UPGRADE_H

#include "addr/open.h"

bool spec_needs_upgrade(const struct spec *spec);

/* As addr_type.upgrade (see addr/open.h), for specs that need it. What the header says replaces
 * peer, local and type of the request's client. */
struct opening *spec_upgrade(const struct spec *spec, const struct upgrade_request *request);

#endif
