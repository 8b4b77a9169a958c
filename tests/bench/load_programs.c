/*
 * Connections that a relay runs a program for, which writes one byte and ends (program.c):
 * the client sends nothing, and closes when it has read the byte and the end of file.
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct caller {
	int fd;
	bool heard;	/* the program's byte has come */
};

/* What all clients of one run share. */
struct calls {
	struct sockaddr_in to;
	int ep;
	uint64_t begun, done, most;
	uint64_t end;	/* no connection begins after this, nanoseconds */
};

static int call(struct calls *c, struct caller *who)
{
	*who = (struct caller){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
	if (who->fd == -1)
		return fail("socket");
	if (connect(who->fd, (struct sockaddr *)&c->to, sizeof c->to) == -1 && errno != EINPROGRESS)
		return fail("connect");
	c->begun++;
	return set_interest(c->ep, EPOLL_CTL_ADD, who->fd, EPOLLIN, who);
}

/* Returns 1 at the end of the answer, 0 if more is to come, -1 after logging. */
static int listen_to(struct caller *who)
{
	char answer[2];
	ssize_t n = recv(who->fd, answer, sizeof answer, MSG_DONTWAIT);

	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n == -1)
		return fail("connection to a program");
	errno = EPROTO;
	if (n == 0)
		return who->heard ? 1 : fail("connection to a program, no answer");
	if (n > 1 || who->heard)
		return fail("connection to a program, answer too long");
	who->heard = true;
	return 0;
}

static int advance(struct calls *c, struct caller *who)
{
	int answered = listen_to(who);

	if (answered <= 0)
		return answered;
	close(who->fd);
	c->done++;
	return c->begun < c->most && now() < c->end ? call(c, who) : 0;
}

/* Prints: connections done, seconds. */
int run_programs(char **argv)
{
	size_t count = (size_t)parse_count(argv[2]);
	uint64_t start = now();
	struct calls c = { .most = parse_count(argv[4]), .ep = epoll_create1(EPOLL_CLOEXEC) };
	struct caller callers[BATCH];
	struct epoll_event ready[BATCH];

	c.end = start + (uint64_t)(strtod(argv[3], NULL) * 1e9);
	if (c.ep == -1 || parse_endpoint(argv, &c.to) == -1 || count == 0 || count > BATCH)
		return -1;
	for (size_t i = 0; i < count && c.begun < c.most; i++)
		if (call(&c, &callers[i]) == -1)
			return -1;
	while (c.done < c.begun) {
		int n = epoll_wait(c.ep, ready, BATCH, PATIENCE * 1000);

		if (n == 0)
			errno = ETIMEDOUT;
		if (n <= 0)
			return fail("waiting for programs");
		for (int i = 0; i < n; i++)
			if (advance(&c, ready[i].data.ptr) == -1)
				return -1;
	}
	printf("%llu %.6f\n", (unsigned long long)c.done, seconds_since(start));
	return 0;
}

/* Until a program has answered. */
int run_programs_wait(char **argv)
{
	int fd;
	struct sockaddr_in to;
	char byte;

	if (parse_endpoint(argv, &to) == -1)
		return -1;
	fd = dial_until(&to, parse_count(argv[2]));
	if (fd == -1)
		return -1;
	if (recv(fd, &byte, 1, 0) != 1)
		return fail("connection to a program");
	close(fd);
	return 0;
}
