/* Variables that programs get: a list that grows at its end and is copied as a whole. */
#ifndef SYS_VARIABLES_H
#define SYS_VARIABLES_H

#include <stddef.h>

/* "NAME=value" and a NUL each, without the prefix SOCAT_. */
struct variables {
	size_t size;
	char text[];
};

/* A longer list, which takes the place of the given one (NULL: an empty one). Control characters
 * of the value become "?". Returns NULL without memory; the given list is then unchanged. */
struct variables *variables_add(struct variables *variables, const char *name, const char *value);

/* A copy for free(3); NULL without memory. */
struct variables *variables_copy(const struct variables *variables);

#endif
