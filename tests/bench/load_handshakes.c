/*
 * Handshakes of TLS, full or resumed: connect, greet, a message each way, close.
 * See load_tls.c for what is agreed on.
 */
#define _GNU_SOURCE
#include "load.h"
#include "load_tls.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What all clients of a run share. */
struct greeting {
	SSL_CTX *context;
	struct endpoint to;
	bool resume;
	uint64_t most, end;	/* connections; nanoseconds: none begins after it */
	atomic_ullong begun, done, resumed;
	atomic_bool failed;
};

struct greeter {
	struct greeting *all;
	SSL_SESSION *session;
	pthread_t thread;
};

/* One connection. Its session is kept for the next one if sessions are to be
 * resumed and this was a new one. Returns 0 or -1. */
static int greet(struct greeter *g)
{
	SSL *tls = tls_connect(g->all->context, dial(&g->all->to), g->session);
	int status;

	if (tls == NULL)
		return -1;
	status = tls_exchange(tls);
	if (SSL_session_reused(tls)) {
		g->all->resumed++;
	} else if (g->all->resume) {
		SSL_SESSION_free(g->session);
		g->session = SSL_get1_session(tls);
	}
	hang_up(tls);
	return status;
}

static void *greeter_thread(void *argument)
{
	struct greeter *g = argument;
	struct greeting *all = g->all;

	while (!all->failed && now() < all->end && all->begun++ < all->most) {
		if (greet(g) == -1)
			all->failed = true;
		else
			all->done++;
	}
	return NULL;
}

static int greet_all(struct greeting *all, struct greeter *clients, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		errno = pthread_create(&clients[i].thread, NULL, greeter_thread, &clients[i]);
		if (errno != 0)
			return fail("pthread_create");
	}
	for (size_t i = 0; i < count; i++)
		pthread_join(clients[i].thread, NULL);
	return all->failed ? -1 : 0;
}

/* Every client connects once; then the command is run, clients connect again
 * and again until a time is over or a number of connections is reached, and
 * the command is run once more. So the first connections, whose handshakes
 * are full ones in any case, are not in the numbers. Prints, after what the
 * command prints: the word "load", connections, seconds, how many of them
 * resumed a session. */
int run_tls_handshakes(char **argv)
{
	struct greeting all = { .context = new_context(TLS_client_method(), argv[2]),
		.resume = strcmp(argv[3], "resumed") == 0, .most = parse_count(argv[6]) };
	size_t count = (size_t)parse_count(argv[4]);
	struct greeter clients[THREADS] = { 0 };
	uint64_t start;

	if (all.context == NULL || parse_endpoint(argv, &all.to) == -1 || count == 0 || count > THREADS)
		return -1;
	for (size_t i = 0; i < count; i++) {
		clients[i].all = &all;
		if (greet(&clients[i]) == -1)
			return -1;
	}
	if (run_command(argv + 7, NULL) == -1)
		return -1;
	start = now();
	all.end = start + (uint64_t)(strtod(argv[5], NULL) * 1e9);
	if (greet_all(&all, clients, count) == -1)
		return -1;
	printf("load %llu %.6f %llu\n", all.done, seconds_since(start), all.resumed);
	fflush(stdout);
	return run_command(argv + 7, NULL);
}
