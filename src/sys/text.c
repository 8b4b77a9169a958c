/* Small work on text. */
#include "sys/text.h"

#include <string.h>
#include <strings.h>

#define NEAREST_MAX 63

void nearest_init(struct nearest *nearest, const char *word)
{
	size_t length = strlen(word);

	nearest->word = word;
	nearest->best[0] = '\0';
	nearest->distance = (unsigned)(length < 3 ? 1 : length / 3) + 1;
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* Levenshtein's edit distance, where exchanging two neighbours counts as one error too.
 * Three rows of the matrix are enough; words are at most NEAREST_MAX long. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][NEAREST_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned differs = lower(a[i - 1]) != lower(b[j - 1]);

			row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + differs);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2])
			    && lower(a[i - 2]) == lower(b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		unsigned *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_length];
}

void nearest_try(struct nearest *nearest, const char *candidates)
{
	size_t length = strlen(nearest->word);

	if (candidates == NULL || length > NEAREST_MAX)
		return;
	while (*candidates != '\0') {
		size_t size = strcspn(candidates, " ");

		if (size > 0 && size <= NEAREST_MAX) {
			unsigned d = distance(nearest->word, length, candidates, size);

			/* A word that shares nothing with the other is no suggestion. */
			if (d < nearest->distance && d < size && d < length) {
				nearest->distance = d;
				memcpy(nearest->best, candidates, size);
				nearest->best[size] = '\0';
			}
		}
		candidates += size;
		candidates += strspn(candidates, " ");
	}
}

bool word_in_list(const char *name, const char *list)
{
	size_t length = strlen(name);

	if (list == NULL || length == 0)
		return false;
	while (*list != '\0') {
		size_t size = strcspn(list, " ");

		if (size == length && strncasecmp(name, list, size) == 0)
			return true;
		list += size;
		list += strspn(list, " ");
	}
	return false;
}

/* ascii: bytes of other characters are no better than control characters. */
static char *escape(const char *text, size_t length, bool ascii, char *buffer, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = c >= 0x20 && c != 0x7f && (c < 0x80 || !ascii);

		/* Keep room for this character, for "..." and for the end. */
		if (used + (plain ? 1 : 4) + 4 > size) {
			memcpy(buffer + used, "...", 3);
			used += 3;
			break;
		}
		if (plain) {
			buffer[used++] = text[i];
		} else {
			buffer[used++] = '\\';
			buffer[used++] = 'x';
			buffer[used++] = digits[c >> 4];
			buffer[used++] = digits[c & 15];
		}
	}
	buffer[used] = '\0';
	return buffer;
}

char *text_printable(const char *text, char *buffer, size_t size)
{
	return escape(text, strlen(text), false, buffer, size);
}

char *text_foreign(const void *bytes, size_t length, char *buffer, size_t size)
{
	return escape(bytes, length, true, buffer, size);
}
