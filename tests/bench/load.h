/* What the files of the load generator share. */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

enum {
	MESSAGE = 64,	/* bytes of a small message */
	BATCH = 256,	/* events or packets taken from the kernel at a time */
	PATIENCE = 10,	/* seconds without an answer before a client gives up */
	CHUNK = 256 * 1024	/* bytes of bulk written or read at a time */
};

/* Where somebody listens. */
struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in ip;
		struct sockaddr_un local;
	} address;
	socklen_t length;
};

/* What is sent where content does not matter. */
extern unsigned char chunk[CHUNK];

/* Log what failed and why, from errno; returns -1 for callers to pass on. */
int fail(const char *what);

/* Monotonic time in nanoseconds. */
uint64_t now(void);
double seconds_since(uint64_t start);

/* Fill *to from two words of the command line: an IPv4 ADDRESS and a PORT, or
 * "unix" and a PATH. Returns 0 or -1. */
int parse_endpoint(char **argv, struct endpoint *to);

/* A positive number from the command line, 0 if it is none. */
uint64_t parse_count(const char *word);

/* epoll_ctl(2); events come with owner, or with fd if owner is NULL. Returns
 * 0, or -1 after logging. */
int set_interest(int ep, int op, int fd, uint32_t events, void *owner);

/* A blocking socket, or -1 after logging. Its reads and writes end after PATIENCE. */
int new_socket(const struct endpoint *to);

/* The same, connected. */
int dial(const struct endpoint *to);

/* The same; tries for so many seconds until somebody listens. */
int dial_until(const struct endpoint *to, uint64_t seconds);

/* A listening socket that does not block, or -1 after logging. */
int open_listener(const struct endpoint *at);

/* recv(2) that throws away what it receives: without a copy over TCP. */
ssize_t discard(int fd, size_t most);

/* The first message of a connection; see load.c. */
void write_hello(unsigned char hello[MESSAGE], char mode, uint64_t length);

/* Hear one message, which is the echo of ours or the server's greeting. */
int hear(int fd);

/* Send one hello in echo mode over a blocking socket and hear it. */
int exchange(int fd);

/* Run the command with one more word, unless that is NULL, and wait for it.
 * Returns 0 if it succeeded. */
int run_command(char **argv, const char *word);

/* Order of two uint64_t, for qsort(3). */
int compare_times(const void *a, const void *b);

/* Connections that are up and rest; opening one more closes the oldest. */
struct held {
	int *fds;
	size_t count, oldest;
};

/* Short connections, 8 at a time, until seconds or a number of connections are over;
 * each is held for a while if held is not empty. Returns 0 and sets *done and *took, in
 * seconds, or -1. */
int churn(const struct endpoint *to, struct held *held, double seconds, uint64_t most,
	uint64_t *done, double *took);

/* Round trips over one connection for so many seconds. */
struct latency {
	size_t count;
	double p50, p99;	/* microseconds */
};
int pingpong(const struct endpoint *to, double seconds, struct latency *result);

/* The sub commands; they return 0 or -1. */
int run_serve(char **argv);
int run_bulk(char **argv);
int run_sink(char **argv);
int run_churn(char **argv);
int run_programs_wait(char **argv);
int run_programs(char **argv);
int run_pingpong(char **argv);
int run_first(char **argv);
int run_idle(char **argv);
int run_growth(char **argv);
int run_start(char **argv);
int run_activate(char **argv);
int run_udp_serve(char **argv);
int run_udp_wait(char **argv);
int run_udp(char **argv);
int run_tls_serve(char **argv);
int run_tls_wait(char **argv);
int run_tls_bulk(char **argv);
int run_tls_handshakes(char **argv);
int run_tls_idle(char **argv);

#endif
