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
#include "sys/error.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/train.h"

struct fd_channel {
	struct channel base;
	struct watch in, out;     /* out is unused where one descriptor does both */
	int in_fd, out_fd;
	uint8_t finish;
	bool may_block, null_eof;
	bool in_socket, out_socket; /* recv/send instead of read/write */
	bool packets;             /* not a stream of bytes: recv(2) tells what did not fit */
	bool datagrams;           /* a read of 0 bytes is an empty packet, not EOF */
	bool finished;
	bool shared;              /* the reading and the writing watch are one */
	bool no_trains;           /* tried: it can't */
	bool train_sent;          /* it could */
	bool (*failed)(int fd);
};

static struct fd_channel *self(struct channel *channel)
{
	return (struct fd_channel *)channel;
}

static struct watch *out_watch(struct fd_channel *c)
{
	return c->shared ? &c->in : &c->out;
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
	if (c->failed != NULL)
		c->failed(fd);
	return IO_ERROR;
}

static ssize_t input(const struct fd_channel *c, void *data, size_t size)
{
	ssize_t n;

	int flags = MSG_DONTWAIT | (c->packets ? MSG_TRUNC : 0);

	do
		n = c->in_socket ? recv(c->in_fd, data, size, flags) : read(c->in_fd, data, size);
	while (n < 0 && errno == EINTR);
	log_debug("read(%d, ..., %zu) -> %zd", c->in_fd, size, n);
	return n;
}

