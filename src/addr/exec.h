/* Becoming a program. */
#ifndef ADDR_EXEC_H
#define ADDR_EXEC_H

#include "addr/open.h"

/* Option nofork: this process becomes the program, with the channel's descriptors as its
 * standard input and output. Returns only if that failed (logged): the exit status. */
int program_become(const struct spec *spec, const struct channel *channel,
                   const struct client_info *client);

#endif
