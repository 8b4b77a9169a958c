/* Theory of operation. A visitor is in one of these states:
 *
 *   HEARING    its request is not complete; it has five seconds for that
 *   ANSWERING  the answer is composed, and is written as fast as it is taken, in five seconds more
 *   LEAVING    all is written and our side is closed; what comes is thrown away until the other
 *              side is closed, too, for a second: the kernel answers unread bytes with a reset,
 *              which can overtake the answer
 *
 * So many visitors are served at once; for one more the oldest has to go, as one that is slow on
 * purpose must not keep a probe out. Where descriptors are short a reserve is used for the next
 * visitor: that is when somebody wants to know.
 */
#include "relay/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/scarce.h"
#include "relay/probe_request.h"
#include "relay/workers.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

#define PATIENCE (5 * NANOSECONDS)
#define LINGER   NANOSECONDS

enum { VISITORS = 16, DISCARD_MOST = 64 * 1024, HEADER_MOST = 512 };
enum visitor_state { HEARING, ANSWERING, LEAVING };

struct visitor {
	struct watch watch;
	struct timer timer;
	enum visitor_state state;
	unsigned number;               /* who came earlier has a lower one */
	int fd;
	size_t heard;                  /* LEAVING: thrown away */
	char *answer;                  /* what is to be written; or NULL */
	size_t length, written;
	char request[PROBE_REQUEST_MOST];
};

static struct {
	struct metrics_place place;
	struct watch watch;
	struct timer timer;            /* until accepting is tried again */
	struct visitor *visitors[VISITORS];
	int fd, reserve;               /* 0: none; 0 to 2 are never ours (see main.c) */
	bool waiting;                  /* for the timer: the socket is not watched */
	unsigned visits, most;
	enum metrics_state state;
} metrics;

static void serve(struct visitor *v);

/* --- visitors ---------------------------------------------------------------------- */

static void keep_reserve(void)
{
	if (metrics.reserve <= 0)
		metrics.reserve = open("/", O_PATH | O_CLOEXEC);
}

static void dismiss(struct visitor *v)
{
	for (unsigned i = 0; i < VISITORS; i++)
		if (metrics.visitors[i] == v)
			metrics.visitors[i] = NULL;
	timer_stop(&v->timer);
	watch_stop(&v->watch);
	close(v->fd);
	free(v->answer);
	loop_free_later(v);
}

static void leave(struct visitor *v)
{
	dismiss(v);
	keep_reserve();
}

static struct visitor *of_timer(struct timer *timer)
{
	return (struct visitor *)((char *)timer - offsetof(struct visitor, timer));
}

static void time_over(struct timer *timer)
{
	leave(of_timer(timer));
}

static void bid_farewell(struct visitor *v)
{
	v->state = LEAVING;
	v->heard = 0;
	shutdown(v->fd, SHUT_WR);
	timer_start(&v->timer, LINGER, time_over);
}

/* --- answering --------------------------------------------------------------------- */

void metrics_print(struct metrics_text *text, const char *format, ...)
{
	size_t left = sizeof(text->bytes) - text->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->bytes + text->length, left, format, arguments);
	va_end(arguments);
	if (length > 0 && (size_t)length < left)
		text->length += (size_t)length;
}

static bool alive(void)
{
	return !workers_any() || workers_running() > 0;
}

static bool asks(const struct probe_request *request, const char *path)
{
	return request->path_length == strlen(path) &&
	       memcmp(request->path, path, request->path_length) == 0;
}

/* What is said to a request that is understood. Returns the status; *why: it in words. */
static int compose(const struct probe_request *request, struct metrics_text *body, const char **why)
{
	static const char *const states[] = { "starting", "ready", "draining" };
	bool ready = asks(request, "/readyz");

	if (asks(request, "/metrics")) {
		metrics_write(body);
		return 200;
	}
	if (!ready && !asks(request, "/healthz")) {
		*why = "Not Found";
		metrics_print(body, "there are /metrics, /healthz and /readyz\n");
		return 404;
	}
	*why = !alive() ? "no worker" : ready ? states[metrics.state] : "ok";
	metrics_print(body, "%s\n", *why);
	return alive() && (!ready || metrics.state == METRICS_READY) ? 200 : 503;
}

/* RFC 9110, 5.6.7. */
static void print_date(char *date, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(date, size, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
}

static void answer(struct visitor *v, int status, const struct probe_request *request)
{
	static struct metrics_text body;
	const char *why = probe_reason(status);
	bool understood = status == 200;
	char date[40];

	body.length = 0;
	body.bytes[0] = '\0';
	if (understood)
		status = compose(request, &body, &why);
	else
		metrics_print(&body, "%s\n", why);
	print_date(date, sizeof(date));
	v->answer = malloc(body.length + HEADER_MOST);
	if (v->answer == NULL) {
		leave(v);
		return;
	}
	v->length = (size_t)snprintf(v->answer, body.length + HEADER_MOST,
	        "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain; %scharset=utf-8\r\n"
	        "Content-Length: %zu\r\n%sConnection: close\r\n\r\n%s", status, why, date,
	        understood && asks(request, "/metrics") ? "version=0.0.4; " : "", body.length,
	        status == 405 ? "Allow: GET, HEAD\r\n" : "",
	        understood && request->head ? "" : body.bytes);
	v->state = ANSWERING;
	timer_start(&v->timer, PATIENCE, time_over);
	serve(v);
}

static void say(struct visitor *v)
{
	while (v->written < v->length) {
		ssize_t n = send(v->fd, v->answer + v->written, v->length - v->written,
		                 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EAGAIN)
				leave(v);
			return;
		}
		v->written += (size_t)n;
	}
	bid_farewell(v);
	serve(v);
}

