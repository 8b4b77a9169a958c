/* Who may connect: options range, range-file, tcpwrap, sourceport and lowport of addresses that
 * listen. */
#ifndef ADDR_ACCESS_H
#define ADDR_ACCESS_H

#include "addr/addr.h"
#include "loop/resolve.h"
#include "sys/net.h"

struct access;

/* Check the options, for addr_type.check. Returns 0, or -1 (logged). */
int access_check(const struct spec *spec);

/* Read the options once for many connections. low_port: option lowport is about the peer's port,
 * not ours. NULL with errno set. */
struct access *access_new(const struct spec *spec, bool low_port);
void access_free(struct access *access);

enum access_answer {
	ACCESS_GRANTED,
	ACCESS_REFUSED,      /* the well-known line was logged */
	ACCESS_WANTS_NAME    /* ask again with the peer's host name */
};

/* True if it wants to know which local address the peer connected to. */
bool access_wants_local(const struct access *access);

/* May this peer connect? local: what it connected to (length 0: not known). name: NULL if it
 * was not looked up yet. */
enum access_answer access_ask(const struct access *access, const struct net_peer *peer,
                              const struct net_peer *local, const struct resolve_name *name);

#endif
