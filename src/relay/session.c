#include "relay/session.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "relay/flow.h"
#include "relay/move.h"
#include "relay/session_end.h"
#include "sys/error.h"
#include "sys/log.h"

#define LINGER_DEFAULT (NANOSECONDS / 2)
/* How long peers that can't tell of their end may say nothing. */
#define SILENCE_DEFAULT (120 * NANOSECONDS)
/* How often a source with option ignoreeof is looked at again; and how long a half-closed session may
 * live until it is worth finding out if its peers have vanished: most are over long before. */
#define LOOK_INTERVAL NANOSECONDS

static struct session_totals totals;
static enum close_reason cancelled_because = CLOSE_SIGNAL;

const struct session_totals *session_totals(void)
{
	return &totals;
}

void session_count(const struct session *s, struct session_totals *sum)
{
	sum->sessions++;
	sum->bytes[0] += s->to_right.bytes;
	sum->bytes[1] += s->to_left.bytes;
	sum->blocks[0] += s->to_right.blocks;
	sum->blocks[1] += s->to_left.blocks;
}

void session_uncounted(struct session *s)
{
	s->to_right.uncounted = s->to_left.uncounted = true;
}

static void notified(void *owner)
{
	struct session *s = owner;

	task_queue(&s->task);
}

static struct channel *left(const struct session *s)
{
	return s->to_right.source;
}

static struct channel *right(const struct session *s)
{
	return s->to_right.sink;
}

void sessions_end_because(enum close_reason reason)
{
	cancelled_because = reason;
}

enum close_reason sessions_ended_because(void)
{
	return cancelled_because;
}

static void release(struct session *s)
{
	s->running = false;
	if (s->record != NULL)
		session_conclude(s);
	session_count(s, &totals);
	task_cancel(&s->task);
	timer_stop(&s->timer);
	flow_report(&s->to_right);
	flow_report(&s->to_left);
	flow_release(&s->to_right);
	flow_release(&s->to_left);
	channel_free(left(s));
	if (right(s) != left(s))
		channel_free(right(s));
}

static void end(struct session *s)
{
	bool failed = s->to_right.failed || s->to_left.failed;

	release(s);
	s->ended(s->owner, failed);
}

/* What was read but not taken by the other side is lost: nobody shall think all is well. */
static void check_lost(struct flow *flow)
{
	size_t held = flow_held(flow);

	if (held == 0)
		return;
	log_error("%zu bytes from %d are lost: %d did not take them in time", held,
	          flow->source->read_fd, flow->sink->write_fd);
	flow->failed = true;
}

/* Does the sink lack something? What is held, certainly; and perhaps what an open source, if it is one
 * that can be read at all, would still have said. */
static void mark_incomplete(const struct flow *flow, bool open_counts)
{
	if (flow_held(flow) > 0 ||
	    (open_counts && flow->state != FLOW_DONE && !flow->source->write_only))
		flow->sink->incomplete = true;
}

/* The time given is over. idle: nothing has moved, either way. */
static void cut(struct session *s, bool idle)
{
	left(s)->cut_short = right(s)->cut_short = true;
	mark_incomplete(&s->to_right, !idle);
	mark_incomplete(&s->to_left, !idle);
	check_lost(&s->to_right);
	check_lost(&s->to_left);
	end(s);
}

void session_cancel(struct session *s)
{
	s->reason = (uint8_t)cancelled_because;
	left(s)->cut_short = right(s)->cut_short = true;
	mark_incomplete(&s->to_right, true);
	mark_incomplete(&s->to_left, true);
	release(s);
}

/* From now on the session ends when nothing has moved for the time of -t. */
static void set_linger(struct session *s)
{
	int64_t linger = s->settings->linger;

	/* never 0, which means "no bound" */
	s->linger_due = loop_now() + (linger < 0 ? LINGER_DEFAULT : linger) + 1;
}

/* May the second direction take as long as it likes? Not after a failed write: the peer that
 * nobody reads from any more may wait for that before it takes what is still to be written. */
