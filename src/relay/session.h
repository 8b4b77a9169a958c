/* A session: two channels and the flows between them.
 *
 * Half-close. When one flow is done the other goes on:
 *  - until nothing has moved for the time given with -t, if -t was given;
 *  - else, between two stream sockets in a server, unless writing failed, until it ends
 *    too. Peers that vanish are found: a UNIX peer by its hang-up, a TCP peer by keepalive,
 *    which is switched on when the wait has lasted a second, a program by its exit, and then
 *    0.5 s without anything moving;
 *  - else until nothing has moved for 0.5 s, as in the original.
 */
#ifndef RELAY_SESSION_H
#define RELAY_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "chan/chan.h"
#include "loop/loop.h"
#include "relay/close_reason.h"
#include "relay/flow.h"
#include "relay/record.h"

struct session_settings {
	bool to_right, to_left;    /* which flows there are (-u, -U) */
	int64_t linger;            /* -t in nanoseconds; -1: not given */
	int64_t idle;              /* -T in nanoseconds; -1: for ever */
	bool client_right;         /* the right channel is the client's, the left one the upstream's */
};

/* The members are the session's own. */
struct session {
	struct task task;              /* work to do in this turn */
	struct flow to_right, to_left;
	const struct session_settings *settings;
	struct timer timer;            /* whichever is due first */
	int64_t linger_due;            /* the second direction has rested; 0: no bound, or both open */
	int64_t active;                /* when something last moved */
	int64_t look_due;              /* look again: at a source with ignoreeof, or whether the peers
	                                * of a half-closed session may vanish; 0: no */
	struct record *record;         /* its owner's until it starts; NULL: there is to be none */
	uint16_t error;                /* errno of what has ended it; 0: no failure of a call */
	uint8_t reason;                /* enum close_reason */
	bool server : 1, half_closed : 1;
	bool running : 1;              /* started, and not over */
	/* Its owner's, kept from before the start: another process counts its end; see relay/tally.h. */
	bool elsewhere : 1;
	uint32_t tally;
	void (*ended)(void *owner, bool failed);
	void *owner;
};

/* Bytes and blocks moved since the program's start, ended sessions included. */
struct session_totals {
	uint64_t sessions, bytes[2], blocks[2];   /* [0]: left to right */
};
const struct session_totals *session_totals(void);

/* Start a session; it owns both channels from now on, even if it can't be started. Its memory is the
 * caller's, and has to stay until the end of the turn in which it ends.
 * server: one of many. What its owner has set before stays: record, elsewhere, tally. ended(): the
 * session is over and its channels are closed; failed tells whether an error ended it. Called from
 * the loop, never before session_start() returned. Returns 0, or -1 (logged, channels and record
 * freed) without memory. */
int session_start(struct session *session, struct channel *left, struct channel *right,
                  const struct session_settings *settings, bool server,
                  void (*ended)(void *owner, bool failed), void *owner);

/* Another process counts what this one moves: see sys/counters.h. */
void session_uncounted(struct session *session);

/* End it at once. ended() is not called. */
void session_cancel(struct session *session);
/* Why sessions are cancelled from now on: CLOSE_SIGNAL, which is what counts before, or
 * CLOSE_GRACE_OVER. */
void sessions_end_because(enum close_reason reason);
enum close_reason sessions_ended_because(void);

/* Add what is on its way to totals: for statistics of running sessions. */
void session_count(const struct session *session, struct session_totals *totals);

#endif
