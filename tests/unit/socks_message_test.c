/* What SOCKS clients say, byte for byte, and how they judge what they hear: every code, every
 * cut. */
#include "addr/socks_message.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static unsigned char message[SOCKS_MESSAGE];
static char problem[SOCKS_PROBLEM];

/* As hexadecimal digits, in a static buffer. */
static const char *hex(const unsigned char *bytes, size_t length)
{
	static char text[2 * SOCKS_MESSAGE + 1];

	for (size_t i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	text[2 * length] = '\0';
	return text;
}

static union net_addr address(const char *text)
{
	union net_addr addr;

	CHECK(net_parse_host(text, AF_UNSPEC, &addr) == 0);
	return addr;
}

static struct socks_target by_address(const union net_addr *addr, unsigned port)
{
	return (struct socks_target){ .addr = addr, .port = port };
}

static struct socks_target by_name(const char *name, unsigned port)
{
	return (struct socks_target){ .name = name, .port = port };
}

static void test_requests4(void)
{
	union net_addr addr = address("10.1.2.3");
	struct socks_target target = by_address(&addr, 80);

	CHECK_TEXT(hex(message, socks4_request(message, &target, "me")), "040100500a0102036d6500");
	CHECK_TEXT(hex(message, socks4_request(message, &target, "")), "040100500a01020300");
	target = by_name("db", 0xfedc);
	CHECK_TEXT(hex(message, socks4_request(message, &target, "u")),
	           "0401fedc000000017500646200");
}

static void test_requests5(void)
{
	union net_addr four = address("10.1.2.3"), six = address("[2001:db8::1]");
	struct socks_target target = by_address(&four, 80);

	CHECK_TEXT(hex(message, socks5_greeting(message, false)), "050100");
	CHECK_TEXT(hex(message, socks5_greeting(message, true)), "05020002");
	CHECK_TEXT(hex(message, socks5_login(message, "u", "pw")), "01017502" "7077");
	CHECK_TEXT(hex(message, socks5_login(message, "u", "")), "01017500");
	CHECK_TEXT(hex(message, socks5_request(message, SOCKS_CONNECT, &target)),
	           "050100010a0102030050");
	target = by_address(&six, 65535);
	CHECK_TEXT(hex(message, socks5_request(message, SOCKS_BIND, &target)),
	           "0502000420010db8000000000000000000000001ffff");
	target = by_name("db", 0);
	CHECK_TEXT(hex(message, socks5_request(message, SOCKS_CONNECT, &target)),
	           "05010003026462" "0000");
}

/* The longest of everything fits, and what is longer is cut where nothing else was said. */
static void test_lengths(void)
{
	char text[SOCKS_FIELD + 2];
	struct socks_target target = by_name(text, 1);

	memset(text, 'n', sizeof text);
	text[SOCKS_FIELD] = '\0';
	CHECK_NUMBER(socks4_request(message, &target, text), SOCKS_MESSAGE);
	CHECK_NUMBER(message[SOCKS_MESSAGE - 1], 0);
	CHECK_NUMBER(socks5_login(message, text, text), 1 + 2 * (1 + SOCKS_FIELD));
	CHECK_NUMBER(message[1 + 1 + SOCKS_FIELD], SOCKS_FIELD);
	CHECK_NUMBER(socks5_request(message, SOCKS_CONNECT, &target), 4 + 1 + SOCKS_FIELD + 2);
	text[SOCKS_FIELD] = 'n';
	text[SOCKS_FIELD + 1] = '\0';
	CHECK_NUMBER(socks4_request(message, &target, text), SOCKS_MESSAGE);
	CHECK_NUMBER(socks5_login(message, text, text), 1 + 2 * (1 + SOCKS_FIELD));
}

typedef int judge(const unsigned char *heard, size_t length, char *why);

static int choice(const unsigned char *heard, size_t length, char *why)
{
	return socks5_choice(heard, length, false, why);
}

static int choice_with_password(const unsigned char *heard, size_t length, char *why)
{
	return socks5_choice(heard, length, true, why);
}

/* A good answer: at every cut more is missing, never beyond its end; at its end nothing; and what
 * is behind it changes nothing. Asking for just what is missing leads there. */
static void check_good(judge *judged, const unsigned char *answer, size_t size)
{
	unsigned char longer[SOCKS_ANSWER + 8];
	size_t heard = 0;

	for (size_t cut = 0; cut < size; cut++) {
		int missing = judged(answer, cut, problem);

		CHECK(missing > 0 && cut + (size_t)missing <= size);
	}
	CHECK_NUMBER(judged(answer, size, problem), 0);
	memset(longer, 0xff, sizeof longer);
	memcpy(longer, answer, size);
	CHECK_NUMBER(judged(longer, size + 8, problem), 0);
	for (unsigned turns = 0; turns < 4 && heard < size; turns++)
		heard += (size_t)judged(answer, heard, problem);
	CHECK_NUMBER(heard, size);
}

/* A bad one is bad from that byte on, with a reason. */
static void check_bad(judge *judged, const unsigned char *answer, size_t size, size_t from,
                      const char *why)
{
	for (size_t cut = 0; cut <= size; cut++) {
		problem[0] = '\0';
		if (cut < from) {
			CHECK(judged(answer, cut, problem) > 0);
		} else {
			CHECK_NUMBER(judged(answer, cut, problem), -1);
			CHECK_TEXT(problem, why);
		}
	}
}

static void test_replies4(void)
{
	unsigned char reply[8] = {0, 90, 1, 2, 3, 4, 5, 6};
	char why[SOCKS_PROBLEM];

	check_good(socks4_reply, reply, sizeof reply);
	reply[0] = 4;
	check_good(socks4_reply, reply, sizeof reply);
	for (unsigned version = 0; version < 256; version++) {
		reply[0] = (unsigned char)version;
		snprintf(why, sizeof why, "the answer begins with %u: this is no SOCKS4 server",
		         version);
		if (version != 0 && version != 4)
			check_bad(socks4_reply, reply, sizeof reply, 1, why);
	}
	reply[0] = 0;
	for (unsigned code = 0; code < 256; code++) {
		reply[1] = (unsigned char)code;
		snprintf(why, sizeof why, "SOCKS4 server error %u: %s", code,
		         code == 91 ? "connect request rejected or failed"
		         : code == 92 ? "it can't ask the identd of this host, which it wants to"
		         : code == 93 ? "the identd of this host reports another user: give that "
		                        "one in option socksuser"
		         : "unknown error");
		if (code != 90)
			check_bad(socks4_reply, reply, sizeof reply, 2, why);
	}
}

static void test_choices(void)
{
	unsigned char answer[2] = {5, 0};
	char why[SOCKS_PROBLEM];

	check_good(choice, answer, 2);
	check_good(choice_with_password, answer, 2);
	answer[1] = 2;
	check_good(choice_with_password, answer, 2);
	for (unsigned method = 1; method < 255; method++) {
		answer[1] = (unsigned char)method;
		snprintf(why, sizeof why, "the server has chosen a way to log in (%u) that was not "
		         "offered", method);
		check_bad(choice, answer, 2, 2, why);
		if (method != 2)
			check_bad(choice_with_password, answer, 2, 2, why);
	}
	answer[1] = 255;
	check_bad(choice, answer, 2, 2, "the server does not serve without a login: give options "
	          "socksuser and sockspass");
	check_bad(choice_with_password, answer, 2, 2,
	          "the server accepts neither a user name and a password nor none");
	answer[0] = 'H';
	check_bad(choice, answer, 2, 1, "the answer begins with 72: this is no SOCKS5 server");
}

static void test_logins(void)
{
	unsigned char answer[2] = {1, 0};

	check_good(socks5_login_reply, answer, 2);
	answer[0] = 5;
	check_good(socks5_login_reply, answer, 2);
	for (unsigned status = 1; status < 256; status++) {
		answer[1] = (unsigned char)status;
		check_bad(socks5_login_reply, answer, 2, 2, "the server has refused the user name "
		          "or the password (options socksuser, sockspass)");
	}
}

static void test_codes5(void)
{
	static const char *const words[] = {
		NULL, "general SOCKS server failure", "connection not allowed by ruleset",
		"network unreachable", "host unreachable", "connection refused", "TTL expired",
		"command not supported", "address type not supported",
	};
	unsigned char reply[10] = {5, 0, 0, 1};
	char why[SOCKS_PROBLEM];

	for (unsigned code = 1; code < 256; code++) {
		reply[1] = (unsigned char)code;
		snprintf(why, sizeof why, "SOCKS5 server error %u: %s", code,
		         code < 9 ? words[code] : "unknown error");
		check_bad(socks5_reply, reply, sizeof reply, 2, why);
	}
	reply[0] = 4;
	check_bad(socks5_reply, reply, sizeof reply, 1,
	          "the answer begins with 4: this is no SOCKS5 server");
}

/* Every type of address, names of every length. */
static void test_replies5(void)
{
	unsigned char reply[SOCKS_ANSWER] = {5, 0, 0xff};
	char why[SOCKS_PROBLEM];

	memset(reply + 3, 'a', sizeof reply - 3);
	for (unsigned type = 0; type < 256; type++) {
		reply[3] = (unsigned char)type;
		snprintf(why, sizeof why, "the reply has an address of unknown type (%u)", type);
		if (type == 1)
			check_good(socks5_reply, reply, 4 + 4 + 2);
		else if (type == 4)
			check_good(socks5_reply, reply, 4 + 16 + 2);
		else if (type != 3)
			check_bad(socks5_reply, reply, 30, 5, why);
	}
	reply[3] = 3;
	for (unsigned length = 0; length < 256; length++) {
		reply[4] = (unsigned char)length;
		check_good(socks5_reply, reply, 5 + length + 2);
	}
}

static void check_address(const void *reply, const char *expected, bool known)
{
	struct net_peer peer;
	char text[NET_TEXT], printed[NET_TEXT];

	socks5_address(reply, &peer, text);
	CHECK_TEXT(text, expected);
	CHECK(known == (peer.length > 0));
	if (known)
		CHECK_TEXT(net_print(&peer.addr, peer.length, printed, sizeof printed), expected);
}

static void test_addresses(void)
{
	unsigned char longest[SOCKS_ANSWER] = {5, 0, 0, 3, 255};
	struct net_peer peer;
	char text[NET_TEXT];

	check_address("\5\0\0\1\12\1\2\3\x12\x34", "AF=2 10.1.2.3:4660", true);
	check_address("\5\0\0\4\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1\xff\xff",
	              "AF=10 [2001:0db8:0000:0000:0000:0000:0000:0001]:65535", true);
	check_address("\5\0\0\3\5db.it\0\26", "db.it:22", false);
	check_address("\5\0\0\3\0\0\0", ":0", false);
	check_address("\5\0\0\3\4a\0bc\0\1", "a\\x00bc:1", false);
	check_address("\5\0\0\3\11" "1.2.3.4\0a\0\1", "1.2.3.4\\x00a:1", false);
	check_address("\5\0\0\3\3\xe2\x80\xae\0\1", "\\xe2\\x80\\xae:1", false);
	check_address("\5\0\0\3\3a\nb\0\1", "a\\x0ab:1", false);
	check_address("\5\0\0\3\7" "1.2.3.4\0\1", "AF=2 1.2.3.4:1", true);
	check_address("\5\0\0\3\5[::1]\0\1", "AF=10 [0000:0000:0000:0000:0000:0000:0000:0001]:1",
	              true);
	memset(longest + 5, '\n', sizeof longest - 5);
	socks5_address(longest, &peer, text);
	CHECK(strlen(text) < sizeof text && strcmp(strrchr(text, ':'), ":2570") == 0);
}

int main(void)
{
	test_requests4();
	test_requests5();
	test_lengths();
	test_replies4();
	test_choices();
	test_logins();
	test_codes5();
	test_replies5();
	test_addresses();
	return unit_done();
}
