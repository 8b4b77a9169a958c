/* One datagram socket, its peers, their packets: what peers.c (listening), peer_receive.c, peer.c (the
 * channel of one) and peer_table.c share. */
#ifndef ADDR_PEER_H
#define ADDR_PEER_H

#include "addr/access.h"
#include "addr/open.h"
#include "addr/peers.h"
#include "loop/loop.h"
#include "loop/seldom.h"
#include "sys/local_address.h"

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
	struct local_address local;   /* where it has sent to: its answers come from there */
	struct name_lookup *lookup; /* for tcpwrap: not a session yet */
	struct variables *variables; /* while that lasts */
	bool once, ended, finished, null_eof;
	bool no_trains;             /* tried: the way to it can't */
	uint8_t finish;
	int send_error;             /* of a packet that had been taken; 0: none */
};

/* Peers by address; and which of ours they have sent to. */
struct peer_table {
	struct peer **slots;
	size_t size, count;
	uint32_t seed;
};

struct peers {
	struct listener base;
	const struct spec *spec;
	struct listen_request request;
	struct peers_settings settings;
	struct watch watch;
	struct task task;
	struct timer look, timeout;
	struct net_peer own;         /* what the socket is bound to */
	struct access *access;
	struct peer_table table;
	struct peer_batch *batch;
	unsigned lent;               /* messages of the batch that may be in queues */
	unsigned sorted;             /* those of them that have been looked at */
	size_t queued;               /* bytes in all queues */
	struct peer_outbox *outbox;  /* packets to be sent; NULL: none so far */
	struct task send;
	struct peer blocked;         /* ring of those that wait for room in the socket */
	bool many_addresses;         /* our address is asked for with each packet */
	uint32_t ancillary;          /* messages wanted */
	bool (*failed)(int fd);      /* if a call fails: see addr/error_queue.h; may be NULL */
	bool null_eof, ip_header;
	bool bounded;                /* option max-children */
	bool trains;                 /* packets may be sent as a train: see peer_send.c */
	bool paused, closed, abandoned;
	bool unwatched;              /* the loop has no memory for it: see peers_rewatch() */
	unsigned naming;             /* peers whose names are being looked up */
	unsigned errors;             /* of receiving, in a row */
	uint32_t serial;             /* of peers that are served packet by packet */
	uint64_t dropped;            /* packets of peers that could not be let in */
	const char *why_dropped;     /* NULL: none since all was well */
	struct seldom drop_said, overflow_said, memory_said, naming_said, unsent_said;
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

/* peer_receive.c */

struct peer_batch *peers_batch_new(sa_family_t family);
void peers_work(struct task *task);
void peers_notified(struct watch *watch);
/* No event will come: look again so much later (nanoseconds). */
void peers_look_again(struct peers *peers, int64_t later);
#define PEERS_LOOK (NANOSECONDS / 200)

/* peer_send.c */

/* Send a packet soon, with others. Returns 0; -1 with errno set, EAGAIN: no room. */
int peer_send(struct peer *peer, const void *data, size_t size);
/* Send what is waiting. Returns false if there is no room for all of it. */
bool peers_flush(struct peers *peers);
void peers_send_task(struct task *task);
/* Have the loop watch the socket again. Without memory for that a timer looks at it, and tries. */
void peers_rewatch(struct peers *peers);
/* This peer will not be there to hear how its packets fared. */
void peer_forget_sent(const struct peer *peer);

/* peer_table.c */

/* Returns 0, or -1 with errno set. */
int peer_table_init(struct peer_table *table);
uint32_t peer_table_hash(const struct peer_table *table, const struct net_peer *from,
                         const struct local_address *local);
struct peer *peer_table_find(const struct peer_table *table, uint32_t hash,
                             const struct net_peer *from, const struct local_address *local);
void peer_table_insert(struct peer_table *table, struct peer *peer, uint32_t hash);
void peer_table_remove(struct peer_table *table, struct peer *peer);

/* peers.c */

/* The first packet of a peer that is not known. Returns false in a child process: nothing of ours
 * is to be touched any more. */
bool peers_new(struct peers *peers, struct packet *packet, const struct msghdr *message,
               const struct net_peer *from, const struct local_address *local, uint32_t hash);
/* True if packets have to wait, since each needs a session of its own and there can be none now.
 * Somebody will queue the task again. */
bool peers_full(struct peers *peers);
/* The channel is closed: forget it; the last one closes a socket that listens no more. */
void peers_remove(struct peer *peer);

#endif
