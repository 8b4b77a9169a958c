#include "loop/offload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "loop/loop.h"

/* getaddrinfo(3) needs some stack; only what is used of it becomes memory. */
enum { THREADS = 8, STACK = 512 * 1024 };

static struct {
	pthread_mutex_t lock;      /* guards the lists and the count */
	struct job *todo, *done;
	unsigned threads;
	struct watch watch;
	int event;                 /* eventfd: something is in done */
	unsigned generation;       /* grows in a child process */
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .event = -1 };

static void *worker(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&state.lock);
	while (state.todo != NULL) {
		struct job *job = state.todo;
		uint64_t one = 1;

		state.todo = job->next;
		pthread_mutex_unlock(&state.lock);
		job->work(job);
		pthread_mutex_lock(&state.lock);
		job->next = state.done;
		state.done = job;
		if (write(state.event, &one, sizeof(one)) < 0)
			break;  /* can't be: the counter has 64 bits */
	}
	state.threads--;
	pthread_mutex_unlock(&state.lock);
	return NULL;
}

static void arrived(struct watch *watch)
{
	unsigned generation = state.generation;
	struct job *done;
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&state.lock);
	done = state.done;
	state.done = NULL;
	pthread_mutex_unlock(&state.lock);
	while (done != NULL) {
		struct job *next = done->next;

		done->done(done);
		if (state.generation != generation)
			return;    /* we are a child now; the others are the parent's */
		done = next;
	}
}

/* A child process has no threads: it starts its own when it has work. */
static void after_fork(void)
{
	pthread_mutex_init(&state.lock, NULL);
	state.todo = state.done = NULL;
	state.threads = 0;
	state.event = -1;
	state.generation++;
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

/* Called with the lock held. Returns 0 if some thread will do the work. */
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
	errno = rc;
	return state.threads > 0 ? 0 : -1;
}

int offload(struct job *job)
{
	struct job **last = &state.todo;
	int rc;

	if (prepare() < 0)
		return -1;
	job->next = NULL;
	pthread_mutex_lock(&state.lock);
	while (*last != NULL)
		last = &(*last)->next;
	*last = job;
	rc = start_thread();
	if (rc < 0)
		*last = NULL;
	pthread_mutex_unlock(&state.lock);
	return rc;
}
