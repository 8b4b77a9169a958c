/* READLINE: standard input and output, with lines edited before they are sent.
 *
 * If both are one terminal that can do it, chan/readline.c is the channel, over one as STDIO has it. If
 * not, there is nothing to edit, and what is read and written is passed on as it is.
 */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr/history.h"
#include "addr/open.h"
#include "addr/stdio.h"
#include "addr/types.h"
#include "chan/editor.h"
#include "chan/readline.h"
#include "chan/terminal.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

/* What the editor asks for; lives as long as the channel. */
struct helper {
	struct closer closer;      /* first member */
	struct history *history;   /* NULL: none */
	regex_t hiding;
	bool hides;
};

static int compile(const struct spec *spec, regex_t *regex)
{
	const char *pattern = spec_string(spec, "noecho");
	int fault = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
	char why[128];

	if (fault == 0)
		return 0;
	regerror(fault, regex, why, sizeof(why));
	log_error("%s: option noecho: \"%s\" is not a regular expression: %s", spec->text, pattern,
	          why);
	return -1;
}

static int check_readline(const struct spec *spec)
{
	const char *path = spec_string(spec, "history-file");
	regex_t regex;

	if (path != NULL && path[0] == '\0') {
		log_error("%s: option history-file needs the name of a file", spec->text);
		return -1;
	}
	if (spec_opt(spec, "noecho") != NULL) {
		if (compile(spec, &regex) < 0)
			return -1;
		regfree(&regex);
	}
	return 0;
}

static bool is_hiding(void *owner, const char *prompt)
{
	const struct helper *helper = owner;

	return helper->hides && regexec(&helper->hiding, prompt, 0, NULL, 0) == 0;
}

static void entered(void *owner, const char *line, size_t length)
{
	struct helper *helper = owner;

	if (helper->history != NULL)
		history_add(helper->history, line, length);
}

static void release(struct closer *closer)
{
	struct helper *helper = (struct helper *)closer;

	history_free(helper->history);
	if (helper->hides)
		regfree(&helper->hiding);
	free(helper);
}

static struct helper *helper_new(const struct spec *spec)
{
	struct helper *helper = calloc(1, sizeof(*helper));

	if (helper == NULL)
		return NULL;
	helper->closer.close = release;
	if (spec_opt(spec, "noecho") != NULL) {
		if (compile(spec, &helper->hiding) < 0) {
			free(helper);
			return NULL;
		}
		helper->hides = true;
	}
	return helper;
}

static bool add_entry(void *owner, const char *line, size_t length)
{
	return editor_remember(owner, line, length);
}

static int load_history(const struct spec *spec, struct helper *helper, struct editor *editor)
{
	const char *path = spec_string(spec, "history-file");
	struct process_frame frame;

	if (path == NULL)
		return 0;
	if (process_enter(spec, &frame) < 0)
		return -1;
	helper->history = history_open(path, EDITOR_HISTORY, spec->text, add_entry, editor);
	process_leave(&frame);
	return helper->history == NULL ? -1 : 0;
}

static struct channel *make_channel(const struct spec *spec, struct editor *editor)
{
	struct closer *keeper = NULL;
	struct channel *below, *channel;

	if (terminal_keep(STDIN_FILENO, true, &keeper) < 0) {
		log_error("%s: %s", spec->text, error_text(errno));
		return NULL;
	}
	below = stdio_channel(spec, STDIN_FILENO, STDOUT_FILENO);
	if (below == NULL) {
		closer_run(keeper);
		return NULL;
	}
	channel_on_close(below, keeper);
	channel = readline_new(below, editor, STDIN_FILENO);
	if (channel == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		channel_free(below);
	}
	return channel;
}

static struct channel *editing_channel(const struct spec *spec)
{
	struct helper *helper = helper_new(spec);
	struct editor_settings settings = {
		.prompt = spec_string(spec, "prompt"), .no_prompt = spec_flag(spec, "noprompt"),
		.hidden = is_hiding, .entered = entered, .owner = helper,
	};
	struct editor *editor = helper != NULL ? editor_new(&settings) : NULL;
	struct channel *channel = NULL;

	if (editor == NULL)
		log_error("%s: %s", spec->text, error_text(ENOMEM));
	else if (load_history(spec, helper, editor) == 0)
		channel = make_channel(spec, editor);
	if (channel != NULL) {
		channel_on_close(channel, &helper->closer);
		return channel;
	}
	if (editor != NULL)
		editor_free(editor);
	if (helper != NULL)
		release(&helper->closer);
	return NULL;
}

/* Why no lines can be edited here; NULL if they can. */
static const char *hindrance(void)
{
	const char *kind = getenv("TERM");

	if (!isatty(STDIN_FILENO))
		return "stdin is not a terminal";
	if (!isatty(STDOUT_FILENO))
		return "stdout is not a terminal";
	if (!terminal_is_same(STDIN_FILENO, STDOUT_FILENO))
		return "stdin and stdout are different terminals";
	if (kind != NULL && strcmp(kind, "dumb") == 0)
		return "TERM=dumb says that the terminal can't move its cursor";
	return NULL;
}

/* Without an editor the terminal itself shows what is typed. */
static struct channel *plain_channel(const struct spec *spec, int direction)
{
	if ((direction & ADDR_READ) && spec_opt(spec, "noecho") != NULL && isatty(STDIN_FILENO)) {
		log_error("%s: option noecho can't hide what is typed: %s", spec->text, hindrance());
		return NULL;
	}
	return stdio_channel(spec, direction & ADDR_READ ? STDIN_FILENO : -1,
	                     direction & ADDR_WRITE ? STDOUT_FILENO : -1);
}

static struct opening *open_readline(const struct spec *spec, const struct open_request *request)
{
	bool edits = (request->direction & ADDR_READ) && hindrance() == NULL;

	log_notice("using readline on stdio%s", edits ? "" : ", without a terminal to edit on");
	open_done(request, edits ? editing_channel(spec) : plain_channel(spec, request->direction));
	return NULL;
}

const struct addr_type addr_type_readline = {
	.name = "READLINE", .syntax = "", .feature = "WITH_READLINE",
	.groups = G_FD | G_READLINE | G_TERMIOS, .directions = ADDR_BOTH, .check = check_readline,
	.open = open_readline,
};
