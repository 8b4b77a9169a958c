/* What connects us with a program: a socket pair, two pipes, or a pseudo terminal. */
#ifndef ADDR_PLUMBING_H
#define ADDR_PLUMBING_H

#include "addr/addr.h"
#include "addr/ptmx.h"

/* The descriptors: ours to write to and read from, the program's to read and write. */
struct plumbing {
	int ours_in, ours_out, input, output;
	char terminal[PTMX_NAME];   /* the name of the program's end, "" if it is no terminal */
};

/* True if the program gets a terminal (options pty, ptmx, openpty). */
bool plumbing_is_terminal(const struct spec *spec);

/* Make what the options (pty, pipes, socktype) and the direction ask for; our ends don't block.
 * Returns 0, or -1 (logged) with nothing open. */
int plumbing_open(const struct spec *spec, struct plumbing *p, int direction);

/* In the process that becomes the program: put its ends where options fdin, fdout and stderr
 * say. Returns 0, or -1 with errno set. */
int plumbing_place(const struct spec *spec, struct plumbing *p, int direction);

/* Close the program's ends, ours, or all. */
void plumbing_close_far(const struct plumbing *p);
void plumbing_close_ours(const struct plumbing *p);
void plumbing_close(const struct plumbing *p);

#endif
