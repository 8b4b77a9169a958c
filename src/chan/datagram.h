/* Channels over datagram sockets that are not connected: packets come from anybody, and
 * where they go is said with each. */
#ifndef CHAN_DATAGRAM_H
#define CHAN_DATAGRAM_H

#include "chan/fd.h"
#include "sys/local_address.h"
#include "sys/net.h"

enum datagram_verdict {
	DATAGRAM_TAKE,
	DATAGRAM_DROP,
	DATAGRAM_WAIT      /* not known yet: datagram_decide() will tell */
};

struct datagram_settings {
	int fd;
	struct net_peer to;      /* of packets written; length 0: they have nowhere to go */
	struct local_address from; /* our address that they come from */
	enum fd_finish finish;
	bool null_eof;           /* an empty packet is EOF */
	bool once;               /* EOF after the first packet */
	bool ip_header;          /* packets begin with an IPv4 header, which is taken off */
	bool control;            /* receive ancillary messages, for judge() */
	/* May this packet be read? Asked once for each; NULL: all may. message has the sender's
	 * address and the ancillary messages; the data are length bytes, of which the message
	 * may have only the first. */
	enum datagram_verdict (*judge)(struct channel *channel, void *context,
	                               const struct msghdr *message, size_t length);
	/* See chan_ops; NULL: nothing to add. */
	void (*explain)(const struct net_peer *to, int error, char *text, size_t size);
	/* NULL, or: reading or writing failed (errno, to be kept). True: try once more. */
	bool (*failed)(int fd);
	void *context;
	void (*share_context)(void *context);   /* another channel has it, too */
	/* One of them is closed. Both may be NULL. */
	void (*free_context)(struct channel *channel, void *context);
};

/* Make a channel. It owns the descriptor and the context. Returns NULL with errno set; both
 * are then still the caller's. */
struct channel *datagram_new(const struct datagram_settings *settings);

/* The verdict on the packet that judge() had to wait for. Until it comes, nothing is read. */
void datagram_decide(struct channel *channel, bool take);

#endif
