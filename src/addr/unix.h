/* UNIX domain sockets, for the types that may turn out to be one (GOPEN). */
#ifndef ADDR_UNIX_H
#define ADDR_UNIX_H

#include "addr/open.h"

/* Connect a stream socket to an entry of the file system. */
struct opening *unix_open(const struct spec *spec, const char *path,
                          const struct open_request *request);

#endif
