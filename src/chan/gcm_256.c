/* AES-GCM with two blocks in a vector: AVX2, and VAES and VPCLMULQDQ on top of it. */
#include "chan/gcm_vectors.h"

#ifdef __x86_64__

#define TARGET __attribute__((target("avx2,aes,pclmul,vaes,vpclmulqdq")))
#define GROUPS gcm_groups_256
#define VECTOR __m256i
#define BLOCKS 2
#define LOAD(from) _mm256_loadu_si256((const void *)(from))
#define STORE(to, vector) _mm256_storeu_si256((void *)(to), vector)
#define SPREAD _mm256_broadcastsi128_si256
#define EXTEND _mm256_zextsi128_si256
#define FOLD(vector) \
	_mm_xor_si128(_mm256_castsi256_si128(vector), _mm256_extracti128_si256(vector, 1))
#define XOR _mm256_xor_si256
#define ADD _mm256_add_epi32
#define SHUFFLE _mm256_shuffle_epi8
#define MULTIPLY _mm256_clmulepi64_epi128
#define AES _mm256_aesenc_epi128
#define AES_LAST _mm256_aesenclast_epi128

#include "chan/gcm_lanes.h"

#endif
