/* Theory of operation.
 *
 * Networks whose mask is a prefix are nested in one another or apart, never half and half. Sorted
 * by address and then by the length of the prefix each comes behind those that contain it, and one
 * pass over them, with a stack of those that are not over yet, cuts all addresses into intervals:
 * an interval belongs to the most specific network around it. What is kept of it are the first
 * address and a mark, so the answer is the mark of the last interval that does not begin behind
 * the address; there are at most twice as many intervals as networks. IPv4 and IPv6 have a table
 * each, with keys of one and of four words.
 *
 * A mark is a number that is the larger the more specific the network, and larger for one that
 * denies than for an equal one that allows: so marks decide between networks by being compared,
 * also between those of the tables and those in the list of all other ranges. 0: no network.
 */
#include "addr/network_table.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/error.h"

enum { WORDS = 4, DEEPEST = 129 };

struct network {
	uint32_t key[WORDS];         /* the words of the address as numbers */
	uint16_t mark;
	uint16_t words;              /* 1: IPv4, 4: IPv6 */
};

struct linear {
	struct range range;
	unsigned mark;
};

struct intervals {
	unsigned words;
	size_t count;
	uint32_t *starts;            /* words for each */
	uint16_t *marks;
};

struct network_table {
	struct network *networks;    /* until the intervals are made of them */
	size_t count, room;
	struct linear *linear;
	size_t linear_count, linear_room;
	bool allows;
	struct intervals ip4, ip6;
};

static unsigned mark_of(unsigned ones, unsigned flags)
{
	return ones * 4 + flags + 1;
}

static unsigned bits_of(unsigned mark)
{
	return (mark - 1) / 4;
}

struct network_table *network_table_new(void)
{
	struct network_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->ip4.words = 1;
	table->ip6.words = WORDS;
	return table;
}

static void free_intervals(struct intervals *intervals)
{
	free(intervals->starts);
	free(intervals->marks);
}

void network_table_free(struct network_table *table)
{
	if (table == NULL)
		return;
	free(table->networks);
	free(table->linear);
	free_intervals(&table->ip4);
	free_intervals(&table->ip6);
	free(table);
}

size_t network_table_count(const struct network_table *table)
{
	return table->count + table->linear_count;
}

bool network_table_allows(const struct network_table *table)
{
	return table->allows;
}

/* --- adding ---------------------------------------------------------------------- */

/* Room for one more at the end of *list. Returns where, or NULL without memory. */
static void *one_more(void *list, size_t *count, size_t *room, size_t size)
{
	unsigned char **items = list;

	if (*count == *room) {
		size_t wanted = *room == 0 ? 16 : *room * 2;
		void *longer = realloc(*items, wanted * size);

		if (longer == NULL)
			return NULL;
		*items = longer;
		*room = wanted;
	}
	return *items + (*count)++ * size;
}

