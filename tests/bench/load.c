/*
 * load: the benchmark's load generator and back end.
 *
 * One program, one sub command per job (see the table at the end). "serve" is
 * the back end; "start" and "activate" start a relay; every other sub command is a
 * client that reaches the back end through a relay and prints numbers for the caller
 * to work with. Each load_NAME.c has its own sub commands; here is what they share.
 *
 * Protocol: each connection opens with one hello of MESSAGE bytes. Byte 0 says
 * what the connection is for, bytes 8 to 15 hold a length in bytes.
 *
 *   'E'  echo:   the hello comes back, and so does all that follows
 *   'U'  upload: length bytes follow, then MESSAGE bytes come back as receipt
 *   'D'  download: length bytes come back
 *
 * Lengths are agreed on beforehand, so that no measure depends on how a relay
 * treats a half-closed connection. Both ends discard what they receive over TCP
 * with MSG_TRUNC, which frees the data in the kernel without copying it: the load
 * should take as little as possible of a machine it shares with the relay.
 */
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	BACKLOG = 4096
};

unsigned char chunk[CHUNK];

/* The kernel discards what comes over TCP; what comes over UNIX sockets has to be read. */
static int discard_flags = MSG_TRUNC;

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

uint64_t parse_count(const char *word)
{
	return strtoull(word, NULL, 10);
}

int run_command(char **argv, const char *word)
{
	char *words[16] = { NULL };
	int status;
	size_t n = 0;
	pid_t pid;

	while (argv[n] != NULL && n < 14) {
		words[n] = argv[n];
		n++;
	}
	words[n] = (char *)word;
	pid = fork();
	if (pid == -1)
		return fail("fork");
	if (pid == 0) {
		execvp(words[0], words);
		fail(words[0]);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) == -1)
		return fail("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* ---- sockets ---------------------------------------------------------- */

static int parse_local(const char *path, struct endpoint *to)
{
	struct sockaddr_un *at = &to->address.local;

	discard_flags = 0;
	at->sun_family = AF_UNIX;
	to->length = sizeof *at;
	if (strlen(path) < sizeof at->sun_path) {
		memcpy(at->sun_path, path, strlen(path));
		return 0;
	}
	fprintf(stderr, "load: %s is too long for a socket\n", path);
	return -1;
}

int parse_endpoint(char **argv, struct endpoint *to)
{
	memset(to, 0, sizeof *to);
	if (strcmp(argv[0], "unix") == 0)
		return parse_local(argv[1], to);
	to->address.ip.sin_family = AF_INET;
	to->address.ip.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	to->length = sizeof to->address.ip;
	if (inet_pton(AF_INET, argv[0], &to->address.ip.sin_addr) == 1)
		return 0;
	fprintf(stderr, "load: %s is not an IPv4 address\n", argv[0]);
	return -1;
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

int new_socket(const struct endpoint *to)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	int fd = socket(to->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	return fd;
}

int dial(const struct endpoint *to)
{
	int fd = new_socket(to);

	if (fd == -1)
		return -1;
	if (connect(fd, &to->address.any, to->length) == 0)
		return fd;
	fail("connect");
	close(fd);
	return -1;
}

int dial_until(const struct endpoint *to, uint64_t seconds)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	uint64_t start = now();

	while (seconds_since(start) < (double)seconds) {
		int fd = new_socket(to);

		if (fd == -1)
			return -1;
		if (connect(fd, &to->address.any, to->length) == 0)
			return fd;
		close(fd);
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "load: nothing accepted\n");
	return -1;
}

int open_listener(const struct endpoint *at)
{
	const int on = 1;
	int fd = socket(at->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, &at->address.any, at->length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	fail("listen");
	close(fd);
	return -1;
}

ssize_t discard(int fd, size_t most)
{
	static unsigned char bin[4 * CHUNK];

	return recv(fd, bin, most < sizeof bin ? most : sizeof bin, discard_flags);
}

/* ---- messages --------------------------------------------------------- */

void write_hello(unsigned char hello[MESSAGE], char mode, uint64_t length)
{
	memset(hello, 'x', MESSAGE);
	hello[0] = (unsigned char)mode;
	memcpy(hello + 8, &length, sizeof length);
}

int hear(int fd)
{
	unsigned char expected[MESSAGE], in[MESSAGE];
	ssize_t n = recv(fd, in, MESSAGE, MSG_WAITALL);

	write_hello(expected, 'E', 0);
	if (n == MESSAGE && memcmp(in, expected, MESSAGE) == 0)
		return 0;
	if (n == -1)
		return fail("recv");
	fprintf(stderr, "load: a message was cut off or changed on its way\n");
	return -1;
}

int exchange(int fd)
{
	unsigned char out[MESSAGE];

	write_hello(out, 'E', 0);
	if (send(fd, out, MESSAGE, 0) != MESSAGE)
		return fail("send");
	return hear(fd);
}

/* Until the back end answers through the relay, or has greeted if there is a fourth word. */
static int run_wait(char **argv)
{
	struct endpoint to;
	int fd, status;

	if (parse_endpoint(argv, &to) == -1)
		return -1;
	fd = dial_until(&to, parse_count(argv[2]));
	if (fd == -1)
		return -1;
	status = argv[3] != NULL ? hear(fd) : exchange(fd);
	close(fd);
	return status;
}

/* ---- the command line ------------------------------------------------- */

struct command {
	const char *name;
	const char *usage;	/* an ADDRESS and a PORT may be "unix" and a path with stream sockets */
	int words;	/* how many words of usage are required */
	int (*run)(char **argv);
};

static const struct command commands[] = {
	{ "serve", "ADDRESS PORT [greet]", 2, run_serve },
	{ "wait", "ADDRESS PORT SECONDS [greeting]", 3, run_wait },
	{ "bulk", "ADDRESS PORT STREAMS BYTES", 4, run_bulk },
	{ "sink", "ADDRESS PORT BYTES file|pipe COMMAND...", 5, run_sink },
	{ "churn", "ADDRESS PORT CLIENTS SECONDS CONNECTIONS", 5, run_churn },
	{ "pingpong", "ADDRESS PORT SECONDS", 3, run_pingpong },
	{ "first", "ADDRESS PORT SECONDS CONNECTIONS client|server", 5, run_first },
	{ "idle", "ADDRESS PORT LEVELS COMMAND...", 4, run_idle },
	{ "growth", "ADDRESS PORT LEVELS SECONDS CONNECTIONS COMMAND...", 6, run_growth },
	{ "start", "ADDRESS PORT SECONDS STARTS ROOT COMMAND...", 6, run_start },
	{ "activate", "ADDRESS PORT COMMAND...", 3, run_activate },
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
	{ "tls-idle", "ADDRESS PORT SUITE LEVELS COMMAND...", 5, run_tls_idle },
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
