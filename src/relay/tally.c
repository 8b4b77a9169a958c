/* A hash table with chains, whose entries are in one array, so that a connection needs just a number
 * to name its own: entry 0 ends a chain. An entry lives as long as its client has sessions. */
#include "relay/tally.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "loop/loop.h"
#include "loop/seldom.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

enum { FIRST_SIZE = 64 };

struct key {
	uint32_t family;
	uint32_t words[5];      /* an address; then its interface if it is link-local */
};

struct entry {
	struct key key;
	uint32_t count;         /* 0: not in use */
	uint32_t next;          /* of the chain, or of those not in use */
};

struct tally {
	const struct spec *spec;
	struct entry *entries;  /* size of them */
	uint32_t *chains;       /* size of them, which is a power of two */
	uint32_t size, used;    /* used: also entry 0 */
	uint32_t unused;        /* the first of those that were given back */
	uint32_t most, prefix, seed;
	struct seldom said;
};

/* --- who it is ----------------------------------------------------------------------- */

static void key_of_ip6(struct key *key, const struct sockaddr_in6 *in6, uint32_t prefix)
{
	const struct in6_addr *address = &in6->sin6_addr;

	memcpy(key->words, address, sizeof(*address));
	if (IN6_IS_ADDR_V4MAPPED(address)) {
		*key = (struct key){ .family = AF_INET, .words[0] = key->words[3] };
		return;
	}
	if (IN6_IS_ADDR_LINKLOCAL(address)) {
		key->words[4] = in6->sin6_scope_id;
		return;
	}
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t bits = prefix > i * 32 ? prefix - i * 32 : 0;

		if (bits < 32)
			key->words[i] &= bits == 0 ? 0 : htonl(~0u << (32 - bits));
	}
}

static void find_key(struct key *key, const union net_addr *addr, int fd, uint32_t prefix)
{
	struct ucred user;
	socklen_t size = sizeof(user);

	*key = (struct key){ .family = addr->sa.sa_family };
	if (addr->sa.sa_family == AF_INET)
		key->words[0] = addr->in.sin_addr.s_addr;
	else if (addr->sa.sa_family == AF_INET6)
		key_of_ip6(key, &addr->in6, prefix);
	else if (addr->sa.sa_family == AF_VSOCK)
		key->words[0] = addr->vm.svm_cid;
	else if (addr->sa.sa_family == AF_UNIX &&
	         getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &size) == 0)
		key->words[0] = user.uid;
}

static uint32_t *chain_of(const struct tally *tally, const struct key *key)
{
	uint32_t hash = tally->seed ^ key->family;

	for (unsigned i = 0; i < sizeof(key->words) / sizeof(key->words[0]); i++) {
		hash = (hash ^ key->words[i]) * 0x9e3779b1u;
		hash ^= hash >> 15;
	}
	return &tally->chains[hash & (tally->size - 1)];
}

/* --- the table ----------------------------------------------------------------------- */

/* Returns false without memory. */
static bool grow(struct tally *tally)
{
	uint32_t size = tally->size == 0 ? FIRST_SIZE : tally->size * 2;
	struct entry *entries = realloc(tally->entries, size * sizeof(*entries));
	uint32_t *chains;

	if (entries == NULL)
		return false;
	tally->entries = entries;
	chains = calloc(size, sizeof(*chains));
	if (chains == NULL)
		return false;
	free(tally->chains);
	tally->chains = chains;
	tally->size = size;
	for (uint32_t i = 1; i < tally->used; i++) {
		uint32_t *chain = chain_of(tally, &entries[i].key);

		entries[i].next = *chain;
		*chain = i;
	}
	return true;
}

/* A new entry with a count of 0; 0 without memory. */
static uint32_t insert(struct tally *tally, const struct key *key)
{
	uint32_t i = tally->unused, *chain;

	if (i != 0) {
		tally->unused = tally->entries[i].next;
	} else {
		/* all are in use, so all of them are in chains */
		if (tally->used == tally->size && !grow(tally))
			return 0;
		i = tally->used++;
	}
	chain = chain_of(tally, key);
	tally->entries[i] = (struct entry){ .key = *key, .next = *chain };
	*chain = i;
	return i;
}

static void say(struct tally *tally, const struct client_info *client, bool memory)
{
	char more[SELDOM_TEXT], text[NET_TEXT];

	counter_add(COUNT_REFUSED + (memory ? REFUSED_SHORTAGE : REFUSED_PER_PEER), 1);
	if (!seldom_say(&tally->said, more))
		return;
	net_host(&client->peer.addr, client->peer.length, text, sizeof(text));
	log_warn("%s: %s is refused: %s%s", tally->spec->text, text,
	         memory ? error_text(ENOMEM)
	                : "it has as many sessions as option max-children-per-peer allows", more);
}

uint32_t tally_take(struct tally *tally, const struct client_info *client, int fd)
{
	struct key key;
	uint32_t i;

	find_key(&key, &client->peer.addr, fd, tally->prefix);
	i = *chain_of(tally, &key);
	while (i != 0 && memcmp(&tally->entries[i].key, &key, sizeof(key)) != 0)
		i = tally->entries[i].next;
	if (i == 0)
		i = insert(tally, &key);
	if (i == 0 || tally->entries[i].count >= tally->most) {
		say(tally, client, i == 0);
		return 0;
	}
	tally->entries[i].count++;
	return i;
}

void tally_give(struct tally *tally, uint32_t entry)
{
	uint32_t *p;

	if (entry == 0 || --tally->entries[entry].count > 0)
		return;
	p = chain_of(tally, &tally->entries[entry].key);
	while (*p != entry)
		p = &tally->entries[*p].next;
	*p = tally->entries[entry].next;
	tally->entries[entry].next = tally->unused;
	tally->unused = entry;
}

struct tally *tally_new(const struct spec *spec)
{
	const struct opt_value *value = spec_opt(spec, "max-children-per-peer");
	struct tally *tally = calloc(1, sizeof(*tally));

	if (tally == NULL)
		return NULL;
	tally->spec = spec;
	tally->most = (uint32_t)value->number;
	tally->prefix = (uint32_t)value->ints[0];
	tally->used = 1;
	/* strangers must not be able to choose addresses that collide */
	if (getrandom(&tally->seed, sizeof(tally->seed), GRND_NONBLOCK) < 0)
		tally->seed = (uint32_t)loop_now();
	if (grow(tally))
		return tally;
	tally_free(tally);
	return NULL;
}

void tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->entries);
	free(tally->chains);
	free(tally);
}
