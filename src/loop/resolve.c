#include "loop/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "loop/loop.h"

/* Enough that a slow name server for one name does not hold up the others. */
enum { THREADS = 8, STACK = 512 * 1024 };

struct lookup {
	struct lookup *next;
	struct query *query;
	void (*done)(void *owner, const struct resolve_result *result);
	void *owner;
};

/* One getaddrinfo(3) and all who wait for it. A query is owned by the loop while it waits
 * and after it is done; while a thread has it, the loop touches only the waiters. */
struct query {
	struct query *next;        /* in one of the lists below */
	struct query *next_known;  /* all that are not finished */
	struct lookup *waiters;
	int family, flags, netns;
	struct resolve_result result;
	char host[];
};

static struct {
	pthread_mutex_t lock;      /* guards todo, done, threads */
	struct query *todo, *done;
	unsigned threads;
	struct query *known;       /* the loop's own */
	struct watch watch;
	int event;                 /* eventfd: something is in done */
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .event = -1 };

static void look_up(struct query *query)
{
	struct addrinfo hints = { .ai_family = query->family, .ai_socktype = SOCK_STREAM,
	                          .ai_flags = query->flags };
	struct addrinfo *list = NULL;
	int home = -1;

	if (query->netns >= 0) {
		/* namespaces belong to threads; go back afterwards for the next query */
		home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		setns(query->netns, CLONE_NEWNET);
	}
	query->result.error = getaddrinfo(query->host, NULL, &hints, &list);
	if (home >= 0) {
		setns(home, CLONE_NEWNET);
		close(home);
	}
	if (query->netns >= 0)
		close(query->netns);
	if (query->result.error != 0)
		return;
	for (struct addrinfo *a = list; a != NULL && query->result.count < RESOLVE_MAX; a = a->ai_next)
		if (a->ai_addrlen <= sizeof(union net_addr))
			memcpy(&query->result.addrs[query->result.count++], a->ai_addr, a->ai_addrlen);
	freeaddrinfo(list);
}

static void *worker(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&state.lock);
	while (state.todo != NULL) {
		struct query *query = state.todo;
		uint64_t one = 1;

		state.todo = query->next;
		pthread_mutex_unlock(&state.lock);
		look_up(query);
		pthread_mutex_lock(&state.lock);
		query->next = state.done;
		state.done = query;
		if (write(state.event, &one, sizeof(one)) < 0)
			break;  /* can't be: the counter has 64 bits */
	}
	state.threads--;
	pthread_mutex_unlock(&state.lock);
	return NULL;
}

static void forget(struct query *query)
{
	struct query **p = &state.known;

	while (*p != query)
		p = &(*p)->next_known;
	*p = query->next_known;
}

static void deliver(struct query *query)
{
	forget(query);
	while (query->waiters != NULL) {
		struct lookup *lookup = query->waiters;

		query->waiters = lookup->next;
		lookup->done(lookup->owner, &query->result);
		free(lookup);
	}
	free(query);
}

static void arrived(struct watch *watch)
{
	struct query *done;
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&state.lock);
	done = state.done;
	state.done = NULL;
	pthread_mutex_unlock(&state.lock);
	while (done != NULL) {
		struct query *next = done->next;

		deliver(done);
		done = next;
	}
}

/* A child process has no threads: it starts its own when it has something to look up. */
static void after_fork(void)
{
	pthread_mutex_init(&state.lock, NULL);
	state.todo = state.done = state.known = NULL;
	state.threads = 0;
	state.event = -1;
}

static int prepare(void)
{
	static bool hooked;

	if (state.event >= 0)
		return 0;
	state.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (state.event < 0)
		return -1;
	if (watch_start(&state.watch, state.event, arrived) < 0) {
		close(state.event);
		state.event = -1;
		return -1;
	}
	if (!hooked)
		loop_at_fork(after_fork);
	hooked = true;
	return 0;
}

/* Called with the lock held. */
static int start_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;
	int rc;

	if (state.threads >= THREADS)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK);
	rc = pthread_create(&thread, &attributes, worker, NULL);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		state.threads++;
	else if (state.threads == 0)
		return errno = rc, -1;
	return 0;
}

static struct query *find_known(const char *host, int family, int flags)
{
	struct query *query = state.known;

	while (query != NULL && (query->family != family || query->flags != flags ||
	                         query->netns >= 0 || strcmp(query->host, host) != 0))
		query = query->next_known;
	return query;
}

static struct query *new_query(const char *host, int family, int flags, int netns)
{
	size_t size = strlen(host) + 1;
	struct query *query = calloc(1, sizeof(*query) + size), **last;

	if (query == NULL)
		return NULL;
	memcpy(query->host, host, size);
	query->family = family;
	query->flags = flags;
	/* the query may outlive its waiters: it needs a descriptor of its own */
	query->netns = netns < 0 ? -1 : fcntl(netns, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_lock(&state.lock);
	for (last = &state.todo; *last != NULL; last = &(*last)->next)
		;
	*last = query;
	if (start_thread() < 0) {
		*last = NULL;
		pthread_mutex_unlock(&state.lock);
		free(query);
		return NULL;
	}
	pthread_mutex_unlock(&state.lock);
	query->next_known = state.known;
	state.known = query;
	return query;
}

struct lookup *resolve_start(const char *host, int family, int flags, int netns,
                             void (*done)(void *owner, const struct resolve_result *result),
                             void *owner)
{
	struct lookup *lookup;
	struct query *query;

	if (prepare() < 0 || (lookup = calloc(1, sizeof(*lookup))) == NULL)
		return NULL;
	query = netns >= 0 ? NULL : find_known(host, family, flags);
	if (query == NULL)
		query = new_query(host, family, flags, netns);
	if (query == NULL) {
		free(lookup);
		return NULL;
	}
	lookup->done = done;
	lookup->owner = owner;
	lookup->query = query;
	lookup->next = query->waiters;
	query->waiters = lookup;
	return lookup;
}

void resolve_cancel(struct lookup *lookup)
{
	struct lookup **p;

	if (lookup == NULL)
		return;
	for (p = &lookup->query->waiters; *p != lookup; p = &(*p)->next)
		;
	*p = lookup->next;
	free(lookup);
}
