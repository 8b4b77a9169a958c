/* What is said over a new connection before it carries data: with a proxy, with who sends a PROXY
 * header. Exactly as many bytes are taken from the channel as are asked for, so that whatever
 * comes behind the dialogue stays there for the session.
 *
 * The work is a script's: a function that is given what was heard, may answer, and says how many
 * bytes are certainly missing.
 */
#ifndef ADDR_DIALOGUE_H
#define ADDR_DIALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "chan/chan.h"

struct dialogue;

struct dialogue_request {
	struct channel *channel;       /* belongs to the dialogue from now on */
	const char *peer;              /* who that is, for messages: "the proxy"; must stay */
	int64_t timeout;               /* nanoseconds for all of it; -1: no limit */
	size_t max;                    /* bytes that may be heard until dialogue_forget() */
	/* The next step, first with nothing heard, then whenever something was. heard: all since the
	 * start or dialogue_forget(). Returns how many more bytes there will be at least; 0: the
	 * dialogue is over (as soon as what was said is written); -1: dialogue_fail() was called. */
	int (*step)(void *owner, struct dialogue *dialogue, const unsigned char *heard,
	            size_t length);
	/* The channel is the receiver's, not attached, and problem is NULL; or there is none, and
	 * why: valid until the call returns. unheard: the peer has closed the connection without
	 * a byte. Not called before the start has returned. */
	void (*done)(void *owner, struct channel *channel, const char *problem, bool unheard);
	/* NULL, or: the time is over; why it has failed, for done(). NULL: it is the time of option
	 * handshake-timeout. */
	const char *(*expired)(void *owner);
	void *owner;
	bool upstream;                 /* a server that was connected to: counted if it fails */
};

/* Returns NULL with errno set (no memory, no descriptor): the channel is still the caller's. */
struct dialogue *dialogue_start(const struct dialogue_request *request);

/* Give up: the channel is closed, done() not called. NULL is fine. */
void dialogue_cancel(struct dialogue *dialogue);

/* For scripts. */

/* Say this (a copy of it), after what was said before. */
void dialogue_say(struct dialogue *dialogue, const void *bytes, size_t length);
/* What was heard is dealt with: the next step gets what comes from here on. */
void dialogue_forget(struct dialogue *dialogue);
/* What the dialogue goes over. */
const struct channel *dialogue_channel(const struct dialogue *dialogue);
/* So much time for the rest, in nanoseconds, from now; -1: no limit. */
void dialogue_limit(struct dialogue *dialogue, int64_t timeout);
/* It has failed, for this reason. Returns -1, for step() to return. */
int dialogue_fail(struct dialogue *dialogue, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
