/* Who may connect: options range, tcpwrap, sourceport and lowport of listening addresses. */
#ifndef ADDR_ACCESS_H
#define ADDR_ACCESS_H

#include "addr/addr.h"
#include "sys/net.h"

struct access;

/* Check the options, for addr_type.check. Returns 0, or -1 (logged). */
int access_check(const struct spec *spec);

/* Read the options once for many connections. NULL with errno set. */
struct access *access_new(const struct spec *spec);
void access_free(struct access *access);

/* May this peer connect? Logs the well-known line if not. */
bool access_permits(const struct access *access, const struct net_peer *peer);

#endif
