/* Files of networks that may connect or may not (option range-file): one on a line, IPv4 or IPv6,
 * as range_parse_listed() reads it, or of bytes; a "!" in front denies; what is behind a "#" is
 * a comment. */
#ifndef ADDR_RANGE_FILE_H
#define ADDR_RANGE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "addr/network_table.h"

/* Add what is in a file. bytes: its ranges are as range_parse_bytes() reads them. where: the
 * address, for messages. Returns 0, or -1 after one error line. */
int range_file_read(struct network_table *table, const char *path, bool bytes, const char *where);

/* The same with the file's content. */
int range_file_parse(struct network_table *table, const char *text, size_t size, bool bytes,
                     const char *path, const char *where);

#endif
