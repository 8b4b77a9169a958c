/* What the files of the load generator share. */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <stdint.h>

enum {
	MESSAGE = 64,	/* bytes of a small message */
	BATCH = 256,	/* events or packets taken from the kernel at a time */
	PATIENCE = 10	/* seconds without an answer before a client gives up */
};

/* Log what failed and why, from errno; returns -1 for callers to pass on. */
int fail(const char *what);

/* Monotonic time in nanoseconds. */
uint64_t now(void);
double seconds_since(uint64_t start);

/* Fill *to from the command line's ADDRESS and PORT. Returns 0 or -1. */
int parse_endpoint(char **argv, struct sockaddr_in *to);

/* A positive number from the command line, 0 if it is none. */
uint64_t parse_count(const char *word);

/* epoll_ctl(2); events come with owner, or with fd if owner is NULL. Returns
 * 0, or -1 after logging. */
int set_interest(int ep, int op, int fd, uint32_t events, void *owner);

/* A connected blocking socket, or -1 after logging. Its reads and writes end
 * after PATIENCE. */
int dial(const struct sockaddr_in *to);

/* The same; tries for so many seconds until somebody listens. */
int dial_until(const struct sockaddr_in *to, uint64_t seconds);

/* A listening socket that does not block, or -1 after logging. */
int open_listener(const struct sockaddr_in *at);

/* The first message of a connection; see load.c. */
void write_hello(unsigned char hello[MESSAGE], char mode, uint64_t length);

/* Run the command and wait for it. Returns 0 if it succeeded. */
int run_command(char **argv);

/* The sub commands of load_udp.c; they return 0 or -1. */
int run_udp_serve(char **argv);
int run_udp_wait(char **argv);
int run_udp(char **argv);

/* The sub commands of load_short.c; they return 0 or -1. */
int run_churn(char **argv);
int run_programs_wait(char **argv);
int run_programs(char **argv);

/* The sub commands of load_tls.c; they return 0 or -1. */
int run_tls_serve(char **argv);
int run_tls_wait(char **argv);
int run_tls_bulk(char **argv);
int run_tls_handshakes(char **argv);
int run_tls_idle(char **argv);

#endif
