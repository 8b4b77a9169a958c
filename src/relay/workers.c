/* Theory of operation.
 *
 * The first process opens the sockets and leaves them asleep. Each worker is a fork of it, which
 * wakes the server that is meant for it and frees the others. Since the first process keeps all
 * sockets open, what waits in the queue of a worker that dies is served by its successor, and
 * the kernel never spreads connections anew.
 *
 * Between the two is a pair of sockets, the line: downwards go signals' numbers, upwards go
 * totals, as answers to SIGUSR1 and at a worker's end. When the first process dies, however it
 * does, the line's end tells the worker.
 *
 *   a worker of the first process:   RUNNING > PAUSE (died) > RUNNING ...
 *                                    RUNNING > gone, once workers_end() was called
 */
#include "relay/workers.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addr/open.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

/* The pause before a successor grows with each worker that has not lived for long. */
#define LONG_LIFE   (10 * NANOSECONDS)
#define FIRST_PAUSE (NANOSECONDS / 10)
#define LAST_PAUSE  (30 * NANOSECONDS)
/* How long the end of all may take beyond the grace time. */
#define END_TIME    (2 * NANOSECONDS)

struct worker {
	struct child child;
	pid_t pid;                      /* 0: not running */
	struct watch line;
	struct timer timer;             /* of PAUSE */
	struct server *server;          /* asleep; where there is one socket, the same for all */
	struct session_totals sum;      /* what it told last */
	int64_t born, pause;
	bool asked;
};

static struct {
	const struct workers_settings *settings;
	struct worker *list;            /* NULL: this is not the first process */
	unsigned running, replaced;
	struct session_totals gone;     /* of those that have died */
	struct timer answers, kill;     /* no longer waited for */
	int status;
	bool ending;
	struct watch line;              /* in a worker: to the first process */
} state;

static int start(struct worker *w);
static void start_later(struct worker *w);

static void each(void (*act)(struct worker *w, int value), int value)
{
	for (unsigned i = 0; state.list != NULL && i < state.settings->count; i++)
		act(&state.list[i], value);
}

static unsigned number_of(const struct worker *w)
{
	return (unsigned)(w - state.list) + 1;
}

static void add(struct session_totals *sum, const struct session_totals *more)
{
	sum->sessions += more->sessions;
	for (unsigned i = 0; i < 2; i++) {
		sum->bytes[i] += more->bytes[i];
		sum->blocks[i] += more->blocks[i];
	}
}

/* --- in a worker ------------------------------------------------------------------- */

bool workers_report(void)
{
	struct session_totals sum = { 0 };

	if (state.line.notify == NULL)
		return false;
	state.settings->count_own(&sum);
	send(state.line.fd, &sum, sizeof(sum), MSG_NOSIGNAL | MSG_DONTWAIT);
	return true;
}

static void told(struct watch *watch)
{
	int signal;
	ssize_t n;

	while ((n = recv(watch->fd, &signal, sizeof(signal), 0)) == (ssize_t)sizeof(signal)) {
		if (signal == SIGUSR1)
			workers_report();
		else
			state.settings->told(signal);
	}
	watch->ready = 0;
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		watch_stop(watch);
		close(watch->fd);
		state.settings->told(SIGKILL);
	}
}

static void be_worker(struct worker *w, int line)
{
	struct worker *list = state.list;
	struct server *own = w->server;
	unsigned number = (unsigned)(w - list);   /* from 0 on */

	state.list = NULL;
	state.gone = (struct session_totals){ 0 };
	for (unsigned i = 0; i < state.settings->count; i++)
		if (list[i].server != own)
			server_free(list[i].server);
	free(list);
	counters_use(number + 1);
	if (watch_start(&state.line, line, told) < 0) {
		log_error("epoll_ctl(): %s", error_text(errno));
		_exit(1);
	}
	if (server_wake(own, number, state.settings->count) < 0)
		_exit(1);
	state.settings->born(own);
}

/* --- what workers tell ------------------------------------------------------------- */

