/* One peer of a shared datagram socket, as a channel.
 *
 * It reads what peers.c has put into its queue, and sends through the shared socket. If that
 * has no room, it waits in a ring with others. A UNIX receiver whose own queue is full gives
 * no event when it has room again: then a timer looks.
 */
#include "addr/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr/datagram.h"
#include "loop/resolve.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/train.h"

/* What a queued packet costs beside its bytes. */
enum { PACKET_COST = sizeof(struct packet) + 32 };

static struct peer *self(struct channel *channel)
{
	return (struct peer *)channel;
}

/* --- the queue ----------------------------------------------------------------- */

/* A packet leaves its peer's queue. */
static void uncount(struct peer *peer, struct packet *packet)
{
	size_t cost = packet->length + PACKET_COST;

	peer->queued -= cost;
	peer->peers->queued -= cost;
	packet->peer = NULL;
	if (!packet->lent)
		free(packet);
}

static void remove_first(struct peer *peer)
{
	struct packet *packet = peer->queue.next;

	peer->queue.next = packet->next;
	packet->next->prev = &peer->queue;
	uncount(peer, packet);
}

bool peer_queue(struct peer *peer, struct packet *packet)
{
	size_t cost = packet->length + PACKET_COST, *all = &peer->peers->queued;

	/* a UNIX packet may be larger than all that others may have */
	if ((peer->queued > 0 && peer->queued + cost > PEER_QUEUE) || *all + cost > PEERS_QUEUE)
		return false;
	peer->queued += cost;
	*all += cost;
	packet->peer = peer;
	packet->prev = peer->queue.prev;
	packet->next = &peer->queue;
	packet->prev->next = packet->next->prev = packet;
	return true;
}

bool packet_keep(struct packet *packet)
{
	struct packet *copy = malloc(sizeof(*copy) + packet->length);

	if (copy == NULL) {
		packet->prev->next = packet->next;
		packet->next->prev = packet->prev;
		uncount(packet->peer, packet);
		return false;
	}
	*copy = *packet;
	copy->lent = false;
	copy->data = (unsigned char *)(copy + 1);
	memcpy(copy->data, packet->data, packet->length);
	copy->prev->next = copy->next->prev = copy;
	packet->peer = NULL;
	return true;
}

/* --- the channel --------------------------------------------------------------- */

static enum io_status peer_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct peer *peer = self(channel);
	struct packet *packet = peer->queue.next;
	size_t n;

	if (peer->send_error != 0) {
		errno = peer->send_error;
		return IO_ERROR;
	}
	if (peer->ended)
		return IO_EOF;
	if (packet == &peer->queue)
		return IO_AGAIN;
	n = packet->length;
	*length = n < size ? n : size;
	channel->lost = (uint32_t)(n - *length + packet->lost);
	memcpy(data, packet->data, *length);
	remove_first(peer);
	peer->ended = peer->once;
	return n == 0 && peer->null_eof ? IO_EOF : IO_OK;
}

/* Does the first packet in the queue belong to a train of such packets, which has room for so many
 * bytes? */
static bool belongs(const struct peer *peer, size_t size, size_t room)
{
	const struct packet *packet = peer->queue.next;

	return packet != &peer->queue && packet->length > 0 && packet->length <= size &&
	       packet->length <= room && packet->lost == 0;
}

static enum io_status peer_read_train(struct channel *channel, void *data, size_t size,
                                      size_t *length, size_t *packet_size)
{
	struct peer *peer = self(channel);
	enum io_status status = peer_read(channel, data, size, length);
	size_t room = size < TRAIN_BYTES ? size : TRAIN_BYTES, last;

	*packet_size = last = *length;
	if (status != IO_OK || channel->lost > 0 || peer->ended)
		return status;
	for (unsigned n = 1; n < TRAIN_PACKETS && last == *packet_size && *length < room &&
	     belongs(peer, last, room - *length); n++) {
		last = peer->queue.next->length;
		memcpy((unsigned char *)data + *length, peer->queue.next->data, last);
		*length += last;
		remove_first(peer);
	}
	return IO_OK;
}

