/* What is scarce: descriptors, memory, ports. Running out of one is no error of a single
 * connection: who meets it waits and tries again. It is said once per shortage. */
#ifndef LOOP_SCARCE_H
#define LOOP_SCARCE_H

#include <stdbool.h>
#include <stdint.h>

/* How long to wait before trying again. */
#define SCARCE_INTERVAL 100000000LL

/* True if this errno means that something ran out: EMFILE, ENFILE, ENOMEM, ENOBUFS. */
bool scarce(int error);
/* Say so, if it was not said yet. what: the system call. */
void scarce_met(const char *what, int error);
/* Nobody waits any more: the shortage is over. */
void scarce_over(void);
/* True between these two. */
bool scarce_now(void);

/* True if so many more descriptors are likely to be had, the newest one having been this. */
bool scarce_room(int newest_fd, unsigned wanted);
/* Try whether so many descriptors (at most 8) are to be had right now; says so if not. */
bool scarce_try(unsigned count);
/* Raise the soft limit on descriptors to the hard one; scarce_restore() takes it back, for
 * programs that we start. */
void scarce_raise_limit(void);
void scarce_restore_limit(void);

#endif
