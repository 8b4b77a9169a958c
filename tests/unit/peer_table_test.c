/* The table of a datagram socket's peers. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "addr/peer.h"
#include "unit.h"

enum { MANY = 5000 };

static struct net_peer ip4(uint32_t host, unsigned port)
{
	struct net_peer peer;

	memset(&peer, 0, sizeof peer);
	peer.addr.in.sin_family = AF_INET;
	peer.addr.in.sin_addr.s_addr = htonl(host);
	peer.addr.in.sin_port = htons((uint16_t)port);
	peer.length = sizeof peer.addr.in;
	return peer;
}

static struct net_peer ip6(unsigned last, unsigned scope)
{
	struct net_peer peer;

	memset(&peer, 0, sizeof peer);
	peer.addr.in6.sin6_family = AF_INET6;
	peer.addr.in6.sin6_addr.s6_addr[0] = 0xfe;
	peer.addr.in6.sin6_addr.s6_addr[15] = (unsigned char)last;
	peer.addr.in6.sin6_scope_id = scope;
	peer.length = sizeof peer.addr.in6;
	return peer;
}

static struct local_address to4(uint32_t host)
{
	struct local_address local;

	memset(&local, 0, sizeof local);
	local.family = AF_INET;
	local.to.in4.s_addr = htonl(host);
	return local;
}

static struct peer *find(const struct peer_table *table, const struct net_peer *from,
                         const struct local_address *local)
{
	return peer_table_find(table, peer_table_hash(table, from, local), from, local);
}

static struct peer *insert(struct peer_table *table, const struct net_peer *from,
                           const struct local_address *local)
{
	struct peer *peer = calloc(1, sizeof *peer);

	peer->address = *from;
	peer->local = *local;
	peer_table_insert(table, peer, peer_table_hash(table, from, local));
	return peer;
}

/* Peers differ by address, port, zone, and by which of our addresses they have sent to. */
static void test_keys(void)
{
	struct local_address any, one = to4(0x7f000001), two = to4(0x7f000002);
	struct net_peer keys[] = { ip4(1, 1), ip4(1, 2), ip4(2, 1), ip6(1, 1), ip6(1, 2), ip6(2, 1) };
	const struct local_address *locals[] = { &any, &one, &two };
	struct peer *peers[6][3];
	struct peer_table table;

	memset(&any, 0, sizeof any);
	CHECK_NUMBER(peer_table_init(&table), 0);
	for (int i = 0; i < 6; i++)
		for (int l = 0; l < 3; l++) {
			CHECK(find(&table, &keys[i], locals[l]) == NULL);
			peers[i][l] = insert(&table, &keys[i], locals[l]);
		}
	CHECK_NUMBER(table.count, 18);
	for (int i = 0; i < 6; i++)
		for (int l = 0; l < 3; l++)
			CHECK(find(&table, &keys[i], locals[l]) == peers[i][l]);
	for (int i = 0; i < 6; i++)
		for (int l = 0; l < 3; l++) {
			peer_table_remove(&table, peers[i][l]);
			CHECK(find(&table, &keys[i], locals[l]) == NULL);
			free(peers[i][l]);
		}
	CHECK_NUMBER(table.count, 0);
	free(table.slots);
}

/* A sender without a name, and names of different lengths. */
static void test_unix(void)
{
	struct local_address none;
	struct net_peer unnamed, a, ab;
	struct peer *first, *second, *third;
	struct peer_table table;

	memset(&none, 0, sizeof none);
	memset(&unnamed, 0, sizeof unnamed);
	CHECK_NUMBER(peer_table_init(&table), 0);
	CHECK_NUMBER(net_unix("a", true, true, &a), 0);
	CHECK_NUMBER(net_unix("ab", true, true, &ab), 0);
	first = insert(&table, &unnamed, &none);
	second = insert(&table, &a, &none);
	third = insert(&table, &ab, &none);
	CHECK(find(&table, &unnamed, &none) == first);
	CHECK(find(&table, &a, &none) == second);
	CHECK(find(&table, &ab, &none) == third);
	free(first);
	free(second);
	free(third);
	free(table.slots);
}

/* The same hash for all: they share a chain, and are told apart all the same. Any of the chain can
 * be removed. */
static void test_collisions(void)
{
	struct local_address none;
	struct peer *peers[8];
	struct peer_table table;

	memset(&none, 0, sizeof none);
	CHECK_NUMBER(peer_table_init(&table), 0);
	for (unsigned i = 0; i < 8; i++) {
		peers[i] = calloc(1, sizeof *peers[i]);
		peers[i]->address = ip4(i, 1);
		peer_table_insert(&table, peers[i], 77);
	}
	for (unsigned gone = 0; gone < 8; gone++) {
		unsigned which = (gone * 3) % 8;   /* inside, first and last ones */

		peer_table_remove(&table, peers[which]);
		for (unsigned i = 0; i < 8; i++) {
			struct net_peer from = ip4(i, 1);
			bool removed = false;

			for (unsigned before = 0; before <= gone; before++)
				removed |= (before * 3) % 8 == i;
			CHECK(peer_table_find(&table, 77, &from, &none) ==
			      (removed ? NULL : peers[i]));
		}
	}
	CHECK_NUMBER(table.count, 0);
	for (unsigned i = 0; i < 8; i++)
		free(peers[i]);
	free(table.slots);
}

/* The table grows with its peers; no chain becomes long; none is lost by it. */
static void test_growth(void)
{
	static struct peer *peers[MANY];
	struct local_address none;
	struct peer_table table;
	unsigned longest = 0, missing = 0;

	memset(&none, 0, sizeof none);
	CHECK_NUMBER(peer_table_init(&table), 0);
	for (unsigned i = 0; i < MANY; i++) {
		/* one host with many ports, and many hosts with one */
		struct net_peer from = i % 2 ? ip4(0x0a000001, 1024 + i) : ip4(0x0a000000 + i, 53);

		peers[i] = insert(&table, &from, &none);
	}
	CHECK_NUMBER(table.count, MANY);
	CHECK(table.size >= MANY / 2);
	for (unsigned i = 0; i < table.size; i++) {
		unsigned length = 0;

		for (struct peer *p = table.slots[i]; p != NULL; p = p->chain)
			length++;
		longest = length > longest ? length : longest;
	}
	CHECK(longest <= 16);
	for (unsigned i = 0; i < MANY; i += 2) {
		peer_table_remove(&table, peers[i]);
		missing += find(&table, &peers[i]->address, &none) != NULL;
	}
	for (unsigned i = 1; i < MANY; i += 2)
		missing += find(&table, &peers[i]->address, &none) != peers[i];
	CHECK_NUMBER(missing, 0);
	CHECK_NUMBER(table.count, MANY / 2);
	for (unsigned i = 0; i < MANY; i++)
		free(peers[i]);
	free(table.slots);
}

/* Each table has a seed of its own: strangers can't know which addresses collide. */
static void test_seed(void)
{
	struct net_peer from = ip4(0x0a000001, 53);
	struct local_address none;
	struct peer_table tables[8];
	unsigned same = 0;

	memset(&none, 0, sizeof none);
	for (unsigned i = 0; i < 8; i++) {
		CHECK_NUMBER(peer_table_init(&tables[i]), 0);
		same += i > 0 && peer_table_hash(&tables[i], &from, &none) ==
		                 peer_table_hash(&tables[0], &from, &none);
		free(tables[i].slots);
	}
	CHECK(same < 7);
}

int main(void)
{
	test_keys();
	test_unix();
	test_collisions();
	test_growth();
	test_seed();
	return unit_done();
}
