/* AES-GCM by the processor's instructions: known answers, and beside BearSSL's own implementations
 * that need none of them, with all widths of vectors that this machine has. */
#include "chan/gcm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan/gcm_x86.h"
#include "unit.h"

enum { MAX_LENGTH = 16384, TAG = 16, OVERHEAD = 24 };

#ifdef __x86_64__

/* The sets of widths that can be chosen here. Returns how many. */
static int sets_of_vectors(unsigned sets[4])
{
	static const unsigned all[] = { GCM_128, GCM_128 | GCM_256, GCM_128 | GCM_512,
	                                GCM_128 | GCM_256 | GCM_512 };
	unsigned supported = gcm_supported();
	int count = 0;

	for (int i = 0; i < 4; i++)
		if (supported != 0 && (all[i] & ~supported) == 0)
			sets[count++] = all[i];
	return count;
}

static void from_hex(unsigned char *bytes, const char *hex)
{
	for (; *hex != '\0'; hex += 2) {
		char pair[3] = { hex[0], hex[1], '\0' };

		*bytes++ = (unsigned char)strtoul(pair, NULL, 16);
	}
}

/* The test cases 1, 2, 3, 13, 14 and 15 of the proposal of GCM to NIST (McGrew, Viega). */
static void test_known_answers(unsigned vectors)
{
#define ZEROS "00000000000000000000000000000000"
#define KEY "feffe9928665731c6d6a8f9467308308"
#define PLAIN "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
#define NO_IV "000000000000000000000000"
#define IV "cafebabefacedbaddecaf888"
	static const struct { const char *key, *iv, *plain, *sealed, *tag; } cases[] = {
		{ ZEROS, NO_IV, "", "", "58e2fccefa7e3061367f1d57a4e7455a" },
		{ ZEROS, NO_IV, ZEROS, "0388dace60b6a392f328c2b971b2fe78",
		  "ab6e47d42cec13bdf53a67b21257bddf" },
		{ KEY, IV, PLAIN,
		  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
		  "4d5c2af327cd64a62cf35abd2ba6fab4" },
		{ ZEROS ZEROS, NO_IV, "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
		{ ZEROS ZEROS, NO_IV, ZEROS, "cea7403d4d606b6e074ec5d3baf39d18",
		  "d0d1c8a799996bf0265b98b5d48ab919" },
		{ KEY KEY, IV, PLAIN,
		  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
		  "b094dac5d93471bdec1a502270e3cc6c" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned char key[32], data[64], plain[64], sealed[64], tag[TAG], expected[TAG];
		struct gcm_message m = { .data = data, .length = strlen(cases[i].plain) / 2 };
		struct gcm_key gcm;

		from_hex(key, cases[i].key);
		from_hex(m.iv, cases[i].iv);
		from_hex(plain, cases[i].plain);
		from_hex(sealed, cases[i].sealed);
		from_hex(expected, cases[i].tag);
		memcpy(data, plain, m.length);
		gcm_key_init(&gcm, key, strlen(cases[i].key) / 2);
		gcm_crypt(&gcm, &m, vectors, tag);
		CHECK(memcmp(data, sealed, m.length) == 0);
		CHECK(memcmp(tag, expected, TAG) == 0);
		m.decrypts = true;
		gcm_crypt(&gcm, &m, vectors, tag);
		CHECK(memcmp(data, plain, m.length) == 0);
		CHECK(memcmp(tag, expected, TAG) == 0);
	}
}

static void fill(void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((unsigned char *)bytes)[i] = (unsigned char)rand();
}

/* What BearSSL says of the message; its data goes to sealed. */
static void oracle(const unsigned char *key, size_t key_length, const struct gcm_message *m,
                   unsigned char *sealed, unsigned char tag[TAG])
{
	br_aes_ct64_ctr_keys aes;
	br_gcm_context gcm;

	memcpy(sealed, m->data, m->length);
	br_aes_ct64_ctr_init(&aes, key, key_length);
	br_gcm_init(&gcm, &aes.vtable, br_ghash_ctmul64);
	br_gcm_reset(&gcm, m->iv, sizeof m->iv);
	br_gcm_aad_inject(&gcm, m->header, m->header_length);
	br_gcm_flip(&gcm);
	br_gcm_run(&gcm, 1, sealed, m->length);
	br_gcm_get_tag(&gcm, tag);
}

/* One message of random content, there and back. Its memory ends where it ends, and begins at any
 * address. */
static void try_length(size_t length, const unsigned *sets, int count)
{
	size_t key_length = rand() % 2 == 0 ? 16 : 32, shift = (size_t)rand() % 64;
	unsigned char key[32], tag[TAG], expected[TAG];
	unsigned char *memory = malloc(shift + length + 1), *plain = malloc(length + 1);
	unsigned char *sealed = malloc(length + 1);
	struct gcm_message m = { .data = memory + shift, .length = length,
	                         .header_length = (size_t)rand() % 17 };
	struct gcm_key gcm;

	fill(key, sizeof key);
	fill(m.iv, sizeof m.iv);
	fill(m.header, m.header_length);
	fill(plain, length);
	memcpy(m.data, plain, length);
	memory = realloc(memory, shift + length > 0 ? shift + length : 1);
	m.data = memory + shift;
	oracle(key, key_length, &m, sealed, expected);
	gcm_key_init(&gcm, key, key_length);
	for (int i = 0; i < count; i++) {
		m.decrypts = false;
		gcm_crypt(&gcm, &m, sets[i], tag);
		CHECK(memcmp(m.data, sealed, length) == 0);
		CHECK(memcmp(tag, expected, TAG) == 0);
		m.decrypts = true;
		gcm_crypt(&gcm, &m, sets[i], tag);
		CHECK(memcmp(m.data, plain, length) == 0);
		CHECK(memcmp(tag, expected, TAG) == 0);
	}
	free(memory);
	free(plain);
	free(sealed);
}

static void test_lengths(const unsigned *sets, int count)
{
	for (size_t length = 0; length <= 600; length++)
		try_length(length, sets, count);
	/* carries in the counter's bytes are at 4064 */
	for (size_t length = 4000; length <= 4400; length += 16)
		try_length(length, sets, count);
	for (int i = 0; i < 100; i++)
		try_length((size_t)rand() % MAX_LENGTH, sets, count);
	try_length(MAX_LENGTH, sets, count);
}

/* --- records ------------------------------------------------------------------------ */

static unsigned char ours[MAX_LENGTH + 100], theirs[MAX_LENGTH + 100];

static br_sslrec_gcm_context their_in, their_out;
/* As much as BearSSL's engine has for them. */
static union {
	const br_sslrec_in_class *in;
	const br_sslrec_in_gcm_class *in_gcm;
	const br_sslrec_out_class *out;
	const br_sslrec_out_gcm_class *out_gcm;
	unsigned char room[sizeof ((br_ssl_engine_context *)NULL)->in];
} our_in, our_out;

static void start(size_t key_length)
{
	static const unsigned char key[] = "0123456789abcdef0123456789abcdef", salt[] = "salt";
	const struct gcm_classes *classes = gcm_classes();

	classes->in->init(&our_in.in_gcm, &br_aes_ct64_ctr_vtable, key, key_length,
	                  br_ghash_ctmul64, salt);
	classes->out->init(&our_out.out_gcm, &br_aes_ct64_ctr_vtable, key, key_length,
	                   br_ghash_ctmul64, salt);
	br_sslrec_in_gcm_vtable.init(&their_in.vtable.in, &br_aes_ct64_ctr_vtable, key, key_length,
	                             br_ghash_ctmul64, salt);
	br_sslrec_out_gcm_vtable.init(&their_out.vtable.out, &br_aes_ct64_ctr_vtable, key,
	                              key_length, br_ghash_ctmul64, salt);
}

/* The same record by both; returns its size. It begins at ours + 7. */
static size_t seal_both(int type, size_t length)
{
	size_t our_length = length, their_length = length;
	unsigned char *a, *b;

	for (size_t i = 0; i < length; i++)
		ours[20 + i] = theirs[20 + i] = (unsigned char)(i * 31 + length);
	a = our_out.out->encrypt(&our_out.out, type, BR_TLS12, ours + 20, &our_length);
	b = their_out.vtable.out->inner.encrypt((const br_sslrec_out_class **)&their_out.vtable.out,
	                                        type, BR_TLS12, theirs + 20, &their_length);
	CHECK(a == ours + 7);
	CHECK(b == theirs + 7);
	CHECK_NUMBER(our_length, their_length);
	CHECK(memcmp(a, b, our_length) == 0);
	return our_length;
}

static void open_both(int type, size_t size, size_t length)
{
	size_t our_length = size - 5, their_length = size - 5;
	unsigned char *a = our_in.in->decrypt(&our_in.in, type, BR_TLS12, ours + 12, &our_length);

	CHECK(a == ours + 20);
	CHECK(their_in.vtable.in->inner.decrypt((const br_sslrec_in_class **)&their_in.vtable.in, type,
	                                        BR_TLS12, theirs + 12, &their_length) == theirs + 20);
	CHECK_NUMBER(our_length, length);
	CHECK(memcmp(ours + 20, theirs + 20, length) == 0);
}

static void test_records(size_t key_length)
{
	start(key_length);
	for (size_t length = 0; length < 400; length += 3)
		open_both(23, seal_both(23, length), length);
	open_both(21, seal_both(21, 2), 2);
	open_both(23, seal_both(23, MAX_LENGTH), MAX_LENGTH);
}

static void test_bounds(void)
{
	size_t start_at = 5, end = 1000;

	start(16);
	CHECK(!our_in.in->check_length(&our_in.in, OVERHEAD - 1));
	CHECK(our_in.in->check_length(&our_in.in, OVERHEAD));
	CHECK(our_in.in->check_length(&our_in.in, MAX_LENGTH + OVERHEAD));
	CHECK(!our_in.in->check_length(&our_in.in, MAX_LENGTH + OVERHEAD + 1));
	our_out.out->max_plaintext(&our_out.out, &start_at, &end);
	CHECK_NUMBER(start_at, 13);
	CHECK_NUMBER(end, 984);
	start_at = 5;
	end = 20000;
	our_out.out->max_plaintext(&our_out.out, &start_at, &end);
	CHECK_NUMBER(end, 13 + MAX_LENGTH);
}

/* A bit that is not as it was, anywhere; another type; a record left out. */
static void test_tampering(void)
{
	enum { LENGTH = 70, SIZE = LENGTH + OVERHEAD };
	size_t length;

	for (size_t at = 0; at <= SIZE + 1; at++) {
		start(16);
		seal_both(23, LENGTH);
		if (at < SIZE)
			ours[12 + at] ^= (unsigned char)(1 << rand() % 8);
		if (at == SIZE + 1)
			seal_both(23, LENGTH);
		length = SIZE;
		CHECK(our_in.in->decrypt(&our_in.in, at == SIZE ? 22 : 23, BR_TLS12, ours + 12, &length) ==
		      NULL);
	}
}

#endif

int main(void)
{
#ifdef __x86_64__
	unsigned sets[4];
	int count = sets_of_vectors(sets);

	srand(3);
	CHECK((gcm_classes() != NULL) == (count > 0));
	for (int i = 0; i < count; i++)
		test_known_answers(sets[i]);
	printf("%d sets of vectors\n", count);
	if (count == 0)
		return unit_done();
	test_lengths(sets, count);
	test_records(16);
	test_records(32);
	test_bounds();
	test_tampering();
#else
	CHECK(gcm_classes() == NULL);
#endif
	return unit_done();
}
