/* Opening entries of the file system without ever blocking. */
#ifndef ADDR_FILE_H
#define ADDR_FILE_H

#include <sys/stat.h>

#include "addr/open.h"

struct file_request {
	const char *path;        /* must stay as long as the spec */
	int flags;               /* of open(2) */
	bool create_pipe;        /* make a named pipe if there is nothing; it is removed at the
	                          * end unless unlink-close=0 */
};

struct opening *file_open(const struct spec *spec, const struct file_request *file,
                          const struct open_request *request);

/* "regular file", "named pipe" ... for log lines; st (may be NULL) gets its status, with
 * st_mode 0 if there is no such entry. */
const char *file_kind(const char *path, struct stat *st);
/* "reading", "writing", "reading and writing". */
const char *file_purpose(int direction);

#endif
