/* Data layer. Reading converts in place. Writing may double the bytes (NL to CR NL), so it
 * goes through a buffer of its own that may hold a rest: while it does, finish() waits. */
#include "chan/layer.h"

#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"

enum { ROOM = 16384 };

struct layer {
	struct channel base;
	struct channel *below;
	struct layer_settings settings;
	bool ended;             /* escape seen or limit reached */
	uint32_t start, end;    /* converted bytes not yet written */
	unsigned char *room;    /* only with line end conversion */
};

static struct layer *self(struct channel *channel)
{
	return (struct layer *)channel;
}

static void notified(void *owner)
{
	struct layer *layer = owner;

	layer->base.notify(layer->base.owner);
}

static int layer_attach(struct channel *channel)
{
	return channel_attach(self(channel)->below, notified, channel);
}

/* Drop or change what reading converts. Returns the new length. */
static size_t convert_input(const struct layer *layer, unsigned char *data, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		if (data[i] != '\r')
			data[n++] = data[i];
		else if (layer->settings.line_end == LINE_CR)
			data[n++] = '\n';
	}
	return n;
}

static enum io_status layer_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct layer *layer = self(channel);
	enum io_status status;
	unsigned char *found;

	for (;;) {
		if (layer->ended || layer->settings.read_limit == 0)
			return IO_EOF;
		if (layer->settings.read_limit > 0 && (uint64_t)layer->settings.read_limit < size)
			size = (size_t)layer->settings.read_limit;
		status = channel_read(layer->below, data, size, length);
		if (status != IO_OK || *length == 0)
			return status;
		if (layer->settings.read_limit > 0)
			layer->settings.read_limit -= (int64_t)*length;
		found = layer->settings.escape < 0 ? NULL
		                                   : memchr(data, layer->settings.escape, *length);
		if (found != NULL) {
			layer->ended = true;
			*length = (size_t)(found - (unsigned char *)data);
		}
		if (layer->settings.line_end != LINE_PLAIN)
			*length = convert_input(layer, data, *length);
		if (*length > 0)
			return IO_OK;
		/* everything was dropped: an empty result would look like an empty datagram */
	}
}

/* Write what is converted. */
static enum io_status flush(struct layer *layer)
{
	while (layer->start < layer->end) {
		size_t n = 0;
		enum io_status status = channel_write(layer->below, layer->room + layer->start,
		                                      layer->end - layer->start, &n);

		if (status != IO_OK)
			return status;
		layer->start += (uint32_t)n;
	}
	layer->start = layer->end = 0;
	return IO_OK;
}

static size_t convert_output(struct layer *layer, const unsigned char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size && layer->end + 2 <= ROOM; i++) {
		if (data[i] == '\n')
			layer->room[layer->end++] = '\r';
		if (data[i] != '\n' || layer->settings.line_end == LINE_CRNL)
			layer->room[layer->end++] = data[i];
	}
	return i;
}

static enum io_status layer_write(struct channel *channel, const void *data, size_t size,
                                  size_t *length)
{
	struct layer *layer = self(channel);
	enum io_status status;

	if (layer->room == NULL)
		return channel_write(layer->below, data, size, length);
	status = flush(layer);
	if (status != IO_OK)
		return status;
	*length = convert_output(layer, data, size);
	/* taken is taken: a rest goes out with the next call or with finish() */
	status = flush(layer);
	return status == IO_ERROR ? IO_ERROR : IO_OK;
}

static enum io_status layer_finish(struct channel *channel)
{
	struct layer *layer = self(channel);
	enum io_status status = flush(layer);

	return status == IO_OK ? channel_finish(layer->below) : status;
}

static unsigned layer_ready(const struct channel *channel)
{
	const struct layer *layer = (const struct layer *)channel;
	unsigned ready = channel_ready(layer->below);

	return layer->ended || layer->settings.read_limit == 0 ? ready | CHAN_READABLE : ready;
}

static int layer_splice(struct channel *channel, bool output)
{
	struct layer *layer = self(channel);

	/* escape and limit concern only reading; line ends both */
	if (!output || layer->room != NULL)
		return -1;
	return layer->below->ops->splice_fd(layer->below, true);
}

static void layer_not_ready(struct channel *channel, unsigned side)
{
	struct layer *layer = self(channel);

	layer->below->ops->not_ready(layer->below, side);
}

static void layer_close(struct channel *channel, bool abandon)
{
	struct layer *layer = self(channel);

	layer->below->cut_short = channel->cut_short;
	abandon ? channel_abandon(layer->below) : channel_free(layer->below);
	free(layer->room);
}

static const struct chan_ops layer_ops = {
	.kind = "layer", .read = layer_read, .write = layer_write, .finish = layer_finish,
	.attach = layer_attach, .ready = layer_ready, .splice_fd = layer_splice,
	.not_ready = layer_not_ready, .close = layer_close,
};

struct channel *layer_new(struct channel *below, const struct layer_settings *settings)
{
	struct layer *layer = calloc(1, sizeof(*layer));

	if (layer == NULL)
		return NULL;
	if (settings->line_end != LINE_PLAIN && (layer->room = malloc(ROOM)) == NULL) {
		free(layer);
		return NULL;
	}
	channel_init(&layer->base, &layer_ops, below->read_fd, below->write_fd);
	layer->base.peer = below->peer;
	layer->base.stream_socket = below->stream_socket;
	layer->below = below;
	layer->settings = *settings;
	return &layer->base;
}
