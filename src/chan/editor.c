/* Theory of operation.
 *
 * Keys change the line. When all keys that have come are done, or a line is finished, the view is
 * composed: what is to be seen of the line behind the prompt (nothing if it is hidden; with a title
 * while searching). It is compared with what is on the screen, and drawn from the first
 * difference on.
 *
 * Places on the screen are rows and columns counted from the first row of the view, which begins in the
 * column where the prompt ends. A view that is higher than the window is shown in part, from
 * row top on. The peer's output comes where the prompt ends: the view is wiped, the output goes
 * out, and the view is drawn again behind what the output has left on its last line.
 */
#include "chan/editor.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan/prompt.h"
#include "sys/utf8.h"

enum {
	WAITING = 65536,       /* bytes in screen or lines that stop the keys */
	UNDO = 32,             /* changes that can be taken back */
	TAB = 8
};

#define CTRL(letter) ((letter) & 0x1f)

/* What keys are read as. FUNCTION: of the Linux console, ESC [ [ A. */
enum { KEY, ESCAPE, CONTROL, SINGLE, FUNCTION, QUOTED, PASTED };

static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";
static const char paste_end[] = "\033[201~";
static const char erase[] = "\033[J";

struct place {
	unsigned row, column;
};

struct state {
	struct bytes line;
	size_t cursor;
};

struct editor {
	struct editor_settings settings;
	unsigned columns, rows;
	bool active;           /* between editor_enter() and editor_leave() */
	bool ended, hidden;
	struct bytes screen, lines;

	struct state now;
	struct state undo[UNDO];
	unsigned undo_count;
	bool typing, typed;    /* the last command, this one: added to the line */
	struct bytes killed;
	bool killing, has_killed;

	struct bytes history[EDITOR_HISTORY];
	unsigned history_count, entry;   /* entry: shown now; history_count: the new line */
	struct bytes fresh;              /* the new line, while others are shown */

	bool searching, search_failed;
	struct bytes wanted;
	struct state before;             /* the search */
	unsigned entry_before;

	struct prompt prompt;
	bool own_prompt;       /* it is that of the settings */
	struct bytes view;     /* what is to be seen behind it */
	struct bytes drawn;    /* and what is on the screen, from row top on */
	size_t drawn_cursor;   /* where in it the cursor is */
	unsigned top;
	struct place at;       /* the cursor */

	uint8_t input;         /* what keys are read as */
	bool return_pasted;    /* the last byte was a CR: an NL belongs to it */
	unsigned matched;      /* of paste_end */
	unsigned number, modifier, parameters;
	char part[4];          /* of a character */
	uint8_t part_length;
};

/* --- characters --------------------------------------------------------------- */

/* A character of a view, or what stands for it. */
struct cell {
	size_t length;         /* in bytes of the view */
	unsigned width;
	char text[TAB + 1];    /* "": shown as it is */
};

/* The character at i, which is not a tab. */
static struct cell cell_at(const struct bytes *view, size_t i)
{
	struct cell cell = { .text = "" };
	uint32_t character;
	unsigned char byte = (unsigned char)view->data[i];

	cell.length = utf8_decode(view->data + i, view->length - i, &character);
	if (character < ' ' || character == 0x7f)
		cell.width = (unsigned)snprintf(cell.text, sizeof(cell.text), "^%c", byte ^ 0x40);
	else if (character == UTF8_BAD || (character >= 0x80 && character < 0xa0))
		cell.width = (unsigned)snprintf(cell.text, sizeof(cell.text), "\\x%02x",
		                                character == UTF8_BAD ? byte : (unsigned)character);
	else
		cell.width = utf8_width(character);
	return cell;
}

static bool joins(const struct bytes *line, size_t i)
{
	uint32_t character;

	if (i >= line->length)
		return false;
	utf8_decode(line->data + i, line->length - i, &character);
	return character >= 0x300 && character != UTF8_BAD && utf8_width(character) == 0;
}

static size_t one_after(const struct bytes *line, size_t i)
{
	uint32_t character;

	return i < line->length ? i + utf8_decode(line->data + i, line->length - i, &character) : i;
}

static size_t one_before(const struct bytes *line, size_t i)
{
	uint32_t character;

	for (size_t n = 2; n <= 4 && n <= i; n++)
		if (utf8_decode(line->data + i - n, n, &character) == n)
			return i - n;
	return i > 0 ? i - 1 : 0;
}

/* To the next and the last character, with the marks that are combined with it. */
static size_t character_after(const struct bytes *line, size_t i)
{
	do
		i = one_after(line, i);
	while (joins(line, i));
	return i;
}

