/* EXEC, SYSTEM and SHELL: programs as endpoints.
 *
 * The program gets one end of a socket pair, of two pipes or of a pseudo terminal as its
 * standard input and output.
 * It runs in a child process, in which the options that change a process act; we keep the
 * other end, non-blocking. When the channel closes, a program that still runs is told to end
 * (SIGTERM) unless option end-close says to leave it alone. With option nofork there is no
 * child: this very process becomes the program, see program_become().
 */
#include "addr/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/command.h"
#include "addr/environment.h"
#include "addr/failure.h"
#include "addr/open.h"
#include "addr/plumbing.h"
#include "addr/program.h"
#include "addr/program_check.h"
#include "addr/types.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/scarce.h"
#include "loop/seldom.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

#define GROUPS (G_FD | G_FIFO | G_SOCKET | G_EXEC | G_FORK | G_TERMIOS | G_PTY | G_PARENT | G_UNIX)

/* What starting one takes: two pipes. */
enum { DESCRIPTORS = 4 };

/* A terminal of its own sends these, by keys and when it goes. That they were ignored where we were
 * started, in the background of a script or by nohup(1), has nothing to do with it. */
static void heed_terminal(void)
{
	static const int sent[] = { SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		signal(sent[i], SIG_DFL);
}

/* In the process that becomes the program. Returns only on failure, with the exit status:
 * 127 if there is no such program, else 126. */
static int execute(const struct spec *spec, struct plumbing *p, int direction)
{
	struct process_frame frame;
	struct command command;
	int status;

	if (plumbing_place(spec, p, direction) < 0) {
		log_error("%s: dup2(): %s", spec->text, error_text(errno));
		return 126;
	}
	if (process_apply_early(spec) < 0 || process_enter(spec, &frame) < 0 ||
	    process_apply_late(spec) < 0)
		return 126;
	take_terminal(spec, p->input);
	if (spec_flag(spec, "tiocsctty"))
		heed_terminal();
	command_environment(spec);
	if (command_build(spec, &command) < 0)
		return 126;
	log_notice("execvp'ing \"%s\"", command.program);
	command_run(&command);
	status = errno == ENOENT ? 127 : 126;
	log_error("%s: execvp(\"%s\"): %s", spec->text, command.program, error_text(errno));
	command_free(&command);
	return status;
}

static void run_child(const struct spec *spec, struct plumbing *p, const struct open_request *request)
{
	scarce_restore_limit();
	environment_set(request->client);
	signals_restore();
	_exit(execute(spec, p, request->direction));
}

/* It owns our ends. NULL: failed (logged), they are closed. */
static struct channel *new_channel(const struct spec *spec, const struct plumbing *p, int direction)
{
	struct fd_settings settings = { .finish = p->ours_in == p->ours_out ? FINISH_SHUTDOWN
	                                                                    : FINISH_CLOSE };
	struct channel *channel;

	if (p->terminal[0] != '\0')
		return ptmx_channel(spec, p->ours_in, -1, direction);
	fd_settings_from(spec, &settings);
	settings.read_fd = p->ours_in;
	settings.write_fd = p->ours_out;
	channel = fd_channel_new(&settings);
	if (channel == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		plumbing_close_ours(p);
	}
	return channel;
}

/* The options that act on our end. Returns 0, or -1 (logged). */
static int apply_options(const struct spec *spec, const struct plumbing *p)
{
	int fd = p->ours_in >= 0 ? p->ours_in : p->ours_out;
	const char *path = p->terminal[0] != '\0' ? p->terminal : NULL;

	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 || spec_apply(spec, PH_FD, fd, path) < 0)
		return -1;
	return spec_apply(spec, PH_LATE, fd, path);
}

/* Our side of what connects us with the program, ready for use; our ends of p belong to it. NULL:
 * failed (logged), and everything is closed. */
static struct channel *connect_program(const struct spec *spec, struct plumbing *p, int direction)
{
	struct closer *link = NULL;
	struct channel *channel;

	if (plumbing_open(spec, p, direction) < 0)
		return NULL;
	if (apply_options(spec, p) < 0 ||
	    (p->terminal[0] != '\0' && ptmx_link(spec, p->terminal, &link) < 0)) {
		plumbing_close(p);
		return NULL;
	}
	channel = new_channel(spec, p, direction);
	if (channel == NULL) {
		closer_run(link);
		plumbing_close_far(p);
		return NULL;
	}
	channel_on_close(channel, link);
	return channel;
}

