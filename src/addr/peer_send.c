/* Sending for the peers of a socket: packets of one turn of the loop go out with one call.
 *
 * A packet is copied to the outbox, which is sent when it is full, or by a task behind the
 * sessions that have something to send in this turn. So how a packet fared is known only
 * after its peer was told that it was taken: an error is kept for the peer, and ends its session.
 * If the socket has no room the outbox stays as it is, and nobody may send until there is some.
 *
 * Packets of one size that go to one peer, one right behind the other, are a train: the kernel gets
 * them as one (sys/train.h), which takes it a third of the time. Where it can't, as with packets that
 * exceed the path's MTU, they go one by one.
 *
 * UNIX receivers have queues of their own, which may be full each for itself; packets to them are
 * sent at once, and so are those that would not fit, and all if the user wants to hear of errors
 * (recverr).
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addr/peer.h"
#include "loop/scarce.h"
#include "sys/log.h"
#include "sys/train.h"

enum { OUTBOX = 64, OUTBOX_BYTES = 128 * 1024, DIRECT = 32 * 1024 };

/* From so many packets on the loop lets go of the socket while they are sent: it costs two calls, and
 * saves the kernel from looking for whom to tell of room behind each of them, under a lock that
 * those who send to the socket want, too. */
enum { MANY = 16 };

struct outgoing {
	struct peer *peer;           /* NULL: gone */
	union net_addr to;
	struct iovec part;
	size_t size;                 /* of a packet; more in part: a train */
	size_t rest;                 /* what follows part of a train that is sent one by one */
	_Alignas(struct cmsghdr) unsigned char control[LOCAL_ADDRESS_CONTROL + TRAIN_CONTROL];
};

struct peer_outbox {
	unsigned first, count;       /* of messages that are to be sent */
	size_t used;                 /* bytes of data */
	struct mmsghdr messages[OUTBOX];
	struct outgoing packets[OUTBOX];
	unsigned char data[OUTBOX_BYTES];
};

static void prepare(struct peer *peer, struct outgoing *out, struct msghdr *message,
                    const void *data, size_t size)
{
	out->peer = peer;
	out->size = size;
	out->rest = 0;
	memcpy(&out->to, &peer->address.addr, peer->address.length);
	out->part = (struct iovec){ .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	*message = (struct msghdr){
		.msg_name = &out->to, .msg_namelen = peer->address.length, .msg_iov = &out->part,
		.msg_iovlen = 1,
	};
	local_address_write(&peer->local, message, out->control);
}

static ssize_t send_once(struct peer *peer, const void *data, size_t size)
{
	struct outgoing out;
	struct msghdr message;
	int fd = peer->peers->settings.fd;
	ssize_t n;

	prepare(peer, &out, &message, data, size);
	do
		n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	log_debug("sendmsg(%d, ..., %zu) -> %zd", fd, size, n);
	return n;
}

/* What a call reports may be about a packet sent before: then this one has not been sent. */
static int send_now(struct peer *peer, const void *data, size_t size)
{
	const struct peers *l = peer->peers;
	ssize_t n = send_once(peer, data, size);

	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && l->failed != NULL &&
	    l->failed(l->settings.fd))
		n = send_once(peer, data, size);
	return n < 0 ? -1 : 0;
}

static bool is_train(const struct outgoing *out)
{
	return out->part.iov_len > out->size;
}

/* From now on what is left of it goes one by one. */
static void uncouple(struct outgoing *out, struct msghdr *message)
{
	message->msg_controllen -= (socklen_t)TRAIN_CONTROL;
	out->rest = out->part.iov_len - out->size;
	out->part.iov_len = out->size;
}

/* The first packet of the outbox is done with. */
static void advance(struct peer_outbox *box)
{
	struct outgoing *out = &box->packets[box->first];

	if (out->rest == 0) {
		box->first++;
		return;
	}
	out->part.iov_base = (unsigned char *)out->part.iov_base + out->size;
	out->part.iov_len = out->rest < out->size ? out->rest : out->size;
	out->rest -= out->part.iov_len;
}

/* The first packet of the outbox can't be sent. It alone is lost if it is too large, or the
 * kernel has no memory for it; other errors end its session. */
static void failed(struct peers *l, int error)
{
	struct peer_outbox *box = l->outbox;
	struct outgoing *out = &box->packets[box->first];
	struct peer *peer = out->peer;
	size_t size = out->part.iov_len;
	char more[SELDOM_TEXT];

	if (is_train(out)) {
		uncouple(out, &box->messages[box->first].msg_hdr);
		if (peer != NULL && train_refused(error))
			peer->no_trains = true;
		return;
	}
	advance(box);
	if (error == EMSGSIZE || scarce(error)) {
		if (seldom_say(&l->unsent_said, more))
			log_error("write(%d, ...): a packet of %zu bytes %s; it is lost%s",
			          l->settings.fd, size,
			          error == EMSGSIZE ? "is too large" : "finds no memory", more);
		return;
	}
	if (peer == NULL)
		return;
	peer->send_error = error;
	if (peer->base.notify != NULL)
		peer->base.notify(peer->base.owner);
}

