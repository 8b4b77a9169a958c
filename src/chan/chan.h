/* Channels: open endpoints that can be read and/or written.
 *
 * A channel hides behind a table of functions. Channels stack: a line-end converter, an
 * escape watcher (and TLS) is a channel over a channel and owns no descriptor. A channel is
 * created with its descriptors open but unwatched; channel_attach() registers them with the
 * loop. So a channel can be made by an accept(2) before it is known which process serves it.
 */
#ifndef CHAN_CHAN_H
#define CHAN_CHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* The status of an I/O call is separate from its length: an empty datagram is no EOF.
 *   IO_OK     *length bytes were transferred (0 is an empty datagram)
 *   IO_AGAIN  nothing now; notify() will be called when it is worth trying again
 *   IO_EOF    reading: the peer has ended its output
 *   IO_ERROR  failed; errno says why, nothing was logged
 */
enum io_status { IO_OK, IO_AGAIN, IO_EOF, IO_ERROR };

enum { CHAN_READABLE = 1, CHAN_WRITABLE = 2, CHAN_HANGUP = 4, CHAN_EXITED = 8 };

/* What kind of peer a channel has: decides how long a half-closed session may live. */
enum chan_peer { PEER_OTHER, PEER_TCP, PEER_UNIX };

struct channel;

/* Something to be done when a channel is closed: remove a file, stop a program. */
struct closer {
	struct closer *next;
	void (*before)(struct closer *closer); /* NULL, or called before descriptors are closed */
	void (*close)(struct closer *closer); /* must free the closer */
};

struct chan_ops {
	const char *kind;
	size_t pooled;            /* its memory is from pool_new() of this size; 0: from malloc(3) */
	enum io_status (*read)(struct channel *channel, void *data, size_t size, size_t *length);
	/* NULL, or reading into several pieces as if they were one; not for packets. */
	enum io_status (*read_pieces)(struct channel *channel, const struct iovec *pieces,
	                              unsigned count, size_t *length);
	/* NULL, or reading without copying: up to *count pieces, of size bytes at most in all, that
	 * stay as they are until the next call for any channel that lends or encrypts. *count: how
	 * many there are, at least one. */
	enum io_status (*lend)(struct channel *channel, size_t size, struct iovec *pieces,
	                       unsigned *count);
	/* May write less than size. */
	enum io_status (*write)(struct channel *channel, const void *data, size_t size,
	                        size_t *length);
	/* NULL, or writing several pieces as if they were one. */
	enum io_status (*write_pieces)(struct channel *channel, const struct iovec *pieces,
	                               unsigned count, size_t *length);
	/* NULL, or writing without copying: where to put up to size bytes, in *count pieces at most,
	 * for a call of write_room() before any other for a channel that lends or encrypts.
	 * IO_AGAIN: not now, use write(). */
	enum io_status (*room)(struct channel *channel, size_t size, struct iovec *pieces,
	                       unsigned *count);
	/* Write so many bytes that were put there. *length may be less: the rest is kept, and counts
	 * as written when write() was called with a size of just that, as often as it said "again";
	 * its data is not looked at. */
	enum io_status (*write_room)(struct channel *channel, size_t size, size_t *length);
	/* NULL, or reading a packet and those of its size that are right behind it (the last one may be
	 * shorter): *length bytes in all, of packets of *packet_size bytes. */
	enum io_status (*read_train)(struct channel *channel, void *data, size_t size,
	                             size_t *length, size_t *packet_size);
	/* NULL, or writing such packets at once, all or none. IO_AGAIN: try each by itself. */
	enum io_status (*write_train)(struct channel *channel, const void *data, size_t size,
	                              size_t packet_size);
	/* End our output (half-close). IO_AGAIN: call again after notify(). */
	enum io_status (*finish)(struct channel *channel);
	/* Register with the loop. Returns 0, or -1 with errno set. */
	int (*attach)(struct channel *channel);
	/* Leave the loop again, so that another process can have the channel. NULL: can't be
	 * attached before its process is known. */
	void (*detach)(struct channel *channel);
	/* CHAN_READABLE, CHAN_WRITABLE: worth trying; CHAN_HANGUP: the peer is gone for good;
	 * CHAN_EXITED: the program at the other end has exited (others may still have its
	 * descriptors). A pure function of the channel's state. */
	unsigned (*ready)(const struct channel *channel);
	/* A plain descriptor that can be spliced from (to), or -1: for bulk transfer. */
	int (*splice_fd)(struct channel *channel, bool output);
	/* After splice(2) said "again" on that side. */
	void (*not_ready)(struct channel *channel, unsigned side);
	/* A second channel over duplicates of the descriptors; NULL with errno set. */
	struct channel *(*dup)(const struct channel *channel);
	/* Add to the text of a failed read() or write(): what has happened, where the data should
	 * have gone, what to do about it. NULL: there is nothing to add. */
	void (*explain)(const struct channel *channel, int error, char *text, size_t size);
	/* Close descriptors and what is below. Called once. abandon: without shutdown(2). */
	void (*close)(struct channel *channel, bool abandon);
};

