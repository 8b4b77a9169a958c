/*
 * Latency: round trips over one connection, one message at a time; and the
 * first bytes of new connections, one connection at a time.
 */
#define _GNU_SOURCE
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ROOM = 4 * 1000 * 1000	/* times that are kept at most */
};

int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int summarise(uint64_t *times, size_t count, struct latency *result)
{
	if (count == 0)
		return -1;
	qsort(times, count, sizeof *times, compare_times);
	*result = (struct latency){ .count = count, .p50 = (double)times[count / 2] / 1e3,
		.p99 = (double)times[count - 1 - count / 100] / 1e3 };
	return 0;
}

/* ---- pingpong ----------------------------------------------------------- */

static int time_round_trips(int fd, double seconds, uint64_t *times, struct latency *result)
{
	uint64_t last = now(), end = last + (uint64_t)(seconds * 1e9);
	size_t n = 0;

	while (last < end && n < ROOM) {
		uint64_t before = now();

		if (exchange(fd) == -1)
			return -1;
		last = now();
		times[n++] = last - before;
	}
	return summarise(times, n, result);
}

int pingpong(const struct endpoint *to, double seconds, struct latency *result)
{
	uint64_t *times = malloc(ROOM * sizeof *times);
	int status = -1, fd = dial(to);

	if (times != NULL && fd != -1)
		status = time_round_trips(fd, seconds, times, result);
	free(times);
	close(fd);
	return status;
}

/* Prints: round trips, 50th and 99th percentile of their times in microseconds. */
int run_pingpong(char **argv)
{
	struct latency result;
	struct endpoint to;

	if (parse_endpoint(argv, &to) == -1 ||
	    pingpong(&to, strtod(argv[2], NULL), &result) == -1)
		return -1;
	printf("%zu %.2f %.2f\n", result.count, result.p50, result.p99);
	return 0;
}

/* ---- first bytes -------------------------------------------------------- */

/* From before the client connects until it has heard the message. */
static int time_first(const struct endpoint *to, bool speaks, uint64_t *time)
{
	uint64_t before = now();
	int status, fd = dial(to);

	if (fd == -1)
		return -1;
	status = speaks ? exchange(fd) : hear(fd);
	*time = now() - before;
	close(fd);
	return status;
}

/* The client speaks first and hears its echo, or, if the fifth word is "server",
 * hears the server's greeting. Prints the same as pingpong. */
int run_first(char **argv)
{
	size_t n = 0, most = (size_t)parse_count(argv[3]);
	uint64_t end = now() + (uint64_t)(strtod(argv[2], NULL) * 1e9);
	uint64_t *times = calloc(most, sizeof *times);
	struct latency result;
	struct endpoint to;

	if (times == NULL || parse_endpoint(argv, &to) == -1)
		return -1;
	while (n < most && now() < end)
		if (time_first(&to, strcmp(argv[4], "server") != 0, &times[n++]) == -1)
			return -1;
	if (summarise(times, n, &result) == -1)
		return -1;
	printf("%zu %.2f %.2f\n", result.count, result.p50, result.p99);
	free(times);
	return 0;
}
