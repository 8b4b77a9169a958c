/* Timers: a binary heap of pointers, ordered by due time; slot 0 is unused, so that a
 * timer's slot of 0 means "not running". */
#include "loop/timer.h"

#include <stdlib.h>

#include "loop/loop.h"
#include "sys/log.h"

static struct {
	struct timer **heap;
	unsigned count, room;
} timers;

static void place(struct timer *timer, unsigned slot)
{
	timers.heap[slot] = timer;
	timer->slot = slot;
}

static void sift_up(struct timer *timer, unsigned slot)
{
	while (slot > 1 && timers.heap[slot / 2]->due > timer->due) {
		place(timers.heap[slot / 2], slot);
		slot /= 2;
	}
	place(timer, slot);
}

static void sift_down(struct timer *timer, unsigned slot)
{
	for (;;) {
		unsigned child = slot * 2;

		if (child > timers.count)
			break;
		if (child < timers.count && timers.heap[child + 1]->due < timers.heap[child]->due)
			child++;
		if (timers.heap[child]->due >= timer->due)
			break;
		place(timers.heap[child], slot);
		slot = child;
	}
	place(timer, slot);
}

static int make_room(void)
{
	unsigned room = timers.room ? timers.room * 2 : 64;
	struct timer **heap;

	if (timers.count + 1 < timers.room)
		return 0;
	heap = realloc(timers.heap, room * sizeof(struct timer *));
	if (heap == NULL)
		return -1;
	timers.heap = heap;
	timers.room = room;
	return 0;
}

void timer_start(struct timer *timer, int64_t nanoseconds, void (*fire)(struct timer *timer))
{
	timer_stop(timer);
	if (make_room() < 0) {
		log_error("no memory for a timer");
		return;
	}
	timer->due = loop_now() + nanoseconds;
	timer->fire = fire;
	sift_up(timer, ++timers.count);
}

void timer_stop(struct timer *timer)
{
	struct timer *last;
	unsigned slot = timer->slot;

	if (slot == 0)
		return;
	timer->slot = 0;
	last = timers.heap[timers.count--];
	if (last == timer)
		return;
	if (slot > 1 && timers.heap[slot / 2]->due > last->due)
		sift_up(last, slot);
	else
		sift_down(last, slot);
}

int64_t timers_next(void)
{
	return timers.count == 0 ? -1 : timers.heap[1]->due;
}

void timers_run(int64_t now)
{
	while (timers.count > 0 && timers.heap[1]->due <= now) {
		struct timer *timer = timers.heap[1];

		timer_stop(timer);
		timer->fire(timer);
	}
}

void timers_clear(void)
{
	for (unsigned i = 1; i <= timers.count; i++)
		timers.heap[i]->slot = 0;
	timers.count = 0;
}
