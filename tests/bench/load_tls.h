/* What the files that speak TLS share. */
#ifndef LOAD_TLS_H
#define LOAD_TLS_H

#include <openssl/ssl.h>

enum {
	THREADS = 64	/* connections that have one, at a time */
};

/* A context for one cipher suite, or NULL after logging. */
SSL_CTX *new_context(const SSL_METHOD *method, const char *suite);

/* A connection after its handshake, with the session if there is one to be
 * resumed; NULL after logging. fd is from dial(). */
SSL *tls_connect(SSL_CTX *context, int fd, SSL_SESSION *session);

/* Send one hello in echo mode and check its return. */
int tls_exchange(SSL *tls);

/* Say goodbye without waiting for an answer, and close. A session that was
 * not ended so would not be resumed. */
void hang_up(SSL *tls);

#endif
