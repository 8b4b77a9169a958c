/* Sockets passed by a service manager, sd_listen_fds(3): descriptors from 3 on, as the
 * environment variables LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES describe them. */
#ifndef ADDR_ACTIVATION_H
#define ADDR_ACTIVATION_H

#include <stddef.h>

/* Read the variables. If they are for this process (LISTEN_PID is our id, or is not set) they are
 * removed from the environment and the descriptors are marked close-on-exec: no program that is
 * run later gets either. Only the first call does something. */
void activation_take(void);

enum { ACTIVATION_UNKNOWN = -1, ACTIVATION_AMBIGUOUS = -2 };

/* The descriptor that has this name in LISTEN_FDNAMES; ACTIVATION_UNKNOWN if none has it,
 * ACTIVATION_AMBIGUOUS if several have. */
int activation_find(const char *name);

/* What was passed, for an error line: "LISTEN_FDNAMES has: web, admin", or why there is
 * nothing. Returns the buffer. */
const char *activation_describe(char *buffer, size_t size);

/* For tests: forget what was taken. */
void activation_reset(void);

#endif
