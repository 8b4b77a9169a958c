/*
 * Bulk: parallel streams, half of them up and half of them down; and the sink
 * of one stream, which the relay under test is started for.
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- bulk --------------------------------------------------------------- */

/* An upload whose bytes are sent becomes the download of its receipt. */
struct stream {
	int fd;
	bool up;
	uint64_t left;
};

static int stream_start(int ep, struct stream *s, const struct endpoint *to)
{
	unsigned char hello[MESSAGE];

	s->fd = dial(to);
	if (s->fd == -1)
		return -1;
	write_hello(hello, s->up ? 'U' : 'D', s->left);
	if (send(s->fd, hello, MESSAGE, 0) != MESSAGE || fcntl(s->fd, F_SETFL, O_NONBLOCK) == -1)
		return fail("starting a stream");
	return set_interest(ep, EPOLL_CTL_ADD, s->fd, s->up ? EPOLLOUT : EPOLLIN, s);
}

/* Returns 0 to go on, 1 when the stream is complete, -1 if it broke. */
static int stream_advance(int ep, struct stream *s)
{
	size_t want = s->left < CHUNK ? (size_t)s->left : CHUNK;
	ssize_t n = s->up ? send(s->fd, chunk, want, 0) : discard(s->fd, 4 * CHUNK);

	if (n == -1)
		return errno == EAGAIN ? 0 : fail("stream");
	if (n == 0 || (uint64_t)n > s->left) {
		fprintf(stderr, "load: stream ended with %llu bytes to go\n",
			(unsigned long long)s->left);
		return -1;
	}
	s->left -= (uint64_t)n;
	if (s->left > 0)
		return 0;
	if (!s->up) {
		close(s->fd);
		return 1;
	}
	s->up = false;
	s->left = MESSAGE;
	return set_interest(ep, EPOLL_CTL_MOD, s->fd, EPOLLIN, s);
}

static int bulk_loop(int ep, size_t running)
{
	struct epoll_event ready[BATCH];

	while (running > 0) {
		int n = epoll_wait(ep, ready, BATCH, PATIENCE * 1000);

		if (n == 0)
			errno = ETIMEDOUT;
		if (n <= 0)
			return fail("waiting for a stream");
		for (int i = 0; i < n; i++) {
			int status = stream_advance(ep, ready[i].data.ptr);

			if (status == -1)
				return -1;
			running -= (size_t)status;
		}
	}
	return 0;
}

/* Prints: bytes moved, seconds. */
int run_bulk(char **argv)
{
	size_t count = (size_t)parse_count(argv[2]);
	uint64_t each, start = now();
	struct stream streams[BATCH];
	struct endpoint to;
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep == -1 || parse_endpoint(argv, &to) == -1)
		return -1;
	if (count == 0 || count > BATCH || parse_count(argv[3]) < count) {
		fprintf(stderr, "load: bulk needs 1 to %d streams and a byte for each\n", BATCH);
		return -1;
	}
	each = parse_count(argv[3]) / count;
	for (size_t i = 0; i < count; i++) {
		streams[i] = (struct stream){ .up = i % 2 == 0, .left = each };
		if (stream_start(ep, &streams[i], &to) == -1)
			return -1;
	}
	if (bulk_loop(ep, count) == -1)
		return -1;
	printf("%llu %.6f\n", (unsigned long long)(each * count), seconds_since(start));
	return 0;
}

/* ---- sink --------------------------------------------------------------- */

/* The command's process; what it reads is the pipe's end, or nothing. */
static pid_t start_command(char **argv, int input)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid == -1 ? fail("fork") : pid;
	if (input != -1)
		dup2(input, STDIN_FILENO);
	execvp(argv[0], argv);
	fail(argv[0]);
	_exit(127);
}

/* A process that writes so many bytes into the pipe. */
static pid_t start_feeder(const int ends[2], uint64_t left)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid == -1 ? fail("fork") : pid;
	close(ends[0]);
	while (left > 0) {
		ssize_t n = write(ends[1], chunk, left < CHUNK ? (size_t)left : CHUNK);

		if (n <= 0)
			_exit(1);
		left -= (uint64_t)n;
	}
	_exit(0);
}

/* Receives from the first that connects until it ends. Returns 0 if that was so many bytes. */
static int swallow(int listener, uint64_t expected)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	uint64_t got = 0;
	ssize_t n;

	errno = ETIMEDOUT;
	if (poll(&ready, 1, PATIENCE * 1000) != 1)
		return fail("waiting for a connection");
	ready.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (ready.fd == -1)
		return fail("accept");
	do {
		errno = ETIMEDOUT;
		if (poll(&ready, 1, PATIENCE * 1000) != 1)
			return fail("waiting for data");
		n = discard(ready.fd, 4 * CHUNK);
		if (n > 0)
			got += (uint64_t)n;
	} while (n > 0);
	if (n == -1)
		return fail("receive");
	close(ready.fd);
	if (got == expected)
		return 0;
	fprintf(stderr, "load: %llu bytes arrived\n", (unsigned long long)got);
	return -1;
}

static uint64_t microseconds(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000u + (uint64_t)tv->tv_usec;
}

/* Runs the command, which connects here and sends what a file or, if the fourth word says so,
 * the pipe on its standard input holds. Prints: bytes, seconds, microseconds of CPU time. */
int run_sink(char **argv)
{
	bool piped = strcmp(argv[3], "pipe") == 0;
	uint64_t bytes = parse_count(argv[2]), start = now();
	int listener, status = -1, ends[2] = { -1, -1 };
	struct endpoint at;
	struct rusage used;
	pid_t pid;

	if (parse_endpoint(argv, &at) == -1 || (piped && pipe2(ends, O_CLOEXEC) == -1))
		return -1;
	listener = open_listener(&at);
	if (listener == -1 || (piped && start_feeder(ends, bytes) == -1))
		return -1;
	pid = start_command(argv + 4, ends[0]);
	close(ends[0]);
	close(ends[1]);
	if (pid == -1 || swallow(listener, bytes) == -1)
		return -1;
	if (wait4(pid, &status, 0, &used) != pid || status != 0) {
		fprintf(stderr, "load: %s failed\n", argv[4]);
		return -1;
	}
	printf("%llu %.6f %llu\n", (unsigned long long)bytes, seconds_since(start),
		(unsigned long long)(microseconds(&used.ru_utime) + microseconds(&used.ru_stime)));
	return 0;
}
