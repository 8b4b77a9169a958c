/* Files of lines that were entered. */
#ifndef ADDR_HISTORY_H
#define ADDR_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

struct history;

/* Read a file, and have add() called for each of its lines, of which the last ones matter: keep says how
 * many. A file that is missing is made when a line is added. One that has grown to twice as many
 * lines is cut to those. where: the address, for messages. Returns NULL after logging. */
struct history *history_open(const char *path, unsigned keep, const char *where,
                             bool (*add)(void *owner, const char *line, size_t length),
                             void *owner);

/* Add a line to the file at once, so that nothing is lost, whoever else does the same and however we
 * end. That it fails is said once. */
void history_add(struct history *history, const char *line, size_t length);

void history_free(struct history *history);

#endif
