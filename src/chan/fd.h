/* Channels over plain descriptors: files, pipes, terminals, stream sockets. */
#ifndef CHAN_FD_H
#define CHAN_FD_H

#include "chan/chan.h"

struct watch;

/* What happens to the descriptor when our output ends. */
enum fd_finish {
	FINISH_NONE,      /* nothing: files, stdio */
	FINISH_SHUTDOWN,  /* shutdown(fd, SHUT_WR): sockets */
	FINISH_CLOSE,     /* close(2): the writing end of a pipe */
	FINISH_NULL,      /* send an empty packet (option shut-null) */
	FINISH_SOCKET     /* as FINISH_SHUTDOWN if the protocol can half-close, else nothing */
};

struct fd_settings {
	int read_fd, write_fd;      /* may be the same; -1 where there is none */
	int family, type;           /* of a socket we just made; 0: find out */
	int protocol;               /* the same, of an IP socket with connections */
	enum fd_finish finish;
	bool may_block;             /* inherited, without O_NONBLOCK: look before each call */
	bool null_eof;              /* option null-eof: an empty packet is EOF */
	bool nagle;                 /* option nodelay was given */
	bool exclusive;             /* nobody else has it: no duplicate, no other process */
	struct watch *watch;        /* NULL, or what watches it already: taken over */
	bool packets;               /* no socket, but borders count all the same (a TUN device) */
	/* NULL, or: reading or writing failed (errno, to be kept); its answer does not count. */
	bool (*failed)(int fd);
};

/* Make a channel. It owns the descriptors. Returns NULL with errno
 * set; the descriptors are then still the caller's. */
struct channel *fd_channel_new(const struct fd_settings *settings);

#endif
