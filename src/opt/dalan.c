/* Dalan data: see dalan.h.
 *
 * Every item is longer as text than as bytes, except numbers: "l1" is 2 characters for up
 * to 8 bytes, and " 1" of a list as well. Eight bytes for each character are enough for any
 * text, so that the buffer never has to grow. */
#include "opt/dalan.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct integer_type {
	char letter;
	size_t size;
	int64_t low;       /* 0: unsigned */
	uint64_t high;
};

static const struct integer_type integer_types[] = {
	{'i', sizeof(int), INT_MIN, INT_MAX},
	{'I', sizeof(unsigned), 0, UINT_MAX},
	{'l', sizeof(long), LONG_MIN, LONG_MAX},
	{'L', sizeof(unsigned long), 0, ULONG_MAX},
	{'s', sizeof(short), SHRT_MIN, SHRT_MAX},
	{'S', sizeof(unsigned short), 0, USHRT_MAX},
	{'b', 1, SCHAR_MIN, SCHAR_MAX},
	{'B', 1, 0, UCHAR_MAX},
};

static const struct integer_type *integer_type(char letter)
{
	for (size_t i = 0; i < sizeof integer_types / sizeof *integer_types; i++)
		if (integer_types[i].letter == letter)
			return &integer_types[i];
	return NULL;
}

/* Store the low bytes of a number in the order of this host. */
static void put_number(struct opt_data *out, uint64_t number, size_t size)
{
	uint32_t four = (uint32_t)number;
	uint16_t two = (uint16_t)number;
	uint8_t one = (uint8_t)number;
	const void *from = size == 8 ? (const void *)&number : size == 4 ? (const void *)&four
	                 : size == 2 ? (const void *)&two : (const void *)&one;

	memcpy(out->bytes + out->length, from, size);
	out->length += size;
}

static const char *read_number(const char *text, const struct integer_type *type,
                               struct opt_data *out, const char **why)
{
	const char *digits = text + strspn(text, " \t\n");
	bool negative = *digits == '-';
	uint64_t number;
	char *end;

	if (negative)
		digits++;
	if (!isdigit((unsigned char)*digits)) {
		*why = "a number is missing";
		return NULL;
	}
	errno = 0;
	number = strtoull(digits, &end, 10);
	if (errno != 0 || (negative ? number > 0 - (uint64_t)type->low : number > type->high)) {
		*why = "the number does not fit its type";
		return NULL;
	}
	put_number(out, negative ? 0 - number : number, type->size);
	return end;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static const char *read_hex(const char *text, struct opt_data *out, const char **why)
{
	if (hex_digit(*text) < 0) {
		*why = "hex digits are missing";
		return NULL;
	}
	for (; hex_digit(text[0]) >= 0; text += 2) {
		if (hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0) {
			*why = "the number of hex digits is odd";
			return NULL;
		}
		out->bytes[out->length++] =
			(unsigned char)((unsigned)hex_digit(text[0]) << 4 | (unsigned)hex_digit(text[1]));
	}
	return text;
}

/* One character of a quoted item, with the usual conversions. */
static const char *read_char(const char *text, struct opt_data *out)
{
	static const char letters[] = "nrtfbae0", codes[] = "\n\r\t\f\b\a\033";
	const char *found;
	char c = *text++;

	if (c == '\\' && *text != '\0') {
		c = *text++;
		found = strchr(letters, c);
		if (found != NULL)
			c = codes[found - letters];
	}
	out->bytes[out->length++] = (unsigned char)c;
	return text;
}

static const char *read_quoted(const char *text, char quote, struct opt_data *out,
                               const char **why)
{
	size_t before = out->length;

	while (*text != quote) {
		if (*text == '\0') {
			*why = "the closing quote is missing";
			return NULL;
		}
		text = read_char(text, out);
	}
	if (quote == '\'' && out->length != before + 1) {
		*why = "'' must hold a single character";
		return NULL;
	}
	return text + 1;
}

static const char *read_item(const char *text, char type, struct opt_data *out,
                             const char **why)
{
	if (type == 'x')
		return read_hex(text, out, why);
	if (type == '"' || type == '\'')
		return read_quoted(text, type, out, why);
	return read_number(text, integer_type(type), out, why);
}

int dalan_read(const char *text, struct opt_data *out, const char **why, const char **where)
{
	char type = 'i';

	out->length = 0;
	out->bytes = malloc(strlen(text) * sizeof(uint64_t) + 1);
	if (out->bytes == NULL) {
		*why = "out of memory";
		*where = text;
		return -1;
	}
	for (text += strspn(text, " \t\n"); *text != '\0'; text += strspn(text, " \t\n")) {
		const char *start = text;
		bool quoted = *text == '"' || *text == '\'';

		if (quoted || *text == 'x' || integer_type(*text) != NULL) {
			type = *text++;
		} else if (type == '"' || type == '\'') {
			*why = "the type is unknown";
			text = NULL;
		}
		if (text != NULL)
			text = read_item(text, type, out, why);
		if (text == NULL) {
			*where = start;
			free(out->bytes);
			*out = (struct opt_data){0};
			return -1;
		}
	}
	return 0;
}