/* The system call itself: musl's function makes one call for each message, as it may have to clear
 * padding that differs from the kernel's types. In ours it is cleared: prepare() sets whole
 * structures, local_address_write() clears what it writes to. */
static int send_messages(int fd, struct mmsghdr *messages, unsigned count)
{
	return (int)syscall(SYS_sendmmsg, fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Returns false if there is no room. */
static bool send_all(struct peers *l)
{
	struct peer_outbox *box = l->outbox;

	while (box->first < box->count) {
		/* nothing may overtake the rest of a train */
		unsigned count = box->packets[box->first].rest > 0 ? 1 : box->count - box->first;
		int n = send_messages(l->settings.fd, box->messages + box->first, count);

		log_debug("sendmmsg(%d, ..., %u) -> %d", l->settings.fd, count, n);
		if (n > 0)
			while (n-- > 0)
				advance(box);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return false;
		else if (errno != EINTR)
			failed(l, errno);
	}
	box->first = box->count = 0;
	box->used = 0;
	return true;
}

void peers_rewatch(struct peers *l)
{
	l->unwatched = watch_resume(&l->watch) < 0;
	if (l->unwatched)
		peers_look_again(l, PEERS_LOOK);
}

bool peers_flush(struct peers *l)
{
	struct peer_outbox *box = l->outbox;
	bool let_go = box != NULL && box->count - box->first >= MANY && !l->unwatched, sent;

	if (let_go)
		watch_suspend(&l->watch);
	sent = box == NULL || send_all(l);
	if (let_go)
		peers_rewatch(l);
	if (sent)
		return true;
	if (l->unwatched)
		l->watch.ready &= (uint8_t)~WATCH_WRITE;
	else
		watch_write_again(&l->watch);
	return false;
}

void peers_send_task(struct task *task)
{
	struct peers *l = (struct peers *)((char *)task - offsetof(struct peers, send));

	peers_flush(l);
}

void peer_forget_sent(const struct peer *peer)
{
	struct peer_outbox *box = peer->peers->outbox;

	for (unsigned i = box != NULL ? box->first : 0; box != NULL && i < box->count; i++)
		if (box->packets[i].peer == peer)
			box->packets[i].peer = NULL;
}

/* Returns false if there is no room: errno says why. */
static bool make_room(struct peers *l, size_t size)
{
	struct peer_outbox *box;

	if (l->outbox == NULL && (l->outbox = calloc(1, sizeof(*l->outbox))) == NULL)
		return false;
	box = l->outbox;
	if (box->count < OUTBOX && OUTBOX_BYTES - box->used >= size)
		return true;
	errno = EAGAIN;
	return peers_flush(l);
}

/* Add a packet to the last one of the outbox, if that is one for the same peer. */
static bool join(struct peer *peer, size_t size)
{
	struct peer_outbox *box = peer->peers->outbox;
	struct outgoing *last;

	if (!peer->peers->trains || peer->no_trains || box->first == box->count)
		return false;
	last = &box->packets[box->count - 1];
	if (last->peer != peer || size == 0 || size > last->size || last->rest > 0 ||
	    last->part.iov_len % last->size != 0 || last->part.iov_len / last->size == TRAIN_PACKETS ||
	    last->part.iov_len + size > TRAIN_BYTES)
		return false;
	if (!is_train(last))
		train_write(&box->messages[box->count - 1].msg_hdr, last->control, last->size);
	last->part.iov_len += size;
	return true;
}

int peer_send(struct peer *peer, const void *data, size_t size)
{
	struct peers *l = peer->peers;
	struct peer_outbox *box;
	unsigned char *copy;

	/* those with queues or queues of errors of their own */
	if (peer->address.addr.sa.sa_family == AF_UNIX || l->failed != NULL)
		return send_now(peer, data, size);
	if (!(l->watch.ready & WATCH_WRITE)) {
		errno = EAGAIN;
		return -1;
	}
	if (size > DIRECT) {
		/* behind what is waiting */
		errno = EAGAIN;
		return peers_flush(l) ? send_now(peer, data, size) : -1;
	}
	if (!make_room(l, size))
		return -1;
	box = l->outbox;
	copy = memcpy(box->data + box->used, data, size);
	box->used += size;
	if (!join(peer, size)) {
		prepare(peer, &box->packets[box->count], &box->messages[box->count].msg_hdr, copy,
		        size);
		box->count++;
	}
	task_queue(&l->send);
	return 0;
}
