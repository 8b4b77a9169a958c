/* The string types of ASN.1 (X.680, 41), as Unicode and as UTF-8. */
#ifndef TLS_CHARACTERS_H
#define TLS_CHARACTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "tls/der.h"

/* True if elements with this tag are strings of characters. */
bool characters_known(unsigned tag);

/* Take the next character; false at the end. What is not encoded rightly becomes U+FFFD.
 * TeletexString counts as ISO 8859-1, which it holds in practice. */
bool characters_next(unsigned tag, struct der *string, uint32_t *character);

/* Control characters, of ASCII and of ISO 8859-1, which also steer terminals. */
bool character_is_control(uint32_t character);

/* As UTF-8, without a NUL. Returns the length, 1 to 4. */
unsigned character_utf8(uint32_t character, char utf8[4]);

#endif
