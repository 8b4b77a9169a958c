#include "chan/chan.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/loop.h"
#include "sys/log.h"

/* Peers that vanish while nothing is said: first probe after 30 s, gone after a minute. */
enum { KEEPALIVE_IDLE = 30, KEEPALIVE_INTERVAL = 10, KEEPALIVE_COUNT = 3 };

void channel_init(struct channel *channel, const struct chan_ops *ops, int read_fd, int write_fd)
{
	channel->ops = ops;
	channel->read_fd = read_fd;
	channel->write_fd = write_fd;
}

enum io_status channel_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	return channel->ops->read(channel, data, size, length);
}

enum io_status channel_write(struct channel *channel, const void *data, size_t size,
                             size_t *length)
{
	return channel->ops->write(channel, data, size, length);
}

enum io_status channel_finish(struct channel *channel)
{
	return channel->ops->finish(channel);
}

unsigned channel_ready(const struct channel *channel)
{
	return channel->ops->ready(channel);
}

const char *channel_explain(const struct channel *channel, int error, char *text, size_t size)
{
	text[0] = '\0';
	if (channel->ops->explain != NULL)
		channel->ops->explain(channel, error, text, size);
	return text;
}

int channel_attach(struct channel *channel, void (*notify)(void *owner), void *owner)
{
	channel->notify = notify;
	channel->owner = owner;
	return channel->ops->attach(channel);
}

void channel_nobody(void *owner)
{
	(void)owner;
}

int channel_attach_early(struct channel *channel)
{
	return channel_attach(channel, channel_nobody, NULL);
}

void channel_detach(struct channel *channel)
{
	channel->notify = channel_nobody;
	if (channel->ops->detach != NULL)
		channel->ops->detach(channel);
}

size_t pieces_size(const struct iovec *pieces, unsigned count)
{
	size_t size = 0;

	for (unsigned i = 0; i < count; i++)
		size += pieces[i].iov_len;
	return size;
}

size_t pieces_copy(void *to, const struct iovec *pieces, unsigned count, size_t skip)
{
	size_t end = 0;

	for (unsigned i = 0; i < count; i++) {
		size_t less = skip < pieces[i].iov_len ? skip : pieces[i].iov_len;
		size_t length = pieces[i].iov_len - less;

		skip -= less;
		memcpy((unsigned char *)to + end, (const unsigned char *)pieces[i].iov_base + less,
		       length);
		end += length;
	}
	return end;
}

struct channel *channel_dup(const struct channel *channel)
{
	struct channel *copy = channel->ops->dup(channel);

	if (copy != NULL) {
		copy->ignore_eof = channel->ignore_eof;
		copy->cool_write = channel->cool_write;
	}
	return copy;
}

void channel_on_close(struct channel *channel, struct closer *closer)
{
	if (closer == NULL)
		return;
	closer->next = channel->closers;
	channel->closers = closer;
}

void channel_watch_for_death(const struct channel *channel)
{
	int one = 1, idle = KEEPALIVE_IDLE, interval = KEEPALIVE_INTERVAL, count = KEEPALIVE_COUNT;
	int fd = channel->read_fd, on = 0;
	socklen_t size = sizeof(on);

	if (channel->peer != PEER_TCP)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size) < 0 || on)
		return;  /* the user has set it, perhaps with times of his own */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

void channel_send_at_once(const struct channel *channel)
{
	int one = 1;

	if (channel->peer != PEER_TCP || channel->nagle)
		return;
	log_info("setsockopt(%d, TCP_NODELAY)", channel->write_fd);
	setsockopt(channel->write_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void closer_run(struct closer *closer)
{
	if (closer != NULL)
		closer->close(closer);
}

static void free_memory(struct channel *channel)
{
	if (channel->ops->pooled > 0)
		loop_recycle(channel, channel->ops->pooled);
	else
		loop_free_later(channel);
}

void channel_free(struct channel *channel)
{
	struct closer *closer;

	if (channel == NULL)
		return;
	channel->notify = NULL;
	for (closer = channel->closers; closer != NULL; closer = closer->next)
		if (closer->before != NULL)
			closer->before(closer);
	channel->ops->close(channel, false);
	while ((closer = channel->closers) != NULL) {
		channel->closers = closer->next;
		closer->close(closer);
	}
	free_memory(channel);
}

void channel_abandon(struct channel *channel)
{
	if (channel == NULL)
		return;
	channel->notify = NULL;
	channel->ops->close(channel, true);
	free_memory(channel);
}
