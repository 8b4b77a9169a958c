#include "relay/splice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The largest pipes that users without privileges get (pipe(7), pipe-max-size): moving as much as that
 * at once takes a quarter less CPU time than 256 KiB. All pipes of a user may have 64 MiB
 * (pipe-user-pages-soft), which containers share, so only the first are that large: 24 MiB, and 6.5 MiB
 * for the others, which keep the kernel's 64 KiB. */
enum { PIPE_BYTES = 1024 * 1024, PIPES_LARGE = 24, POOL = 16, PIPES_MAX = 128 };

struct splice_pipe {
	struct splice_pipe *next;
	int read_fd, write_fd;
	size_t held, room;
	bool large;
};

static struct {
	struct splice_pipe *free;
	unsigned pooled, open, large;
} pool;

static struct splice_pipe *open_pipe(void)
{
	struct splice_pipe *pipe;
	int fds[2], size = 0;

	if (pool.open >= PIPES_MAX || (pipe = calloc(1, sizeof(*pipe))) == NULL)
		return NULL;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		free(pipe);
		return NULL;
	}
	if (pool.large < PIPES_LARGE)
		size = fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
	pipe->large = size > 0;
	pool.large += pipe->large;
	pipe->room = pipe->large ? (size_t)size : 65536;
	pipe->read_fd = fds[0];
	pipe->write_fd = fds[1];
	pool.open++;
	return pipe;
}

struct splice_pipe *splice_borrow(void)
{
	struct splice_pipe *pipe = pool.free;

	if (pipe == NULL)
		return open_pipe();
	pool.free = pipe->next;
	pool.pooled--;
	return pipe;
}

void splice_return(struct splice_pipe *pipe)
{
	if (pipe == NULL)
		return;
	if (pipe->held == 0 && pool.pooled < POOL) {
		pipe->next = pool.free;
		pool.free = pipe;
		pool.pooled++;
		return;
	}
	close(pipe->read_fd);
	close(pipe->write_fd);
	pool.open--;
	pool.large -= pipe->large;
	free(pipe);
}

size_t splice_held(const struct splice_pipe *pipe)
{
	return pipe->held;
}

/* An interrupted call is repeated: taken for "again" it would wait for an edge in vain. */
static ssize_t move(int from, int to, size_t length, unsigned flags)
{
	ssize_t n;

	do
		n = splice(from, NULL, to, NULL, length, flags);
	while (n < 0 && errno == EINTR);
	return n;
}

static enum io_status status_of(ssize_t n, size_t *length)
{
	if (n > 0) {
		*length = (size_t)n;
		return IO_OK;
	}
	if (n == 0)
		return IO_EOF;
	return errno == EAGAIN ? IO_AGAIN : IO_ERROR;
}

enum io_status splice_fill(struct splice_pipe *pipe, int fd, size_t *length)
{
	enum io_status status = status_of(move(fd, pipe->write_fd, pipe->room,
	                                       SPLICE_F_MOVE | SPLICE_F_NONBLOCK), length);

	if (status == IO_OK)
		pipe->held += *length;
	return status;
}

enum io_status splice_drain(struct splice_pipe *pipe, int fd, bool more, size_t *length)
{
	unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0u);
	enum io_status status = status_of(move(pipe->read_fd, fd, pipe->held, flags), length);

	if (status == IO_OK)
		pipe->held -= *length;
	return status;
}

bool splice_unload(struct splice_pipe *pipe, unsigned char *data)
{
	while (pipe->held > 0) {
		ssize_t n = read(pipe->read_fd, data, pipe->held);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		pipe->held -= (size_t)n;
	}
	return true;
}
