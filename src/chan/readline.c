/* Theory of operation.
 *
 * The editor (editor.c) decides what is to be seen; here is what moves the bytes. Reading takes keys
 * from the channel below, gives them to the editor, and returns the lines that it has finished. Writing
 * gives it the peer's output. What the editor wants on the terminal is written at once; while the
 * terminal does not take it, nothing is read and no output is accepted.
 *
 * The terminal has our settings, and the editor draws, while we are ACTIVE: from attach() to the end of
 * input or the channel's end, except while the process is stopped or another job has the
 * terminal. Signals tell: SIGTSTP has us give the terminal back and stop, SIGCONT take it again,
 * SIGWINCH look at its size; SIGINT that the line was given up. Nothing tells that a job that runs
 * gets the terminal (not all shells send SIGCONT then): in the background we look now and then.
 *
 * Output counts as written when the terminal has it: what is left at the end of a session can be
 * reported.
 */
#include "chan/readline.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "chan/terminal.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "sys/log.h"

/* Keys read at once, output taken at once; reads in a row that finish no line. */
enum { KEYS = 4096, OUTPUT = 4096, EMPTY_READS = 16 };

#define BACKGROUND_INTERVAL (NANOSECONDS / 5)

struct readline {
	struct channel base;
	struct channel *below;
	struct editor *editor;
	struct signal_watch signals;
	struct termios before;          /* the terminal's settings when nothing is edited */
	int terminal;
	pid_t process;                  /* that was attached */
	bool active;
	struct timer background;        /* while another job has the terminal */
	bool at_end;                    /* the end of input was typed, and told */
	size_t shown;                   /* output that the editor has, and the terminal may not */
	unsigned start, end;            /* of what the editor has not taken yet */
	char keys[KEYS];
};

static struct readline *self(struct channel *channel)
{
	return (struct readline *)channel;
}

/* Write what is to be seen. IO_AGAIN: some of it is left. */
static enum io_status flush(struct readline *r)
{
	struct bytes *screen = editor_screen(r->editor);
	enum io_status status = IO_OK;

	while (screen->length > 0 && status == IO_OK) {
		size_t n = 0;

		status = channel_write(r->below, screen->data, screen->length, &n);
		if (status == IO_OK)
			bytes_remove(screen, 0, n);
	}
	return status;
}

/* --- the terminal ------------------------------------------------------------- */

