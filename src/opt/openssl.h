/* Options of TLS, beyond looking them up. */
#ifndef OPT_OPENSSL_H
#define OPT_OPENSSL_H

#include <stdbool.h>
#include <stddef.h>

struct spec;

/* What check functions leave in struct opt_value, apart from the text in string:
 *  openssl-min-proto-version, openssl-max-proto-version, openssl-method: number, as BR_TLS10 ...
 *      (method: 0 for any); better asked for with openssl_versions();
 *  pin-sha256: data, 32 bytes;
 *  alpn: data, the names, each with its final NUL: openssl_alpn(). */

/* Default of option handshake-timeout, in nanoseconds. */
#define OPENSSL_HANDSHAKE_TIMEOUT (60 * 1000000000LL)

/* Check options against each other and against the role. Returns 0, or -1 with an error
 * logged. */
int openssl_check(const struct spec *spec, bool listening);

/* The versions to offer, BR_TLS10 to BR_TLS12: TLS 1.2 only, unless the options ask for less. */
void openssl_versions(const struct spec *spec, unsigned *min, unsigned *max);

/* Say with notices which of the options have no effect, and why: once, when the address is used
 * for the first time. */
void openssl_note_unused(const struct spec *spec);

/* Names of option alpn, most wanted first. Returns how many there are, and puts a pointer to each
 * of the first max into names; they belong to the spec. */
size_t openssl_alpn(const struct spec *spec, const char **names, size_t max);

/* Public keys of the options pin-sha256, 32 bytes each. The same way. */
size_t openssl_pins(const struct spec *spec, const unsigned char **pins, size_t max);

/* Most names in one option alpn. */
enum { OPENSSL_ALPN_MAX = 32 };

#endif
