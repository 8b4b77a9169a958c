#include "chan/mq.h"

#include <errno.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>

#include "chan/packet.h"
#include "sys/log.h"

struct mq_channel {
	struct packet_channel base;
	size_t message_size;
	unsigned priority;
};

enum io_status mq_take(int fd, void *data, size_t size, size_t *length, unsigned *priority)
{
	ssize_t n;

	do
		n = mq_receive(fd, data, size, priority);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? IO_AGAIN : IO_ERROR;
	log_info("mq_receive(%d) -> %zd {prio=%u}", fd, n, *priority);
	*length = (size_t)n;
	return IO_OK;
}

/* The kernel refuses to read into less room than the largest message would need. */
static enum io_status take_cut(struct mq_channel *c, void *data, size_t size, size_t *length)
{
	unsigned char *whole = malloc(c->message_size);
	enum io_status status;
	unsigned priority;

	if (whole == NULL)
		return IO_ERROR;
	status = mq_take(c->base.fd, whole, c->message_size, length, &priority);
	if (status == IO_OK) {
		c->base.base.lost = *length > size ? (uint32_t)(*length - size) : 0;
		*length -= c->base.base.lost;
		memcpy(data, whole, *length);
	}
	free(whole);
	return status;
}

static enum io_status receive(struct packet_channel *base, void *data, size_t size,
                              size_t *length)
{
	struct mq_channel *c = (struct mq_channel *)base;
	unsigned priority;

	if (size < c->message_size)
		return take_cut(c, data, size, length);
	return mq_take(base->fd, data, size, length, &priority);
}

static enum io_status send_message(struct packet_channel *base, const void *data, size_t size)
{
	int rc;

	do
		rc = mq_send(base->fd, data, size, ((struct mq_channel *)base)->priority);
	while (rc < 0 && errno == EINTR);
	log_debug("mq_send(%d, ..., %zu) -> %d", base->fd, size, rc);
	return rc == 0 ? IO_OK : errno == EAGAIN ? IO_AGAIN : IO_ERROR;
}

static const struct packet_ops mq_ops = {
	.kind = "mq", .size = sizeof(struct mq_channel), .receive = receive, .send = send_message,
};

struct channel *mq_channel_new(int fd, bool reads, bool writes, size_t message_size,
                               unsigned priority)
{
	struct mq_channel *c = (struct mq_channel *)packet_channel_new(&mq_ops, fd, reads, writes);

	if (c == NULL)
		return NULL;
	c->message_size = message_size;
	c->priority = priority;
	return &c->base.base;
}
