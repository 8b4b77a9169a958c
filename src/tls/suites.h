/* Cipher suites: OpenSSL's names and lists of them, as far as BearSSL has the suites. */
#ifndef TLS_SUITES_H
#define TLS_SUITES_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_suites {
	uint16_t list[BR_MAX_CIPHER_SUITES];   /* most wanted first */
	size_t count;
};

/* The suites used without option cipher: forward secrecy first, AEAD before CBC, AES before
 * ChaCha20 where the CPU has AES instructions; then key exchange by RSA; no 3DES, no static ECDH. */
void tls_suites_default(struct tls_suites *suites);

/* Read a list in OpenSSL's format (ciphers(1), CIPHER LIST FORMAT): names of suites (OpenSSL's or
 * IANA's, any case), key words (HIGH, ECDHE, AESGCM, aRSA, ...), "+" between key words, "!", "-"
 * and "+" before them, @STRENGTH, @SECLEVEL=0..5 (as far as it selects suites), separated by ":"
 * "," ";" or " ". DEFAULT is what tls_suites_default() gives. What stands for suites that only
 * OpenSSL has selects nothing; what is unknown is an error, unlike with OpenSSL.
 * Returns 0, and in why what was asked for but BearSSL doesn't have: "DHE-RSA-AES128-SHA, PSK", or
 * "". Or returns -1 with the reason in why, a phrase after the list: "has the unknown ...",
 * "selects none of ...". why may be cut. */
int tls_suites_parse(struct tls_suites *suites, const char *text, char *why, size_t size);

/* OpenSSL's name of a suite, or "0x..." in a static buffer. */
const char *tls_suite_name(uint16_t suite);

#endif
