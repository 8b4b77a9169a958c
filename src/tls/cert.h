/* What a certificate says (X.509; RFC 5280). */
#ifndef TLS_CERT_H
#define TLS_CERT_H

#include <bearssl.h>

#include "tls/der.h"

/* Bits of the key usage (RFC 5280, 4.2.1.3). */
enum {
	CERT_DIGITAL_SIGNATURE = 1 << 0,
	CERT_NON_REPUDIATION = 1 << 1,
	CERT_KEY_ENCIPHERMENT = 1 << 2,
	CERT_DATA_ENCIPHERMENT = 1 << 3,
	CERT_KEY_AGREEMENT = 1 << 4,
	CERT_SIGN = 1 << 5,
};

/* All parts point into the certificate's bytes. */
struct tls_cert {
	struct der whole;
	struct der subject, issuer;      /* names, with tag and length */
	struct der key;                  /* SubjectPublicKeyInfo, with tag and length */
	struct der names;                /* content of the subjectAltName; absent if there is none */
	struct der unknown;              /* OID of the first critical extension that we don't know */
	int64_t not_before, not_after;   /* seconds since 1970 */
	bool version1;
	bool has_constraints, is_ca;     /* basicConstraints (4.2.1.9) */
	bool has_usage;
	uint32_t usage;                  /* CERT_...; all bits if there is no such extension */
	bool has_extended;               /* extendedKeyUsage (4.2.1.12) */
	bool for_server, for_client;     /* true if it allows that, or is missing */
};

/* Read it. The bytes have to last as long as the structure. Returns NULL, or what is wrong. */
const char *tls_cert_parse(struct tls_cert *cert, const unsigned char *data, size_t size);

/* Its public key, which is in the decoder's memory; NULL if it is of a kind or size that BearSSL
 * has not. */
const br_x509_pkey *tls_cert_key(const struct tls_cert *cert, br_x509_decoder_context *decoder);

/* The key as its owner would say it, "RSA", "EC", "Ed25519" ...: for messages. */
const char *tls_cert_key_kind(const struct tls_cert *cert);

/* BR_KEYTYPE_KEYX and BR_KEYTYPE_SIGN: what the leaf's key may be used for. */
unsigned tls_cert_usages(const struct tls_cert *cert);

/* Subject and issuer are the same name. */
bool tls_cert_self_issued(const struct tls_cert *cert);

/* A date as "2024-05-01 12:00:00 UTC". Returns text; 32 bytes are enough. */
char *tls_cert_date(int64_t time, char *text, size_t size);

#endif
