/* TLS handshakes over a channel. */
#ifndef TLS_HANDSHAKE_H
#define TLS_HANDSHAKE_H

#include <stdint.h>

#include "chan/chan.h"
#include "sys/variables.h"
#include "tls/config.h"

struct tls_outcome {
	struct channel *channel;        /* for the data; NULL: it has failed */
	struct variables *names;        /* of the peer's certificate, for free(3); or NULL */
	const char *problem;            /* why it has failed, with what to do about it */
	bool unheard;                   /* the peer had not said a byte: a probe of the port */
};

struct tls_handshake_request {
	struct tls_config *config;      /* must stay */
	struct channel *channel;        /* to shake hands over: belongs to the handshake from now on */
	int64_t timeout;                /* nanoseconds for all of it */
	/* Not called before the start has returned. */
	void (*done)(void *owner, const struct tls_outcome *outcome);
	void *owner;
};

struct tls_handshake;

/* Returns NULL with errno set (no memory); the channel is then still the caller's. */
struct tls_handshake *tls_handshake_start(const struct tls_handshake_request *request);

/* Give up: the channel is closed, done() not called. NULL is fine. */
void tls_handshake_cancel(struct tls_handshake *handshake);

#endif
