/* TLS versions by name. */
#ifndef TLS_NAMES_H
#define TLS_NAMES_H

/* "TLS1", "TLS1.0", "TLSv1.2" ...: BR_TLS10, BR_TLS11, BR_TLS12; 0x0304 for TLS 1.3; 0x0300 and
 * 0x0002 for SSL3 and SSL2; 0xFEFF and 0xFEFD for DTLS 1.0 and 1.2. 0: not a version. Case does not
 * matter. */
unsigned tls_version_parse(const char *text);
/* "TLSv1.2", as OpenSSL says it; "unknown version". */
const char *tls_version_name(unsigned version);

#endif
