/* Many peers on one datagram socket.
 *
 * Theory of operation. Packets are received in batches and sorted by sender (and by our
 * address, where the socket has several): those of a known peer go to its queue, the first one
 * of a new peer makes a channel, which is handed on like an accepted connection. All within
 * this process and from one socket, so no packet can overtake another one or reach a wrong
 * session, however long a session takes to open.
 *
 * A batch is lent to the queues: most sessions take their packets in the same turn. What is
 * still there before the next batch is received gets memory of its own (settle()).
 *
 * New peers are let in if access allows, unless the listener is PAUSED (max-children), closed, or
 * descriptors are scarce: then their packets are dropped and counted, which is said once. What
 * a peer may have queued is bounded as a socket's buffer is.
 *
 * The socket lives as long as the listener or a channel needs it.
 */
#include "addr/peers.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/peer.h"
#include "loop/resolve.h"
#include "loop/scarce.h"
#include "sys/error.h"
#include "sys/log.h"

/* Packets received at once; the longest one; descriptors that a session may need. */
enum { BATCH = 32, PACKET_SIZE = 65536, CONTROL_SIZE = 512, DESCRIPTORS_PER_SESSION = 4 };
enum { TABLE_SIZE = 64 };

#define LOOK_INTERVAL (NANOSECONDS / 200)

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct packet packets[BATCH];
	union net_addr from[BATCH];
	_Alignas(struct cmsghdr) unsigned char control[BATCH][CONTROL_SIZE];
	unsigned char data[BATCH][PACKET_SIZE];   /* last: only what is used costs memory */
};

struct peers {
	struct listener base;
	const struct spec *spec;
	struct listen_request request;
	struct peers_settings settings;
	struct watch watch;
	struct task task;
	struct timer look, timeout;
	struct access *access;
	struct batch *batch;
	unsigned lent;               /* messages of the batch that may be in queues */
	struct peer **table;
	size_t table_size, count, queued;
	struct peer blocked;         /* ring */
	uint32_t seed;
	sa_family_t family;
	bool many_addresses;         /* ask for our address with each packet */
	bool ancillary, null_eof;
	bool paused, closed, abandoned;
	uint64_t dropped;            /* packets of peers that could not be let in */
	const char *why_dropped;     /* NULL: none since all was well */
	bool overflow_said;
};

/* Of a child process: what its parent goes on with, and nobody frees. */
static struct peers *left_behind;

int peers_fd(const struct peers *peers)
{
	return peers->settings.fd;
}

size_t *peers_queued(struct peers *peers)
{
	return &peers->queued;
}

struct peer *peers_blocked(struct peers *peers)
{
	return &peers->blocked;
}

static struct peers *of_timer(struct timer *timer, size_t offset)
{
	return (struct peers *)((char *)timer - offset);
}

/* --- the table ------------------------------------------------------------------- */

