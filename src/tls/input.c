/* Reading a file: see input.h. */
#include "tls/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/error.h"

/* Like realloc(3), but what is left behind is overwritten. */
static unsigned char *grow(unsigned char *data, size_t used, size_t capacity)
{
	unsigned char *longer = malloc(capacity);

	if (longer != NULL && used > 0)
		memcpy(longer, data, used);
	tls_input_free(data, used);
	return longer;
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
		got = read(fd, data + used, capacity - used);
		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0)
			used += (size_t)got;
		if (got < 0 || used > limit) {
			int error = got < 0 ? errno : EFBIG;

			tls_input_free(data, used);
			errno = error;
			return NULL;
		}
	}
	*size = used;
	return data;
}

unsigned char *tls_input_read(const char *path, size_t limit, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), error;
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

void tls_input_free(unsigned char *data, size_t size)
{
	if (data == NULL)
		return;
	explicit_bzero(data, size);
	free(data);
}

const char *tls_input_why(const char *path, int error, char *text, size_t size)
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
