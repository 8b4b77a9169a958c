/* Checking the peer's certificate: an X.509 engine for BearSSL, around BearSSL's own, which checks
 * signatures, validity and CA rights up to an anchor. What that does not know is checked here:
 * names in iPAddress and dNSName SANs with wildcards (RFC 6125), extended key usage (RFC 5280,
 * 4.2.1.12), pinned keys. The peer's certificates are kept until the last one is there, so their
 * order does not matter, nor do superfluous ones; up to 64 KiB each, 256 KiB and 64 in all. */
#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

#include <bearssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/variables.h"
#include "tls/anchors.h"

enum { TLS_PIN_SIZE = 32, TLS_REASON = 512 };

/* What a peer has to prove. Constant; shared by all sessions, outlives them. */
struct tls_policy {
	/* NULL: its certificate may be anything (verify=0, or a pin is all that is asked for);
	 * commonname and pins are checked nevertheless if set. */
	const struct tls_anchors *anchors;
	/* A host name, or an IP address without brackets, that the certificate must be for; NULL or
	 * empty: any. */
	const char *name;
	/* SHA-256 of acceptable public keys (SubjectPublicKeyInfo, RFC 7469); none: any. Without
	 * anchors one of them in the leaf vouches for it, whatever its dates and names. */
	const unsigned char (*pins)[TLS_PIN_SIZE];
	size_t pin_count;
	bool of_client;    /* the peer is the client: the extended key usage to look for */
};

struct tls_verifier;

/* One per handshake. Returns NULL without memory. */
struct tls_verifier *tls_verifier_new(const struct tls_policy *policy);
/* The time to check dates against, in seconds since 1970, instead of the clock's: for tests. */
void tls_verifier_set_time(struct tls_verifier *verifier, int64_t now);
void tls_verifier_free(struct tls_verifier *verifier);

/* For br_ssl_engine_set_x509(). */
const br_x509_class **tls_verifier_engine(struct tls_verifier *verifier);

/* A client that shows no certificate at all does not come here: BearSSL says BR_ERR_NO_CLIENT_AUTH.
 *
 * After the handshake failed: true if it was for the certificate. The reason in plain words ("the
 * certificate has expired on 2024-05-01 12:00:00 GMT: CN=...", "its issuer is not trusted: ...; see
 * option cafile", "it is not for the name ..., but for ..."), and the alert to send (RFC 5246,
 * 7.2.2). */
bool tls_verifier_failed(const struct tls_verifier *verifier);
const char *tls_verifier_reason(const struct tls_verifier *verifier);
int tls_verifier_alert(const struct tls_verifier *verifier);

/* True if the peer has shown a certificate. Its subject in one line, for logs: "" if none. */
bool tls_verifier_has_peer(const struct tls_verifier *verifier);
const char *tls_verifier_subject(const struct tls_verifier *verifier);

/* The variables OPENSSL_X509_ISSUER, _SUBJECT, _COMMONNAME ... and OPENSSL_X509V3_DNS of the peer's
 * leaf, for free(3); NULL if there are none. They are the caller's. */
struct variables *tls_verifier_take_variables(struct tls_verifier *verifier);

#endif
