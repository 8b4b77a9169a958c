/* Terminals whose settings are changed: what they were before, to be restored at the end. */
#ifndef CHAN_TERMINAL_H
#define CHAN_TERMINAL_H

#include "chan/chan.h"

/* Remember the settings of the terminal that fd is open on, before they are changed. Several users of
 * one terminal share what the first of them found; when the last of their closers is called it is
 * restored, unless another job has the terminal in the foreground by then. The closer has a
 * duplicate of fd. Returns 0 with *closer NULL where fd is no terminal, or -1 with errno set. */
int terminal_keep(int fd, struct closer **closer);

/* False if another job has the terminal: reading or changing it would stop us. */
bool terminal_is_ours(int fd);

/* Restore all of them at once: for a process that is about to be ended by a signal. Safe to be called in a
 * signal handler; what was remembered stays. */
void terminals_restore(void);

/* In a child process: the parent restores them. */
void terminals_forget(void);

#endif
