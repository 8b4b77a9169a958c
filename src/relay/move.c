/* The ways from a source to a sink: by splice(2) between plain descriptors, from where the source
 * has the data, or by the scratch buffer. */
#include "relay/move.h"

#include <errno.h>

#include "relay/dump.h"
#include "relay/splice.h"
#include "sys/log.h"

/* After so many full buffers in a row a flow counts as bulk. */
enum { BULK_READS = 4 };

/* Pieces of memory written at once; bytes to be wanted for that. */
enum { PIECES = 16, LEND_SIZE = 16384 };

/* Without copying, the more is moved at once the cheaper it is; but what the sink does not take has
 * to be held. So a flow begins with a quarter of a block, and doubles that with each step of which
 * all was written, up to four blocks, while all flows together hold little. */
enum { STEPS = 4, LITTLE_HELD = 1024 * 1024 };

static void source_ended(struct flow *flow)
{
	if (flow->source->ignore_eof) {
		flow->at_eof_again = true;
		return;
	}
	log_notice("socket %d (fd %d) is at EOF", flow->left_to_right ? 1 : 2,
	           flow->source->read_fd);
	flow->state = FLOW_DRAIN;
}

/* Part of a packet did not fit the buffer. */
static void report_cut(struct flow *flow, size_t length)
{
	if (flow->cut++ == 0)
		log_warn("read(%d, ...): a packet of %zu bytes: all but the first %zu are lost; -b "
		         "sets the size of the buffer", flow->source->read_fd,
		         length + flow->source->lost, length);
	flow->source->lost = 0;
}

/* Reading gave nothing. Returns false: the flow has to wait or changed state. */
static bool no_data(struct flow *flow, enum io_status status, size_t *moved)
{
	switch (status) {
	case IO_AGAIN:
		/* it has dropped packets, and goes on when others had their turn */
		if (channel_ready(flow->source) & CHAN_READABLE)
			*moved = TURN_BYTES;
		return false;
	case IO_EOF:
		source_ended(flow);
		return false;
	default:
		flow_read_failed(flow);
		return false;
	}
}

/* Bytes to be moved at once without copying. Who has asked for small blocks gets them. */
static size_t step_size(const struct flow *flow)
{
	size_t least = flow_read_size(flow) / 4;

	if (least < LEND_SIZE)
		return flow_read_size(flow);
	if (flows.holding > LITTLE_HELD)
		return least;
	return least << (flow->full_reads < STEPS ? flow->full_reads : STEPS);
}

/* So much of so many bytes was written. */
static void adapt_step(struct flow *flow, size_t written, size_t length)
{
	if (written < length)
		flow->full_reads = 0;
	else if (flow->full_reads < STEPS && length > step_size(flow) / 2)
		flow->full_reads++;
}

/* What the sink did not take of the pieces. */
static bool hold_pieces(struct flow *flow, const struct iovec *pieces, unsigned count, size_t taken)
{
	if (!flow_take_buffer(flow, pieces_size(pieces, count) - taken))
		return false;
	pieces_copy(flow->held, pieces, count, taken);
	return true;
}

/* One read without copying, and the write of it. Returns as copy_once() does. */
static bool lend_once(struct flow *flow, size_t *moved)
{
	struct iovec pieces[PIECES];
	unsigned count = PIECES;
	size_t length, written = 0;
	enum io_status status = flow->source->ops->lend(flow->source, step_size(flow),
	                                                 pieces, &count);

	if (status != IO_OK)
		return no_data(flow, status, moved);
	length = pieces_size(pieces, count);
	*moved += length > BLOCK_BYTES ? length : BLOCK_BYTES;
	flow_transferred(flow, length);
	status = flow->sink->ops->write_pieces(flow->sink, pieces, count, &written);
	if (status == IO_ERROR) {
		flow_write_failed(flow);
		flow->lost += (uint32_t)(length - written);
		return false;
	}
	adapt_step(flow, written, length);
	if (written == length)
		return true;
	/* most often it takes nothing more now; if it does, the next turn tries */
	return hold_pieces(flow, pieces, count, written) && status == IO_OK;
}

/* One read to where the sink wants the data, and the write of it. Returns as copy_once() does. */
static bool fill_once(struct flow *flow, struct iovec *room, unsigned count, size_t *moved)
{
	size_t length = 0, written = 0;
	enum io_status status = flow->source->ops->read_pieces(flow->source, room, count, &length);

	if (status != IO_OK)
		return no_data(flow, status, moved);
	*moved += length > BLOCK_BYTES ? length : BLOCK_BYTES;
	flow_transferred(flow, length);
	if (flow->sink->ops->write_room(flow->sink, length, &written) != IO_OK) {
		flow_write_failed(flow);
		flow->lost += (uint32_t)length;
		return false;
	}
	adapt_step(flow, written, length);
	flow->owed = (uint32_t)(length - written);
	flows.holding += flow->owed;
	return true;
}

/* So much of what is in the scratch buffer was written. */
static void keep_rest(struct flow *flow, size_t written, size_t length)
{
	if (flow->state == FLOW_OPEN)
		flow_hold(flow, flows.scratch + written, length - written);
	else
		flow->lost += (uint32_t)(length - written);
}

static bool forward(struct flow *flow, size_t length)
{
	size_t written;

	/* a stream has no empty packets */
	if (length == 0 && !flow->sink->writes_packets)
		return true;
	if (flows.dump != NULL && length > 0)
		dump_block(flows.dump, flow->left_to_right, flow->bytes, flows.scratch, length);
	flow_transferred(flow, length);
	if (flow_write_out(flow, flows.scratch, length, &written))
		return true;
	keep_rest(flow, written, length);
	return false;
}

