/* One run of the program: both addresses opened and joined, until everything is over. */
#ifndef RELAY_RUN_H
#define RELAY_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "addr/addr.h"
#include "relay/session.h"

struct run_settings {
	const struct address *left, *right;
	struct session_settings session;
	unsigned workers;            /* processes that serve; 1: this one */
	int64_t grace;               /* nanoseconds a server's sessions may go on after SIGTERM */
	bool statistics;             /* log them at the end */
	bool describe_descriptors;   /* -D */
	void (*opened)(void);        /* everything is open: logging may switch, NULL: nothing */
};

/* Run. Returns the exit status: 0; 1 after an error; 128+N if signal N ended it. The loop and
 * signals (run_signal() as handler) must be set up. */
int run(const struct run_settings *settings);

/* What signals do: SIGUSR1 logs statistics, others end the run. */
struct signalfd_siginfo;
void run_signal(const struct signalfd_siginfo *info);

#endif
