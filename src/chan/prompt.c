#include "chan/prompt.h"

#include <string.h>

#include "sys/utf8.h"

/* STRING is a title of the window and the like, which ends with BEL or ESC \. */
enum { PLAIN, ESCAPE, ESCAPE_MORE, CONTROL, STRING, STRING_ESCAPE };

enum { TAB = 8 };

void prompt_clear(struct prompt *p)
{
	p->shown_length = p->text_length = 0;
	p->text[0] = '\0';
	p->row = p->column = 0;
}

bool prompt_unfinished(const struct prompt *p)
{
	return p->state != PLAIN || p->part_length > 0;
}

/* Room for more bytes: of what is too long the first half is forgotten. */
static unsigned make_room(char *text, unsigned length, size_t size, unsigned more)
{
	if (length + more < size)
		return length;
	memmove(text, text + length / 2, length - length / 2);
	return length - length / 2;
}

static void remember(struct prompt *p, const char *bytes, unsigned length)
{
	p->shown_length = make_room(p->shown, p->shown_length, sizeof(p->shown), length);
	memcpy(p->shown + p->shown_length, bytes, length);
	p->shown_length += length;
}

static void visible(struct prompt *p, const char *bytes, unsigned length, unsigned width,
                    unsigned columns)
{
	p->text_length = make_room(p->text, p->text_length, sizeof(p->text), length);
	memcpy(p->text + p->text_length, bytes, length);
	p->text_length += length;
	p->text[p->text_length] = '\0';
	if (p->column + width > columns) {
		p->row++;
		p->column = 0;
	}
	p->column = p->column + width < columns ? p->column + width : columns;
}

static void take_part(struct prompt *p, unsigned columns)
{
	uint32_t character;

	if (utf8_decode(p->part, p->part_length, &character) < p->part_length)
		for (unsigned i = 0; i < p->part_length; i++)
			visible(p, p->part + i, 1, 1, columns);
	else
		visible(p, p->part, p->part_length,
		        character == UTF8_BAD ? 1 : utf8_width(character), columns);
	p->part_length = 0;
}

static void plain(struct prompt *p, char byte, unsigned columns)
{
	switch (byte) {
	case '\n':
	case '\r':
		prompt_clear(p);
		break;
	case '\b':
		if (p->column == columns)
			p->column--;
		if (p->column > 0)
			p->column--;
		break;
	case '\t':
		if (p->column < columns)
			p->column = (p->column / TAB + 1) * TAB;
		if (p->column >= columns)
			p->column = columns - 1;
		visible(p, &byte, 1, 0, columns);
		break;
	case '\033':
		p->state = ESCAPE;
		break;
	default:
		if ((unsigned char)byte < ' ' || byte == 0x7f)
			break;
		p->part[p->part_length++] = byte;
		if (utf8_length((unsigned char)p->part[0]) <= p->part_length)
			take_part(p, columns);
	}
}

/* The end of CSI ... (ECMA-48, 5.4). Sequences that go elsewhere begin a line anew. */
static void control(struct prompt *p, char byte, unsigned columns)
{
	unsigned n = p->number == 0 ? 1 : p->number;

	p->state = PLAIN;
	switch (byte) {
	case 'C':
		p->column = p->column + n < columns ? p->column + n : columns - 1;
		break;
	case 'D':
		p->column = p->column > n ? p->column - n : 0;
		break;
	case 'G':
		p->column = n <= columns ? n - 1 : columns - 1;
		break;
	case 'H':
	case 'f':
		prompt_clear(p);
		break;
	case 'l':
		p->reset_modes |= p->private;
		break;
	default:
		break;
	}
}

static void control_byte(struct prompt *p, char byte, unsigned columns)
{
	if (byte == '?')
		p->private = true;
	else if (byte >= '0' && byte <= '9' && p->number < 10000)
		p->number = p->number * 10 + (unsigned)(byte - '0');
	else if (byte >= 0x40 && byte <= 0x7e)
		control(p, byte, columns);
}

static void escape(struct prompt *p, char byte)
{
	p->number = 0;
	p->private = false;
	if (byte == '[')
		p->state = CONTROL;
	else if (byte == ']' || byte == 'P' || byte == '_' || byte == '^' || byte == 'X')
		p->state = STRING;
	else if (byte < 0x20 || byte > 0x2f)
		p->state = PLAIN;
	else
		p->state = ESCAPE_MORE;
}

static void sequence(struct prompt *p, char byte, unsigned columns)
{
	/* no sequence has these: whoever sent it has given up */
	if (byte == '\n' || byte == '\r' || byte == 0x18 || byte == 0x1a) {
		p->state = PLAIN;
		plain(p, byte, columns);
		return;
	}
	switch (p->state) {
	case ESCAPE:
		escape(p, byte);
		break;
	case ESCAPE_MORE:
		if (byte < 0x20 || byte > 0x2f)
			p->state = PLAIN;
		break;
	case CONTROL:
		control_byte(p, byte, columns);
		break;
	default:
		if (byte == '\a' || (p->state == STRING_ESCAPE && byte == '\\'))
			p->state = PLAIN;
		else
			p->state = byte == '\033' ? STRING_ESCAPE : STRING;
	}
}

void prompt_output(struct prompt *p, const char *data, size_t length, unsigned columns)
{
	for (size_t i = 0; i < length; i++) {
		if (p->part_length > 0 && ((unsigned char)data[i] & 0xc0) != 0x80)
			take_part(p, columns);
		remember(p, data + i, 1);
		if (p->state == PLAIN)
			plain(p, data[i], columns);
		else
			sequence(p, data[i], columns);
	}
}

void prompt_measure(struct prompt *p, unsigned columns)
{
	char copy[PROMPT_SHOWN];
	unsigned length = p->shown_length;

	memcpy(copy, p->shown, length);
	prompt_clear(p);
	p->state = PLAIN;
	p->part_length = 0;
	prompt_output(p, copy, length, columns);
}