static size_t character_before(const struct bytes *line, size_t i)
{
	do
		i = one_before(line, i);
	while (i > 0 && joins(line, i));
	return i;
}

static bool in_word(const struct bytes *line, size_t i)
{
	unsigned char byte = (unsigned char)line->data[i];

	return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z');
}

static size_t word_after(const struct bytes *line, size_t i)
{
	while (i < line->length && !in_word(line, i))
		i++;
	while (i < line->length && in_word(line, i))
		i++;
	return i;
}

static size_t word_before(const struct bytes *line, size_t i)
{
	while (i > 0 && !in_word(line, i - 1))
		i--;
	while (i > 0 && in_word(line, i - 1))
		i--;
	return i;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static size_t blank_before(const struct bytes *line, size_t i)
{
	while (i > 0 && is_blank(line->data[i - 1]))
		i--;
	while (i > 0 && !is_blank(line->data[i - 1]))
		i--;
	return i;
}

static size_t start_before(const struct bytes *line, size_t i)
{
	(void)line;
	(void)i;
	return 0;
}

static size_t end_after(const struct bytes *line, size_t i)
{
	(void)i;
	return line->length;
}

/* --- drawing ------------------------------------------------------------------ */

static void put(struct editor *e, const char *text)
{
	bytes_add_text(&e->screen, text);
}

static void bell(struct editor *e)
{
	put(e, "\a");
}

/* Go so far by ESC [ n letter. */
static void go(struct editor *e, unsigned n, char letter)
{
	char text[16];

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "\033[%u%c", n, letter);
	put(e, text);
}

static void go_to(struct editor *e, struct place place)
{
	if (place.row < e->at.row)
		go(e, e->at.row - place.row, 'A');
	else
		go(e, place.row - e->at.row, 'B');
	if (place.column != e->at.column) {
		put(e, "\r");
		go(e, place.column, 'C');
	}
	e->at = place;
}

/* Where a character so wide goes. */
static struct place room_for(const struct editor *e, struct place place, unsigned width)
{
	if (width > 0 && place.column + width > e->columns)
		place = (struct place){ .row = place.row + 1 };
	return place;
}

/* The character at i, with the place where it goes. A tab ends at the margin. */
static struct cell cell_for(const struct editor *e, const struct bytes *view, size_t i,
                            struct place *place)
{
	struct cell cell;

	if (view->data[i] != '\t') {
		cell = cell_at(view, i);
		if (cell.width > e->columns)
			cell = (struct cell){ .length = cell.length, .width = 1, .text = "?" };
		*place = room_for(e, *place, cell.width);
		return cell;
	}
	*place = room_for(e, *place, 1);
	cell = (struct cell){ .length = 1, .width = TAB - place->column % TAB };
	if (cell.width > e->columns - place->column)
		cell.width = e->columns - place->column;
	memset(cell.text, ' ', cell.width);
	return cell;
}

/* The first character that goes to this row or below; *place: where. The end, if there is none. */
static size_t first_on(const struct editor *e, const struct bytes *view, unsigned row,
                       struct place *place)
{
	size_t i = 0;

	*place = (struct place){ .column = e->prompt.column };
	while (i < view->length) {
		struct place next = *place;
		struct cell cell = cell_for(e, view, i, &next);

		if (next.row >= row)
			break;
		next.column += cell.width;
		*place = next;
		i += cell.length;
	}
	return i;
}

/* Where the cursor is on the character at end, or behind the last one: never behind the last column. */
static struct place place_of(const struct editor *e, const struct bytes *view, size_t end)
{
	struct place place = { .column = e->prompt.column };

	for (size_t i = 0; i < end;) {
		struct cell cell = cell_for(e, view, i, &place);

		place.column += cell.width;
		i += cell.length;
	}
	return room_for(e, place, 1);
}

/* The peer may have switched off what pasted text is told by. */
static void keep_paste_mode(struct editor *e)
{
	if (e->prompt.reset_modes && e->active && !prompt_unfinished(&e->prompt)) {
		e->prompt.reset_modes = false;
		put(e, paste_on);
	}
}

/* The prompt, at the cursor, which is in the first column. */
static void draw_prompt(struct editor *e)
{
	bytes_add(&e->screen, e->prompt.shown, e->prompt.shown_length);
	prompt_measure(&e->prompt, e->columns);
	keep_paste_mode(e);
	e->at = (struct place){ .column = e->prompt.column };
	e->top = 0;
	e->drawn.length = 0;
}

