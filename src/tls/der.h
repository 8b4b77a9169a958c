/* Reading DER (X.690): a cursor over bytes that somebody else wrote. Nothing is read outside of
 * them, whatever they say. */
#ifndef TLS_DER_H
#define TLS_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that belong to somebody else. An absent part has at == NULL. */
struct der {
	const unsigned char *at;
	size_t size;
};

/* Tags as they stand in the first byte (X.690, 8.1.2; X.680, 8.6). */
enum {
	DER_BOOLEAN = 0x01, DER_INTEGER = 0x02, DER_BITS = 0x03, DER_OCTETS = 0x04, DER_OID = 0x06,
	DER_UTF8 = 0x0c, DER_NUMERIC = 0x12, DER_PRINTABLE = 0x13, DER_T61 = 0x14, DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17, DER_TIME = 0x18, DER_VISIBLE = 0x1a, DER_UNIVERSAL = 0x1c,
	DER_BMP = 0x1e, DER_SEQUENCE = 0x30, DER_SET = 0x31,
};
/* A tag by its number in its context, primitive or constructed. */
#define DER_CONTEXT(number) (0x80U | (unsigned)(number))
#define DER_CONTEXT_CONSTRUCTED(number) (0xa0U | (unsigned)(number))

/* Take the next element from the cursor. tag, content and whole (with its tag and length) may be
 * NULL. Returns false, and leaves the cursor, if there is none that is whole: at the end, cut off,
 * of indefinite or needlessly long length, with a tag of several bytes. */
bool der_next(struct der *cursor, unsigned *tag, struct der *content, struct der *whole);

/* The same if the next element has this tag; false, and the cursor stays, if it hasn't. */
bool der_take(struct der *cursor, unsigned tag, struct der *content);

bool der_equal(struct der a, struct der b);

/* A BIT STRING's content as up to 32 bits, the first one lowest; false if it is none. */
bool der_bits(struct der content, uint32_t *bits);

/* UTCTime or GeneralizedTime as RFC 5280, 4.1.2.5 wants them, in seconds since 1970. */
bool der_time(unsigned tag, struct der content, int64_t *time);

/* An object identifier with dots; false if it is none or does not fit. */
bool der_oid(struct der content, char *text, size_t size);

#endif
