/*
 * Connections that are up and rest: what holding them takes, and what it costs
 * others that they are there.
 */
#define _GNU_SOURCE
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each connection exchanges a message before the next one begins: it is
 * through to the back end, and no relay's backlog overflows. */
static int hold(struct held *held, const struct endpoint *to, size_t count)
{
	int *fds = realloc(held->fds, count * sizeof *fds);

	if (fds == NULL)
		return -1;
	held->fds = fds;
	for (; held->count < count; held->count++) {
		int fd = dial(to);

		fds[held->count] = fd;
		if (fd == -1 || exchange(fd) == -1) {
			fprintf(stderr, "load: %zu of %zu connections were up\n", held->count, count);
			return -1;
		}
	}
	return 0;
}

/* Runs the command with each of the levels as its last word, while so many
 * connections are held. The levels grow: "10,100". */
int run_idle(char **argv)
{
	struct held held = { .count = 0 };
	struct endpoint to;

	if (parse_endpoint(argv, &to) == -1)
		return -1;
	for (char *level = strtok(argv[2], ","); level != NULL; level = strtok(NULL, ","))
		if (hold(&held, &to, (size_t)parse_count(level)) == -1 ||
		    run_command(argv + 3, level) == -1)
			return -1;
	return 0;
}

/* One level: the command, short connections, the command, round trips, the command. */
static int grow(struct held *held, const struct endpoint *to, char **argv, const char *level)
{
	double seconds = strtod(argv[3], NULL), took;
	struct latency trips;
	uint64_t done;

	if (run_command(argv + 5, NULL) == -1 ||
	    churn(to, held, seconds, parse_count(argv[4]), &done, &took) == -1)
		return -1;
	printf("churn %s %llu\n", level, (unsigned long long)done);
	fflush(stdout);
	if (run_command(argv + 5, NULL) == -1 || pingpong(to, seconds, &trips) == -1)
		return -1;
	printf("pingpong %s %zu\n", level, trips.count);
	fflush(stdout);
	return run_command(argv + 5, NULL);
}

/* Short connections and round trips at each of the levels: while so many connections are
 * held, the oldest of which is closed whenever a new one is up. Prints, besides what the
 * command prints before and after each: "churn" or "pingpong", level, number. */
int run_growth(char **argv)
{
	struct held held = { .count = 0 };
	struct endpoint to;
	uint64_t done;
	double took;

	if (parse_endpoint(argv, &to) == -1 || churn(&to, &held, 0.1, 200, &done, &took) == -1)
		return -1;
	for (char *level = strtok(argv[2], ","); level != NULL; level = strtok(NULL, ",")) {
		held.oldest = 0;
		if (hold(&held, &to, (size_t)parse_count(level)) == -1 ||
		    grow(&held, &to, argv, level) == -1)
			return -1;
	}
	return 0;
}
