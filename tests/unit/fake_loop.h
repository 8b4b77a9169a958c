/* What tests have of the event loop: see fake_loop.c. */
#ifndef FAKE_LOOP_H
#define FAKE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* loop_now(), in nanoseconds. */
extern int64_t fake_loop_clock;

/* Run the next task that is queued. Returns false if there is none. */
bool fake_loop_task(void);
/* Let the timer fire that was started last and not stopped. Returns false if there is none. */
bool fake_loop_timer(void);
/* As in a child process. */
void fake_loop_forget_timers(void);

#endif
