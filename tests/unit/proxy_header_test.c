/* Headers of the PROXY protocol: composing, how much is missing, and reading, good and bad. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/proxy_header.h"
#include "unit.h"

static struct net_peer ip_end(const char *text, unsigned port)
{
	struct net_peer end;

	memset(&end, 0, sizeof end);
	/* not one after the other: musl's function has written something even if it fails */
	end.addr.sa.sa_family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	if (end.addr.sa.sa_family == AF_INET)
		CHECK(inet_pton(AF_INET, text, &end.addr.in.sin_addr) == 1);
	else
		CHECK(inet_pton(AF_INET6, text, &end.addr.in6.sin6_addr) == 1);
	net_set_port(&end.addr, port);
	end.length = net_length(&end.addr);
	return end;
}

/* size: of the name; 0: a socket without one. */
static struct net_peer unix_end(const char *name, size_t size)
{
	struct net_peer end;

	memset(&end, 0, sizeof end);
	end.addr.sa.sa_family = AF_UNIX;
	memcpy(end.addr.un.sun_path, name, size);
	end.length = (socklen_t)(sizeof(sa_family_t) + size);
	return end;
}

static struct client_info client_of(struct net_peer peer, struct net_peer local, int type)
{
	return (struct client_info){ .peer = peer, .local = local, .type = type };
}

/* In memory of just that size, so that the sanitizer sees every byte too many. */
static int missing(const void *bytes, size_t length, const char **why)
{
	unsigned char *copy = malloc(length + (length == 0));
	int result;

	memcpy(copy, bytes, length);
	*why = NULL;
	result = proxy_header_missing(copy, length, why);
	free(copy);
	return result;
}

static const char *read_it(const void *bytes, size_t length, struct client_info *client)
{
	unsigned char *copy = malloc(length);
	const char *why;

	memcpy(copy, bytes, length);
	why = proxy_header_read(copy, length, client);
	free(copy);
	return why;
}

/* As a dialogue hears it: whatever the pieces, never a byte too many is asked for, and the header
 * ends where it ends. */
static void hear_in_pieces(const unsigned char *bytes, size_t length)
{
	const char *why;

	for (size_t cut = 0; cut < length; cut++) {
		int more = missing(bytes, cut, &why);

		CHECK(more > 0 && cut + (size_t)more <= length);
	}
	CHECK_NUMBER(missing(bytes, length, &why), 0);
}

static void check_written(const struct client_info *client, int version, const void *expected,
                          size_t length)
{
	unsigned char out[PROXY_HEADER_WRITTEN];
	size_t written = proxy_header_write(out, version, client);

	CHECK_NUMBER(written, length);
	CHECK(written == length && memcmp(out, expected, length) == 0);
	hear_in_pieces(out, written);
}

