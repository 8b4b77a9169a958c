/* Records of TLS 1.2 with AES-GCM (RFC 5288), as classes for BearSSL's engine in place of its own:
 * faster where the processor has instructions for it. */
#ifndef CHAN_GCM_H
#define CHAN_GCM_H

#include <bearssl.h>
#include <stdbool.h>

struct gcm_classes {
	const br_sslrec_in_gcm_class *in;
	const br_sslrec_out_gcm_class *out;
};

/* Returns NULL if the processor can't: BearSSL's own classes do the work then. */
const struct gcm_classes *gcm_classes(void);

#endif
