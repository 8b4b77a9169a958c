/* The editor: random keys and output. A terminal shows what is drawn; it is compared with a simple
 * picture of prompt and line after each step. Steps: keys, output, text (for which the line is known
 * without the editor), another size. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/screen.h"
#include "chan/editor.h"
#include "chan/prompt.h"

static struct screen screen;
static struct editor *editor;

static void drawn(void)
{
	struct bytes *out = editor_screen(editor);

	/* one step draws the line some times at most */
	assert(out->length < 4000000);
	screen_write(&screen, out->data, out->length);
	out->length = 0;
}

static bool is_password(void *owner, const char *prompt)
{
	(void)owner;
	return strstr(prompt, "word") != NULL;
}

/* Feed keys, with the lines that they finish thrown away. */
static void keys(const uint8_t *data, size_t length)
{
	while (length > 0) {
		size_t n = editor_keys(editor, (const char *)data, length);

		drawn();
		editor_lines(editor)->length = 0;
		if (editor_ended(editor)) {
			editor_enter(editor);
			drawn();
		}
		data += n;
		length -= n;
	}
}

/* Printable characters that the output is made of: its sequences would move the cursor anywhere. */
static char output_byte(uint8_t byte)
{
	static const char letters[] = "abc> \n\n$ word:";

	return letters[byte % (sizeof letters - 1)];
}

/* Put a known line on the screen, plainly typed, and compare. */
static void compare(const uint8_t *data, size_t length)
{
	static const char *const letters[] = { "a", "b", " ", "\xc3\xa4", "\xe6\x97\xa5", "x" };
	char line[1024] = "a";
	unsigned column = 2, row = 0, first;

	if (screen.columns == 1)
		return;      /* too narrow for some of the letters */
	/* out of any sequence, search or line; then a line of its own */
	keys((const uint8_t *)"\x07\x07", 2);
	keys((const uint8_t *)"a\033[201~\r", 8);
	editor_output(editor, "\n> ", 3);
	drawn();
	for (size_t i = 0; i < length && i < 100; i++)
		strcat(line, letters[data[i] % 6]);
	keys((const uint8_t *)line, strlen(line));
	/* there and back */
	keys((const uint8_t *)"\x01\x0b\x19\x05", 4);
	for (const char *p = line; *p != '\0';) {
		uint32_t c;
		unsigned width;

		p += utf8_decode(p, 4, &c);
		width = utf8_width(c);
		if (column + width > screen.columns)
			column = 0, row++;
		column += width;
	}
	if (column == screen.columns)
		column = 0, row++;
	assert(screen.column == column);
	if (row + 1 >= screen.rows)
		return;      /* only a part is on the screen */
	first = screen.row - row;
	assert(screen.cells[first][0] == '>');
	row = first, column = 2;
	for (const char *p = line; *p != '\0';) {
		uint32_t c;

		p += utf8_decode(p, 4, &c);
		if (column + utf8_width(c) > screen.columns) {
			/* a wide character left it empty */
			assert(column == screen.columns || screen.cells[row][column] == 0);
			column = 0, row++;
		}
		assert(screen.cells[row][column] == (c == ' ' ? 0 : c));
		column += utf8_width(c);
	}
	editor_keys(editor, "\r", 1);
	drawn();
	assert(editor_lines(editor)->length == strlen(line) + 1 &&
	       memcmp(editor_lines(editor)->data, line, strlen(line)) == 0);
	editor_lines(editor)->length = 0;
}

static void step(uint8_t kind, const uint8_t *data, size_t length)
{
	char text[64];

	switch (kind % 4) {
	case 0:
		keys(data, length);
		break;
	case 1:
		for (size_t i = 0; i < length; i++)
			text[i] = output_byte(data[i]);
		editor_output(editor, text, length);
		break;
	case 2:
		compare(data, length);
		break;
	default:
		/* the terminal does not wrap anew: what was there is cut */
		if (length < 2)
			return;
		memset(screen.cells, 0, sizeof screen.cells);
		screen.columns = 1 + data[0] % 31;
		screen.rows = 1 + data[1] % 11;
		screen.row = screen.column = 0;
		editor_resize(editor, screen.columns, screen.rows);
		break;
	}
	drawn();
	assert(!screen.strange);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct editor_settings settings = { .hidden = is_password };

	if (size < 1)
		return 0;
	memset(&screen, 0, sizeof screen);
	screen.columns = 20;
	screen.rows = 6;
	if (data[0] & 1)
		settings.prompt = "me> ";
	settings.no_prompt = (data[0] & 6) == 6;
	editor = editor_new(&settings);
	editor_resize(editor, screen.columns, screen.rows);
	editor_enter(editor);
	drawn();
	for (size_t i = 1; i < size;) {
		size_t length = data[i] >> 2;

		if (length > size - i - 1)
			length = size - i - 1;
		/* without a prompt of its own the picture is another one */
		if (data[i] % 4 != 2 || (!settings.no_prompt))
			step(data[i], data + i + 1, length);
		i += 1 + length;
	}
	editor_leave(editor);
	drawn();
	assert(!screen.pasting && screen.column == 0);
	editor_free(editor);

	/* output of any kind: nothing but bounds is to be seen of it */
	{
		struct prompt prompt = { .row = 0 };

		prompt_output(&prompt, (const char *)data, size, 20);
		assert(prompt.column <= 20 && prompt.shown_length <= PROMPT_SHOWN);
		assert(strlen(prompt.text) < PROMPT_TEXT);
		prompt_measure(&prompt, 11);
		assert(prompt.column <= 11);
	}
	return 0;
}
