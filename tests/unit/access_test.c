/* Who may connect: ranges of addresses, and tables like hosts.allow. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "addr/range.h"
#include "addr/tcpwrap.h"
#include "unit.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static union address address_of(const char *text)
{
	union address address;

	memset(&address, 0, sizeof address);
	if (inet_pton(AF_INET, text, &address.in.sin_addr) == 1) {
		address.any.sa_family = AF_INET;
	} else if (inet_pton(AF_INET6, text, &address.in6.sin6_addr) == 1) {
		address.any.sa_family = AF_INET6;
	} else {
		address.any.sa_family = AF_UNIX;
	}
	return address;
}

/* Peers are in the range or not, also IPv4 peers of IPv6 sockets. */
static void test_range_matches(void)
{
	static const struct {
		const char *range, *peer;
		bool matches;
	} cases[] = {
		{"10.0.0.0/8", "10.255.1.2", true}, {"10.0.0.0/8", "11.0.0.0", false},
		{"10.1.2.3/8", "10.255.1.2", true}, {"0.0.0.0/0", "255.255.255.255", true},
		{"1.2.3.4/32", "1.2.3.4", true}, {"1.2.3.4/32", "1.2.3.5", false},
		{"1.2.3.4/31", "1.2.3.5", true}, {"1.2.3.128/25", "1.2.3.127", false},
		{"10.0.0.0:255.0.0.0", "10.9.9.9", true}, {"10.0.0.5:255.0.0.255", "10.1.1.5", true},
		{"10.0.0.5:255.0.0.255", "10.1.1.6", false},
		{"10.0.0.0/8", "::ffff:10.1.1.1", true}, {"10.0.0.0/8", "::ffff:11.1.1.1", false},
		{"[::1]/128", "::1", true}, {"[::1]/128", "::2", false}, {"[::]/0", "fe80::1", true},
		{"[2001:db8::]/32", "2001:db8:5::1", true}, {"[2001:db8::]/33", "2001:db8:8000::", false},
		{"[::ffff:10.0.0.0]/104", "::ffff:10.1.1.1", true},
		{"[::ffff:10.0.0.0]/104", "10.1.1.1", true},
		{"[::ffff:10.0.0.0]/104", "11.1.1.1", false}, {"[::ffff:1.2.3.4]/128", "1.2.3.5", false},
		{"[::ffff:0:0]/96", "1.2.3.4", true}, {"[::ffff:0:0]/95", "1.2.3.4", false},
		{"[::ffff:0:0]/95", "::fffe:1.2.3.4", true}, {"[::ffff:0:0]/96", "::fffe:1.2.3.4", false},
		{"[::]/0", "1.2.3.4", false}, {"0.0.0.0/0", "::1", false},
		{"0.0.0.0/0", "unix", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		union address peer = address_of(cases[i].peer);
		struct range range;

		CHECK_TEXT(range_parse(&range, cases[i].range, AF_UNSPEC), NULL);
		CHECK_NUMBER(range_match(&range, &peer.any), cases[i].matches);
	}
}

/* Ranges of bytes: any family, compared behind it. */
static void test_range_of_bytes(void)
{
	static const struct {
		const char *range, *peer;
		bool matches;
	} cases[] = {
		{"x0000x0a000000:x0000xff000000", "10.255.1.2", true},
		{"x0000x0a000000:x0000xff000000", "11.0.0.0", false},
		{"x0000x0a010203:x0000xff000000", "10.9.9.9", true},
		{"x1234:x0000", "1.2.3.4", true}, {"x1234:xffff", "1.2.3.4", false},
		{":", "1.2.3.4", true}, {"x0000x00000000xfe80:x0000x00000000xffff", "fe80::1", true},
		{"x0000x00000000xfe80:x0000x00000000xffff", "fe90::1", false},
		{"\":\":b0", "1.2.3.4", true}, {"':':b-1", "1.2.3.4", false},
	};
	static const char *const bad[] = {
		"", "x00", "x00:", "x00:x0000", "x0:x0", "x00:mask", "10.0.0.0/8", "\"a:b\"", "x00:x00:x00",
	};
	char longest[600] = "x";
	struct range range;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct { union address address; char more[120]; } peer = {0};

		peer.address = address_of(cases[i].peer);
		CHECK_TEXT(range_parse_bytes(&range, cases[i].range), NULL);
		CHECK_NUMBER(range_match(&range, &peer.address.any), cases[i].matches);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(range_parse_bytes(&range, bad[i]) != NULL);
	for (unsigned i = 0; i < RANGE_BYTES + 1; i++)
		strcat(longest, "00");
	strcat(longest, ":x00");
	CHECK(range_parse_bytes(&range, longest) != NULL);
}

static void test_range_bad(void)
{
	static const char *const bad[] = {
		"", "1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/8x", "1.2.3/8",
		"1.2.3.4:", "1.2.3.4:255", "1.2.3.4:255.255.255.256", "::1/128", "[::1]", "[::1]/",
		"[::1]/129", "[::1/128", "[::g]/1", "[1.2.3.4]/8", "host/8", "1.2.3.4/0000",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]/1",
	};
	struct range range;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(range_parse(&range, bad[i], AF_UNSPEC) != NULL);
	CHECK(range_parse(&range, "[::1]/128", AF_INET) != NULL);
	CHECK(range_parse(&range, "10.0.0.0/8", AF_INET6) != NULL);
	CHECK_TEXT(range_parse(&range, "10.0.0.0/8", AF_INET), NULL);
}

