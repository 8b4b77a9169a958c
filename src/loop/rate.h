/* So many of something per second, and no more (option max-rate). */
#ifndef LOOP_RATE_H
#define LOOP_RATE_H

#include <stdatomic.h>
#include <stdint.h>

struct rate;

/* interval: nanoseconds for each, at least 1. After a pause as many may come at once as belong to a
 * second, at least one. Processes forked from this one share it, and keep to it together. There is
 * one for each address, so it stays until the process ends. Returns NULL with errno set. */
struct rate *rate_new(int64_t interval);

/* Nanoseconds until there may be one more; 0: now. NULL: 0, there is no limit. */
int64_t rate_wait(const struct rate *rate);
/* There is one more. NULL is fine. */
void rate_take(struct rate *rate);

#endif
