/* Data layer. Reading converts in place. Writing may double the bytes (NL to CR NL), so it
 * goes through a buffer of its own; but nothing stays there: what the channel below does not
 * take is not taken from the caller either. */
#include "chan/layer.h"

#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"

/* Bytes converted at once; reads in a row that give nothing. */
enum { ROOM = 16384, EMPTY_READS = 16 };

struct layer {
	struct channel base;
	struct channel *below;
	struct layer_settings settings;
	bool ended;             /* escape seen or limit reached */
	bool half;              /* the CR of the next NL is written already */
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

static void layer_detach(struct channel *channel)
{
	channel_detach(self(channel)->below);
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
	bool limited;

	for (unsigned n = 0; n < EMPTY_READS; n++) {
		channel->escaped = layer->ended;
		channel->limited = layer->settings.read_limit == 0;
		if (layer->ended || channel->limited)
			return IO_EOF;
		limited = layer->settings.read_limit > 0 &&
		          (uint64_t)layer->settings.read_limit < size;
		if (limited)
			size = (size_t)layer->settings.read_limit;
		status = channel_read(layer->below, data, size, length);
		/* what is behind the limit is not wanted */
		channel->lost = limited ? 0 : layer->below->lost;
		layer->below->lost = 0;
		channel->cut_off = layer->below->cut_off;
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
	return IO_AGAIN;   /* nothing but CR for long: others have to get their turn, too */
}

/* Bytes that this one becomes, or, behind its CR, that are left of it. */
static size_t converted_size(const struct layer *layer, unsigned char byte, bool half)
{
	return byte == '\n' && layer->settings.line_end == LINE_CRNL && !half ? 2 : 1;
}

/* Returns how many bytes of data are converted; *end: how many they have become. */
static size_t convert_output(const struct layer *layer, const unsigned char *data, size_t size,
                             unsigned char *room, size_t room_size, size_t *end)
{
	bool half = layer->half;
	size_t i, n = 0;

	for (i = 0; i < size && n + 2 <= room_size; i++, half = false) {
		if (data[i] == '\n' && !half)
			room[n++] = '\r';
		if (data[i] != '\n' || layer->settings.line_end == LINE_CRNL)
			room[n++] = data[i];
	}
	*end = n;
	return i;
}

/* How many bytes of data are in the first so many of what they have become. */
static size_t taken(struct layer *layer, const unsigned char *data, size_t size, size_t written)
{
	size_t i = 0, n;

	while (i < size && (n = converted_size(layer, data[i], layer->half)) <= written) {
		written -= n;
		layer->half = false;
		i++;
	}
	if (written > 0)
		layer->half = true;
	return i;
}

/* A packet is converted as a whole, and written whole or not at all. */
static enum io_status write_packet(struct layer *layer, const void *data, size_t size,
                                   size_t *length)
{
	size_t room_size = 2 * size + 2, end, n = 0;
	unsigned char *room = malloc(room_size);
	enum io_status status;

	if (room == NULL)
		return IO_ERROR;
	layer->half = false;
	convert_output(layer, data, size, room, room_size, &end);
	status = channel_write(layer->below, room, end, &n);
	free(room);
	*length = size;
	return status;
}

static enum io_status layer_write(struct channel *channel, const void *data, size_t size,
                                  size_t *length)
{
	struct layer *layer = self(channel);
	enum io_status status = IO_OK;
	unsigned char room[ROOM];
	size_t start = 0, end;

	if (layer->settings.line_end == LINE_PLAIN)
		return channel_write(layer->below, data, size, length);
	if (channel->writes_packets)
		return write_packet(layer, data, size, length);
	size = convert_output(layer, data, size, room, sizeof(room), &end);
	while (start < end && status == IO_OK) {
		size_t n = 0;

		status = channel_write(layer->below, room + start, end - start, &n);
		start += n;
	}
	if (status == IO_ERROR)
		return status;
	*length = taken(layer, data, size, start);
	return *length > 0 ? IO_OK : IO_AGAIN;
}

static enum io_status layer_finish(struct channel *channel)
{
	self(channel)->below->incomplete = channel->incomplete;
	return channel_finish(self(channel)->below);
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
	if (!output || layer->settings.line_end != LINE_PLAIN)
		return -1;
	return layer->below->ops->splice_fd(layer->below, true);
}

static void layer_not_ready(struct channel *channel, unsigned side)
{
	struct layer *layer = self(channel);

	layer->below->ops->not_ready(layer->below, side);
}

static void layer_explain(const struct channel *channel, int error, char *text, size_t size)
{
	channel_explain(((const struct layer *)channel)->below, error, text, size);
}

static void layer_close(struct channel *channel, bool abandon)
{
	struct layer *layer = self(channel);

	layer->below->cut_short = channel->cut_short;
	layer->below->incomplete = channel->incomplete;
	abandon ? channel_abandon(layer->below) : channel_free(layer->below);
}

static struct channel *layer_dup(const struct channel *channel)
{
	const struct layer *layer = (const struct layer *)channel;
	struct channel *below = channel_dup(layer->below), *copy;

	if (below == NULL)
		return NULL;
	copy = layer_new(below, &layer->settings);
	if (copy == NULL)
		channel_free(below);
	return copy;
}

static const struct chan_ops layer_ops = {
	.kind = "layer", .read = layer_read, .write = layer_write, .finish = layer_finish,
	.attach = layer_attach, .detach = layer_detach, .ready = layer_ready, .splice_fd = layer_splice,
	.not_ready = layer_not_ready, .dup = layer_dup, .explain = layer_explain,
	.close = layer_close,
};

struct channel *layer_new(struct channel *below, const struct layer_settings *settings)
{
	struct layer *layer = calloc(1, sizeof(*layer));

	if (layer == NULL)
		return NULL;
	channel_init(&layer->base, &layer_ops, below->read_fd, below->write_fd);
	layer->base.peer = below->peer;
	layer->base.nagle = below->nagle;
	layer->base.stream_socket = below->stream_socket;
	layer->base.tls_levels = below->tls_levels;
	layer->base.write_only = below->write_only;
	layer->base.reads_packets = below->reads_packets;
	layer->base.writes_packets = below->writes_packets;
	layer->base.silent_end = below->silent_end;
	layer->base.borrowed = below->borrowed;
	layer->below = below;
	layer->settings = *settings;
	return &layer->base;
}
