/* What opening a file takes from its options. */
#ifndef OPT_FILE_H
#define OPT_FILE_H

#include <sys/types.h>

struct spec;

/* The flags for open(2): those given, the access mode for the spec's direction, O_CLOEXEC,
 * O_NOCTTY (who is at the other end of a line shall not send us signals), and what the options say: append, async, noatime, nonblock and the OPEN group. An option
 * with "=0" takes its flag away; of rdonly, wronly and rdwr the last one counts. */
int open_flags(const struct spec *spec, int flags);

/* The permissions for a file that open(2) or creat(2) makes: option perm, or 0666. */
mode_t open_mode(const struct spec *spec);

#endif
