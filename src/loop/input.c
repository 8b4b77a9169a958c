/* Reading a file: see input.h. */
#include "loop/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop/child.h"
#include "loop/loop.h"
#include "sys/error.h"

/* How long until a signal is noticed, or that a pipe has a writer. */
#define LOOK_AGAIN (NANOSECONDS / 50)

/* Like realloc(3), but what is left behind is overwritten. */
static unsigned char *grow(unsigned char *data, size_t used, size_t capacity)
{
	unsigned char *longer = malloc(capacity);

	if (longer != NULL && used > 0)
		memcpy(longer, data, used);
	input_free(data, used);
	return longer;
}

/* A pipe's writer may take its time, but not longer than until we are told to end. */
static bool wait_for_data(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, 0) == 0)
		if (!signals_wait(LOOK_AGAIN)) {
			errno = EINTR;
			return false;
		}
	return true;
}

/* Nothing is known of its size beforehand: it may be a pipe. */
static unsigned char *read_all(int fd, size_t limit, size_t *size)
{
	size_t used = 0, capacity = 0;
	unsigned char *data = NULL;
	ssize_t got;

	for (;;) {
		if (used == capacity) {
			capacity = capacity == 0 ? 8192 : capacity * 2;
			data = grow(data, used, capacity);
			if (data == NULL)
				return NULL;
		}
		got = wait_for_data(fd) ? read(fd, data + used, capacity - used) : -1;
		if (got == 0)
			break;
		if (got < 0 && errno == EAGAIN)
			continue;
		if (got > 0)
			used += (size_t)got;
		if (got < 0 || used > limit) {
			int error = got < 0 ? errno : EFBIG;

			input_free(data, used);
			errno = error;
			return NULL;
		}
	}
	*size = used;
	return data;
}

unsigned char *input_read(const char *path, size_t limit, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error;
	unsigned char *data = NULL;
	struct stat status;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
		errno = EISDIR;
	else
		data = read_all(fd, limit, size);
	error = errno;
	close(fd);
	errno = error;
	return data;
}

bool input_can_wait(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

void input_free(unsigned char *data, size_t size)
{
	if (data == NULL)
		return;
	explicit_bzero(data, size);
	free(data);
}

const char *input_why(const char *path, int error, char *text, size_t size)
{
	struct stat st;

	if (error != EACCES)
		snprintf(text, size, "%s", error_text(error));
	else if (stat(path, &st) < 0)
		snprintf(text, size, "%s; a directory on the way is closed to user %d",
		         error_text(error), (int)geteuid());
	else
		snprintf(text, size, "%s; it belongs to user %d, group %d, mode %04o, and this "
		         "process is user %d, group %d", error_text(error), (int)st.st_uid,
		         (int)st.st_gid, (unsigned)st.st_mode & 07777u, (int)geteuid(),
		         (int)getegid());
	return text;
}
