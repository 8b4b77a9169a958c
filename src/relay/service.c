#include "relay/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/text.h"

/* What ending takes beyond the grace time, and how often the watchdog is told at most. */
#define MARGIN   (5 * NANOSECONDS)
#define SHORTEST (NANOSECONDS / 100)

static struct {
	int fd;                 /* 0: there is nobody to tell, or that is another process's business */
	struct net_peer to;
	int64_t interval;       /* 0: no watchdog */
	struct timer watchdog;
	bool warned;
	char text[640];         /* of a message */
} state;

static void warn(const char *why)
{
	if (!state.warned)
		log_warn("telling the service manager (NOTIFY_SOCKET): %s", why);
	state.warned = true;
}

/* The socket is connected from the start, as a later chroot would hide its name; after that of the
 * manager was made anew it has to be once more. */
static void tell(const char *text)
{
	size_t length = strlen(text);

	if (state.fd != 0 && send(state.fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	    (connect(state.fd, &state.to.addr.sa, state.to.length) < 0 ||
	     send(state.fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0))
		warn(error_text(errno));
}

/* name: up to the number. */
static void tell_number(const char *name, int64_t number)
{
	snprintf(state.text, sizeof(state.text), "%s_USEC=%" PRId64, name, number);
	tell(state.text);
}

static void forked(void)
{
	if (state.fd != 0)
		close(state.fd);
	state.fd = 0;
}

static void open_socket(const char *name)
{
	bool abstract = *name == '@';

	if ((!abstract && *name != '/') || net_unix(name + abstract, abstract, true, &state.to) < 0) {
		warn("it is no path, nor an abstract name (@...), or too long");
		return;
	}
	state.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (state.fd < 0 || connect(state.fd, &state.to.addr.sa, state.to.length) < 0)
		warn(error_text(errno));
	if (state.fd < 0)
		state.fd = 0;
	loop_at_fork(forked);
}

static void read_watchdog(const char *time, const char *pid)
{
	char *end;
	long long microseconds = strtoll(time, &end, 10);

	if (pid != NULL && strtol(pid, NULL, 10) != getpid())
		return;
	if (*end != '\0' || microseconds <= 0 || microseconds > INT64_MAX / 1000) {
		log_warn("WATCHDOG_USEC is not a number of microseconds: there is no watchdog");
		return;
	}
	state.interval = microseconds * 1000 / 2;
	if (state.interval < SHORTEST)
		state.interval = SHORTEST;
}

void service_init(void)
{
	const char *name = getenv("NOTIFY_SOCKET"), *time = getenv("WATCHDOG_USEC");

	if (name != NULL)
		open_socket(name);
	if (time != NULL && state.fd != 0)
		read_watchdog(time, getenv("WATCHDOG_PID"));
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void alive(struct timer *timer)
{
	timer_start(timer, state.interval, alive);
	tell("WATCHDOG=1");
}

void service_ready(const char *what, const char *text)
{
	size_t length = (size_t)snprintf(state.text, sizeof(state.text), "READY=1\nSTATUS=%s", what);

	text_printable(text, state.text + length, sizeof(state.text) - length);
	tell(state.text);
	if (state.interval > 0 && state.watchdog.slot == 0)
		alive(&state.watchdog);
}

void service_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	tell_number("RELOADING=1\nMONOTONIC", (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void service_stopping(int64_t grace)
{
	tell_number("STOPPING=1\nSTATUS=ending\nEXTEND_TIMEOUT", (grace + MARGIN) / 1000);
}
