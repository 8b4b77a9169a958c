/* Programs that addresses have started: who is told of their end, and who tells them to end. */
#ifndef ADDR_PROGRAM_H
#define ADDR_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "addr/addr.h"
#include "chan/chan.h"

struct program;

/* Somebody who wants to know how a program ends. */
struct program_watch {
	/* status: as waitpid(2) gives it; -1: it was told to end, or nobody will wait for it. */
	void (*ended)(struct program_watch *watch, int status);
};

enum program_state { PROGRAM_NONE, PROGRAM_RUNS, PROGRAM_ENDED };

/* The program at the other end of a channel with this descriptor. PROGRAM_RUNS: watch->ended() will be
 * called, once, and it must stay until then. PROGRAM_ENDED: *status is how. */
enum program_state program_watch(int fd, struct program_watch *watch, int *status);

/* Memory for one that is about to be started, to be freed by free(3) if it is not. NULL: none left. */
struct program *program_new(const struct spec *spec);

/* It runs, and the channel leads to it, which is told when the program ends, and at whose end the
 * program is told to end. spec must stay as long as the channel is open. */
void program_runs(struct program *program, pid_t pid, struct channel *channel);

/* True if a program that was told to get this signal (options sighup, sigint, sigquit) runs;
 * it has been sent it. */
bool programs_take_signal(int signal);

/* In a child process: the programs are the parent's. */
void programs_forget(void);

/* How many programs have not ended yet, though they should: those that were told to end, or
 * are left alone with option end-close, don't count. */
unsigned programs_awaited(void);
/* True if one ended with another status than 0, or on a signal other than ours. */
bool programs_failed(void);
/* Called each time one ends, or is told to; NULL: nobody. */
void programs_on_end(void (*ended)(void));

#endif
