/* Why a session is over: for its record, and to be counted by. The words are documented, and
 * stay. */
#ifndef RELAY_CLOSE_REASON_H
#define RELAY_CLOSE_REASON_H

#include <stdbool.h>

#include "addr/failure.h"

enum close_reason {
	CLOSE_NONE,                  /* it is not over */
	/* Pairs: what has happened at the client's end, and at the upstream's. */
	CLOSE_CLIENT_CLOSED, CLOSE_UPSTREAM_CLOSED,            /* it was the first to end its output */
	CLOSE_CLIENT_RESET, CLOSE_UPSTREAM_RESET,
	CLOSE_CLIENT_TIMED_OUT, CLOSE_UPSTREAM_TIMED_OUT,      /* the kernel has given it up */
	CLOSE_CLIENT_READ_ERROR, CLOSE_UPSTREAM_READ_ERROR,
	CLOSE_CLIENT_WRITE_ERROR, CLOSE_UPSTREAM_WRITE_ERROR,
	CLOSE_CLIENT_TLS_CUT, CLOSE_UPSTREAM_TLS_CUT,          /* ended without close_notify */
	CLOSE_CLIENT_TLS_ERROR, CLOSE_UPSTREAM_TLS_ERROR,
	CLOSE_CLIENT_LIMIT, CLOSE_UPSTREAM_LIMIT,              /* option readbytes */
	CLOSE_CLIENT_ESCAPE, CLOSE_UPSTREAM_ESCAPE,            /* option escape */
	/* Of the session as a whole. */
	CLOSE_IDLE_TIMEOUT,          /* -T, or a peer that can't tell of its end has said nothing */
	CLOSE_LINGER_TIMEOUT,        /* one end has closed, and the other one rested (-t) */
	CLOSE_PROGRAM_EXITED,        /* a program has, and the other end, or what it left behind, rested */
	CLOSE_OUT_OF_MEMORY,
	CLOSE_GRACE_OVER,            /* the program was to end, and the time of --grace is over */
	CLOSE_SIGNAL,                /* the program ends at once */
	/* It has never begun. */
	CLOSE_LOOKUP_FAILED, CLOSE_CONNECT_FAILED, CLOSE_PROXY_FAILED, CLOSE_HANDSHAKE_FAILED,
	CLOSE_OPEN_FAILED,
	CLOSE_REASONS                /* how many there are */
};

/* A read or write that failed. */
struct close_failure {
	bool upstream;               /* at its end */
	bool writing;
	bool tls;                    /* it is a TLS channel */
	bool cut_off;                /* channel.cut_off */
	int error;                   /* errno */
};

/* Why such a failure ends a session. */
enum close_reason close_reason_of_failure(const struct close_failure *failure);
/* Why a session could not begin; CLOSE_NONE if its client was refused, and there was to be none. */
enum close_reason close_reason_of_opening(enum open_failure failure);

/* "client_closed": lower case, with underscores. The text is constant. */
const char *close_reason_word(enum close_reason reason);

#endif
