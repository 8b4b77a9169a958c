/* Inside of sessions: why one is over, and its record. */
#ifndef RELAY_SESSION_END_H
#define RELAY_SESSION_END_H

#include "relay/session.h"

/* A flow is not open any more: remember if that is the reason. The first thing that ends a session
 * is; but a failure counts more than an end. */
void session_note_end(struct session *session);

/* For a session with a record: its channels are open; it is over, and they are about to be
 * closed. */
void session_introduce(struct session *session);
void session_conclude(struct session *session);

#endif
