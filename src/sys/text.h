/* Small work on text. */
#ifndef SYS_TEXT_H
#define SYS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* For "did you mean": of all candidates tried, the word nearest to the given one. Near is
 * an edit distance (case ignored) of at most a third of the word's length, at least 1. */
struct nearest {
	const char *word;
	char best[64];         /* "": nothing near enough yet */
	unsigned distance;
};
void nearest_init(struct nearest *nearest, const char *word);
/* Try each of the words separated by spaces; candidates may be NULL. */
void nearest_try(struct nearest *nearest, const char *candidates);

/* True if name is one of the words separated by spaces (case ignored; list may be NULL). */
bool word_in_list(const char *name, const char *list);

/* Copy text, printable and bounded, for a message: control characters as \xHH, and "..."
 * at the end if it had to be cut. Returns the buffer. size must be at least 8. */
char *text_printable(const char *text, char *buffer, size_t size);

/* The same with so many bytes that a stranger has sent. Everything but ASCII is escaped, too: there
 * are control characters behind it, and such that turn the line around. */
char *text_foreign(const void *bytes, size_t length, char *buffer, size_t size);

#endif