/* The cursor is behind the last column, where terminals wait for the next character: have them wrap. */
static void wrap(struct editor *e)
{
	put(e, " \r");
	put(e, erase);
	e->at = (struct place){ .row = e->at.row + 1 };
}

/* Characters from i on at the cursor, until the end of the view or the window. */
static void draw_from(struct editor *e, const struct bytes *view, size_t i)
{
	unsigned last_row = e->top + e->rows - 1;

	while (i < view->length) {
		struct place place = e->at;
		struct cell cell = cell_for(e, view, i, &place);

		if (place.row > last_row)
			break;
		/* a wide character leaves the last column empty */
		for (; place.row > e->at.row && e->at.column < e->columns; e->at.column++)
			put(e, " ");
		if (cell.text[0] != '\0')
			put(e, cell.text);
		else
			bytes_add(&e->screen, view->data + i, cell.length);
		e->at = (struct place){ place.row, place.column + cell.width };
		i += cell.length;
	}
	if (e->at.column < e->columns)
		return;
	if (i == view->length && e->at.row < last_row) {
		wrap(e);
	} else {
		put(e, "\r");
		e->at.column = 0;
	}
}

/* What is to be seen now; returns where in it the cursor is. */
static size_t compose(struct editor *e)
{
	size_t title;

	e->view.length = 0;
	if (e->hidden)
		return 0;
	if (e->searching) {
		bytes_add_text(&e->view, e->search_failed ? "(failed search)`" : "(search)`");
		bytes_add(&e->view, e->wanted.data, e->wanted.length);
		bytes_add_text(&e->view, "': ");
	}
	title = e->view.length;
	/* without memory: what can be shown */
	bytes_add(&e->view, e->now.line.data, e->now.line.length);
	return title + e->now.cursor <= e->view.length ? title + e->now.cursor : e->view.length;
}

/* The first row to be shown. */
static unsigned top_row(const struct editor *e, unsigned cursor, unsigned last)
{
	unsigned top = e->top;

	if (last < e->rows)
		return 0;
	if (cursor < top)
		top = cursor;
	if (cursor >= top + e->rows)
		top = cursor - e->rows + 1;
	return top + e->rows > last + 1 ? last + 1 - e->rows : top;
}

/* Go where the first row shown begins. */
static void go_to_top(struct editor *e)
{
	go_to(e, (struct place){ e->top, e->top == 0 ? e->prompt.column : 0 });
}

/* Draw the view with another first row. */
static void scroll_to(struct editor *e, unsigned top)
{
	size_t i;

	go_to_top(e);
	if (top == 0) {
		put(e, erase);
		draw_prompt(e);
		draw_from(e, &e->view, 0);
		return;
	}
	put(e, "\r");
	put(e, erase);
	e->top = top;
	i = first_on(e, &e->view, top, &e->at);
	e->at = (struct place){ .row = top };
	draw_from(e, &e->view, i);
}

/* Draw what differs from the screen. */
static void draw_difference(struct editor *e)
{
	size_t i = 0, last = 0;
	struct place place;

	while (i < e->view.length && i < e->drawn.length && e->view.data[i] == e->drawn.data[i])
		i++;
	if (i == e->view.length && i == e->drawn.length)
		return;
	/* a mark changes the character before it */
	while (last < i) {
		size_t next = character_after(&e->view, last);

		if (next > i || (next == i && i < e->drawn.length))
			break;
		last = next;
	}
	if (e->top > 0) {
		i = first_on(e, &e->view, e->top, &place);
		last = last < i ? i : last;
	}
	place = place_of(e, &e->view, last);
	if (place.row >= e->top + e->rows)
		return;
	if (place.row < e->top)    /* a wide character that did not fit above */
		place = (struct place){ .row = e->top };
	go_to(e, place);
	if (last < e->drawn.length)
		put(e, erase);
	draw_from(e, &e->view, last);
}

static void show_own_prompt(struct editor *e)
{
	if (e->settings.prompt == NULL || e->prompt.shown_length > 0)
		return;
	prompt_output(&e->prompt, e->settings.prompt, strlen(e->settings.prompt), e->columns);
	e->own_prompt = true;
	draw_prompt(e);
}

/* The first character is going to be drawn. */
static void begin_view(struct editor *e)
{
	if (e->settings.no_prompt && !e->own_prompt && e->prompt.column > 0) {
		put(e, "\r\n");
		e->prompt.shown_length = e->prompt.row = e->prompt.column = 0;
	} else if (e->prompt.column >= e->columns) {
		wrap(e);
		e->prompt.row++;
		e->prompt.column = 0;
	}
	e->at = (struct place){ .column = e->prompt.column };
}

