#include "relay/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/dump.h"
#include "relay/move.h"
#include "relay/splice.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

/* Room for what a channel says about a failed read or write. */
enum { EXPLANATION = 512 };

struct flows flows;

int flows_init(size_t size, size_t packet_size, const struct dump *dump)
{
	flows.size = size;
	flows.packet_size = packet_size;
	flows.scratch = malloc(size);
	flows.dump = dump != NULL && dump_wanted(dump) ? dump : NULL;
	return flows.scratch == NULL ? -1 : 0;
}

void flow_init(struct flow *flow, struct channel *source, struct channel *sink,
               bool left_to_right)
{
	memset(flow, 0, sizeof(*flow));
	flow->source = source;
	flow->sink = sink;
	flow->left_to_right = left_to_right;
	flow->no_splice = flows.dump != NULL;
	flow->makes_packets = sink->writes_packets && !source->reads_packets;
}

static void release_held(struct flow *flow)
{
	if (flow->held == NULL)
		return;
	flows.holding -= flow->held_end;
	free(flow->held);
	flow->held = NULL;
	flow->held_start = flow->held_end = 0;
	flow->packet_size = 0;
}

void flow_release_pipe(struct flow *flow)
{
	splice_return(flow->pipe);
	flow->pipe = NULL;
}

void flow_release(struct flow *flow)
{
	flows.holding -= flow->owed;
	flow->owed = 0;
	release_held(flow);
	flow_release_pipe(flow);
}

size_t flow_held(const struct flow *flow)
{
	return flow->held_end - flow->held_start + flow->owed +
	       (flow->pipe != NULL ? splice_held(flow->pipe) : 0);
}

void flow_report(const struct flow *flow)
{
	if (flow->cut > 1)
		log_warn("read(%d, ...): %u packets were larger than the buffer",
		         flow->source->read_fd, flow->cut);
	if (flow->refused > 1)
		log_warn("write(%d, ...): %u packets could not be written and are lost",
		         flow->sink->write_fd, flow->refused);
}

int flow_error_take(void)
{
	int error = flows.error;

	flows.error = 0;
	return error;
}

bool flow_complete(const struct flow *flow)
{
	return flow->state == FLOW_DONE && !flow->failed && !flow->source_broken &&
	       !flow->sink_broken;
}

/* What it has is lost. */
__attribute__((cold)) static void flow_give_up(struct flow *flow)
{
	flow->lost += (uint32_t)flow_held(flow);
	flow->state = FLOW_DONE;
	flow_release(flow);
}

void flow_fail(struct flow *flow)
{
	flow->sink->incomplete = true;
	flow->failed = true;
	flow_give_up(flow);
}

void flow_read_failed(struct flow *flow)
{
	int error = errno;
	char why[EXPLANATION];

	flows.error = error;
	log_error("read(%d, ...): %s%s", flow->source->read_fd, error_text(error),
	          channel_explain(flow->source, error, why, sizeof(why)));
	flow->source_broken = true;
	flow->sink->incomplete = true;
	flow->failed = true;
	flow->state = FLOW_DRAIN;
}

/* The peer does not take our bytes any more: they are lost, and that is said. */
void flow_write_failed(struct flow *flow)
{
	int error = errno;
	char why[EXPLANATION];

	flows.error = error;
	flow->sink_broken = true;
	if (flow->sink->cool_write && (errno == EPIPE || errno == ECONNRESET)) {
		log_notice("write(%d, ...): %s", flow->sink->write_fd, error_text(errno));
		flow_give_up(flow);
		return;
	}
	log_error("write(%d, ...): %s%s", flow->sink->write_fd, error_text(error),
	          channel_explain(flow->sink, error, why, sizeof(why)));
	flow_fail(flow);
}

/* A packet among others that the network has no room for is lost, as it might be later on its way. */
__attribute__((cold)) static bool packet_dropped(struct flow *flow, size_t length)
{
	if (errno != ENOBUFS || !flow->source->reads_packets)
		return false;
	flow->lost += (uint32_t)length;
	if (flow->refused++ == 0)
		log_warn("write(%d, ...): %s: a packet of %zu bytes is lost", flow->sink->write_fd,
		         error_text(errno), length);
	return true;
}

/* A packet that the sink can't take, ever: it alone is lost. */
__attribute__((cold)) static bool packet_refused(struct flow *flow, size_t length)
{
	if (!flow->sink->writes_packets)
		return false;
	if (errno != EMSGSIZE)
		return packet_dropped(flow, length);
	if (!flow->source->reads_packets) {
		log_error("write(%d, ...): a packet of %zu bytes is too large; -b sets the size",
		          flow->sink->write_fd, length);
		flows.error = EMSGSIZE;
		flow->sink_broken = true;
		flow_fail(flow);
		return false;
	}
	flow->lost += (uint32_t)length;
	if (flow->refused++ == 0)
		log_error("write(%d, ...): a packet of %zu bytes is too large; it is lost",
		          flow->sink->write_fd, length);
	flow->failed = true;
	return true;
}

