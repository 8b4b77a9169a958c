/* A message that was taken out of a queue, as a channel: one packet, then the end. If nobody has
 * read it when it is closed - the other address could not be opened - it goes back into the
 * queue: in such a case a queue of work shall not lose any. */
#include <errno.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "addr/posixmq.h"
#include "chan/mq.h"
#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

/* A message and how many channels have it (more than one if it is shared). */
struct message {
	struct posixmq_source *source;
	unsigned users, priority;
	bool read;
	size_t length;
	unsigned char bytes[];
};

struct message_channel {
	struct channel base;
	struct message *message;
};

int64_t posixmq_pause(const struct spec *spec)
{
	return spec_number(spec, "interval", NANOSECONDS);
}

void posixmq_source_release(struct posixmq_source *source)
{
	if (--source->users > 0)
		return;
	posixmq_close(&source->queue);
	if (source->back_fd >= 0)
		close(source->back_fd);
	munmap((void *)source->rest_until, sizeof(*source->rest_until));
	free(source);
}

static void put_back(const struct message *m)
{
	const struct spec *spec = m->source->queue.spec;

	if (m->source->back_fd < 0)
		errno = EACCES;
	else if (mq_send(m->source->back_fd, (const char *)m->bytes, m->length, m->priority) == 0) {
		log_notice("%s: a message of %zu bytes was not read; it is put back", spec->text,
		           m->length);
		*m->source->rest_until = loop_now() + posixmq_pause(spec);
		return;
	}
	log_error("%s: a message of %zu bytes was not read and is lost: it can't be put back: %s",
	          spec->text, m->length, error_text(errno));
}

static enum io_status message_read(struct channel *channel, void *data, size_t size,
                                   size_t *length)
{
	struct message *m = ((struct message_channel *)channel)->message;

	if (m->read)
		return IO_EOF;
	m->read = true;
	*length = m->length < size ? m->length : size;
	channel->lost = (uint32_t)(m->length - *length);
	memcpy(data, m->bytes, *length);
	return IO_OK;
}

/* Nobody takes an answer. */
static enum io_status message_write(struct channel *channel, const void *data, size_t size,
                                    size_t *length)
{
	(void)channel;
	(void)data;
	(void)size;
	*length = 0;
	errno = EBADF;
	return IO_ERROR;
}

static enum io_status message_finish(struct channel *channel)
{
	(void)channel;
	return IO_OK;
}

static int message_attach(struct channel *channel)
{
	(void)channel;
	return 0;
}

/* Writable, so that the other side is heard: it may end, and an answer is an error. */
static unsigned message_ready(const struct channel *channel)
{
	(void)channel;
	return CHAN_READABLE | CHAN_WRITABLE;
}

static int message_splice(struct channel *channel, bool output)
{
	(void)channel;
	(void)output;
	return -1;
}

static void message_not_ready(struct channel *channel, unsigned side)
{
	(void)channel;
	(void)side;
}

static void message_close(struct channel *channel, bool abandon)
{
	struct message *m = ((struct message_channel *)channel)->message;

	if (--m->users > 0)
		return;
	if (!m->read && !abandon)
		put_back(m);
	posixmq_source_release(m->source);
	free(m);
}

static struct channel *message_dup(const struct channel *channel);

static const struct chan_ops message_ops = {
	.kind = "message", .read = message_read, .write = message_write, .finish = message_finish,
	.attach = message_attach, .ready = message_ready, .splice_fd = message_splice,
	.not_ready = message_not_ready, .dup = message_dup, .close = message_close,
};

/* Another channel of the message; the first one that is read gets it. */
static struct channel *message_channel_new(struct message *m)
{
	struct message_channel *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	channel_init(&c->base, &message_ops, m->source->queue.fd, -1);
	c->base.reads_packets = true;
	c->message = m;
	m->users++;
	return &c->base;
}

static struct channel *message_dup(const struct channel *channel)
{
	return message_channel_new(((const struct message_channel *)channel)->message);
}

enum io_status posixmq_take(struct posixmq_source *source, struct channel **channel)
{
	size_t room = source->queue.message_size;
	struct message *m = malloc(sizeof(*m) + room), *small;
	enum io_status status = IO_ERROR;

	if (m == NULL)
		return IO_ERROR;
	*m = (struct message){ .source = source };
	status = mq_take(source->queue.fd, m->bytes, room, &m->length, &m->priority);
	if (status != IO_OK)
		goto free_message;
	small = realloc(m, sizeof(*m) + m->length);
	m = small != NULL ? small : m;
	*channel = message_channel_new(m);
	if (*channel != NULL) {
		source->users++;
		return IO_OK;
	}
	put_back(m);
	errno = ENOMEM;
	status = IO_ERROR;
free_message:
	free(m);
	return status;
}
