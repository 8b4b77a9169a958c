/* UNIX domain sockets, for the types that may turn out to be one (GOPEN). */
#ifndef ADDR_UNIX_H
#define ADDR_UNIX_H

#include "addr/open.h"

/* Connect to an entry of the file system, whatever type its socket has. */
struct opening *unix_open(const struct spec *spec, const char *path,
                          const struct open_request *request);

#endif
