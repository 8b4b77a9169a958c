#include "addr/program.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "addr/plumbing.h"
#include "chan/pty.h"
#include "loop/child.h"
#include "loop/loop.h"

struct program {
	struct closer closer;         /* of the channel; first member */
	struct child child;
	struct program *prev, *next;  /* all that run, or whose channel is open */
	const struct spec *spec;
	struct channel *channel;      /* until it is closed */
	struct timer timer;           /* what it gets to end by itself */
	struct program_watch *watch;  /* told of its end; or NULL */
	int status;                   /* once it is over */
	bool leave_alone, closed, over;
};

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
		if (!p->over && p->spec != NULL && spec_flag(p->spec, name)) {
			kill(p->child.pid, signal);
			taken = true;
		}
	return taken;
}

unsigned programs_awaited(void)
{
	unsigned count = 0;

	for (const struct program *p = programs.first; p != NULL; p = p->next)
		count += !p->over && !p->leave_alone && !p->child.told_to_end;
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
	*(program->prev != NULL ? &program->prev->next : &programs.first) = program->next;
	if (program->next != NULL)
		program->next->prev = program->prev;
}

static void tell_watch(struct program *p, int status)
{
	struct program_watch *watch = p->watch;

	p->watch = NULL;
	if (watch != NULL)
		watch->ended(watch, status);
}

static struct program *program_of(int fd)
{
	struct program *p = programs.first;

	while (p != NULL && (p->closed || (p->channel->read_fd != fd && p->channel->write_fd != fd)))
		p = p->next;
	return p;
}

enum program_state program_watch(int fd, struct program_watch *watch, int *status)
{
	struct program *p = fd < 0 ? NULL : program_of(fd);

	if (p == NULL)
		return PROGRAM_NONE;
	*status = p->status;
	if (p->over)
		return PROGRAM_ENDED;
	if (p->leave_alone || p->child.told_to_end) {
		*status = -1;
		return PROGRAM_ENDED;
	}
	p->watch = watch;
	return PROGRAM_RUNS;
}

static void program_ended(struct child *child, int status)
{
	struct program *p = (struct program *)((char *)child - offsetof(struct program, child));

	timer_stop(&p->timer);
	if (status != 0 && !(child->told_to_end && WIFSIGNALED(status)))
		programs.failed = true;
	p->over = true;
	p->status = status;
	tell_watch(p, status);
	if (p->closed) {
		unlist(p);
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
	tell_watch(p, -1);
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

	if (!p->over && !p->leave_alone && plumbing_is_terminal(p->spec) &&
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
	if (p->over) {
		unlist(p);
		free(p);
	} else if (p->child.told_to_end) {
		return;
	} else if (!p->leave_alone && p->channel->cut_short) {
		tell_to_end(p);
	} else if (!p->leave_alone) {
		timer_start(&p->timer, PATIENCE, patience_over);
	}
}

struct program *program_new(const struct spec *spec)
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

void program_runs(struct program *program, pid_t pid, struct channel *channel)
{
	child_watch(&program->child, pid, program_ended);
	program->channel = channel;
	channel_on_close(channel, &program->closer);
	program->next = programs.first;
	if (program->next != NULL)
		program->next->prev = program;
	programs.first = program;
}
