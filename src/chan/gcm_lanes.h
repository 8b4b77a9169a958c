/* The function of gcm_vectors.h for one width. Who includes this says what a VECTOR is, how many
 * BLOCKS it has, what its operations are called, and what of the processor they need (TARGET). */
#include "chan/gcm_vectors.h"

#define SIZE ((size_t)BLOCKS * 16)
#define LOAD_BLOCK(from) _mm_loadu_si128((const void *)(from))
#define ZERO EXTEND(_mm_setzero_si128())

/* GHASH of a group behind what is hashed so far, which is the last thing to be waited for. */
TARGET static inline __m128i hash_group(const struct gcm_key *key, __m128i hash,
                                        const unsigned char *data, VECTOR reverse)
{
	const unsigned char *powers = key->powers[GCM_POWERS - GCM_GROUP * BLOCKS];
	VECTOR low = ZERO, middle = ZERO, high = ZERO;

#pragma GCC unroll 4
	for (size_t i = GCM_GROUP; i-- > 0;) {
		const VECTOR power = LOAD(powers + i * SIZE);
		VECTOR blocks = SHUFFLE(LOAD(data + i * SIZE), reverse);

		if (i == 0)
			blocks = XOR(blocks, EXTEND(hash));
		low = XOR(low, MULTIPLY(blocks, power, 0x00));
		middle = XOR(middle, XOR(MULTIPLY(blocks, power, 0x01),
		                         MULTIPLY(blocks, power, 0x10)));
		high = XOR(high, MULTIPLY(blocks, power, 0x11));
	}
	return gcm_reduce(FOLD(low), FOLD(middle), FOLD(high));
}

TARGET __m128i GROUPS(const struct gcm_key *key, __m128i counter, __m128i hash,
                      unsigned char *data, size_t count, bool decrypts)
{
	const VECTOR reverse = SPREAD(LOAD_BLOCK(gcm_reverse));
	const VECTOR step = SPREAD(_mm_cvtsi32_si128(BLOCKS));
	const unsigned char *hashed = decrypts ? data : NULL;
	VECTOR counters = ADD(SPREAD(counter), LOAD(gcm_counters));

	for (; count > 0; count--) {
		VECTOR state[GCM_GROUP], round_key = SPREAD(LOAD_BLOCK(key->round_keys[0]));

#pragma GCC unroll 4
		for (size_t i = 0; i < GCM_GROUP; i++) {
			state[i] = XOR(SHUFFLE(counters, reverse), round_key);
			counters = ADD(counters, step);
		}
		for (uint32_t round = 1; round < key->rounds; round++) {
			round_key = SPREAD(LOAD_BLOCK(key->round_keys[round]));
#pragma GCC unroll 4
			for (size_t i = 0; i < GCM_GROUP; i++)
				state[i] = AES(state[i], round_key);
		}
		if (hashed != NULL)
			hash = hash_group(key, hash, hashed, reverse);
		hashed = decrypts ? data + GCM_GROUP * SIZE : data;
		round_key = SPREAD(LOAD_BLOCK(key->round_keys[key->rounds]));
#pragma GCC unroll 4
		for (size_t i = 0; i < GCM_GROUP; i++, data += SIZE)
			STORE(data, XOR(LOAD(data), AES_LAST(state[i], round_key)));
	}
	return hash;
}
