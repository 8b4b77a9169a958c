/* POSIX message queues: opening them, and serving message by message. */
#ifndef ADDR_POSIXMQ_H
#define ADDR_POSIXMQ_H

#include "addr/open.h"

/* An open queue. */
struct posixmq {
	const struct spec *spec;
	int fd;
	size_t message_size;
	struct closer *closer;     /* removes its name at the end (unlink-close), or NULL */
};

/* Open or create the queue as the options say, in a direction (ADDR_...). Returns 0, or -1 with
 * errno set and an error logged if it is the last try, else a notice; -2: logged, and it can't
 * get better. */
int posixmq_open(struct posixmq *queue, const struct spec *spec, int direction, bool last_try);
/* Close it, and remove its name if that is wanted. */
void posixmq_close(struct posixmq *queue);

/* What a listener and its messages share; the last one closes it. */
struct posixmq_source {
	struct posixmq queue;
	int back_fd;               /* to put messages back; -1: not allowed */
	/* After one was put back: loop_now() of when the next one may be taken. Shared with child
	 * processes, which put back, too. */
	_Atomic int64_t *rest_until;
	unsigned users;
};

void posixmq_source_release(struct posixmq_source *source);

/* Take the next message, as a channel that holds it. */
enum io_status posixmq_take(struct posixmq_source *source, struct channel **channel);

/* Option interval, in nanoseconds. */
int64_t posixmq_pause(const struct spec *spec);

/* POSIXMQ-RECEIVE: a channel for each message. POSIXMQ-SEND with fork: one after the other. */
struct listener *posixmq_listen(const struct spec *spec, const struct listen_request *request);

#endif
