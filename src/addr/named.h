/* What addresses with an entry in the file system share: removing it before and after. */
#ifndef ADDR_NAMED_H
#define ADDR_NAMED_H

#include "addr/addr.h"
#include "chan/chan.h"

/* Before opening: unlink-early, then user-early, group-early, perm-early, then unlink.
 * Returns 0, or -1 (logged). */
int named_before(const struct spec *spec, const char *path);

/* After opening: unlink-late. */
void named_after(const struct spec *spec, const char *path);

/* The entry is removed when the address is closed: by default, or as option unlink-close
 * says. Returns the closer, NULL if it stays (or without memory: then it stays too). The
 * working directory of now counts, not that of then. */
struct closer *named_closer(const struct spec *spec, const char *path, bool by_default);

/* The same for a symbolic link that was made, by default removed: only if it still leads to target, a
 * name of less than 32 bytes. */
struct closer *named_link_closer(const struct spec *spec, const char *path, const char *target);

#endif
