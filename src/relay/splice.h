/* Bulk transfer without copying: splice(2) through pipes from a pool. */
#ifndef RELAY_SPLICE_H
#define RELAY_SPLICE_H

#include <stdbool.h>
#include <stddef.h>

#include "chan/chan.h"

struct splice_pipe;

/* A pipe from the pool, or a new one; NULL if there is none to be had (too many open). */
struct splice_pipe *splice_borrow(void);
/* Give it back. One that still holds bytes is closed instead. */
void splice_return(struct splice_pipe *pipe);
/* Bytes in the pipe. */
size_t splice_held(const struct splice_pipe *pipe);

/* Fill the pipe from a descriptor; returns as channel_read() does, IO_ERROR with errno
 * EINVAL if this descriptor can't be spliced. */
enum io_status splice_fill(struct splice_pipe *pipe, int fd, size_t *length);
/* Empty the pipe into a descriptor. more: further bytes will follow at once. */
enum io_status splice_drain(struct splice_pipe *pipe, int fd, bool more, size_t *length);
/* Copy what is in the pipe, splice_held() bytes. Returns false with errno set. */
bool splice_unload(struct splice_pipe *pipe, unsigned char *data);

#endif
