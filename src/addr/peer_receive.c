/* Receiving for the peers of a socket: packets come in batches and go to the queues.
 *
 * Where each packet is a session of its own, none is taken before a session can be had: they stay
 * in the batch, and then in the socket, which makes UNIX senders wait.
 *
 * A batch is lent to the queues: most sessions take their packets in the same turn. What is
 * still there before the next batch is received gets memory of its own (settle()).
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr/ancillary.h"
#include "addr/peer.h"
#include "loop/scarce.h"
#include "sys/error.h"
#include "sys/log.h"

/* Packets received at once; the longest one of IP; memory for a batch. */
enum { BATCH = 32, IP_SIZE = 65536, CONTROL_SIZE = 512, BATCH_MEMORY = BATCH * IP_SIZE };

/* Errors in a row after which the socket is left alone for a while. */
enum { ERRORS = 16 };

struct peer_batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct packet packets[BATCH];
	union net_addr from[BATCH];
	_Alignas(struct cmsghdr) unsigned char control[BATCH][CONTROL_SIZE];
	unsigned count;             /* of packets received at once */
	size_t packet_size;
	unsigned char data[];       /* last: only what is used costs memory */
};

static size_t block_size = IP_SIZE;

void peers_set_block_size(size_t size)
{
	block_size = size;
}

struct peer_batch *peers_batch_new(sa_family_t family)
{
	bool is_ip = family == AF_INET || family == AF_INET6;
	size_t size = is_ip || block_size < IP_SIZE ? IP_SIZE : block_size;
	size_t count = size <= IP_SIZE ? BATCH : BATCH_MEMORY / size;
	struct peer_batch *batch;

	if (count == 0)
		count = 1;
	batch = malloc(sizeof(*batch) + count * size);
	if (batch == NULL)
		return NULL;
	batch->count = (unsigned)count;
	batch->packet_size = size;
	return batch;
}

static unsigned char *data_of(struct peer_batch *batch, unsigned i)
{
	return batch->data + i * batch->packet_size;
}

/* As hand_on(). */
static bool sort(struct peers *l, struct packet *packet, struct msghdr *message)
{
	struct net_peer from = { .length = message->msg_namelen };
	struct local_address local = { .family = AF_UNSPEC };
	struct peer *peer = NULL;
	char more[SELDOM_TEXT];
	uint32_t hash;

	memcpy(&from.addr, message->msg_name, from.length);
	if (l->ancillary != 0)
		ancillary_log(l->settings.fd, message, l->ancillary);
	if (l->ancillary != 0 && ancillary_is_note(message, packet->length))
		return true;
	if (l->many_addresses)
		local_address_find(message, &local);
	/* nobody looks for the sender of a packet that is served on its own: a number spreads them */
	hash = l->settings.by_packet ? l->serial++ : peer_table_hash(&l->table, &from, &local);
	if (!l->settings.by_packet)
		peer = peer_table_find(&l->table, hash, &from, &local);
	if (peer == NULL)
		return peers_new(l, packet, message, &from, &local, hash);
	if (!peer_queue(peer, packet)) {
		if (seldom_say(&l->overflow_said, more))
			log_warn("%s: a session does not take its packets fast enough: some are "
			         "dropped%s", l->spec->text, more);
	} else if (peer->base.notify != NULL) {
		peer->base.notify(peer->base.owner);
	}
	return true;
}

/* What the sessions did not take from the last batch gets memory of its own. */
static void settle(struct peers *l)
{
	char more[SELDOM_TEXT];

	for (unsigned i = 0; i < l->lent; i++)
		if (l->batch->packets[i].peer != NULL && !packet_keep(&l->batch->packets[i]) &&
		    seldom_say(&l->memory_said, more))
			log_warn("%s: no memory: packets are dropped%s", l->spec->text, more);
	l->lent = l->sorted = 0;
}

