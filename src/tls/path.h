/* From a peer's certificate to one that we trust (RFC 5280, 6; RFC 4158). */
#ifndef TLS_PATH_H
#define TLS_PATH_H

#include "tls/anchors.h"
#include "tls/cert.h"

enum { PATH_MAX_ = 64 };

/* The certificates that a peer has shown, its own first, the others in any order. */
struct tls_chain {
	struct tls_cert certs[PATH_MAX_];
	size_t count;
};

/* What came of it. */
struct tls_verdict {
	int error;                      /* 0 or BR_ERR_X509_... */
	const struct tls_cert *about;   /* the certificate that it is about */
	/* BR_ERR_X509_EXPIRED: the dates that were not kept; the anchor's, if not of about */
	struct tls_anchor_dates dates;
	bool of_anchor;                 /* what is wrong is the anchor that issued about */
};

/* Look for a path from the first certificate to an anchor. Names must be the same bytes; there may
 * be several ways, and certificates that belong to none. BearSSL's engine checks signatures, dates,
 * CA rights and critical extensions of each way that is found, up to some: the error is that of the
 * first, or BR_ERR_X509_NOT_TRUSTED if there is no way; about is then the last certificate before
 * the one that is missing. of_client: what the authorities' extended key usage has to allow, if
 * they have one. now: seconds since 1970. */
struct tls_verdict tls_path_check(const struct tls_chain *chain, const struct tls_anchors *anchors,
                                  bool of_client, int64_t now);

#endif
