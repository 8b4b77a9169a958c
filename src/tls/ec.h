/* Elliptic curves: the fastest of BearSSL's implementations of each. */
#ifndef TLS_EC_H
#define TLS_EC_H

#include <bearssl.h>

const br_ec_impl *tls_ec(void);

#endif
