/* What this is. The version: the socat whose command line this one understands, "+", ours. */
#ifndef SYS_VERSION_H
#define SYS_VERSION_H

extern const char socat_version[];
extern const char socat_build_date[];

#endif
