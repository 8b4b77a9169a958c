/* Datagrams without a connection.
 *
 * Reading goes straight into the caller's buffer. Packets that judge() drops are read over,
 * a few at a time, so that a flood of them leaves others their turn. A packet whose verdict
 * takes time is kept aside, and the socket is left alone until then.
 *
 * Writing. If the queue of a UNIX receiver is full, no event tells when it has room again
 * (the socket itself is writable all the time): a timer looks again.
 */
#include "chan/datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

enum { DROPS = 64, CONTROL_SIZE = 1024, IP_SIZE = 65536 };

#define FULL_INTERVAL (NANOSECONDS / 200)

struct datagram {
	struct channel base;
	struct datagram_settings settings;
	struct watch watch;
	struct timer full;         /* a UNIX receiver's queue was */
	unsigned char *aside;      /* the packet that waits for its verdict */
	size_t aside_length;
	bool waiting, decided;     /* for the verdict; it is: take it */
	bool ended;                /* of once: the packet was read */
	bool finished;
};

static struct datagram *self(struct channel *channel)
{
	return (struct datagram *)channel;
}

/* Returns the packet's true length, which may be more than size; -1 with errno set. */
static ssize_t receive(struct datagram *d, void *data, size_t size, struct msghdr *message)
{
	struct iovec *part = message->msg_iov;
	ssize_t n;

	part->iov_base = data;
	part->iov_len = size;
	do
		n = recvmsg(d->settings.fd, message, MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	log_debug("recvmsg(%d, ..., %zu) -> %zd", d->settings.fd, size, n);
	return n;
}

/* The same without the IP header, whose length only the packet tells. */
static ssize_t receive_ip(struct datagram *d, void *data, size_t size, struct msghdr *message)
{
	static unsigned char packet[IP_SIZE];
	ssize_t n = receive(d, packet, sizeof(packet), message);
	size_t length, header;

	if (n < 0)
		return n;
	length = (size_t)n < sizeof(packet) ? (size_t)n : sizeof(packet);
	header = net_ip4_header(packet, length);
	length -= header;
	memcpy(data, packet + header, length < size ? length : size);
	return (ssize_t)length;
}

/* What the caller gets of a packet that is n bytes long. */
static enum io_status give(struct datagram *d, size_t n, size_t size, size_t *length)
{
	if (n == 0 && d->settings.null_eof)
		return IO_EOF;
	*length = n < size ? n : size;
	d->base.lost = (uint32_t)(n - *length);
	d->ended = d->settings.once;
	return IO_OK;
}

/* Keep a packet until its verdict comes. */
static enum io_status put_aside(struct datagram *d, const void *data, size_t length)
{
	free(d->aside);
	d->aside = malloc(length + 1);
	d->aside_length = length;
	if (d->aside == NULL) {
		errno = ENOMEM;
		return IO_ERROR;
	}
	memcpy(d->aside, data, length);
	d->waiting = true;
	return IO_AGAIN;
}

static enum io_status take_aside(struct datagram *d, void *data, size_t size, size_t *length)
{
	enum io_status status;

	d->decided = false;
	memcpy(data, d->aside, d->aside_length < size ? d->aside_length : size);
	status = give(d, d->aside_length, size, length);
	free(d->aside);
	d->aside = NULL;
	return status;
}

/* IO_OK: try again. */
static enum io_status read_failed(struct datagram *d)
{
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return d->settings.failed != NULL && d->settings.failed(d->settings.fd) ? IO_OK
		                                                                        : IO_ERROR;
	d->watch.ready &= (uint8_t)~WATCH_READ;
	return IO_AGAIN;
}

static enum io_status datagram_read(struct channel *channel, void *data, size_t size,
                                    size_t *length)
{
	struct datagram *d = self(channel);
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_SIZE];
	union net_addr from;

	if (d->ended)
		return IO_EOF;
	if (d->decided)
		return take_aside(d, data, size, length);
	for (unsigned i = 0; i < DROPS && !d->waiting; i++) {
		struct iovec part;
		struct msghdr message = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part,
			.msg_iovlen = 1, .msg_control = d->settings.control ? control : NULL,
			.msg_controllen = d->settings.control ? sizeof(control) : 0,
		};
		ssize_t n = d->settings.ip_header ? receive_ip(d, data, size, &message)
		                                  : receive(d, data, size, &message);
		enum datagram_verdict verdict = DATAGRAM_TAKE;
		enum io_status status;

		if (n < 0 && (status = read_failed(d)) != IO_OK)
			return status;
		if (n < 0)
			continue;
		if (d->settings.judge != NULL)
			verdict = d->settings.judge(channel, d->settings.context, &message,
			                            (size_t)n);
		if (verdict == DATAGRAM_TAKE)
			return give(d, (size_t)n, size, length);
		if (verdict == DATAGRAM_WAIT)
			return put_aside(d, data, (size_t)n < size ? (size_t)n : size);
	}
	return IO_AGAIN;   /* still ready: others have to get their turn, too */
}

void datagram_decide(struct channel *channel, bool take)
{
	struct datagram *d = self(channel);

	d->waiting = false;
	d->decided = take;
	if (channel->notify != NULL)
		channel->notify(channel->owner);
}