static void look_at_size(struct readline *r)
{
	struct winsize size;

	if (ioctl(r->terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
		editor_resize(r->editor, size.ws_col, size.ws_row);
}

static void look_again(struct timer *timer);

/* Every key by itself and unseen; only those that make signals are left to the terminal. */
static void enter(struct readline *r)
{
	struct termios settings = r->before;
	int typed = 0;

	if (r->active || r->at_end)
		return;
	if (!terminal_is_ours(r->terminal)) {
		timer_start(&r->background, BACKGROUND_INTERVAL, look_again);
		return;
	}
	settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	settings.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP | IXON);
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	tcsetattr(r->terminal, TCSANOW, &settings);
	/* what was typed before was shown by the terminal, and will be by the editor */
	if (ioctl(r->terminal, FIONREAD, &typed) == 0 && typed > 0)
		bytes_add_text(editor_screen(r->editor), "\r\033[J");
	r->active = true;
	terminal_farewell(r->terminal, EDITOR_FAREWELL);
	look_at_size(r);
	editor_enter(r->editor);
	flush(r);
}

/* What can be read and written may be different now. */
static void tell(struct readline *r)
{
	if (r->base.notify != NULL)
		r->base.notify(r->base.owner);
}

static void look_again(struct timer *timer)
{
	struct readline *r =
		(struct readline *)((char *)timer - offsetof(struct readline, background));

	enter(r);
	if (r->active)
		tell(r);
}

static void leave(struct readline *r)
{
	timer_stop(&r->background);
	if (!r->active)
		return;
	r->active = false;
	terminal_farewell(r->terminal, NULL);
	editor_leave(r->editor);
	flush(r);
	if (terminal_is_ours(r->terminal))
		tcsetattr(r->terminal, TCSANOW, &r->before);
}

/* --- messages on the same terminal ---------------------------------------------- */

static struct readline *on_stderr;

static void make_way(bool before)
{
	struct readline *r = on_stderr;

	/* a child process leaves the terminal to its parent */
	if (!r->active || r->process != getpid())
		return;
	before ? editor_hide(r->editor) : editor_show(r->editor);
	flush(r);
}

static void heed_messages(struct readline *r)
{
	if (!terminal_is_same(STDERR_FILENO, r->terminal))
		return;
	on_stderr = r;
	r->process = getpid();
	log_set_bystander(make_way);
}

static void ignore_messages(struct readline *r)
{
	if (on_stderr != r)
		return;
	on_stderr = NULL;
	log_set_bystander(NULL);
}

/* --- signals -------------------------------------------------------------------- */

static void signalled(struct signal_watch *watch, int signal)
{
	struct readline *r = (struct readline *)((char *)watch - offsetof(struct readline, signals));

	switch (signal) {
	case SIGWINCH:
		look_at_size(r);
		break;
	case SIGTSTP:
		leave(r);
		signals_stop();
		enter(r);
		break;
	case SIGCONT:
		/* stopped by what can't be caught, or moved to the foreground */
		leave(r);
		enter(r);
		break;
	case SIGINT:
		editor_interrupt(r->editor, !loop_stopping());
		break;
	default:
		break;
	}
	flush(r);
	tell(r);
}

/* --- the channel -------------------------------------------------------------- */

static void notified(void *owner)
{
	struct readline *r = owner;

	flush(r);
	r->base.notify(r->base.owner);
}

static int readline_attach(struct channel *channel)
{
	struct readline *r = self(channel);

	if (channel_attach(r->below, notified, r) < 0)
		return -1;
	signal_watch_start(&r->signals, signalled);
	heed_messages(r);
	enter(r);
	return 0;
}

static void readline_detach(struct channel *channel)
{
	struct readline *r = self(channel);

	leave(r);
	ignore_messages(r);
	signal_watch_stop(&r->signals);
	channel_detach(r->below);
}

/* Give keys to the editor, from the terminal if there are none left. */
static enum io_status take_keys(struct readline *r)
{
	size_t n = 0;
	enum io_status status = flush(r);

	if (status != IO_OK)
		return status;
	if (r->start == r->end) {
		if (!r->active)
			return IO_AGAIN;
		status = channel_read(r->below, r->keys, sizeof(r->keys), &n);
		if (status != IO_OK)
			return status;
		r->start = 0;
		r->end = (unsigned)n;
	}
	r->start += (unsigned)editor_keys(r->editor, r->keys + r->start, r->end - r->start);
	/* an error comes up again */
	flush(r);
	return IO_OK;
}

static enum io_status readline_read(struct channel *channel, void *data, size_t size,
                                    size_t *length)
{
	struct readline *r = self(channel);
	struct bytes *lines = editor_lines(r->editor);
	enum io_status status;

	if (r->at_end) {   /* option ignoreeof */
		r->at_end = false;
		enter(r);
	}
	for (unsigned n = 0; n < EMPTY_READS && lines->length == 0; n++) {
		if (editor_ended(r->editor)) {
			leave(r);
			r->at_end = true;
			return IO_EOF;
		}
		status = take_keys(r);
		if (status != IO_OK)
			return status;
	}
	if (lines->length == 0)
		return IO_AGAIN;
	*length = lines->length < size ? lines->length : size;
	memcpy(data, lines->data, *length);
	bytes_remove(lines, 0, *length);
	return IO_OK;
}

static enum io_status readline_write(struct channel *channel, const void *data, size_t size,
                                     size_t *length)
{
	struct readline *r = self(channel);
	enum io_status status = flush(r);

	if (status == IO_OK && r->shown == 0) {
		size_t piece = size < OUTPUT ? size : OUTPUT;

		if (!editor_output(r->editor, data, piece)) {
			errno = ENOMEM;
			return IO_ERROR;
		}
		r->shown = piece;
		status = flush(r);
	}
	if (status != IO_OK)
		return status;
	/* the data is the same until it counts as written */
	*length = r->shown < size ? r->shown : size;
	r->shown -= *length;
	return IO_OK;
}

static enum io_status readline_finish(struct channel *channel)
{
	enum io_status status = flush(self(channel));

	return status != IO_OK ? status : channel_finish(self(channel)->below);
}

static unsigned readline_ready(const struct channel *channel)
{
	const struct readline *r = (const struct readline *)channel;
	unsigned ready = channel_ready(r->below);
	bool free = editor_screen(r->editor)->length == 0;

	if (!free)
		ready &= ~(unsigned)(CHAN_READABLE | CHAN_WRITABLE);
	else if (r->start < r->end)
		ready |= CHAN_READABLE;
	else if (!r->active)
		ready &= ~(unsigned)CHAN_READABLE;
	if (r->at_end || editor_lines(r->editor)->length > 0)
		ready |= CHAN_READABLE;
	return ready;
}

static int readline_splice(struct channel *channel, bool output)
{
	(void)channel;
	(void)output;
	return -1;
}

/* There is one terminal, and one who types. */
static struct channel *readline_dup(const struct channel *channel)
{
	(void)channel;
	errno = EBUSY;
	return NULL;
}

static void readline_close(struct channel *channel, bool abandon)
{
	struct readline *r = self(channel);

	if (!abandon)
		leave(r);
	ignore_messages(r);
	timer_stop(&r->background);
	signal_watch_stop(&r->signals);
	abandon ? channel_abandon(r->below) : channel_free(r->below);
	editor_free(r->editor);
}

static const struct chan_ops readline_ops = {
	.kind = "readline", .read = readline_read, .write = readline_write,
	.finish = readline_finish, .attach = readline_attach, .detach = readline_detach,
	.ready = readline_ready, .splice_fd = readline_splice, .dup = readline_dup,
	.close = readline_close,
};

struct channel *readline_new(struct channel *below, struct editor *editor, int terminal)
{
	struct readline *r = calloc(1, sizeof(*r));

	if (r == NULL || tcgetattr(terminal, &r->before) < 0) {
		free(r);
		return NULL;
	}
	channel_init(&r->base, &readline_ops, below->read_fd, below->write_fd);
	r->below = below;
	r->editor = editor;
	r->terminal = terminal;
	return &r->base;
}
