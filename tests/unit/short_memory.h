/* One allocation that fails, when a test wants it; its program is linked with
 * --wrap=malloc,--wrap=calloc,--wrap=realloc (see run). */
#ifndef UNIT_SHORT_MEMORY_H
#define UNIT_SHORT_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* How many succeed before one that fails; those after it don't fail. -1: all succeed. */
static long allocations_left = -1;
/* One has failed. */
static bool refused;

static bool allowed(void)
{
	if (allocations_left < 0 || allocations_left-- > 0)
		return true;
	refused = true;
	errno = ENOMEM;
	return false;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return allowed() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allowed() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
	return allowed() ? __real_realloc(old, size) : NULL;
}

#endif
