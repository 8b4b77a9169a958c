/* Theory of operation.
 *
 *   OPENING   the left address, then the right one (each unless it is a server's source)
 *   RELAYING  one session, or a server
 *   GRACE     a server was told to end and its sessions may finish
 *   LEAVING   the session is over; a program that it ran is given a moment to end and to tell
 *             its exit status
 */
#include "relay/run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "addr/environment.h"
#include "addr/exec.h"
#include "addr/open.h"
#include "addr/program.h"
#include "addr/proxy_options.h"
#include "chan/terminal.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "relay/describe.h"
#include "relay/metrics.h"
#include "relay/server.h"
#include "relay/service.h"
#include "relay/workers.h"
#include "sys/caps.h"
#include "sys/counters.h"
#include "sys/log.h"

static struct {
	const struct run_settings *settings;
	struct opening *opening;
	struct channel *left;
	struct client_info *client;     /* who connected to the left address, if it listened */
	struct session session;         /* its record is there before it is started */
	struct session_settings session_settings;
	struct server *server;
	struct server_settings server_settings;
	struct timer timer;             /* of GRACE */
	int signal;                     /* that ends the run; 0: none */
	bool heard[2];                  /* one came from the system, from the first process */
	bool failed, leaving;
	pid_t pid;                      /* is another one in the child process of a connection */
} state;

static void stop(int status)
{
	loop_stop(status);
}

/* --- the end ---------------------------------------------------------------- */

static void program_ended(void)
{
	if (state.leaving && programs_awaited() == 0)
		stop(state.failed || programs_failed() ? 1 : 0);
}

/* The one session is over, or could not be had. */
static void leave(bool failed)
{
	state.failed |= failed;
	state.leaving = true;
	program_ended();
}

static void session_ended(void *owner, bool failed)
{
	(void)owner;
	counter_add(COUNT_ENDED + state.session.reason, 1);
	leave(failed);
}

static void server_ended(void *owner, bool failed)
{
	(void)owner;
	if (getpid() != state.pid)
		leave(failed);                /* we are the process of one connection */
	else
		stop(failed ? 1 : 0);         /* after a signal: every session finished */
}

static int open_workers(void);

/* --- the beginning ---------------------------------------------------------- */

static void wait_for_debugging(const char *variable)
{
	const char *text = getenv(variable);
	struct timespec pause = { .tv_sec = text != NULL ? strtol(text, NULL, 10) : 0 };

	if (pause.tv_sec > 0)
		nanosleep(&pause, NULL);
	loop_waited();
}

static void tell_ready(void)
{
	const struct address *source = state.server_settings.source;

	if (source != NULL)
		service_ready("serving ", source->reader->text);
	else
		service_ready("relaying", "");
}

/* Everything is open. */
static void opened(void)
{
	metrics_set_state(METRICS_READY);
	if (state.settings->describe_descriptors)
		describe_descriptors();
	if (state.settings->opened != NULL)
		state.settings->opened();
}

/* Which one the right or the left address is. */
static enum record_end record_end(bool right)
{
	return right == state.session_settings.client_right ? RECORD_CLIENT : RECORD_UPSTREAM;
}

static bool waits_for_clients(const struct address *address)
{
	const struct addr_type *type = address->reader->type;

	return type->listen != NULL || type->awaits || (type->groups & G_LISTEN) != 0;
}

/* Who the client is: the one that is served; else the one that comes; else the left one. */
static void choose_client(void)
{
	const struct address *left = state.settings->left, *right = state.settings->right;
	bool forks = address_forks(left) || address_forks(right);

	state.session_settings.client_right = forks ? !address_forks(left)
	                                    : waits_for_clients(right) && !waits_for_clients(left);
	if (!forks)
		state.session.record = state.session_settings.client_right ? record_new(right, left)
		                                                           : record_new(left, right);
}

static void start_server(const struct address *source, const struct address *other, bool left)
{
	metrics_set_most((unsigned)spec_number(source->reader, "max-children", 0));
	state.server_settings = (struct server_settings){
		.source = source, .other = other, .shared = state.left, .source_is_left = left,
		.session = &state.session_settings, .ended = server_ended,
	};
	if (state.settings->workers > 1 ? open_workers() < 0
	    : (state.server = server_start(&state.server_settings)) == NULL) {
		stop(loop_stopping() ? 128 + state.signal : 1);
		return;
	}
	/* the listener is bound; connections may want low ports, too */
	if (!address_needs_low_port(other))
		caps_drop();
	opened();
	if (workers_any() && workers_start() < 0)
		stop(1);
	else
		tell_ready();
}

