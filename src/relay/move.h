/* For flow.c and move.c: how bytes get from the source to the sink, and what flows share. */
#ifndef RELAY_MOVE_H
#define RELAY_MOVE_H

#include "relay/flow.h"

/* What one flow may move before others get their turn; a small block takes as long as one of
 * so many bytes. */
enum { TURN_BYTES = 1024 * 1024, BLOCK_BYTES = 4096 };

struct flows {
	size_t size, packet_size;
	unsigned char *scratch;
	const struct dump *dump;   /* NULL: nothing to show */
	size_t holding;            /* bytes that all flows hold, or are owed */
	int error;                 /* see flow_error_take() */
};
extern struct flows flows;

/* Bytes per read. */
static inline size_t flow_read_size(const struct flow *flow)
{
	return flow->makes_packets ? flows.packet_size : flows.size;
}

/* --- move.c --------------------------------------------------------------------- */

/* One read and the write of it, in the best way there is for the two channels. Adds to *moved. Returns
 * false if the flow has to wait, changed state, or left splicing. */
bool flow_move_once(struct flow *flow, size_t *moved);

/* Write what is in the flow's pipe, or hold it where that can't be. Returns false if the flow has to
 * wait or is over. */
bool flow_drain_pipe(struct flow *flow);

/* --- flow.c --------------------------------------------------------------------- */

/* The flow ends by an error that was logged. */
__attribute__((cold)) void flow_fail(struct flow *flow);
/* Reading or writing said so (errno): log it. */
__attribute__((cold)) void flow_read_failed(struct flow *flow);
__attribute__((cold)) void flow_write_failed(struct flow *flow);

/* So much was read: count and log it. */
void flow_transferred(struct flow *flow, size_t length);

/* Write as much as the sink takes. Returns false if the flow has to wait or is over. */
bool flow_write_out(struct flow *flow, const unsigned char *data, size_t length, size_t *written);

/* Keep what the sink did not take; or have a buffer for so much of it. Returns false without memory,
 * the flow has then failed. */
bool flow_hold(struct flow *flow, const unsigned char *data, size_t length);
bool flow_take_buffer(struct flow *flow, size_t length);
void flow_release_pipe(struct flow *flow);

#endif