struct channel {
	const struct chan_ops *ops;
	void (*notify)(void *owner);
	void *owner;
	struct closer *closers;
	int read_fd, write_fd;    /* for messages ("fd 6"); -1 where there is none */
	uint32_t lost;            /* bytes of the packet just read that did not fit: the reader
	                           * reports them and sets this to 0 */
	uint8_t peer;             /* enum chan_peer */
	uint8_t tls_levels;       /* how many TLS channels it is made of, one on top of the other */
	bool stream_socket : 1;   /* one that can half-close, and shows when its peer is gone */
	bool close_ends : 1;      /* close(2) ends our output just as finish() does */
	bool write_only : 1;      /* there will never be anything to read */
	bool ignore_eof : 1;      /* option ignoreeof */
	bool cool_write : 1;      /* option cool-write: EPIPE is no error */
	bool exited : 1;          /* the program at the other end has */
	/* What was to be written did not come in full: set before finish() or close(), for protocols
	 * that can let the peer see it. */
	bool incomplete : 1;
	bool cut_short : 1;       /* closed because its time was over, not at its end */
	/* Borders count: one read gives one packet, one write makes one, whole or not at all. */
	bool reads_packets : 1, writes_packets : 1;
	bool borrowed : 1;        /* its descriptor is shared: no other process can have it */
	bool nagle : 1;           /* option nodelay decides when small packets are sent, not we */
	bool silent_end : 1;      /* the peer can't tell us that it is gone: it just falls silent */
	/* Why reading has ended: options readbytes and escape; and the error that TLS makes of a stream
	 * that ended without close_notify. */
	bool limited : 1, escaped : 1, cut_off : 1;
};

enum io_status channel_read(struct channel *channel, void *data, size_t size, size_t *length);
enum io_status channel_write(struct channel *channel, const void *data, size_t size,
                             size_t *length);
enum io_status channel_finish(struct channel *channel);
unsigned channel_ready(const struct channel *channel);
/* What to say behind the reason (errno) of a failed read or write: "" or "; ...". Returns text. */
const char *channel_explain(const struct channel *channel, int error, char *text, size_t size);

/* Register with the loop and name who is told of news. Returns 0, or -1 with errno set. */
int channel_attach(struct channel *channel, void (*notify)(void *owner), void *owner);

/* Register with the loop, though nobody is to be told yet: what happens is remembered. Returns 0, or
 * -1 with errno set. */
int channel_attach_early(struct channel *channel);

/* Take a channel that may be attached out of the loop. */
void channel_detach(struct channel *channel);

/* From now on nothing may be said for long: find out by ourselves if the peer vanishes. */
void channel_watch_for_death(const struct channel *channel);

/* What is written is to be sent at once from now on, however little it is, and whether or not the peer
 * has confirmed what was sent before (Nagle's algorithm, RFC 9293, 3.7.4). */
void channel_send_at_once(const struct channel *channel);

/* How many bytes pieces of memory have; and a copy of them without the first skip bytes. Returns the
 * length of the copy. */
size_t pieces_size(const struct iovec *pieces, unsigned count);
size_t pieces_copy(void *to, const struct iovec *pieces, unsigned count, size_t skip);

/* If several sessions use one channel: another one over duplicates of its descriptors.
 * Returns NULL with errno set. */
struct channel *channel_dup(const struct channel *channel);

/* Close and free (after this turn of the loop). NULL is fine. */
void channel_free(struct channel *channel);

/* A child process serves this channel: close our copies of its descriptors, without ending
 * the connection and without what was to be done at channel_free(). */
void channel_abandon(struct channel *channel);

/* Have something done at channel_free(). The channel owns the closer from now on; NULL is fine. */
void channel_on_close(struct channel *channel, struct closer *closer);
/* Have it done now, where there is to be no channel. NULL is fine. */
void closer_run(struct closer *closer);

/* For notify, as long as there is no owner. */
void channel_nobody(void *owner);

/* Bring a new channel into the state its creator wants: for use by the files of chan/. */
void channel_init(struct channel *channel, const struct chan_ops *ops, int read_fd, int write_fd);

#endif
