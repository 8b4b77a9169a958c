/* Two channels as one ("a!!b"): reading is the first one's, writing the second one's. */
#include "chan/layer.h"

#include <stdlib.h>

struct dual {
	struct channel base;
	struct channel *reader, *writer;
};

static void notified(void *owner)
{
	struct dual *dual = owner;

	dual->base.notify(dual->base.owner);
}

static enum io_status dual_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct channel *reader = ((struct dual *)channel)->reader;
	enum io_status status = channel_read(reader, data, size, length);

	channel->lost = reader->lost;
	channel->limited = reader->limited;
	channel->escaped = reader->escaped;
	channel->cut_off = reader->cut_off;
	reader->lost = 0;
	return status;
}

static enum io_status dual_write(struct channel *channel, const void *data, size_t size,
                                 size_t *length)
{
	return channel_write(((struct dual *)channel)->writer, data, size, length);
}

static enum io_status dual_finish(struct channel *channel)
{
	((struct dual *)channel)->writer->incomplete = channel->incomplete;
	return channel_finish(((struct dual *)channel)->writer);
}

static int dual_attach(struct channel *channel)
{
	struct dual *dual = (struct dual *)channel;

	if (channel_attach(dual->reader, notified, dual) < 0)
		return -1;
	return channel_attach(dual->writer, notified, dual);
}

static void dual_detach(struct channel *channel)
{
	channel_detach(((struct dual *)channel)->reader);
	channel_detach(((struct dual *)channel)->writer);
}

static unsigned dual_ready(const struct channel *channel)
{
	const struct dual *dual = (const struct dual *)channel;

	return (channel_ready(dual->reader) & CHAN_READABLE) |
	       (channel_ready(dual->writer) & (CHAN_WRITABLE | CHAN_HANGUP)) |
	       ((channel_ready(dual->reader) | channel_ready(dual->writer)) & CHAN_EXITED);
}

static int dual_splice(struct channel *channel, bool output)
{
	struct dual *dual = (struct dual *)channel;
	struct channel *side = output ? dual->writer : dual->reader;

	return side->ops->splice_fd(side, output);
}

static void dual_not_ready(struct channel *channel, unsigned side)
{
	struct dual *dual = (struct dual *)channel;

	if (side & CHAN_READABLE)
		dual->reader->ops->not_ready(dual->reader, CHAN_READABLE);
	if (side & CHAN_WRITABLE)
		dual->writer->ops->not_ready(dual->writer, CHAN_WRITABLE);
}

static void dual_explain(const struct channel *channel, int error, char *text, size_t size)
{
	channel_explain(((const struct dual *)channel)->writer, error, text, size);
}

static void dual_close(struct channel *channel, bool abandon)
{
	struct dual *dual = (struct dual *)channel;

	dual->reader->cut_short = dual->writer->cut_short = channel->cut_short;
	dual->reader->incomplete = dual->writer->incomplete = channel->incomplete;
	abandon ? channel_abandon(dual->reader) : channel_free(dual->reader);
	abandon ? channel_abandon(dual->writer) : channel_free(dual->writer);
}

static struct channel *dual_dup(const struct channel *channel)
{
	const struct dual *dual = (const struct dual *)channel;
	struct channel *reader = channel_dup(dual->reader), *writer = channel_dup(dual->writer);
	struct channel *copy = NULL;

	if (reader != NULL && writer != NULL)
		copy = dual_new(reader, writer);
	if (copy == NULL) {
		channel_free(reader);
		channel_free(writer);
	}
	return copy;
}

static const struct chan_ops dual_ops = {
	.kind = "dual", .read = dual_read, .write = dual_write, .finish = dual_finish,
	.attach = dual_attach, .detach = dual_detach, .ready = dual_ready,
	.splice_fd = dual_splice, .not_ready = dual_not_ready, .dup = dual_dup,
	.explain = dual_explain, .close = dual_close,
};

struct channel *dual_new(struct channel *reader, struct channel *writer)
{
	struct dual *dual = calloc(1, sizeof(*dual));

	if (dual == NULL)
		return NULL;
	channel_init(&dual->base, &dual_ops, reader->read_fd, writer->write_fd);
	dual->base.stream_socket = reader->stream_socket && writer->stream_socket;
	dual->base.reads_packets = reader->reads_packets;
	dual->base.writes_packets = writer->writes_packets;
	dual->base.write_only = reader->write_only;
	dual->base.borrowed = reader->borrowed || writer->borrowed;
	dual->base.silent_end = reader->silent_end || writer->silent_end;
	dual->base.ignore_eof = reader->ignore_eof;
	dual->base.cool_write = writer->cool_write;
	dual->reader = reader;
	dual->writer = writer;
	return &dual->base;
}
