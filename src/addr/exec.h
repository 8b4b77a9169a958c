/* Programs that addresses run. */
#ifndef ADDR_EXEC_H
#define ADDR_EXEC_H

#include <stdbool.h>

#include "addr/open.h"

/* Option nofork: this process becomes the program, with the channel's descriptors as its
 * standard input and output. Returns only if that failed (logged): the exit status. */
int program_become(const struct spec *spec, const struct channel *channel,
                   const struct client_info *client);

/* True if a program that was told to get this signal (options sighup, sigint, sigquit) runs;
 * it has been sent it. */
bool programs_take_signal(int signal);

/* In a child process: the programs are the parent's. */
void programs_forget(void);

/* How many programs have not ended yet, though they should: those that were told to end, or
 * are left alone with option end-close, don't count. */
unsigned programs_awaited(void);
/* True if one ended with another status than 0, or on a signal other than ours. */
bool programs_failed(void);
/* Called each time one ends, or is told to; NULL: nobody. */
void programs_on_end(void (*ended)(void));

#endif
