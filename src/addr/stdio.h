/* Descriptors that were there before us, for types that use one. */
#ifndef ADDR_STDIO_H
#define ADDR_STDIO_H

#include <stdbool.h>

#include "addr/addr.h"
#include "chan/chan.h"

/* A descriptor of our own for fd: of an own, non-blocking description where that is possible
 * (pipes and terminals), else a duplicate, with *blocks set if calls on it may block
 * (fd_settings.may_block). mode: O_RDONLY, O_WRONLY or O_RDWR. Each channel needs its own number,
 * since epoll knows descriptors by that. Returns -1 with errno set. */
int stdio_descriptor(int fd, int mode, bool *blocks);

/* A channel that reads from one descriptor and writes to the other, one of which may be -1. The spec's
 * options are applied to the first of them. Returns NULL after logging. */
struct channel *stdio_channel(const struct spec *spec, int read_fd, int write_fd);

#endif
