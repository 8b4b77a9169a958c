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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addr/command.h"
#include "addr/environment.h"
#include "addr/open.h"
#include "addr/plumbing.h"
#include "addr/program_check.h"
#include "addr/types.h"
#include "chan/pty.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/scarce.h"
#include "loop/seldom.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

#define GROUPS (G_FD | G_FIFO | G_SOCKET | G_EXEC | G_FORK | G_TERMIOS | G_PTY | G_PARENT | G_UNIX)

struct program {
	struct closer closer;         /* of the channel; first member */
	struct child child;
	struct program *next;         /* all that run */
	const struct spec *spec;
	struct channel *channel;      /* until it is closed */
	struct timer timer;           /* what it gets to end by itself */
	bool leave_alone, closed;
};

/* What starting one takes: two pipes. */
enum { DESCRIPTORS = 4 };

/* What a program gets to end by itself after its channel was closed. */
#define PATIENCE (NANOSECONDS / 2)

static struct {
	struct program *first;
	bool failed;
	void (*ended)(void);
} programs;

bool programs_take_signal(int signal)
{
	const char *name = signal == SIGHUP ? "sighup" : signal == SIGINT ? "sigint"
	                 : signal == SIGQUIT ? "sigquit" : NULL;
	bool taken = false;

	for (struct program *p = programs.first; p != NULL && name != NULL; p = p->next)
		if (p->spec != NULL && spec_flag(p->spec, name)) {
			kill(p->child.pid, signal);
			taken = true;
		}
	return taken;
}

unsigned programs_awaited(void)
{
	unsigned count = 0;

	for (const struct program *p = programs.first; p != NULL; p = p->next)
		count += !p->leave_alone && !p->child.told_to_end;
	return count;
}

bool programs_failed(void)
{
	return programs.failed;
}

void programs_forget(void)
{
	programs.first = NULL;
	programs.failed = false;
}

void programs_on_end(void (*ended)(void))
{
	programs.ended = ended;
}

static void unlist(struct program *program)
{
	struct program **p = &programs.first;

	while (*p != NULL && *p != program)
		p = &(*p)->next;
	if (*p != NULL) {
		*p = program->next;
	}
}

static void program_ended(struct child *child, int status)
{
	struct program *p = (struct program *)((char *)child - offsetof(struct program, child));

	timer_stop(&p->timer);
	if (status != 0 && !(child->told_to_end && WIFSIGNALED(status)))
		programs.failed = true;
	unlist(p);
	if (p->closed) {
		free(p);
	} else {
		p->channel->exited = true;
		if (p->channel->notify != NULL)
			p->channel->notify(p->channel->owner);
	}
	if (programs.ended != NULL)
		programs.ended();
}

static void tell_to_end(struct program *p)
{
	p->child.told_to_end = true;
	kill(p->child.pid, SIGTERM);
	if (programs.ended != NULL)
		programs.ended();
}

static void patience_over(struct timer *timer)
{
	tell_to_end((struct program *)((char *)timer - offsetof(struct program, timer)));
}

/* There is no end of file on a terminal, and one that vanishes is an error to who reads from it:
 * the program is told to end before. */
static void channel_closing(struct closer *closer)
{
	struct program *p = (struct program *)closer;

	if (p->child.pid != 0 && !p->leave_alone && plumbing_is_terminal(p->spec) &&
	    !pty_at_end(p->channel))
		tell_to_end(p);
}

/* A program that has got its end of file usually ends, too; one that was cut off, or that
 * takes too long, is told to. */
static void channel_closed(struct closer *closer)
{
	struct program *p = (struct program *)closer;

	p->closed = true;
	p->spec = NULL;
	if (p->child.pid == 0) {
		free(p);
	} else if (p->child.told_to_end) {
		return;
	} else if (!p->leave_alone && p->channel->cut_short) {
		tell_to_end(p);
	} else if (!p->leave_alone) {
		timer_start(&p->timer, PATIENCE, patience_over);
	}
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

static struct program *new_program(const struct spec *spec)
{
	struct program *program = calloc(1, sizeof(*program));

	if (program == NULL)
		return NULL;
	program->closer.before = channel_closing;
	program->closer.close = channel_closed;
	program->spec = spec;
	program->leave_alone = spec_flag(spec, "end-close");
	return program;
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

	if (seldom_say(&said, more))
		log_error("%s: fork(): %s; the program does not run%s", spec->text, error_text(error),
		          more);
}

/* Returns the channel, or NULL with an error logged. */
static struct channel *start(const struct spec *spec, const struct open_request *request)
{
	struct program *program = new_program(spec);
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
	child_watch(&program->child, pid, program_ended);
	program->channel = channel;
	channel_on_close(channel, &program->closer);
	program->next = programs.first;
	programs.first = program;
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