static uint32_t mix(uint32_t hash, uint32_t word)
{
	hash = (hash ^ word) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

static uint32_t mix_bytes(uint32_t hash, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	uint32_t word;

	for (; length >= sizeof(word); bytes += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = mix(hash, word);
	}
	for (; length > 0; bytes++, length--)
		hash = mix(hash, *bytes);
	return hash;
}

/* Of what tells peers apart; the seed keeps strangers from choosing addresses that collide. */
static uint32_t hash_of(const struct peers *l, const struct net_peer *from,
                        const struct local_address *local)
{
	uint32_t hash = mix_bytes(l->seed, &from->addr, from->length);

	if (local->family == AF_INET)
		hash = mix(hash, local->to.in4.s_addr);
	else if (local->family == AF_INET6)
		hash = mix_bytes(hash, &local->to.in6, sizeof(local->to.in6));
	return hash;
}

static bool same_local(const struct local_address *a, const struct local_address *b)
{
	if (a->family != b->family)
		return false;
	return a->family == AF_UNSPEC ||
	       (a->family == AF_INET ? a->to.in4.s_addr == b->to.in4.s_addr
	                             : memcmp(&a->to.in6, &b->to.in6, sizeof(a->to.in6)) == 0);
}

static struct peer **slot(const struct peers *l, uint32_t hash)
{
	return &l->table[hash & (l->table_size - 1)];
}

static struct peer *find(const struct peers *l, uint32_t hash, const struct net_peer *from,
                         const struct local_address *local)
{
	for (struct peer *p = *slot(l, hash); p != NULL; p = p->chain)
		if (p->hash == hash && p->address.length == from->length &&
		    memcmp(&p->address.addr, &from->addr, from->length) == 0 &&
		    same_local(&p->local, local))
			return p;
	return NULL;
}

/* Without memory for a larger table the chains become longer, nothing worse. */
static void grow(struct peers *l)
{
	size_t old_size = l->table_size;
	struct peer **old = l->table, **table = calloc(old_size * 2, sizeof(*table));

	if (table == NULL)
		return;
	l->table = table;
	l->table_size = old_size * 2;
	for (size_t i = 0; i < old_size; i++)
		for (struct peer *p = old[i], *next; p != NULL; p = next) {
			next = p->chain;
			p->chain = *slot(l, p->hash);
			*slot(l, p->hash) = p;
		}
	free(old);
}

static void insert(struct peers *l, struct peer *peer, uint32_t hash)
{
	if (l->count >= l->table_size)
		grow(l);
	peer->hash = hash;
	peer->chain = *slot(l, hash);
	*slot(l, hash) = peer;
	l->count++;
}

/* --- the end ----------------------------------------------------------------------- */

static void release(struct peers *l)
{
	task_cancel(&l->task);
	timer_stop(&l->look);
	watch_stop(&l->watch);
	close(l->settings.fd);
	if (l->settings.closer != NULL)
		l->settings.closer->close(l->settings.closer);
	access_free(l->access);
	free(l->table);
	loop_free_later(l->batch);
	loop_free_later(l);
}

void peers_remove(struct peer *peer)
{
	struct peers *l = peer->peers;
	struct peer **p = slot(l, peer->hash);

	while (*p != peer)
		p = &(*p)->chain;
	*p = peer->chain;
	l->count--;
	if (l->closed && l->count == 0 && !l->abandoned)
		release(l);
}

/* Peers that are not sessions yet. */
static void forget_naming(struct peers *l)
{
	for (size_t i = 0; i < l->table_size; i++)
		for (struct peer *p = l->table[i], *next; p != NULL; p = next) {
			next = p->chain;
			if (p->lookup != NULL)
				channel_free(&p->base);
		}
}

static void say_dropped(struct peers *l)
{
	if (l->dropped > 0)
		log_notice("%s: %llu packets of further peers were dropped", l->spec->text,
		           (unsigned long long)l->dropped);
	l->dropped = 0;
	l->why_dropped = NULL;
}

static void listener_close(struct listener *listener)
{
	struct peers *l = (struct peers *)listener;

	if (l->closed)
		return;
	say_dropped(l);
	timer_stop(&l->timeout);
	l->count++;            /* or the last of these would end us too early */
	forget_naming(l);
	l->count--;
	l->closed = true;
	if (l->count == 0)
		release(l);
}

/* The parent goes on with all of it; a leak check shall find it in use. */
static void listener_abandon(struct listener *listener)
{
	struct peers *l = (struct peers *)listener;

	l->closed = l->abandoned = true;
	left_behind = l;
}

static void listener_pause(struct listener *listener)
{
	((struct peers *)listener)->paused = true;
}

static void listener_resume(struct listener *listener)
{
	struct peers *l = (struct peers *)listener;

	l->paused = false;
	say_dropped(l);
}

static void fail(struct peers *l)
{
	struct listen_request request = l->request;

	listener_close(&l->base);
	request.failed(request.owner);
}

static void timed_out(struct timer *timer)
{
	struct peers *l = of_timer(timer, offsetof(struct peers, timeout));

	log_error("%s: waiting for a packet: %s (option accept-timeout)", l->spec->text,
	          error_text(ETIMEDOUT));
	fail(l);
}

static void arm_timeout(struct peers *l)
{
	int64_t timeout = spec_number(l->spec, "accept-timeout", -1);

	if (timeout > 0 && !l->closed)
		timer_start(&l->timeout, timeout, timed_out);
}

/* --- new peers ----------------------------------------------------------------------- */

/* The first packet that is dropped is reported, the others are counted. */
static void drop_new(struct peers *l, const char *why)
{
	l->dropped++;
	if (l->why_dropped != NULL)
		return;
	l->why_dropped = why;
	log_warn("%s: %s: packets of further peers are dropped", l->spec->text, why);
}

/* Where it was sent to, with our port: for programs and tables. */
static void describe_local(const struct peers *l, const struct peer *peer,
                           struct client_info *client)
{
	client->local.length = sizeof(client->local.addr);
	if (getsockname(l->settings.fd, &client->local.addr.sa, &client->local.length) < 0)
		client->local.length = 0;
	else if (peer->local.family == AF_INET)
		client->local.addr.in.sin_addr = peer->local.to.in4;
	else if (peer->local.family == AF_INET6)
		client->local.addr.in6.sin6_addr = peer->local.to.in6;
}

/* Returns false in a child process, or if listening is over: nothing of ours is to be touched. */
static bool hand_on(struct peers *l, struct peer *peer)
{
	struct client_info client = { .peer = peer->address, .ancillary = peer->ancillary };
	struct channel *channel = &peer->base;

	describe_local(l, peer, &client);
	peer->ancillary = NULL;
	if (l->timeout.slot != 0)
		arm_timeout(l);
	if (l->request.server)
		channel = channel_dress(l->spec, channel);
	if (channel != NULL)
		l->request.accepted(l->request.owner, channel, &client);
	free(client.ancillary);
	return !l->abandoned;
}

static void named(void *owner, const struct resolve_name *name)
{
	struct peer *peer = owner;
	struct peers *l = peer->peers;
	struct client_info client = { .peer = peer->address };

	peer->lookup = NULL;
	describe_local(l, peer, &client);
	if (access_ask(l->access, &client.peer, &client.local, name) == ACCESS_GRANTED)
		hand_on(l, peer);
	else
		channel_free(&peer->base);
}

static bool ask_name(struct peers *l, struct peer *peer)
{
	peer->lookup = resolve_name_start(&peer->address.addr, named, peer);
	if (peer->lookup == NULL) {
		log_error("%s: looking up a peer's name: %s; its packet is dropped", l->spec->text,
		          error_text(errno));
		channel_free(&peer->base);
	}
	return true;
}

/* As hand_on(). */
static bool admit(struct peers *l, struct peer *peer)
{
	struct client_info client = { .peer = peer->address };
	char from[NET_TEXT];

	describe_local(l, peer, &client);
	if (log_enabled(LOG_NOTICE_))
		log_notice("%s %s", l->settings.by_packet ? "receiving packet from"
		                                           : "accepting UDP connection from",
		           net_print(&client.peer.addr, client.peer.length, from, sizeof(from)));
	switch (access_ask(l->access, &client.peer, &client.local, NULL)) {
	case ACCESS_GRANTED:
		return hand_on(l, peer);
	case ACCESS_WANTS_NAME:
		return ask_name(l, peer);
	default:
		channel_free(&peer->base);
		return true;
	}
}

/* Why no new peer can be let in, or NULL. */
static const char *closed_to_new(const struct peers *l)
{
	if (l->closed)
		return "listening is over";
	if (l->paused)
		return "max-children are served";
	return scarce_now() && !scarce_try(DESCRIPTORS_PER_SESSION) ? "descriptors or memory ran out"
	                                                            : NULL;
}

/* As hand_on(). */
static bool new_peer(struct peers *l, struct packet *packet, const struct msghdr *message,
                     const struct net_peer *from, const struct local_address *local,
                     uint32_t hash)
{
	const char *closed = closed_to_new(l);
	struct peer *peer;

	if (closed != NULL) {
		drop_new(l, closed);
		return true;
	}
	if (l->why_dropped != NULL && !l->paused)
		say_dropped(l);
	peer = peer_new(l, from, local);
	if (peer == NULL) {
		drop_new(l, "memory ran out");
		return true;
	}
	peer->once = l->settings.by_packet;
	peer->finish = (uint8_t)l->settings.finish;
	peer->null_eof = l->null_eof;
	peer->base.silent_end = !l->settings.by_packet;
	peer->ancillary = l->ancillary ? ancillary_variables(message) : NULL;
	insert(l, peer, hash);
	if (!peer_queue(peer, packet)) {
		channel_free(&peer->base);
		drop_new(l, "too much is queued");
		return true;
	}
	return admit(l, peer);
}

/* --- packets --------------------------------------------------------------------------- */

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
	uint32_t hash;

	memcpy(&from.addr, message->msg_name, from.length);
	if (l->ancillary)
		ancillary_log(message);
	if (l->many_addresses)
		find_local(message, &local);
	hash = hash_of(l, &from, &local);
	if (!l->settings.by_packet)
		peer = find(l, hash, &from, &local);
	if (peer == NULL)
		return new_peer(l, packet, message, &from, &local, hash);
	if (!peer_queue(peer, packet)) {
		if (!l->overflow_said)
			log_warn("%s: a session does not take its packets fast enough: some are "
			         "dropped", l->spec->text);
		l->overflow_said = true;
	} else if (peer->base.notify != NULL) {
		peer->base.notify(peer->base.owner);
	}
	return true;
}

