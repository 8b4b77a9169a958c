#include "chan/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/log.h"

struct terminal {
	struct terminal *next;
	struct termios settings;
	dev_t device;
	unsigned users;
	int fd;                    /* of our own */
};

/* What each user has. */
struct keeper {
	struct closer closer;      /* of the channel; first member */
	struct terminal *terminal;
};

static struct terminal *terminals;

/* Another job in the foreground has settings of its own, which the shell looks after. */
bool terminal_is_ours(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground < 0 || foreground == getpgrp();
}

static int restore(const struct terminal *t)
{
	return terminal_is_ours(t->fd) ? tcsetattr(t->fd, TCSANOW, &t->settings) : 0;
}

void terminals_restore(void)
{
	for (const struct terminal *t = terminals; t != NULL; t = t->next)
		restore(t);
}

void terminals_forget(void)
{
	terminals = NULL;
}

static void unlist(const struct terminal *terminal)
{
	struct terminal **p = &terminals;

	while (*p != NULL && *p != terminal)
		p = &(*p)->next;
	if (*p != NULL)
		*p = terminal->next;
}

static void release(struct closer *closer)
{
	struct terminal *t = ((struct keeper *)closer)->terminal;

	free(closer);
	if (--t->users > 0)
		return;
	/* a line that was hung up has nothing to restore */
	if (restore(t) < 0 && errno != EIO)
		log_warn("tcsetattr(%d): restoring the terminal's settings: %s", t->fd,
		         error_text(errno));
	unlist(t);
	close(t->fd);
	free(t);
}

static struct terminal *find(dev_t device)
{
	struct terminal *t = terminals;

	while (t != NULL && t->device != device)
		t = t->next;
	return t;
}

static struct terminal *remember(int fd, dev_t device, const struct termios *settings)
{
	struct terminal *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (t->fd < 0) {
		free(t);
		return NULL;
	}
	t->settings = *settings;
	t->device = device;
	t->next = terminals;
	terminals = t;
	return t;
}

int terminal_keep(int fd, struct closer **closer)
{
	struct termios settings;
	struct keeper *keeper;
	struct stat st;

	*closer = NULL;
	if (tcgetattr(fd, &settings) < 0 || fstat(fd, &st) < 0)
		return 0;
	keeper = calloc(1, sizeof(*keeper));
	if (keeper == NULL)
		return -1;
	keeper->closer.close = release;
	keeper->terminal = find(st.st_rdev);
	if (keeper->terminal == NULL)
		keeper->terminal = remember(fd, st.st_rdev, &settings);
	if (keeper->terminal == NULL) {
		free(keeper);
		return -1;
	}
	keeper->terminal->users++;
	*closer = &keeper->closer;
	return 0;
}
