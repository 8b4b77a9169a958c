/* Dalan, the "low level data description language" of the manual's section DATA VALUES:
 * bytes written as typed items, for options that pass raw data to the kernel. */
#ifndef OPT_DALAN_H
#define OPT_DALAN_H

#include "opt/opt.h"

/* Translate the text into bytes. Items follow each other, with or without white space in
 * between; an item starts with its type (i I l L s S b B x " ') or has that of the item
 * before, the first one i. Numbers are decimal and must fit into their type.
 *
 * Returns 0 and an allocated out->bytes (never NULL, also when nothing was written), or -1
 * with *why telling the reason (a constant) and *where pointing to the item. */
int dalan_read(const char *text, struct opt_data *out, const char **why, const char **where);

#endif
