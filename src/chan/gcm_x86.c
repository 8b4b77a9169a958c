/* Theory of operation. A message is cut into groups of four vectors, the widest ones that the
 * processor has first. A group is encrypted, and hashed: its blocks are multiplied by descending
 * powers of H, and only the sum is reduced. When encrypting, a group is hashed while the one behind
 * it is encrypted: so there is always work that has not to wait for other work. What is left in the
 * end, less than the smallest group, is padded with zeros.
 *
 * GHASH writes its polynomials with the lowest power first. With the bytes of a block in reverse
 * all of it is: a number in which the lowest power is the highest bit. The product of two such
 * numbers is one bit lower than such a number of 256 bits should be, so powers of H are kept
 * multiplied by x. As all is in reverse, the lower half is reduced, the upper half the result.
 */
#include "chan/gcm_vectors.h"

#ifdef __x86_64__

#include <bearssl.h>
#include <cpuid.h>
#include <string.h>

const unsigned char gcm_reverse[16] = { 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 };
const uint32_t gcm_counters[4][4] = { { 0 }, { 1 }, { 2 }, { 3 } };

/* The widest last. */
static const struct width {
	unsigned vectors;
	size_t size;                    /* of a group */
	__m128i (*groups)(const struct gcm_key *key, __m128i counter, __m128i hash,
	                  unsigned char *data, size_t count, bool decrypts);
} widths[] = {
	{ GCM_128, 64, gcm_groups_128 },
	{ GCM_256, 128, gcm_groups_256 },
	{ GCM_512, 256, gcm_groups_512 },
};

enum { WIDTHS = sizeof(widths) / sizeof(widths[0]), SMALLEST = 64 };

static __m128i load(const void *from)
{
	return _mm_loadu_si128(from);
}

static void store(void *to, __m128i block)
{
	_mm_storeu_si128(to, block);
}

__attribute__((target("ssse3")))
static __m128i reversed(__m128i block)
{
	return _mm_shuffle_epi8(block, load(gcm_reverse));
}

__attribute__((target("aes")))
static __m128i encrypt_block(const struct gcm_key *key, __m128i block)
{
	block = _mm_xor_si128(block, load(key->round_keys[0]));
	for (uint32_t round = 1; round < key->rounds; round++)
		block = _mm_aesenc_si128(block, load(key->round_keys[round]));
	return _mm_aesenclast_si128(block, load(key->round_keys[key->rounds]));
}

/* GHASH of up to GCM_POWERS blocks behind what is hashed so far. */
__attribute__((target("pclmul,ssse3")))
static __m128i hash_blocks(const struct gcm_key *key, __m128i hash, const unsigned char *data,
                           size_t count)
{
	const unsigned char (*powers)[16] = &key->powers[GCM_POWERS - count];
	__m128i low = _mm_setzero_si128(), middle = low, high = low;

	for (size_t i = 0; i < count; i++) {
		const __m128i power = load(powers[i]);
		const __m128i block = _mm_xor_si128(hash, reversed(load(data + i * 16)));

		low = _mm_xor_si128(low, _mm_clmulepi64_si128(block, power, 0x00));
		middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(block, power, 0x01));
		middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(block, power, 0x10));
		high = _mm_xor_si128(high, _mm_clmulepi64_si128(block, power, 0x11));
		hash = _mm_setzero_si128();
	}
	return gcm_reduce(low, middle, high);
}

/* --- what the processor can do ----------------------------------------------------- */

/* Bits of CPUID, and of the registers whose state the system saves (XCR0). */
enum {
	BASICS = bit_PCLMUL | bit_SSSE3 | bit_AES, VECTORS = bit_VAES | bit_VPCLMULQDQ,
	AVX_SAVED = 0x06, AVX512_SAVED = 0xe6
};
#define AVX512 (bit_AVX512F | bit_AVX512BW | (unsigned)bit_AVX512VL)

__attribute__((target("xsave")))
static unsigned saved_registers(void)
{
	return (unsigned)_xgetbv(0);
}

static bool all(unsigned value, unsigned bits)
{
	return (value & bits) == bits;
}