static void check_line(const struct client_info *client, const char *expected)
{
	check_written(client, 1, expected, strlen(expected));
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* A header of version 2 from what follows the signature: the bytes of a string without its NUL. */
#define check_binary(client, text) \
	check_written(client, 2, SIGNATURE text, sizeof(SIGNATURE text) - 1)

static const struct net_peer nobody;

/* The lines of version 1. */
static void test_lines(void)
{
	struct client_info client = client_of(ip_end("192.0.2.7", 51234), ip_end("10.0.0.1", 80),
	                                      SOCK_STREAM);

	check_line(NULL, "PROXY UNKNOWN\r\n");
	check_line(&client, "PROXY TCP4 192.0.2.7 10.0.0.1 51234 80\r\n");
	client.type = SOCK_DGRAM;
	check_line(&client, "PROXY UNKNOWN\r\n");
	client.type = 0;
	check_line(&client, "PROXY UNKNOWN\r\n");
	client = client_of(ip_end("2001:db8::7", 1), ip_end("::1", 65535), SOCK_STREAM);
	check_line(&client, "PROXY TCP6 2001:db8::7 ::1 1 65535\r\n");
	client = client_of(ip_end("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 65535),
	                   ip_end("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535), SOCK_STREAM);
	check_line(&client, "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe "
	           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n");
	/* IPv4 on a socket of IPv6 is IPv4; with one of each both are IPv6 */
	client = client_of(ip_end("::ffff:1.2.3.4", 5), ip_end("::ffff:6.7.8.9", 10), SOCK_STREAM);
	check_line(&client, "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n");
	client = client_of(ip_end("1.2.3.4", 5), ip_end("2001:db8::1", 10), SOCK_STREAM);
	check_line(&client, "PROXY TCP6 ::ffff:1.2.3.4 2001:db8::1 5 10\r\n");
	client = client_of(unix_end("/run/x", 7), unix_end("/run/y", 7), SOCK_STREAM);
	check_line(&client, "PROXY UNKNOWN\r\n");
	client = client_of(ip_end("1.2.3.4", 5), nobody, SOCK_STREAM);
	check_line(&client, "PROXY UNKNOWN\r\n");
}

/* Version 2. */
static void test_binary(void)
{
	struct client_info client = client_of(ip_end("192.0.2.7", 0x1234), ip_end("10.0.0.1", 80),
	                                      SOCK_STREAM);
	unsigned char expected[232] = SIGNATURE "\x21\x31\x00\xd8";

	check_binary(NULL, "\x20\x00\x00\x00");
	check_binary(&client, "\x21\x11\x00\x0c\xc0\x00\x02\x07\x0a\x00\x00\x01\x12\x34\x00\x50");
	client.type = SOCK_DGRAM;
	check_binary(&client, "\x21\x12\x00\x0c\xc0\x00\x02\x07\x0a\x00\x00\x01\x12\x34\x00\x50");
	client.type = SOCK_SEQPACKET;
	check_binary(&client, "\x20\x00\x00\x00");
	client = client_of(ip_end("2001:db8::7", 1), ip_end("::1", 2), SOCK_STREAM);
	check_binary(&client, "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
	             "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\x00\x02");
	client = client_of(ip_end("::ffff:1.2.3.4", 5), ip_end("::ffff:6.7.8.9", 10), SOCK_STREAM);
	check_binary(&client, "\x21\x11\x00\x0c\x01\x02\x03\x04\x06\x07\x08\x09\x00\x05\x00\x0a");
	client = client_of(unix_end("", 0), unix_end("/run/x", 7), SOCK_STREAM);
	memcpy(expected + 16 + 108, "/run/x", 6);
	check_written(&client, 2, expected, sizeof expected);
	expected[13] = 0x32;
	client.type = SOCK_DGRAM;
	check_written(&client, 2, expected, sizeof expected);
}

static bool same_end(const struct net_peer *one, const struct net_peer *other)
{
	return one->length == other->length && memcmp(&one->addr, &other->addr, one->length) == 0;
}

/* What is written is read again. */
static void test_round_trip(void)
{
	char longest[108];
	struct client_info clients[] = {
		client_of(ip_end("192.0.2.7", 51234), ip_end("10.0.0.1", 80), SOCK_STREAM),
		client_of(ip_end("2001:db8::7", 1), ip_end("::1", 65535), SOCK_STREAM),
		client_of(ip_end("0.0.0.0", 0), ip_end("255.255.255.255", 0), SOCK_DGRAM),
		client_of(unix_end("", 0), unix_end("/run/x", 6), SOCK_STREAM),
		client_of(unix_end("\0abstract", 9), unix_end("", 0), SOCK_DGRAM),
		client_of(unix_end(longest, sizeof longest), unix_end("x", 1), SOCK_STREAM),
	};

	memset(longest, 'p', sizeof longest);
	clients[5].peer = unix_end(longest, sizeof longest);
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
		unsigned char out[PROXY_HEADER_WRITTEN];
		struct client_info got;

		for (int version = i < 2 ? 1 : 2; version <= 2; version++) {
			size_t length = proxy_header_write(out, version, &clients[i]);

			CHECK_TEXT(read_it(out, length, &got), NULL);
			CHECK(same_end(&got.peer, &clients[i].peer));
			CHECK(same_end(&got.local, &clients[i].local));
			CHECK_NUMBER(got.type, clients[i].type);
		}
	}
}

/* Lines that name nobody, and what may come with them. */
static void test_unknown_lines(void)
{
	static const char *const lines[] = {
		"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff:f...f ffff:f...f 65535 65535\r\n",
		"PROXY UNKNOWN whatever that may be\r\n",
	};
	struct client_info client;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		CHECK_TEXT(read_it(lines[i], strlen(lines[i]), &client), NULL);
		CHECK_NUMBER(client.peer.length, 0);
		hear_in_pieces((const unsigned char *)lines[i], strlen(lines[i]));
	}
}

/* Bad lines: refused when they are read, or already while they are heard. */
static void test_bad_lines(void)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{"PROXY TCP5 1.2.3.4 5.6.7.8 9 10\r\n", "protocol"},
		{"PROXY tcp4 1.2.3.4 5.6.7.8 9 10\r\n", "protocol"},
		{"PROXY  TCP4 1.2.3.4 5.6.7.8 9 10\r\n", "protocol"},
		{"PROXY UNKNOWNS\r\n", "protocol"},
		{"PROXY \r\n", "protocol"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9\r\n", "two addresses"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9 10 11\r\n", "two addresses"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9 10 \r\n", "two addresses"},
		{"PROXY TCP4  1.2.3.4 5.6.7.8 9 10\r\n", "two addresses"},
		{"PROXY TCP4 1.2.3 5.6.7.8 9 10\r\n", "addresses"},
		{"PROXY TCP4 1.2.3.256 5.6.7.8 9 10\r\n", "addresses"},
		{"PROXY TCP4 01.2.3.4 5.6.7.8 9 10\r\n", "addresses"},
		{"PROXY TCP4 ::1 ::1 9 10\r\n", "addresses"},
		{"PROXY TCP6 1.2.3.4 5.6.7.8 9 10\r\n", "addresses"},
		{"PROXY TCP6 ::1 localhost 9 10\r\n", "addresses"},
		{"PROXY TCP6 fe80::1%lo ::1 9 10\r\n", "addresses"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 65536 10\r\n", "ports"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9 010\r\n", "ports"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 -1 10\r\n", "ports"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9x 10\r\n", "ports"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9 123456\r\n", "ports"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\n", "CR and LF"},
		{"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\r\n", "ports"},
	};
	static const char nul[] = "PROXY UNKNOWN\0TCP4\r\n";
	struct client_info client;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *why = read_it(cases[i].line, strlen(cases[i].line), &client);

		CHECK(why != NULL && strstr(why, cases[i].why) != NULL);
	}
	CHECK_TEXT(read_it(nul, sizeof nul - 1, &client), "it has a NUL byte");
}

/* What can't become a header is refused early. */
static void test_not_headers(void)
{
	static const char *const others[] = {
		"GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01", "P ", "PROXYTCP4", "\r\n\r\n\1", "SSH-2.0-x\r\n",
		"\r\n\r\n\0\r\nQUIT ",
	};
	char line[200];
	const char *why;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		CHECK_NUMBER(missing(others[i], strlen(others[i]) + (i == 6 ? 8 : 0), &why), -1);
		CHECK_TEXT(why, "the connection begins with something else");
	}
	CHECK_NUMBER(missing("PROXY \r\nGET / HT", 16, &why), -1);
	CHECK_TEXT(why, "its line is incomplete");
	/* a line without an end */
	memset(line, 'x', sizeof line);
	memcpy(line, "PROXY UNKNOWN ", 14);
	CHECK(missing(line, 106, &why) > 0);
	CHECK_NUMBER(missing(line, 107, &why), -1);
	CHECK_TEXT(why, "its line is longer than 107 bytes");
	memcpy(line + 105, "\r\n", 2);
	CHECK_NUMBER(missing(line, 107, &why), 0);
	memset(line + 11, ' ', sizeof line - 11);
	CHECK(missing(line, 100, &why) > 0);
}

