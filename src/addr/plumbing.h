/* What connects us with a program: a socket pair or two pipes. */
#ifndef ADDR_PLUMBING_H
#define ADDR_PLUMBING_H

#include "addr/addr.h"

/* The descriptors: ours to write to and read from, the program's to read and write. */
struct plumbing {
	int ours_in, ours_out, input, output;
};

/* Make what the options (pipes, socktype) and the direction ask for; our ends don't block.
 * Returns 0, or -1 with errno set and nothing open. */
int plumbing_open(const struct spec *spec, struct plumbing *p, int direction);

/* In the process that becomes the program: put its ends where options fdin, fdout and stderr
 * say. Returns 0, or -1 with errno set. */
int plumbing_place(const struct spec *spec, struct plumbing *p, int direction);

/* Close the program's ends, or all. */
void plumbing_close_far(const struct plumbing *p);
void plumbing_close(const struct plumbing *p);

#endif