/* What the sessions did not take from the last batch gets memory of its own. */
static void settle(struct peers *l)
{
	for (unsigned i = 0; i < l->lent; i++)
		if (l->batch->packets[i].peer != NULL && !packet_keep(&l->batch->packets[i]))
			log_warn("%s: no memory: a packet is dropped", l->spec->text);
	l->lent = 0;
}

static void prepare(struct peers *l)
{
	struct batch *b = l->batch;

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
	if (n >= 0)
		return (unsigned)n;
	if (scarce(errno)) {
		scarce_met("recvmmsg", errno);
		peers_look_again(l);
	} else if (errno != EAGAIN && errno != EWOULDBLOCK) {
		/* about an answer that could not be delivered: no concern of the others */
		log_info("recvmmsg(%d): %s", l->settings.fd, error_text(errno));
		l->watch.ready |= WATCH_READ;
		task_queue(&l->task);
	}
	return 0;
}

static void work(struct task *task)
{
	struct peers *l = (struct peers *)((char *)task - offsetof(struct peers, task));
	struct batch *b = l->batch;
	unsigned count;

	settle(l);
	if (!(l->watch.ready & WATCH_READ))
		return;
	count = receive_batch(l);
	if (count == 0)
		return;
	task_queue(&l->task);
	l->lent = count;
	for (unsigned i = 0; i < count; i++) {
		size_t length = b->messages[i].msg_len;
		struct packet *packet = &b->packets[i];

		*packet = (struct packet){ .data = b->data[i], .length = length, .lent = true };
		if (length > PACKET_SIZE) {
			packet->length = PACKET_SIZE;
			packet->lost = length - PACKET_SIZE;
		}
	}
	for (unsigned i = 0; i < count; i++)
		if (!sort(l, &b->packets[i], &b->messages[i].msg_hdr))
			return;
}