/* Who has begun to ask is told why there is no answer. */
static void too_late(struct timer *timer)
{
	struct visitor *v = of_timer(timer);

	if (v->heard > 0)
		answer(v, 408, NULL);
	else
		leave(v);
}

static void hear(struct visitor *v)
{
	for (;;) {
		struct probe_request request;
		ssize_t n = recv(v->fd, v->request + v->heard, sizeof(v->request) - v->heard,
		                 MSG_DONTWAIT);
		int status;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0 || errno != EAGAIN)
				leave(v);
			return;
		}
		v->heard += (size_t)n;
		status = probe_request_read(v->request, v->heard, &request);
		if (status != 0) {
			answer(v, status, &request);
			return;
		}
	}
}

static void discard(struct visitor *v)
{
	for (;;) {
		ssize_t n = recv(v->fd, v->request, sizeof(v->request), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || (v->heard += (size_t)n) > DISCARD_MOST) {
			leave(v);
			return;
		}
	}
}

static void serve(struct visitor *v)
{
	switch (v->state) {
	case HEARING:
		hear(v);
		break;
	case ANSWERING:
		say(v);
		break;
	case LEAVING:
		discard(v);
		break;
	}
}

/* --- who comes --------------------------------------------------------------------- */

static void news(struct watch *watch)
{
	serve((struct visitor *)((char *)watch - offsetof(struct visitor, watch)));
}

/* Returns false if there is none. */
static bool dismiss_oldest(void)
{
	struct visitor *oldest = NULL;

	for (unsigned i = 0; i < VISITORS; i++)
		if (metrics.visitors[i] != NULL &&
		    (oldest == NULL || metrics.visitors[i]->number < oldest->number))
			oldest = metrics.visitors[i];
	if (oldest != NULL)
		dismiss(oldest);
	return oldest != NULL;
}

/* A free place in the table, which has one for each visitor. */
static struct visitor **find_place(void)
{
	for (;;) {
		for (unsigned i = 0; i < VISITORS; i++)
			if (metrics.visitors[i] == NULL)
				return &metrics.visitors[i];
		dismiss_oldest();
	}
}

static void welcome(int fd)
{
	struct visitor *v = calloc(1, sizeof(*v));

	if (v == NULL || watch_start(&v->watch, fd, news) < 0) {
		free(v);
		close(fd);
		keep_reserve();
		return;
	}
	v->fd = fd;
	v->number = ++metrics.visits;
	*find_place() = v;
	timer_start(&v->timer, PATIENCE, too_late);
}

/* Descriptors are short. Returns true if there is one now. */
static bool make_way(void)
{
	if (metrics.reserve <= 0)
		return dismiss_oldest();
	close(metrics.reserve);
	metrics.reserve = 0;
	return true;
}

static void knock(struct watch *watch);

static void look_again(struct timer *timer)
{
	metrics.waiting = watch_start_level(&metrics.watch, metrics.fd, knock) < 0;
	if (metrics.waiting)
		timer_start(timer, SCARCE_INTERVAL, look_again);
}

static void knock(struct watch *watch)
{
	int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 && scarce(errno) && make_way())
		fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		welcome(fd);
		return;
	}
	if (errno == EAGAIN || !scarce(errno))
		return;
	watch_stop(watch);
	metrics.waiting = true;
	timer_start(&metrics.timer, SCARCE_INTERVAL, look_again);
}

/* --- the server -------------------------------------------------------------------- */

static void close_own(void)
{
	metrics.fd = 0;
	if (metrics.reserve > 0)
		close(metrics.reserve);
	metrics.reserve = 0;
	metrics_process_close();
}

/* In child processes: what was watched is closed by now. */
static void after_fork(void)
{
	if (metrics.fd == 0)
		return;
	for (unsigned i = 0; i < VISITORS; i++) {
		if (metrics.visitors[i] == NULL)
			continue;
		free(metrics.visitors[i]->answer);
		free(metrics.visitors[i]);
		metrics.visitors[i] = NULL;
	}
	if (metrics.waiting)
		close(metrics.fd);
	close_own();
}

int metrics_open(const char *text, unsigned slots)
{
	metrics.fd = metrics_place_read(text, &metrics.place) != NULL
	             ? -1 : metrics_listen(&metrics.place, text);
	if (metrics.fd < 0) {
		metrics.fd = 0;
		return -1;
	}
	metrics_process_open();
	if (counters_share(slots) < 0 || watch_start_level(&metrics.watch, metrics.fd, knock) < 0) {
		log_error("option --metrics: %s", error_text(errno));
		metrics_close();
		return -1;
	}
	keep_reserve();
	loop_at_fork(after_fork);
	return 0;
}

void metrics_close(void)
{
	if (metrics.fd == 0)
		return;
	for (unsigned i = 0; i < VISITORS; i++)
		if (metrics.visitors[i] != NULL)
			dismiss(metrics.visitors[i]);
	timer_stop(&metrics.timer);
	watch_stop(&metrics.watch);
	/* while it still listens: a successor would take it for stale, and lose its own here */
	metrics_unlisten(&metrics.place);
	close(metrics.fd);
	close_own();
}

void metrics_set_state(enum metrics_state state)
{
	metrics.state = state;
}

enum metrics_state metrics_state(void)
{
	return metrics.state;
}

void metrics_set_most(unsigned sessions)
{
	metrics.most = sessions;
}

unsigned metrics_most(void)
{
	return metrics.most;
}
