/* Message by message: POSIXMQ-RECEIVE, and POSIXMQ-SEND with fork.
 *
 * Theory of operation. RECEIVE takes messages out of the queue as they come and hands each on as
 * a channel that holds this message and is at its end behind it. PAUSED: the server has as many
 * sessions as it may; messages wait in the queue. After a message was put back the next one is
 * taken after the pause of option interval.
 *
 * SEND offers a channel to the queue, then another one after that pause, and so on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "addr/program.h"
#include "addr/posixmq.h"
#include "chan/mq.h"
#include "loop/loop.h"
#include "loop/scarce.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

/* Messages taken per turn; descriptors a session may need. */
enum { BATCH = 32, DESCRIPTORS_PER_SESSION = 5 };

/* How often to look whether enough programs have ended. */
#define PROGRAMS_INTERVAL (NANOSECONDS / 50)

struct queue_listener {
	struct listener base;
	struct listen_request request;
	struct posixmq_source *source;
	struct watch watch;
	struct task task;
	struct timer timer;        /* a shortage, or a pause */
	bool paused, closed, sends;
};

static struct queue_listener *self(struct listener *listener)
{
	return (struct queue_listener *)listener;
}

static void release(struct queue_listener *l)
{
	if (l->closed)
		return;
	l->closed = true;
	task_cancel(&l->task);
	timer_stop(&l->timer);
	watch_stop(&l->watch);
	posixmq_source_release(l->source);
	loop_free_later(l);
}

static void listener_close(struct listener *listener)
{
	release(self(listener));
}

/* The loop has closed what it watched. */
static void listener_abandon(struct listener *listener)
{
	struct queue_listener *l = self(listener);

	l->closed = true;
	if (!l->sends)
		l->source->queue.fd = -1;
	posixmq_source_release(l->source);
	loop_free_later(l);
}

static void listener_pause(struct listener *listener)
{
	self(listener)->paused = true;
}

static void try_later(struct queue_listener *l, int64_t pause);

static void listener_resume(struct listener *listener)
{
	struct queue_listener *l = self(listener);

	l->paused = false;
	if (l->sends)
		try_later(l, posixmq_pause(l->source->queue.spec));
	else
		task_queue(&l->task);
}

static void timer_fired(struct timer *timer)
{
	struct queue_listener *l = (struct queue_listener *)((char *)timer -
	                                        offsetof(struct queue_listener, timer));

	task_queue(&l->task);
}

static void try_later(struct queue_listener *l, int64_t pause)
{
	timer_start(&l->timer, pause, timer_fired);
}

/* A call has failed; the channel or message could not be had. */
static void failed(struct queue_listener *l, const char *call, int error)
{
	struct listen_request request = l->request;

	if (scarce(error)) {
		scarce_met(call, error);
		try_later(l, SCARCE_INTERVAL);
		return;
	}
	log_error("%s: %s: %s", l->source->queue.spec->text, call, error_text(error));
	release(l);
	request.failed(request.owner);
}

static void hand_on(struct queue_listener *l, struct channel *channel)
{
	/* the opening of a single channel gets its layers from address_open() */
	if (l->request.server)
		channel = channel_dress(l->source->queue.spec, channel);
	if (channel != NULL)
		l->request.accepted(l->request.owner, channel, NULL);
}

/* Returns false if there is nothing to take now. */
static bool take_one(struct queue_listener *l)
{
	struct channel *channel;

	switch (posixmq_take(l->source, &channel)) {
	case IO_OK:
		hand_on(l, channel);
		return true;
	case IO_AGAIN:
		l->watch.ready &= (uint8_t)~WATCH_READ;
		return false;
	default:
		failed(l, "mq_receive", errno);
		return false;
	}
}

/* Option max-children is about workers, too, which may still be busy when their message has been
 * passed on and the session is over. */
static bool too_many_programs(const struct queue_listener *l)
{
	int64_t max = spec_number(l->source->queue.spec, "max-children", 0);

	return max > 0 && programs_awaited() >= max;
}

