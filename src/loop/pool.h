/* Memory for objects that come and go with connections, given out by their size. */
#ifndef LOOP_POOL_H
#define LOOP_POOL_H

#include <stddef.h>

/* Zeroed memory, aligned for pointers and numbers of 8 bytes. NULL with errno set: none was left. */
void *pool_new(size_t size);

/* Give it back at once; size: as it was asked for. NULL is fine. See loop_recycle(). */
void pool_free(void *object, size_t size);

#endif