/* Rules of one table, against 10.1.2.3 "www.Example.org" that connected to 10.0.0.1. */
static int matches(const char *table, bool granting, const char *host)
{
	union address peer = address_of("10.1.2.3"), local = address_of("10.0.0.1");
	struct tcpwrap wrap = {.daemon = "relay"};
	struct tcpwrap_peer who = {.address = &peer.any, .host = host, .local = &local.any};

	return tcpwrap_table_matches(table, "table", granting, &wrap, &who);
}

static void test_patterns(void)
{
	static const struct {
		const char *table;
		int matches;
	} cases[] = {
		{"", 0}, {"# relay: ALL\n\n", 0}, {"ALL: ALL", 1}, {"relay: ALL", 1},
		{"RELAY : all", 1}, {"other: ALL", 0}, {"other relay: ALL", 1}, {"other,relay:ALL", 1},
		{"relay: 10.1.2.3", 1}, {"relay: 10.1.2.4", 0}, {"relay: 10.1.", 1}, {"relay: 10.2.", 0},
		{"relay: 10.0.0.0/255.0.0.0", 1}, {"relay: 10.0.0.0/8", 1}, {"relay: 11.0.0.0/8", 0},
		{"relay: [::1]/128", 0}, {"relay: [::1]", 0}, {"relay: [::1]/128 10.", 1},
		{"relay: www.example.org", 1}, {"relay: .example.org", 1}, {"relay: .example.com", 0},
		{"relay: *.example.org", 1}, {"relay: 10.?.2.*", 1}, {"relay: *.com", 0},
		{"relay: LOCAL", 0}, {"relay: KNOWN", 1}, {"relay: UNKNOWN", 0}, {"relay: PARANOID", 0},
		{"relay: ALL EXCEPT 10.1.2.3", 0}, {"relay: ALL EXCEPT 10.9.", 1},
		{"relay: ALL EXCEPT 10. EXCEPT 10.1.", 1}, {"relay: 11. EXCEPT 12.", 0},
		{"ALL EXCEPT relay: ALL", 0}, {"ALL EXCEPT other: ALL", 1},
		{"relay@10.0.0.1: ALL", 1}, {"relay@10.0.0.2: ALL", 0}, {"ALL@10.0.0.0/8: ALL", 1},
		{"other: ALL\nrelay: \\\n 10.1.2.3\n", 1}, {"relay: 11.\nALL: .org", 1},
		{"relay:", 0}, {":ALL", 0}, {"relay: ALL: ALLOW", 1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int got = matches(cases[i].table, true, "www.Example.org");

		if (got != cases[i].matches)
			CHECK_TEXT(cases[i].table, got != 0 ? "not to match" : "to match");
		CHECK(got == cases[i].matches);
	}
	CHECK_SILENT();
	CHECK_NUMBER(matches("relay: LOCAL", true, "www"), 1);
	CHECK_NUMBER(matches("relay: UNKNOWN", true, NULL), 1);
	CHECK_NUMBER(matches("relay: KNOWN .org", true, NULL), 0);
	CHECK_SILENT();
}

/* What is not implemented never grants, and is told. */
static void test_undecidable(void)
{
	static const char *const tables[] = {
		"relay: @group", "relay: /etc/list", "relay: someone@ALL", "relay: ALL EXCEPT @group",
		"relay: 1.2.3.4/99", "relay: ALL: spawn /bin/true", "relay: ALL: severity info",
		"@group relay@x/y: ALL",
	};

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		unit_messages = 0;
		CHECK_NUMBER(matches(tables[i], true, "www.example.org"), -1);
		CHECK(unit_messages > 0);
	}
	unit_messages = 0;
	CHECK_NUMBER(matches("relay: 10.: twist /bin/false", false, "x.y"), 1);
	CHECK_MESSAGE("W table: commands and options of rules (\"twist ...\") are not supported");
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CHECK(file != NULL && fputs(text, file) >= 0);
	if (file != NULL)
		fclose(file);
}

static bool allowed(const char *allow, const char *deny)
{
	char allow_path[64], deny_path[64];
	union address peer = address_of("10.1.2.3");
	struct tcpwrap wrap = {.daemon = "relay", .allow = allow_path, .deny = deny_path};
	struct tcpwrap_peer who = {.address = &peer.any};
	bool result;

	snprintf(allow_path, sizeof allow_path, "/tmp/access_test.%d.allow", (int)getpid());
	snprintf(deny_path, sizeof deny_path, "/tmp/access_test.%d.deny", (int)getpid());
	if (allow != NULL)
		write_file(allow_path, allow);
	if (deny != NULL)
		write_file(deny_path, deny);
	result = tcpwrap_allows(&wrap, &who);
	unlink(allow_path);
	unlink(deny_path);
	return result;
}

/* hosts.allow first, then hosts.deny, then everybody. */
static void test_order(void)
{
	CHECK(allowed(NULL, NULL));
	CHECK(allowed("", ""));
	CHECK(allowed("relay: 10.", "ALL: ALL"));
	CHECK(!allowed("relay: 11.", "ALL: ALL"));
	CHECK(!allowed(NULL, "relay: 10."));
	CHECK(allowed(NULL, "relay: 11."));
	CHECK(!allowed("relay: 10. : deny", NULL));
	CHECK(allowed(NULL, "relay: 10. : allow"));
	CHECK(allowed("relay: 10. : allow", "ALL: ALL"));
	CHECK_SILENT();
	CHECK(!allowed(NULL, "relay 10."));
	CHECK_NUMBER(unit_messages, 1);
	unit_messages = 0;
	CHECK(!allowed("relay: @group", NULL));
	unit_messages = 0;
}

int main(void)
{
	test_range_matches();
	test_range_of_bytes();
	test_range_bad();
	test_patterns();
	test_undecidable();
	test_order();
	return unit_done();
}
