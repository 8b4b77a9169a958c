/* Channels over plain descriptors.
 *
 * Descriptors that we made ourselves are non-blocking. Inherited ones (stdin, FD:7) belong
 * to others too, and O_NONBLOCK would change them for all: sockets are used with
 * MSG_DONTWAIT; other descriptors are asked with poll(2) before each call, and at most
 * PIPE_BUF bytes are written at once, which a pipe that polls writable takes without
 * blocking (pipe(7)).
 */
#include "chan/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/pool.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/train.h"

/* Thousands of them are idle: what few need is in a longer struct. */
struct fd_channel {
	struct channel base;
	struct watch in;
	uint8_t finish;
	bool may_block : 1, null_eof : 1;
	bool in_socket : 1, out_socket : 1; /* recv/send instead of read/write */
	bool packets : 1;         /* not a stream of bytes: recv(2) tells what did not fit */
	bool datagrams : 1;       /* a read of 0 bytes is an empty packet, not EOF */
	bool finished : 1;
	bool exclusive : 1;
	bool shared : 1;          /* one descriptor, with one watch, does both */
	bool no_trains : 1;       /* tried: it can't */
	bool train_sent : 1;      /* it could */
	bool extended : 1;        /* it is a struct extended */
};

/* Two descriptors, or errors of their own. */
struct extended {
	struct fd_channel plain;
	struct watch out;
	bool (*failed)(int fd);
};

static struct fd_channel *self(struct channel *channel)
{
	return (struct fd_channel *)channel;
}

/* What watches the descriptor that is written to. */
static struct watch *out_watch(struct fd_channel *c)
{
	return c->shared ? &c->in : &((struct extended *)c)->out;
}

static const struct watch *const_out_watch(const struct fd_channel *c)
{
	return c->shared ? &c->in : &((const struct extended *)c)->out;
}

static int in_fd(const struct fd_channel *c)
{
	return c->in.fd;
}

static int out_fd(const struct fd_channel *c)
{
	return const_out_watch(c)->fd;
}

/* For descriptors that may block: does this call return at once? */
static bool pollable(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0;
}

static bool again(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK;
}

static enum io_status failed(const struct fd_channel *c, int fd)
{
	const struct extended *e = (const struct extended *)c;

	if (c->extended && e->failed != NULL)
		e->failed(fd);
	return IO_ERROR;
}

static ssize_t input(const struct fd_channel *c, void *data, size_t size)
{
	int flags = MSG_DONTWAIT | (c->packets ? MSG_TRUNC : 0);
	ssize_t n;

	do
		n = c->in_socket ? recv(in_fd(c), data, size, flags) : read(in_fd(c), data, size);
	while (n < 0 && errno == EINTR);
	log_debug("read(%d, ..., %zu) -> %zd", in_fd(c), size, n);
	return n;
}

static ssize_t output(const struct fd_channel *c, const void *data, size_t size)
{
	ssize_t n;

	do
		n = c->out_socket ? send(out_fd(c), data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
		                  : write(out_fd(c), data, size);
	while (n < 0 && errno == EINTR);
	log_debug("write(%d, ..., %zu) -> %zd", out_fd(c), size, n);
	return n;
}

/* What a read of up to size bytes has given: n, or errno. */
static enum io_status was_read(struct fd_channel *c, ssize_t n, size_t size, size_t *length)
{
	if (n > 0) {
		*length = (size_t)n;
		/* A TCP socket that gave less than it could has no more: an edge will tell of
		 * what comes next (epoll(7)). Not so where an end or urgent data is queued
		 * behind; UNIX sockets also stop where descriptors or credentials were sent. */
		if ((size_t)n < size && c->base.peer == PEER_TCP && !(c->in.ready & WATCH_BEHIND))
			c->in.ready &= (uint8_t)~WATCH_READ;
		return IO_OK;
	}
	if (n == 0) {
		if (!c->datagrams || c->null_eof || (c->in.ready & WATCH_HANGUP))
			return IO_EOF;
		*length = 0;
		return IO_OK;
	}
	if (!again(errno))
		return failed(c, in_fd(c));
	c->in.ready &= (uint8_t)~WATCH_READ;
	return IO_AGAIN;
}

static enum io_status fd_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct fd_channel *c = self(channel);
	ssize_t n;

	if (c->may_block && !c->in_socket && !c->in.always && !pollable(in_fd(c), POLLIN)) {
		c->in.ready &= (uint8_t)~WATCH_READ;
		return IO_AGAIN;
	}
	n = input(c, data, size);
	if (n > 0 && (size_t)n > size) {
		/* MSG_TRUNC: the true length of a packet that did not fit */
		channel->lost = (uint32_t)((size_t)n - size);
		n = (ssize_t)size;
	}
	return was_read(c, n, size, length);
}

