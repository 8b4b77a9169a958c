/* Tables of networks and files of them, compared with asking all networks one by one. */
#include <arpa/inet.h>
#include <stdio.h>

#include "addr/network_table.h"
#include "addr/range_file.h"
#include "network_oracle.h"
#include "short_memory.h"
#include "unit.h"

static union oracle_peer peer_of(const char *text)
{
	union oracle_peer peer;

	memset(&peer, 0, sizeof peer);
	if (inet_pton(AF_INET, text, &peer.in.sin_addr) == 1)
		peer.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &peer.in6.sin6_addr) == 1)
		peer.any.sa_family = AF_INET6;
	else
		peer.any.sa_family = AF_UNIX;
	return peer;
}

static struct network_table *table_of(const char *file)
{
	struct network_table *table = network_table_new();

	CHECK_NUMBER(range_file_parse(table, file, strlen(file), false, "file", "address"), 0);
	CHECK_NUMBER(network_table_finish(table), 0);
	CHECK_SILENT();
	return table;
}

/* The most specific network decides, whatever the order; of equal ones the one that denies. */
static void test_most_specific(void)
{
	static const struct {
		const char *file, *peer;
		int answer;            /* 1: allows, -1: denies, 0: is in none */
	} cases[] = {
		{"", "10.0.0.1", 0}, {"10.0.0.0/8", "10.0.0.1", 1}, {"10.0.0.0/8", "11.0.0.0", 0},
		{"10.0.0.0/8", "9.255.255.255", 0}, {"!10.0.0.0/8", "10.255.255.255", -1},
		{"10.0.0.0/8\n!10.1.0.0/16", "10.1.2.3", -1}, {"10.0.0.0/8\n!10.1.0.0/16", "10.2.0.0", 1},
		{"!10.1.0.0/16\n10.0.0.0/8", "10.0.255.255", 1}, {"!10.1.0.0/16\n10.0.0.0/8", "10.1.0.0", -1},
		{"!10.0.0.0/8\n10.1.0.0/16\n!10.1.1.1", "10.1.1.1", -1},
		{"!10.0.0.0/8\n10.1.0.0/16\n!10.1.1.1", "10.1.1.2", 1},
		{"!10.0.0.0/8\n10.1.0.0/16\n!10.1.1.1", "10.3.1.2", -1},
		{"10.0.0.0/8\n!10.0.0.0/8", "10.1.1.1", -1}, {"!10.0.0.0/8\n10.0.0.0/8", "10.1.1.1", -1},
		{"!10.0.0.0/8\n10.0.0.0/8\n10.0.0.0/8", "10.1.1.1", -1},
		{"10.9.9.9/8", "10.1.1.1", 1}, {"10.0.0.0:255.0.0.0", "10.1.1.1", 1},
		{"0.0.0.0/0", "255.255.255.255", 1}, {"0.0.0.0/0", "0.0.0.0", 1}, {"0.0.0.0/0", "::1", 0},
		{"::/0", "1.1.1.1", 0}, {"::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1},
		{"255.0.0.0/8\n!255.255.255.255", "255.255.255.255", -1},
		{"!255.0.0.0/8\n255.255.255.255", "255.255.255.254", -1},
		{"2001:db8::/32", "2001:db8:ffff::1", 1}, {"[2001:db8::]/32", "2001:db9::", 0},
		{"2001:db8::1", "2001:db8::1", 1}, {"[2001:db8::1]", "2001:db8::2", 0},
		{"10.0.0.0/8", "::ffff:10.1.1.1", 1}, {"!::ffff:10.0.0.0/104", "10.1.1.1", -1},
		{"!::ffff:10.0.0.0/104\n10.1.0.0/16", "10.1.1.1", 1}, {"::ffff:0:0/95", "10.1.1.1", 0},
		{"::ffff:0:0/96", "::ffff:10.1.1.1", 1},
		/* masks that are no prefix: as specific as they have ones */
		{"10.0.0.5:255.0.0.255", "10.7.7.5", 1}, {"10.0.0.5:255.0.0.255", "10.7.7.6", 0},
		{"10.0.0.5:255.0.0.255\n!10.7.0.0/16", "10.7.7.5", -1},
		{"10.0.0.5:255.0.0.255\n!10.0.0.0/15", "10.1.7.5", 1},
		{"!10.0.0.5:255.0.0.255\n10.7.7.0/24", "10.7.7.5", 1},
		{"!0.0.0.5:0.0.0.255", "::ffff:1.2.3.5", -1}, {"!0.0.0.5:0.0.0.255", "::5", 0},
		{"0.0.0.0/0\n::/0", "unix", 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		union oracle_peer peer = peer_of(cases[i].peer);
		struct network_table *table = table_of(cases[i].file);
		int flags = network_table_find(table, &peer.any);
		int answer = flags < 0 ? 0 : flags & NETWORK_DENIES ? -1 : 1;

		if (answer != cases[i].answer)
			CHECK_TEXT(cases[i].file, cases[i].peer);
		CHECK_NUMBER(answer, cases[i].answer);
		CHECK(flags < 0 || (flags & NETWORK_FROM_FILE) != 0);
		network_table_free(table);
	}
}

/* Comments, empty lines, blanks, ends of lines of others; what is counted. */
static void test_file(void)
{
	struct network_table *table = table_of("# office\r\n\r\n  10.0.0.0/8 # all of it\r\n"
	                                       "\t! 10.1.0.0/16\t\n#\n\n2001:db8::/32#x\n::1");

	CHECK_NUMBER(network_table_count(table), 4);
	CHECK(network_table_allows(table));
	network_table_free(table);
	table = table_of("!10.0.0.0/8\n!1.2.3.4:255.0.0.255");
	CHECK_NUMBER(network_table_count(table), 2);
	CHECK(!network_table_allows(table));
	network_table_free(table);
}

static void check_refused(const char *file, size_t size, bool bytes, const char *message)
{
	struct network_table *table = network_table_new();

	CHECK_NUMBER(range_file_parse(table, file, size, bytes, "f", "a"), -1);
	CHECK_MESSAGE(message);
	network_table_free(table);
}

/* A bad line is told with its number, and why. */
static void test_bad_lines(void)
{
	static const struct {
		const char *file, *message;
	} cases[] = {
		{"10.0.0.0/8\nhost.example\n", "E a: f:2: \"host.example\" is no network like 10.0.0.0/8 "
		 "or 2001:db8::/32, and no address"},
		{"!\n", "E a: f:1: \"!\" is no network like 10.0.0.0/8 or 2001:db8::/32, and no address"},
		{"!!10.0.0.0/8", "E a: f:1: \"!!10.0.0.0/8\" is no network like 10.0.0.0/8 or "
		 "2001:db8::/32, and no address"},
		{"10.0.0.0/8 10.0.0.0/8", "E a: f:1: \"10.0.0.0/8 10.0.0.0/8\" needs a number of bits "
		 "from 0 to 32 behind the \"/\""},
		{"\n\n10.0.0.0/33", "E a: f:3: \"10.0.0.0/33\" needs a number of bits from 0 to 32 behind "
		 "the \"/\""},
		{"10.0.0.0/", "E a: f:1: \"10.0.0.0/\" needs a number of bits from 0 to 32 behind the "
		 "\"/\""},
		{"10.0.0.0:255.0", "E a: f:1: \"10.0.0.0:255.0\" needs a mask like 255.255.0.0 behind "
		 "the \":\""},
		{"::1/129", "E a: f:1: \"::1/129\" needs a number of bits from 0 to 128 behind the \"/\""},
		{"[::1", "E a: f:1: \"[::1\" does not begin with an IPv6 address in brackets"},
		{"[::1]8", "E a: f:1: \"[::1]8\" has no \"/bits\" behind the address"},
		{"1:2:3", "E a: f:1: \"1:2:3\" does not begin with an IPv6 address"},
		{"::1]/8", "E a: f:1: \"::1]/8\" does not begin with an IPv6 address"},
		{"\x01", "E a: f:1: \"\\x01\" is no network like 10.0.0.0/8 or 2001:db8::/32, and no "
		 "address"},
	};
	char longest[1100];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_refused(cases[i].file, strlen(cases[i].file), false, cases[i].message);
	check_refused("::1\n10.0.0.0/8\0\n", 15, false,
	              "E a: f:2: the line has a NUL in it: this is no text file");
	memset(longest, '1', sizeof longest);
	check_refused(longest, sizeof longest, false,
	              "E a: f:1: the line is too long: a line has one network");
	check_refused("10.0.0.0/8", 10, true, "E a: f:1: \"10.0.0.0/8\" must be data and mask, as in "
	              "x0000x0a000000:x0000xff000000");
}

/* Ranges of bytes, in files as in the option. */
static void test_bytes(void)
{
	static const char file[] = "x0000x0a000000:x0000xff000000\n!x0000x0a010000:x0000xffff0000\n";
	struct network_table *table = network_table_new();
	union oracle_peer inside = peer_of("10.2.3.4"), denied = peer_of("10.1.3.4"),
	                  outside = peer_of("11.2.3.4");

	CHECK_NUMBER(range_file_parse(table, file, strlen(file), true, "f", "a"), 0);
	CHECK_NUMBER(network_table_finish(table), 0);
	CHECK_NUMBER(network_table_find(table, &inside.any), NETWORK_FROM_FILE);
	CHECK_NUMBER(network_table_find(table, &denied.any), NETWORK_FROM_FILE | NETWORK_DENIES);
	CHECK_NUMBER(network_table_find(table, &outside.any), -1);
	network_table_free(table);
}

/* There are bounds for both sorts. */
static void test_bounds(void)
{
	struct network_table *table = network_table_new();
	struct range range;

	CHECK_TEXT(range_parse_listed(&range, "10.0.0.5:255.0.0.255"), NULL);
	for (unsigned i = 0; i < NETWORKS_LINEAR_MAX; i++)
		if (network_table_add(table, &range, 0) != NULL)
			CHECK(false);
	CHECK_TEXT(network_table_add(table, &range, 0), "is one too many: an address can have 1000 "
	           "ranges that are no networks with \"/bits\"");
	CHECK_TEXT(range_parse_listed(&range, "10.0.0.0/8"), NULL);
	for (unsigned i = NETWORKS_LINEAR_MAX; i < NETWORKS_MAX; i++)
		if (network_table_add(table, &range, 0) != NULL)
			CHECK(false);
	CHECK_TEXT(network_table_add(table, &range, 0),
	           "is one too many: an address can have 1000000 networks");
	network_table_free(table);
}

/* --- random networks ---------------------------------------------------------------- */

static uint32_t seed = 20261121;

static unsigned draw(unsigned below)
{
	seed = seed * 1664525 + 1013904223;
	return (unsigned)((uint64_t)seed * below >> 32);
}

/* Few different bits, so that many are equal, nested or neighbours. */
static void draw_range(struct range *range)
{
	static const unsigned lengths[] = { 0, 1, 7, 8, 9, 16, 24, 30, 31, 32 };
	static const char *const starts[] = { "10.0.0.0", "0.0.0.0", "255.255.255.252", "128.0.0.0" };
	static const char *const starts6[] = { "2001:db8::", "::", "::ffff:10.0.0.0",
	                                       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc" };
	unsigned length = lengths[draw(10)];
	char text[80];

	switch (draw(8)) {
	case 0:
		snprintf(text, sizeof text, "%s:%u.0.%u.255", starts[draw(4)], draw(2) * 255, draw(4));
		break;
	case 1: case 2:
		snprintf(text, sizeof text, "%s/%u", starts6[draw(4)], length + 32 * draw(4));
		break;
	default:
		snprintf(text, sizeof text, "%s/%u", starts[draw(4)], length);
	}
	CHECK_TEXT(range_parse_listed(range, text), NULL);
	/* move it a little, inside of its length */
	for (unsigned i = 0; i < 2; i++) {
		unsigned bit = draw(range->length * 8);

		if (range->mask[bit / 8] & 0x80 >> bit % 8)
			range->address[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
	}
}

static void compare_with_oracle(unsigned count)
{
	struct network_table *table = network_table_new();
	struct oracle oracle = {0};
	unsigned wrong = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned flags = draw(4);
		struct range range;

		draw_range(&range);
		oracle_add(&oracle, &range, flags);
		CHECK_TEXT(network_table_add(table, &range, flags), NULL);
	}
	CHECK_NUMBER(network_table_finish(table), 0);
	for (unsigned i = 0; i < count * 5; i++) {
		union oracle_peer peer;

		oracle_border(&oracle.networks[i / 5].range, i % 5, &peer);
		wrong += network_table_find(table, &peer.any) != oracle_find(&oracle, &peer.any);
	}
	CHECK_NUMBER(wrong, 0);
	oracle_free(&oracle);
	network_table_free(table);
}

static void test_random(void)
{
	for (unsigned round = 0; round < 400; round++)
		compare_with_oracle(1 + draw(round % 40 == 0 ? 500 : 20));
}

/* The deepest nesting there is: every length of a prefix, allowed and denied in turn. */
static void test_nested(void)
{
	struct network_table *table = network_table_new();
	union oracle_peer peer = peer_of("8000::");
	unsigned wrong = 0;
	char text[80];

	for (unsigned bits = 0; bits <= 128; bits++) {
		struct range range;

		snprintf(text, sizeof text, "::/%u", bits);
		CHECK_TEXT(range_parse_listed(&range, text), NULL);
		CHECK_TEXT(network_table_add(table, &range, bits % 2 * NETWORK_DENIES), NULL);
	}
	CHECK_NUMBER(network_table_finish(table), 0);
	/* a single one at each place: outside of all networks but those shorter than that */
	for (unsigned bit = 0; bit < 128; bit++) {
		memset(&peer.in6.sin6_addr, 0, sizeof peer.in6.sin6_addr);
		peer.in6.sin6_addr.s6_addr[bit / 8] = (unsigned char)(0x80 >> bit % 8);
		wrong += network_table_find(table, &peer.any) != (int)(bit % 2 * NETWORK_DENIES);
	}
	CHECK_NUMBER(wrong, 0);
	network_table_free(table);
}

/* Without memory it is an error, and nothing is left behind. */
static void test_no_memory(void)
{
	static const char file[] = "10.0.0.0/8\n2001:db8::/32\n!10.0.0.5:255.0.0.255\n";
	union oracle_peer peer = peer_of("10.1.1.1");
	unsigned failures = 0;

	for (long left = 0;; left++) {
		struct network_table *table;
		bool made;

		allocations_left = left;
		refused = false;
		table = network_table_new();
		made = table != NULL &&
		       range_file_parse(table, file, strlen(file), false, "f", "a") == 0 &&
		       network_table_finish(table) == 0;
		allocations_left = -1;
		/* giving memory back may fail without harm */
		if (made)
			CHECK_NUMBER(network_table_find(table, &peer.any), NETWORK_FROM_FILE);
		network_table_free(table);
		unit_messages = 0;
		if (!refused) {
			CHECK(made);
			break;
		}
		failures += !made;
	}
	CHECK(failures >= 8);
}

int main(void)
{
	test_most_specific();
	test_file();
	test_bad_lines();
	test_bytes();
	test_bounds();
	test_nested();
	test_random();
	test_no_memory();
	return unit_done();
}
