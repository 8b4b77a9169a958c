/*
 * serve: the back end; see load.c for what it answers.
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	ROOM = 32768	/* connections the back end can hold */
};

/* One accepted connection; the table of these is indexed by descriptor. */
struct guest {
	unsigned char hello[MESSAGE];
	size_t have;	/* bytes of the hello received */
	uint64_t left;	/* bytes an upload or a download has still to move */
};

static int guest_begin(int ep, int fd, struct guest *g)
{
	memcpy(&g->left, g->hello + 8, sizeof g->left);
	if (g->hello[0] == 'D')
		return set_interest(ep, EPOLL_CTL_MOD, fd, EPOLLOUT, NULL);
	if (g->hello[0] == 'U')
		return 0;
	return send(fd, g->hello, MESSAGE, 0) == MESSAGE ? 0 : -1;
}

/* Echo is only used with one small message under way, which always fits into
 * an empty socket buffer; anything else is an error. */
static int guest_echo(int fd)
{
	unsigned char echo[4096];
	ssize_t n = recv(fd, echo, sizeof echo, 0);

	return n > 0 && send(fd, echo, (size_t)n, 0) == n ? 0 : -1;
}

static int guest_upload(int fd, struct guest *g)
{
	ssize_t n = discard(fd, 4 * CHUNK);

	if (n <= 0 || (uint64_t)n > g->left)
		return -1;
	g->left -= (uint64_t)n;
	if (g->left > 0)
		return 0;
	return send(fd, g->hello, MESSAGE, 0) == MESSAGE ? 0 : -1;
}

static int guest_download(int ep, int fd, struct guest *g)
{
	size_t want = g->left < CHUNK ? (size_t)g->left : CHUNK;
	ssize_t n = send(fd, chunk, want, 0);

	if (n == -1)
		return errno == EAGAIN ? 0 : -1;
	g->left -= (uint64_t)n;
	return g->left > 0 ? 0 : set_interest(ep, EPOLL_CTL_MOD, fd, EPOLLIN, NULL);
}

/* Serve one ready connection. Returns -1 when it is to be closed. */
static int guest_advance(int ep, int fd, struct guest *g)
{
	ssize_t n;

	if (g->have == MESSAGE) {
		if (g->hello[0] == 'D' && g->left > 0)
			return guest_download(ep, fd, g);
		if (g->hello[0] == 'U' && g->left > 0)
			return guest_upload(fd, g);
		return guest_echo(fd);
	}
	n = recv(fd, g->hello + g->have, MESSAGE - g->have, 0);
	if (n <= 0)
		return -1;
	g->have += (size_t)n;
	return g->have == MESSAGE ? guest_begin(ep, fd, g) : 0;
}

/* One that is to be greeted hears before it has said anything what its echo would be. */
static int guests_accept(int ep, int listener, struct guest *guests, bool greet)
{
	unsigned char greeting[MESSAGE];

	write_hello(greeting, 'E', 0);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -1)
			return errno == EAGAIN || errno == ECONNABORTED ? 0 : fail("accept");
		if (fd >= ROOM) {
			close(fd);
			continue;
		}
		guests[fd] = (struct guest){ .have = 0 };
		if ((greet && send(fd, greeting, MESSAGE, 0) != MESSAGE) ||
		    set_interest(ep, EPOLL_CTL_ADD, fd, EPOLLIN, NULL) == -1)
			close(fd);
	}
}

static int serve_loop(int ep, int listener, struct guest *guests, bool greet)
{
	struct epoll_event ready[BATCH];

	for (;;) {
		int n = epoll_wait(ep, ready, BATCH, -1);

		if (n == -1 && errno != EINTR)
			return fail("epoll_wait");
		for (int i = 0; i < n; i++) {
			int fd = ready[i].data.fd;

			if (fd == listener) {
				if (guests_accept(ep, listener, guests, greet) == -1)
					return -1;
			} else if (guest_advance(ep, fd, &guests[fd]) == -1) {
				close(fd);
			}
		}
	}
}

int run_serve(char **argv)
{
	struct guest *guests = calloc(ROOM, sizeof *guests);
	struct endpoint at;
	int listener, ep;

	if (parse_endpoint(argv, &at) == -1)
		return -1;
	listener = open_listener(&at);
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (guests == NULL || listener == -1 || ep == -1)
		return -1;
	if (set_interest(ep, EPOLL_CTL_ADD, listener, EPOLLIN, NULL) == -1)
		return -1;
	return serve_loop(ep, listener, guests, argv[2] != NULL);
}
