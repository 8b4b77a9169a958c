/* Theory of operation. One task does what is possible: write what is to be said; if the script
 * wants to hear something, read just that much and ask it again; if not, hand the channel on.
 * Notifications of the channel queue the task. A peer that has gone may have said why before, so a
 * failed write because of that is only an error when there is nothing left to hear.
 */
#include "addr/dialogue.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "sys/counters.h"
#include "sys/error.h"

/* Reads until others have their turn; first size of the memory for what is heard. */
enum { TURN = 64, FIRST_ROOM = 128, PROBLEM = 512 };

struct dialogue {
	struct task task;
	struct timer timer;
	struct dialogue_request request;
	struct channel *channel;
	unsigned char *heard, *said;
	size_t heard_length, heard_room;
	size_t said_start, said_end;   /* in said: still to be written */
	size_t wanted;                 /* bytes to hear before the next step; 0: it is over */
	int write_error;               /* errno: the peer takes nothing any more */
	bool some;                     /* the peer has said something */
	bool closed;                   /* the peer has */
	char problem[PROBLEM];         /* why it has failed; empty: it has not */
	enum handshake_failure failure; /* the same in a word */
};

static void release(struct dialogue *d)
{
	task_cancel(&d->task);
	timer_stop(&d->timer);
	channel_free(d->channel);
	free(d->heard);
	free(d->said);
	loop_free_later(d);
}

static void end(struct dialogue *d)
{
	struct dialogue_request request = d->request;
	struct channel *channel = d->channel;

	task_cancel(&d->task);
	timer_stop(&d->timer);
	if (d->problem[0] == '\0') {
		d->channel = NULL;
		channel_detach(channel);
		request.done(request.owner, channel, NULL, false);
	} else {
		if (request.upstream)
			counter_add(COUNT_HANDSHAKE_FAILED + SIDE_UPSTREAM * HANDSHAKE_FAILURES +
			            d->failure, 1);
		request.done(request.owner, NULL, d->problem, d->closed && !d->some);
	}
	release(d);
}

int dialogue_fail(struct dialogue *d, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(d->problem, sizeof(d->problem), format, arguments);
	va_end(arguments);
	return -1;
}

static void timed_out(struct timer *timer)
{
	struct dialogue *d = (struct dialogue *)((char *)timer - offsetof(struct dialogue, timer));
	const char *reason = d->request.expired == NULL ? NULL
	                     : d->request.expired(d->request.owner);

	d->failure = HANDSHAKE_TIMEOUT;
	if (reason != NULL)
		dialogue_fail(d, "%s", reason);
	else if (d->wanted == 0)
		dialogue_fail(d, "%s has not taken what it is told within the time of option "
		              "handshake-timeout", d->request.peer);
	else if (d->some)
		dialogue_fail(d, "%s has said only part of what it should within the time of option "
		              "handshake-timeout", d->request.peer);
	else
		dialogue_fail(d, "%s has said nothing within the time of option handshake-timeout",
		              d->request.peer);
	end(d);
}

const struct channel *dialogue_channel(const struct dialogue *d)
{
	return d->channel;
}

void dialogue_limit(struct dialogue *d, int64_t timeout)
{
	timer_stop(&d->timer);
	if (timeout >= 0)
		timer_start(&d->timer, timeout, timed_out);
}

void dialogue_forget(struct dialogue *d)
{
	d->heard_length = 0;
}

void dialogue_say(struct dialogue *d, const void *bytes, size_t length)
{
	unsigned char *longer = realloc(d->said, d->said_end + length);

	if (longer == NULL) {
		dialogue_fail(d, "%s", error_text(ENOMEM));
		return;
	}
	memcpy(longer + d->said_end, bytes, length);
	d->said = longer;
	d->said_end += length;
}

/* If not, it may go on waiting for what could not be said, and so would we. */
static bool peer_gone(int write_error)
{
	return write_error == EPIPE || write_error == ECONNRESET;
}

