/* Channels over one descriptor whose packets come and go by calls of their own: devices,
 * message queues, packet sockets. Whoever makes one has a struct packet_channel as the first
 * member of a struct, and a constant table of functions. */
#ifndef CHAN_PACKET_H
#define CHAN_PACKET_H

#include "chan/chan.h"
#include "loop/loop.h"

struct packet_channel;

struct packet_ops {
	const char *kind;
	size_t size;             /* of the whole struct */
	/* One packet in or out, without blocking; as read and write of struct chan_ops. base.lost
	 * is for what did not fit. A send takes all or nothing. */
	enum io_status (*receive)(struct packet_channel *c, void *data, size_t size,
	                          size_t *length);
	enum io_status (*send)(struct packet_channel *c, const void *data, size_t size);
	/* Undo what was done for this channel, before its descriptor is closed; NULL: nothing. Not
	 * called for duplicates, nor if another process goes on with the channel. */
	void (*closing)(struct packet_channel *c);
};

struct packet_channel {
	struct channel base;
	struct watch watch;
	const struct packet_ops *packet_ops;
	int fd;
	bool reads, writes;
	bool duplicate;
};

/* Make one, all other members zero. Without writes, what is written is an error. It owns the descriptor, which does not block. Returns NULL
 * with errno set; the descriptor is then still the caller's. */
struct packet_channel *packet_channel_new(const struct packet_ops *ops, int fd, bool reads,
                                          bool writes);

#endif
