/* Receiving for the peers of a socket: packets come in batches and go to the queues.
 *
 * A batch is lent to the queues: most sessions take their packets in the same turn. What is
 * still there before the next batch is received gets memory of its own (settle()).
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr/peer.h"
#include "loop/scarce.h"
#include "sys/error.h"
#include "sys/log.h"

/* Packets received at once; the longest one. */
enum { BATCH = 32, PACKET_SIZE = 65536, CONTROL_SIZE = 512 };

/* Errors in a row after which the socket is left alone for a while. */
enum { ERRORS = 16 };

struct peer_batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct packet packets[BATCH];
	union net_addr from[BATCH];
	_Alignas(struct cmsghdr) unsigned char control[BATCH][CONTROL_SIZE];
	unsigned char data[BATCH][PACKET_SIZE];   /* last: only what is used costs memory */
};

struct peer_batch *peers_batch_new(void)
{
	return malloc(sizeof(struct peer_batch));
}

/* Which of our addresses the packet was sent to. Of a group or broadcast address answers can't
 * come: the address of the interface counts then. */
static void find_local(const struct msghdr *message, struct local_address *local)
{
	struct in_pktinfo in4;
	struct in6_pktinfo in6;

	memset(local, 0, sizeof(*local));
	for (struct cmsghdr *c = net_control(message, NULL); c != NULL; c = net_control(message, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&in4, CMSG_DATA(c), sizeof(in4));
			local->family = AF_INET;
			local->to.in4 = in4.ipi_spec_dst;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&in6, CMSG_DATA(c), sizeof(in6));
			if (IN6_IS_ADDR_MULTICAST(&in6.ipi6_addr))
				continue;
			local->family = AF_INET6;
			local->to.in6 = in6.ipi6_addr;
			if (IN6_IS_ADDR_LINKLOCAL(&in6.ipi6_addr))
				local->interface = in6.ipi6_ifindex;
		}
	}
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
	if (l->ancillary)
		ancillary_log(message);
	if (l->many_addresses)
		find_local(message, &local);
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

	for (unsigned i = 0; i < l->received; i++)
		if (l->batch->packets[i].peer != NULL && !packet_keep(&l->batch->packets[i]) &&
		    seldom_say(&l->memory_said, more))
			log_warn("%s: no memory: packets are dropped%s", l->spec->text, more);
	l->received = l->sorted = 0;
}

static void prepare(struct peers *l)
{
	struct peer_batch *b = l->batch;

	for (unsigned i = 0; i < BATCH; i++) {
		struct msghdr *m = &b->messages[i].msg_hdr;

		b->parts[i] = (struct iovec){ b->data[i], PACKET_SIZE };
		m->msg_name = &b->from[i];
		m->msg_namelen = sizeof(b->from[i]);
		m->msg_iov = &b->parts[i];
		m->msg_iovlen = 1;
		m->msg_control = l->many_addresses || l->ancillary ? b->control[i] : NULL;
		m->msg_controllen = m->msg_control != NULL ? CONTROL_SIZE : 0;
		m->msg_flags = 0;
	}
}

/* A shortage, or about an answer that could not be delivered, which is no concern of the others. */
static void receiving_failed(struct peers *l, int error)
{
	if (scarce(error)) {
		scarce_met("recvmmsg", error);
		peers_look_again(l, SCARCE_INTERVAL);
		return;
	}
	log_info("recvmmsg(%d): %s", l->settings.fd, error_text(error));
	net_drop_errors(l->settings.fd);
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
	int n;

	prepare(l);
	do
		n = recvmmsg(l->settings.fd, l->batch->messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
	while (n < 0 && errno == EINTR);
	log_debug("recvmmsg(%d, ..., %d) -> %d", l->settings.fd, BATCH, n);
	/* fewer than could be: there are no more, and an edge will tell of the next one */
	if (n < BATCH)
		l->watch.ready &= (uint8_t)~WATCH_READ;
	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
		receiving_failed(l, errno);
		return 0;
	}
	l->errors = 0;
	return n < 0 ? 0 : (unsigned)n;
}

/* Returns false if there is nothing to be sorted. */
static bool next_batch(struct peers *l)
{
	struct peer_batch *b = l->batch;

	settle(l);
	if (!(l->watch.ready & WATCH_READ))
		return false;
	l->received = receive_batch(l);
	for (unsigned i = 0; i < l->received; i++) {
		size_t length = b->messages[i].msg_len;
		struct packet *packet = &b->packets[i];

		*packet = (struct packet){ .data = b->data[i], .length = length, .lent = true };
		if (length > PACKET_SIZE) {
			packet->length = PACKET_SIZE;
			packet->lost = length - PACKET_SIZE;
		}
	}
	return l->received > 0;
}

void peers_work(struct task *task)
{
	struct peers *l = (struct peers *)((char *)task - offsetof(struct peers, task));
	struct peer_batch *b = l->batch;

	if (peers_hold(l) || (l->sorted == l->received && !next_batch(l)))
		return;
	while (l->sorted < l->received) {
		unsigned i = l->sorted++;

		if (!sort(l, &b->packets[i], &b->messages[i].msg_hdr))
			return;
		if (l->sorted < l->received && peers_hold(l))
			return;
	}
	/* behind the sessions that were told; unless nobody needs the socket any more */
	if (l->watch.notify != NULL && (l->watch.ready & WATCH_READ))
		task_queue(&l->task);
}

void peers_notified(struct watch *watch)
{
	struct peers *l = (struct peers *)((char *)watch - offsetof(struct peers, watch));

	if (watch->ready & WATCH_WRITE)
		peers_room(l);
	if (watch->ready & WATCH_READ)
		task_queue(&l->task);
}

static void look(struct timer *timer)
{
	struct peers *l = (struct peers *)((char *)timer - offsetof(struct peers, look));

	peers_room(l);
	l->watch.ready |= WATCH_READ;
	task_queue(&l->task);
}

void peers_look_again(struct peers *l, int64_t later)
{
	if (l->look.slot == 0 || l->look.due > loop_now() + later)
		timer_start(&l->look, later, look);
}

