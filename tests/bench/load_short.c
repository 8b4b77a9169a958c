/*
 * Short connections, several clients at a time. Churn: the client says hello and hears its echo.
 * Programs: the relay runs a program for each, which writes one byte and ends (program.c); the
 * client sends nothing, and closes when it has read the byte and the end of file.
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

enum {
	CLIENTS = 8	/* at a time, while others are held */
};

struct client {
	int fd;
	bool asked;	/* the hello is sent, its echo is awaited */
	size_t have;
};

/* What all clients of one run share. */
struct run {
	const struct endpoint *to;
	struct held *held;	/* where connections go that are done, or empty */
	int ep;
	uint32_t interest;	/* what each connection waits for first */
	/* Returns 1 when the connection has done its work, 0 if not yet, -1 after logging. */
	int (*work)(int ep, struct client *who);
	uint64_t begun, done, most;
	uint64_t end;	/* no connection begins after this, nanoseconds */
};

static int client_connect(struct run *run, struct client *who)
{
	*who = (struct client){ .fd = socket(AF_INET,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
	if (who->fd == -1)
		return fail("socket");
	if (connect(who->fd, &run->to->address.any, run->to->length) == -1 &&
	    errno != EINPROGRESS)
		return fail("connect");
	run->begun++;
	return set_interest(run->ep, EPOLL_CTL_ADD, who->fd, run->interest, who);
}

static int hear_echo(int ep, struct client *who)
{
	unsigned char message[MESSAGE];
	ssize_t n;

	if (!who->asked) {
		write_hello(message, 'E', 0);
		if (send(who->fd, message, MESSAGE, 0) != MESSAGE)
			return fail("short connection, send");
		who->asked = true;
		return set_interest(ep, EPOLL_CTL_MOD, who->fd, EPOLLIN, who);
	}
	n = recv(who->fd, message, MESSAGE - who->have, 0);
	if (n == 0)
		errno = ECONNRESET;
	if (n <= 0)
		return fail("short connection, receive");
	who->have += (size_t)n;
	return who->have == MESSAGE;
}

static int hear_program(int ep, struct client *who)
{
	char answer[2];
	ssize_t n = recv(who->fd, answer, sizeof answer, MSG_DONTWAIT);

	(void)ep;
	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n == -1)
		return fail("connection to a program");
	errno = EPROTO;
	if (n == 0)
		return who->have == 1 ? 1 : fail("connection to a program, no answer");
	if (n > 1 || who->have > 0)
		return fail("connection to a program, answer too long");
	who->have = 1;
	return 0;
}

/* A connection that has done its work takes the place of the oldest that is held. */
static void client_leave(struct run *run, int fd)
{
	struct held *held = run->held;

	if (held->count == 0) {
		close(fd);
		return;
	}
	close(held->fds[held->oldest]);
	held->fds[held->oldest] = fd;
	held->oldest = (held->oldest + 1) % held->count;
}

static int client_advance(struct run *run, struct client *who)
{
	int done = run->work(run->ep, who);

	if (done <= 0)
		return done;
	if (run->held->count > 0 && set_interest(run->ep, EPOLL_CTL_DEL, who->fd, 0, NULL) == -1)
		return -1;
	client_leave(run, who->fd);
	run->done++;
	return run->begun < run->most && now() < run->end ? client_connect(run, who) : 0;
}

/* The run ends after a time or a number of connections, whichever is first; the number
 * keeps the relay from using up its ephemeral ports, which would measure the kernel's
 * search for a free one. */
static int run_clients(struct run *run, size_t count, double seconds)
{
	struct client clients[BATCH];
	struct epoll_event ready[BATCH];

	run->end = now() + (uint64_t)(seconds * 1e9);
	if (run->ep == -1 || count == 0 || count > BATCH)
		return -1;
	for (size_t i = 0; i < count && run->begun < run->most; i++)
		if (client_connect(run, &clients[i]) == -1)
			return -1;
	while (run->done < run->begun) {
		int n = epoll_wait(run->ep, ready, BATCH, PATIENCE * 1000);

		if (n == 0)
			errno = ETIMEDOUT;
		if (n <= 0)
			return fail("waiting for short connections");
		for (int i = 0; i < n; i++)
			if (client_advance(run, ready[i].data.ptr) == -1)
				return -1;
	}
	close(run->ep);
	return 0;
}

int churn(const struct endpoint *to, struct held *held, double seconds, uint64_t most,
	uint64_t *done, double *took)
{
	uint64_t start = now();
	struct run run = { .to = to, .held = held, .most = most, .interest = EPOLLOUT,
		.ep = epoll_create1(EPOLL_CLOEXEC), .work = hear_echo };
	int status = run_clients(&run, CLIENTS, seconds);

	*done = run.done;
	*took = seconds_since(start);
	return status;
}

/* Prints: connections done, seconds. */
static int run_short(char **argv, uint32_t interest, int (*work)(int ep, struct client *who))
{
	struct held none = { .count = 0 };
	uint64_t start = now();
	struct endpoint to;
	struct run run = { .to = &to, .held = &none, .most = parse_count(argv[4]),
		.interest = interest, .ep = epoll_create1(EPOLL_CLOEXEC), .work = work };

	if (parse_endpoint(argv, &to) == -1 ||
	    run_clients(&run, (size_t)parse_count(argv[2]), strtod(argv[3], NULL)) == -1)
		return -1;
	printf("%llu %.6f\n", (unsigned long long)run.done, seconds_since(start));
	return 0;
}

int run_churn(char **argv)
{
	return run_short(argv, EPOLLOUT, hear_echo);
}

int run_programs(char **argv)
{
	return run_short(argv, EPOLLIN, hear_program);
}

/* Until a program has answered. */
int run_programs_wait(char **argv)
{
	int fd;
	struct endpoint to;
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
