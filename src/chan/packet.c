#include "chan/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct packet_channel *self(struct channel *channel)
{
	return (struct packet_channel *)channel;
}

static enum io_status packet_read(struct channel *channel, void *data, size_t size,
                                  size_t *length)
{
	struct packet_channel *c = self(channel);
	enum io_status status = c->packet_ops->receive(c, data, size, length);

	if (status == IO_AGAIN)
		c->watch.ready &= (uint8_t)~WATCH_READ;
	return status;
}

static enum io_status packet_write(struct channel *channel, const void *data, size_t size,
                                   size_t *length)
{
	struct packet_channel *c = self(channel);
	enum io_status status;

	if (!c->writes) {
		errno = EBADF;
		return IO_ERROR;
	}
	status = c->packet_ops->send(c, data, size);
	if (status == IO_AGAIN)
		watch_write_again(&c->watch);
	*length = status == IO_OK ? size : 0;
	return status;
}

/* There is no end to tell the other side of. */
static enum io_status packet_finish(struct channel *channel)
{
	(void)channel;
	return IO_OK;
}

static void notified(struct watch *watch)
{
	struct packet_channel *c = (struct packet_channel *)((char *)watch -
	                                        offsetof(struct packet_channel, watch));

	c->base.notify(c->base.owner);
}

static int packet_attach(struct channel *channel)
{
	struct packet_channel *c = self(channel);

	return c->watch.notify != NULL ? 0 : watch_start_quiet(&c->watch, c->fd, notified);
}

/* What can't be written to shall not hold the other side back: it may end, and if it has more to
 * say that is an error. */
static unsigned packet_ready(const struct channel *channel)
{
	const struct packet_channel *c = (const struct packet_channel *)channel;

	return (c->reads && c->watch.ready & WATCH_READ ? CHAN_READABLE : 0u) |
	       (!c->writes || c->watch.ready & WATCH_WRITE ? CHAN_WRITABLE : 0u);
}

/* splice(2) knows no packets. */
static int packet_splice(struct channel *channel, bool output)
{
	(void)channel;
	(void)output;
	return -1;
}

static void packet_not_ready(struct channel *channel, unsigned side)
{
	(void)channel;
	(void)side;
}

static void packet_close(struct channel *channel, bool abandon)
{
	struct packet_channel *c = self(channel);

	if (!abandon && !c->duplicate && c->packet_ops->closing != NULL)
		c->packet_ops->closing(c);
	watch_stop(&c->watch);
	close(c->fd);
}

static struct channel *packet_dup(const struct channel *channel);

static const struct chan_ops ops = {
	.kind = "packet", .read = packet_read, .write = packet_write, .finish = packet_finish,
	.attach = packet_attach, .ready = packet_ready, .splice_fd = packet_splice,
	.not_ready = packet_not_ready, .dup = packet_dup, .close = packet_close,
};

struct packet_channel *packet_channel_new(const struct packet_ops *packet_ops, int fd, bool reads,
                                          bool writes)
{
	struct packet_channel *c = calloc(1, packet_ops->size);

	if (c == NULL)
		return NULL;
	channel_init(&c->base, &ops, fd, fd);
	c->packet_ops = packet_ops;
	c->fd = fd;
	c->reads = reads;
	c->writes = writes;
	c->base.reads_packets = reads;
	c->base.writes_packets = writes;
	return c;
}

static struct channel *packet_dup(const struct channel *channel)
{
	const struct packet_channel *c = (const struct packet_channel *)channel;
	int fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 3);
	struct packet_channel *copy;

	if (fd < 0)
		return NULL;
	copy = packet_channel_new(c->packet_ops, fd, c->reads, c->writes);
	if (copy == NULL) {
		close(fd);
		return NULL;
	}
	memcpy((char *)copy + sizeof(*copy), (const char *)c + sizeof(*c),
	       c->packet_ops->size - sizeof(*c));
	copy->duplicate = true;
	return &copy->base;
}
