#include "loop/child.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

/* A power of two: thousands of programs may run at once. */
enum { BUCKETS = 256 };

static struct {
	struct child *buckets[BUCKETS];
	struct watch watch;
	sigset_t handled, original;
	struct sigaction original_pipe;
	void (*handler)(const struct signalfd_siginfo *info);
	struct signal_watch *watches;
} state;

/* What only those with a terminal have to know. */
static const int of_terminals[] = { SIGWINCH, SIGTSTP, SIGCONT };

static struct child **bucket(pid_t pid)
{
	return &state.buckets[(unsigned)pid % BUCKETS];
}

void child_watch(struct child *child, pid_t pid, void (*ended)(struct child *child, int status))
{
	struct child **head = bucket(pid);

	child->pid = pid;
	child->ended = ended;
	child->next = *head;
	*head = child;
}

void child_forget(struct child *child)
{
	if (child->pid == 0)
		return;
	for (struct child **p = bucket(child->pid); *p != NULL; p = &(*p)->next)
		if (*p == child) {
			*p = child->next;
			break;
		}
	child->pid = 0;
}

static struct child *find(pid_t pid)
{
	struct child *child = *bucket(pid);

	while (child != NULL && child->pid != pid)
		child = child->next;
	return child;
}

void children_signal(int signal)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct child *c = state.buckets[i]; c != NULL; c = c->next)
			kill(c->pid, signal), c->told_to_end = true;
}

static void log_end(pid_t pid, int status, bool told_to_end)
{
	if (told_to_end && WIFEXITED(status) && WEXITSTATUS(status) > 128)
		log_info("waitpid(): child %d exited with status %d", (int)pid,
		         WEXITSTATUS(status));
	else if (WIFSIGNALED(status) && told_to_end)
		log_info("waitpid(): child %d exited on signal %d", (int)pid, WTERMSIG(status));
	else if (WIFSIGNALED(status))
		log_warn("waitpid(): child %d exited on signal %d", (int)pid, WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		log_warn("waitpid(): child %d exited with status %d", (int)pid,
		         WEXITSTATUS(status));
	else
		log_info("waitpid(): child %d exited with status 0", (int)pid);
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *child = find(pid);

		if (child == NULL) {
			log_debug("reaped orphan process %d", (int)pid);
			continue;
		}
		log_end(pid, status, child->told_to_end);
		child_forget(child);
		child->ended(child, status);
	}
}

static bool is_of_terminals(int signal)
{
	for (size_t i = 0; i < sizeof(of_terminals) / sizeof(of_terminals[0]); i++)
		if (of_terminals[i] == signal)
			return true;
	return false;
}

static void tell(const struct signalfd_siginfo *info)
{
	struct signal_watch *next;

	if (!is_of_terminals((int)info->ssi_signo))
		state.handler(info);
	for (struct signal_watch *w = state.watches; w != NULL; w = next) {
		next = w->next;
		w->arrived(w, (int)info->ssi_signo);
	}
}

static void arrived(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap();
		else
			tell(&info);
	}
}

static int open_signalfd(void)
{
	int fd = signalfd(-1, &state.handled, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0 || watch_start(&state.watch, fd, arrived) < 0) {
		log_error("signalfd(): %s", error_text(errno));
		return -1;
	}
	return 0;
}

static void after_fork(void)
{
	memset(state.buckets, 0, sizeof(state.buckets));
	if (open_signalfd() < 0)
		_exit(1);
}

int signals_init(const sigset_t *handled, void (*handler)(const struct signalfd_siginfo *info))
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	state.handled = *handled;
	sigaddset(&state.handled, SIGCHLD);
	state.handler = handler;
	sigprocmask(SIG_BLOCK, &state.handled, &state.original);
	sigaction(SIGPIPE, &ignore, &state.original_pipe);
	loop_at_fork(after_fork);
	return open_signalfd();
}

bool signals_wait(int64_t nanoseconds)
{
	struct pollfd p = { .fd = state.watch.fd, .events = POLLIN };
	struct timespec timeout = { .tv_sec = nanoseconds / NANOSECONDS,
	                            .tv_nsec = (long)(nanoseconds % NANOSECONDS) };

	if (ppoll(&p, 1, &timeout, NULL) > 0)
		arrived(&state.watch);
	loop_waited();
	return !loop_stopping();
}

/* Have the signals of terminals arrive, or do what they do by default. */
static void of_terminals_arrive(bool arrive)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(of_terminals) / sizeof(of_terminals[0]); i++) {
		if (!sigismember(&state.original, of_terminals[i]))
			sigaddset(&set, of_terminals[i]);
		arrive ? sigaddset(&state.handled, of_terminals[i])
		       : sigdelset(&state.handled, of_terminals[i]);
	}
	signalfd(state.watch.fd, &state.handled, 0);
	sigprocmask(arrive ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void signal_watch_start(struct signal_watch *watch,
                        void (*told)(struct signal_watch *watch, int signal))
{
	if (watch->arrived != NULL)
		return;
	watch->arrived = told;
	watch->next = state.watches;
	state.watches = watch;
	if (watch->next == NULL)
		of_terminals_arrive(true);
}

void signal_watch_stop(struct signal_watch *watch)
{
	struct signal_watch **p = &state.watches;

	if (watch->arrived == NULL)
		return;
	watch->arrived = NULL;
	while (*p != watch)
		p = &(*p)->next;
	*p = watch->next;
	if (state.watches == NULL)
		of_terminals_arrive(false);
}

void signals_stop(void)
{
	static const struct timespec now;
	sigset_t stop, go_on;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigemptyset(&go_on);
	sigaddset(&go_on, SIGCONT);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	/* here it stops, unless nobody could let it go on */
	sigprocmask(SIG_BLOCK, &stop, NULL);
	/* who called knows */
	sigtimedwait(&go_on, NULL, &now);
	loop_waited();
}

void signals_restore(void)
{
	sigaction(SIGPIPE, &state.original_pipe, NULL);
	sigprocmask(SIG_SETMASK, &state.original, NULL);
}
