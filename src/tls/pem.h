/* PEM (RFC 7468): text with objects in it. A file that is DER is one object without a label. */
#ifndef TLS_PEM_H
#define TLS_PEM_H

#include <stdbool.h>
#include <stddef.h>

struct tls_pem_item {
	char label[40];       /* "CERTIFICATE", ...; "" for DER */
	unsigned line;        /* of the file, where it begins; from 1 */
	bool encrypted;       /* has the header "Proc-Type: 4,ENCRYPTED" (RFC 1421) */
	const char *damage;   /* what is wrong with it; then it has no bytes */
	unsigned char *data;
	size_t size;
};

struct tls_pem {
	struct tls_pem_item *list;
	size_t count;
};

/* Find the objects in a file's bytes, whatever they are. What is around them is skipped, as are
 * carriage returns. None is no error. Returns 0, or -1 without memory. */
int tls_pem_parse(struct tls_pem *pem, const unsigned char *data, size_t size);

/* Overwrites the bytes: they may be a private key. */
void tls_pem_free(struct tls_pem *pem);

#endif
