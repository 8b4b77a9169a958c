/* Options: the catalogue, every kind of value (good, bad, ends of ranges), applying. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalogue.h"
#include "opt/opt.h"
#include "opt/value.h"
#include "unit.h"

/* Every option of the original is known by its name and by each of its aliases, which all
 * mean the same. */
static void test_catalogue(void)
{
	char entry[256], *name, *rest;

	for (size_t i = 0; i < sizeof catalogue / sizeof *catalogue; i++) {
		const struct optdef *first = NULL;

		strcpy(entry, catalogue[i]);
		for (name = strtok_r(entry, " ", &rest); name != NULL;
		     name = strtok_r(NULL, " ", &rest)) {
			const struct optdef *def = opt_find(name, -1);

			if (first == NULL)
				first = def;
			CHECK_TEXT(def != NULL ? def->name : NULL, strtok_r(entry, " ", &rest));
			CHECK(def == first);
		}
	}
}

/* No name or alias is taken twice by options of a common group, and every definition has a
 * group, and a name in lower case. */
static void test_tables(void)
{
	char words[512], *word, *rest;

	for (const struct opt_family *const *family = opt_families; *family != NULL; family++)
		for (size_t i = 0; i < (*family)->count; i++) {
			const struct optdef *def = &(*family)->defs[i];

			CHECK(def->groups != 0);
			CHECK(def->name[strcspn(def->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ")] == '\0');
			strcpy(words, def->name);
			strcat(words, " ");
			strcat(words, def->aliases != NULL ? def->aliases : "");
			for (word = strtok_r(words, " ", &rest); word != NULL;
			     word = strtok_r(NULL, " ", &rest))
				CHECK(opt_find(word, def->groups) == def);
		}
}

static bool read_kind(struct opt_value *value, enum opt_kind kind, const char *text)
{
	struct optdef def = {.name = "x", .kind = kind};
	char why[OPT_WHY_SIZE] = "";
	bool good;

	memset(value, 0, sizeof *value);
	value->def = &def;
	good = opt_readers[kind].read(value, text, why) == 0;
	CHECK(good == (why[0] == '\0'));
	value->def = NULL;
	if (!good)
		opt_value_free(value);
	return good;
}

/* Numbers within the range of their kind are read, everything else is refused. */
static void test_numbers(void)
{
	static const struct {
		enum opt_kind kind;
		const char *text;
		int64_t number;
	} good[] = {
		{K_BOOL, "0", 0}, {K_BOOL, "1", 1},
		{K_BYTE, "0", 0}, {K_BYTE, "255", 255}, {K_BYTE, "0xff", 255},
		{K_INT, "2147483647", INT32_MAX}, {K_INT, "-2147483648", INT32_MIN},
		{K_INT, "0x10", 16}, {K_INT, "010", 8}, {K_INT, "-0x10", -16},
		{K_INT, "0xffffffff", -1}, {K_INT, "0x80045430", (int)0x80045430u},
		{K_UINT, "4294967295", UINT32_MAX}, {K_USHORT, "65535", 65535},
		{K_LONG, "-5", -5}, {K_ULONG, "5", 5}, {K_SIZE, "9223372036854775807", INT64_MAX},
		{K_OFF, "-9223372036854775808", INT64_MIN}, {K_OFF, "9223372036854775807", INT64_MAX},
		{K_MODE, "0644", 0644}, {K_MODE, "644", 0644}, {K_MODE, "7777", 07777},
		{K_TIME, "5", 5000000000}, {K_TIME, "1.5", 1500000000}, {K_TIME, ".25", 250000000},
		{K_TIME, "3.", 3000000000}, {K_TIME, "0", 0}, {K_TIME, "0.0000000019", 1},
		{K_TIME, "1000000000", 1000000000000000000},
		{K_LINGER, "0", 0}, {K_LINGER, "5", 5},
		{K_REUSEADDR, "0", 0}, {K_REUSEADDR, "1", 1}, {K_REUSEADDR, "", -1},
		{K_UID, "0", 0}, {K_UID, "root", 0}, {K_UID, "4294967294", 4294967294},
		{K_GID, "0", 0}, {K_GID, "root", 0},
	};
	static const struct {
		enum opt_kind kind;
		const char *text;
	} bad[] = {
		{K_BOOL, ""}, {K_BOOL, "2"}, {K_BOOL, "-1"}, {K_BOOL, "yes"}, {K_BOOL, "00"},
		{K_BOOL, "1x"}, {K_BYTE, ""}, {K_BYTE, "256"}, {K_BYTE, "-1"}, {K_BYTE, "x"},
		{K_INT, ""}, {K_INT, "2147483648"}, {K_INT, "-2147483649"}, {K_INT, "1x"},
		{K_INT, " 1"}, {K_INT, "1 "}, {K_INT, "+1"}, {K_INT, "-"}, {K_INT, "0x"},
		{K_INT, "08"}, {K_INT, "1.5"}, {K_INT, "--1"}, {K_INT, "0x100000000"},
		{K_INT, "99999999999999999999999"}, {K_UINT, "-1"}, {K_UINT, "4294967296"},
		{K_USHORT, "65536"}, {K_USHORT, "-1"}, {K_LONG, "9223372036854775808"},
		{K_ULONG, "-1"}, {K_ULONG, "18446744073709551616"}, {K_SIZE, "-1"},
		{K_SIZE, "9223372036854775808"}, {K_OFF, "9223372036854775808"},
		{K_OFF, "-9223372036854775809"}, {K_MODE, ""}, {K_MODE, "8"}, {K_MODE, "0x1ff"},
		{K_MODE, "u+x"}, {K_MODE, "-1"}, {K_MODE, "10000"},
		{K_TIME, ""}, {K_TIME, "."}, {K_TIME, "-1"}, {K_TIME, "1s"}, {K_TIME, "1e3"},
		{K_TIME, "inf"}, {K_TIME, "nan"}, {K_TIME, "1:5"}, {K_TIME, "1000000001"},
		{K_TIME, "99999999999999999999"}, {K_LINGER, "-1"}, {K_LINGER, ""},
		{K_LINGER, "5x"}, {K_REUSEADDR, "=1"}, {K_REUSEADDR, "-1"},
		{K_UID, ""}, {K_UID, "-1"}, {K_UID, "65534x"}, {K_UID, "no such user"},
		{K_UID, "4294967295"}, {K_GID, ""}, {K_GID, "no such group"},
	};
	struct opt_value value;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		CHECK(read_kind(&value, good[i].kind, good[i].text));
		CHECK_NUMBER(value.number, good[i].number);
		opt_value_free(&value);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (read_kind(&value, bad[i].kind, bad[i].text)) {
			CHECK_TEXT(bad[i].text, "to be refused");
			opt_value_free(&value);
		} else {
			CHECK(true);
		}
}

/* Values of several parts. */
static void test_parts(void)
{
	struct opt_value value;

	CHECK(read_kind(&value, K_INT_INT, "1:-2"));
	CHECK_NUMBER(value.ints[0], 1);
	CHECK_NUMBER(value.ints[1], -2);
	CHECK(read_kind(&value, K_INT_INT_INT, "6:0x80000001:3"));
	CHECK_NUMBER(value.ints[1], (int)0x80000001u);
	CHECK_NUMBER(value.ints[2], 3);
	CHECK(read_kind(&value, K_INT_INT_STRING, "1:25:a:b"));
	CHECK_NUMBER(value.data.length, 4);
	CHECK_TEXT((const char *)value.data.bytes, "a:b");
	opt_value_free(&value);
	CHECK(read_kind(&value, K_INT_BIN, "5:x0102"));
	CHECK_NUMBER(value.data.length, 2);
	opt_value_free(&value);
	CHECK(read_kind(&value, K_INT_INT_BIN, "1:2:"));
	CHECK_NUMBER(value.data.length, 0);
	opt_value_free(&value);
	CHECK(!read_kind(&value, K_INT_INT, "1"));
	CHECK(!read_kind(&value, K_INT_INT, "1:2:3"));
	CHECK(!read_kind(&value, K_INT_INT, "1:x"));
	CHECK(!read_kind(&value, K_INT_INT, ":"));
	CHECK(!read_kind(&value, K_INT_INT_BIN, "1:2"));
	CHECK(!read_kind(&value, K_INT_INT_BIN, "1:2:zz"));
}

/* Network values: addresses are numeric, interfaces may have names. */
static void test_network(void)
{
	struct opt_value value;

	CHECK(read_kind(&value, K_IP_MREQN, "224.1.2.3:10.0.0.1"));
	CHECK_NUMBER(value.net.mreqn.imr_multiaddr.s_addr, htonl(0xe0010203));
	CHECK_NUMBER(value.net.mreqn.imr_address.s_addr, htonl(0x0a000001));
	CHECK_TEXT(value.string, NULL);
	CHECK(read_kind(&value, K_IP_MREQN, "224.1.2.3:eth0"));
	CHECK_TEXT(value.string, "eth0");
	opt_value_free(&value);
	CHECK(read_kind(&value, K_IP_MREQN, "224.1.2.3:10.0.0.1:7"));
	CHECK_NUMBER(value.net.mreqn.imr_ifindex, 7);
	CHECK(read_kind(&value, K_IPV6_MREQ, "[ff02::1]:3"));
	CHECK_NUMBER(value.net.mreq6.ipv6mr_interface, 3);
	CHECK(read_kind(&value, K_IPV6_MREQ_SOURCE, "[ff02::1]:eth0:[fe80::1]"));
	CHECK_TEXT(value.string, "eth0");
	opt_value_free(&value);
	CHECK(read_kind(&value, K_IP_MREQ_SOURCE, "224.1.2.3:10.0.0.1:10.0.0.2"));
	CHECK(read_kind(&value, K_IP4NAME, "10.0.0.1"));
	CHECK(read_kind(&value, K_IP4NAME, "host"));
	CHECK_TEXT(value.string, "host");
	opt_value_free(&value);
	CHECK(read_kind(&value, K_IP4SOCK, "10.0.0.1:53"));
	CHECK_NUMBER(value.net.sin.sin_port, htons(53));
	CHECK(read_kind(&value, K_IP4SOCK, "10.0.0.1"));
	CHECK(!read_kind(&value, K_IP_MREQN, "224.1.2.3"));
	CHECK(!read_kind(&value, K_IP_MREQN, "224.1.2.3:"));
	CHECK(!read_kind(&value, K_IP_MREQN, "nogroup:eth0"));
	CHECK(!read_kind(&value, K_IP_MREQN, "224.1.2.3:10.0.0.1:1:1"));
	CHECK(!read_kind(&value, K_IPV6_MREQ, "ff02::1:eth0"));
	CHECK(!read_kind(&value, K_IPV6_MREQ_SOURCE, "[ff02::1]:eth0:x"));
	CHECK(!read_kind(&value, K_IP_MREQ_SOURCE, "224.1.2.3:10.0.0.1:x"));
	CHECK(!read_kind(&value, K_IP4SOCK, "10.0.0.1:65536"));
	CHECK(!read_kind(&value, K_IP4SOCK, "10.0.0.1:1:1"));
	CHECK(!read_kind(&value, K_IP4NAME, ""));
}

/* Checks beyond the kind. */
static void test_checks(void)
{
	struct opt_value value;

	CHECK_NUMBER(opt_read(&value, "PF", "IP6", G_SOCKET, "a"), 0);
	CHECK_NUMBER(value.number, PF_INET6);
	opt_value_free(&value);
	CHECK_NUMBER(opt_read(&value, "pf", "2", G_SOCKET, "a"), 0);
	CHECK_NUMBER(value.number, PF_INET);
	opt_value_free(&value);
	CHECK_SILENT();
	CHECK_NUMBER(opt_read(&value, "pf", "foo", G_SOCKET, "a"), -1);
	CHECK_MESSAGE("E a: option \"pf\": \"foo\" is an unknown protocol family; "
	              "there are ip4, ip6, unix, vsock, packet or numbers");
	CHECK_NUMBER(opt_read(&value, "dccp-set-sid", "SC:ab", G_DCCP, "a"), 0);
	CHECK_NUMBER(value.number, 0x61622020);
	opt_value_free(&value);
	CHECK_NUMBER(opt_read(&value, "dccp-set-sid", "0xfffffffe", G_DCCP, "a"), 0);
	CHECK_NUMBER(value.number, 0xfffffffe);
	opt_value_free(&value);
	CHECK_SILENT();
	CHECK_NUMBER(opt_read(&value, "ccid", "1", G_DCCP, "a"), -1);
	CHECK_MESSAGE("E a: option \"ccid\": \"1\" must be 2 (like TCP, RFC 4341) or "
	              "3 (TFRC, RFC 4342): Linux has no other");
	CHECK_NUMBER(opt_read(&value, "escape", "256", G_APPL, "a"), -1);
	CHECK_MESSAGE("E a: option \"escape\": \"256\" is not the code of a character");
	CHECK_NUMBER(opt_read(&value, "umask", "1000", G_FD, "a"), -1);
	CHECK_MESSAGE("E a: option \"umask\": \"1000\" is out of range (0 to 0777)");
	CHECK_NUMBER(opt_read(&value, "max-children", "-1", G_CHILD, "a"), -1);
	CHECK_MESSAGE("E a: option \"max-children\": \"-1\" is negative");
	CHECK_NUMBER(opt_read(&value, "if", "an-interface-name", G_SOCKET, "a"), -1);
	CHECK_MESSAGE("E a: option \"if\": \"an-interface-name\" "
	              "is too long for an interface's name");
}

/* Options act on a descriptor in their phase only, and a failure names everything. */
static void test_apply(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), number = 0;
	struct opt_target target = {.fd = fd, .where = "tcp:a:b"};
	socklen_t size = sizeof number;
	struct opt_value value;

	CHECK_NUMBER(opt_read(&value, "keepalive", NULL, G_SOCKET, "tcp:a:b"), 0);
	CHECK_NUMBER(opts_apply(&value, 1, PH_PASTSOCKET, &target), 0);
	getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &number, &size);
	CHECK_NUMBER(number, 0);
	CHECK_NUMBER(opts_apply(&value, 1, PH_FD, &target), 0);
	getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &number, &size);
	CHECK_NUMBER(number, 1);
	close(fd);
	CHECK_SILENT();
	CHECK_NUMBER(opts_apply(&value, 1, PH_FD, &target), -1);
	CHECK_MESSAGE("E tcp:a:b: option \"keepalive\": setsockopt(): Bad file descriptor");
	opt_set_sloppy(true);
	CHECK_NUMBER(opts_apply(&value, 1, PH_FD, &target), 0);
	CHECK_MESSAGE("E tcp:a:b: option \"keepalive\": setsockopt(): Bad file descriptor");
	opt_set_sloppy(false);
	opt_value_free(&value);
}