static void right_opened(void *owner, struct channel *right)
{
	(void)owner;
	state.opening = NULL;
	if (right == NULL) {
		record_not_opened(state.session.record, failure_take());
		state.session.record = NULL;
		leave(true);
		return;
	}
	opened();
	caps_drop();
	tell_ready();
	wait_for_debugging("SOCAT_TRANSFER_WAIT");
	if (session_start(&state.session, state.left, right, &state.session_settings, false,
	                  session_ended, NULL) == 0)
		counter_add(COUNT_SESSIONS, 1);
	else
		leave(true);
	state.left = NULL;
}

/* Options like su change this process, unless it has to go on as a server's. */
static void open_one(const struct address *address, int direction,
                     void (*done)(void *owner, struct channel *channel),
                     void (*accepted)(void *owner, const struct client_info *client))
{
	struct open_request request = {
		.direction = direction, .client = state.client,
		.done = done, .accepted = accepted,
		.want_local = address_runs_program(state.settings->right) ||
		              address_sends_proxy(state.settings->right) || log_json(),
	};
	struct opening *opening = address_open(address, &request, true);

	if (opening != NULL)
		state.opening = opening;
}

/* There is somebody to tell about, or a server that did not answer; else nothing has happened. */
static void left_not_opened(void)
{
	const struct failure *failure = failure_take();

	if (failure->kind == OPEN_FAILED)
		record_free(state.session.record);
	else
		record_not_opened(state.session.record, failure);
	state.session.record = NULL;
}

static void right_told(void *owner, const struct client_info *info)
{
	(void)owner;
	record_told(state.session.record, record_end(true), info);
}

static void left_opened(void *owner, struct channel *left)
{
	const struct address *right = state.settings->right;

	(void)owner;
	state.opening = NULL;
	if (left == NULL) {
		left_not_opened();
		leave(true);
		return;
	}
	state.left = left;
	if (address_forks(right)) {
		/* it may be watched since it was connected: but only its duplicates are used, by child
		 * processes, too, which close what is watched */
		channel_detach(left);
		start_server(right, state.settings->left, false);
		return;
	}
	if (!spec_flag(right->reader, "nofork")) {
		open_one(right, ADDR_BOTH, right_opened, right_told);
		return;
	}
	tell_ready();
	stop(program_become(right->reader, left, state.client));
}

static void left_accepted(void *owner, const struct client_info *client)
{
	(void)owner;
	record_told(state.session.record, record_end(false), client);
	client_free(state.client);
	/* without memory for it programs know less, nothing worse */
	state.client = client_copy(client);
}

/* --- signals ----------------------------------------------------------------- */

static void count(struct session_totals *sum)
{
	*sum = *session_totals();
	if (state.session.running)
		session_count(&state.session, sum);
	if (state.server != NULL)
		server_count(state.server, sum);
	workers_count(sum);
}

static void log_statistics_json(const struct session_totals *sum)
{
	char line[LOG_LINE];
	struct json json;

	log_event_begin(&json, line, LOG_INFO_, "statistics");
	json_number(&json, "sessions", sum->sessions);
	json_number(&json, "blocks_to_right", sum->blocks[0]);
	json_number(&json, "bytes_to_right", sum->bytes[0]);
	json_number(&json, "blocks_to_left", sum->blocks[1]);
	json_number(&json, "bytes_to_left", sum->bytes[1]);
	log_event_end(&json, LOG_INFO_);
}

static void log_statistics(void)
{
	struct session_totals sum;

	count(&sum);
	if (log_json()) {
		log_statistics_json(&sum);
		return;
	}
	log_always("STATISTICS: left to right: %" PRIu64 " packets(s), %" PRIu64 " byte(s)",
	           sum.blocks[0], sum.bytes[0]);
	log_always("STATISTICS: right to left: %" PRIu64 " packets(s), %" PRIu64 " byte(s)",
	           sum.blocks[1], sum.bytes[1]);
}

static void grace_over(struct timer *timer)
{
	if (timer != NULL)
		sessions_end_because(CLOSE_GRACE_OVER);
	children_signal(SIGTERM);
	stop(128 + state.signal);
}

