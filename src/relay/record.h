/* The record of a session: who had it, with whom, how much was said, and why it is over. As text it
 * is a notice, in JSON a line of its own (see the section LOGS of the manual), which is always
 * written.
 *
 * What is known is gathered in an allocation of its own, only where the record is going to be
 * written. Without memory the record has less to tell. All functions take NULL for a record.
 */
#ifndef RELAY_RECORD_H
#define RELAY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr/addr.h"
#include "addr/client.h"
#include "chan/chan.h"
#include "relay/close_reason.h"

struct record;

enum record_end { RECORD_CLIENT, RECORD_UPSTREAM };

/* How it went. [0]: left to right. */
struct record_sums {
	enum close_reason reason;
	int error;                  /* errno; 0: none */
	bool failed;
	size_t lost;                /* bytes that were read and not written */
	uint64_t bytes[2], blocks[2];
	bool client_right;
};

/* For the client of one address and the upstream of the other, from now on. NULL if records are not
 * written, or without memory. */
struct record *record_new(const struct address *client, const struct address *upstream);

/* One end is known by now, or better than before: who connected, certificates. */
void record_told(struct record *record, enum record_end end, const struct client_info *info);
/* Its channel is open. */
void record_opened(struct record *record, enum record_end end, const struct channel *channel);

/* Write it, and free it. Where an end is a program, it is written when that has exited, or after
 * half a second. The channels are still open. */
void record_over(struct record *record, const struct record_sums *sums);
/* The session could not begin: write and free it. CLOSE_NONE: only free it. why: "" is nothing. */
void record_not_begun(struct record *record, enum close_reason reason, const char *why);
/* The same, since an end could not be opened. */
void record_not_opened(struct record *record, const struct failure *failure);

void record_free(struct record *record);

/* Write those that wait for programs: nothing will be waited for any more. */
void records_flush(void);
/* In a child process: they are the parent's. */
void records_forget(void);

#endif
