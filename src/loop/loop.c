#include "loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "loop/timer.h"
#include "sys/error.h"
#include "sys/log.h"

enum { EVENTS = 128, HOOKS = 8, GRAVES = 64, LATE_TURNS = 4 };

static struct {
	int epoll;
	bool stop;
	int status;
	unsigned generation;       /* grows with each loop_fork() in the child */
	unsigned late;             /* turns since the timers could run */
	int64_t now;
	struct watch watches;      /* ring */
	struct task tasks;         /* ring: first to run is .next */
	void **graves;
	size_t grave_count, grave_room;
	void (*hooks[HOOKS])(void);
	unsigned hook_count;
} loop = { .epoll = -1 };

static void read_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	loop.now = (int64_t)ts.tv_sec * NANOSECONDS + ts.tv_nsec;
}

int loop_init(void)
{
	loop.watches.prev = loop.watches.next = &loop.watches;
	loop.tasks.prev = loop.tasks.next = &loop.tasks;
	read_clock();
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epoll < 0) {
		log_error("epoll_create1(): %s", error_text(errno));
		return -1;
	}
	return 0;
}

int64_t loop_now(void)
{
	return loop.now;
}

void loop_waited(void)
{
	read_clock();
}

void loop_stop(int status)
{
	loop.stop = true;
	loop.status = status;
}

bool loop_stopping(void)
{
	return loop.stop;
}

enum { QUIET_EVENTS = EPOLLIN | EPOLLPRI | EPOLLRDHUP };

static int control(struct watch *watch, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

	return epoll_ctl(loop.epoll, operation, watch->fd, &event);
}

static int start(struct watch *watch, int fd, void (*notify)(struct watch *watch), uint32_t events)
{
	watch->fd = fd;
	watch->ready = 0;
	watch->quiet = watch->always = false;
	if (control(watch, EPOLL_CTL_ADD, events) < 0) {
		if (errno != EPERM)
			return -1;
		/* regular files, /dev/null: they never block */
		watch->always = true;
		watch->ready = WATCH_READ | WATCH_WRITE;
	}
	watch->notify = notify;
	watch->prev = loop.watches.prev;
	watch->next = &loop.watches;
	watch->prev->next = watch->next->prev = watch;
	return 0;
}

int watch_start(struct watch *watch, int fd, void (*notify)(struct watch *watch))
{
	return start(watch, fd, notify, QUIET_EVENTS | EPOLLOUT);
}

int watch_start_quiet(struct watch *watch, int fd, void (*notify)(struct watch *watch))
{
	if (start(watch, fd, notify, QUIET_EVENTS) < 0)
		return -1;
	watch->quiet = !watch->always;
	watch->ready |= WATCH_WRITE;
	return 0;
}

static void change_events(struct watch *watch, uint32_t events)
{
	if (control(watch, EPOLL_CTL_MOD, events) < 0)
		log_error("epoll_ctl(): %s", error_text(errno));
}

void watch_write_again(struct watch *watch)
{
	watch->ready &= (uint8_t)~WATCH_WRITE;
	if (watch->quiet)
		change_events(watch, QUIET_EVENTS | EPOLLOUT);
}

void watch_suspend(struct watch *watch)
{
	control(watch, EPOLL_CTL_DEL, 0);
}

int watch_resume(struct watch *watch)
{
	return control(watch, EPOLL_CTL_ADD, QUIET_EVENTS);
}

void watch_stop(struct watch *watch)
{
	if (watch->notify == NULL)
		return;
	watch->notify = NULL;
	watch->prev->next = watch->next;
	watch->next->prev = watch->prev;
	if (!watch->always)
		control(watch, EPOLL_CTL_DEL, 0);
}