/* Is it time for another session? If not, a timer may have been started. */
static bool may_take(struct queue_listener *l)
{
	int64_t rest;

	/* in the child process of a message the source may be gone, too */
	if (l->closed || l->paused || l->timer.slot != 0)
		return false;
	rest = *l->source->rest_until - loop_now();
	if (!l->sends && rest > 0) {
		try_later(l, rest);
		return false;
	}
	if (too_many_programs(l)) {
		try_later(l, PROGRAMS_INTERVAL);
		return false;
	}
	if (scarce_now() && !scarce_try(DESCRIPTORS_PER_SESSION)) {
		try_later(l, SCARCE_INTERVAL);
		return false;
	}
	scarce_over();
	return true;
}

static void take_some(struct queue_listener *l)
{
	for (unsigned n = 0; n < BATCH; n++)
		if (!may_take(l) || !(l->watch.ready & WATCH_READ) || !take_one(l))
			return;
	if (!l->closed)
		task_queue(&l->task);
}

static void offer(struct queue_listener *l)
{
	const struct posixmq *queue = &l->source->queue;
	struct channel *channel = NULL;
	int fd, error;

	if (!may_take(l))
		return;
	fd = fcntl(queue->fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		channel = mq_channel_new(fd, false, true, queue->message_size,
		                         (unsigned)spec_number(queue->spec, "posixmq-priority", 0));
	error = errno;
	if (channel == NULL) {
		if (fd >= 0)
			close(fd);
		failed(l, "dup", error);
		return;
	}
	try_later(l, posixmq_pause(queue->spec));
	hand_on(l, channel);
}

static void work(struct task *task)
{
	struct queue_listener *l = (struct queue_listener *)((char *)task -
	                                        offsetof(struct queue_listener, task));

	if (l->sends)
		offer(l);
	else
		take_some(l);
}

static void notified(struct watch *watch)
{
	struct queue_listener *l = (struct queue_listener *)((char *)watch -
	                                        offsetof(struct queue_listener, watch));

	task_queue(&l->task);
}

/* A second description of the same queue, to write to, whatever has become of its name. */
static int open_back(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

static struct posixmq_source *source_open(const struct spec *spec, bool last_try)
{
	struct posixmq_source *source = calloc(1, sizeof(*source));
	struct process_frame frame;
	int rc;

	if (source == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		return NULL;
	}
	source->rest_until = mmap(NULL, sizeof(*source->rest_until), PROT_READ | PROT_WRITE,
	                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (source->rest_until == MAP_FAILED) {
		log_error("%s: %s", spec->text, error_text(errno));
		goto free_source;
	}
	if (process_enter(spec, &frame) < 0)
		goto unmap;
	rc = posixmq_open(&source->queue, spec, spec->direction, last_try);
	process_leave(&frame);
	if (rc < 0)
		goto unmap;
	source->users = 1;
	source->back_fd = spec->direction == ADDR_READ ? open_back(source->queue.fd) : -1;
	return source;
unmap:
	munmap((void *)source->rest_until, sizeof(*source->rest_until));
free_source:
	free(source);
	return NULL;
}

struct listener *posixmq_listen(const struct spec *spec, const struct listen_request *request)
{
	struct queue_listener *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		return NULL;
	}
	l->base = (struct listener){ listener_pause, listener_resume, listener_close,
	                             listener_abandon, NULL, NULL, -1 };
	l->request = *request;
	l->sends = spec->direction == ADDR_WRITE;
	l->task.run = work;
	l->source = source_open(spec, request->last_try);
	if (l->source == NULL)
		goto free_listener;
	if (l->sends) {
		task_queue(&l->task);
		return &l->base;
	}
	if (watch_start(&l->watch, l->source->queue.fd, notified) < 0) {
		log_error("%s: %s", spec->text, error_text(errno));
		posixmq_source_release(l->source);
		goto free_listener;
	}
	log_notice("waiting for messages in queue \"%s\"", spec->params[0]);
	return &l->base;
free_listener:
	free(l);
	return NULL;
}
