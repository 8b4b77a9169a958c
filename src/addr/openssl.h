/* TLS for addresses: their configurations, and handshakes over their channels. */
#ifndef ADDR_OPENSSL_H
#define ADDR_OPENSSL_H

#include "addr/open.h"
#include "tls/handshake.h"

/* For addr_type.check: certificates, names and versions, as far as that goes without files. */
int openssl_check_options(const struct spec *spec, bool server);

/* For addr_type.prepare and .reload. */
int openssl_prepare_client(const struct spec *spec);
int openssl_prepare_server(const struct spec *spec);
int openssl_reload(const struct spec *spec);

/* The configuration that prepare has made. */
struct tls_config *openssl_config(const struct spec *spec);

/* How long a handshake may take, in nanoseconds. */
int64_t openssl_timeout(const struct spec *spec);

#endif