static void wait_for_room(struct peer *peer)
{
	struct peer *ring = &peer->peers->blocked;

	if (peer->blocked_next != NULL)
		return;
	peer->blocked_prev = ring->blocked_prev;
	peer->blocked_next = ring;
	peer->blocked_prev->blocked_next = peer->blocked_next->blocked_prev = peer;
	if (peer->address.addr.sa.sa_family == AF_UNIX)
		peers_look_again(peer->peers, PEERS_LOOK);
	else if (peer->peers->watch.ready & WATCH_WRITE)
		watch_write_again(&peer->peers->watch);
}

static void unblock(struct peer *peer)
{
	if (peer->blocked_next == NULL)
		return;
	peer->blocked_prev->blocked_next = peer->blocked_next;
	peer->blocked_next->blocked_prev = peer->blocked_prev;
	peer->blocked_prev = peer->blocked_next = NULL;
}

void peers_room(struct peers *peers)
{
	struct peer *ring = &peers->blocked;

	while (ring->blocked_next != ring) {
		struct peer *peer = ring->blocked_next;

		unblock(peer);
		if (peer->base.notify != NULL)
			peer->base.notify(peer->base.owner);
	}
}

static enum io_status peer_write(struct channel *channel, const void *data, size_t size,
                                 size_t *length)
{
	struct peer *peer = self(channel);

	if (peer->address.length <= sizeof(sa_family_t)) {
		errno = EDESTADDRREQ;      /* a UNIX sender without a name */
		return IO_ERROR;
	}
	if (peer->send_error != 0) {
		errno = peer->send_error;
		return IO_ERROR;
	}
	if (peer_send(peer, data, size) == 0) {
		*length = size;
		return IO_OK;
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return IO_ERROR;
	wait_for_room(peer);
	return IO_AGAIN;
}

static enum io_status peer_finish(struct channel *channel)
{
	struct peer *peer = self(channel);

	if (peer->finished)
		return IO_OK;
	peer->finished = true;
	if (peer->finish == FINISH_NULL && peer_send(peer, "", 0) < 0)
		log_warn("sendmsg(%d, \"\", 0): %s", peer->peers->settings.fd, error_text(errno));
	return IO_OK;
}

/* The socket is watched by the listener. */
static int peer_attach(struct channel *channel)
{
	(void)channel;
	return 0;
}

static unsigned peer_ready(const struct channel *channel)
{
	const struct peer *peer = (const struct peer *)channel;

	return (peer->ended || peer->send_error != 0 || peer->queue.next != &peer->queue ? CHAN_READABLE : 0u) |
	       (peer->blocked_next == NULL ? CHAN_WRITABLE : 0u);
}

static int peer_splice(struct channel *channel, bool output)
{
	(void)channel;
	(void)output;
	return -1;
}

static void peer_not_ready(struct channel *channel, unsigned side)
{
	(void)channel;
	(void)side;
}

static void peer_explain(const struct channel *channel, int error, char *text, size_t size)
{
	datagram_explain(&((const struct peer *)channel)->address, error, text, size);
}

static void peer_close(struct channel *channel, bool abandon)
{
	struct peer *peer = self(channel);

	(void)abandon;
	while (peer->queue.next != &peer->queue)
		remove_first(peer);
	unblock(peer);
	if (peer->lookup != NULL)
		peer->peers->naming--;
	peer_forget_sent(peer);
	resolve_name_cancel(peer->lookup);
	free(peer->variables);
	peers_remove(peer);
}

/* A server's source is never shared. */
static struct channel *peer_dup(const struct channel *channel)
{
	(void)channel;
	errno = EOPNOTSUPP;
	return NULL;
}

static const struct chan_ops peer_ops = {
	.kind = "peer", .read = peer_read, .read_train = peer_read_train,
	.write = peer_write, .finish = peer_finish,
	.attach = peer_attach, .ready = peer_ready, .splice_fd = peer_splice,
	.not_ready = peer_not_ready, .dup = peer_dup, .explain = peer_explain,
	.close = peer_close,
};

struct peer *peer_new(struct peers *peers, const struct net_peer *address,
                      const struct local_address *local)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int fd = peers->settings.fd;

	if (peer == NULL)
		return NULL;
	channel_init(&peer->base, &peer_ops, fd, fd);
	peer->base.reads_packets = peer->base.writes_packets = true;
	peer->base.borrowed = true;
	peer->peers = peers;
	peer->queue.prev = peer->queue.next = &peer->queue;
	peer->address = *address;
	peer->local = *local;
	return peer;
}
