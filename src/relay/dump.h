/* Looking at the data: -v, -x, -r, -R. */
#ifndef RELAY_DUMP_H
#define RELAY_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump {
	bool text, hex;      /* -v, -x: to stderr */
	int raw[2];          /* -r, -R: descriptors for left to right, right to left; or -1 */
};

/* True if anything is to be shown. */
bool dump_wanted(const struct dump *dump);

/* Show one block; offset: of its first byte in the direction's stream. */
void dump_block(const struct dump *dump, bool left_to_right, uint64_t offset, const void *data,
                size_t length);

/* Open a file for -r or -R. The name may refer to $VARIABLES of the environment, $$ (process
 * id), $PROGNAME, $TIMESTAMP and $MICROS. Returns the descriptor, or -1 (logged). */
int dump_open(const char *name, char option);

#endif
