/* The command line: read into a constant configuration. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/dump.h"
#include "relay/session.h"

struct cli_config {
	const char *left, *right;     /* the addresses as written */
	struct session_settings session;
	struct dump dump;
	const char *raw_names[2];     /* -r, -R */
	size_t block;                 /* -b */
	size_t packet;                /* the same for packets made of a stream */
	int64_t grace;                /* --grace; -1: not given */
	unsigned workers;             /* --workers */
	uint64_t signals;             /* -S: bit N is signal N */
	const char *lock_file, *wait_file;
	const char *metrics;          /* --metrics, or NULL */
	int verbosity;                /* of -d: 0 errors ... 4 everything */
	bool statistics, describe, any_group, sloppy;
	const char *health_url;       /* of --healthcheck; NULL: to be found */
};

enum cli_result {
	CLI_RUN,      /* go on */
	CLI_DONE,     /* help or version was printed */
	CLI_CHECK,    /* --healthcheck: health_url is set */
	CLI_ERROR     /* one error line was logged */
};

/* Read the command line; switches that concern messages act at once. */
enum cli_result cli_parse(int argc, char **argv, struct cli_config *config);

/* --healthcheck: ask a server of metrics (see healthcheck.c for the forms of a URL); NULL: the one
 * of process 1, or of this one's parent. Takes five seconds at most. Returns the exit status: 0 if
 * the answer is 2xx, 1 otherwise (logged). */
int healthcheck(const char *url);

/* -h, -hh, -hhh: depth 1 to 3; to stdout, from the tables of what is built. */
void cli_help(int depth);
/* -V */
void cli_version(void);

/* "1.5" seconds to nanoseconds; negative ones stay. Returns 0, or -1 if it is no number. */
int cli_seconds(const char *text, int64_t *nanoseconds);

#endif
