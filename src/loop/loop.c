#include "loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "loop/pool.h"
#include "loop/timer.h"
#include "sys/error.h"
#include "sys/log.h"

enum { EVENTS = 128, HOOKS = 8, GRAVES = 64, LATE_TURNS = 4, DESCRIPTORS = 64 };

/* What is to be freed. size 0: by free(3). */
struct grave {
	void *pointer;
	size_t size;
};

static struct {
	int epoll;
	bool stop;
	int status;
	unsigned generation;       /* grows with each loop_fork() in the child */
	unsigned late;             /* turns since the timers could run */
	uint64_t turns;
	int64_t now;
	struct watch **watches;    /* by descriptor; NULL: not watched */
	unsigned watch_room;
	uint16_t watch_generation; /* of the last watch that was started */
	struct task tasks;         /* ring: first to run is .next */
	struct grave *graves;
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

uint64_t loop_turn(void)
{
	return loop.turns;
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

/* An event names a descriptor and a watch of it, not a place in memory: what the kernel still has to
 * say of one that is gone finds nobody. */
static uint64_t event_key(const struct watch *watch)
{
	return (uint64_t)watch->generation << 32 | (uint32_t)watch->fd;
}

static struct watch *watch_of(uint64_t key)
{
	uint32_t fd = (uint32_t)key;
	struct watch *watch = fd < loop.watch_room ? loop.watches[fd] : NULL;

	return watch != NULL && watch->generation == key >> 32 ? watch : NULL;
}

static int make_watch_room(unsigned fd)
{
	unsigned room = loop.watch_room ? loop.watch_room : DESCRIPTORS;
	struct watch **watches;

	if (fd < loop.watch_room)
		return 0;
	while (room <= fd)
		room *= 2;
	/* not realloc(3): what is not in use yet shall not be touched, and so take no memory */
	watches = calloc(room, sizeof(struct watch *));
	if (watches == NULL)
		return -1;
	if (loop.watches != NULL)
		memcpy(watches, loop.watches, loop.watch_room * sizeof(struct watch *));
	free(loop.watches);
	loop.watches = watches;
	loop.watch_room = room;
	return 0;
}

static int control(const struct watch *watch, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = event_key(watch) };

	return epoll_ctl(loop.epoll, operation, watch->fd, &event);
}

static int start(struct watch *watch, int fd, void (*notify)(struct watch *watch), uint32_t events)
{
	if (make_watch_room((unsigned)fd) < 0)
		return -1;
	watch->fd = fd;
	watch->generation = ++loop.watch_generation;
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
	loop.watches[fd] = watch;
	return 0;
}

int watch_start(struct watch *watch, int fd, void (*notify)(struct watch *watch))
{
	return start(watch, fd, notify, QUIET_EVENTS | EPOLLOUT | EPOLLET);
}

int watch_start_quiet(struct watch *watch, int fd, void (*notify)(struct watch *watch))
{
	if (start(watch, fd, notify, QUIET_EVENTS | EPOLLET) < 0)
		return -1;
	watch->quiet = !watch->always;
	watch->ready |= WATCH_WRITE;
	return 0;
}

int watch_start_level(struct watch *watch, int fd, void (*notify)(struct watch *watch))
{
	return start(watch, fd, notify, EPOLLIN);
}

static void change_events(struct watch *watch, uint32_t events)
{
	if (control(watch, EPOLL_CTL_MOD, events | EPOLLET) < 0)
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
	epoll_ctl(loop.epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

int watch_resume(struct watch *watch)
{
	return control(watch, EPOLL_CTL_ADD, QUIET_EVENTS | EPOLLET);
}

void watch_end(struct watch *watch)
{
	if (watch->notify == NULL)
		return;
	watch->notify = NULL;
	if (loop.watches[watch->fd] == watch)
		loop.watches[watch->fd] = NULL;
}

void watch_stop(struct watch *watch)
{
	bool registered = watch->notify != NULL && !watch->always;

	watch_end(watch);
	if (registered)
		epoll_ctl(loop.epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

void watch_move(struct watch *from, struct watch *to, void (*notify)(struct watch *watch))
{
	*to = *from;
	to->notify = notify;
	from->notify = NULL;
	loop.watches[to->fd] = to;
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

static void bury(void *pointer, size_t size)
{
	if (pointer == NULL)
		return;
	if (loop.grave_count == loop.grave_room) {
		size_t room = loop.grave_room ? loop.grave_room * 2 : GRAVES;
		struct grave *graves = realloc(loop.graves, room * sizeof(*graves));

		if (graves == NULL)
			return;  /* out of memory: leaking these bytes is the safe choice */
		loop.graves = graves;
		loop.grave_room = room;
	}
	loop.graves[loop.grave_count++] = (struct grave){ pointer, size };
}

void loop_free_later(void *pointer)
{
	bury(pointer, 0);
}

void loop_recycle(void *object, size_t size)
{
	bury(object, size);
}

static void free_graves(void)
{
	while (loop.grave_count > 0) {
		const struct grave *grave = &loop.graves[--loop.grave_count];

		if (grave->size == 0)
			free(grave->pointer);
		else
			pool_free(grave->pointer, grave->size);
	}
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
	loop.turns++;
	for (int i = 0; i < count; i++) {
		struct watch *watch = watch_of(events[i].data.u64);

		if (watch == NULL)
			continue;  /* stopped, by an earlier event of this batch perhaps */
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
	for (unsigned fd = 0; fd < loop.watch_room; fd++) {
		if (loop.watches[fd] == NULL)
			continue;
		loop.watches[fd]->notify = NULL;
		loop.watches[fd] = NULL;
		close((int)fd);
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
