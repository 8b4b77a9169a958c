/* Pseudo terminals: what PTY and programs with option pty share. */
#ifndef ADDR_PTMX_H
#define ADDR_PTMX_H

#include "addr/addr.h"
#include "chan/chan.h"

enum { PTMX_NAME = 32 };

/* Open a new pair: the master, which does not block, and the other side, which does. name: of the
 * other side, /dev/pts/N. Returns 0, or -1 (logged) with nothing open. See pts(4). */
int ptmx_open(const struct spec *spec, int *master, int *slave, char name[PTMX_NAME]);

/* Options link and unlink...: make a symbolic link to the other side. It takes the place of
 * another symbolic link, but of nothing else. Returns 0 with *closer, which removes the link, or NULL; or
 * -1 (logged). */
int ptmx_link(const struct spec *spec, const char *name, struct closer **closer);

/* The channel over the master, with option sitout-eio; it owns it, and slave, which may be -1. NULL:
 * failed (logged), both are closed. */
struct channel *ptmx_channel(const struct spec *spec, int master, int slave, int direction);

#endif
