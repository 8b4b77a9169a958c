/* Terminals: their settings are given back as they were found, after what was written is sent. */
#ifndef CHAN_TERMINAL_H
#define CHAN_TERMINAL_H

#include <stdbool.h>

#include "chan/chan.h"

/* Keep the terminal that fd is open on, before anything is written or changed. Several users of one
 * terminal share what the first of them found. Returns 0 with *closer for the channel, which keeps
 * a duplicate of fd, or NULL where fd is no terminal; or -1 with errno set.
 *
 * When the last of the closers is called, what has been written may still be on its way out of a
 * serial line: it is waited for, at most 30 s, without blocking. Then, if restore was asked for,
 * the settings are what the first user found; unless another job has the terminal in the
 * foreground by then. */
int terminal_keep(int fd, bool restore, struct closer **closer);

/* False if another job has the terminal: reading or changing it would stop us. */
bool terminal_is_ours(int fd);

/* Are both descriptors open on one terminal? */
bool terminal_is_same(int fd, int other);

/* Restore all of them at once: for a process that is about to be ended by a signal. Safe to be
 * called in a signal handler; what was remembered stays. */
void terminals_restore(void);

/* At the end of the program, all closers having been called: wait for what is left to be sent if
 * patient is true, restore, and close. Signals that have come, or come meanwhile, end the
 * waiting. */
void terminals_finish(bool patient);

/* Text that terminals_restore() has to write to the terminal that fd is open on, if it is kept. Not
 * copied; NULL: none. */
void terminal_farewell(int fd, const char *text);

/* In a child process: the parent restores them. */
void terminals_forget(void);

#endif