/* One read and the write of it. Returns false if the flow has to wait or changed state. */
static bool copy_once(struct flow *flow, size_t *moved)
{
	size_t length = 0;
	enum io_status status = channel_read(flow->source, flows.scratch, flow_read_size(flow), &length);

	if (status != IO_OK)
		return no_data(flow, status, moved);
	if (flow->source->lost > 0)
		report_cut(flow, length);
	flow->full_reads = length < flow_read_size(flow) ? 0 : (uint8_t)(flow->full_reads + 1);
	*moved += length > BLOCK_BYTES ? length : BLOCK_BYTES;
	return forward(flow, length);
}

static bool can_couple(const struct flow *flow)
{
	return flow->source->ops->read_train != NULL && flow->sink->ops->write_train != NULL &&
	       flows.dump == NULL && flow->sink->writes_packets;
}

/* One packet or a train of them, whatever there is. Returns as copy_once() does. */
static bool train_once(struct flow *flow, size_t *moved)
{
	size_t length = 0, size = 0, written;
	enum io_status status = flow->source->ops->read_train(flow->source, flows.scratch,
	                                                      flow_read_size(flow), &length, &size);

	if (status != IO_OK)
		return no_data(flow, status, moved);
	if (flow->source->lost > 0)
		report_cut(flow, length);
	*moved += length > BLOCK_BYTES ? length : BLOCK_BYTES;
	if (length == size)
		return forward(flow, length);
	for (size_t at = 0; at < length; at += size)
		flow_transferred(flow, length - at < size ? length - at : size);
	status = flow->sink->ops->write_train(flow->sink, flows.scratch, length, size);
	if (status == IO_ERROR) {
		flow_write_failed(flow);
		flow->lost += (uint32_t)length;
	}
	if (status != IO_AGAIN)
		return status == IO_OK;
	flow->packet_size = (uint16_t)size;
	if (flow_write_out(flow, flows.scratch, length, &written)) {
		flow->packet_size = 0;
		return true;
	}
	keep_rest(flow, written, length);
	return false;
}

/* Is it worth a pipe, and can both ends do it? */
static bool start_splicing(struct flow *flow)
{
	if (flow->no_splice || flow->full_reads < BULK_READS)
		return false;
	if (flow->source->ops->splice_fd(flow->source, false) < 0 ||
	    flow->sink->ops->splice_fd(flow->sink, true) < 0) {
		flow->no_splice = true;
		return false;
	}
	flow->pipe = splice_borrow();
	return flow->pipe != NULL;
}

/* The sink can be written to, but not from a pipe: some terminals, files for appending. What the pipe
 * has is held like anything else. */
static bool unload_pipe(struct flow *flow)
{
	if (!flow_take_buffer(flow, splice_held(flow->pipe)))
		return false;
	if (!splice_unload(flow->pipe, flow->held)) {
		flow_write_failed(flow);
		return false;
	}
	flow_release_pipe(flow);
	flow->no_splice = true;
	return true;
}

bool flow_drain_pipe(struct flow *flow)
{
	int fd = flow->sink->ops->splice_fd(flow->sink, true);

	while (splice_held(flow->pipe) > 0) {
		size_t n = 0;

		switch (splice_drain(flow->pipe, fd, false, &n)) {
		case IO_OK:
			flow->progress = true;
			break;
		case IO_AGAIN:
			flow->sink->ops->not_ready(flow->sink, CHAN_WRITABLE);
			return false;
		default:
			if (errno == EINVAL)
				return unload_pipe(flow);
			flow_write_failed(flow);
			return false;
		}
	}
	return true;
}

/* Returns false if the flow has to wait, changed state, or left splicing. */
static bool splice_once(struct flow *flow, size_t *moved)
{
	size_t length = 0;
	int fd = flow->source->ops->splice_fd(flow->source, false);
	enum io_status status = splice_fill(flow->pipe, fd, &length);
	int error;

	switch (status) {
	case IO_OK:
		*moved += length;
		flow->full_reads = length < flow_read_size(flow) ? 0 : BULK_READS;
		flow_transferred(flow, length);
		return flow_drain_pipe(flow);
	case IO_AGAIN:
		/* between two bursts the pipe is of use to others; the next one is bulk, too, unless this
		 * one ended with little */
		flow->source->ops->not_ready(flow->source, CHAN_READABLE);
		flow_release_pipe(flow);
		return false;
	default:
		/* the end, which reading will tell; or what can't be spliced; or an error, which a
		 * socket tells only once */
		error = errno;
		flow_release_pipe(flow);
		flow->no_splice = true;
		errno = error;
		if (status == IO_ERROR && error != EINVAL && flow->source->stream_socket)
			flow_read_failed(flow);
		return true;
	}
}

/* Without copying, where there is nothing to see and blocks are not tiny. */
static bool can_lend(const struct flow *flow)
{
	return flow->source->ops->lend != NULL && flow->sink->ops->write_pieces != NULL &&
	       flows.dump == NULL && !flow->sink->writes_packets && flow_read_size(flow) >= LEND_SIZE;
}

static bool can_fill(const struct flow *flow)
{
	return flow->source->ops->read_pieces != NULL && flow->sink->ops->room != NULL &&
	       flows.dump == NULL && !flow->source->reads_packets;
}

bool flow_move_once(struct flow *flow, size_t *moved)
{
	struct iovec room[PIECES];
	unsigned count = PIECES;

	if (flow->pipe != NULL || start_splicing(flow))
		return splice_once(flow, moved);
	if (can_lend(flow))
		return lend_once(flow, moved);
	if (can_fill(flow) && flow->sink->ops->room(flow->sink, step_size(flow), room, &count) == IO_OK)
		return fill_once(flow, room, count, moved);
	if (can_couple(flow))
		return train_once(flow, moved);
	return copy_once(flow, moved);
}
