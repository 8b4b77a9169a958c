/* Environment variables for programs: SOCAT_PID, SOCAT_PEERADDR ... "SOCAT" being the name
 * given with -lp, in upper case. */
#ifndef ADDR_ENVIRONMENT_H
#define ADDR_ENVIRONMENT_H

#include "addr/open.h"

/* Set them in this process, for a program that is about to be started in it. client may be
 * NULL. parent: SOCAT_PPID. */
void environment_set(const struct client_info *client, int parent);

#endif
