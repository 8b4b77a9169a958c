/* An editor for lines on a terminal, as a state machine: keys and the peer's output go in; bytes for
 * the terminal, and finished lines, come out. It does no input and output of its own.
 *
 * What is typed is in UTF-8; bytes that aren't are kept as they are. The terminal is one that
 * understands the sequences of ECMA-48, wraps at the right margin, and shows NL as CR NL.
 */
#ifndef CHAN_EDITOR_H
#define CHAN_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "chan/bytes.h"

enum {
	EDITOR_HISTORY = 1000,    /* lines kept */
	EDITOR_LINE = 65536       /* bytes that a line may have */
};

/* Takes the terminal back from an editor that can't do it any more. */
#define EDITOR_FAREWELL "\033[?2004l\r\n"

struct editor_settings {
	const char *prompt;       /* shown where the peer leaves none; NULL: nothing */
	bool no_prompt;           /* what the peer leaves is none: lines begin in the first column */
	/* NULL, or: are lines behind this prompt, without escape sequences, to be hidden? */
	bool (*hidden)(void *owner, const char *prompt);
	/* NULL, or: a line was added to the history. Without the line's end. */
	void (*entered)(void *owner, const char *line, size_t length);
	void *owner;
};

struct editor;

/* Returns NULL without memory. */
struct editor *editor_new(const struct editor_settings *settings);
void editor_free(struct editor *editor);

/* The size of the terminal, at the beginning and whenever it changes; neither is 0. */
void editor_resize(struct editor *editor, unsigned columns, unsigned rows);

/* Begin to edit, or go on: the cursor is in the first column. Until then, and after editor_leave(),
 * output is passed on, and nothing else is drawn. */
void editor_enter(struct editor *editor);
/* Leave the terminal to others, with the cursor in the first column below what was typed. */
void editor_leave(struct editor *editor);

/* Others write whole lines to the terminal between these two: prompt and line are out of their way. */
void editor_hide(struct editor *editor);
void editor_show(struct editor *editor);

/* Keys. Returns how many bytes were taken: less than all if too much is waiting in screen or lines, or
 * behind the end. */
size_t editor_keys(struct editor *editor, const char *keys, size_t length);

/* The peer's output, of which a reasonable piece is given at a time. Returns false without memory. */
bool editor_output(struct editor *editor, const char *data, size_t length);

/* The line is given up: the terminal has made a signal of a key. go_on: there will be another line,
 * behind the same prompt; else the cursor stays in the first column. */
void editor_interrupt(struct editor *editor, bool go_on);

/* For the terminal, and for the peer: the caller removes what it has written. */
struct bytes *editor_screen(struct editor *editor);
struct bytes *editor_lines(struct editor *editor);
/* The end of input was typed since the last call. */
bool editor_ended(struct editor *editor);

/* Add a line to the history, unless it is empty or the same as the last one. Returns false then, or
 * without memory. */
bool editor_remember(struct editor *editor, const char *line, size_t length);

#endif
