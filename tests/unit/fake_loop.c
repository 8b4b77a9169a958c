/* What tests need of the event loop: a clock that tests move, memory that is freed at once, tasks
 * and timers that run when they are told to. */
#include "fake_loop.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop/child.h"
#include "loop/loop.h"
#include "loop/pool.h"

enum { TIMERS = 8 };

static struct task tasks = { &tasks, &tasks, NULL };
static struct timer *timers[TIMERS];
static unsigned timer_count;

/* No signal ends a test. */
bool signals_wait(int64_t nanoseconds)
{
	(void)nanoseconds;
	usleep(1000);
	return true;
}

int64_t fake_loop_clock = 1;

int64_t loop_now(void)
{
	return fake_loop_clock;
}

void loop_free_later(void *pointer)
{
	free(pointer);
}

void loop_recycle(void *object, size_t size)
{
	pool_free(object, size);
}

void task_queue(struct task *task)
{
	if (task->next != NULL)
		return;
	task->prev = tasks.prev;
	task->next = &tasks;
	task->prev->next = task->next->prev = task;
}

void task_cancel(struct task *task)
{
	if (task->next == NULL)
		return;
	task->prev->next = task->next;
	task->next->prev = task->prev;
	task->prev = task->next = NULL;
}

bool fake_loop_task(void)
{
	struct task *task = tasks.next;

	if (task == &tasks)
		return false;
	task_cancel(task);
	task->run(task);
	return true;
}

void timer_stop(struct timer *timer)
{
	unsigned left = 0;

	for (unsigned i = 0; i < timer_count; i++)
		if (timers[i] != timer)
			timers[left++] = timers[i];
	timer_count = left;
	timer->slot = 0;
}

void timer_start(struct timer *timer, int64_t nanoseconds, void (*fire)(struct timer *timer))
{
	(void)nanoseconds;
	timer_stop(timer);
	if (timer_count == TIMERS)
		abort();
	timers[timer_count++] = timer;
	timer->fire = fire;
	timer->slot = 1;
}

bool fake_loop_timer(void)
{
	struct timer *timer;

	if (timer_count == 0)
		return false;
	timer = timers[timer_count - 1];
	timer_stop(timer);
	timer->fire(timer);
	return true;
}

void fake_loop_forget_timers(void)
{
	timer_count = 0;
}