/* "reuseaddr=" leaves the system's default, "reuseaddr=0" sets 0. */
static void test_reuseaddr(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), number = 1;
	struct opt_target target = {.fd = fd, .where = "x"};
	socklen_t size = sizeof number;
	struct opt_value value;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &number, size);
	CHECK_NUMBER(opt_read(&value, "reuseaddr", "", G_SOCKET, "x"), 0);
	CHECK_NUMBER(opts_apply(&value, 1, PH_PREBIND, &target), 0);
	getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &number, &size);
	CHECK_NUMBER(number, 1);
	opt_value_free(&value);
	CHECK_NUMBER(opt_read(&value, "reuseaddr", "0", G_SOCKET, "x"), 0);
	CHECK_NUMBER(opts_apply(&value, 1, PH_PREBIND, &target), 0);
	getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &number, &size);
	CHECK_NUMBER(number, 0);
	opt_value_free(&value);
	close(fd);
}

static void test_names(void)
{
	char buffer[256], small[8];

	CHECK_TEXT(opt_phase_name(PH_PASTSOCKET), "PASTSOCKET");
	CHECK_TEXT(opt_phase_name(PH_OFFSET), "OFFSET");
	CHECK_TEXT(opt_kind_name(K_INT_INT_BIN), "INT:INT:BIN");
	for (int kind = 0; kind < K_COUNT; kind++)
		CHECK(opt_kind_name((enum opt_kind)kind) != NULL);
	CHECK_TEXT(opt_group_names(G_FD | G_TCP | G_UDPLITE, buffer, sizeof buffer),
	           "FD,TCP,UDPLITE");
	opt_group_names(-1, small, sizeof small);
	CHECK(strlen(small) < sizeof small);
}