static enum io_status fd_write(struct channel *channel, const void *data, size_t size,
                               size_t *length)
{
	struct fd_channel *c = self(channel);
	struct watch *watch = out_watch(c);
	ssize_t n;

	if (c->may_block && !c->out_socket && !watch->always) {
		if (!pollable(out_fd(c), POLLOUT)) {
			watch->ready &= (uint8_t)~WATCH_WRITE;
			return IO_AGAIN;
		}
		size = size < PIPE_BUF ? size : PIPE_BUF;
	}
	/* on a SOCK_SEQPACKET socket an empty packet would be the end */
	if (size == 0 && c->packets && !c->datagrams) {
		*length = 0;
		return IO_OK;
	}
	n = output(c, data, size);
	if (n >= 0) {
		*length = (size_t)n;
		return IO_OK;
	}
	if (!again(errno))
		return failed(c, out_fd(c));
	watch_write_again(watch);
	return IO_AGAIN;
}

static enum io_status fd_write_train(struct channel *channel, const void *data, size_t size,
                                     size_t packet_size)
{
	struct fd_channel *c = self(channel);
	_Alignas(struct cmsghdr) unsigned char control[TRAIN_CONTROL];
	struct iovec part = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (!c->train_sent && !c->no_trains)
		c->no_trains = !train_possible(out_fd(c));
	if (c->no_trains)
		return IO_AGAIN;
	train_write(&message, control, packet_size);
	do
		n = sendmsg(out_fd(c), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	log_debug("sendmsg(%d, packets of %zu, %zu) -> %zd", out_fd(c), packet_size, size, n);
	if (n >= 0) {
		c->train_sent = true;
		return IO_OK;
	}
	if (again(errno) || errno == ENOBUFS || errno == ENOMEM)
		return IO_AGAIN;
	c->no_trains = train_refused(errno);
	return c->no_trains ? IO_AGAIN : failed(c, out_fd(c));
}

static struct msghdr message_of(const struct iovec *pieces, unsigned count)
{
	struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)pieces };

	/* int or size_t, as the C library has it */
	message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
	return message;
}

static enum io_status fd_read_pieces(struct channel *channel, const struct iovec *pieces,
                                     unsigned count, size_t *length)
{
	struct fd_channel *c = self(channel);
	struct msghdr message = message_of(pieces, count);
	size_t size = pieces_size(pieces, count);
	ssize_t n;

	if (c->packets || (c->may_block && !c->in_socket))
		return fd_read(channel, pieces[0].iov_base, pieces[0].iov_len, length);
	do
		n = c->in_socket ? recvmsg(in_fd(c), &message, MSG_DONTWAIT)
		                 : readv(in_fd(c), pieces, (int)count);
	while (n < 0 && errno == EINTR);
	log_debug("recvmsg(%d, %u pieces, %zu) -> %zd", in_fd(c), count, size, n);
	return was_read(c, n, size, length);
}

static enum io_status fd_write_pieces(struct channel *channel, const struct iovec *pieces,
                                      unsigned count, size_t *length)
{
	struct fd_channel *c = self(channel);
	struct msghdr message = message_of(pieces, count);
	ssize_t n;

	if (c->may_block && !c->out_socket)
		return fd_write(channel, pieces[0].iov_base, pieces[0].iov_len, length);
	do
		n = c->out_socket ? sendmsg(out_fd(c), &message, MSG_DONTWAIT | MSG_NOSIGNAL)
		                  : writev(out_fd(c), pieces, (int)count);
	while (n < 0 && errno == EINTR);
	log_debug("sendmsg(%d, %u pieces) -> %zd", out_fd(c), count, n);
	if (n >= 0) {
		*length = (size_t)n;
		return IO_OK;
	}
	if (!again(errno))
		return failed(c, out_fd(c));
	watch_write_again(out_watch(c));
	return IO_AGAIN;
}

static void close_output(struct fd_channel *c)
{
	if (out_fd(c) < 0)
		return;
	if (c->shared) {
		/* one descriptor: its reading half has to go on */
		if (c->out_socket)
			shutdown(out_fd(c), SHUT_WR);
		return;
	}
	watch_stop(out_watch(c));
	close(out_fd(c));
	out_watch(c)->fd = -1;
}

static enum io_status fd_finish(struct channel *channel)
{
	struct fd_channel *c = self(channel);