/* A header of version 2 with these bytes behind the fixed part. */
struct binary {
	unsigned char bytes[16 + 65535];
	size_t length;
};

static struct binary binary;

static void make_binary(unsigned command, unsigned family, const void *rest, size_t length)
{
	memcpy(binary.bytes, SIGNATURE, 12);
	binary.bytes[12] = (unsigned char)command;
	binary.bytes[13] = (unsigned char)family;
	binary.bytes[14] = (unsigned char)(length >> 8);
	binary.bytes[15] = (unsigned char)length;
	if (length > 0)
		memcpy(binary.bytes + 16, rest, length);
	binary.length = 16 + length;
}

static const char *read_binary(struct client_info *client)
{
	return read_it(binary.bytes, binary.length, client);
}

#define ADDRESSES "\1\2\3\4\5\6\7\10\0\11\0\12"

/* Which commands, families and protocols there are. */
static void test_binary_kinds(void)
{
	unsigned char rest[216];
	struct client_info client;
	const char *why;

	memset(rest, 1, sizeof rest);
	for (unsigned kind = 0; kind < 256; kind++) {
		unsigned family = kind >> 4, type = kind & 15;
		bool good = kind == 0 || (family >= 1 && family <= 3 && type >= 1 && type <= 2);

		make_binary(0x21, kind, rest, kind == 0 ? 0 : sizeof rest);
		/* fields that are not meant: the rest of the bytes */
		if (family == 1 || family == 2)
			make_binary(0x21, kind, rest, family == 1 ? 12 : 36);
		why = read_binary(&client);
		CHECK((why == NULL) == good);
		CHECK((client.peer.length > 0) == (good && kind != 0));
		/* of LOCAL nothing counts */
		make_binary(0x20, kind, rest, sizeof rest);
		CHECK_TEXT(read_binary(&client), NULL);
		CHECK_NUMBER(client.peer.length, 0);
	}
	for (unsigned command = 2; command < 16; command++) {
		make_binary(0x20 | command, 0x11, rest, 12);
		CHECK_TEXT(read_binary(&client), "its command is neither LOCAL nor PROXY");
	}
	for (unsigned version = 0; version < 16; version++) {
		make_binary(version << 4 | 1, 0x11, rest, 12);
		CHECK_NUMBER(missing(binary.bytes, binary.length, &why), version == 2 ? 0 : -1);
	}
}

