/* For the files of gcm_x86.h: what is done with groups of vectors, by width. */
#ifndef CHAN_GCM_VECTORS_H
#define CHAN_GCM_VECTORS_H

#include "chan/gcm_x86.h"

#ifdef __x86_64__

#include <immintrin.h>

/* Vectors in a group: so many are worked on at a time, as an instruction takes longer than it
 * keeps the next one waiting. */
enum { GCM_GROUP = 4 };

/* Encrypt or decrypt count groups, at least one. The counter is that of the first block, hash is
 * GHASH of what is before it; both have their bytes in reverse. Returns GHASH behind the groups;
 * when encrypting, behind all of them but the last. */
__m128i gcm_groups_128(const struct gcm_key *key, __m128i counter, __m128i hash,
                       unsigned char *data, size_t count, bool decrypts);
__m128i gcm_groups_256(const struct gcm_key *key, __m128i counter, __m128i hash,
                       unsigned char *data, size_t count, bool decrypts);
__m128i gcm_groups_512(const struct gcm_key *key, __m128i counter, __m128i hash,
                       unsigned char *data, size_t count, bool decrypts);

/* The last byte first; and what is to be added to a counter for each block of a vector. */
extern const unsigned char gcm_reverse[16];
extern const uint32_t gcm_counters[4][4];

/* The result of multiplications, bits 0..127, 64..191 and 128..255 of it, modulo the polynomial:
 * reduced from its lower end, 64 bits at a time. */
__attribute__((target("pclmul")))
static inline __m128i gcm_reduce(__m128i low, __m128i middle, __m128i high)
{
	const __m128i polynomial = _mm_cvtsi64_si128((int64_t)0xc200000000000000);

	low = _mm_xor_si128(low, _mm_slli_si128(middle, 8));
	high = _mm_xor_si128(high, _mm_srli_si128(middle, 8));
	for (int i = 0; i < 2; i++)
		low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e),
		                    _mm_clmulepi64_si128(low, polynomial, 0));
	return _mm_xor_si128(high, low);
}

#endif

#endif
