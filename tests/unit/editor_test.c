/* The editor: keys go in, and what a terminal shows of it is compared, as are the lines. */
#include "chan/editor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan/prompt.h"
#include "screen.h"
#include "unit.h"

static struct screen screen;
static struct editor *editor;
static char text[SCREEN_ROWS * SCREEN_COLUMNS * 4];
static char saved[4096];

static void drawn(void)
{
	struct bytes *out = editor_screen(editor);

	screen_write(&screen, out->data, out->length);
	out->length = 0;
}

static void keys(const char *bytes)
{
	size_t length = strlen(bytes), n = 0;

	while (n < length && (n += editor_keys(editor, bytes + n, length - n)) < length)
		drawn();
	drawn();
}

/* The same, byte by byte. */
static void slowly(const char *bytes)
{
	for (; *bytes != '\0'; bytes++) {
		editor_keys(editor, bytes, 1);
		drawn();
	}
}

static void output(const char *bytes)
{
	editor_output(editor, bytes, strlen(bytes));
	drawn();
}

/* All lines since the last time. */
static const char *lines(void)
{
	static char got[200000];
	struct bytes *out = editor_lines(editor);

	if (out->length > 0)
		memcpy(got, out->data, out->length);
	got[out->length] = '\0';
	out->length = 0;
	return got;
}

static const char *shown(void)
{
	return screen_text(&screen, text);
}

static bool is_password(void *owner, const char *prompt)
{
	(void)owner;
	return strstr(prompt, "assword:") != NULL;
}

static void save(void *owner, const char *line, size_t length)
{
	(void)owner;
	if (strlen(saved) + length + 2 > sizeof saved)
		return;
	strncat(saved, line, length);
	strcat(saved, "|");
}

static void start(unsigned columns, unsigned rows, const struct editor_settings *given)
{
	struct editor_settings settings = { .hidden = is_password, .entered = save };

	if (given != NULL)
		settings = *given;
	memset(&screen, 0, sizeof screen);
	screen.columns = columns;
	screen.rows = rows;
	saved[0] = '\0';
	editor = editor_new(&settings);
	editor_resize(editor, columns, rows);
	editor_enter(editor);
	drawn();
}

static void stop(void)
{
	CHECK(!screen.strange);
	editor_leave(editor);
	drawn();
	CHECK(!screen.pasting);
	CHECK_NUMBER(screen.column, 0);
	editor_free(editor);
}

