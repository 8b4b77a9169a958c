#include "chan/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/termios2.h"

/* The same as what serial drivers wait for in close(2) by default. */
#define UNSENT_LIMIT    (30 * NANOSECONDS)
#define UNSENT_INTERVAL (NANOSECONDS / 50)

struct terminal {
	struct terminal *next;
	struct termios2 settings;
	struct timer timer;        /* while the rest is sent, after the last user */
	int64_t deadline;
	unsigned device;
	unsigned users;
	int fd;                    /* of our own */
	const char *farewell;      /* for a crash; NULL: none */
	bool restore;              /* somebody has changed the settings */
	bool inherited;            /* we are a child process, and it is the parent's */
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
	pid_t foreground = -1;

	return ioctl(fd, TIOCGPGRP, &foreground) < 0 || foreground == getpgrp();
}

bool terminal_is_same(int fd, int other)
{
	return isatty(fd) && isatty(other) && terminal_device(fd) == terminal_device(other);
}

static int restore(const struct terminal *t)
{
	return t->restore && terminal_is_ours(t->fd) ? termios2_set(t->fd, &t->settings) : 0;
}

/* All is sent but for what the hardware has in its own small buffer. */
static int restore_drained(const struct terminal *t)
{
	return t->restore && terminal_is_ours(t->fd) ? termios2_set_drained(t->fd, &t->settings) : 0;
}

void terminals_restore(void)
{
	for (const struct terminal *t = terminals; t != NULL; t = t->next) {
		ssize_t n = 0;

		if (t->farewell != NULL && terminal_is_ours(t->fd))
			n = write(t->fd, t->farewell, strlen(t->farewell));
		(void)n;             /* the settings count more */
		restore(t);
	}
}

void terminals_forget(void)
{
	while (terminals != NULL) {
		struct terminal *t = terminals;

		terminals = t->next;
		close(t->fd);
		t->fd = -1;
		t->inherited = true;
		/* the others have closers, which free them */
		if (t->users == 0)
			free(t);
	}
}

static void unlist(const struct terminal *terminal)
{
	struct terminal **p = &terminals;

	while (*p != NULL && *p != terminal)
		p = &(*p)->next;
	if (*p != NULL)
		*p = terminal->next;
}

static void drop(struct terminal *t)
{
	unlist(t);
	close(t->fd);
	free(t);
}

/* Nobody uses it any more. */
static void give_back(struct terminal *t)
{
	int unsent = terminal_unsent(t->fd);

	if (unsent > 0) {
		log_warn("%d bytes written to a terminal could not be sent within %d s", unsent,
		         (int)(UNSENT_LIMIT / NANOSECONDS));
		ioctl(t->fd, TCFLSH, TCOFLUSH);
	}
	/* a line that was hung up has nothing to restore */
	if (restore_drained(t) < 0 && errno != EIO)
		log_warn("tcsetattr(%d): restoring the terminal's settings: %s", t->fd,
		         error_text(errno));
	drop(t);
}

static void look_again(struct timer *timer)
{
	struct terminal *t = (struct terminal *)((char *)timer - offsetof(struct terminal, timer));

	if (terminal_unsent(t->fd) == 0 || loop_now() >= t->deadline)
		give_back(t);
	else
		timer_start(&t->timer, UNSENT_INTERVAL, look_again);
}

static void release(struct closer *closer)
{
	struct terminal *t = ((struct keeper *)closer)->terminal;

	free(closer);
	if (--t->users > 0)
		return;
	t->deadline = loop_now() + UNSENT_LIMIT;
	if (t->inherited)
		free(t);
	else if (terminal_unsent(t->fd) == 0)
		give_back(t);
	else
		timer_start(&t->timer, UNSENT_INTERVAL, look_again);
}

static bool signal_came(void)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t pending;

	sigpending(&pending);
	for (unsigned i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		if (sigismember(&pending, ending[i]) == 1)
			return true;
	return false;
}

void terminals_finish(bool patient)
{
	const struct timespec pause = { .tv_nsec = UNSENT_INTERVAL };
	int64_t left = patient ? UNSENT_LIMIT / UNSENT_INTERVAL : 0;

	while (terminals != NULL) {
		struct terminal *t = terminals;

		timer_stop(&t->timer);
		while (terminal_unsent(t->fd) > 0 && left > 0 && !signal_came()) {
			nanosleep(&pause, NULL);
			left--;
		}
		if (terminal_unsent(t->fd) == 0) {
			give_back(t);
		} else {
			restore(t);
			drop(t);
		}
	}
}

static struct terminal *find(unsigned device)
{
	struct terminal *t = terminals;

	while (t != NULL && t->device != device)
		t = t->next;
	return t;
}

void terminal_farewell(int fd, const char *text)
{
	struct terminal *t = find(terminal_device(fd));

	if (t != NULL)
		t->farewell = text;
}

static struct terminal *remember(int fd, unsigned device, const struct termios2 *settings)
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

int terminal_keep(int fd, bool to_restore, struct closer **closer)
{
	struct termios2 settings;
	struct keeper *keeper;
	unsigned device;

	*closer = NULL;
	if (termios2_get(fd, &settings) < 0)
		return 0;
	device = terminal_device(fd);
	keeper = calloc(1, sizeof(*keeper));
	if (keeper == NULL)
		return -1;
	keeper->closer.close = release;
	keeper->terminal = find(device);
	if (keeper->terminal == NULL)
		keeper->terminal = remember(fd, device, &settings);
	if (keeper->terminal == NULL) {
		free(keeper);
		return -1;
	}
	timer_stop(&keeper->terminal->timer);
	keeper->terminal->restore |= to_restore;
	keeper->terminal->users++;
	*closer = &keeper->closer;
	return 0;
}
