/* Small work on text. */
#ifndef SYS_TEXT_H
#define SYS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The word of a NULL-terminated list that is nearest to the given one (edit distance at
 * most a third of its length, case ignored), or NULL. For "did you mean". */
struct nearest {
	const char *word;
	const char *best;      /* NULL: nothing near enough yet */
	unsigned distance;
};
void nearest_init(struct nearest *nearest, const char *word);
void nearest_try(struct nearest *nearest, const char *candidate);
/* The same for each of the words separated by spaces; candidates may be NULL. */
void nearest_try_list(struct nearest *nearest, const char *candidates, char *keep, size_t size);

/* True if name is one of the words separated by spaces (case ignored; list may be NULL). */
bool word_in_list(const char *name, const char *list);

/* Copy text, printable and bounded, for a message: control characters as \xHH. */
char *text_printable(const char *text, char *buffer, size_t size);

#endif
