/* Reading a whole file of modest size. */
#ifndef TLS_INPUT_H
#define TLS_INPUT_H

#include <stddef.h>

/* Read a file, pipe or device to its end, which a pipe's writer may make wait for long. Returns
 * memory for tls_input_free(), or NULL with errno: EFBIG if there is more than limit, EINTR if a
 * signal to end has come first. */
unsigned char *tls_input_read(const char *path, size_t limit, size_t *size);

/* Why a file can't be read, with what may help: of EACCES, whose it is and who we are. Returns text. */
const char *tls_input_why(const char *path, int error, char *text, size_t size);

/* Overwrites it: there may be a private key in it. */
void tls_input_free(unsigned char *data, size_t size);

#endif
