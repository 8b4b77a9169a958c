/* Opening POSIX message queues.
 *
 * A queue has a name, but no entry that file system calls could reach: what the options of the
 * group NAMED do to names is done by mq_unlink(3) here.
 */
#include "addr/posixmq.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan/mq.h"
#include "loop/loop.h"
#include "opt/file.h"
#include "sys/error.h"
#include "sys/log.h"

struct mq_unlinker {
	struct closer base;
	pid_t owner;
	char name[];
};

static long kernel_limit(const char *name, long otherwise)
{
	char path[64], line[32], *end;
	FILE *file;
	long value = otherwise;

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", name);
	file = fopen(path, "re");
	if (file == NULL)
		return otherwise;
	if (fgets(line, sizeof(line), file) != NULL) {
		value = strtol(line, &end, 10);
		if (end == line)
			value = otherwise;
	}
	fclose(file);
	return value;
}

static const char *hint(const struct spec *spec, int error, char *buffer, size_t size)
{
	int64_t messages = spec_number(spec, "posixmq-maxmsg", 0);
	int64_t bytes = spec_number(spec, "posixmq-msgsize", 0);

	buffer[0] = '\0';
	switch (error) {
	case EINVAL:
	case EOVERFLOW:
		if (messages > kernel_limit("msg_max", 10))
			snprintf(buffer, size, "; posixmq-maxmsg may be at most %ld "
			         "(/proc/sys/fs/mqueue/msg_max)", kernel_limit("msg_max", 10));
		else if (bytes > kernel_limit("msgsize_max", 8192))
			snprintf(buffer, size, "; posixmq-msgsize may be at most %ld "
			         "(/proc/sys/fs/mqueue/msgsize_max)", kernel_limit("msgsize_max", 8192));
		break;
	case EMFILE:
		snprintf(buffer, size, "; or the user's queues take all the memory they may (ulimit -q)");
		break;
	case ENOSPC:
		snprintf(buffer, size, "; there may be at most %ld queues "
		         "(/proc/sys/fs/mqueue/queues_max)", kernel_limit("queues_max", 256));
		break;
	case EACCES:
		snprintf(buffer, size, "; it belongs to another user, whose option perm decides");
		break;
	case ENOSYS:
		snprintf(buffer, size, "; this kernel has no message queues");
		break;
	default:
		break;
	}
	return buffer;
}

static int remove_name(const struct spec *spec, const char *option)
{
	if (!spec_flag(spec, option) || mq_unlink(spec->params[0]) == 0)
		return 0;
	if (errno == ENOENT) {
		log_info("mq_unlink(\"%s\"): %s", spec->params[0], error_text(errno));
		return 0;
	}
	log_error("%s: option %s: %s", spec->text, option, error_text(errno));
	return -1;
}

static int open_queue(const struct spec *spec, int direction)
{
	bool sized = spec_opt(spec, "posixmq-maxmsg") != NULL ||
	             spec_opt(spec, "posixmq-msgsize") != NULL;
	int access = direction == ADDR_READ ? O_RDONLY : direction == ADDR_WRITE ? O_WRONLY : O_RDWR;
	int flags = (open_flags(spec, O_CREAT) & (O_CREAT | O_EXCL)) | access | O_NONBLOCK | O_CLOEXEC;
	struct mq_attr attributes = { .mq_flags = 0 };

	/* what is not given is what the kernel would take */
	if (sized) {
		attributes.mq_maxmsg = (long)spec_number(spec, "posixmq-maxmsg",
		                                         kernel_limit("msg_default", 10));
		attributes.mq_msgsize = (long)spec_number(spec, "posixmq-msgsize",
		                                          kernel_limit("msgsize_default", 8192));
	}
	return mq_open(spec->params[0], flags, open_mode(spec), sized ? &attributes : NULL);
}

/* A queue that is there keeps its size: who asked for another one is told. */
static void compare_size(const struct spec *spec, const struct mq_attr *is)
{
	if (spec_number(spec, "posixmq-maxmsg", is->mq_maxmsg) != is->mq_maxmsg ||
	    spec_number(spec, "posixmq-msgsize", is->mq_msgsize) != is->mq_msgsize)
		log_warn("%s: the queue exists already, with room for %ld messages of at most %ld "
		         "bytes; unlink-early would make a new one", spec->text, is->mq_maxmsg,
		         is->mq_msgsize);
}

