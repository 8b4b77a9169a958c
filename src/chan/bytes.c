#include "chan/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST = 64 };

bool bytes_insert(struct bytes *bytes, size_t place, const void *data, size_t length)
{
	size_t room = bytes->room < LEAST ? LEAST : bytes->room;
	char *grown;

	if (length == 0)
		return true;
	while (room < bytes->length + length)
		room *= 2;
	if (room != bytes->room) {
		grown = realloc(bytes->data, room);
		if (grown == NULL)
			return false;
		bytes->data = grown;
		bytes->room = room;
	}
	memmove(bytes->data + place + length, bytes->data + place, bytes->length - place);
	memcpy(bytes->data + place, data, length);
	bytes->length += length;
	return true;
}

bool bytes_add(struct bytes *bytes, const void *data, size_t length)
{
	return bytes_insert(bytes, bytes->length, data, length);
}

bool bytes_add_text(struct bytes *bytes, const char *text)
{
	return bytes_add(bytes, text, strlen(text));
}

void bytes_remove(struct bytes *bytes, size_t place, size_t length)
{
	if (length == 0)
		return;
	bytes->length -= length;
	memmove(bytes->data + place, bytes->data + place + length, bytes->length - place);
}

bool bytes_copy(struct bytes *bytes, const struct bytes *from)
{
	bytes->length = 0;
	return bytes_add(bytes, from->data, from->length);
}

bool bytes_equal(const struct bytes *bytes, const char *data, size_t length)
{
	return bytes->length == length && (length == 0 || memcmp(bytes->data, data, length) == 0);
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ .data = NULL };
}