static void end_server(void)
{
	unsigned sessions = server_sessions(state.server);

	if (sessions > 0 && state.settings->grace == 0) {
		grace_over(NULL);
		return;
	}
	if (sessions > 0) {
		log_notice("%u sessions may finish within %g s", sessions,
		           (double)state.settings->grace / NANOSECONDS);
		timer_start(&state.timer, state.settings->grace, grace_over);
	}
	server_stop(state.server);
}

/* Returns false if neither address has anything to reload: then the signal ends the program. */
static bool reload(void)
{
	bool server = state.server != NULL || workers_any(), some;

	/* a manager that waits for the end is not told that this is ready again */
	if (state.signal == 0)
		service_reloading();
	some = address_reload(state.settings->left, server);
	some |= address_reload(state.settings->right, server);
	if (some && state.signal == 0)
		tell_ready();
	return some;
}

/* passed_on: not from the system, which may have told all processes of a group, but from the first
 * process: the same signal twice is no second one. */
static void take_signal(int signal, bool passed_on)
{
	bool again = state.heard[passed_on], first = state.signal == 0;

	if (signal == SIGHUP && !state.leaving && getpid() == state.pid && reload()) {
		workers_tell(signal);
		return;
	}
	if (programs_take_signal(signal)) {
		log_notice("signal %d passed on to the program", signal);
		return;
	}
	if (signal == SIGTERM && !passed_on)
		log_warn("exiting on signal %d", signal);
	else
		log_notice("exiting on signal %d", signal);
	state.heard[passed_on] = true;
	state.signal = signal;
	service_stopping(state.settings->grace);
	metrics_set_state(METRICS_DRAINING);
	if (workers_any()) {
		workers_end(signal, again ? 0 : state.settings->grace);
		return;
	}
	if (state.server != NULL && getpid() == state.pid && !again) {
		if (first)
			end_server();
		return;
	}
	children_signal(SIGTERM);
	stop(128 + signal);
}

void run_signal(const struct signalfd_siginfo *info)
{
	log_set_shutup(0);
	if (info->ssi_signo != SIGUSR1)
		take_signal((int)info->ssi_signo, false);
	else if (workers_any())
		workers_ask();
	else
		log_statistics();
}

/* --- workers ------------------------------------------------------------------ */

static void worker_born(struct server *server)
{
	state.server = server;
	state.pid = getpid();
	environment_init();
}

static void worker_told(int signal)
{
	log_set_shutup(0);
	if (signal == SIGKILL) {
		log_warn("the first process is gone: ending");
		children_signal(SIGTERM);
		stop(1);
		return;
	}
	take_signal(signal, true);
}

static int open_workers(void)
{
	static struct workers_settings settings = {
		.server = &state.server_settings, .born = worker_born, .told = worker_told,
		.count_own = count, .answered = log_statistics, .ended = stop,
	};

	settings.count = state.settings->workers;
	return workers_open(&settings);
}

/* --- the run ------------------------------------------------------------------ */

int run(const struct run_settings *settings)
{
	int status;

	state.settings = settings;
	state.session_settings = settings->session;
	state.pid = getpid();
	choose_client();
	programs_on_end(program_ended);
	environment_init();
	if ((address_prepare(settings->left) < 0 || address_prepare(settings->right) < 0) &&
	    !loop_stopping())
		loop_stop(1);
	if (!loop_stopping()) {
		if (address_forks(settings->left))
			start_server(settings->left, settings->right, true);
		else
			open_one(settings->left, ADDR_BOTH, left_opened, left_accepted);
		/* whoever is waited for has to be let through to it */
		if (state.opening != NULL && settings->left->reader->type->listen != NULL)
			metrics_set_state(METRICS_READY);
	}
	status = loop_run();
	timer_stop(&state.timer);
	opening_cancel(state.opening);
	if (state.session.running) {
		session_cancel(&state.session);
		counter_add(COUNT_ENDED + state.session.reason, 1);
	}
	server_free(state.server);
	/* they are in the totals now */
	state.server = NULL;
	/* a client is there, and the other side was still on its way */
	record_not_begun(state.session.record,
	                 state.left != NULL ? sessions_ended_because() : CLOSE_NONE, "");
	channel_free(state.left);
	client_free(state.client);
	records_flush();
	/* after a signal only what could end by itself is waited for */
	terminals_finish(status < 128);
	if (!workers_report() && settings->statistics)
		log_statistics();
	workers_free();
	log_notice("exiting with status %d", status);
	return status;
}
