/* errno in words. */
#ifndef SYS_ERROR_H
#define SYS_ERROR_H

/* Like strerror(3), with the words that scripts look for in socat's log: glibc's, where
 * musl's are others. The text is constant. */
const char *error_text(int error);

/* The same for getaddrinfo(3)'s errors. */
const char *error_lookup_text(int error);

#endif