/* Option posixmq-flush. A queue that is only written to is opened for reading to do it. */
static int flush_queue(const struct posixmq *queue, int direction)
{
	const char *name = queue->spec->params[0];
	size_t messages = 0, bytes = 0, length;
	unsigned char *data;
	unsigned priority;
	int fd = queue->fd;

	if (!spec_flag(queue->spec, "posixmq-flush"))
		return 0;
	if (!(direction & ADDR_READ))
		fd = mq_open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	data = fd < 0 ? NULL : malloc(queue->message_size);
	if (data == NULL) {
		log_error("%s: option posixmq-flush: %s", queue->spec->text, error_text(errno));
		if (fd >= 0 && fd != queue->fd)
			mq_close(fd);
		return -1;
	}
	log_info("flushing POSIXMQ queue \"%s\"", name);
	for (; mq_take(fd, data, queue->message_size, &length, &priority) == IO_OK; messages++)
		bytes += length;
	log_info("flushed %zu bytes in %zu packets from queue \"%s\"", bytes, messages, name);
	free(data);
	if (fd != queue->fd)
		mq_close(fd);
	return 0;
}

static void run_unlinker(struct closer *closer)
{
	struct mq_unlinker *unlinker = (struct mq_unlinker *)closer;

	/* a child process that inherited it leaves the queue alone */
	if (unlinker->owner == getpid())
		mq_unlink(unlinker->name);
	free(unlinker);
}

static struct closer *new_unlinker(const struct spec *spec)
{
	size_t size = strlen(spec->params[0]) + 1;
	struct mq_unlinker *unlinker;

	if (!spec_flag(spec, "unlink-close"))
		return NULL;
	unlinker = calloc(1, sizeof(*unlinker) + size);
	if (unlinker == NULL)
		return NULL;
	unlinker->base.close = run_unlinker;
	unlinker->owner = getpid();
	memcpy(unlinker->name, spec->params[0], size);
	return &unlinker->base;
}

/* The queue is open: options that act on it. */
static int prepare(struct posixmq *queue, int direction)
{
	const struct spec *spec = queue->spec;
	struct mq_attr is;

	if (mq_getattr(queue->fd, &is) < 0) {
		log_error("%s: mq_getattr: %s", spec->text, error_text(errno));
		return -1;
	}
	queue->message_size = (size_t)is.mq_msgsize;
	log_info("POSIXMQ queue \"%s\" attrs: { flags=%ld, maxmsg=%ld, msgsize=%ld, curmsgs=%ld }",
	         spec->params[0], is.mq_flags, is.mq_maxmsg, is.mq_msgsize, is.mq_curmsgs);
	compare_size(spec, &is);
	if (flush_queue(queue, direction) < 0 || remove_name(spec, "unlink-late") < 0 ||
	    spec_apply(spec, PH_FD, queue->fd, NULL) < 0 ||
	    spec_apply(spec, PH_LATE, queue->fd, NULL) < 0)
		return -1;
	return 0;
}

int posixmq_open(struct posixmq *queue, const struct spec *spec, int direction, bool last_try)
{
	char buffer[160];
	int error;

	*queue = (struct posixmq){ .spec = spec, .fd = -1 };
	if (remove_name(spec, "unlink-early") < 0 || remove_name(spec, "unlink") < 0)
		return -2;
	queue->fd = open_queue(spec, direction);
	error = errno;
	if (queue->fd < 0) {
		if (last_try)
			log_error("%s: mq_open(\"%s\"): %s%s", spec->text, spec->params[0],
			          error_text(error), hint(spec, error, buffer, sizeof(buffer)));
		else
			log_notice("%s: mq_open(\"%s\"): %s; trying again in %g s", spec->text,
			           spec->params[0], error_text(error),
			           (double)posixmq_pause(spec) / NANOSECONDS);
		errno = error;
		return -1;
	}
	queue->closer = new_unlinker(spec);
	if (prepare(queue, direction) == 0)
		return 0;
	posixmq_close(queue);
	return -2;
}

void posixmq_close(struct posixmq *queue)
{
	if (queue->fd >= 0)
		mq_close(queue->fd);
	queue->fd = -1;
	closer_run(queue->closer);
	queue->closer = NULL;
}