static bool unbounded(const struct session *s)
{
	return s->settings->linger < 0 && s->server && left(s)->stream_socket &&
	       right(s)->stream_socket && !s->to_right.sink_broken && !s->to_left.sink_broken;
}

static void half_close(struct session *s)
{
	s->half_closed = true;
	if (unbounded(s))
		s->look_due = loop_now() + LOOK_INTERVAL;
	else
		set_linger(s);
}

/* Without -T, a server's peers that can't tell of their end may only rest for so long. -1: no bound. */
static int64_t idle_bound(const struct session *s)
{
	if (s->settings->idle < 0 && s->server && (left(s)->silent_end || right(s)->silent_end))
		return SILENCE_DEFAULT;
	return s->settings->idle;
}

static void timer_fired(struct timer *timer);

static void rearm(struct session *s)
{
	int64_t due = INT64_MAX, idle = idle_bound(s);

	if (s->linger_due != 0)
		due = s->linger_due;
	if (idle >= 0 && s->active + idle < due)
		due = s->active + idle;
	if (s->look_due != 0 && s->look_due < due)
		due = s->look_due;
	if (due == INT64_MAX)
		timer_stop(&s->timer);
	else if (s->timer.slot == 0 || s->timer.due > due)
		timer_start(&s->timer, due - loop_now(), timer_fired);
	/* a timer that fires too early finds out by itself: cheaper than moving it */
}

/* A source that has spoken, and a sink that does not take it yet, though somebody is still there
 * who might: not this direction rests, but who reads from it. */
static bool waits_for_sink(const struct flow *flow)
{
	return flow_held(flow) > 0 && !(channel_ready(flow->sink) & CHAN_EXITED);
}

/* Without -t what was read is not given up for a slow reader, whoever it is. */
static bool may_take_longer(const struct session *s)
{
	if (s->settings->linger >= 0 || s->to_right.sink_broken || s->to_left.sink_broken)
		return false;
	return waits_for_sink(&s->to_right) || waits_for_sink(&s->to_left);
}

static void look_again(struct session *s)
{
	s->look_due = 0;
	s->to_right.at_eof_again = s->to_left.at_eof_again = false;
	task_queue(&s->task);
	if (s->half_closed && s->linger_due == 0) {
		channel_watch_for_death(left(s));
		channel_watch_for_death(right(s));
	}
}

/* A program has exited, but what it left behind keeps its end open. */
static bool program_exited(const struct session *s)
{
	return (channel_ready(left(s)) | channel_ready(right(s))) & CHAN_EXITED;
}

static void timer_fired(struct timer *timer)
{
	struct session *s = (struct session *)((char *)timer - offsetof(struct session, timer));
	int64_t now = loop_now(), idle = idle_bound(s);

	if (s->linger_due != 0 && s->linger_due <= now && may_take_longer(s))
		set_linger(s);
	if (s->linger_due != 0 && s->linger_due <= now) {
		log_info("poll timed out: the other direction has rested too long");
		if (s->error == 0)
			s->reason = program_exited(s) ? CLOSE_PROGRAM_EXITED : CLOSE_LINGER_TIMEOUT;
		cut(s, false);
		return;
	}
	if (idle >= 0 && s->active + idle <= now) {
		log_notice("inactivity timeout triggered");
		s->reason = CLOSE_IDLE_TIMEOUT;
		cut(s, true);
		return;
	}
	if (s->look_due != 0 && s->look_due <= now)
		look_again(s);
	rearm(s);
}

/* The sink of an open flow will never take anything again: its peer is gone. */
static bool sink_gone(const struct flow *flow)
{
	return flow->state == FLOW_OPEN && flow->held == NULL && flow->owed == 0 &&
	       (channel_ready(flow->sink) & CHAN_HANGUP);
}

/* With -u or -U nobody else notices that the peer is gone; what it might still have been sent is lost,
 * though nothing has failed yet. */
static void check_only_sink(struct session *s)
{
	struct flow *flow = s->settings->to_right ? &s->to_right : &s->to_left;

	if (s->settings->to_right && s->settings->to_left)
		return;
	if (sink_gone(flow)) {
		errno = EPIPE;
		flow_write_failed(flow);
	}
}