unsigned gcm_supported(void)
{
	unsigned a, b, c, d, saved, vectors = GCM_128;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !all(c, BASICS))
		return 0;
	saved = c & bit_OSXSAVE ? saved_registers() : 0;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !all(c, VECTORS))
		return vectors;
	if (all(saved, AVX_SAVED) && all(b, bit_AVX2))
		vectors |= GCM_256;
	if (all(saved, AVX512_SAVED) && all(b, AVX512))
		vectors |= GCM_512;
	return vectors;
}

/* --- keys -------------------------------------------------------------------------- */

/* Multiplied by x: shifted up by a bit, the highest of which counts as the polynomial. */
static void times_x(unsigned char number[16])
{
	uint64_t low, high, carry;

	memcpy(&low, number, sizeof(low));
	memcpy(&high, number + 8, sizeof(high));
	carry = 0 - (high >> 63);
	high = (high << 1 | low >> 63) ^ (carry & 0xc200000000000000);
	low = low << 1 ^ (carry & 1);
	memcpy(number, &low, sizeof(low));
	memcpy(number + 8, &high, sizeof(high));
}

void gcm_key_init(struct gcm_key *gcm, const void *key, size_t length)
{
	static const unsigned char zeros[16];
	br_aes_x86ni_ctr_keys schedule;
	unsigned char (*power)[16] = &gcm->powers[GCM_POWERS - 1];

	br_aes_x86ni_ctr_init(&schedule, key, length);
	memcpy(gcm->round_keys, schedule.skey.skni, sizeof(gcm->round_keys));
	gcm->rounds = schedule.num_rounds;
	explicit_bzero(&schedule, sizeof(schedule));
	store(power, reversed(encrypt_block(gcm, _mm_setzero_si128())));
	times_x(*power);
	for (; power > gcm->powers; power--)
		store(power - 1, hash_blocks(gcm, load(power), zeros, 1));
}

/* --- messages ------------------------------------------------------------------------ */

struct run {
	const struct gcm_key *key;
	__m128i counter, hash;          /* of the next block; of those before it */
	bool decrypts;
};

static void crypt_groups(struct run *run, const struct width *width, unsigned char *data,
                         size_t count)
{
	size_t blocks = width->size / 16;

	run->hash = width->groups(run->key, run->counter, run->hash, data, count, run->decrypts);
	run->counter = _mm_add_epi32(run->counter, _mm_cvtsi64_si128((int64_t)(count * blocks)));
	if (!run->decrypts)
		run->hash = hash_blocks(run->key, run->hash, data + (count - 1) * width->size,
		                        blocks);
}

/* Less than a group. */
static void crypt_rest(struct run *run, unsigned char *data, size_t length)
{
	unsigned char group[SMALLEST] = { 0 };
	size_t blocks = (length + 15) / 16;

	memcpy(group, data, length);
	if (run->decrypts)
		run->hash = hash_blocks(run->key, run->hash, group, blocks);
	gcm_groups_128(run->key, run->counter, run->hash, group, 1, false);
	memcpy(data, group, length);
	memset(group + length, 0, sizeof(group) - length);
	if (!run->decrypts)
		run->hash = hash_blocks(run->key, run->hash, group, blocks);
}

void gcm_crypt(const struct gcm_key *key, const struct gcm_message *message, unsigned vectors,
               unsigned char tag[16])
{
	const uint64_t bits[2] = { message->length * 8, message->header_length * 8 };
	unsigned char *data = message->data, first[16] = { 0 }, lengths[16];
	size_t left = message->length;
	struct run run = { .key = key, .decrypts = message->decrypts };

	run.hash = hash_blocks(key, _mm_setzero_si128(), message->header, 1);
	memcpy(first, message->iv, sizeof(message->iv));
	first[15] = 1;
	run.counter = _mm_add_epi32(reversed(load(first)), _mm_cvtsi32_si128(1));
	for (const struct width *width = widths + WIDTHS; width-- > widths;) {
		if (!(vectors & width->vectors) || left < width->size)
			continue;
		crypt_groups(&run, width, data, left / width->size);
		data += left - left % width->size;
		left %= width->size;
	}
	if (left > 0)
		crypt_rest(&run, data, left);
	store(lengths, reversed(load(bits)));
	run.hash = hash_blocks(key, run.hash, lengths, 1);
	store(tag, _mm_xor_si128(reversed(run.hash), encrypt_block(key, load(first))));
}

#endif