static void swap_view(struct editor *e)
{
	struct bytes view = e->view;

	e->view = e->drawn;
	e->drawn = view;
}

static void refresh(struct editor *e)
{
	size_t cursor_at;
	struct place cursor;
	unsigned top;

	if (!e->active)
		return;
	show_own_prompt(e);
	cursor_at = compose(e);
	if (e->view.length == 0 && e->drawn.length == 0)
		return;
	if (e->drawn.length == 0)
		begin_view(e);
	cursor = place_of(e, &e->view, cursor_at);
	top = top_row(e, cursor.row, place_of(e, &e->view, e->view.length).row);
	if (top != e->top)
		scroll_to(e, top);
	else
		draw_difference(e);
	go_to(e, cursor);
	swap_view(e);
	e->drawn_cursor = cursor_at;
}

/* Take the view off the screen: the cursor is where the prompt ends. */
static void wipe(struct editor *e)
{
	if (e->drawn.length == 0)
		return;
	go_to_top(e);
	put(e, erase);
	if (e->top > 0)
		draw_prompt(e);
	e->drawn.length = 0;
}

/* The same with the prompt: the cursor is in the first column. */
static void wipe_all(struct editor *e)
{
	wipe(e);
	go(e, e->prompt.row, 'A');
	put(e, "\r");
	put(e, erase);
}

/* Leave the line as it is, and go to the next one. */
static void leave_line(struct editor *e)
{
	e->searching = false;
	e->now.cursor = e->now.line.length;
	refresh(e);
	/* the last row may be full, and the cursor on the next one */
	if (e->drawn.length == 0 || e->at.column > 0 || e->at.row == 0)
		put(e, "\r\n");
	e->drawn.length = 0;
	e->top = 0;
	e->at = (struct place){ .row = 0 };
}

/* --- the line ----------------------------------------------------------------- */

static void save(struct state *to, const struct state *from)
{
	to->cursor = bytes_copy(&to->line, &from->line) ? from->cursor : 0;
}

/* The line is going to be changed. */
static void keep_for_undo(struct editor *e)
{
	if (e->hidden)
		return;
	if (e->undo_count == UNDO) {
		bytes_free(&e->undo[0].line);
		memmove(e->undo, e->undo + 1, (UNDO - 1) * sizeof(e->undo[0]));
		e->undo[--e->undo_count] = (struct state){ .cursor = 0 };
	}
	save(&e->undo[e->undo_count++], &e->now);
}

static void undo(struct editor *e)
{
	if (e->undo_count == 0)
		bell(e);
	else
		save(&e->now, &e->undo[--e->undo_count]);
}

static bool fits(struct editor *e, size_t length)
{
	if (e->now.line.length + length <= EDITOR_LINE)
		return true;
	bell(e);
	return false;
}

static void find(struct editor *e, unsigned from);

static void insert(struct editor *e, const char *data, size_t length)
{
	if (e->searching) {
		if (fits(e, e->wanted.length + length) && bytes_add(&e->wanted, data, length))
			find(e, e->entry < e->history_count ? e->entry + 1 : e->history_count);
		return;
	}
	if (!fits(e, length))
		return;
	if (!e->typing)
		keep_for_undo(e);
	if (bytes_insert(&e->now.line, e->now.cursor, data, length))
		e->now.cursor += length;
	e->typed = true;
}

static void cut(struct editor *e, size_t from, size_t to)
{
	if (from == to) {
		bell(e);
		return;
	}
	keep_for_undo(e);
	bytes_remove(&e->now.line, from, to - from);
	e->now.cursor = from;
}

/* Cut, to be inserted again by C-y. Several in a row are one. */
static void kill(struct editor *e, size_t from, size_t to)
{
	/* what is hidden stays so */
	if (!e->hidden && from < to) {
		if (!e->killing)
			e->killed.length = 0;
		bytes_insert(&e->killed, to > e->now.cursor ? e->killed.length : 0,
		             e->now.line.data + from, to - from);
		e->has_killed = true;
	}
	cut(e, from, to);
}

static void delete_or_end(struct editor *e)
{
	if (e->now.line.length > 0)
		cut(e, e->now.cursor, character_after(&e->now.line, e->now.cursor));
	else
		e->ended = true;
}

static void yank(struct editor *e)
{
	e->typing = false;
	insert(e, e->killed.data, e->killed.length);
	e->typed = false;
}