/* Is the session over? */
static bool over(struct session *s)
{
	bool right_done = s->to_right.state == FLOW_DONE, left_done = s->to_left.state == FLOW_DONE;

	if (right_done && left_done)
		return true;
	if (!right_done && !left_done)
		return false;
	/* a peer that was reset can't take what the other one still says */
	if ((right_done && s->to_right.source_broken) || (left_done && s->to_left.source_broken))
		return true;
	/* a wait that has its bound is not shortened: programs use it to finish */
	if (s->linger_due != 0)
		return false;
	return right_done ? sink_gone(&s->to_left) : sink_gone(&s->to_right);
}

static void note_activity(struct session *s)
{
	if (!s->to_right.progress && !s->to_left.progress)
		return;
	s->to_right.progress = s->to_left.progress = false;
	s->active = loop_now();
	if (s->linger_due != 0)
		set_linger(s);
}

/* When both peers have said all, closing both connections tells them so: no need to do that first. */
static bool pump(struct session *s)
{
	bool close_ends = left(s)->close_ends && right(s)->close_ends && s->settings->to_left &&
	                  s->settings->to_right, more;

	s->to_right.last = close_ends && flow_complete(&s->to_left);
	more = flow_pump(&s->to_right);
	s->to_left.last = close_ends && flow_complete(&s->to_right);
	return flow_pump(&s->to_left) || more;
}

static void work(struct task *task)
{
	struct session *s = (struct session *)((char *)task - offsetof(struct session, task));
	bool more = pump(s);

	note_activity(s);
	if (!s->half_closed && (s->to_right.state == FLOW_DONE || s->to_left.state == FLOW_DONE) &&
	    s->settings->to_left && s->settings->to_right)
		half_close(s);
	check_only_sink(s);
	if (s->to_right.state != FLOW_OPEN || s->to_left.state != FLOW_OPEN)
		session_note_end(s);
	if (over(s)) {
		end(s);
		return;
	}
	if (s->half_closed && s->linger_due == 0 && (program_exited(s) || !unbounded(s)))
		set_linger(s);
	if ((s->to_right.at_eof_again || s->to_left.at_eof_again) && s->look_due == 0)
		s->look_due = loop_now() + LOOK_INTERVAL;
	if (s->linger_due != 0 || s->look_due != 0 || idle_bound(s) >= 0)
		rearm(s);
	if (more)
		task_queue(&s->task);
}

static void init_flows(struct session *s, struct channel *source, struct channel *sink)
{
	flow_init(&s->to_right, source, sink, true);
	flow_init(&s->to_left, sink, source, false);
	if (!s->settings->to_right)
		s->to_right.state = FLOW_DONE;
	if (!s->settings->to_left)
		s->to_left.state = FLOW_DONE;
}

int session_start(struct session *s, struct channel *left_one, struct channel *right_one,
                  const struct session_settings *settings, bool server,
                  void (*ended)(void *owner, bool failed), void *owner)
{
	*s = (struct session){ .record = s->record, .tally = s->tally, .elsewhere = s->elsewhere };
	s->settings = settings;
	s->server = server;
	s->ended = ended;
	s->owner = owner;
	s->active = loop_now();
	s->task.run = work;
	init_flows(s, left_one, right_one);
	if (channel_attach(left_one, notified, s) < 0 || channel_attach(right_one, notified, s) < 0) {
		log_error("can't start a session: %s", error_text(errno));
		record_not_begun(s->record, CLOSE_OUT_OF_MEMORY, error_text(errno));
		s->record = NULL;
		channel_free(left_one);
		channel_free(right_one);
		return -1;
	}
	log_notice("starting data transfer loop with FDs [%d,%d] and [%d,%d]", left_one->read_fd,
	           left_one->write_fd, right_one->read_fd, right_one->write_fd);
	s->running = true;
	if (s->record != NULL)
		session_introduce(s);
	/* always-ready files bring no event, and an idle time starts now */
	task_queue(&s->task);
	return 0;
}
