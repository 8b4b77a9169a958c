#include "relay/session.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "relay/flow.h"
#include "relay/move.h"
#include "sys/error.h"
#include "sys/log.h"

#define LINGER_DEFAULT (NANOSECONDS / 2)
/* Without -T, a server's peers that can't tell of their end are gone after so much silence. */
#define SILENCE_DEFAULT (120 * NANOSECONDS)
/* How often a source with option ignoreeof is looked at again. */
#define EOF_INTERVAL NANOSECONDS

struct session {
	struct task task;              /* work to do in this turn */
	struct channel *left, *right;
	struct flow to_right, to_left;
	const struct session_settings *settings;
	struct timer timer;            /* linger or idle, whichever is due first */
	int64_t idle;                  /* -1: no bound */
	int64_t linger;                /* how long the second direction may rest */
	int64_t linger_due;            /* 0: it has no bound, or both are open */
	int64_t active;                /* when something last moved */
	int64_t eof_due;               /* look again at a source with ignoreeof; 0: no */
	uint64_t seen;                 /* the flows' progress at that time */
	bool server, half_closed;
	void (*ended)(void *owner, bool failed);
	void *owner;
};

static struct session_totals totals;

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

static void notified(void *owner)
{
	struct session *s = owner;

	task_queue(&s->task);
}

static void release(struct session *s)
{
	session_count(s, &totals);
	task_cancel(&s->task);
	timer_stop(&s->timer);
	flow_report(&s->to_right);
	flow_report(&s->to_left);
	flow_release(&s->to_right);
	flow_release(&s->to_left);
	channel_free(s->left);
	if (s->right != s->left)
		channel_free(s->right);
	loop_free_later(s);
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
	s->left->cut_short = s->right->cut_short = true;
	mark_incomplete(&s->to_right, !idle);
	mark_incomplete(&s->to_left, !idle);
	check_lost(&s->to_right);
	check_lost(&s->to_left);
	end(s);
}

void session_cancel(struct session *s)
{
	if (s == NULL)
		return;
	s->left->cut_short = s->right->cut_short = true;
	mark_incomplete(&s->to_right, true);
	mark_incomplete(&s->to_left, true);
	release(s);
}

/* From now on the session ends when nothing has moved for so long. */
static void set_linger(struct session *s, int64_t linger)
{
	s->linger = linger;
	/* never 0, which means "no bound" */
	s->linger_due = loop_now() + linger + 1;
}

/* May the second direction take as long as it likes? Not after a failed write: the peer that
 * nobody reads from any more may wait for that before it takes what is still to be written. */
static bool unbounded(const struct session *s)
{
	return s->settings->linger < 0 && s->server && s->left->stream_socket &&
	       s->right->stream_socket && !s->to_right.sink_broken && !s->to_left.sink_broken;
}

static void half_close(struct session *s)
{
	int64_t linger = s->settings->linger;

	s->half_closed = true;
	if (unbounded(s)) {
		channel_watch_for_death(s->left);
		channel_watch_for_death(s->right);
		return;
	}
	set_linger(s, linger < 0 ? LINGER_DEFAULT : linger);
}

static void timer_fired(struct timer *timer);

static void rearm(struct session *s)
{
	int64_t due = INT64_MAX;

	if (s->linger_due != 0)
		due = s->linger_due;
	if (s->idle >= 0 && s->active + s->idle < due)
		due = s->active + s->idle;
	if (s->eof_due != 0 && s->eof_due < due)
		due = s->eof_due;
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

static void timer_fired(struct timer *timer)
{
	struct session *s = (struct session *)((char *)timer - offsetof(struct session, timer));
	int64_t now = loop_now();

	if (s->linger_due != 0 && s->linger_due <= now && may_take_longer(s))
		set_linger(s, s->linger);
	if (s->linger_due != 0 && s->linger_due <= now) {
		log_info("poll timed out: the other direction has rested too long");
		cut(s, false);
		return;
	}
	if (s->idle >= 0 && s->active + s->idle <= now) {
		log_notice("inactivity timeout triggered");
		cut(s, true);
		return;
	}
	if (s->eof_due != 0 && s->eof_due <= now) {
		s->eof_due = 0;
		s->to_right.at_eof_again = s->to_left.at_eof_again = false;
		task_queue(&s->task);
	}
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

/* A program has exited, but what it left behind keeps its end open. */
static bool program_exited(const struct session *s)
{
	return (channel_ready(s->left) | channel_ready(s->right)) & CHAN_EXITED;
}

static void note_activity(struct session *s)
{
	uint64_t seen = flow_progress(&s->to_right) + flow_progress(&s->to_left);

	if (seen == s->seen)
		return;
	s->seen = seen;
	s->active = loop_now();
	if (s->linger_due != 0)
		set_linger(s, s->linger);
}

static void work(struct task *task)
{
	struct session *s = (struct session *)((char *)task - offsetof(struct session, task));
	bool more = flow_pump(&s->to_right);

	more |= flow_pump(&s->to_left);
	note_activity(s);
	if (!s->half_closed && (s->to_right.state == FLOW_DONE || s->to_left.state == FLOW_DONE) &&
	    s->settings->to_left && s->settings->to_right)
		half_close(s);
	check_only_sink(s);
	if (over(s)) {
		end(s);
		return;
	}
	if (s->half_closed && s->linger_due == 0 && (program_exited(s) || !unbounded(s)))
		set_linger(s, LINGER_DEFAULT);
	if ((s->to_right.at_eof_again || s->to_left.at_eof_again) && s->eof_due == 0)
		s->eof_due = loop_now() + EOF_INTERVAL;
	if (s->idle >= 0 || s->linger_due != 0 || s->eof_due != 0)
		rearm(s);
	if (more)
		task_queue(&s->task);
}

static void init_flows(struct session *s)
{
	flow_init(&s->to_right, s->left, s->right, true);
	flow_init(&s->to_left, s->right, s->left, false);
	if (!s->settings->to_right)
		s->to_right.state = FLOW_DONE;
	if (!s->settings->to_left)
		s->to_left.state = FLOW_DONE;
}

static int64_t idle_bound(const struct session *s)
{
	if (s->settings->idle < 0 && s->server && (s->left->silent_end || s->right->silent_end))
		return SILENCE_DEFAULT;
	return s->settings->idle;
}

struct session *session_start(struct channel *left, struct channel *right,
                              const struct session_settings *settings, bool server,
                              void (*ended)(void *owner, bool failed), void *owner)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		goto free_channels;
	s->left = left;
	s->right = right;
	s->settings = settings;
	s->server = server;
	s->idle = idle_bound(s);
	s->ended = ended;
	s->owner = owner;
	s->active = loop_now();
	s->task.run = work;
	init_flows(s);
	if (channel_attach(left, notified, s) < 0 || channel_attach(right, notified, s) < 0)
		goto free_session;
	log_notice("starting data transfer loop with FDs [%d,%d] and [%d,%d]", left->read_fd,
	           left->write_fd, right->read_fd, right->write_fd);
	/* always-ready files bring no event, and an idle time starts now */
	task_queue(&s->task);
	return s;

free_session:
	free(s);
free_channels:
	log_error("can't start a session: %s", error_text(errno));
	channel_free(left);
	channel_free(right);
	return NULL;
}