/* The character before the cursor goes behind the one after it; at the end, the last two. */
static void transpose(struct editor *e)
{
	struct bytes *line = &e->now.line;
	size_t middle = e->now.cursor, end = character_after(line, middle), start;

	if (middle == end)
		middle = character_before(line, end);
	start = character_before(line, middle);
	e->view.length = 0;
	if (start == middle || !bytes_add(&e->view, line->data + start, middle - start)) {
		bell(e);
		return;
	}
	keep_for_undo(e);
	bytes_remove(line, start, middle - start);
	bytes_insert(line, end - (middle - start), e->view.data, middle - start);
	e->now.cursor = end;
}

static void clear_screen(struct editor *e)
{
	put(e, "\033[H\033[2J");
	draw_prompt(e);
}

/* --- history ------------------------------------------------------------------ */

bool editor_remember(struct editor *e, const char *line, size_t length)
{
	struct bytes *last = &e->history[e->history_count];
	struct bytes entry = { .data = NULL };

	/* in a file it would be two */
	if (length == 0 || memchr(line, '\n', length) != NULL)
		return false;
	if (e->history_count > 0 && bytes_equal(last - 1, line, length))
		return false;
	if (!bytes_add(&entry, line, length))
		return false;
	if (e->history_count == EDITOR_HISTORY) {
		bytes_free(&e->history[0]);
		memmove(e->history, e->history + 1, (EDITOR_HISTORY - 1) * sizeof(e->history[0]));
		e->history_count--;
	}
	e->history[e->history_count++] = entry;
	e->entry = e->history_count;
	return true;
}

static void show_entry(struct editor *e, unsigned entry)
{
	if (e->entry == e->history_count)
		bytes_copy(&e->fresh, &e->now.line);
	e->entry = entry;
	bytes_copy(&e->now.line, entry == e->history_count ? &e->fresh : &e->history[entry]);
	e->now.cursor = e->now.line.length;
	e->undo_count = 0;
}

/* Lines that are hidden have no history. */
static bool has_history(struct editor *e, bool more)
{
	if (!more || e->hidden)
		bell(e);
	return more && !e->hidden;
}

static void go_to_entry(struct editor *e, unsigned entry, bool more)
{
	if (has_history(e, more))
		show_entry(e, entry);
}

static void go_previous(struct editor *e)
{
	go_to_entry(e, e->entry - 1, e->entry > 0);
}

static void go_next(struct editor *e)
{
	go_to_entry(e, e->entry + 1, e->entry < e->history_count);
}

static void go_first(struct editor *e)
{
	go_to_entry(e, 0, e->entry > 0);
}

static void go_newest(struct editor *e)
{
	go_to_entry(e, e->history_count, e->entry < e->history_count);
}

/* The last entry before that number which has what is wanted. */
static void find(struct editor *e, unsigned from)
{
	const char *found = NULL;

	while (from > 0 && found == NULL) {
		from--;
		found = memmem(e->history[from].data, e->history[from].length, e->wanted.data,
		               e->wanted.length);
	}
	e->search_failed = found == NULL;
	if (found == NULL) {
		bell(e);
		return;
	}
	show_entry(e, from);
	e->now.cursor = (size_t)(found - e->history[from].data);
}

static void search(struct editor *e)
{
	if (e->searching) {
		if (e->wanted.length > 0)
			find(e, e->entry);
	} else if (has_history(e, true)) {
		save(&e->before, &e->now);
		e->entry_before = e->entry;
		e->wanted.length = 0;
		e->searching = true;
		e->search_failed = false;
	}
}

static void end_search(struct editor *e, bool keep)
{
	e->searching = false;
	if (!keep) {
		show_entry(e, e->entry_before);
		save(&e->now, &e->before);
	}
}

/* Keys that mean something else while searching. */
static bool search_key(struct editor *e, char key)
{
	switch (key) {
	case CTRL('R'):
		return false;
	case CTRL('G'):
		end_search(e, false);
		return true;
	case '\b':
	case 0x7f:
		e->wanted.length = one_before(&e->wanted, e->wanted.length);
		if (e->wanted.length > 0)
			find(e, e->history_count);
		return true;
	default:
		end_search(e, true);
		return false;
	}
}

/* --- lines -------------------------------------------------------------------- */

static void check_hidden(struct editor *e)
{
	bool hides = !e->own_prompt && e->settings.hidden != NULL &&
	             e->settings.hidden(e->settings.owner, e->prompt.text);

	/* what was typed while it was hidden does not appear later */
	e->hidden = hides || (e->hidden && e->now.line.length > 0);
	if (e->hidden && e->searching)
		end_search(e, false);
}

