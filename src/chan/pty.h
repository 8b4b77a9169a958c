/* Channels over the master side of a pseudo terminal. */
#ifndef CHAN_PTY_H
#define CHAN_PTY_H

#include <stdint.h>

#include "chan/chan.h"

/* below: the channel over the master, which belongs to the new one from now on. slave: a descriptor
 * of the other side that is kept open so that it never looks closed, or -1. sitout: how long, in
 * nanoseconds, the other side may be closed without this being the end (option sitout-eio).
 * Returns NULL with errno set; below and slave are then still the caller's. */
struct channel *pty_channel_new(struct channel *below, int slave, int64_t sitout);

/* Has reading come to the end, the other side being closed? Of a channel made by the former. */
bool pty_at_end(const struct channel *channel);

#endif
