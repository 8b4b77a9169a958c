#include "addr/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop/child.h"
#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

/* How often a lock that somebody holds is tried again. */
#define INTERVAL (NANOSECONDS / 4)

enum { KEPT_MAX = 8 };

struct lock_wait {
	struct timer timer;
	char *path;
	void (*taken)(void *owner, struct closer *unlock);
	void (*failed)(void *owner);
	void *owner;
};

struct unlock {
	struct closer base;
	pid_t owner;
	char path[];
};

static struct {
	char *paths[KEPT_MAX];
	unsigned count;
	pid_t owner;
} kept;

/* 1: created; 0: somebody has it; -1: error, logged. The file appears with its contents: it
 * is written under another name and linked. */
static int create(const char *path)
{
	char name[4096];
	int fd, rc, length;

	if (access(path, F_OK) == 0)
		return 0;
	length = snprintf(name, sizeof(name), "%s.XXXXXX", path);
	if (length < 0 || (size_t)length >= sizeof(name)) {
		log_error("lock file \"%.60s...\": the name is too long", path);
		return -1;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0) {
		log_error("lock file \"%s\": %s", path, error_text(errno));
		return -1;
	}
	dprintf(fd, "%d\n", (int)getpid());
	fchmod(fd, 0644);
	close(fd);
	rc = link(name, path);
	if (rc < 0 && errno != EEXIST)
		log_error("lock file \"%s\": %s", path, error_text(errno));
	rc = rc == 0 ? 1 : errno == EEXIST ? 0 : -1;
	unlink(name);
	return rc;
}

static void report_held(const char *path)
{
	log_error("lock file \"%s\" exists: another process runs, or one left it behind (then remove it)",
	          path);
}

static void release(struct closer *closer)
{
	struct unlock *unlock = (struct unlock *)closer;

	if (unlock->owner == getpid())
		unlink(unlock->path);
	free(unlock);
}

static struct closer *new_unlock(const char *path)
{
	struct unlock *unlock = calloc(1, sizeof(*unlock) + strlen(path) + 1);

	if (unlock == NULL) {
		log_error("lock file \"%s\": %s", path, error_text(errno));
		unlink(path);
		return NULL;
	}
	unlock->base.close = release;
	unlock->owner = getpid();
	memcpy(unlock->path, path, strlen(path) + 1);
	return &unlock->base;
}

void lock_cancel(struct lock_wait *wait)
{
	if (wait == NULL)
		return;
	timer_stop(&wait->timer);
	free(wait->path);
	free(wait);
}

static void fired(struct timer *timer)
{
	struct lock_wait *w = (struct lock_wait *)timer;
	int rc = create(w->path);
	struct closer *unlock;

	if (rc == 0) {
		timer_start(&w->timer, INTERVAL, fired);
		return;
	}
	unlock = rc > 0 ? new_unlock(w->path) : NULL;
	if (unlock != NULL)
		w->taken(w->owner, unlock);
	else
		w->failed(w->owner);
	free(w->path);
	free(w);
}

struct lock_wait *lock_take(const char *path, bool wait,
                            void (*taken)(void *owner, struct closer *unlock),
                            void (*failed)(void *owner), void *owner)
{
	int rc = create(path);
	struct closer *unlock = rc > 0 ? new_unlock(path) : NULL;
	struct lock_wait *w;

	if (unlock != NULL) {
		taken(owner, unlock);
		return NULL;
	}
	if (rc != 0) {
		failed(owner);
		return NULL;
	}
	w = wait ? calloc(1, sizeof(*w)) : NULL;
	if (w == NULL || (w->path = strdup(path)) == NULL) {
		report_held(path);
		free(w);
		failed(owner);
		return NULL;
	}
	log_notice("waiting for lock file \"%s\" to disappear", path);
	w->taken = taken;
	w->failed = failed;
	w->owner = owner;
	timer_start(&w->timer, INTERVAL, fired);
	return w;
}

int lock_take_now(const char *path, bool wait)
{
	int rc = create(path);

	if (rc == 0 && wait)
		log_notice("waiting for lock file \"%s\" to disappear", path);
	while (rc == 0 && wait) {
		if (!signals_wait(INTERVAL))
			return -1;
		rc = create(path);
	}
	if (rc == 0)
		report_held(path);
	if (rc <= 0)
		return -1;
	kept.owner = getpid();
	if (kept.count < KEPT_MAX)
		kept.paths[kept.count++] = strdup(path);
	return 0;
}

void locks_release(void)
{
	for (unsigned i = 0; i < kept.count; i++)
		if (kept.paths[i] != NULL && kept.owner == getpid())
			unlink(kept.paths[i]);
	kept.count = 0;
}
