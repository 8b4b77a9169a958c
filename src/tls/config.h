/* What all sessions of a TLS address share: key, anchors, policy, cached sessions. */
#ifndef TLS_CONFIG_H
#define TLS_CONFIG_H

#include <bearssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/variables.h"
#include "tls/anchors.h"
#include "tls/key.h"
#include "tls/suites.h"
#include "tls/verify.h"

/* What the user wants. Texts and lists must outlive the configuration. */
struct tls_settings {
	const char *where;               /* the address, for messages */
	bool server;
	const char *certificate, *key;   /* files, or NULL; a key only with a certificate */
	bool verify;                     /* by the anchors */
	const char *cafile, *capath;     /* or NULL */
	const char *name;                /* the peer's certificate must be for; NULL or "": any */
	const char *sni;                 /* NULL: none */
	const unsigned char (*pins)[TLS_PIN_SIZE];
	size_t pin_count;
	struct tls_suites suites;
	unsigned version_min, version_max;
	unsigned ask_fragment;           /* maxfraglen, 512..4096; 0: don't ask */
	unsigned send_fragment;          /* maxsendfrag, 512..16384 */
	const char **protocols;          /* for ALPN */
	size_t protocol_count;
};

/* What was read from files, with what depends on it. Handshakes hold a reference, so that new files
 * (SIGHUP) can take its place at any time. */
struct tls_material {
	unsigned references;
	struct tls_key *key;             /* NULL: no certificate */
	struct tls_anchors *anchors;     /* NULL: verify=0 */
	struct tls_policy policy;
	/* A server's sessions that may be resumed. NULL: none (the certificate that a client has
	 * shown is not part of a session, so clients that have to show one can't resume). */
	br_ssl_session_cache_lru *cache;
	unsigned char *cache_memory;
	int64_t cache_until;             /* loop_now(): then all of them are forgotten */
	/* A client's last session. */
	br_ssl_session_parameters last;
	int64_t last_until;              /* loop_now(); 0: there is none */
	struct variables *last_names;    /* its peer's */
};

struct tls_config {
	struct tls_settings settings;
	struct tls_material *material;   /* the current one */
};

/* True if the peer has to show a certificate that is checked. */
bool tls_asks_peer(const struct tls_settings *settings);

/* Load the files. Returns NULL after an error line. */
struct tls_config *tls_config_new(const struct tls_settings *settings);

/* Load them anew, for sessions from now on. Returns 0, or -1 after an error line: then everything
 * stays as it is. */
int tls_config_reload(struct tls_config *config);

struct tls_material *tls_material_hold(struct tls_config *config);
void tls_material_release(struct tls_material *material);
/* A server's sessions, those that are too old left out; NULL: none are resumed. */
const br_ssl_session_cache_class **tls_material_cache(struct tls_material *material);

#endif