/* Returns false if nothing more can be done now, or at all. */
static bool speak(struct dialogue *d)
{
	while (d->said_start < d->said_end) {
		size_t n = 0;
		enum io_status status = channel_write(d->channel, d->said + d->said_start,
		                                      d->said_end - d->said_start, &n);

		if (status == IO_AGAIN)
			return false;
		if (status != IO_OK && (d->wanted == 0 || !peer_gone(errno))) {
			dialogue_fail(d, "%s", error_text(errno));
			return false;
		}
		if (status != IO_OK) {
			d->write_error = errno;
			break;
		}
		d->said_start += n;
	}
	d->said_start = d->said_end = 0;
	return true;
}

static void peer_closed(struct dialogue *d)
{
	d->closed = true;
	d->failure = HANDSHAKE_CLOSED;
	if (d->write_error != 0)
		dialogue_fail(d, "%s", error_text(d->write_error));
	else if (d->some)
		dialogue_fail(d, "%s closed the connection before it had said all that it should",
		              d->request.peer);
	else
		dialogue_fail(d, "%s closed the connection without a word", d->request.peer);
}

/* Returns false if there is none, or may not be more. */
static bool make_room(struct dialogue *d)
{
	size_t size = d->heard_length + d->wanted;
	unsigned char *longer;

	if (size > d->request.max) {
		dialogue_fail(d, "%s has sent more than %zu bytes and not come to an end",
		              d->request.peer, d->request.max);
		return false;
	}
	if (size <= d->heard_room)
		return true;
	size = size < FIRST_ROOM ? FIRST_ROOM : size * 2;
	longer = realloc(d->heard, size);
	if (longer == NULL) {
		dialogue_fail(d, "%s", error_text(ENOMEM));
		return false;
	}
	d->heard = longer;
	d->heard_room = size;
	return true;
}

/* Hear no more than what is missing. Returns false if nothing more can be done now, or at all. */
static bool hear(struct dialogue *d)
{
	size_t n = 0;

	if (!(channel_ready(d->channel) & CHAN_READABLE) || !make_room(d))
		return false;
	switch (channel_read(d->channel, d->heard + d->heard_length, d->wanted, &n)) {
	case IO_OK:
		d->heard_length += n;
		d->wanted -= n;
		d->some |= n > 0;
		return true;
	case IO_AGAIN:
		return false;
	case IO_EOF:
		peer_closed(d);
		return false;
	default:
		dialogue_fail(d, "%s", error_text(d->write_error != 0 ? d->write_error : errno));
		return false;
	}
}

static void step(struct dialogue *d)
{
	int missing = d->request.step(d->request.owner, d, d->heard, d->heard_length);

	d->wanted = missing > 0 ? (size_t)missing : 0;
	if (missing < 0)
		d->failure = HANDSHAKE_REFUSED;
}

static bool failed(const struct dialogue *d)
{
	return d->problem[0] != '\0';
}

static void work(struct task *task)
{
	struct dialogue *d = (struct dialogue *)((char *)task - offsetof(struct dialogue, task));

	for (unsigned n = 0; n < TURN; n++) {
		bool more = speak(d) && d->wanted > 0 && hear(d);

		if (more && d->wanted == 0)
			step(d);
		if (failed(d) || (d->wanted == 0 && d->said_end == 0)) {
			end(d);
			return;
		}
		if (!more)
			return;
	}
	task_queue(task);
}

/* The first step: when somebody has started this and returned. */
static void begin(struct task *task)
{
	struct dialogue *d = (struct dialogue *)((char *)task - offsetof(struct dialogue, task));

	task->run = work;
	step(d);
	work(task);
}

static void notified(void *owner)
{
	task_queue(&((struct dialogue *)owner)->task);
}

struct dialogue *dialogue_start(const struct dialogue_request *request)
{
	struct dialogue *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->request = *request;
	d->channel = request->channel;
	d->task.run = begin;
	if (channel_attach(d->channel, notified, d) < 0) {
		free(d);
		return NULL;
	}
	dialogue_limit(d, request->timeout);
	task_queue(&d->task);
	return d;
}

void dialogue_cancel(struct dialogue *dialogue)
{
	if (dialogue != NULL)
		release(dialogue);
}