static void check_hidden(const char *text, const char *expected)
{
	char *copy = strdup(text);

	opt_hide_secrets(copy);
	CHECK_TEXT(copy, expected);
	free(copy);
}

/* Passwords are nowhere in messages. */
static void test_secrets(void)
{
	struct opt_value value;

	check_hidden("proxy:a:b:1,proxyauth=user:pass", "proxy:a:b:1,proxyauth=...");
	check_hidden("proxy:a:b:1,Proxy-Authorization=\"a,b\",retry=3",
	             "proxy:a:b:1,Proxy-Authorization=...");
	check_hidden("openssl:a:1,via=\"proxy:a:b:1,proxy-auth=u:p\",retry=3",
	             "openssl:a:1,via=\"proxy:a:b:1,proxy-auth=...");
	check_hidden("proxy:a:b:1,proxyauth=u", "proxy:a:b:1,proxyauth=.");
	check_hidden("proxy:a:b:1,proxyauth=", "proxy:a:b:1,proxyauth=");
	check_hidden("proxy:a:b:1,proxyauthfile=name,retry=3",
	             "proxy:a:b:1,proxyauthfile=name,retry=3");
	check_hidden("text:a=b=c", "text:a=b=c");
	check_hidden("=", "=");
	CHECK_NUMBER(opt_read(&value, "proxyauth", "user:pass", -1, "address"), 0);
	CHECK_TEXT(value.text, "proxyauth");
	CHECK_TEXT(value.string, "user:pass");
	opt_value_free(&value);
}

int main(void)
{
	test_catalogue();
	test_tables();
	test_numbers();
	test_parts();
	test_network();
	test_checks();
	test_apply();
	test_reuseaddr();
	test_names();
	test_secrets();
	return unit_done();
}