/* Whoever connects to a server can cause this as often as he likes. */
static void fork_failed(const struct spec *spec, int error)
{
	static struct seldom said;
	char more[SELDOM_TEXT];

	failure_set(OPEN_FAILED, error, error_text(error));
	if (seldom_say(&said, more))
		log_error("%s: fork(): %s; the program does not run%s", spec->text, error_text(error),
		          more);
}

/* Returns the channel, or NULL with an error logged. */
static struct channel *start(const struct spec *spec, const struct open_request *request)
{
	struct program *program = program_new(spec);
	struct channel *channel = NULL;
	struct plumbing p;
	pid_t pid;

	if (program == NULL)
		log_error("%s: %s", spec->text, error_text(errno));
	else
		channel = connect_program(spec, &p, request->direction);
	if (channel == NULL) {
		free(program);
		return NULL;
	}
	pid = fork();
	if (pid == 0)
		run_child(spec, &p, request);
	if (pid < 0)
		fork_failed(spec, errno);
	plumbing_close_far(&p);
	if (pid < 0) {
		channel_free(channel);
		free(program);
		return NULL;
	}
	log_notice("forked off child process %d", (int)pid);
	program_runs(program, pid, channel);
	return channel;
}

/* Descriptors for the program have run out: a client that was accepted must not suffer. */
struct exec_opening {
	struct opening base;
	struct timer timer;
	const struct spec *spec;
	struct open_request request;
};

static struct opening *open_program(const struct spec *spec, const struct open_request *request);

static void exec_again(struct timer *timer)
{
	struct exec_opening *o = (struct exec_opening *)((char *)timer -
	                                                 offsetof(struct exec_opening, timer));

	if (!scarce_try(DESCRIPTORS)) {
		timer_start(&o->timer, SCARCE_INTERVAL, exec_again);
		return;
	}
	open_done(&o->request, start(o->spec, &o->request));
	free(o);
}

static void exec_cancel(struct opening *opening)
{
	struct exec_opening *o = (struct exec_opening *)opening;

	timer_stop(&o->timer);
	free(o);
}

static struct opening *open_program(const struct spec *spec, const struct open_request *request)
{
	struct exec_opening *o;

	log_notice("forking off child, using %s for %s", plumbing_is_terminal(spec) ? "pty"
	           : spec_flag(spec, "pipes") ? "pipes" : "socket",
	           request->direction == ADDR_READ ? "reading" : request->direction == ADDR_WRITE
	           ? "writing" : "reading and writing");
	if (!request->server || scarce_try(DESCRIPTORS) || (o = calloc(1, sizeof(*o))) == NULL) {
		open_done(request, start(spec, request));
		return NULL;
	}
	o->base.cancel = exec_cancel;
	o->spec = spec;
	o->request = *request;
	timer_start(&o->timer, SCARCE_INTERVAL, exec_again);
	return &o->base;
}

static void make_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && flags & O_NONBLOCK && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		log_warn("fcntl(%d, F_SETFL): %s", fd, error_text(errno));
}

int program_become(const struct spec *spec, const struct channel *channel,
                   const struct client_info *client)
{
	struct plumbing p = { -1, -1, channel->read_fd, channel->write_fd, "" };

	/* the program does not know about O_NONBLOCK */
	make_blocking(p.input);
	make_blocking(p.output);
	scarce_restore_limit();
	environment_set(client);
	signals_restore();
	return execute(spec, &p, spec->direction);
}

static int check(const struct spec *spec)
{
	struct command command;

	if (program_check(spec) < 0)
		return -1;
	if (command_build(spec, &command) < 0)
		return -1;
	command_free(&command);
	return 0;
}

const struct addr_type addr_type_exec = {
	.name = "EXEC", .syntax = ":<command-line>", .feature = "WITH_EXEC", .min_params = 1,
	.max_params = 1, .groups = GROUPS, .directions = ADDR_BOTH, .check = check,
	.open = open_program,
};
const struct addr_type addr_type_system = {
	.name = "SYSTEM", .syntax = ":<shell-command>", .feature = "WITH_SYSTEM", .min_params = 1,
	.max_params = 1, .groups = GROUPS, .directions = ADDR_BOTH, .check = check,
	.open = open_program,
};
const struct addr_type addr_type_shell = {
	.name = "SHELL", .syntax = "[:<shell-command>]", .feature = "WITH_SHELL", .min_params = 0,
	.max_params = 1, .groups = GROUPS | G_SHELL, .directions = ADDR_BOTH, .check = check,
	.open = open_program,
};