/* Keys, and the line that they have made. */
static const struct {
	const char *keys, *line;
} edits[] = {
	{ "abc\r", "abc\n" },
	{ "abc\n", "abc\n" },
	{ "\r", "\n" },
	{ "bc\x01" "a\x05" "d\r", "abcd\n" },
	{ "ac\x02" "b\x06" "d\r", "abcd\n" },
	{ "ab cd\033bX\033b\033bY\033fZ\r", "YabZ Xcd\n" },
	{ "abc\x01\x04\r", "bc\n" },
	{ "abc\x08\x7f" "d\r", "ad\n" },
	{ "one two\x17" "x\r", "one x\n" },
	{ "one-two\x17" "x\r", "x\n" },
	{ "one-two\033\x7fx\r", "one-x\n" },
	{ "one two\x01\033dx\r", "x two\n" },
	{ "one two\x01\x06\x0b\r", "o\n" },
	{ "one two\x02\x15\r", "o\n" },
	{ "one\x15two \x19\r", "two one\n" },
	{ "one two three\x17\x17\x01\x19\r", "two threeone \n" },
	{ "one two\x01\033d\033d\x19\x19\r", "one twoone two\n" },
	{ "one\x15two\x15\x19\r", "two\n" },
	{ "ab\x14\r", "ba\n" },
	{ "abc\x02\x02\x14\r", "bac\n" },
	{ "a\xc3\xa4\x14\r", "\xc3\xa4" "a\n" },
	{ "abc\x15\x1f\r", "abc\n" },
	{ "abc\x1f" "d\r", "d\n" },
	{ "a\x16\x01" "b\x11\x1b" "c\r", "a\x01" "b\x1b" "c\n" },
	{ "a\tb\r", "a\tb\n" },
	{ "\xc3\xa4\xc3\xb6\xc3\xbc\x02\x08x\r", "\xc3\xa4x\xc3\xbc\n" },
	{ "e\xcc\x81x\x02\x02y\r", "ye\xcc\x81x\n" },             /* a mark goes with its letter */
	{ "\xe6\x97\xa5\xe6\x9c\xac\x7fx\r", "\xe6\x97\xa5x\n" },
	{ "a\xff\xfe" "b\x02\x7f\r", "a\xff" "b\n" },             /* bad bytes are kept */
	{ "\xc3x\xe6\x97\r", "\xc3x\xe6\x97\n" },
	{ "bc\033[Ha\033[Fd\r", "abcd\n" },
	{ "bc\033OHa\033OFd\r", "abcd\n" },
	{ "bc\033[1~a\033[4~d\033[7~\033[3~\r", "bcd\n" },
	{ "ac\033[Db\033[Cd\r", "abcd\n" },
	{ "ac\033ODb\033OCd\r", "abcd\n" },
	{ "ab cd\033[1;5DX\033[1;5D\033[1;3DY\033[1;5CZ\r", "YabZ Xcd\n" },
	{ "a\033[200~b\rc\r\nd\ne\033[201~f\r", "ab\nc\nd\nef\n" },
	{ "\033[200~a\x01\x04\x1b[D\033[201~b\r", "a\x01\x04\x1b[Db\n" },
	{ "\033[200~\033[20\033[201~b\r", "\033[20b\n" },
	{ "a\033[[Ab\033[15~\033[99;99;99xc\033[?1;2cd\033Oxe\r", "abcde\n" },  /* unknown ones */
	{ "a\033\rb\r", "a\nb\n" },                               /* ESC alone */
	{ "a\033[\rb\r", "a\nb\n" },
	{ "a\033O\rb\033[\xc3\xa4\r", "a\nb\xc3\xa4\n" },          /* no sequence has these */
	{ "a\033xb\r", "ab\n" },
	{ "a\033\xc3\xa4" "b\r", "a\xc3\xa4" "b\n" },
	{ "one\rtwo\r\x10\x10\r", "one\ntwo\none\n" },
	{ "one\rtwo\r\033[A\033OA\033[B!\r", "one\ntwo\ntwo!\n" },
	{ "one\rtwo\rnew\033<\033>!\r", "one\ntwo\nnew!\n" },
	{ "one\rtwo\rnew\033<x\r", "one\ntwo\nonex\n" },
	{ "one\rtwo\rtwo\r\x10\x10\r", "one\ntwo\ntwo\none\n" },  /* a line twice is one */
	{ "one\rtwo\rthree\r\x12o\r", "one\ntwo\nthree\ntwo\n" },
	{ "one\rtwo\rthree\r\x12o\x12\r", "one\ntwo\nthree\none\n" },
	{ "one\rtwo\r\x12o!\r", "one\ntwo\ntwo\n" },           /* nothing more is found */
	{ "one\rtwo\rthree\r\x12n\x05!\r", "one\ntwo\nthree\none!\n" },
	{ "one\rtwo\rabc\x12o\x07" "d\r", "one\ntwo\nabcd\n" },
	{ "one\rtwo\r\x12ox\x7f\r", "one\ntwo\ntwo\n" },
	{ "ab\x04" "c\r", "abc\n" },
	{ "one two\x01\033[3;5~x\r", "x two\n" },
	{ "ac\x01\033[8~d\r", "acd\n" },
	{ "abc\x15\r\x1f" "d\r", "\nd\n" },                     /* nothing of the last line */
};

static void test_edits(void)
{
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
		for (unsigned way = 0; way < 2; way++) {
			start(20, 5, NULL);
			way == 0 ? keys(edits[i].keys) : slowly(edits[i].keys);
			CHECK_TEXT(lines(), edits[i].line);
			stop();
		}
}

static void test_prompt(void)
{
	start(20, 5, NULL);
	output("hello\n> ");
	keys("abc");
	CHECK_TEXT(shown(), "hello\n> abc");
	/* output comes above */
	output("wor");
	CHECK_TEXT(shown(), "hello\n> worabc");
	output("ld\n\033[1;31m$\033[0m ");
	CHECK_TEXT(shown(), "hello\n> world\n$ abc");
	keys("\x01X");
	CHECK_TEXT(shown(), "hello\n> world\n$ Xabc");
	CHECK_NUMBER(screen.column, 3);
	keys("\r");
	output("next\n");
	keys("d");
	CHECK_TEXT(shown(), "hello\n> world\n$ Xabc\nnext\nd");
	stop();
}

static void test_own_prompt(void)
{
	struct editor_settings own = { .prompt = "me> " };
	struct editor_settings none = { .no_prompt = true };

	start(20, 6, &own);
	CHECK_TEXT(shown(), "me>");
	keys("abc");
	output("news\n");
	CHECK_TEXT(shown(), "news\nme> abc");
	/* what the peer has as a prompt takes its place */
	output("me> ");
	CHECK_TEXT(shown(), "news\nme> abc");
	keys("\r");
	CHECK_TEXT(shown(), "news\nme> abc\nme>");
	stop();
	start(20, 6, &none);
	output("ftp> ");
	keys("abc");
	CHECK_TEXT(shown(), "ftp>\nabc");
	output("news");
	CHECK_TEXT(shown(), "ftp>\nnews\nabc");
	stop();
}