void flow_transferred(struct flow *flow, size_t length)
{
	flow->bytes += length;
	if (!flow->uncounted)
		counter_add(COUNT_BYTES + !flow->left_to_right, length);
	/* most connections say one thing each way; who says more shall not wait for what the peer
	 * confirms late because it waits for the rest */
	if (++flow->blocks == 2)
		channel_send_at_once(flow->sink);
	flow->progress = true;
	log_info("transferred %zu bytes from %d to %d", length, flow->source->read_fd,
	         flow->sink->write_fd);
}

bool flow_take_buffer(struct flow *flow, size_t length)
{
	flow->held = malloc(length);
	if (flow->held != NULL) {
		flow->held_start = 0;
		flow->held_end = (uint32_t)length;
		flows.holding += length;
		return true;
	}
	log_error("no memory to hold what could not be written: %s", error_text(ENOMEM));
	flows.error = ENOMEM;
	/* what is in a pipe counts as held */
	if (flow->pipe == NULL)
		flow->lost += (uint32_t)length;
	flow_fail(flow);
	return false;
}

/* Keep what the sink did not take. */
bool flow_hold(struct flow *flow, const unsigned char *data, size_t length)
{
	if (!flow_take_buffer(flow, length))
		return false;
	memcpy(flow->held, data, length);
	return true;
}

/* Write as much as the sink takes. Returns false if the flow has to wait or is over. */
bool flow_write_out(struct flow *flow, const unsigned char *data, size_t length, size_t *written)
{
	*written = 0;
	do {
		size_t n = 0, part = length - *written;

		if (flow->packet_size > 0 && part > flow->packet_size)
			part = flow->packet_size;
		switch (channel_write(flow->sink, data + *written, part, &n)) {
		case IO_OK:
			*written += n;
			flow->progress = true;
			break;
		case IO_AGAIN:
			return false;
		default:
			if (packet_refused(flow, part)) {
				*written += part;
				break;
			}
			if (flow->state != FLOW_DONE)
				flow_write_failed(flow);
			return false;
		}
	} while (*written < length);
	return true;
}

static bool write_held(struct flow *flow)
{
	size_t written;
	bool all = flow_write_out(flow, flow->held + flow->held_start,
	                     flow->held_end - flow->held_start, &written);

	if (flow->state == FLOW_DONE) {
		flow->lost -= (uint32_t)written;
		return false;
	}
	flow->held_start += (uint32_t)written;
	if (all)
		release_held(flow);
	return all;
}

/* The sink has these bytes already: see write_room() in chan.h. */
static bool write_owed(struct flow *flow)
{
	size_t n = 0;

	switch (channel_write(flow->sink, "", flow->owed, &n)) {
	case IO_OK:
		flow->owed -= (uint32_t)n;
		flows.holding -= n;
		flow->progress = true;
		return flow->owed == 0;
	case IO_AGAIN:
		return false;
	default:
		flow_write_failed(flow);
		return false;
	}
}

/* Bytes of earlier turns go first. */
static bool holds_nothing(struct flow *flow)
{
	if (flow->owed > 0)
		return write_owed(flow);
	if (flow->pipe != NULL && !flow_drain_pipe(flow))
		return false;
	return flow->held == NULL || write_held(flow);
}

static bool pump_open(struct flow *flow)
{
	size_t moved = 0;

	while (flow->state == FLOW_OPEN && holds_nothing(flow)) {
		if (!(channel_ready(flow->source) & CHAN_READABLE) || flow->at_eof_again)
			return false;
		/* without room at the sink nothing is read: back-pressure. But a program that has
		 * exited has little left to say, and perhaps nothing: then this is the end. */
		if (!(channel_ready(flow->sink) & CHAN_WRITABLE) &&
		    !(channel_ready(flow->source) & CHAN_EXITED))
			return false;
		if (!flow_move_once(flow, &moved))
			break;
		if (moved >= TURN_BYTES)
			break;
	}
	return moved >= TURN_BYTES && flow->state == FLOW_OPEN;
}

static void pump_drain(struct flow *flow)
{
	if (!holds_nothing(flow))
		return;
	if (flow->state == FLOW_DRAIN)
		flow->state = FLOW_FINISH;
}

static void pump_finish(struct flow *flow)
{
	switch (flow->last ? IO_OK : channel_finish(flow->sink)) {
	case IO_AGAIN:
		return;
	case IO_ERROR:
		flow_write_failed(flow);
		return;
	default:
		flow->state = FLOW_DONE;
		flow_release(flow);
	}
}

bool flow_pump(struct flow *flow)
{
	if (flow->state == FLOW_OPEN && pump_open(flow))
		return true;
	if (flow->state == FLOW_DRAIN)
		pump_drain(flow);
	if (flow->state == FLOW_FINISH)
		pump_finish(flow);
	return false;
}
