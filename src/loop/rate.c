/* A token bucket, as one number: the time at which it would be full again (this form is known as the
 * generic cell rate algorithm, ITU-T I.371). Who takes one moves it on by the interval; nothing is
 * to be had while it is further away than a full bucket takes to fill, less one token.
 *
 * Two processes may see the same last token: then both take it, and the next ones wait for longer. */
#include "loop/rate.h"

#include <stddef.h>
#include <sys/mman.h>

#include "loop/loop.h"

struct rate {
	int64_t interval, slack;
	_Atomic int64_t full;
};

struct rate *rate_new(int64_t interval)
{
	struct rate *rate = mmap(NULL, sizeof(*rate), PROT_READ | PROT_WRITE,
	                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (rate == MAP_FAILED)
		return NULL;
	rate->interval = interval;
	rate->slack = interval < NANOSECONDS ? NANOSECONDS - interval : 0;
	return rate;
}

int64_t rate_wait(const struct rate *rate)
{
	int64_t early = rate == NULL ? 0 : rate->full - rate->slack - loop_now();

	return early > 0 ? early : 0;
}

void rate_take(struct rate *rate)
{
	int64_t now = loop_now(), full;

	if (rate == NULL)
		return;
	full = rate->full;
	while (!atomic_compare_exchange_weak(&rate->full, &full,
	                                     (full > now ? full : now) + rate->interval))
		;
}