void task_queue(struct task *task)
{
	if (task->next != NULL)
		return;
	task->prev = loop.tasks.prev;
	task->next = &loop.tasks;
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

void loop_free_later(void *pointer)
{
	if (pointer == NULL)
		return;
	if (loop.grave_count == loop.grave_room) {
		size_t room = loop.grave_room ? loop.grave_room * 2 : GRAVES;
		void **graves = realloc(loop.graves, room * sizeof(*graves));

		if (graves == NULL)
			return;  /* out of memory: leaking these bytes is the safe choice */
		loop.graves = graves;
		loop.grave_room = room;
	}
	loop.graves[loop.grave_count++] = pointer;
}

static void free_graves(void)
{
	while (loop.grave_count > 0)
		free(loop.graves[--loop.grave_count]);
}

/* Run what is queued, and what that queues, but look at descriptors again after so many:
 * a session that always has work must not keep others waiting. */
static void run_tasks(void)
{
	unsigned generation = loop.generation;

	for (unsigned n = 0; n < EVENTS * 4 && loop.tasks.next != &loop.tasks; n++) {
		struct task *task = loop.tasks.next;

		task_cancel(task);
		task->run(task);
		if (loop.generation != generation)
			return;
	}
}

static uint8_t readiness(uint32_t events)
{
	uint8_t ready = 0;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		ready |= WATCH_READ;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		ready |= WATCH_WRITE;
	if (events & EPOLLHUP)
		ready |= WATCH_HANGUP;
	if (events & EPOLLERR)
		ready |= WATCH_ERROR;
	if (events & (EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
		ready |= WATCH_BEHIND;
	return ready;
}

static int wait_milliseconds(void)
{
	int64_t due = timers_next();

	if (loop.tasks.next != &loop.tasks)
		return 0;
	if (due < 0)
		return -1;
	if (due <= loop.now)
		return 0;
	/* round up, or a timer due in less than a millisecond would spin */
	due = (due - loop.now + 999999) / 1000000;
	return due > 3600000 ? 3600000 : (int)due;
}

/* May the timers run? If more has come than one turn deals with, they wait for the rest of it, but
 * not for long. */
static bool timers_turn(int count)
{
	if ((count == EVENTS || loop.tasks.next != &loop.tasks) && ++loop.late < LATE_TURNS)
		return false;
	loop.late = 0;
	return true;
}

static void turn(void)
{
	struct epoll_event events[EVENTS];
	unsigned generation = loop.generation;
	int count = epoll_wait(loop.epoll, events, EVENTS, wait_milliseconds());

	/* interrupted, as by being stopped and continued: what has come meanwhile goes first */
	if (count < 0)
		count = epoll_wait(loop.epoll, events, EVENTS, 0);
	read_clock();
	for (int i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch->notify == NULL)
			continue;  /* stopped by an earlier event of this batch */
		if (watch->quiet && !(watch->ready & WATCH_WRITE) &&
		    (readiness(events[i].events) & WATCH_WRITE))
			change_events(watch, QUIET_EVENTS);
		watch->ready |= readiness(events[i].events);
		watch->notify(watch);
		if (loop.generation != generation)
			return;    /* we are a child now; these events are the parent's */
	}
	/* after a pause (SIGSTOP, a frozen container) what has come counts before the time */
	run_tasks();
	if (loop.generation == generation && timers_turn(count))
		timers_run(loop.now);
	free_graves();
}

int loop_run(void)
{
	while (!loop.stop)
		turn();
	free_graves();
	return loop.status;
}

void loop_at_fork(void (*hook)(void))
{
	if (loop.hook_count < HOOKS)
		loop.hooks[loop.hook_count++] = hook;
}

static void become_child(void)
{
	close(loop.epoll);
	for (struct watch *w = loop.watches.next; w != &loop.watches; w = w->next) {
		w->notify = NULL;
		close(w->fd);
	}
	while (loop.tasks.next != &loop.tasks)
		task_cancel(loop.tasks.next);
	timers_clear();
	loop.generation++;
	if (loop_init() < 0)
		_exit(1);
	for (unsigned i = 0; i < loop.hook_count; i++)
		loop.hooks[i]();
}

pid_t loop_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		become_child();
	return pid;
}
