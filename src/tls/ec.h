/* Elliptic curves. */
#ifndef TLS_EC_H
#define TLS_EC_H

#include <bearssl.h>

/* The code for all curves (P-256, P-384, P-521, X25519), for certificates and for key exchange:
 * BearSSL 0.6's choice for this machine, 32-bit multiplications where those take constant time. */
const br_ec_impl *tls_ec(void);

#endif