static void new_line(struct editor *e)
{
	if (e->hidden && e->now.line.room > 0)
		explicit_bzero(e->now.line.data, e->now.line.room);
	e->now.line.length = e->now.cursor = 0;
	e->undo_count = 0;
	e->entry = e->history_count;
	e->hidden = e->searching = e->typing = e->typed = false;
	check_hidden(e);
}

static void finish_line(struct editor *e)
{
	struct bytes *line = &e->now.line;
	size_t before = e->lines.length;
	bool remember;

	if (!bytes_add(&e->lines, line->data, line->length) || !bytes_add(&e->lines, "\n", 1)) {
		e->lines.length = before;
		bell(e);
		return;
	}
	leave_line(e);
	remember = !e->hidden && editor_remember(e, line->data, line->length);
	prompt_clear(&e->prompt);
	e->own_prompt = false;
	new_line(e);
	if (remember && e->settings.entered != NULL)
		e->settings.entered(e->settings.owner, e->lines.data + before,
		                    e->lines.length - before - 1);
}

/* --- keys --------------------------------------------------------------------- */

static void begin_quote(struct editor *e)
{
	e->input = QUOTED;
}

static void insert_tab(struct editor *e)
{
	insert(e, "\t", 1);
}

/* What a key does: a command, or to go, or cut, to where a motion leads. The same key may come as a
 * byte; behind ESC; as the letter, or the number, that ends CSI and SS3 sequences. */
static const struct binding {
	enum { BYTE, META, LETTER, WORD_LETTER } kind;
	char key;
	enum { DO, GO, CUT, KILL } how;
	void (*command)(struct editor *e);
	size_t (*motion)(const struct bytes *line, size_t i);
} bindings[] = {
	{ BYTE, CTRL('A'), GO, NULL, start_before }, { BYTE, CTRL('E'), GO, NULL, end_after },
	{ BYTE, CTRL('B'), GO, NULL, character_before }, { BYTE, CTRL('F'), GO, NULL, character_after },
	{ BYTE, CTRL('H'), CUT, NULL, character_before }, { BYTE, 0x7f, CUT, NULL, character_before },
	{ BYTE, CTRL('K'), KILL, NULL, end_after }, { BYTE, CTRL('U'), KILL, NULL, start_before },
	{ BYTE, CTRL('W'), KILL, NULL, blank_before },
	{ BYTE, CTRL('D'), DO, delete_or_end, NULL }, { BYTE, CTRL('I'), DO, insert_tab, NULL },
	{ BYTE, CTRL('J'), DO, finish_line, NULL }, { BYTE, CTRL('M'), DO, finish_line, NULL },
	{ BYTE, CTRL('L'), DO, clear_screen, NULL }, { BYTE, CTRL('R'), DO, search, NULL },
	{ BYTE, CTRL('P'), DO, go_previous, NULL }, { BYTE, CTRL('N'), DO, go_next, NULL },
	{ BYTE, CTRL('Q'), DO, begin_quote, NULL }, { BYTE, CTRL('V'), DO, begin_quote, NULL },
	{ BYTE, CTRL('T'), DO, transpose, NULL }, { BYTE, CTRL('Y'), DO, yank, NULL },
	{ BYTE, CTRL('_'), DO, undo, NULL },

	{ META, 'b', GO, NULL, word_before }, { META, 'f', GO, NULL, word_after },
	{ META, 'd', KILL, NULL, word_after },
	{ META, '\b', KILL, NULL, word_before }, { META, 0x7f, KILL, NULL, word_before },
	{ META, '<', DO, go_first, NULL }, { META, '>', DO, go_newest, NULL },

	/* with control or alt */
	{ WORD_LETTER, 'C', GO, NULL, word_after }, { WORD_LETTER, 'D', GO, NULL, word_before },
	{ WORD_LETTER, 3, KILL, NULL, word_after },

	{ LETTER, 'A', DO, go_previous, NULL }, { LETTER, 'B', DO, go_next, NULL },
	{ LETTER, 'C', GO, NULL, character_after }, { LETTER, 'D', GO, NULL, character_before },
	{ LETTER, 'H', GO, NULL, start_before }, { LETTER, 'F', GO, NULL, end_after },
	{ LETTER, 1, GO, NULL, start_before }, { LETTER, 7, GO, NULL, start_before },
	{ LETTER, 4, GO, NULL, end_after }, { LETTER, 8, GO, NULL, end_after },
	{ LETTER, 3, CUT, NULL, character_after },
};

