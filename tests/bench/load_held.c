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

/* The load of one level's one part; prints its name, the level and how much it did. */
static int load_part(const char *name, struct held *held, const struct endpoint *to, char **argv,
	const char *level)
{
	double seconds = strtod(argv[3], NULL), took;
	struct latency trips = { .count = 0 };
	uint64_t done;
	int status;

	if (strcmp(name, "pingpong") == 0) {
		status = pingpong(to, seconds, &trips);
		done = trips.count;
	} else {
		status = churn(to, held, seconds, parse_count(argv[4]), &done, &took);
	}
	if (status == -1)
		return -1;
	printf("%s %s %llu\n", name, level, (unsigned long long)done);
	fflush(stdout);
	return run_command(argv + 5, NULL);
}

/* At each of the levels, while so many connections are held: short connections, first beside
 * those, then in turn with them, as the oldest is closed whenever a new one is up; and round
 * trips. Prints, besides what the command prints before and after each: "churn", "turnover"
 * or "pingpong", level, number. */
int run_growth(char **argv)
{
	struct held held = { .count = 0 }, none = { .count = 0 };
	struct endpoint to;
	uint64_t done;
	double took;

	if (parse_endpoint(argv, &to) == -1 || churn(&to, &none, 0.1, 200, &done, &took) == -1)
		return -1;
	for (char *level = strtok(argv[2], ","); level != NULL; level = strtok(NULL, ",")) {
		held.oldest = 0;
		if (hold(&held, &to, (size_t)parse_count(level)) == -1 ||
		    run_command(argv + 5, NULL) == -1 ||
		    load_part("churn", &none, &to, argv, level) == -1 ||
		    load_part("turnover", &held, &to, argv, level) == -1 ||
		    load_part("pingpong", &none, &to, argv, level) == -1)
			return -1;
	}
	return 0;
}
