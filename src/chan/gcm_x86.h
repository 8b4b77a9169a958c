/* AES-GCM (NIST SP 800-38D) by instructions of x86-64 processors: for AES, for multiplication
 * without carries, and their forms for vectors of more than one block. How long it takes depends on
 * lengths alone.
 */
#ifndef CHAN_GCM_X86_H
#define CHAN_GCM_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many blocks are hashed at once, at most. */
enum { GCM_POWERS = 16 };

struct gcm_key {
	unsigned char round_keys[15][16];
	unsigned char powers[GCM_POWERS][16];   /* of H, the highest first: see gcm_x86.c */
	uint32_t rounds;                        /* 10 with AES-128, 14 with AES-256 */
};

/* Bits in a vector: flags, to be combined. */
enum { GCM_128 = 128, GCM_256 = 256, GCM_512 = 512 };

/* Which vectors processor and system know; 0: they know none of this, and what follows must not
 * be called. If there are any there is GCM_128. Asking takes a while in virtual machines. */
unsigned gcm_supported(void);

/* The key has length bytes: 16 or 32. */
void gcm_key_init(struct gcm_key *gcm, const void *key, size_t length);

struct gcm_message {
	unsigned char iv[12];
	/* what is authenticated and not encrypted: up to 16 bytes, zeros behind them */
	unsigned char header[16];
	size_t header_length;
	unsigned char *data;
	size_t length;                  /* bytes, below 2^32 */
	bool decrypts;
};

/* Encrypt or decrypt the data in place, and compute the tag; who decrypts has to compare it before
 * the data is used. vectors: those of gcm_supported() to be used, GCM_128 among them. */
void gcm_crypt(const struct gcm_key *key, const struct gcm_message *message, unsigned vectors,
               unsigned char tag[16]);

#endif
