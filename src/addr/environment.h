/* Environment variables for programs: SOCAT_PID, SOCAT_PEERADDR ... "SOCAT" being the name
 * given with -lp, in upper case. */
#ifndef ADDR_ENVIRONMENT_H
#define ADDR_ENVIRONMENT_H

#include "addr/open.h"

/* Remember the process that relays (SOCAT_PID) and the one it all began with (SOCAT_PPID).
 * Called at the start, and again in the child process of one connection. */
void environment_init(void);

/* Set them in this process, for a program that is about to be started in it. client may be
 * NULL. */
void environment_set(const struct client_info *client);

#endif
