/* Reading a whole file of modest size. */
#ifndef LOOP_INPUT_H
#define LOOP_INPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Read a file, pipe or device to its end, which a pipe's writer may make wait for long. Returns
 * memory for input_free(), or NULL with errno: EFBIG if there is more than limit, EINTR if a
 * signal to end has come first. */
unsigned char *input_read(const char *path, size_t limit, size_t *size);

/* True if reading it may take its time, as it is neither a file nor a directory. What is wrong with
 * others shows when they are read. */
bool input_can_wait(const char *path);

/* Why a file can't be read, with what may help: of EACCES, whose it is and who we are. Returns text. */
const char *input_why(const char *path, int error, char *text, size_t size);

/* Overwrites it: there may be a private key in it. */
void input_free(unsigned char *data, size_t size);

#endif