static void load_key(uint32_t *key, const unsigned char *bytes, unsigned words)
{
	for (unsigned i = 0; i < words; i++, bytes += 4)
		key[i] = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
		         (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool add_prefix(struct network_table *table, const struct range *range, unsigned bits,
                       unsigned flags)
{
	struct network *n = one_more(&table->networks, &table->count, &table->room, sizeof(*n));

	if (n == NULL)
		return false;
	memset(n, 0, sizeof(*n));
	n->words = (uint16_t)(range->length / 4);
	n->mark = (uint16_t)mark_of(bits, flags);
	load_key(n->key, range->address, n->words);
	return true;
}

static bool add_linear(struct network_table *table, const struct range *range, unsigned ones,
                       unsigned flags)
{
	struct linear *l = one_more(&table->linear, &table->linear_count, &table->linear_room,
	                            sizeof(*l));

	if (l == NULL)
		return false;
	l->range = *range;
	l->mark = mark_of(ones, flags);
	return true;
}

const char *network_table_add(struct network_table *table, const struct range *range,
                              unsigned flags)
{
	bool prefix;
	unsigned ones = range_ones(range, &prefix);

	prefix = prefix && range->family != AF_UNSPEC;
	if (network_table_count(table) >= NETWORKS_MAX)
		return "is one too many: an address can have 1000000 networks";
	if (!prefix && table->linear_count >= NETWORKS_LINEAR_MAX)
		return "is one too many: an address can have 1000 ranges that are no networks with "
		       "\"/bits\"";
	if (!(prefix ? add_prefix : add_linear)(table, range, ones, flags))
		return error_text(ENOMEM);
	table->allows |= !(flags & NETWORK_DENIES);
	return NULL;
}

/* --- making the table ------------------------------------------------------------- */

static int compare_keys(const uint32_t *a, const uint32_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* IPv4 first; equal networks are neighbours, the one that counts being the last. */
static int compare_networks(const struct network *a, const struct network *b)
{
	int order = a->words - b->words;

	if (order == 0)
		order = compare_keys(a->key, b->key, a->words);
	return order != 0 ? order : a->mark - b->mark;
}

/* Two sorted halves into one. */
static void merge(const struct network *list, size_t half, size_t count, struct network *out)
{
	size_t left = 0, right = half;

	while (left < half || right < count)
		*out++ = right == count ||
		         (left < half && compare_networks(&list[left], &list[right]) <= 0)
		         ? list[left++] : list[right++];
}

/* By merging, which for the random order of long lists is several times as fast as qsort(3) of
 * musl. Returns 0, or -1 without memory. */
static int sort(struct network **list, size_t count)
{
	struct network *other = calloc(count, sizeof(*other)), *swap;

	if (other == NULL)
		return -1;
	for (size_t half = 1; half < count; half *= 2) {
		for (size_t i = 0; i < count; i += 2 * half) {
			size_t left = count - i;

			merge(*list + i, left < half ? left : half, left < 2 * half ? left : 2 * half,
			      other + i);
		}
		swap = *list;
		*list = other;
		other = swap;
	}
	free(other);
	return 0;
}

/* The first address behind a network. Returns false if it reaches to the last address. */
static bool find_end(const struct network *n, uint32_t *end)
{
	unsigned bits = bits_of(n->mark), word = (bits - 1) / 32;

	if (bits == 0)
		return false;
	memcpy(end, n->key, sizeof(n->key));
	end[word] += UINT32_C(1) << (31 - (bits - 1) % 32);
	while (end[word] == 0) {
		if (word == 0)
			return false;
		end[--word]++;
	}
	return true;
}

/* From this address on it is this mark; what began at the same address is none. */
static void begin_interval(struct intervals *t, const uint32_t *key, unsigned mark)
{
	if (t->count > 0 && compare_keys(t->starts + (t->count - 1) * t->words, key, t->words) == 0)
		t->count--;
	if ((t->count > 0 ? t->marks[t->count - 1] : 0) == mark)
		return;
	memcpy(t->starts + t->count * t->words, key, t->words * sizeof(*key));
	t->marks[t->count++] = (uint16_t)mark;
}

/* Networks around the one that is looked at, the outermost first. */
struct nesting {
	struct { uint32_t end[WORDS]; bool endless; unsigned mark; } level[DEEPEST];
	unsigned depth;
};

static void leave_network(struct nesting *around, struct intervals *t)
{
	const uint32_t *end = around->level[--around->depth].end;

	begin_interval(t, end, around->depth > 0 ? around->level[around->depth - 1].mark : 0);
}

static bool is_behind(const struct network *n, const struct nesting *around)
{
	unsigned top = around->depth - 1;

	return !around->level[top].endless &&
	       compare_keys(around->level[top].end, n->key, n->words) <= 0;
}

static void cut(struct intervals *t, const struct network *networks, size_t count)
{
	struct nesting around = { .depth = 0 };

	for (const struct network *n = networks; n < networks + count; n++) {
		while (around.depth > 0 && is_behind(n, &around))
			leave_network(&around, t);
		/* one with as many bits is the same again */
		if (around.depth > 0 &&
		    bits_of(around.level[around.depth - 1].mark) == bits_of(n->mark))
			around.depth--;
		around.level[around.depth].endless = !find_end(n, around.level[around.depth].end);
		around.level[around.depth++].mark = n->mark;
		begin_interval(t, n->key, n->mark);
	}
	while (around.depth > 0 && !around.level[around.depth - 1].endless)
		leave_network(&around, t);
}

/* Give back what is too much, if that can be done. */
static void *shrink(void *memory, size_t size)
{
	void *shorter = size > 0 ? realloc(memory, size) : NULL;

	return shorter != NULL ? shorter : memory;
}

static int make_intervals(struct intervals *t, const struct network *networks, size_t count)
{
	if (count == 0)
		return 0;
	t->starts = calloc(2 * count, t->words * sizeof(*t->starts));
	t->marks = calloc(2 * count, sizeof(*t->marks));
	if (t->starts == NULL || t->marks == NULL)
		return -1;
	cut(t, networks, count);
	t->starts = shrink(t->starts, t->count * t->words * sizeof(*t->starts));
	t->marks = shrink(t->marks, t->count * sizeof(*t->marks));
	return 0;
}

int network_table_finish(struct network_table *table)
{
	size_t ip4 = 0;

	if (table->count == 0)
		return 0;
	if (sort(&table->networks, table->count) < 0)
		return -1;
	while (ip4 < table->count && table->networks[ip4].words == 1)
		ip4++;
	if (make_intervals(&table->ip4, table->networks, ip4) < 0 ||
	    make_intervals(&table->ip6, table->networks + ip4, table->count - ip4) < 0)
		return -1;
	free(table->networks);
	table->networks = NULL;
	return 0;
}

/* --- asking ------------------------------------------------------------------------ */

static unsigned find_mark(const struct intervals *t, const uint32_t *key)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_keys(t->starts + middle * t->words, key, t->words) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? 0 : t->marks[low - 1];
}

int network_table_find(const struct network_table *table, const struct sockaddr *peer)
{
	const unsigned char *bytes = NULL;
	unsigned length = range_address_bytes(peer, &bytes), mark = 0;
	uint32_t key[WORDS] = { 0 };

	if (length > 0) {
		load_key(key, bytes, length / 4);
		mark = find_mark(length == 4 ? &table->ip4 : &table->ip6, key);
	}
	for (size_t i = 0; i < table->linear_count; i++)
		if (table->linear[i].mark > mark && range_match(&table->linear[i].range, peer))
			mark = table->linear[i].mark;
	return mark == 0 ? -1 : (int)((mark - 1) % 4);
}
