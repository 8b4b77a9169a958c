/* Child processes, and signals that arrive: both come through one signalfd. */
#ifndef LOOP_CHILD_H
#define LOOP_CHILD_H

#include <signal.h>
#include <sys/signalfd.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	struct child *next;
	pid_t pid;             /* 0: not watched */
	bool told_to_end;      /* we sent it a signal: dying of it is no news */
	/* The process ended; status as waitpid(2) gives it. The child is no longer watched. */
	void (*ended)(struct child *child, int status);
};

/* Block the signals that are handled and have handler() called when one arrives.
 * SIGCHLD is handled here: watched children get ended(), others (orphans that process 1
 * inherits) are reaped. SIGPIPE is ignored from now on. Returns 0, or -1 (logged). */
int signals_init(const sigset_t *handled, void (*handler)(const struct signalfd_siginfo *info));

/* At the start, before loop_run(): let time pass, but heed signals. Returns false if one of
 * them has stopped the loop. */
bool signals_wait(int64_t nanoseconds);

/* Somebody who has a terminal: told of each signal that arrives, after handler() was. While
 * there is one, SIGWINCH, SIGTSTP and SIGCONT arrive, too, for nobody else; what SIGTSTP does by
 * default is up to who gets it: signals_stop(). */
struct signal_watch {
	struct signal_watch *next;
	void (*arrived)(struct signal_watch *watch, int signal);
};
void signal_watch_start(struct signal_watch *watch,
                        void (*arrived)(struct signal_watch *watch, int signal));
void signal_watch_stop(struct signal_watch *watch);

/* Stop this process, as SIGTSTP would have. Returns when it goes on. */
void signals_stop(void);

/* For a child process before execve(2): the mask and dispositions of our own start. */
void signals_restore(void);

/* Watch a child process. child stays the caller's, until ended() or child_forget(). */
void child_watch(struct child *child, pid_t pid, void (*ended)(struct child *child, int status));
void child_forget(struct child *child);
/* Send a signal to every watched child. */
void children_signal(int signal);

#endif
