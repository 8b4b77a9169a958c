/* When nobody has the other side of a pseudo terminal open any more, reading from the master gives
 * what is left and then fails with EIO: that is the end of file. With option sitout-eio it is
 * one only after that time, as login programs close the terminal and open it again. There is no
 * event for that, so it is tried again every while.
 *
 * Closing the master throws away what the other side has not read yet. So our output only ends when
 * all of it was read, or when for half a second nobody went on reading; here, too, it takes a look every
 * while. */
#include "chan/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "loop/loop.h"
#include "sys/log.h"
#include "sys/request.h"

#define TRY_INTERVAL (NANOSECONDS / 50)
#define READER_PATIENCE (NANOSECONDS / 2)
/* How long nothing may be seen before that is believed: the kernel moves data on from one queue to
 * the next when it gets to it. */
#define EMPTY_TIME (2 * TRY_INTERVAL)

struct pty {
	struct channel base;
	struct channel *below;
	struct timer timer;
	int64_t sitout, closed_since;   /* 0: the other side is open */
	int64_t changed;                /* when there was last another number of unread bytes */
	int slave;
	int unread;
	unsigned try;                   /* CHAN_READABLE, CHAN_WRITABLE: worth trying again */
	bool at_end;
};

static struct pty *self(struct channel *channel)
{
	return (struct pty *)channel;
}

static void notified(void *owner)
{
	struct pty *pty = owner;

	pty->base.notify(pty->base.owner);
}

static void try_again(struct timer *timer)
{
	struct pty *pty = (struct pty *)((char *)timer - offsetof(struct pty, timer));

	pty->try = CHAN_READABLE | CHAN_WRITABLE;
	if (pty->base.notify != NULL)
		notified(pty);
}

/* The other side is closed. Is it to be borne? */
static bool sit_out(struct pty *pty, unsigned side)
{
	if (pty->sitout == 0)
		return false;
	if (pty->closed_since == 0)
		pty->closed_since = loop_now();
	if (loop_now() - pty->closed_since >= pty->sitout)
		return false;
	pty->try &= ~side;
	pty->below->ops->not_ready(pty->below, side);
	timer_start(&pty->timer, TRY_INTERVAL, try_again);
	return true;
}

static enum io_status pty_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct pty *pty = self(channel);
	enum io_status status = channel_read(pty->below, data, size, length);

	pty->try &= ~(unsigned)CHAN_READABLE;
	if (status == IO_ERROR && errno == EIO)
		status = sit_out(pty, CHAN_READABLE) ? IO_AGAIN : IO_EOF;
	else
		pty->closed_since = 0;
	pty->at_end = status == IO_EOF;
	return status;
}

/* That the other side is closed says reading, after what was left. Where nothing is read nobody else
 * would: the kernel goes on taking what is written. */
static unsigned pty_ready(const struct channel *channel)
{
	const struct pty *pty = (const struct pty *)channel;
	unsigned ready = channel_ready(pty->below);

	if (!channel->write_only || (pty->sitout > 0 && !channel->exited))
		ready &= ~(unsigned)CHAN_HANGUP;
	return ready | pty->try | (channel->exited ? CHAN_EXITED : 0u);
}

static enum io_status pty_write(struct channel *channel, const void *data, size_t size,
                                size_t *length)
{
	struct pty *pty = self(channel);
	enum io_status status;

	if (pty_ready(channel) & CHAN_HANGUP) {
		errno = EPIPE;
		return IO_ERROR;
	}
	status = channel_write(pty->below, data, size, length);
	pty->try &= ~(unsigned)CHAN_WRITABLE;
	if (status == IO_ERROR && errno == EIO && sit_out(pty, CHAN_WRITABLE))
		return IO_AGAIN;
	return status;
}

/* How many bytes the other side could read now; a terminal of lines has whole ones only. -1 if that
 * can't be found out: no descriptor is left, or a program has the terminal for itself (TIOCEXCL). */
static int count_unread(const struct pty *pty)
{
	int unread = -1, fd = pty->slave;

	if (fd < 0)
		fd = sys_ioctl(pty->below->write_fd, TIOCGPTPEER, (void *)(intptr_t)
		               (O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
	if (fd >= 0)
		ioctl(fd, FIONREAD, &unread);
	if (fd >= 0 && fd != pty->slave)
		close(fd);
	return unread;
}

/* Has all been read that will be? */
static bool is_drained(struct pty *pty)
{
	int unread = count_unread(pty);
	int64_t now = loop_now();

	if (unread != pty->unread || pty->changed == 0)
		pty->changed = now;
	pty->unread = unread;
	return now - pty->changed >= (unread == 0 ? EMPTY_TIME : READER_PATIENCE);
}

static enum io_status pty_finish(struct channel *channel)
{
	struct pty *pty = self(channel);

	if (pty->at_end || channel->exited || (pty_ready(channel) & CHAN_HANGUP)) {
		/* the last look may have been before the last read */
		pty->unread = count_unread(pty);
	} else if (pty->timer.slot != 0 || !is_drained(pty)) {
		/* each look may bring an event by itself, as it opens and closes the other side */
		if (pty->timer.slot == 0)
			timer_start(&pty->timer, TRY_INTERVAL, try_again);
		return IO_AGAIN;
	}
	if (pty->unread > 0)
		log_warn("%d bytes written to a terminal were not read from it", pty->unread);
	return channel_finish(pty->below);
}

static int pty_attach(struct channel *channel)
{
	return channel_attach(self(channel)->below, notified, channel);
}

static void pty_detach(struct channel *channel)
{
	timer_stop(&self(channel)->timer);
	channel_detach(self(channel)->below);
}

/* A pipe would hide the end. */
static int pty_splice(struct channel *channel, bool output)
{
	(void)channel;
	(void)output;
	return -1;
}

static void pty_not_ready(struct channel *channel, unsigned side)
{
	struct pty *pty = self(channel);

	pty->try &= ~side;
	pty->below->ops->not_ready(pty->below, side);
}

static void pty_close(struct channel *channel, bool abandon)
{
	struct pty *pty = self(channel);

	timer_stop(&pty->timer);
	abandon ? channel_abandon(pty->below) : channel_free(pty->below);
	if (pty->slave >= 0)
		close(pty->slave);
}

static struct channel *pty_dup(const struct channel *channel);

static const struct chan_ops pty_ops = {
	.kind = "pty", .read = pty_read, .write = pty_write, .finish = pty_finish,
	.attach = pty_attach, .detach = pty_detach, .ready = pty_ready, .splice_fd = pty_splice,
	.not_ready = pty_not_ready, .dup = pty_dup, .close = pty_close,
};

struct channel *pty_channel_new(struct channel *below, int slave, int64_t sitout)
{
	struct pty *pty = calloc(1, sizeof(*pty));

	if (pty == NULL)
		return NULL;
	channel_init(&pty->base, &pty_ops, below->read_fd, below->write_fd);
	pty->base.write_only = below->write_only;
	pty->below = below;
	pty->slave = slave;
	pty->sitout = sitout;
	return &pty->base;
}

bool pty_at_end(const struct channel *channel)
{
	return ((const struct pty *)channel)->at_end;
}

/* The original keeps the other side open for all of them. */
static struct channel *pty_dup(const struct channel *channel)
{
	const struct pty *pty = (const struct pty *)channel;
	struct channel *below = channel_dup(pty->below), *copy;

	if (below == NULL)
		return NULL;
	copy = pty_channel_new(below, -1, pty->sitout);
	if (copy == NULL)
		channel_free(below);
	return copy;
}
