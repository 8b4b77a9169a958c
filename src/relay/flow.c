#include "relay/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "relay/dump.h"
#include "relay/splice.h"
#include "sys/error.h"
#include "sys/log.h"

/* What one flow may move before others get their turn; a small block takes as long as one of
 * so many bytes. */
enum { TURN_BYTES = 1024 * 1024, BLOCK_BYTES = 4096, POOLED = 32 };

/* After so many full buffers in a row a flow counts as bulk. */
enum { BULK_READS = 4 };

/* Pieces of memory written at once; bytes to be wanted for that. */
enum { PIECES = 16, LEND_SIZE = 16384 };

/* Room for what a channel says about a failed write. */
enum { EXPLANATION = 512 };

static struct {
	size_t size, packet_size;
	unsigned char *scratch;
	const struct dump *dump;   /* NULL: nothing to show */
	unsigned char *pool[POOLED];
	unsigned pooled;
} shared;

int flows_init(size_t size, size_t packet_size, const struct dump *dump)
{
	shared.size = size;
	shared.packet_size = packet_size;
	shared.scratch = malloc(size);
	shared.dump = dump != NULL && dump_wanted(dump) ? dump : NULL;
	return shared.scratch == NULL ? -1 : 0;
}

void flow_init(struct flow *flow, struct channel *source, struct channel *sink,
               bool left_to_right)
{
	memset(flow, 0, sizeof(*flow));
	flow->source = source;
	flow->sink = sink;
	flow->left_to_right = left_to_right;
	flow->no_splice = shared.dump != NULL;
	flow->read_size = (uint32_t)(sink->writes_packets && !source->reads_packets
	                             ? shared.packet_size : shared.size);
}

static void release_held(struct flow *flow)
{
	if (flow->held == NULL)
		return;
	if (shared.pooled < POOLED)
		shared.pool[shared.pooled++] = flow->held;
	else
		free(flow->held);
	flow->held = NULL;
	flow->held_start = flow->held_end = 0;
}

static void release_pipe(struct flow *flow)
{
	splice_return(flow->pipe);
	flow->pipe = NULL;
	flow->full_reads = 0;
}

void flow_release(struct flow *flow)
{
	release_held(flow);
	release_pipe(flow);
}

