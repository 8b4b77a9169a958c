/* The peers of a socket by their addresses: see peer.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "addr/peer.h"

enum { TABLE_SIZE = 64 };

static uint32_t mix(uint32_t hash, uint32_t word)
{
	hash = (hash ^ word) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

static uint32_t mix_bytes(uint32_t hash, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	uint32_t word;

	for (; length >= sizeof(word); bytes += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = mix(hash, word);
	}
	for (; length > 0; bytes++, length--)
		hash = mix(hash, *bytes);
	return hash;
}

uint32_t peer_table_hash(const struct peer_table *table, const struct net_peer *from,
                         const struct local_address *local)
{
	uint32_t hash = mix_bytes(table->seed, &from->addr, from->length);

	if (local->family == AF_INET)
		hash = mix(hash, local->to.in4.s_addr);
	else if (local->family == AF_INET6)
		hash = mix_bytes(hash, &local->to.in6, sizeof(local->to.in6));
	return hash;
}

static struct peer **slot(const struct peer_table *table, uint32_t hash)
{
	return &table->slots[hash & (table->size - 1)];
}

struct peer *peer_table_find(const struct peer_table *table, uint32_t hash,
                             const struct net_peer *from, const struct local_address *local)
{
	for (struct peer *p = *slot(table, hash); p != NULL; p = p->chain)
		if (p->hash == hash && p->address.length == from->length &&
		    memcmp(&p->address.addr, &from->addr, from->length) == 0 &&
		    local_address_same(&p->local, local))
			return p;
	return NULL;
}

int peer_table_init(struct peer_table *table)
{
	table->size = TABLE_SIZE;
	table->count = 0;
	table->slots = calloc(TABLE_SIZE, sizeof(struct peer *));
	/* strangers must not be able to choose addresses that collide */
	if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
		table->seed = (uint32_t)loop_now();
	return table->slots == NULL ? -1 : 0;
}

/* Without memory for a larger table the chains become longer, nothing worse. */
static void grow(struct peer_table *table)
{
	struct peer_table larger = { .size = table->size * 2, .count = table->count,
	                             .seed = table->seed };

	larger.slots = calloc(larger.size, sizeof(struct peer *));
	if (larger.slots == NULL)
		return;
	for (size_t i = 0; i < table->size; i++)
		for (struct peer *p = table->slots[i], *next; p != NULL; p = next) {
			next = p->chain;
			p->chain = *slot(&larger, p->hash);
			*slot(&larger, p->hash) = p;
		}
	free(table->slots);
	*table = larger;
}

void peer_table_insert(struct peer_table *table, struct peer *peer, uint32_t hash)
{
	if (table->count >= table->size)
		grow(table);
	peer->hash = hash;
	peer->chain = *slot(table, hash);
	*slot(table, hash) = peer;
	table->count++;
}

void peer_table_remove(struct peer_table *table, struct peer *peer)
{
	struct peer **p = slot(table, peer->hash);

	while (*p != peer)
		p = &(*p)->chain;
	*p = peer->chain;
	table->count--;
}
