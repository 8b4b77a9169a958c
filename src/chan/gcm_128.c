/* AES-GCM with one block in a vector. */
#include "chan/gcm_vectors.h"

#ifdef __x86_64__

#define TARGET __attribute__((target("aes,pclmul,ssse3")))
#define GROUPS gcm_groups_128
#define VECTOR __m128i
#define BLOCKS 1
#define LOAD(from) LOAD_BLOCK(from)
#define STORE(to, vector) _mm_storeu_si128((void *)(to), vector)
#define SPREAD(block) (block)
#define EXTEND(block) (block)
#define FOLD(vector) (vector)
#define XOR _mm_xor_si128
#define ADD _mm_add_epi32
#define SHUFFLE _mm_shuffle_epi8
#define MULTIPLY _mm_clmulepi64_si128
#define AES _mm_aesenc_si128
#define AES_LAST _mm_aesenclast_si128

#include "chan/gcm_lanes.h"

#endif