size_t flow_held(const struct flow *flow)
{
	return flow->held_end - flow->held_start +
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

uint64_t flow_progress(const struct flow *flow)
{
	/* a read that is only held still counts as a block */
	return flow->blocks + flow->bytes - flow_held(flow);
}

static void fail(struct flow *flow)
{
	flow->sink->incomplete = true;
	flow->failed = true;
	flow->state = FLOW_DONE;
	flow_release(flow);
}

static void read_failed(struct flow *flow)
{
	int error = errno;
	char why[EXPLANATION];

	log_error("read(%d, ...): %s%s", flow->source->read_fd, error_text(error),
	          channel_explain(flow->source, error, why, sizeof(why)));
	flow->source_broken = true;
	flow->sink->incomplete = true;
	flow->failed = true;
	flow->state = FLOW_DRAIN;
}

/* The peer does not take our bytes any more: they are lost, and that is said. */
static void write_failed(struct flow *flow)
{
	int error = errno;
	char why[EXPLANATION];

	flow->sink_broken = true;
	if (flow->sink->cool_write && (errno == EPIPE || errno == ECONNRESET)) {
		log_notice("write(%d, ...): %s", flow->sink->write_fd, error_text(errno));
		flow->state = FLOW_DONE;
		flow_release(flow);
		return;
	}
	log_error("write(%d, ...): %s%s", flow->sink->write_fd, error_text(error),
	          channel_explain(flow->sink, error, why, sizeof(why)));
	fail(flow);
}

/* A packet among others that the network has no room for is lost, as it might be later on its way. */
static bool packet_dropped(struct flow *flow, size_t length)
{
	if (errno != ENOBUFS || !flow->source->reads_packets)
		return false;
	if (flow->refused++ == 0)
		log_warn("write(%d, ...): %s: a packet of %zu bytes is lost", flow->sink->write_fd,
		         error_text(errno), length);
	return true;
}

/* A packet that the sink can't take, ever: it alone is lost. */
static bool packet_refused(struct flow *flow, size_t length)
{
	if (!flow->sink->writes_packets)
		return false;
	if (errno != EMSGSIZE)
		return packet_dropped(flow, length);
	if (!flow->source->reads_packets) {
		log_error("write(%d, ...): a packet of %zu bytes is too large; -b sets the size",
		          flow->sink->write_fd, length);
		flow->sink_broken = true;
		fail(flow);
		return false;
	}
	if (flow->refused++ == 0)
		log_error("write(%d, ...): a packet of %zu bytes is too large; it is lost",
		          flow->sink->write_fd, length);
	flow->failed = true;
	return true;
}

static void transferred(struct flow *flow, size_t length)
{
	flow->bytes += length;
	flow->blocks++;
	log_info("transferred %zu bytes from %d to %d", length, flow->source->read_fd,
	         flow->sink->write_fd);
}

static bool take_buffer(struct flow *flow)
{
	flow->held = shared.pooled > 0 ? shared.pool[--shared.pooled] : malloc(shared.size);
	if (flow->held != NULL)
		return true;
	log_error("no memory to hold what could not be written: %s", error_text(ENOMEM));
	fail(flow);
	return false;
}

/* Keep what the sink did not take. */
static bool hold(struct flow *flow, const unsigned char *data, size_t length)
{
	if (!take_buffer(flow))
		return false;
	memcpy(flow->held, data, length);
	flow->held_start = 0;
	flow->held_end = (uint32_t)length;
	return true;
}

/* Write as much as the sink takes. Returns false if the flow has to wait or is over. */
static bool write_out(struct flow *flow, const unsigned char *data, size_t length, size_t *written)
{
	*written = 0;
	do {
		size_t n = 0;

		switch (channel_write(flow->sink, data + *written, length - *written, &n)) {
		case IO_OK:
			*written += n;
			break;
		case IO_AGAIN:
			return false;
		default:
			if (packet_refused(flow, length)) {
				*written = length;
				return true;
			}
			if (flow->state != FLOW_DONE)
				write_failed(flow);
			return false;
		}
	} while (*written < length);
	return true;
}

static bool write_held(struct flow *flow)
{
	size_t written;
	bool all = write_out(flow, flow->held + flow->held_start,
	                     flow->held_end - flow->held_start, &written);

	if (flow->state == FLOW_DONE)
		return false;
	flow->held_start += (uint32_t)written;
	if (all)
		release_held(flow);
	return all;
}

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
		read_failed(flow);
		return false;
	}
}

/* What the sink did not take of the pieces. */
static bool hold_pieces(struct flow *flow, const struct iovec *pieces, unsigned count, size_t taken)
{
	size_t end = 0;

	if (!take_buffer(flow))
		return false;
	for (unsigned i = 0; i < count; i++) {
		size_t skip = taken < pieces[i].iov_len ? taken : pieces[i].iov_len;

		taken -= skip;
		memcpy(flow->held + end, (const unsigned char *)pieces[i].iov_base + skip,
		       pieces[i].iov_len - skip);
		end += pieces[i].iov_len - skip;
	}
	flow->held_start = 0;
	flow->held_end = (uint32_t)end;
	return true;
}

/* One read without copying, and the write of it. Returns as copy_once() does. */
static bool lend_once(struct flow *flow, size_t *moved)
{
	struct iovec pieces[PIECES];
	unsigned count = PIECES;
	size_t length = 0, written = 0;
	enum io_status status = flow->source->ops->lend(flow->source, flow->read_size, pieces, &count);

	if (status != IO_OK)
		return no_data(flow, status, moved);
	for (unsigned i = 0; i < count; i++)
		length += pieces[i].iov_len;
	*moved += length > BLOCK_BYTES ? length : BLOCK_BYTES;
	transferred(flow, length);
	status = flow->sink->ops->write_pieces(flow->sink, pieces, count, &written);
	if (status == IO_ERROR) {
		write_failed(flow);
		return false;
	}
	if (written == length)
		return true;
	/* most often it takes nothing more now; if it does, the next turn tries */
	return hold_pieces(flow, pieces, count, written) && status == IO_OK;
}

