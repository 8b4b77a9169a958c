/* The loop's side of timers; users see loop.h. */
#ifndef LOOP_TIMER_H
#define LOOP_TIMER_H

#include <stdint.h>

/* When the next timer is due, or -1 if none runs. */
int64_t timers_next(void);
/* Fire all that are due. */
void timers_run(int64_t now);
/* Forget all timers (in a child process). */
void timers_clear(void);

#endif
