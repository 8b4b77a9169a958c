/* A small terminal, for tests of what is drawn: it understands what the editor writes. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/utf8.h"

enum { SCREEN_COLUMNS = 40, SCREEN_ROWS = 200 };

struct screen {
	unsigned columns, rows, row, column;   /* column == columns: wraps before the next one */
	uint32_t cells[SCREEN_ROWS][SCREEN_COLUMNS];   /* 0: empty or blank; 1: right half */
	bool strange;                          /* something came that it does not understand */
	bool pasting;                          /* bracketed paste is on */
};

static inline void screen_scroll(struct screen *s)
{
	if (++s->row < s->rows)
		return;
	s->row = s->rows - 1;
	memmove(s->cells[0], s->cells[1], (s->rows - 1) * sizeof s->cells[0]);
	memset(s->cells[s->row], 0, sizeof s->cells[0]);
}

static inline void screen_put(struct screen *s, uint32_t c)
{
	unsigned width = c == UTF8_BAD ? 1 : utf8_width(c);

	if (width == 0)
		return;
	if (s->column + width > s->columns) {
		screen_scroll(s);
		s->column = 0;
	}
	s->cells[s->row][s->column] = c == ' ' ? 0 : c;
	if (width == 2)
		s->cells[s->row][s->column + 1] = 1;
	s->column += width;
}

static inline void screen_erase_below(struct screen *s)
{
	unsigned column = s->column < s->columns ? s->column : s->columns - 1;

	memset(&s->cells[s->row][column], 0, (SCREEN_COLUMNS - column) * sizeof s->cells[0][0]);
	for (unsigned row = s->row + 1; row < s->rows; row++)
		memset(s->cells[row], 0, sizeof s->cells[0]);
}

/* The end of CSI; returns false if it is unknown. */
static inline bool screen_control(struct screen *s, char end, unsigned n, bool private)
{
	unsigned by = n == 0 ? 1 : n, column = s->column < s->columns ? s->column : s->columns - 1;

	if (private) {
		s->pasting = end == 'h';
		return n == 2004 && (end == 'h' || end == 'l');
	}
	switch (end) {
	case 'A':
		s->row -= by < s->row ? by : s->row;
		s->column = column;
		return true;
	case 'B':
		s->row = s->row + by < s->rows ? s->row + by : s->rows - 1;
		s->column = column;
		return true;
	case 'C':
		s->column = column + by < s->columns ? column + by : s->columns - 1;
		return true;
	case 'H':
		s->row = s->column = 0;
		return n == 0;
	case 'J':
		if (n == 2)
			memset(s->cells, 0, sizeof s->cells);
		else
			screen_erase_below(s);
		return n == 0 || n == 2;
	default:
		return end == 'm';
	}
}

static inline void screen_write(struct screen *s, const char *data, size_t length)
{
	for (size_t i = 0; i < length;) {
		uint32_t c;
		size_t size = utf8_decode(data + i, length - i, &c);

		i += size;
		if (c == '\r') {
			s->column = 0;
		} else if (c == '\n') {
			screen_scroll(s);
			s->column = 0;
		} else if (c == 033) {
			bool private = i + 1 < length && data[i + 1] == '?';
			unsigned n = 0;

			if (i >= length || data[i++] != '[') {
				s->strange = true;
				continue;
			}
			i += private;
			for (; i < length && ((data[i] >= '0' && data[i] <= '9') || data[i] == ';'); i++)
				n = n * 10 + (unsigned)(data[i] - '0');
			if (i >= length || !screen_control(s, data[i++], n, private))
				s->strange = true;
		} else if (c >= ' ') {
			screen_put(s, c);
		} else if (c != '\a') {
			s->strange = true;
		}
	}
}

/* A row as text, without blanks at its end. */
static inline char *screen_row(const struct screen *s, unsigned row, char *text)
{
	size_t n = 0, end = 0;

	for (unsigned i = 0; i < s->columns; i++) {
		uint32_t c = s->cells[row][i];

		if (c == 1)
			continue;
		if (c == 0 || c < 0x80) {
			text[n++] = c == 0 ? ' ' : (char)c;
		} else if (c == UTF8_BAD) {
			text[n++] = '?';
		} else if (c < 0x800) {
			text[n++] = (char)(0xc0 | c >> 6);
			text[n++] = (char)(0x80 | (c & 0x3f));
		} else if (c < 0x10000) {
			text[n++] = (char)(0xe0 | c >> 12);
			text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
			text[n++] = (char)(0x80 | (c & 0x3f));
		} else {
			text[n++] = '#';
		}
		if (c != 0)
			end = n;
	}
	text[end] = '\0';
	return text;
}

/* The rows down to the cursor's, with NL between them. */
static inline char *screen_text(const struct screen *s, char *text)
{
	char *p = text;

	for (unsigned row = 0; row <= s->row; row++) {
		screen_row(s, row, p);
		p += strlen(p);
		*p++ = '\n';
	}
	p[-1] = '\0';
	return text;
}

#endif
