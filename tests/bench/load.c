/*
 * load: the benchmark's load generator and back end.
 *
 * One program, one sub command per job (see the table at the end). "serve" is
 * the back end; every other sub command is a client that reaches it through a
 * relay and prints one line of numbers for the caller to work with. What goes
 * over UDP is in load_udp.c, what is encrypted in load_tls.c, and connections to
 * short connections, also those that a program is run for, in load_short.c.
 *
 * Protocol: each connection opens with one hello of MESSAGE bytes. Byte 0 says
 * what the connection is for, bytes 8 to 15 hold a length in bytes.
 *
 *   'E'  echo:   the hello comes back, and so does all that follows
 *   'U'  upload: length bytes follow, then MESSAGE bytes come back as receipt
 *   'D'  download: length bytes come back
 *
 * Lengths are agreed on beforehand, so that no measure depends on how a relay
 * treats a half-closed connection. Both ends discard what they receive with
 * MSG_TRUNC, which frees the data in the kernel without copying it: the load
 * should take as little as possible of a machine it shares with the relay.
 */
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	CHUNK = 256 * 1024,
	BACKLOG = 4096,
	ROOM = 32768	/* connections the back end can hold */
};

static unsigned char chunk[CHUNK];

/* ---- basics ----------------------------------------------------------- */

int fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	return -1;
}

uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

double seconds_since(uint64_t start)
{
	return (double)(now() - start) / 1e9;
}

void write_hello(unsigned char hello[MESSAGE], char mode, uint64_t length)
{
	memset(hello, 'x', MESSAGE);
	hello[0] = (unsigned char)mode;
	memcpy(hello + 8, &length, sizeof length);
}

int parse_endpoint(char **argv, struct sockaddr_in *to)
{
	memset(to, 0, sizeof *to);
	to->sin_family = AF_INET;
	to->sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	if (inet_pton(AF_INET, argv[0], &to->sin_addr) == 1)
		return 0;
	fprintf(stderr, "load: %s is not an IPv4 address\n", argv[0]);
	return -1;
}

uint64_t parse_count(const char *word)
{
	return strtoull(word, NULL, 10);
}

int set_interest(int ep, int op, int fd, uint32_t events, void *owner)
{
	struct epoll_event ev = { .events = events };

	if (owner != NULL)
		ev.data.ptr = owner;
	else
		ev.data.fd = fd;
	return epoll_ctl(ep, op, fd, &ev) == 0 ? 0 : fail("epoll_ctl");
}

/* A blocking socket whose calls end after PATIENCE, or -1. */
static int new_socket(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	return fd;
}

int dial(const struct sockaddr_in *to)
{
	int fd = new_socket();

	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
		return fd;
	fail("connect");
	close(fd);
	return -1;
}

/* Send one hello in echo mode over a blocking socket and check its return. */
static int exchange(int fd)
{
	unsigned char out[MESSAGE], in[MESSAGE];
	ssize_t n;

	write_hello(out, 'E', 0);
	if (send(fd, out, MESSAGE, 0) != MESSAGE)
		return fail("send");
	n = recv(fd, in, MESSAGE, MSG_WAITALL);
	if (n == MESSAGE && memcmp(in, out, MESSAGE) == 0)
		return 0;
	if (n == -1)
		return fail("recv");
	fprintf(stderr, "load: echo was cut off or changed on its way\n");
	return -1;
}

/* ---- serve: the back end ---------------------------------------------- */

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
	ssize_t n = recv(fd, chunk, sizeof chunk, 0);

	return n > 0 && send(fd, chunk, (size_t)n, 0) == n ? 0 : -1;
}

static int guest_upload(int fd, struct guest *g)
{
	ssize_t n = recv(fd, NULL, 4 * CHUNK, MSG_TRUNC);

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

static int guests_accept(int ep, int listener, struct guest *guests)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -1)
			return errno == EAGAIN || errno == ECONNABORTED ? 0 : fail("accept");
		if (fd >= ROOM) {
			close(fd);
			continue;
		}
		guests[fd] = (struct guest){ .have = 0 };
		if (set_interest(ep, EPOLL_CTL_ADD, fd, EPOLLIN, NULL) == -1)
			close(fd);
	}
}

static int serve_loop(int ep, int listener, struct guest *guests)
{
	struct epoll_event ready[BATCH];

	for (;;) {
		int n = epoll_wait(ep, ready, BATCH, -1);

		if (n == -1 && errno != EINTR)
			return fail("epoll_wait");
		for (int i = 0; i < n; i++) {
			int fd = ready[i].data.fd;

			if (fd == listener) {
				if (guests_accept(ep, listener, guests) == -1)
					return -1;
			} else if (guest_advance(ep, fd, &guests[fd]) == -1) {
				close(fd);
			}
		}
	}
}

int open_listener(const struct sockaddr_in *at)
{
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)at, sizeof *at) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	fail("listen");
	close(fd);
	return -1;
}

static int run_serve(char **argv)
{
	struct guest *guests = calloc(ROOM, sizeof *guests);
	struct sockaddr_in at;
	int listener, ep;

	if (parse_endpoint(argv, &at) == -1)
		return -1;
	listener = open_listener(&at);
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (guests == NULL || listener == -1 || ep == -1)
		return -1;
	if (set_interest(ep, EPOLL_CTL_ADD, listener, EPOLLIN, NULL) == -1)
		return -1;
	return serve_loop(ep, listener, guests);
}

/* ---- wait: until the back end answers through the relay --------------- */

