/* Theory of operation. Objects of one size lie side by side in chunks, without a header of their own:
 * the chunk begins at a multiple of its size, so an object's address tells where. A list per size has
 * the chunks with room; full ones are in none. Chunks with no object left are given back, apart from
 * the last with room: connections that come one after the other need no system call.
 *
 * Checked by AddressSanitizer, each object is allocated by itself, so that it can be watched. */
#include "loop/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK = 65536, STEP = 8, LARGEST = 2048 };

struct chunk {
	/* of those with room for objects of this size; what follows the header is aligned like it */
	_Alignas(STEP) struct chunk *prev;
	struct chunk *next;
	void *free;                  /* given back: each begins with a pointer to the next */
	uint32_t fresh;              /* where memory that was never given out begins */
	uint32_t used;               /* objects given out */
};

#ifdef __SANITIZE_ADDRESS__
static bool by_itself(size_t size)
{
	(void)size;
	return true;
}
#else
static bool by_itself(size_t size)
{
	return size > LARGEST;
}
#endif

static struct chunk *with_room[LARGEST / STEP + 1];

static void insert(struct chunk *chunk, size_t step)
{
	chunk->prev = NULL;
	chunk->next = with_room[step];
	if (chunk->next != NULL)
		chunk->next->prev = chunk;
	with_room[step] = chunk;
}

static void remove_chunk(struct chunk *chunk, size_t step)
{
	if (chunk->next != NULL)
		chunk->next->prev = chunk->prev;
	if (chunk->prev != NULL)
		chunk->prev->next = chunk->next;
	else
		with_room[step] = chunk->next;
}

/* The kernel's pages, of twice the size, without what is not aligned: aligned_alloc(3) would keep that,
 * and touch a page of it. */
static struct chunk *new_chunk(size_t step)
{
	unsigned char *pages = mmap(NULL, (size_t)2 * CHUNK, PROT_READ | PROT_WRITE,
	                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct chunk *chunk;
	size_t before;

	if (pages == MAP_FAILED)
		return NULL;
	before = CHUNK - ((uintptr_t)pages & (CHUNK - 1));
	munmap(pages, before);
	if (before < CHUNK)
		munmap(pages + before + CHUNK, CHUNK - before);
	chunk = (struct chunk *)(void *)(pages + before);
	chunk->fresh = sizeof(*chunk);
	insert(chunk, step);
	return chunk;
}

static bool has_room(const struct chunk *chunk, size_t step)
{
	return chunk->free != NULL || chunk->fresh + step * STEP <= CHUNK;
}

void *pool_new(size_t size)
{
	size_t step = (size + STEP - 1) / STEP;
	struct chunk *chunk;
	void *object;

	if (by_itself(size))
		return calloc(1, size);
	chunk = with_room[step] != NULL ? with_room[step] : new_chunk(step);
	if (chunk == NULL)
		return NULL;
	object = chunk->free;
	if (object != NULL) {
		memcpy(&chunk->free, object, sizeof(void *));
	} else {
		object = (unsigned char *)chunk + chunk->fresh;
		chunk->fresh += (uint32_t)(step * STEP);
	}
	chunk->used++;
	if (!has_room(chunk, step))
		remove_chunk(chunk, step);
	return memset(object, 0, size);
}

void pool_free(void *object, size_t size)
{
	size_t step = (size + STEP - 1) / STEP;
	struct chunk *chunk;

	if (object == NULL || by_itself(size)) {
		free(object);
		return;
	}
	chunk = (struct chunk *)((uintptr_t)object & ~(uintptr_t)(CHUNK - 1));
	if (!has_room(chunk, step))
		insert(chunk, step);
	memcpy(object, &chunk->free, sizeof(void *));
	chunk->free = object;
	if (--chunk->used > 0 || (chunk->prev == NULL && chunk->next == NULL))
		return;
	remove_chunk(chunk, step);
	munmap(chunk, CHUNK);
}