/* Every length that the header may claim, up to the limit. */
static void test_binary_lengths(void)
{
	static unsigned char zeros[65535];
	struct client_info client;
	const char *why;

	for (size_t length = 0; length < 12; length++) {
		make_binary(0x21, 0x11, zeros, length);
		hear_in_pieces(binary.bytes, binary.length);
		CHECK_TEXT(read_binary(&client), "it is too short for its addresses");
	}
	make_binary(0x21, 0x21, zeros, 35);
	CHECK_TEXT(read_binary(&client), "it is too short for its addresses");
	make_binary(0x21, 0x31, zeros, 215);
	CHECK_TEXT(read_binary(&client), "it is too short for its addresses");
	make_binary(0x20, 0, zeros, 4096);
	CHECK_NUMBER(missing(binary.bytes, 16, &why), 4096);
	make_binary(0x20, 0, zeros, 4097);
	CHECK_NUMBER(missing(binary.bytes, 16, &why), -1);
	CHECK_TEXT(why, "it is longer than 4096 bytes");
	make_binary(0x20, 0, zeros, 65535);
	CHECK_NUMBER(missing(binary.bytes, 16, &why), -1);
}

/* Types, lengths and values behind the addresses. */
static void test_binary_fields(void)
{
	static const struct {
		const char *fields;
		size_t length;
		const char *why;
	} cases[] = {
		{"", 0, NULL},
		{"\x04\0\0", 3, NULL},
		{"\x04\0\2ab\x01\0\1h", 9, NULL},
		{"\xee\0\0\xee\0\0", 6, NULL},
		{"\x04", 1, "its last field is cut"},
		{"\x04\0", 2, "its last field is cut"},
		{"\x04\0\0\x04", 4, "its last field is cut"},
		{"\x04\0\1", 3, "one of its fields is longer than the header"},
		{"\x04\xff\xff" "abc", 6, "one of its fields is longer than the header"},
		{"\x03\0\3abc", 6, "its checksum has not four bytes"},
		{"\x03\0\4abcd", 7, "its checksum is wrong"},
	};
	char rest[64] = ADDRESSES;
	struct client_info client;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		memcpy(rest + 12, cases[i].fields, cases[i].length);
		make_binary(0x21, 0x11, rest, 12 + cases[i].length);
		CHECK_TEXT(read_binary(&client), cases[i].why);
		make_binary(0x21, 0, cases[i].fields, cases[i].length);
		CHECK_TEXT(read_binary(&client), cases[i].why);
		CHECK_NUMBER(client.peer.length, 0);
	}
}

/* A checksum as an independent program has computed it; and with each bit turned. */
static void test_checksum(void)
{
	static const char rest[] = "\x7f\0\0\1\x7f\0\0\1\x12\x34\0\x50" "\3\0\4" "\xdf\xeb\xce\x79" "\4\0\2xy";
	struct client_info client;

	make_binary(0x21, 0x11, rest, sizeof rest - 1);
	hear_in_pieces(binary.bytes, binary.length);
	CHECK_TEXT(read_binary(&client), NULL);
	CHECK_NUMBER(net_port(&client.peer.addr), 0x1234);
	for (size_t bit = 16 * 8; bit < binary.length * 8; bit++) {
		binary.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		/* turned bits of a field's type or length have other consequences */
		if (bit / 8 < 28 || (bit / 8 >= 31 && bit / 8 < 35) || bit / 8 >= 38)
			CHECK_TEXT(read_binary(&client), "its checksum is wrong");
		binary.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

int main(void)
{
	test_lines();
	test_binary();
	test_round_trip();
	test_unknown_lines();
	test_bad_lines();
	test_not_headers();
	test_binary_kinds();
	test_binary_lengths();
	test_binary_fields();
	test_checksum();
	return unit_done();
}