static void perform(struct editor *e, const struct binding *binding)
{
	size_t from = e->now.cursor, to = from;

	if (binding->motion != NULL)
		to = binding->motion(&e->now.line, from);
	e->typed = e->has_killed = false;
	switch (binding->how) {
	case DO:
		binding->command(e);
		break;
	case GO:
		e->now.cursor = to;
		break;
	case CUT:
		cut(e, from < to ? from : to, from < to ? to : from);
		break;
	case KILL:
		kill(e, from < to ? from : to, from < to ? to : from);
		break;
	}
	e->typing = e->typed;
	e->killing = e->has_killed;
}

/* Returns false if the key does nothing. */
static bool perform_key(struct editor *e, unsigned kind, char key)
{
	for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++)
		if (bindings[i].kind == kind && bindings[i].key == key) {
			perform(e, &bindings[i]);
			return true;
		}
	return false;
}

static void insert_key(struct editor *e, const char *data, size_t length)
{
	e->typed = false;
	insert(e, data, length);
	e->typing = e->typed;
	e->killing = false;
}

static void control_key(struct editor *e, char key)
{
	if (e->searching && search_key(e, key))
		return;
	if (key == 033)
		e->input = ESCAPE;
	else if (!perform_key(e, BYTE, key))
		bell(e);
}

/* The end of a character has not come: its bytes count one by one. */
static void flush_part(struct editor *e)
{
	uint8_t length = e->part_length;

	e->part_length = 0;
	insert_key(e, e->part, length);
}

static void text_key(struct editor *e, char key)
{
	e->part[e->part_length++] = key;
	if (utf8_length((unsigned char)e->part[0]) <= e->part_length)
		flush_part(e);
}

static void function_key(struct editor *e, char letter)
{
	if (e->modifier <= 2 || !perform_key(e, WORD_LETTER, letter))
		perform_key(e, LETTER, letter);
}

static void begin_paste(struct editor *e)
{
	e->input = PASTED;
	e->matched = 0;
	e->return_pasted = false;
}

/* CSI, parameters, a letter. */
static void sequence_key(struct editor *e, char key)
{
	if (key >= '0' && key <= '9') {
		unsigned *number = e->parameters == 0 ? &e->number : &e->modifier;

		if (*number < 1000 && e->parameters < 2)
			*number = *number * 10 + (unsigned)(key - '0');
		return;
	}
	if (key == ';')
		e->parameters++;
	if (key < 0x40 && key >= ' ')
		return;
	e->input = key == '[' ? FUNCTION : KEY;
	if (key == '~' && e->number == 200)
		begin_paste(e);
	else if (key == '~' && e->number < ' ')
		function_key(e, (char)e->number);
	else if (key >= 'A' && key <= 'Z')
		function_key(e, key);
}

static void key_byte(struct editor *e, char key);

static void escape_key(struct editor *e, char key)
{
	e->input = KEY;
	e->number = e->modifier = e->parameters = 0;
	if (key == '[')
		e->input = CONTROL;
	else if (key == 'O')
		e->input = SINGLE;
	else if (!perform_key(e, META, key) &&
	         ((unsigned char)key < ' ' || (unsigned char)key >= 0x80))
		key_byte(e, key);      /* it was not meant with alt */
}

static void pasted_text(struct editor *e, char byte)
{
	if (byte == '\r' || (byte == '\n' && !e->return_pasted))
		finish_line(e);
	else if (byte != '\n')
		insert_key(e, &byte, 1);
	e->return_pasted = byte == '\r';
}

static void pasted_byte(struct editor *e, char byte)
{
	if (byte == paste_end[e->matched]) {
		if (paste_end[++e->matched] == '\0')
			e->input = KEY;
		return;
	}
	/* what looked like the end is part of the text */
	for (unsigned i = 0; i < e->matched; i++)
		pasted_text(e, paste_end[i]);
	e->matched = byte == paste_end[0];
	if (e->matched == 0)
		pasted_text(e, byte);
}

static void plain_key(struct editor *e, char key)
{
	if (e->part_length > 0 && ((unsigned char)key & 0xc0) != 0x80)
		flush_part(e);
	if ((unsigned char)key >= ' ' && key != 0x7f)
		text_key(e, key);
	else
		control_key(e, key);
}

