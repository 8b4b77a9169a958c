/* The slow way to find the most specific network around an address: asking them all. What
 * addr/network_table.h says is compared with it. */
#ifndef UNIT_NETWORK_ORACLE_H
#define UNIT_NETWORK_ORACLE_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "addr/network_table.h"
#include "addr/range.h"

union oracle_peer {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage room;
};

struct oracle {
	struct {
		struct range range;
		unsigned ones, flags;
	} *networks;
	size_t count;
};

static void oracle_add(struct oracle *oracle, const struct range *range, unsigned flags)
{
	bool prefix;
	unsigned ones = range_ones(range, &prefix);
	size_t i = oracle->count++;

	oracle->networks = realloc(oracle->networks, oracle->count * sizeof *oracle->networks);
	if (oracle->networks == NULL)
		abort();
	oracle->networks[i].range = *range;
	oracle->networks[i].ones = ones;
	oracle->networks[i].flags = flags;
}

static int oracle_find(const struct oracle *oracle, const struct sockaddr *peer)
{
	int best = -1;
	unsigned ones = 0;

	for (size_t i = 0; i < oracle->count; i++) {
		int flags = (int)oracle->networks[i].flags;

		if (!range_match(&oracle->networks[i].range, peer) ||
		    (best >= 0 && oracle->networks[i].ones < ones))
			continue;
		/* of equal ones the larger flags: denying before allowing */
		if (best < 0 || oracle->networks[i].ones > ones || flags > best)
			best = flags;
		ones = oracle->networks[i].ones;
	}
	return best;
}

static void oracle_free(struct oracle *oracle)
{
	free(oracle->networks);
	memset(oracle, 0, sizeof *oracle);
}

/* Addresses at and around the borders of a network. which: 0..4. */
static void oracle_border(const struct range *range, unsigned which, union oracle_peer *peer)
{
	unsigned char bytes[16];
	int step = which == 1 ? -1 : which == 3 ? 1 : 0;

	memcpy(bytes, range->address, sizeof bytes);
	if (which >= 2)
		for (unsigned i = 0; i < range->length && i < 16; i++)
			bytes[i] |= (unsigned char)~range->mask[i];
	for (unsigned i = range->length; step != 0 && i-- > 0 && i < 16;) {
		bytes[i] = (unsigned char)(bytes[i] + step);
		if (bytes[i] != (step > 0 ? 0 : 0xff))
			break;
	}
	memset(peer, 0, sizeof *peer);
	peer->any.sa_family = (sa_family_t)range->family;
	if (range->family == AF_INET && which < 4) {
		memcpy(&peer->in.sin_addr, bytes, 4);
	} else if (range->family == AF_INET) {
		peer->any.sa_family = AF_INET6;
		memset(&peer->in6.sin6_addr.s6_addr[10], 0xff, 2);
		memcpy(&peer->in6.sin6_addr.s6_addr[12], bytes, 4);
	} else {
		memcpy(&peer->in6.sin6_addr, bytes, 16);
	}
}

#endif