int dial_until(const struct sockaddr_in *to, uint64_t seconds)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	uint64_t start = now();

	while (seconds_since(start) < (double)seconds) {
		int fd = new_socket();

		if (fd == -1)
			return -1;
		if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
			return fd;
		close(fd);
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "load: nothing accepted on port %u\n", ntohs(to->sin_port));
	return -1;
}

static int run_wait(char **argv)
{
	struct sockaddr_in to;
	int fd, status;

	if (parse_endpoint(argv, &to) == -1)
		return -1;
	fd = dial_until(&to, parse_count(argv[2]));
	if (fd == -1)
		return -1;
	status = exchange(fd);
	close(fd);
	return status;
}

/* ---- bulk: parallel streams, half of them up and half of them down ----- */

/* An upload whose bytes are sent becomes the download of its receipt. */
struct stream {
	int fd;
	bool up;
	uint64_t left;
};

static int stream_start(int ep, struct stream *s, const struct sockaddr_in *to)
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
	ssize_t n = s->up ? send(s->fd, chunk, want, 0) : recv(s->fd, NULL, 4 * CHUNK, MSG_TRUNC);

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
static int run_bulk(char **argv)
{
	size_t count = (size_t)parse_count(argv[2]);
	uint64_t each, start = now();
	struct stream streams[BATCH];
	struct sockaddr_in to;
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

/* ---- pingpong: one connection, one message at a time ------------------ */

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Prints: round trips, 50th and 99th percentile of their times in microseconds. */
static int run_pingpong(char **argv)
{
	const size_t room = 4u * 1000 * 1000;
	uint64_t start = now(), last = start;
	uint64_t end = start + (uint64_t)(strtod(argv[2], NULL) * 1e9);
	uint64_t *times = malloc(room * sizeof *times);
	struct sockaddr_in to;
	size_t n = 0;
	int fd = parse_endpoint(argv, &to) == 0 ? dial(&to) : -1;

	if (fd == -1 || times == NULL)
		return -1;
	while (last < end && n < room) {
		uint64_t before = now();

		if (exchange(fd) == -1)
			return -1;
		last = now();
		times[n++] = last - before;
	}
	if (n == 0)
		return -1;
	qsort(times, n, sizeof *times, compare_times);
	printf("%zu %.2f %.2f\n", n, (double)times[n / 2] / 1e3, (double)times[n - 1 - n / 100] / 1e3);
	free(times);
	return 0;
}

/* ---- idle: hold many connections while a command looks at the relay --- */

int run_command(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid == -1)
		return fail("fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		fail(argv[0]);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) == -1)
		return fail("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* Each connection exchanges a message before the next one begins: it is
 * through to the back end, and no relay's backlog overflows. */
static int run_idle(char **argv)
{
	uint64_t count = parse_count(argv[2]);
	struct sockaddr_in to;

	if (parse_endpoint(argv, &to) == -1)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		int fd = dial(&to);

		if (fd == -1 || exchange(fd) == -1) {
			fprintf(stderr, "load: %llu of %llu connections were up\n",
				(unsigned long long)i, (unsigned long long)count);
			return -1;
		}
	}
	return run_command(argv + 3);
}

/* ---- the command line ------------------------------------------------- */

struct command {
	const char *name;
	const char *usage;
	int words;	/* how many words of usage are required */
	int (*run)(char **argv);
};

static const struct command commands[] = {
	{ "serve", "ADDRESS PORT", 2, run_serve },
	{ "wait", "ADDRESS PORT SECONDS", 3, run_wait },
	{ "bulk", "ADDRESS PORT STREAMS BYTES", 4, run_bulk },
	{ "churn", "ADDRESS PORT CLIENTS SECONDS CONNECTIONS", 5, run_churn },
	{ "pingpong", "ADDRESS PORT SECONDS", 3, run_pingpong },
	{ "idle", "ADDRESS PORT CONNECTIONS COMMAND...", 4, run_idle },
	{ "udp-serve", "ADDRESS PORT", 2, run_udp_serve },
	{ "udp-wait", "ADDRESS PORT SECONDS", 3, run_udp_wait },
	{ "udp", "ADDRESS PORT PEERS IN-FLIGHT SECONDS COMMAND...", 6, run_udp },
	{ "programs-wait", "ADDRESS PORT SECONDS", 3, run_programs_wait },
	{ "programs", "ADDRESS PORT CLIENTS SECONDS CONNECTIONS", 5, run_programs },
	{ "tls-serve", "ADDRESS PORT SUITE PEM-FILE", 4, run_tls_serve },
	{ "tls-wait", "ADDRESS PORT SUITE SECONDS", 4, run_tls_wait },
	{ "tls-bulk", "ADDRESS PORT SUITE STREAMS BYTES", 5, run_tls_bulk },
	{ "tls-handshakes", "ADDRESS PORT SUITE full|resumed CLIENTS SECONDS CONNECTIONS COMMAND...",
	  8, run_tls_handshakes },
	{ "tls-idle", "ADDRESS PORT SUITE CONNECTIONS COMMAND...", 5, run_tls_idle },
};

static void raise_descriptor_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) == -1)
		fail("raising the descriptor limit");
}

int main(int argc, char **argv)
{
	const size_t count = sizeof commands / sizeof commands[0];

	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	for (size_t i = 0; i < count && argc > 1; i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].words)
			return commands[i].run(argv + 2) == 0 ? 0 : 1;
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "usage: load %s %s\n", commands[i].name, commands[i].usage);
	return 1;
}
