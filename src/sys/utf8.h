/* Text in UTF-8, whatever the locale says. */
#ifndef SYS_UTF8_H
#define SYS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What utf8_decode() gives for a byte that belongs to no character. */
#define UTF8_BAD UINT32_MAX

/* The character at the beginning of text, whose length must not be 0. Returns how many bytes it has;
 * 1 for a bad byte, and for the first byte of a character whose end is missing. */
size_t utf8_decode(const char *text, size_t length, uint32_t *character);

/* How many bytes a character has that begins so; 0 if none does. */
size_t utf8_length(unsigned char first);

/* Columns that a character takes on a terminal: 0, 1 or 2; not for control characters. */
unsigned utf8_width(uint32_t character);

#endif
