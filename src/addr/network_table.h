/* Networks of which some allow and some deny: which of all that contain an address is the most
 * specific one. Networks are added one by one, the table is made of them once, and is then only
 * asked: by a binary search, whatever their number. */
#ifndef ADDR_NETWORK_TABLE_H
#define ADDR_NETWORK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "addr/range.h"

enum {
	/* Networks in a table, and those among them that are compared one after the other: of
	 * bytes, or with a mask whose ones are not all in front. */
	NETWORKS_MAX = 1000000, NETWORKS_LINEAR_MAX = 1000
};

/* What is known of a network. */
enum network_flag { NETWORK_FROM_FILE = 1, NETWORK_DENIES = 2 };

struct network_table;

/* NULL with errno set. */
struct network_table *network_table_new(void);
void network_table_free(struct network_table *table);

/* flags: of enum network_flag. Returns NULL, or why it can't be added: a phrase that goes behind
 * the network's text. */
const char *network_table_add(struct network_table *table, const struct range *range,
                              unsigned flags);
/* All are added. Returns 0, or -1 with errno set. */
int network_table_finish(struct network_table *table);

/* How many were added, and whether one of them allows. */
size_t network_table_count(const struct network_table *table);
bool network_table_allows(const struct network_table *table);

/* The flags of the most specific network that contains the peer's address: the one whose mask has
 * most ones, of several one that denies. -1: it is in none. IPv4 addresses in IPv6 ones
 * (::ffff:10.1.2.3) count as IPv4, and so do networks of them. peer: as for range_match(). */
int network_table_find(const struct network_table *table, const struct sockaddr *peer);

#endif
