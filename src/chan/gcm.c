/* A record is its header, 8 bytes of the initialisation vector (we take the record's number), the
 * encrypted data, and 16 bytes of the tag. Authenticated are the number, the header (with the
 * length of the data alone) and the data. */
#include "chan/gcm.h"

#include <string.h>

#include "chan/gcm_x86.h"

#ifdef __x86_64__

enum { HEADER = 5, SALT = 4, EXPLICIT = 8, TAG = 16, OVERHEAD = EXPLICIT + TAG, MAX_PLAIN = 16384 };

struct gcm_context {
	union {
		const br_sslrec_in_gcm_class *in;
		const br_sslrec_out_gcm_class *out;
	} class;
	uint64_t number;                /* of the next record */
	unsigned char salt[SALT];
	struct gcm_key key;
};

/* BearSSL's engine has it where its own contexts would be. */
_Static_assert(sizeof(struct gcm_context) <= sizeof(((br_ssl_engine_context *)NULL)->in) &&
               sizeof(struct gcm_context) <= sizeof(((br_ssl_engine_context *)NULL)->out),
               "no room for the context");

/* What gcm_supported() says. */
static unsigned vectors;

static void set_key(struct gcm_context *c, const void *key, size_t length, const void *salt)
{
	c->number = 0;
	memcpy(c->salt, salt, SALT);
	gcm_key_init(&c->key, key, length);
}

static void put(unsigned char *to, uint64_t value, size_t bytes)
{
	for (; bytes > 0; value >>= 8)
		to[--bytes] = (unsigned char)value;
}

/* Encrypt or decrypt the next record's data in place; in front of it is its part of the
 * initialisation vector. */
static void crypt_record(struct gcm_context *c, int type, unsigned version, unsigned char *data,
                  size_t length, bool decrypts, unsigned char tag[TAG])
{
	struct gcm_message message = {
		.header_length = 13, .data = data, .length = length, .decrypts = decrypts,
	};

	memcpy(message.iv, c->salt, SALT);
	memcpy(message.iv + SALT, data - EXPLICIT, EXPLICIT);
	put(message.header, c->number++, 8);
	put(message.header + 8, (unsigned)type, 1);
	put(message.header + 9, version, 2);
	put(message.header + 11, length, 2);
	gcm_crypt(&c->key, &message, vectors, tag);
}

/* --- reading ------------------------------------------------------------------- */

static int check_length(const br_sslrec_in_class *const *class, size_t length)
{
	(void)class;
	return length >= OVERHEAD && length <= MAX_PLAIN + OVERHEAD;
}

static unsigned char *decrypt(const br_sslrec_in_class **class, int type, unsigned version,
                              void *payload, size_t *length)
{
	unsigned char tag[TAG], *data = (unsigned char *)payload + EXPLICIT, difference = 0;

	*length -= OVERHEAD;
	crypt_record((struct gcm_context *)class, type, version, data, *length, true, tag);
	for (size_t i = 0; i < TAG; i++)
		difference |= tag[i] ^ data[*length + i];
	return difference == 0 ? data : NULL;
}

static void start_in(const br_sslrec_in_gcm_class **class, const br_block_ctr_class *cipher,
                     const void *key, size_t length, br_ghash hash, const void *salt);

static const br_sslrec_in_gcm_class class_in = {
	.inner = { sizeof(struct gcm_context), check_length, decrypt }, .init = start_in,
};

static void start_in(const br_sslrec_in_gcm_class **class, const br_block_ctr_class *cipher,
                     const void *key, size_t length, br_ghash hash, const void *salt)
{
	(void)cipher;
	(void)hash;
	*class = &class_in;
	set_key((struct gcm_context *)class, key, length, salt);
}

/* --- writing ------------------------------------------------------------------- */

static void max_plaintext(const br_sslrec_out_class *const *class, size_t *start, size_t *end)
{
	(void)class;
	*start += EXPLICIT;
	*end -= TAG;
	if (*end - *start > MAX_PLAIN)
		*end = *start + MAX_PLAIN;
}

static unsigned char *encrypt(const br_sslrec_out_class **class, int type, unsigned version,
                              void *plain, size_t *length)
{
	struct gcm_context *c = (struct gcm_context *)class;
	unsigned char *data = plain, *record = data - EXPLICIT - HEADER;

	put(data - EXPLICIT, c->number, EXPLICIT);
	crypt_record(c, type, version, data, *length, false, data + *length);
	*length += OVERHEAD;
	put(record, (unsigned)type, 1);
	put(record + 1, version, 2);
	put(record + 3, *length, 2);
	*length += HEADER;
	return record;
}

static void start_out(const br_sslrec_out_gcm_class **class, const br_block_ctr_class *cipher,
                      const void *key, size_t length, br_ghash hash, const void *salt);

static const br_sslrec_out_gcm_class class_out = {
	.inner = { sizeof(struct gcm_context), max_plaintext, encrypt }, .init = start_out,
};

static void start_out(const br_sslrec_out_gcm_class **class, const br_block_ctr_class *cipher,
                      const void *key, size_t length, br_ghash hash, const void *salt)
{
	(void)cipher;
	(void)hash;
	*class = &class_out;
	set_key((struct gcm_context *)class, key, length, salt);
}

const struct gcm_classes *gcm_classes(void)
{
	static const struct gcm_classes classes = { &class_in, &class_out };

	vectors = gcm_supported();
	return vectors != 0 ? &classes : NULL;
}

#else

const struct gcm_classes *gcm_classes(void)
{
	return NULL;
}

#endif
