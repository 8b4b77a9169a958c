/* Host names to addresses, off the loop.
 *
 * Look-ups run in threads (offload.h). Concurrent look-ups of one name share one query. Numeric addresses
 * never come here: see net_parse_host().
 */
#ifndef LOOP_RESOLVE_H
#define LOOP_RESOLVE_H

#include "sys/net.h"

/* musl's resolver returns up to 48. */
enum { RESOLVE_MAX = 48 };

struct resolve_result {
	int error;                        /* 0, or an EAI_... code for gai_strerror(3) */
	int system_error;                 /* errno, if that is EAI_SYSTEM */
	unsigned count;
	union net_addr addrs[RESOLVE_MAX]; /* in getaddrinfo's order (RFC 6724), port 0 */
};

struct lookup;

/* Look up a name. family: AF_UNSPEC, AF_INET or AF_INET6. flags: AI_... of getaddrinfo(3).
 * netns: descriptor of the network namespace to look it up in, or -1. done() is called from
 * the loop, once, unless cancelled; the handle is void from then on. Returns NULL with errno
 * set if no thread or memory is to be had. */
struct lookup *resolve_start(const char *host, int family, int flags, int netns,
                             void (*done)(void *owner, const struct resolve_result *result),
                             void *owner);
void resolve_cancel(struct lookup *lookup);

enum { RESOLVE_NAME = 256 };

struct resolve_name {
	char name[RESOLVE_NAME];   /* empty: the address has no name */
	bool disputed;             /* the name has other addresses, not this one */
};

/* The other way round: the name of an address, checked by looking the name up again. */
struct name_lookup;
struct name_lookup *resolve_name_start(const union net_addr *addr,
                                       void (*done)(void *owner, const struct resolve_name *name),
                                       void *owner);
void resolve_name_cancel(struct name_lookup *lookup);

#endif