static void ask(struct worker *w, int signal)
{
	if (w->pid != 0)
		w->asked = send(w->line.fd, &signal, sizeof(signal),
		                MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static void give_up_answers(struct timer *timer)
{
	timer_stop(timer);
	state.settings->answered();
}

static void maybe_answered(void)
{
	if (state.answers.slot == 0)
		return;
	for (unsigned i = 0; i < state.settings->count; i++)
		if (state.list[i].asked)
			return;
	give_up_answers(&state.answers);
}

static void hear(struct worker *w)
{
	struct session_totals sum;

	while (recv(w->line.fd, &sum, sizeof(sum), 0) == (ssize_t)sizeof(sum)) {
		w->sum = sum;
		w->asked = false;
	}
	w->line.ready = 0;
}

static void heard(struct watch *watch)
{
	hear((struct worker *)((char *)watch - offsetof(struct worker, line)));
	maybe_answered();
}

void workers_ask(void)
{
	timer_start(&state.answers, NANOSECONDS, give_up_answers);
	each(ask, SIGUSR1);
	maybe_answered();
}

void workers_count(struct session_totals *sum)
{
	add(sum, &state.gone);
	for (unsigned i = 0; state.list != NULL && i < state.settings->count; i++)
		add(sum, &state.list[i].sum);
}

/* --- their end --------------------------------------------------------------------- */

static void maybe_ended(void)
{
	if (state.ending && state.running == 0)
		state.settings->ended(state.status);
}

static void start_again(struct timer *timer)
{
	struct worker *w = (struct worker *)((char *)timer - offsetof(struct worker, timer));

	if (start(w) < 0)
		start_later(w);
}

static void start_later(struct worker *w)
{
	w->pause = w->pause == 0 ? FIRST_PAUSE : w->pause * 2;
	if (w->pause > LAST_PAUSE)
		w->pause = LAST_PAUSE;
	timer_start(&w->timer, w->pause, start_again);
}

static void replace(struct worker *w, int status)
{
	if (loop_now() - w->born >= LONG_LIFE)
		w->pause = 0;
	start_later(w);
	log_error("worker %u (process %d) ended %s %d, and its sessions with it; the next one begins "
	          "in %g s (replaced so far: %u)", number_of(w), (int)w->pid,
	          WIFSIGNALED(status) ? "on signal" : "with status",
	          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	          (double)w->pause / NANOSECONDS, ++state.replaced);
}

static void worker_ended(struct child *child, int status)
{
	struct worker *w = (struct worker *)((char *)child - offsetof(struct worker, child));
	int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);

	hear(w);
	counters_killed((unsigned)(w - state.list) + 1);
	watch_stop(&w->line);
	close(w->line.fd);
	add(&state.gone, &w->sum);
	w->sum = (struct session_totals){ 0 };
	w->asked = false;
	maybe_answered();
	state.running--;
	if (!state.ending)
		replace(w, status);
	else if (code > state.status)
		state.status = code;
	w->pid = 0;
	maybe_ended();
}

static void kill_worker(struct worker *w, int signal)
{
	if (w->pid != 0)
		kill(w->pid, signal);
}

static void time_over(struct timer *timer)
{
	(void)timer;
	each(kill_worker, SIGKILL);
}

static void tell(struct worker *w, int signal)
{
	if (w->pid != 0)
		send(w->line.fd, &signal, sizeof(signal), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void workers_tell(int signal)
{
	each(tell, signal);
}

static void let_end(struct worker *w, int signal)
{
	timer_stop(&w->timer);
	w->child.told_to_end = true;
	tell(w, signal);
}

static void free_servers(void)
{
	for (unsigned i = state.settings->count; i-- > 0;) {
		if (i == 0 || state.list[i].server != state.list[0].server)
			server_free(state.list[i].server);
		state.list[i].server = NULL;
	}
}

void workers_end(int signal, int64_t grace)
{
	state.ending = true;
	each(let_end, signal);
	free_servers();
	timer_start(&state.kill, grace + END_TIME, time_over);
	maybe_ended();
}

void workers_free(void)
{
	if (state.list == NULL)
		return;
	each(let_end, SIGTERM);
	free_servers();
	timer_stop(&state.kill);
	timer_stop(&state.answers);
	for (unsigned i = 0; i < state.settings->count; i++)
		if (state.list[i].pid != 0) {
			child_forget(&state.list[i].child);
			watch_stop(&state.list[i].line);
			close(state.list[i].line.fd);
		}
	free(state.list);
	state.list = NULL;
}

/* --- their beginning --------------------------------------------------------------- */

static int start(struct worker *w)
{
	int line[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, line) < 0) {
		log_error("socketpair(): %s", error_text(errno));
		return -1;
	}
	if (watch_start(&w->line, line[0], heard) < 0 || (pid = loop_fork()) < 0) {
		log_error("fork(): %s", error_text(errno));
		watch_stop(&w->line);
		close(line[0]);
		close(line[1]);
		return -1;
	}
	if (pid == 0) {
		be_worker(w, line[1]);
		return 0;
	}
	close(line[1]);
	w->pid = pid;
	w->born = loop_now();
	w->child.told_to_end = false;
	child_watch(&w->child, pid, worker_ended);
	state.running++;
	log_notice("worker %u is process %d", number_of(w), (int)pid);
	return 0;
}

int workers_open(const struct workers_settings *settings)
{
	bool ports = address_has_ports(settings->server->source);

	state.settings = settings;
	state.list = calloc(settings->count, sizeof(*state.list));
	if (state.list == NULL) {
		log_error("option --workers: %s", error_text(errno));
		return -1;
	}
	for (unsigned i = 0; i < settings->count; i++) {
		struct server *first = state.list[0].server;

		state.list[i].server = i > 0 && !ports ? first
		                     : server_start_asleep(settings->server, first);
		if (state.list[i].server == NULL) {
			workers_free();
			return -1;
		}
	}
	if (server_steer(state.list[settings->count - 1].server, settings->count) < 0) {
		workers_free();
		return -1;
	}
	return 0;
}

int workers_start(void)
{
	for (unsigned i = 0; state.list != NULL && i < state.settings->count; i++)
		if (start(&state.list[i]) < 0)
			return -1;
	return 0;
}

bool workers_any(void)
{
	return state.list != NULL;
}

unsigned workers_running(void)
{
	return state.running;
}

unsigned workers_replaced(void)
{
	return state.replaced;
}

pid_t workers_process(unsigned number)
{
	if (state.list == NULL || number >= state.settings->count)
		return -1;
	return state.list[number].pid;
}
