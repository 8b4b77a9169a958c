/* Metrics for Prometheus, and probes: a small HTTP server in the loop (--metrics).
 *
 *   /metrics   the text format 0.0.4 of Prometheus
 *   /healthz   200 as long as the loop turns and, with --workers, one of them is alive
 *   /readyz    200 while connections are served; 503 before, and from the signal to end on
 *
 * With --workers the first process answers, for all of them: see sys/counters.h.
 */
#ifndef RELAY_METRICS_H
#define RELAY_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where to listen: the value of --metrics. */
struct metrics_place {
	const char *path;      /* of a UNIX socket; or NULL */
	char host[256];        /* a name or number, without brackets; "": every address */
	int port;              /* 0: any */
};

/* Read "[HOST:]PORT", HOST being a name, IPv4 or [IPv6], or the path of a UNIX socket, which has a
 * slash. Returns NULL, or why it can't be. place points into the text. */
const char *metrics_place_read(const char *text, struct metrics_place *place);

/* The socket for it, that listens; its name is in the log. what: the place as it was written.
 * Returns -1 (logged) if there is none. */
int metrics_listen(const struct metrics_place *place, const char *what);
/* Remove the file that it has. */
void metrics_unlisten(const struct metrics_place *place);

/* Listen, and have the counters where slots processes share them. Returns 0, or -1 (logged). Child
 * processes leave it at their loop_fork(). */
int metrics_open(const char *text, unsigned slots);
/* Does nothing if it is not open, or another process's. */
void metrics_close(void);

enum metrics_state { METRICS_STARTING, METRICS_READY, METRICS_DRAINING };
void metrics_set_state(enum metrics_state state);
enum metrics_state metrics_state(void);
/* How many sessions there may be at once; 0: no limit. */
void metrics_set_most(unsigned sessions);
unsigned metrics_most(void);

/* What is going to be answered, for as long as it takes to compose it: everything fits (all series
 * have less than 8 KiB). */
enum { METRICS_TEXT = 16384 };
struct metrics_text {
	size_t length;
	char bytes[METRICS_TEXT];
};
void metrics_print(struct metrics_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* All series (metrics_text.c). */
void metrics_write(struct metrics_text *text);

/* What the processes use (metrics_process.c): CPU milliseconds, the start in milliseconds
 * since 1970, descriptors and their limit, bytes of memory and of address space. */
enum { PROCESS_FIGURES = 6 };
void metrics_measure_process(uint64_t figures[PROCESS_FIGURES]);
/* Before what that needs is scarce or out of reach: open it; close it in child processes. */
void metrics_process_open(void);
void metrics_process_close(void);

#endif
