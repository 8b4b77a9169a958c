/* Theory of operation.
 *
 * A line is appended with one write(2) when it was entered, and the file is opened for that alone. So
 * several of us can have the same file, and each gets the others' lines at its next start. What
 * makes the file smaller happens at the start: a new one takes its place, which those who append later
 * find by its name.
 */
#include "addr/history.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/log.h"

/* Of a larger file the last so many bytes are read. */
enum { MOST = 1 << 20 };

struct history {
	char *path;            /* absolute */
	bool unfinished;       /* the file's last line lacks its end */
	bool failed;           /* which was said */
};

/* The working directory may change. */
static char *absolute(const char *path)
{
	char directory[PATH_MAX], *whole;

	if (path[0] == '/')
		return strdup(path);
	if (getcwd(directory, sizeof(directory)) == NULL ||
	    asprintf(&whole, "%s/%s", directory, path) < 0)
		return NULL;
	return whole;
}

/* Read the file's end. Returns its length, or -1 with errno set. *whole: that is all of it. */
static ssize_t read_end(int fd, char *text, bool *whole)
{
	struct stat st;
	ssize_t n, length = 0;

	*whole = true;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > MOST) {
		*whole = false;
		if (lseek(fd, -(off_t)MOST, SEEK_END) < 0)
			return -1;
	}
	do {
		n = read(fd, text + length, (size_t)(MOST - length));
		if (n > 0)
			length += n;
	} while (n > 0 && length < MOST);
	return n < 0 ? -1 : length;
}

/* Give each line to add(). Returns how many there are; starts[i % keep] is where line i begins. */
static size_t each_line(const char *text, size_t length, bool whole, size_t *starts, unsigned keep,
                        bool (*add)(void *owner, const char *line, size_t length), void *owner)
{
	size_t count = 0, start = 0;

	for (size_t i = 0; i <= length; i++) {
		if (i < length ? text[i] != '\n' : start == i)
			continue;
		/* the first one may have lost its beginning */
		if (whole || start > 0) {
			starts[count++ % keep] = start;
			add(owner, text + start, i - start);
		}
		start = i + 1;
	}
	return count;
}

/* Put a file with this text in the place of another one, with its mode and owner. */
static int replace(const char *path, int old, const char *text, size_t length)
{
	char name[PATH_MAX];
	struct stat st;
	int fd;

	if (fstat(old, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (snprintf(name, sizeof(name), "%s.XXXXXX", path) >= (int)sizeof(name))
		return -1;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fchown(fd, st.st_uid, st.st_gid) == 0 && fchmod(fd, st.st_mode & 07777) == 0 &&
	    write(fd, text, length) == (ssize_t)length && rename(name, path) == 0)
		return close(fd);
	unlink(name);
	close(fd);
	return -1;
}

static int load(struct history *h, int fd, unsigned keep,
                bool (*add)(void *owner, const char *line, size_t length), void *owner)
{
	char *text = malloc(MOST), real[PATH_MAX];
	size_t *starts = calloc(keep, sizeof(*starts)), count, start;
	bool whole;
	ssize_t length = -1;

	if (text != NULL && starts != NULL)
		length = read_end(fd, text, &whole);
	if (length < 0)
		goto done;
	count = each_line(text, (size_t)length, whole, starts, keep, add, owner);
	h->unfinished = length > 0 && text[length - 1] != '\n';
	if ((count >= 2 * (size_t)keep || !whole) && count > 0) {
		start = count > keep ? starts[count % keep] : starts[0];
		/* behind a symbolic link: the link stays */
		if (realpath(h->path, real) == NULL ||
		    replace(real, fd, text + start, (size_t)length - start) < 0)
			log_info("the history \"%s\" stays as long as it is: %s", h->path,
			         error_text(errno));
	}
done:
	free(text);
	free(starts);
	return length < 0 ? -1 : 0;
}

struct history *history_open(const char *path, unsigned keep, const char *where,
                             bool (*add)(void *owner, const char *line, size_t length),
                             void *owner)
{
	struct history *h = calloc(1, sizeof(*h));
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		goto failed;
	if (h == NULL || (h->path = absolute(path)) == NULL)
		goto failed;
	if (fd >= 0 && load(h, fd, keep, add, owner) < 0)
		goto failed;
	if (fd >= 0)
		close(fd);
	return h;
failed:
	log_error("%s: can't read the history \"%s\": %s", where, path, error_text(errno));
	if (fd >= 0)
		close(fd);
	history_free(h);
	return NULL;
}

void history_add(struct history *h, const char *line, size_t length)
{
	struct iovec pieces[] = {
		{ "\n", h->unfinished }, { (char *)(uintptr_t)line, length }, { "\n", 1 },
	};
	ssize_t size = (ssize_t)(length + 1 + h->unfinished);
	int fd = open(h->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	              S_IRUSR | S_IWUSR);

	if (fd >= 0 && writev(fd, pieces, 3) == size)
		h->unfinished = false;
	else if (!h->failed) {
		h->failed = true;
		log_warn("lines are not saved in the history \"%s\": %s", h->path, error_text(errno));
	}
	if (fd >= 0)
		close(fd);
}

void history_free(struct history *h)
{
	if (h == NULL)
		return;
	free(h->path);
	free(h);
}
