/* One direction of a session: bytes from a source channel to a sink channel.
 *
 * Theory of operation. A flow is in one of these states:
 *
 *   OPEN    reading and writing. What could not be written is held; while something is
 *           held nothing is read: that is the back-pressure.
 *   DRAIN   the source is at its end; held bytes are still to be written.
 *   FINISH  all bytes are written; the sink's output is being ended (half-close).
 *   DONE    nothing left to do.
 *
 * Bytes usually go through one scratch buffer that all flows share, and a flow owns memory
 * only while it holds bytes. A flow between two plain descriptors that proves to be bulk
 * moves them with splice(2) through a pooled pipe instead, without copying them.
 *
 * Packets. Between two channels with packets each read and write is one packet, an empty one
 * included. A stream's bytes are cut into packets of a size; packets to a stream lose their
 * borders, and empty ones vanish.
 */
#ifndef RELAY_FLOW_H
#define RELAY_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chan/chan.h"

enum flow_state { FLOW_OPEN, FLOW_DRAIN, FLOW_FINISH, FLOW_DONE };

struct dump;
struct splice_pipe;

struct flow {
	struct channel *source, *sink;
	struct splice_pipe *pipe;      /* NULL: not splicing at the moment */
	unsigned char *held;           /* what the sink did not take, or NULL */
	uint32_t held_start, held_end; /* the same: an empty packet is held */
	uint32_t owed;                 /* bytes that the sink keeps but has not written */
	uint32_t lost;                 /* bytes that were read, and will never be written */
	uint32_t cut, refused;         /* packets: did not fit our buffer; lost */
	uint16_t packet_size;          /* what is held is packets of so many bytes; 0: one, or a stream */
	uint8_t state;                 /* enum flow_state */
	uint8_t full_reads;            /* in a row, or steps without copying: the sign of bulk */
	bool left_to_right : 1;
	bool failed : 1;               /* ended by an error, which was logged */
	bool source_broken : 1;        /* reading failed: the source's peer is gone */
	bool sink_broken : 1;          /* writing failed: so the source is not read any more */
	bool at_eof_again : 1;         /* ignoreeof: look again later */
	bool no_splice : 1;            /* tried: these descriptors can't */
	bool progress : 1;             /* something was read or written; cleared by who asks */
	bool uncounted : 1;            /* another process counts its bytes */
	bool last : 1;                 /* when it ends, its sink is closed at once */
	bool makes_packets : 1;        /* of a stream */
	uint64_t bytes, blocks;
};

/* Settings that all flows share; set once at the start. size: bytes per read (-b);
 * packet_size: the same where packets are made of a stream. Returns 0, or -1 without memory. */
int flows_init(size_t size, size_t packet_size, const struct dump *dump);

void flow_init(struct flow *flow, struct channel *source, struct channel *sink,
               bool left_to_right);

/* Move what can be moved. Returns true if there may be more to do right away (the turn's
 * share is used up), false if the flow waits for a channel or is DONE. */
bool flow_pump(struct flow *flow);

/* Bytes that were read and are still to be written. */
size_t flow_held(const struct flow *flow);
/* Why a flow has failed since the last call: errno; 0: none has. */
int flow_error_take(void);

/* All that its source had to say was written. */
bool flow_complete(const struct flow *flow);

/* The flow ends: say how many packets were cut or lost, of which only the first was reported. */
void flow_report(const struct flow *flow);

/* Give up what the flow holds. Channels are not touched. */
void flow_release(struct flow *flow);

#endif