static void key_byte(struct editor *e, char key)
{
	bool other = (unsigned char)key < ' ' || (unsigned char)key >= 0x7f;

	/* no sequence has these: it was none */
	if (other && (e->input == CONTROL || e->input == SINGLE || e->input == FUNCTION))
		e->input = KEY;
	switch (e->input) {
	case ESCAPE:
		escape_key(e, key);
		break;
	case CONTROL:
		sequence_key(e, key);
		break;
	case SINGLE:
		e->input = KEY;
		function_key(e, key);
		break;
	case FUNCTION:
		e->input = KEY;
		break;
	case QUOTED:
		e->input = KEY;
		insert_key(e, &key, 1);
		break;
	case PASTED:
		pasted_byte(e, key);
		break;
	default:
		plain_key(e, key);
		break;
	}
}

static void end_of_input(struct editor *e)
{
	editor_leave(e);
	prompt_clear(&e->prompt);
}

size_t editor_keys(struct editor *e, const char *keys, size_t length)
{
	size_t i = 0;

	while (i < length && !e->ended && e->screen.length < WAITING && e->lines.length < WAITING)
		key_byte(e, keys[i++]);
	if (e->ended)
		end_of_input(e);
	refresh(e);
	return i;
}

void editor_interrupt(struct editor *e, bool go_on)
{
	if (!e->active)
		return;
	e->searching = false;
	e->now.cursor = e->now.line.length;
	refresh(e);
	put(e, "^C\r\n");
	e->input = KEY;
	e->part_length = 0;
	e->drawn.length = 0;
	e->top = 0;
	if (go_on)
		draw_prompt(e);
	else
		prompt_clear(&e->prompt);
	new_line(e);
}

/* --- the terminal ------------------------------------------------------------- */

bool editor_output(struct editor *e, const char *data, size_t length)
{
	if (e->own_prompt) {
		if (e->active)
			wipe_all(e);
		prompt_clear(&e->prompt);
		e->own_prompt = false;
	} else {
		wipe(e);
	}
	if (!bytes_add(&e->screen, data, length))
		return false;
	prompt_output(&e->prompt, data, length, e->columns);
	keep_paste_mode(e);
	check_hidden(e);
	/* within a sequence nothing else can be written */
	if (!prompt_unfinished(&e->prompt))
		refresh(e);
	return true;
}

void editor_enter(struct editor *e)
{
	e->active = true;
	put(e, paste_on);
	check_hidden(e);
	editor_show(e);
}

void editor_leave(struct editor *e)
{
	if (!e->active)
		return;
	if (e->drawn.length > 0)
		leave_line(e);
	else if (e->prompt.column > 0 || e->prompt.row > 0)
		put(e, "\r\n");
	put(e, paste_off);
	e->active = false;
}

void editor_hide(struct editor *e)
{
	if (e->active)
		wipe_all(e);
}

void editor_show(struct editor *e)
{
	if (!e->active)
		return;
	draw_prompt(e);
	refresh(e);
}

/* Terminals wrap the lines on their screen anew: that tells where the cursor is. */
void editor_resize(struct editor *e, unsigned columns, unsigned rows)
{
	bool wider;
	unsigned up;

	wider = columns != e->columns;
	if (!wider && rows == e->rows)
		return;
	e->columns = columns;
	e->rows = rows;
	if (!e->active || (!wider && e->drawn.length == 0))
		return;
	prompt_measure(&e->prompt, columns);
	up = e->prompt.row + place_of(e, &e->drawn, e->drawn_cursor).row;
	go(e, e->top > 0 || up >= rows ? rows - 1 : up, 'A');
	put(e, "\r");
	put(e, erase);
	draw_prompt(e);
	refresh(e);
}

struct bytes *editor_screen(struct editor *e)
{
	return &e->screen;
}

struct bytes *editor_lines(struct editor *e)
{
	return &e->lines;
}

bool editor_ended(struct editor *e)
{
	bool ended = e->ended;

	e->ended = false;
	return ended;
}

struct editor *editor_new(const struct editor_settings *settings)
{
	struct editor *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->settings = *settings;
	e->columns = 80;
	e->rows = 24;
	return e;
}

void editor_free(struct editor *e)
{
	struct bytes *const all[] = {
		&e->screen, &e->lines, &e->now.line, &e->killed, &e->fresh, &e->wanted,
		&e->before.line, &e->view, &e->drawn,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		bytes_free(all[i]);
	for (unsigned i = 0; i < UNDO; i++)
		bytes_free(&e->undo[i].line);
	for (unsigned i = 0; i < e->history_count; i++)
		bytes_free(&e->history[i]);
	free(e);
}