static void test_wrapping(void)
{
	start(10, 6, NULL);
	output("> ");
	keys("abcdefgh");
	CHECK_TEXT(shown(), "> abcdefgh\n");
	keys("ijklmnopqrst");
	CHECK_TEXT(shown(), "> abcdefgh\nijklmnopqr\nst");
	keys("\x01" "12");
	CHECK_NUMBER(screen.row, 0);
	keys("\x05!");
	CHECK_TEXT(shown(), "> 12abcdef\nghijklmnop\nqrst!");
	output("news\n> ");
	CHECK_TEXT(shown(), "> news\n> 12abcdef\nghijklmnop\nqrst!");
	/* a wide character does not fit in the last column */
	keys("\x15" "1234567\xe6\x97\xa5");
	CHECK_TEXT(shown(), "> news\n> 1234567\n\xe6\x97\xa5");
	keys("\x02\x7f");
	keys("\x05");
	CHECK_TEXT(shown(), "> news\n> 123456\xe6\x97\xa5\n");
	stop();
}

/* A line that is higher than the window is shown in part. */
static void test_narrow(void)
{
	/* what stands for a character may be wider than the window */
	start(3, 8, NULL);
	keys("\xff\xe6\x97\xa5" "b");
	CHECK_TEXT(shown(), "?日\nb");
	keys("\x01\x04" "abc");
	CHECK_TEXT(shown(), "abc\n日b");
	CHECK_NUMBER(screen.row, 1);
	CHECK_NUMBER(screen.column, 0);
	stop();
}

static void test_high_line(void)
{
	start(10, 3, NULL);
	output("> ");
	for (unsigned i = 0; i < 60; i++)
		keys((const char[]){ (char)('a' + i % 26), '\0' });
	CHECK_TEXT(shown(), "mnopqrstuv\nwxyzabcdef\ngh");
	keys("\x01");
	CHECK_NUMBER(screen.row, 0);
	CHECK_NUMBER(screen.column, 2);
	keys("X");
	CHECK_TEXT(shown(), "> Xabcdefg");
	keys("\x05!");
	CHECK_TEXT(shown(), "lmnopqrstu\nvwxyzabcde\nfgh!");
	output("n\n> ");
	CHECK_TEXT(shown(), "lmnopqrstu\nvwxyzabcde\nfgh!");
	keys("\x15");
	CHECK_TEXT(shown(), ">");
	keys("\x1f\r");
	CHECK_NUMBER(strlen(lines()), 63);
	stop();
}

static void test_hidden(void)
{
	start(20, 8, NULL);
	keys("first\r");
	output("Password: ");
	keys("secret\x10\x12" "f\x15secret2");
	CHECK_TEXT(shown(), "first\nPassword:");
	keys("\r");
	CHECK_TEXT(lines(), "first\nsecret2\n");
	CHECK_TEXT(saved, "first|");
	output("ok\n> ");
	keys("\x10\x19");
	CHECK_TEXT(shown(), "first\nPassword:\nok\n> first");
	keys("\x15" "abc");
	/* a question while something is typed already */
	output("\n\033[1mPassword:\033[m ");
	CHECK_TEXT(shown(), "first\nPassword:\nok\n>\nPassword:");
	output("\nsorry\n");
	CHECK_TEXT(shown(), "first\nPassword:\nok\n>\nPassword:\nsorry\n");
	stop();
}

static void test_hidden_while_searching(void)
{
	/* a search has no place in a line that is hidden */
	start(40, 10, NULL);
	keys("first\r");
	lines();
	keys("\022fi");
	output("Password: ");
	keys("secret\r");
	CHECK_TEXT(lines(), "secret\n");
	CHECK_TEXT(shown(), "first\nPassword:\n");
	stop();
}

static void test_end(void)
{
	start(20, 5, NULL);
	keys("ab\x04\x01\x04\x04");
	CHECK(!editor_ended(editor));
	/* what comes behind the end is left */
	CHECK_NUMBER(editor_keys(editor, "\x04xyz", 4), 1);
	CHECK(editor_ended(editor));
	CHECK_TEXT(lines(), "");
	drawn();
	editor_free(editor);
}

static void test_interrupt(void)
{
	start(20, 5, NULL);
	output("$ ");
	keys("abc\x02");
	editor_interrupt(editor, true);
	drawn();
	CHECK_TEXT(shown(), "$ abc^C\n$");
	keys("d\r");
	CHECK_TEXT(lines(), "d\n");
	stop();
}

