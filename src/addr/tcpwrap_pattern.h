/* Single patterns of hosts_access(5); part of tcpwrap.c. */
#ifndef ADDR_TCPWRAP_PATTERN_H
#define ADDR_TCPWRAP_PATTERN_H

#include "addr/tcpwrap.h"

/* Does the pattern match? 1, 0, or -1 for what is not implemented, with a warning. */
int tcpwrap_daemon_matches(const char *pattern, const struct tcpwrap *wrap,
                           const struct tcpwrap_peer *peer);
int tcpwrap_client_matches(const char *pattern, const struct tcpwrap *wrap,
                           const struct tcpwrap_peer *peer);

#endif
