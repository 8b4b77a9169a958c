/* Two channels that are connected in memory, for tests and fuzzing of handshakes. What is written to
 * one can be read from the other, in pieces; who is owed news gets it. Include it once. */
#ifndef MEMORY_PIPE_H
#define MEMORY_PIPE_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "chan/chan.h"
#include "loop/loop.h"

enum { MEMORY_PIPE = 1 << 17 };

struct memory_end {
	struct channel base;
	struct task task;
	struct memory_end *peer;      /* NULL: closed */
	unsigned char bytes[MEMORY_PIPE];
	size_t start, end;            /* what the peer has written */
	size_t piece;                 /* bytes read or written at once; 0: all there are */
	bool ended;                   /* the peer has, or is gone */
	bool blocked;                 /* writing says "again" once in a while */
};

static void memory_news(struct task *task)
{
	struct memory_end *end = (struct memory_end *)((char *)task - offsetof(struct memory_end, task));

	if (end->base.notify != NULL)
		end->base.notify(end->base.owner);
}

/* As the event loop does it: later, not within the call that causes it. */
static void memory_tell(struct memory_end *end)
{
	end->task.run = memory_news;
	task_queue(&end->task);
}

static enum io_status memory_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct memory_end *e = (struct memory_end *)channel;
	size_t n = e->end - e->start;

	if (n == 0)
		return e->ended ? IO_EOF : IO_AGAIN;
	if (e->piece > 0 && n > e->piece)
		n = e->piece;
	if (n > size)
		n = size;
	memcpy(data, e->bytes + e->start, n);
	e->start += n;
	if (e->start == e->end)
		e->start = e->end = 0;
	*length = n;
	return IO_OK;
}

static enum io_status memory_write(struct channel *channel, const void *data, size_t size,
                                   size_t *length)
{
	struct memory_end *e = (struct memory_end *)channel, *peer = e->peer;

	if (peer == NULL) {
		errno = EPIPE;
		return IO_ERROR;
	}
	if (e->piece > 0 && (e->blocked = !e->blocked)) {
		memory_tell(e);   /* there is room again */
		return IO_AGAIN;
	}
	if (e->piece > 0 && size > e->piece)
		size = e->piece;
	if (size > MEMORY_PIPE - peer->end)
		return IO_AGAIN;
	memcpy(peer->bytes + peer->end, data, size);
	peer->end += size;
	memory_tell(peer);
	*length = size;
	return IO_OK;
}

static enum io_status memory_finish(struct channel *channel)
{
	struct memory_end *peer = ((struct memory_end *)channel)->peer;

	if (peer != NULL && !peer->ended) {
		peer->ended = true;
		memory_tell(peer);
	}
	return IO_OK;
}

static unsigned memory_ready(const struct channel *channel)
{
	const struct memory_end *e = (const struct memory_end *)channel;

	return CHAN_WRITABLE | (e->end > e->start || e->ended ? CHAN_READABLE : 0u);
}

static int memory_attach(struct channel *channel)
{
	(void)channel;
	return 0;
}

static void memory_close(struct channel *channel, bool abandon)
{
	struct memory_end *e = (struct memory_end *)channel, *peer = e->peer;

	(void)abandon;
	task_cancel(&e->task);
	if (peer == NULL)
		return;
	peer->peer = NULL;
	peer->ended = true;
	memory_tell(peer);
}

static const struct chan_ops memory_ops = {
	.kind = "memory", .read = memory_read, .write = memory_write, .finish = memory_finish,
	.ready = memory_ready, .attach = memory_attach, .close = memory_close,
};

static struct memory_end *memory_end_new(void)
{
	/* not one of the allocations that are to fail */
	struct memory_end *end = aligned_alloc(64, (sizeof *end + 63) & ~(size_t)63);

	memset(end, 0, sizeof *end);
	channel_init(&end->base, &memory_ops, 3, 3);
	return end;
}

static void memory_pipe(struct memory_end *ends[2])
{
	ends[0] = memory_end_new();
	ends[1] = memory_end_new();
	ends[0]->peer = ends[1];
	ends[1]->peer = ends[0];
}

#endif
