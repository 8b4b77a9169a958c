/* Our own certificate chain and private key, from files. */
#ifndef TLS_KEY_H
#define TLS_KEY_H

#include <bearssl.h>

/* Constant once loaded; owns all it points to. */
struct tls_key {
	br_x509_certificate *chain;     /* the leaf first, as to be sent */
	size_t chain_length;
	int type;                       /* BR_KEYTYPE_RSA or BR_KEYTYPE_EC */
	int issuer_type;                /* of the key that signed the leaf: the same; 0: neither */
	unsigned usages;                /* BR_KEYTYPE_KEYX, BR_KEYTYPE_SIGN: by the leaf's keyUsage */
	br_rsa_private_key rsa;         /* by type: one of the two */
	br_ec_private_key ec;
	unsigned char *secret;          /* where its numbers are */
	size_t secret_size;
};

/* Load them. certificate: PEM with the chain and perhaps the private key, or DER with one
 * certificate (that of the key goes first, wherever it stands). key: PEM or DER with the private key (PKCS#1, PKCS#8, SEC1), or NULL: it is in the
 * certificate's file. Files are bounded (1 MiB). where: the address, for messages. Warns of a leaf
 * that is expired or not valid yet, naming the date. Returns NULL after one error line: not
 * readable, no certificate or key in it, encrypted (how to decrypt), not the certificate's key,
 * unsupported type or size (RSA 1024..4096, EC P-256, P-384, P-521). */
struct tls_key *tls_key_load(const char *certificate, const char *key, const char *where);

/* Overwrites the private key. NULL is fine. */
void tls_key_free(struct tls_key *key);

#endif