static void test_resize(void)
{
	start(20, 6, NULL);
	output("> ");
	keys("abcdefghijklm");
	/* a terminal that wraps anew */
	memset(screen.cells, 0, sizeof screen.cells);
	screen.columns = 10;
	screen.row = 0;
	screen.column = 0;
	screen_write(&screen, "> abcdefghijklm", 15);
	editor_resize(editor, 10, 6);
	drawn();
	CHECK_TEXT(shown(), "> abcdefgh\nijklm");
	keys("\x02X");
	CHECK_TEXT(shown(), "> abcdefgh\nijklXm");
	stop();
}

/* The peer stops within a sequence: nothing is put there. */
static void test_unfinished_output(void)
{
	start(20, 5, NULL);
	keys("abc");
	output("\033");
	output("[3");
	screen.strange = false;
	editor_output(editor, "1mx", 3);
	CHECK_NUMBER(memcmp(editor_screen(editor)->data, "1mx", 3), 0);
	editor_screen(editor)->length = 0;
	editor_output(editor, "\xe6\x97", 2);
	CHECK(editor_screen(editor)->data[editor_screen(editor)->length - 1] == '\x97');
	editor_screen(editor)->length = 0;
	editor_free(editor);
}

/* The peer's own sequences do not switch off ours. */
static void test_paste_mode(void)
{
	start(20, 5, NULL);
	CHECK(screen.pasting);
	output("\033[?2004l$ ");
	CHECK(screen.pasting);
	stop();
}

static void test_prompt_width(void)
{
	static const struct {
		const char *output;
		unsigned row, column;
		const char *text;
	} cases[] = {
		{ "abc", 0, 3, "abc" },
		{ "abc\n", 0, 0, "" },
		{ "abc\r\n> ", 0, 2, "> " },
		{ "\033[1;31mab\033[0m", 0, 2, "ab" },
		{ "\033]0;title\a$ ", 0, 2, "$ " },
		{ "\033]0;title\033\\$ ", 0, 2, "$ " },
		{ "\033(B$ ", 0, 2, "$ " },
		{ "a\tb", 0, 9, "a\tb" },
		{ "\xe6\x97\xa5\xc3\xa4", 0, 3, "\xe6\x97\xa5\xc3\xa4" },
		{ "e\xcc\x81", 0, 1, "e\xcc\x81" },
		{ "1234567890", 0, 10, "1234567890" },
		{ "12345678901", 1, 1, "12345678901" },
		{ "123456789\xe6\x97\xa5", 1, 2, "123456789\xe6\x97\xa5" },
		{ "10%\r20%", 0, 3, "20%" },
		{ "abc\b\b", 0, 1, "abc" },
		{ "a\033[5Cb", 0, 7, "ab" },
		{ "abc\033[H\033[2Jx", 0, 1, "x" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct prompt p = { .row = 0 };

		prompt_output(&p, cases[i].output, strlen(cases[i].output), 10);
		CHECK_NUMBER(p.row, cases[i].row);
		CHECK_NUMBER(p.column, cases[i].column);
		CHECK_TEXT(p.text, cases[i].text);
	}
}

static void test_limits(void)
{
	size_t length;

	start(20, 5, NULL);
	/* a line has a bound, and the rest is refused */
	for (unsigned i = 0; i < EDITOR_LINE / 1000 + 2; i++) {
		char many[1001];

		memset(many, 'x', 1000);
		many[1000] = '\0';
		keys(many);
	}
	keys("\r");
	length = strlen(lines());
	CHECK(length <= EDITOR_LINE + 1 && length >= EDITOR_LINE - 1000);
	/* few keys that make many lines: they wait */
	CHECK(editor_keys(editor, "\x10\r\x10\r\x10\r\x10\r", 8) < 8);
	editor_screen(editor)->length = editor_lines(editor)->length = 0;
	/* so has the history */
	for (unsigned i = 0; i < 2 * EDITOR_HISTORY; i++) {
		char line[20];

		snprintf(line, sizeof line, "%u\r", i);
		keys(line);
	}
	lines();
	keys("\x15\033<\r");
	CHECK_TEXT(lines(), "1000\n");
	editor_free(editor);
}

int main(void)
{
	test_edits();
	test_prompt();
	test_own_prompt();
	test_wrapping();
	test_narrow();
	test_high_line();
	test_hidden();
	test_hidden_while_searching();
	test_end();
	test_interrupt();
	test_resize();
	test_unfinished_output();
	test_paste_mode();
	test_prompt_width();
	test_limits();
	return unit_done();
}
