/* The inside of peers.c, shared with peer.c: one socket, its peers, their packets. */
#ifndef ADDR_PEER_H
#define ADDR_PEER_H

#include "addr/access.h"
#include "addr/open.h"
#include "loop/loop.h"

/* What a peer may have queued, and all together, in bytes: as much as sockets usually have. */
enum { PEER_QUEUE = 256 * 1024, PEERS_QUEUE = 64 * 1024 * 1024 };

/* A packet in its peer's queue. Lent ones are in the receiving buffers. */
struct packet {
	struct packet *prev, *next;
	struct peer *peer;          /* NULL: in no queue */
	unsigned char *data;
	size_t length, lost;        /* what did not fit the receiving buffer */
	bool lent;
};

/* The address of ours that a peer has sent to: its answers come from there. */
struct local_address {
	sa_family_t family;         /* AF_UNSPEC: not known, the kernel chooses */
	unsigned interface;         /* 0: any */
	union {
		struct in_addr in4;
		struct in6_addr in6;
	} to;
};

struct peers;

/* A peer: the channel of its session. */
struct peer {
	struct channel base;
	struct peers *peers;
	struct peer *chain;         /* others of the same hash */
	uint32_t hash;
	struct peer *blocked_prev, *blocked_next;   /* NULL: not waiting for room */
	struct packet queue;        /* ring */
	size_t queued;              /* bytes in it, with what a packet costs */
	struct net_peer address;
	struct local_address local;
	struct name_lookup *lookup; /* for tcpwrap: not a session yet */
	struct ancillary *ancillary; /* while that lasts */
	bool once, ended, finished, null_eof;
	uint8_t finish;
};

/* peer.c */

/* Make the channel. Returns NULL with errno set. */
struct peer *peer_new(struct peers *peers, const struct net_peer *address,
                      const struct local_address *local);
/* Put a packet at the end of its queue. Returns false if it may have no more. */
bool peer_queue(struct peer *peer, struct packet *packet);
/* Give a lent packet memory of its own; without memory it is dropped, which returns false. */
bool packet_keep(struct packet *packet);
/* There is room in the socket again. */
void peers_room(struct peers *peers);

/* peers.c */

int peers_fd(const struct peers *peers);
/* Bytes in all queues. */
size_t *peers_queued(struct peers *peers);
/* The ring of those that wait for room; and: no event will come, look again a little later. */
struct peer *peers_blocked(struct peers *peers);
void peers_look_again(struct peers *peers);
/* The channel is closed: forget it; the last one closes a socket that listens no more. */
void peers_remove(struct peer *peer);

#endif
