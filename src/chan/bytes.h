/* A growing piece of memory. */
#ifndef CHAN_BYTES_H
#define CHAN_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
	char *data;            /* NULL while there was nothing */
	size_t length, room;
};

/* Put something in at a place, or at the end. Returns false without memory; nothing has changed then. */
bool bytes_insert(struct bytes *bytes, size_t place, const void *data, size_t length);
bool bytes_add(struct bytes *bytes, const void *data, size_t length);
bool bytes_add_text(struct bytes *bytes, const char *text);
void bytes_remove(struct bytes *bytes, size_t place, size_t length);
/* Make it the same as the other one. */
bool bytes_copy(struct bytes *bytes, const struct bytes *from);
bool bytes_equal(const struct bytes *bytes, const char *data, size_t length);
/* Free what it has; it is empty then. */
void bytes_free(struct bytes *bytes);

#endif
