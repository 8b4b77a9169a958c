/* Channels over POSIX message queues, mq_overview(7): every message is a packet. */
#ifndef CHAN_MQ_H
#define CHAN_MQ_H

#include "chan/chan.h"

/* Make one. It owns the descriptor, which does not block. message_size: the largest message of
 * the queue; priority: of what is written. Returns NULL with errno set; the descriptor is then
 * still the caller's. */
struct channel *mq_channel_new(int fd, bool reads, bool writes, size_t message_size,
                               unsigned priority);

/* Take the next message out of a queue; data has room for its largest. Logs the priority. */
enum io_status mq_take(int fd, void *data, size_t size, size_t *length, unsigned *priority);

#endif
