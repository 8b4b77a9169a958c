/* AES-GCM with four blocks in a vector: AVX-512, VAES and VPCLMULQDQ. Processors that have all of
 * them don't slow down for the width. */
#include "chan/gcm_vectors.h"

#ifdef __x86_64__

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,aes,pclmul,vaes,vpclmulqdq")))
#define GROUPS gcm_groups_512
#define VECTOR __m512i
#define BLOCKS 4
#define LOAD(from) _mm512_loadu_si512((const void *)(from))
#define STORE(to, vector) _mm512_storeu_si512((void *)(to), vector)
#define SPREAD _mm512_broadcast_i32x4
#define EXTEND _mm512_zextsi128_si512
#define FOLD fold
#define XOR _mm512_xor_si512
#define ADD _mm512_add_epi32
#define SHUFFLE _mm512_shuffle_epi8
#define MULTIPLY _mm512_clmulepi64_epi128
#define AES _mm512_aesenc_epi128
#define AES_LAST _mm512_aesenclast_epi128

TARGET static inline __m128i fold(__m512i vector)
{
	const __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(vector),
	                                      _mm512_extracti64x4_epi64(vector, 1));

	return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

#include "chan/gcm_lanes.h"

#endif
