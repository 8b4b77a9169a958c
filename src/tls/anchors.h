/* The certificates we trust. */
#ifndef TLS_ANCHORS_H
#define TLS_ANCHORS_H

#include <bearssl.h>
#include <stdint.h>

/* When an anchor holds, in seconds since 1970. */
struct tls_anchor_dates {
	int64_t not_before, not_after;
};

struct tls_anchors {
	br_x509_trust_anchor *list;
	struct tls_anchor_dates *dates;   /* as many */
	size_t count;
};

/* Load them from a file of one or more certificates (PEM, or DER with one) and/or the files of a
 * directory. If both are NULL: from SSL_CERT_FILE and SSL_CERT_DIR, else from the system's bundle
 * (the first there is of /etc/ssl/certs/ca-certificates.crt, /etc/pki/tls/certs/ca-bundle.crt,
 * /etc/ssl/cert.pem ...), else from the directory /etc/ssl/certs; having none at all is then no
 * error but a warning, as every peer is going to be refused. A certificate that can't be used is
 * skipped with a warning that names the file and its place in it. The same certificate twice counts
 * once. A certificate that is no CA's is trusted for itself. Those that are expired are kept, but
 * do not count (see verify.h). where: the address, for messages. Returns NULL after one error
 * line. */
struct tls_anchors *tls_anchors_load(const char *file, const char *directory, const char *where);

/* Add the certificates of a file's bytes; name: what to call it in messages. Returns how many were
 * usable, -1 without memory. */
int tls_anchors_add(struct tls_anchors *anchors, const unsigned char *data, size_t size,
                    const char *name, const char *where);

void tls_anchors_free(struct tls_anchors *anchors);

#endif
