/* Several processes that serve at one address (--workers): this one opens the sockets, starts
 * them, passes signals on, and sums up what they did. It serves nobody itself. */
#ifndef RELAY_WORKERS_H
#define RELAY_WORKERS_H

#include <stdint.h>
#include <sys/types.h>

#include "relay/server.h"

enum { WORKERS_MOST = 256 };

struct workers_settings {
	unsigned count;                 /* 2 to WORKERS_MOST */
	const struct server_settings *server;
	/* In a new worker: it is going to serve with this. */
	void (*born)(struct server *server);
	/* In a worker: a signal that the first process has passed on, or SIGKILL: that is gone. */
	void (*told)(int signal);
	/* In a worker: add what it did so far. */
	void (*count_own)(struct session_totals *sum);
	/* In the first process: all have answered workers_ask(), or had the time to. */
	void (*answered)(void);
	/* In the first process: after workers_end() the last one is gone. status: the worst of
	 * theirs, 128+N if a signal N ended one. */
	void (*ended)(int status);
};

/* Open the sockets: one for each worker if the address has ports, else one for all. Returns 0, or -1
 * (logged) with none open. settings must stay. */
int workers_open(const struct workers_settings *settings);

/* Start the processes; in each of them born() is called before this returns. Returns 0, or -1
 * (logged): then this process has to end, and those that were started end with it. */
int workers_start(void);

/* True in the process that has them, from workers_open() on. */
bool workers_any(void);

/* How many there are at the moment; how often one had to be replaced. */
unsigned workers_running(void);
unsigned workers_replaced(void);
/* The process that is this one now, from 0 on; 0: none. -1: there are no more. */
pid_t workers_process(unsigned number);

/* Pass a signal on that ends nobody (SIGHUP). Does nothing in other processes. */
void workers_tell(int signal);
/* Pass a signal on that ends them, and close the sockets. Who has not ended two seconds after the
 * grace time (nanoseconds) is killed. May be called again. */
void workers_end(int signal, int64_t grace);

/* Ask all what they did; answered() follows. */
void workers_ask(void);
/* Add what they told last. In other processes nothing is added. */
void workers_count(struct session_totals *sum);
/* In a worker, at its end: tell what it did. Returns false if this is no worker. */
bool workers_report(void);

/* The end of the first process; its workers are gone, or going to notice. */
void workers_free(void);

#endif
