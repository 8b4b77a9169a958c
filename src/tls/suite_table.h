/* The cipher suites that BearSSL has. */
#ifndef TLS_SUITE_TABLE_H
#define TLS_SUITE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* What a suite is made of, and what groups it belongs to: what key words select by. */
enum suite_trait {
	SUITE_KX_RSA = 1 << 0, SUITE_KX_ECDHE = 1 << 1,
	/* Static ECDH: the key in the certificate is the server's half of the agreement. */
	SUITE_KX_ECDH_ECDSA = 1 << 2, SUITE_KX_ECDH_RSA = 1 << 3,
	SUITE_AUTH_RSA = 1 << 4, SUITE_AUTH_ECDSA = 1 << 5, SUITE_AUTH_ECDH = 1 << 6,
	SUITE_AES128 = 1 << 7, SUITE_AES256 = 1 << 8, SUITE_CHACHA20 = 1 << 9, SUITE_3DES = 1 << 10,
	SUITE_CBC = 1 << 11, SUITE_GCM = 1 << 12, SUITE_CCM = 1 << 13, SUITE_CCM8 = 1 << 14,
	SUITE_SHA1 = 1 << 15, SUITE_SHA256 = 1 << 16, SUITE_SHA384 = 1 << 17,
	/* The version that brought it. */
	SUITE_SSL3 = 1 << 18, SUITE_TLS10 = 1 << 19, SUITE_TLS12 = 1 << 20,
	SUITE_HIGH = 1 << 21, SUITE_MEDIUM = 1 << 22,
	SUITE_DEFAULT = 1 << 23, SUITE_NOT_DEFAULT = 1 << 24,
	SUITE_FIPS = 1 << 25
};

struct suite {
	const char *name;          /* OpenSSL's */
	const char *iana;
	unsigned traits;           /* enum suite_trait */
	uint16_t id;
};

/* In the order in which key words of OpenSSL select suites. */
extern const struct suite tls_suite_table[];
extern const size_t tls_suite_count;

/* Words of OpenSSL's lists: key words, and the traits of which a suite has to have one. Ends
 * with NULL. */
struct suite_word {
	const char *words;         /* separated by spaces */
	unsigned traits;           /* 0: nothing that BearSSL has */
};
extern const struct suite_word tls_suite_words[];

#endif
