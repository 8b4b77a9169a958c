/* The pool as the relay has it, not the one for sanitizers: an object each from malloc(3). */
#include <stddef.h>

#undef __SANITIZE_ADDRESS__
#define pool_new tested_new
#define pool_free tested_free
#include "../../src/loop/pool.c"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

enum { MANY = 3000 };

/* Pages that this process has, in bytes. */
static size_t mapped(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1);
	if (file != NULL)
		fclose(file);
	return pages * 4096;
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* Every object has its own memory, zeroed, aligned; what was written stays. */
static void check_many(size_t size)
{
	static unsigned char *objects[MANY];
	size_t wrong = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			objects[i] = tested_new(size);
			CHECK(objects[i] != NULL);
			wrong += (uintptr_t)objects[i] % 8 != 0 || !is_zero(objects[i], size);
			memset(objects[i], (int)(i % 255 + 1), size);
		}
		for (unsigned i = 0; i < MANY; i++)
			wrong += objects[i][0] != i % 255 + 1 || objects[i][size - 1] != i % 255 + 1;
		/* every other one first, so that no chunk becomes empty in one go */
		for (unsigned i = 0; i < MANY; i += 2)
			tested_free(objects[i], size);
		for (unsigned i = 1; i < MANY; i += 2)
			wrong += objects[i][0] != i % 255 + 1 || objects[i][size - 1] != i % 255 + 1;
		for (unsigned i = 1; i < MANY; i += 2)
			tested_free(objects[i], size);
	}
	CHECK(wrong == 0);
}

/* What many took goes back, apart from a chunk. */
static void check_given_back(void)
{
	static void *objects[MANY];
	size_t before = mapped(), during;

	for (unsigned i = 0; i < MANY; i++)
		objects[i] = tested_new(640);
	during = mapped();
	/* an emulator has taken the whole address space of 32 bits before */
	CHECK(during + CHUNK >= before + (size_t)MANY * 640 || getenv("EMULATOR") != NULL);
	for (unsigned i = 0; i < MANY; i++)
		tested_free(objects[i], 640);
	CHECK(mapped() <= before + CHUNK);
}

/* One after the other get the same memory again. */
static void check_reuse(void)
{
	void *first = tested_new(1000), *second;

	tested_free(first, 1000);
	second = tested_new(1000);
	CHECK(second == first);
	tested_free(second, 1000);
	tested_free(NULL, 1000);
}

int main(void)
{
	static const size_t sizes[] = { 8, 9, 72, 96, 328, 640, LARGEST - 1, LARGEST, LARGEST + 1 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_many(sizes[i]);
	check_given_back();
	check_reuse();
	return unit_done();
}