static void notified(struct watch *watch)
{
	struct peers *l = (struct peers *)((char *)watch - offsetof(struct peers, watch));

	if (watch->ready & WATCH_WRITE)
		peers_room(l);
	if (watch->ready & WATCH_READ)
		task_queue(&l->task);
}

static void look(struct timer *timer)
{
	struct peers *l = of_timer(timer, offsetof(struct peers, look));

	peers_room(l);
	l->watch.ready |= WATCH_READ;
	task_queue(&l->task);
}

void peers_look_again(struct peers *l)
{
	if (l->look.slot == 0)
		timer_start(&l->look, LOOK_INTERVAL, look);
}

/* --- the beginning ---------------------------------------------------------------------- */

/* A socket bound to "any address" gets packets for all of them. */
static void find_addresses(struct peers *l)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	int one = 1, fd = l->settings.fd;
	char text[NET_TEXT];

	if (getsockname(fd, &local.addr.sa, &local.length) < 0)
		return;
	l->family = local.addr.sa.sa_family;
	if (l->family == AF_INET && local.addr.in.sin_addr.s_addr == htonl(INADDR_ANY))
		l->many_addresses = setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)) == 0;
	if (l->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&local.addr.in6.sin6_addr))
		l->many_addresses = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one,
		                               sizeof(one)) == 0;
	log_notice("%s %s", l->settings.by_packet ? "receiving on" : "listening on UDP",
	           net_print(&local.addr, local.length, text, sizeof(text)));
}

static bool set_up(struct peers *l)
{
	l->table_size = TABLE_SIZE;
	l->table = calloc(TABLE_SIZE, sizeof(*l->table));
	l->batch = malloc(sizeof(*l->batch));
	l->access = access_new(l->spec, true);
	if (l->table == NULL || l->batch == NULL || l->access == NULL)
		return false;
	if (getrandom(&l->seed, sizeof(l->seed), GRND_NONBLOCK) < 0)
		l->seed = (uint32_t)loop_now();
	l->blocked.blocked_prev = l->blocked.blocked_next = &l->blocked;
	l->ancillary = ancillary_wanted(l->spec);
	l->task.run = work;
	return watch_start(&l->watch, l->settings.fd, notified) == 0;
}

struct listener *peers_listen(const struct spec *spec, const struct peers_settings *settings,
                              const struct listen_request *request)
{
	struct peers *l = calloc(1, sizeof(*l));
	struct fd_settings wanted = { .finish = settings->finish };

	if (l == NULL)
		goto failed;
	l->base = (struct listener){ listener_pause, listener_resume, listener_close,
	                             listener_abandon };
	l->spec = spec;
	l->request = *request;
	l->settings = *settings;
	fd_settings_from(spec, &wanted);
	l->settings.finish = wanted.finish;
	l->null_eof = wanted.null_eof;
	if (!set_up(l))
		goto free_listener;
	arm_timeout(l);
	find_addresses(l);
	return &l->base;

free_listener:
	free(l->table);
	free(l->batch);
	access_free(l->access);
	free(l);
failed:
	log_error("%s: %s", spec->text, error_text(errno));
	close(settings->fd);
	if (settings->closer != NULL)
		settings->closer->close(settings->closer);
	return NULL;
}
