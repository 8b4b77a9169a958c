/* Lock files: -L, -W and the options lockfile and waitlock. */
#ifndef ADDR_LOCK_H
#define ADDR_LOCK_H

#include <stdbool.h>

#include "chan/chan.h"

struct lock_wait;

/* Create the file and write our process id to it; if it exists: fail, or wait for it to
 * disappear. taken() gets what removes it again; failed() comes after an error was logged.
 * Either may be called before this returns, which is then NULL. */
struct lock_wait *lock_take(const char *path, bool wait,
                            void (*taken)(void *owner, struct closer *unlock),
                            void (*failed)(void *owner), void *owner);
void lock_cancel(struct lock_wait *wait);

/* At the start, where nothing else is to be served: take it and keep it until the program
 * ends (locks_release()). Waits if told so, unless a signal arrives. Returns 0, or -1
 * (logged). */
int lock_take_now(const char *path, bool wait);
/* Remove what lock_take_now() created. Does nothing in a child process. */
void locks_release(void);

#endif
