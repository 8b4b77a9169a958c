/* BearSSL's engine for one handshake, set up for an address. */
#ifndef TLS_ENGINE_H
#define TLS_ENGINE_H

#include "chan/tls.h"
#include "tls/config.h"

/* Room for records during a handshake. Records in clear are taken in pieces, and encrypted ones are
 * small then. Bytes read from the peer at once. */
enum { TLS_ENGINE_BUFFER = 4096 + 512, TLS_ENGINE_INPUT = 8192 };

struct tls_engine {
	union {
		br_ssl_engine_context core;    /* both begin with it */
		br_ssl_client_context client;
		br_ssl_server_context server;
	} ssl;
	struct tls_verifier *verifier;
	struct tls_material *material;
	const struct tls_settings *settings;
	bool offered;                          /* a session to be resumed */
	/* A server's cache of sessions: saves are noticed on their way, as only new sessions are saved. */
	const br_ssl_session_cache_class *cache;
	const br_ssl_session_cache_class **shared_cache;
	bool saved;
	unsigned char buffer[TLS_ENGINE_BUFFER];
	unsigned char input[TLS_ENGINE_INPUT]; /* from the peer, for who drives the engine */
	size_t input_start, input_end;
};

/* Returns NULL with errno set. A client's engine has its first message ready. */
struct tls_engine *tls_engine_new(struct tls_config *config);
/* Overwrites the keys. NULL is fine. */
void tls_engine_free(struct tls_engine *engine);

/* The handshake has succeeded: what the channel for the data needs. It points into the engine. */
void tls_engine_session(const struct tls_engine *engine, struct tls_session *session);
/* Say so, and remember the session (clients). Returns what programs get to know, the peer's names
 * (of a resumed session those of the first one), suite and version, for free(3); NULL: nothing. */
struct variables *tls_engine_finish(struct tls_engine *engine);
/* It has failed: a session that was offered is not going to be offered again. */
void tls_engine_forget(struct tls_engine *engine);

#endif
