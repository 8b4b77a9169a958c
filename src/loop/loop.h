/* The event loop: descriptors, tasks, timers.
 *
 * One loop per process. Descriptors are registered once, edge-triggered, for everything (but see
 * watch_start_level()); what is readable or writable is remembered in the watch until a call
 * says "again". So a session's readiness costs no system call beyond epoll_wait(2), and what a session does
 * next is a pure function of its state and these bits.
 *
 * One turn: epoll_wait, one notify() per watch with news, then the queued tasks (and those
 * they queue), timers that are due, then memory given to loop_free_later() is freed.
 * Nothing that an event might still point to is freed before.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	WATCH_READ = 1, WATCH_WRITE = 2, WATCH_HANGUP = 4, WATCH_ERROR = 8,
	WATCH_BEHIND = 16   /* the end or urgent data is behind what can be read */
};

struct watch {
	void (*notify)(struct watch *watch); /* NULL: not registered */
	int fd;
	uint16_t generation;                 /* tells news of it from that of an earlier one */
	uint8_t ready;                       /* WATCH_...: cleared by who got "again" */
	bool quiet : 1;                      /* taken for writable, without events of it */
	bool always : 1;                     /* epoll refuses it (regular file): always ready */
};

struct task {
	struct task *prev, *next;            /* NULL: not queued */
	void (*run)(struct task *task);
};

struct timer {
	int64_t due;                         /* nanoseconds, loop_now() */
	unsigned slot;                       /* 0: not running */
	void (*fire)(struct timer *timer);
};

/* Set the loop up. Returns 0, or -1 with an error logged. */
int loop_init(void);

/* Run until loop_stop(); returns its status. */
int loop_run(void);
void loop_stop(int status);
bool loop_stopping(void);

/* Watch a descriptor. The caller keeps owning both; it must call watch_stop() before it
 * closes the descriptor or frees the watch (and then free with loop_free_later()).
 * Returns 0, or -1 with errno set (ENOMEM, ENOSPC). */
int watch_start(struct watch *watch, int fd, void (*notify)(struct watch *watch));
void watch_stop(struct watch *watch);
/* The same without a system call, for a descriptor that is closed next and that nobody else has, as
 * a duplicate or in another process. */
void watch_end(struct watch *watch);
/* Another watch takes over, with all that is known of the descriptor. */
void watch_move(struct watch *from, struct watch *to, void (*notify)(struct watch *watch));

/* Watch it for reading only, and have notify() called in each turn as long as there is something:
 * for sockets that are not read until they say "again". */
int watch_start_level(struct watch *watch, int fd, void (*notify)(struct watch *watch));

/* The same as watch_start() for sockets that nearly always have room, and would tell so after every packet: it
 * counts as writable from the beginning, and after "again" an event has to be asked for. */
int watch_start_quiet(struct watch *watch, int fd, void (*notify)(struct watch *watch));
/* Writing said "again": clear WATCH_WRITE, and have notify() called when there is room. */
void watch_write_again(struct watch *watch);

/* For the time of many calls in a row: the kernel looks for the loop with each packet that such a
 * socket sends or gets, and need not. For quiet ones. What comes meanwhile is told after
 * watch_resume(), room that is waited for included; which returns 0, or -1 with errno set (ENOMEM,
 * ENOSPC): nothing will be told. */
void watch_suspend(struct watch *watch);
int watch_resume(struct watch *watch);

/* Have run() called once in this turn (or the next). Queuing twice is fine. */
void task_queue(struct task *task);
void task_cancel(struct task *task);

/* Fire once, after so many nanoseconds. Starting a running timer moves it. */
void timer_start(struct timer *timer, int64_t nanoseconds, void (*fire)(struct timer *timer));
void timer_stop(struct timer *timer);

/* Monotonic time of this turn, in nanoseconds. */
int64_t loop_now(void);
/* How many turns there were. */
uint64_t loop_turn(void);
/* Something outside the loop has waited: timers started from now on begin now. */
void loop_waited(void);

/* free(pointer) after this turn; the same for memory from pool_new(size). */
void loop_free_later(void *pointer);
void loop_recycle(void *object, size_t size);

/* fork(2). In the child everything that was watched is closed, and the loop is empty: no
 * watches, tasks or timers. Descriptors that are not watched at the moment stay open.
 * Returns as fork() does; -1 with errno set. */
pid_t loop_fork(void);
/* Hooks called in the child of loop_fork(), for modules that own descriptors or threads. */
void loop_at_fork(void (*hook)(void));

#define NANOSECONDS 1000000000LL

#endif