static void room_again(struct timer *timer)
{
	struct datagram *d = (struct datagram *)((char *)timer - offsetof(struct datagram, full));

	d->watch.ready |= WATCH_WRITE;
	d->base.notify(d->base.owner);
}

static ssize_t send_to(struct datagram *d, const void *data, size_t size)
{
	_Alignas(struct cmsghdr) unsigned char control[LOCAL_ADDRESS_CONTROL];
	struct iovec part = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr message = {
		.msg_name = &d->settings.to.addr, .msg_namelen = d->settings.to.length,
		.msg_iov = &part, .msg_iovlen = 1,
	};
	ssize_t n;

	local_address_write(&d->settings.from, &message, control);
	do
		n = sendmsg(d->settings.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	log_debug("sendmsg(%d, ..., %zu) -> %zd", d->settings.fd, size, n);
	return n;
}

/* What a call reports may be about a packet sent before: then this one has not been sent. */
static ssize_t send_packet(struct datagram *d, const void *data, size_t size)
{
	ssize_t n = send_to(d, data, size);

	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && d->settings.failed != NULL &&
	    d->settings.failed(d->settings.fd))
		n = send_to(d, data, size);
	return n;
}

static enum io_status datagram_write(struct channel *channel, const void *data, size_t size,
                                     size_t *length)
{
	struct datagram *d = self(channel);

	if (d->settings.to.length == 0) {
		errno = EDESTADDRREQ;
		return IO_ERROR;
	}
	if (send_packet(d, data, size) >= 0) {
		*length = size;
		return IO_OK;
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return IO_ERROR;
	if (d->settings.to.addr.sa.sa_family == AF_UNIX) {
		d->watch.ready &= (uint8_t)~WATCH_WRITE;
		timer_start(&d->full, FULL_INTERVAL, room_again);
	} else {
		watch_write_again(&d->watch);
	}
	return IO_AGAIN;
}

static enum io_status datagram_finish(struct channel *channel)
{
	struct datagram *d = self(channel);

	if (d->finished)
		return IO_OK;
	d->finished = true;
	if (d->settings.finish == FINISH_NULL && d->settings.to.length > 0 &&
	    send_packet(d, "", 0) < 0)
		log_warn("sendmsg(%d, \"\", 0): %s", d->settings.fd, error_text(errno));
	return IO_OK;
}

static void notified(struct watch *watch)
{
	struct datagram *d = (struct datagram *)((char *)watch - offsetof(struct datagram, watch));

	d->base.notify(d->base.owner);
}

static int datagram_attach(struct channel *channel)
{
	struct datagram *d = self(channel);

	return d->watch.notify != NULL ? 0 : watch_start_quiet(&d->watch, d->settings.fd, notified);
}

static unsigned datagram_ready(const struct channel *channel)
{
	const struct datagram *d = (const struct datagram *)channel;
	bool readable = d->ended || d->decided || (!d->waiting && (d->watch.ready & WATCH_READ));

	return (readable ? CHAN_READABLE : 0u) |
	       (d->watch.ready & WATCH_WRITE ? CHAN_WRITABLE : 0u);
}

static int datagram_splice(struct channel *channel, bool output)
{
	(void)channel;
	(void)output;
	return -1;
}

static void datagram_not_ready(struct channel *channel, unsigned side)
{
	(void)channel;
	(void)side;
}

static void datagram_explain(const struct channel *channel, int error, char *text, size_t size)
{
	const struct datagram *d = (const struct datagram *)channel;

	if (d->settings.explain != NULL)
		d->settings.explain(&d->settings.to, error, text, size);
}

static void datagram_close(struct channel *channel, bool abandon)
{
	struct datagram *d = self(channel);

	(void)abandon;
	watch_stop(&d->watch);
	timer_stop(&d->full);
	close(d->settings.fd);
	free(d->aside);
	if (d->settings.free_context != NULL)
		d->settings.free_context(channel, d->settings.context);
}

static struct channel *datagram_dup(const struct channel *channel)
{
	const struct datagram *d = (const struct datagram *)channel;
	struct datagram_settings settings = d->settings;
	struct channel *copy;

	settings.fd = fcntl(d->settings.fd, F_DUPFD_CLOEXEC, 3);
	if (settings.fd < 0)
		return NULL;
	copy = datagram_new(&settings);
	if (copy == NULL)
		close(settings.fd);
	else if (settings.share_context != NULL)
		settings.share_context(settings.context);
	return copy;
}

static const struct chan_ops datagram_ops = {
	.kind = "datagram", .read = datagram_read, .write = datagram_write,
	.finish = datagram_finish, .attach = datagram_attach, .ready = datagram_ready,
	.splice_fd = datagram_splice, .not_ready = datagram_not_ready, .dup = datagram_dup,
	.explain = datagram_explain, .close = datagram_close,
};

struct channel *datagram_new(const struct datagram_settings *settings)
{
	struct datagram *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	channel_init(&d->base, &datagram_ops, settings->fd, settings->fd);
	d->base.reads_packets = d->base.writes_packets = true;
	d->settings = *settings;
	return &d->base;
}