	if (c->finished || out_fd(c) < 0)
		return IO_OK;
	c->finished = true;
	switch (c->finish) {
	case FINISH_SHUTDOWN:
		log_info("shutdown(%d, 1)", out_fd(c));
		shutdown(out_fd(c), SHUT_WR);
		break;
	case FINISH_CLOSE:
		log_info("close(%d)", out_fd(c));
		close_output(c);
		break;
	case FINISH_NULL:
		/* it may well be the first to hear that nobody is there */
		if (send(out_fd(c), "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && !again(errno))
			return IO_ERROR;
		break;
	default:
		break;
	}
	return IO_OK;
}

static void notified_in(struct watch *watch)
{
	struct fd_channel *c = (struct fd_channel *)((char *)watch - offsetof(struct fd_channel, in));

	c->base.notify(c->base.owner);
}

static void notified_out(struct watch *watch)
{
	struct fd_channel *c = (struct fd_channel *)((char *)watch - offsetof(struct extended, out));

	c->base.notify(c->base.owner);
}

static int fd_attach(struct channel *channel)
{
	struct fd_channel *c = self(channel);

	if (c->in.notify != NULL || out_watch(c)->notify != NULL)
		return 0;
	if (c->shared && c->in_socket && c->datagrams)
		return watch_start_quiet(&c->in, in_fd(c), notified_in);
	if (in_fd(c) >= 0 && watch_start(&c->in, in_fd(c), notified_in) < 0)
		return -1;
	if (out_fd(c) >= 0 && !c->shared && watch_start(out_watch(c), out_fd(c), notified_out) < 0)
		return -1;
	return 0;
}

static void fd_detach(struct channel *channel)
{
	struct fd_channel *c = self(channel);

	watch_stop(&c->in);
	watch_stop(out_watch(c));
}

static unsigned fd_ready(const struct channel *channel)
{
	const struct fd_channel *c = (const struct fd_channel *)channel;
	uint8_t in = c->in.ready, out = const_out_watch(c)->ready;
	/* a pipe nobody reads from shows an error; a terminal whose other side is closed, a hang-up */
	uint8_t gone = c->shared ? WATCH_HANGUP
	               : in_fd(c) < 0 ? WATCH_ERROR | WATCH_HANGUP : WATCH_ERROR;

	return (in & WATCH_READ ? CHAN_READABLE : 0u) | (out & WATCH_WRITE ? CHAN_WRITABLE : 0u) |
	       (out & gone ? CHAN_HANGUP : 0u) |
	       (channel->exited ? CHAN_EXITED : 0u);
}

static int fd_splice(struct channel *channel, bool output)
{
	struct fd_channel *c = self(channel);

	if (c->packets)
		return -1;
	/* regular files can be read like that; but not written to if they are for appending */
	if (!output && c->in.always)
		return in_fd(c);
	/* splice(2) would block on a socket without O_NONBLOCK, whatever its flags */
	if (c->may_block || (output && out_watch(c)->always))
		return -1;
	return output ? out_fd(c) : in_fd(c);
}

static void fd_not_ready(struct channel *channel, unsigned side)
{
	struct fd_channel *c = self(channel);

	if (side & CHAN_READABLE)
		c->in.ready &= (uint8_t)~WATCH_READ;
	if (side & CHAN_WRITABLE)
		out_watch(c)->ready &= (uint8_t)~WATCH_WRITE;
}

static void fd_close(struct channel *channel, bool abandon)
{
	struct fd_channel *c = self(channel);

	(void)abandon;   /* close(2) alone ends nothing that another process has open too */
	(c->exclusive ? watch_end : watch_stop)(&c->in);
	watch_stop(out_watch(c));
	if (in_fd(c) >= 0)
		close(in_fd(c));
	if (out_fd(c) >= 0 && !c->shared)
		close(out_fd(c));
}

static struct channel *fd_dup(const struct channel *channel);

#define FD_OPS(size) { \
	.kind = "fd", .pooled = (size), .read = fd_read, .read_pieces = fd_read_pieces, \
	.write = fd_write, .write_pieces = fd_write_pieces, .write_train = fd_write_train, \
	.finish = fd_finish, \
	.attach = fd_attach, .detach = fd_detach, .ready = fd_ready, .splice_fd = fd_splice, \
	.not_ready = fd_not_ready, .dup = fd_dup, .close = fd_close, \
}

static const struct chan_ops plain_ops = FD_OPS(sizeof(struct fd_channel));
static const struct chan_ops extended_ops = FD_OPS(sizeof(struct extended));

static bool is_ip(int family)
{
	return family == AF_INET || family == AF_INET6;
}

/* The protocol of an IP socket with connections, or 0: SCTP's sockets have the same family and
 * type as TCP's. */
static int ip_protocol(const struct fd_settings *settings, int fd, int family, int type)
{
	if (!is_ip(family) || (type != SOCK_STREAM && type != SOCK_SEQPACKET && type != SOCK_DCCP))
		return 0;
	return settings->protocol != 0 ? settings->protocol : net_protocol(fd);
}

static enum chan_peer peer_kind(int family, int type, int protocol)
{
	if (family == AF_UNIX && (type == SOCK_STREAM || type == SOCK_SEQPACKET))
		return PEER_UNIX;
	return type == SOCK_STREAM && (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP)
	       ? PEER_TCP : PEER_OTHER;
}

/* SCTP ends an association as a whole: shutdown(2) tells the peer that we are done, and from
 * then on the peer can't send either (RFC 9260, 9.2). DCCP has no shutdown (RFC 4340, 8.3). */
static enum fd_finish socket_finish(int protocol)
{
	return protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP ? FINISH_NONE
	                                                            : FINISH_SHUTDOWN;
}

static struct fd_channel *new_channel(const struct fd_settings *settings)
{
	bool shared = settings->read_fd == settings->write_fd;
	bool extended = !shared || settings->failed != NULL;
	const struct chan_ops *ops = extended ? &extended_ops : &plain_ops;
	struct fd_channel *c = pool_new(ops->pooled);