static void prepare(struct peers *l)
{
	struct peer_batch *b = l->batch;

	for (unsigned i = 0; i < b->count; i++) {
		struct msghdr *m = &b->messages[i].msg_hdr;

		b->parts[i] = (struct iovec){ data_of(b, i), b->packet_size };
		m->msg_name = &b->from[i];
		m->msg_namelen = sizeof(b->from[i]);
		m->msg_iov = &b->parts[i];
		m->msg_iovlen = 1;
		m->msg_control = l->many_addresses || l->ancillary != 0 ? b->control[i] : NULL;
		m->msg_controllen = m->msg_control != NULL ? CONTROL_SIZE : 0;
		m->msg_flags = 0;
	}
}

/* A shortage, or about an answer that could not be delivered, which is no concern of the others. */
static void receiving_failed(struct peers *l)
{
	if (scarce(errno)) {
		scarce_met("recvmmsg", errno);
		peers_look_again(l, SCARCE_INTERVAL);
		return;
	}
	if (l->failed == NULL || !l->failed(l->settings.fd))
		log_info("recvmmsg(%d): %s", l->settings.fd, error_text(errno));
	if (++l->errors < ERRORS) {
		l->watch.ready |= WATCH_READ;
		task_queue(&l->task);
		return;
	}
	l->errors = 0;
	peers_look_again(l, SCARCE_INTERVAL);
}

/* Returns the number of packets; 0: none now. */
static unsigned receive_batch(struct peers *l)
{
	unsigned count = l->batch->count;
	int n;

	prepare(l);
	do
		n = recvmmsg(l->settings.fd, l->batch->messages, count, MSG_DONTWAIT | MSG_TRUNC, NULL);
	while (n < 0 && errno == EINTR);
	log_debug("recvmmsg(%d, ..., %u) -> %d", l->settings.fd, count, n);
	/* fewer than could be: there are no more, and an edge will tell of the next one */
	if (n < (int)count)
		l->watch.ready &= (uint8_t)~WATCH_READ;
	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
		receiving_failed(l);
		return 0;
	}
	l->errors = 0;
	return n < 0 ? 0 : (unsigned)n;
}

static void describe_packets(struct peers *l)
{
	struct peer_batch *b = l->batch;

	for (unsigned i = 0; i < l->lent; i++) {
		size_t length = b->messages[i].msg_len, header;
		struct packet *packet = &b->packets[i];

		*packet = (struct packet){ .data = data_of(b, i), .length = length, .lent = true };
		if (length > b->packet_size) {
			packet->length = b->packet_size;
			packet->lost = length - b->packet_size;
		}
		header = l->ip_header ? net_ip4_header(packet->data, packet->length) : 0;
		packet->data += header;
		packet->length -= header;
	}
}

void peers_work(struct task *task)
{
	struct peers *l = (struct peers *)((char *)task - offsetof(struct peers, task));

	if (l->sorted == l->lent) {
		settle(l);
		if (!(l->watch.ready & WATCH_READ) || peers_full(l))
			return;
		l->sorted = 0;
		l->lent = receive_batch(l);
		if (l->lent == 0)
			return;
		describe_packets(l);
	}
	while (l->sorted < l->lent && !peers_full(l)) {
		unsigned i = l->sorted++;

		if (!sort(l, &l->batch->packets[i], &l->batch->messages[i].msg_hdr))
			return;
	}
	/* behind the sessions that were told; unless nobody needs the socket any more */
	if (l->watch.notify != NULL && (l->watch.ready & WATCH_READ) && l->sorted == l->lent)
		task_queue(&l->task);
}

void peers_notified(struct watch *watch)
{
	struct peers *l = (struct peers *)((char *)watch - offsetof(struct peers, watch));

	if ((watch->ready & WATCH_WRITE) && peers_flush(l))
		peers_room(l);
	if (watch->ready & WATCH_READ)
		task_queue(&l->task);
}

static void look(struct timer *timer)
{
	struct peers *l = (struct peers *)((char *)timer - offsetof(struct peers, look));

	if (l->unwatched) {
		peers_rewatch(l);
		l->watch.ready |= WATCH_WRITE;
		peers_flush(l);
	}
	peers_room(l);
	l->watch.ready |= WATCH_READ;
	task_queue(&l->task);
}

void peers_look_again(struct peers *l, int64_t later)
{
	if (l->look.slot == 0 || l->look.due > loop_now() + later)
		timer_start(&l->look, later, look);
}

