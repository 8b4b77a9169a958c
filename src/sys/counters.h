/* Counters of what the process does, for who operates it (--metrics). They always count; only who
 * shares them with other processes has them in memory that those see, too.
 *
 * A slot is a set of all counters. Each worker has one, and shares it with its child processes: so
 * workers don't wait for each other, and what one counted outlives it.
 */
#ifndef SYS_COUNTERS_H
#define SYS_COUNTERS_H

#include <stdint.h>

/* Why a connection was turned away before it was a session. */
enum refusal {
	REFUSED_RANGE,           /* range, range-file */
	REFUSED_TCPWRAP,
	REFUSED_PORT,            /* sourceport, lowport */
	REFUSED_PROXY_SOURCE,    /* accept-proxy-from does not name who connected */
	REFUSED_PROXY_HEADER,    /* its PROXY header was missing, late or wrong */
	REFUSED_PER_PEER,        /* max-children-per-peer */
	REFUSED_SHORTAGE,        /* no memory, descriptor or process for it */
	REFUSALS
};

/* Why an attempt to connect to an address has failed. */
enum connect_failure {
	CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECT_UNREACHABLE,
	CONNECT_DNS,             /* the host's name has no address, or could not be looked up */
	CONNECT_MISSING,         /* a UNIX socket: there is no such file */
	CONNECT_DENIED,          /* by permissions, or a packet filter */
	CONNECT_OTHER,
	CONNECT_FAILURES
};

/* Why peers did not come to terms. */
enum handshake_failure {
	HANDSHAKE_OTHER,
	HANDSHAKE_CLOSED,        /* the peer closed the connection */
	HANDSHAKE_TIMEOUT,
	HANDSHAKE_CERTIFICATE,   /* the peer's is not acceptable */
	HANDSHAKE_REFUSED,       /* the peer has said no: an alert of TLS, a proxy's answer */
	HANDSHAKE_FAILURES
};
enum handshake_side { SIDE_CLIENT, SIDE_UPSTREAM, SIDES };

enum {
	CONNECT_BUCKETS = 14,    /* of connect times; what took longer is late */
	ENDS = 32,               /* why sessions end: enum close_reason (relay/close_reason.h), or: */
	ENDED_KILLED = ENDS - 1, /* the process that had it was killed */
	COUNT_SESSIONS = 0,
	COUNT_ENDED = COUNT_SESSIONS + 1,
	COUNT_BYTES = COUNT_ENDED + ENDS,          /* left to right, right to left */
	COUNT_REFUSED = COUNT_BYTES + 2,
	COUNT_SHORTAGES = COUNT_REFUSED + REFUSALS,
	COUNT_RATE_WAITS = COUNT_SHORTAGES + 1,
	COUNT_DROPPED = COUNT_RATE_WAITS + 1,      /* packets of peers that were not let in */
	COUNT_CONNECT_FAILED = COUNT_DROPPED + 1,
	COUNT_HANDSHAKE_FAILED = COUNT_CONNECT_FAILED + CONNECT_FAILURES,
	COUNT_CONNECT_TIME = COUNT_HANDSHAKE_FAILED + SIDES * HANDSHAKE_FAILURES, /* ns, the sum */
	COUNT_CONNECT_BUCKET = COUNT_CONNECT_TIME + 1,
	COUNT_CONNECT_LATE = COUNT_CONNECT_BUCKET + CONNECT_BUCKETS,
	COUNTERS
};

/* One of COUNT_..., plus one of the enum that it stands for. */
void counter_add(unsigned counter, uint64_t n);

/* An attempt to connect has failed with this errno. */
void counter_connect_failed(int error);
/* One was successful, after so many nanoseconds. */
void counter_connected(int64_t nanoseconds);
/* The upper bounds of the buckets of that, in units of 100 microseconds. */
extern const uint32_t counter_connect_bounds[CONNECT_BUCKETS];

/* Before anything is counted: have so many slots in memory that child processes share. This process
 * uses slot 0. Returns 0, or -1 with errno set. */
int counters_share(unsigned slots);
/* This process and its children count here from now on. Does nothing unless they are shared. */
void counters_use(unsigned slot);
/* This process is going to have children that count in its slot, too. */
void counters_have_company(void);
/* All slots together. */
uint64_t counter_sum(unsigned counter);
/* The same of one. */
uint64_t counter_of(unsigned slot, unsigned counter);
/* The process that served the sessions of a slot is dead: they have ended, too, unless children have
 * them. */
void counters_killed(unsigned slot);

#endif