static bool forward(struct flow *flow, size_t length)
{
	size_t written;

	/* a stream has no empty packets */
	if (length == 0 && !flow->sink->writes_packets)
		return true;
	if (shared.dump != NULL && length > 0)
		dump_block(shared.dump, flow->left_to_right, flow->bytes, shared.scratch, length);
	transferred(flow, length);
	if (write_out(flow, shared.scratch, length, &written))
		return true;
	if (flow->state == FLOW_OPEN)
		hold(flow, shared.scratch + written, length - written);
	return false;
}

/* One read and the write of it. Returns false if the flow has to wait or changed state. */
static bool copy_once(struct flow *flow, size_t *moved)
{
	size_t length = 0;
	enum io_status status = channel_read(flow->source, shared.scratch, flow->read_size, &length);

	if (status != IO_OK)
		return no_data(flow, status, moved);
	if (flow->source->lost > 0)
		report_cut(flow, length);
	flow->full_reads = length < flow->read_size ? 0 : (uint8_t)(flow->full_reads + 1);
	*moved += length > BLOCK_BYTES ? length : BLOCK_BYTES;
	return forward(flow, length);
}

/* Is it worth a pipe, and can both ends do it? */
static bool start_splicing(struct flow *flow)
{
	if (flow->no_splice || flow->full_reads < BULK_READS)
		return false;
	flow->full_reads = 0;
	if (flow->source->ops->splice_fd(flow->source, false) < 0 ||
	    flow->sink->ops->splice_fd(flow->sink, true) < 0) {
		flow->no_splice = true;
		return false;
	}
	flow->pipe = splice_borrow();
	return flow->pipe != NULL;
}

static bool drain_pipe(struct flow *flow)
{
	int fd = flow->sink->ops->splice_fd(flow->sink, true);

	while (splice_held(flow->pipe) > 0) {
		size_t n = 0;

		switch (splice_drain(flow->pipe, fd, false, &n)) {
		case IO_OK:
			break;
		case IO_AGAIN:
			flow->sink->ops->not_ready(flow->sink, CHAN_WRITABLE);
			return false;
		default:
			write_failed(flow);
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

	switch (splice_fill(flow->pipe, fd, &length)) {
	case IO_OK:
		*moved += length;
		transferred(flow, length);
		return drain_pipe(flow);
	case IO_AGAIN:
		/* between two bursts the pipe is of use to others */
		flow->source->ops->not_ready(flow->source, CHAN_READABLE);
		release_pipe(flow);
		flow->full_reads = BULK_READS - 1;
		return false;
	default:
		/* the end, or an error: reading will tell which */
		release_pipe(flow);
		flow->no_splice = true;
		return true;
	}
}

/* Bytes of earlier turns go first. */
static bool holds_nothing(struct flow *flow)
{
	if (flow->held != NULL)
		return write_held(flow);
	if (flow->pipe != NULL)
		return drain_pipe(flow);
	return true;
}

/* Without copying, where there is nothing to see and blocks are not tiny. */
static bool can_lend(const struct flow *flow)
{
	return flow->source->ops->lend != NULL && flow->sink->ops->write_pieces != NULL &&
	       shared.dump == NULL && !flow->sink->writes_packets && flow->read_size >= LEND_SIZE;
}

static bool move_once(struct flow *flow, size_t *moved)
{
	if (flow->pipe != NULL)
		return splice_once(flow, moved);
	return can_lend(flow) ? lend_once(flow, moved) : copy_once(flow, moved);
}

static bool pump_open(struct flow *flow)
{
	size_t moved = 0;

	while (flow->state == FLOW_OPEN && holds_nothing(flow)) {
		if (!(channel_ready(flow->source) & CHAN_READABLE) || flow->at_eof_again)
			return false;
		/* without room at the sink nothing is read: back-pressure */
		if (!(channel_ready(flow->sink) & CHAN_WRITABLE))
			return false;
		if (flow->pipe == NULL)
			start_splicing(flow);
		if (!move_once(flow, &moved))
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
	switch (channel_finish(flow->sink)) {
	case IO_AGAIN:
		return;
	case IO_ERROR:
		write_failed(flow);
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
