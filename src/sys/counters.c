#include "sys/counters.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

/* A whole number of cache lines, so that no two processes write to one. */
enum { LINE = 8, SLOT = (COUNTERS + LINE - 1) / LINE * LINE };

static _Atomic uint64_t unshared[COUNTERS];

static struct {
	_Atomic uint64_t *base, *own;
	unsigned slots;        /* 0: not shared */
	bool company;
} shared = { .base = unshared, .own = unshared };

#define BOUND_UNIT 100000   /* nanoseconds */

const uint32_t counter_connect_bounds[CONNECT_BUCKETS] = {
	5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
};

static enum connect_failure connect_failure(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return CONNECT_REFUSED;
	case ETIMEDOUT:
		return CONNECT_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
		return CONNECT_UNREACHABLE;
	case ENOENT:
	case ENOTDIR:
		return CONNECT_MISSING;
	case EACCES:
	case EPERM:
		return CONNECT_DENIED;
	default:
		return CONNECT_OTHER;
	}
}

void counter_connect_failed(int error)
{
	counter_add(COUNT_CONNECT_FAILED + connect_failure(error), 1);
}

void counter_connected(int64_t nanoseconds)
{
	unsigned bucket = 0;

	while (bucket < CONNECT_BUCKETS &&
	       nanoseconds > (int64_t)counter_connect_bounds[bucket] * BOUND_UNIT)
		bucket++;
	counter_add(COUNT_CONNECT_BUCKET + bucket, 1);   /* or late, which is the next one */
	counter_add(COUNT_CONNECT_TIME, (uint64_t)nanoseconds);
}

int counters_share(unsigned slots)
{
	void *memory = mmap(NULL, (size_t)slots * SLOT * sizeof(*shared.base),
	                    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	shared.base = shared.own = memory;
	shared.slots = slots;
	return 0;
}

void counters_use(unsigned slot)
{
	if (slot < shared.slots)
		shared.own = shared.base + (size_t)slot * SLOT;
}

void counters_have_company(void)
{
	shared.company = true;
}

/* Alone there is no need for an addition that nobody can come between: it takes six times as
 * long. */
void counter_add(unsigned counter, uint64_t n)
{
	_Atomic uint64_t *value = &shared.own[counter];

	if (shared.company)
		atomic_fetch_add_explicit(value, n, memory_order_relaxed);
	else
		atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + n,
		                      memory_order_relaxed);
}

uint64_t counter_of(unsigned slot, unsigned counter)
{
	return atomic_load_explicit(&shared.base[(size_t)slot * SLOT + counter],
	                            memory_order_relaxed);
}

uint64_t counter_sum(unsigned counter)
{
	uint64_t sum = counter_of(0, counter);

	for (unsigned slot = 1; slot < shared.slots; slot++)
		sum += counter_of(slot, counter);
	return sum;
}

void counters_killed(unsigned slot)
{
	_Atomic uint64_t *killed;
	uint64_t open;

	/* child processes outlive it, and count the ends of theirs */
	if (slot >= shared.slots || shared.company)
		return;
	killed = &shared.base[(size_t)slot * SLOT + COUNT_ENDED + ENDED_KILLED];
	open = counter_of(slot, COUNT_SESSIONS);
	for (unsigned i = 0; i < ENDS; i++)
		open -= counter_of(slot, COUNT_ENDED + i);
	atomic_fetch_add_explicit(killed, open, memory_order_relaxed);
}
