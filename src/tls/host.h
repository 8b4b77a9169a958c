/* Which hosts a certificate is for (RFC 6125, RFC 5280, 4.2.1.6). */
#ifndef TLS_HOST_H
#define TLS_HOST_H

#include "tls/cert.h"

/* True if it is for this host name or IP address (without brackets). An address must be among the
 * iPAddress names, a name among the dNSNames, where "*" may stand for the whole leftmost label or
 * a part of it; case and a dot at the end do not matter. The common names count only if there is
 * neither a dNSName nor an iPAddress. */
bool tls_host_matches(const struct tls_cert *cert, const char *host);

/* Up to three of the names that it is for, for a message: "a, b, c, ...", or "no host". Returns
 * text. */
char *tls_host_names(const struct tls_cert *cert, char *text, size_t size);

#endif