	if (c == NULL)
		return NULL;
	channel_init(&c->base, ops, settings->read_fd, settings->write_fd);
	c->shared = shared;
	c->extended = extended;
	c->in.fd = settings->read_fd;
	out_watch(c)->fd = settings->write_fd;
	if (extended)
		((struct extended *)c)->failed = settings->failed;
	if (settings->watch != NULL && settings->watch->notify != NULL)
		watch_move(settings->watch, &c->in, notified_in);
	c->base.notify = channel_nobody;
	return c;
}

struct channel *fd_channel_new(const struct fd_settings *settings)
{
	int any = settings->read_fd >= 0 ? settings->read_fd : settings->write_fd;
	int type = settings->type != 0 ? settings->type : net_type(any);
	int family = settings->family != 0 || type == 0 ? settings->family : net_family(any);
	int protocol = ip_protocol(settings, any, family, type);
	struct fd_channel *c = new_channel(settings);
	bool both;

	if (c == NULL)
		return NULL;
	c->base.write_only = settings->read_fd < 0;
	c->finish = (uint8_t)(settings->finish == FINISH_SOCKET ? socket_finish(protocol)
	                                                        : settings->finish);
	c->may_block = settings->may_block;
	c->null_eof = settings->null_eof;
	c->exclusive = settings->exclusive;
	c->base.nagle = settings->nagle;
	/* stdio may be two different things: then it counts as no socket as a whole */
	c->in_socket = in_fd(c) >= 0 && type != 0;
	c->out_socket = out_fd(c) >= 0 &&
	                (c->shared || in_fd(c) < 0 ? type != 0 : net_type(out_fd(c)) != 0);
	both = (c->in_socket || in_fd(c) < 0) && (c->out_socket || out_fd(c) < 0);
	c->packets = type != 0 && type != SOCK_STREAM;
	c->datagrams = c->packets && type != SOCK_SEQPACKET;
	c->base.reads_packets = (c->in_socket && c->packets) || settings->packets;
	c->base.writes_packets = (c->out_socket && c->packets) || settings->packets;
	c->packets |= settings->packets;
	c->base.peer = (uint8_t)(both ? peer_kind(family, type, protocol) : PEER_OTHER);
	c->base.stream_socket = both && type == SOCK_STREAM &&
	                        (c->base.peer != PEER_OTHER || family == AF_VSOCK);
	c->base.close_ends = c->exclusive && c->shared && c->base.stream_socket &&
	                     c->finish == FINISH_SHUTDOWN;
	return &c->base;
}

static int duplicate(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static struct channel *fd_dup(const struct channel *channel)
{
	const struct fd_channel *c = (const struct fd_channel *)channel;
	struct fd_settings settings = {
		.finish = c->finish, .may_block = c->may_block, .null_eof = c->null_eof,
		.packets = c->packets,
		.failed = c->extended ? ((const struct extended *)c)->failed : NULL,
	};
	struct channel *copy;

	settings.read_fd = duplicate(in_fd(c));
	settings.write_fd = c->shared ? settings.read_fd : duplicate(out_fd(c));
	if ((in_fd(c) >= 0 && settings.read_fd < 0) || (out_fd(c) >= 0 && settings.write_fd < 0) ||
	    (copy = fd_channel_new(&settings)) == NULL) {
		close(settings.read_fd);
		if (!c->shared)
			close(settings.write_fd);
		return NULL;
	}
	copy->peer = channel->peer;
	copy->nagle = channel->nagle;
	return copy;
}