static ssize_t output(const struct fd_channel *c, const void *data, size_t size)
{
	ssize_t n;

	do
		n = c->out_socket ? send(c->out_fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
		                  : write(c->out_fd, data, size);
	while (n < 0 && errno == EINTR);
	log_debug("write(%d, ..., %zu) -> %zd", c->out_fd, size, n);
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
		return failed(c, c->in_fd);
	c->in.ready &= (uint8_t)~WATCH_READ;
	return IO_AGAIN;
}

static enum io_status fd_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct fd_channel *c = self(channel);
	ssize_t n;

	if (c->may_block && !c->in_socket && !c->in.always && !pollable(c->in_fd, POLLIN)) {
		c->in.ready &= (uint8_t)~WATCH_READ;
		return IO_AGAIN;
	}
	n = input(c, data, size);
	if (n > 0 && (size_t)n > size) {
		/* MSG_TRUNC: the true length of a packet that did not fit */
		channel->lost = (size_t)n - size;
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
		if (!pollable(c->out_fd, POLLOUT)) {
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
		return failed(c, c->out_fd);
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

	c->no_trains |= !c->train_sent && !train_possible(c->out_fd);
	if (c->no_trains)
		return IO_AGAIN;
	train_write(&message, control, packet_size);
	do
		n = sendmsg(c->out_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	log_debug("sendmsg(%d, packets of %zu, %zu) -> %zd", c->out_fd, packet_size, size, n);
	if (n >= 0) {
		c->train_sent = true;
		return IO_OK;
	}
	if (again(errno) || errno == ENOBUFS || errno == ENOMEM)
		return IO_AGAIN;
	c->no_trains = train_refused(errno);
	return c->no_trains ? IO_AGAIN : failed(c, c->out_fd);
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
		n = c->in_socket ? recvmsg(c->in_fd, &message, MSG_DONTWAIT)
		                 : readv(c->in_fd, pieces, (int)count);
	while (n < 0 && errno == EINTR);
	log_debug("recvmsg(%d, %u pieces, %zu) -> %zd", c->in_fd, count, size, n);
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
		n = c->out_socket ? sendmsg(c->out_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL)
		                  : writev(c->out_fd, pieces, (int)count);
	while (n < 0 && errno == EINTR);
	log_debug("sendmsg(%d, %u pieces) -> %zd", c->out_fd, count, n);
	if (n >= 0) {
		*length = (size_t)n;
		return IO_OK;
	}
	if (!again(errno))
		return failed(c, c->out_fd);
	watch_write_again(out_watch(c));
	return IO_AGAIN;
}

static void close_output(struct fd_channel *c)
{
	if (c->out_fd < 0)
		return;
	if (c->shared) {
		/* one descriptor: its reading half has to go on */
		if (c->out_socket)
			shutdown(c->out_fd, SHUT_WR);
		return;
	}
	watch_stop(&c->out);
	close(c->out_fd);
	c->out_fd = -1;
}

static enum io_status fd_finish(struct channel *channel)
{
	struct fd_channel *c = self(channel);

	if (c->finished || c->out_fd < 0)
		return IO_OK;
	c->finished = true;
	switch (c->finish) {
	case FINISH_SHUTDOWN:
		log_info("shutdown(%d, 1)", c->out_fd);
		shutdown(c->out_fd, SHUT_WR);
		break;
	case FINISH_CLOSE:
		log_info("close(%d)", c->out_fd);
		close_output(c);
		break;
	case FINISH_NULL:
		/* it may well be the first to hear that nobody is there */
		if (send(c->out_fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && !again(errno))
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
	struct fd_channel *c = (struct fd_channel *)((char *)watch - offsetof(struct fd_channel, out));

	c->base.notify(c->base.owner);
}

static int fd_attach(struct channel *channel)
{
	struct fd_channel *c = self(channel);

	if (c->in.notify != NULL || c->out.notify != NULL)
		return 0;
	if (c->shared && c->in_socket && c->datagrams)
		return watch_start_quiet(&c->in, c->in_fd, notified_in);
	if (c->in_fd >= 0 && watch_start(&c->in, c->in_fd, notified_in) < 0)
		return -1;
	if (c->out_fd >= 0 && !c->shared && watch_start(&c->out, c->out_fd, notified_out) < 0)
		return -1;
	return 0;
}

static void fd_detach(struct channel *channel)
{
	struct fd_channel *c = self(channel);

	watch_stop(&c->in);
	watch_stop(&c->out);
}

static unsigned fd_ready(const struct channel *channel)
{
	const struct fd_channel *c = (const struct fd_channel *)channel;
	uint8_t in = c->in.ready, out = c->shared ? in : c->out.ready;
	/* a pipe nobody reads from shows an error; a terminal whose other side is closed, a hang-up */
	uint8_t gone = c->shared ? WATCH_HANGUP
	               : c->in_fd < 0 ? WATCH_ERROR | WATCH_HANGUP : WATCH_ERROR;

	return (in & WATCH_READ ? CHAN_READABLE : 0u) | (out & WATCH_WRITE ? CHAN_WRITABLE : 0u) |
	       (out & gone ? CHAN_HANGUP : 0u) |
	       (channel->exited ? CHAN_EXITED : 0u);
}

static int fd_splice(struct channel *channel, bool output)
{
	struct fd_channel *c = self(channel);

	/* splice(2) would block on a socket without O_NONBLOCK, whatever its flags */
	if (c->may_block || c->packets || c->in.always || c->out.always)
		return -1;
	return output ? c->out_fd : c->in_fd;
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
	watch_stop(&c->in);
	watch_stop(&c->out);
	if (c->in_fd >= 0)
		close(c->in_fd);
	if (c->out_fd >= 0 && !c->shared)
		close(c->out_fd);
}

static struct channel *fd_dup(const struct channel *channel);

static const struct chan_ops fd_ops = {
	.kind = "fd", .read = fd_read, .read_pieces = fd_read_pieces,
	.write = fd_write, .write_pieces = fd_write_pieces, .write_train = fd_write_train,
	.finish = fd_finish,
	.attach = fd_attach, .detach = fd_detach, .ready = fd_ready, .splice_fd = fd_splice,
	.not_ready = fd_not_ready, .dup = fd_dup, .close = fd_close,
};

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

struct channel *fd_channel_new(const struct fd_settings *settings)
{
	struct fd_channel *c = calloc(1, sizeof(*c));
	int any = settings->read_fd >= 0 ? settings->read_fd : settings->write_fd;
	int type = settings->type != 0 ? settings->type : net_type(any);
	int family = settings->family != 0 || type == 0 ? settings->family : net_family(any);
	int protocol = ip_protocol(settings, any, family, type);
	bool both;

	if (c == NULL)
		return NULL;
	channel_init(&c->base, &fd_ops, settings->read_fd, settings->write_fd);
	c->base.write_only = settings->read_fd < 0;
	c->in_fd = settings->read_fd;
	c->out_fd = settings->write_fd;
	c->shared = c->in_fd == c->out_fd;
	c->finish = (uint8_t)(settings->finish == FINISH_SOCKET ? socket_finish(protocol)
	                                                        : settings->finish);
	c->may_block = settings->may_block;
	c->null_eof = settings->null_eof;
	c->failed = settings->failed;
	/* stdio may be two different things: then it counts as no socket as a whole */
	c->in_socket = c->in_fd >= 0 && type != 0;
	c->out_socket = c->out_fd >= 0 &&
	                (c->shared || c->in_fd < 0 ? type != 0 : net_type(c->out_fd) != 0);
	both = (c->in_socket || c->in_fd < 0) && (c->out_socket || c->out_fd < 0);
	c->packets = type != 0 && type != SOCK_STREAM;
	c->datagrams = c->packets && type != SOCK_SEQPACKET;
	c->base.reads_packets = (c->in_socket && c->packets) || settings->packets;
	c->base.writes_packets = (c->out_socket && c->packets) || settings->packets;
	c->packets |= settings->packets;
	c->base.peer = (uint8_t)(both ? peer_kind(family, type, protocol) : PEER_OTHER);
	c->base.stream_socket = both && type == SOCK_STREAM &&
	                        (c->base.peer != PEER_OTHER || family == AF_VSOCK);
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
		.packets = c->packets, .failed = c->failed,
	};
	struct channel *copy;

	settings.read_fd = duplicate(c->in_fd);
	settings.write_fd = c->shared ? settings.read_fd : duplicate(c->out_fd);
	if ((c->in_fd >= 0 && settings.read_fd < 0) || (c->out_fd >= 0 && settings.write_fd < 0) ||
	    (copy = fd_channel_new(&settings)) == NULL) {
		close(settings.read_fd);
		if (!c->shared)
			close(settings.write_fd);
		return NULL;
	}
	copy->peer = channel->peer;
	return copy;
}
