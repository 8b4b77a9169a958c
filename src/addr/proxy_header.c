/* The PROXY protocol's headers: see proxy_header.h. */
#include "addr/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/range.h"

/* Sections 2.1 (version 1, a line) and 2.2 (version 2) of the specification. */
enum {
	LINE_MIN = 15, LINE_MAX = 107, LINE_SPACES = 5,
	FIXED = 16,                     /* bytes of version 2 before the addresses */
	VERSION = 2, LOCAL = 0, PROXY = 1,
	UNSPEC = 0, INET = 1, INET6 = 2, UNIX = 3,
	TYPE_CRC32C = 3,
	PATH_SIZE = 108
};

static const unsigned char signature[] = "\r\n\r\n\0\r\nQUIT\n";
enum { SIGNATURE = sizeof signature - 1 };
static const char word[] = "PROXY ";

/* Bytes of both addresses, and ports, by family. */
static const unsigned char address_sizes[] = { 0, 12, 36, 2 * PATH_SIZE };

/* --- composing ----------------------------------------------------------------- */

/* An address as one of IPv6, if need be mapped. Returns its length where it comes from, 4 or 16; 0
 * if it is no IP address. */
static unsigned as_ip6(const struct net_peer *end, unsigned char out[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	const unsigned char *bytes;
	unsigned length = end->length > 0 ? range_address_bytes(&end->addr.sa, &bytes) : 0;

	memcpy(out, mapped, sizeof mapped);
	if (length > 0)
		memcpy(out + 16 - length, bytes, length);
	return length;
}

/* Both IP addresses of a connection, of one version. */
struct ip_ends {
	unsigned char source[16], destination[16];
	unsigned length;                /* 4 (the last bytes count) or 16; 0: there are none */
};

static void find_ends(const struct client_info *client, struct ip_ends *ends)
{
	unsigned one = as_ip6(&client->peer, ends->source);
	unsigned other = as_ip6(&client->local, ends->destination);

	ends->length = one == 0 || other == 0 ? 0 : one > other ? one : other;
}

static size_t write_line(unsigned char *out, const struct client_info *client)
{
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
	struct ip_ends ends = { .length = 0 };
	int family;

	if (client != NULL && client->type == SOCK_STREAM)
		find_ends(client, &ends);
	if (ends.length == 0)
		return (size_t)snprintf((char *)out, LINE_MAX + 1, "PROXY UNKNOWN\r\n");
	family = ends.length == 4 ? AF_INET : AF_INET6;
	inet_ntop(family, ends.source + 16 - ends.length, source, sizeof source);
	inet_ntop(family, ends.destination + 16 - ends.length, destination, sizeof destination);
	return (size_t)snprintf((char *)out, LINE_MAX + 1, "PROXY TCP%c %s %s %u %u\r\n",
	                        family == AF_INET ? '4' : '6', source, destination,
	                        net_port(&client->peer.addr), net_port(&client->local.addr));
}

static unsigned char *put_16(unsigned char *at, unsigned number)
{
	*at++ = (unsigned char)(number >> 8);
	*at++ = (unsigned char)number;
	return at;
}

static void put_path(unsigned char *at, const struct net_peer *end)
{
	size_t length = end->length > sizeof(sa_family_t) ? end->length - sizeof(sa_family_t) : 0;

	memset(at, 0, PATH_SIZE);
	memcpy(at, end->addr.un.sun_path, length < PATH_SIZE ? length : PATH_SIZE);
}

/* Returns the family, or UNSPEC, and the end in *at. */
static unsigned put_addresses(unsigned char **at, const struct client_info *client)
{
	struct ip_ends ends;

	if (client->peer.length > 0 && client->peer.addr.sa.sa_family == AF_UNIX &&
	    client->local.length > 0) {
		put_path(*at, &client->peer);
		put_path(*at + PATH_SIZE, &client->local);
		*at += address_sizes[UNIX];
		return UNIX;
	}
	find_ends(client, &ends);
	if (ends.length == 0)
		return UNSPEC;
	memcpy(*at, ends.source + 16 - ends.length, ends.length);
	memcpy(*at + ends.length, ends.destination + 16 - ends.length, ends.length);
	*at = put_16(*at + ends.length + ends.length, net_port(&client->peer.addr));
	*at = put_16(*at, net_port(&client->local.addr));
	return ends.length == 4 ? INET : INET6;
}

static size_t write_binary(unsigned char *out, const struct client_info *client)
{
	/* SOCK_STREAM and SOCK_DGRAM are the numbers that the specification has for them, too */
	bool known = client != NULL &&
	             (client->type == SOCK_STREAM || client->type == SOCK_DGRAM);
	unsigned char *at = out + FIXED;
	unsigned family = known ? put_addresses(&at, client) : UNSPEC;
	unsigned command = family == UNSPEC ? LOCAL : PROXY;

	memcpy(out, signature, SIGNATURE);
	out[SIGNATURE] = (unsigned char)(VERSION << 4 | command);
	out[SIGNATURE + 1] = (unsigned char)(command == LOCAL ? 0
	                                                      : family << 4 | (unsigned)client->type);
	put_16(out + SIGNATURE + 2, (unsigned)(at - out - FIXED));
	return (size_t)(at - out);
}

size_t proxy_header_write(unsigned char out[PROXY_HEADER_WRITTEN], int version,
                          const struct client_info *client)
{
	return version == 1 ? write_line(out, client) : write_binary(out, client);
}

/* --- how long it is ------------------------------------------------------------ */

/* The fields that are still to come have at least a byte each. */
static int missing_in_line(const unsigned char *bytes, size_t length, const char **why)
{
	const unsigned char *end = memchr(bytes, '\n', length);
	unsigned char last = bytes[length - 1];
	int spaces = 0;

	if (end == bytes + length - 1)
		return 0;
	if (end != NULL || length >= LINE_MAX) {
		*why = end != NULL ? "its line is incomplete" : "its line is longer than 107 bytes";
		return -1;
	}
	if (last == '\r')
		return 1;
	for (size_t i = 0; i < length; i++)
		spaces += bytes[i] == ' ';
	if (bytes[sizeof word - 1] == 'U' || spaces > LINE_SPACES)
		return 2;
	return 2 * (LINE_SPACES - spaces) + (last == ' ') + 2;
}

static int missing_in_binary(const unsigned char *bytes, size_t length, const char **why)
{
	size_t total;

	if (length < FIXED)
		return (int)(FIXED - length);
	if (bytes[SIGNATURE] >> 4 != VERSION) {
		*why = "its version is neither 1 nor 2";
		return -1;
	}
	total = FIXED + ((size_t)bytes[FIXED - 2] << 8 | bytes[FIXED - 1]);
	if (total > PROXY_HEADER_MAX) {
		*why = "it is longer than 4096 bytes";
		return -1;
	}
	if (length > total) {
		*why = "it is shorter than what was read";
		return -1;
	}
	return (int)(total - length);
}

int proxy_header_missing(const unsigned char *bytes, size_t length, const char **why)
{
	size_t of_word = sizeof word - 1 < length ? sizeof word - 1 : length;
	size_t of_signature = SIGNATURE < length ? (size_t)SIGNATURE : length;
	bool line = length == 0 || memcmp(bytes, word, of_word) == 0;

	if (!line && memcmp(bytes, signature, of_signature) != 0) {
		*why = "the connection begins with something else";
		return -1;
	}
	if (length < LINE_MIN)
		return (int)(LINE_MIN - length);
	return line ? missing_in_line(bytes, length, why) : missing_in_binary(bytes, length, why);
}

/* --- reading ------------------------------------------------------------------- */

static void set_ip(struct net_peer *end, int family, const void *address, unsigned port)
{
	memset(end, 0, sizeof *end);
	end->addr.sa.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		memcpy(&end->addr.in.sin_addr, address, 4);
	else
		memcpy(&end->addr.in6.sin6_addr, address, 16);
	net_set_port(&end->addr, port);
	end->length = net_length(&end->addr);
}

/* A decimal number without zeros in front. Returns -1 for anything else. */
static int read_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long port;

	if (digits == 0 || digits > 5 || text[digits] != '\0' || (*text == '0' && digits > 1))
		return -1;
	port = strtol(text, NULL, 10);
	return port <= 65535 ? (int)port : -1;
}

/* The fields behind "PROXY ", separated by single spaces. */
static const char *read_fields(char *rest, struct client_info *client)
{
	char *fields[LINE_SPACES];
	unsigned char source[16], destination[16];
	unsigned count = 0;
	int family, from, to;

	do
		fields[count++] = strsep(&rest, " ");
	while (count < LINE_SPACES && rest != NULL);
	if (strcmp(fields[0], "UNKNOWN") == 0)
		return NULL;
	family = strcmp(fields[0], "TCP4") == 0 ? AF_INET
	         : strcmp(fields[0], "TCP6") == 0 ? AF_INET6 : AF_UNSPEC;
	if (family == AF_UNSPEC)
		return "its protocol is none of TCP4, TCP6 and UNKNOWN";
	if (count < LINE_SPACES || rest != NULL)
		return "it has not two addresses and two ports, separated by single spaces";
	if (inet_pton(family, fields[1], source) != 1 ||
	    inet_pton(family, fields[2], destination) != 1)
		return "one of its addresses is not of its protocol";
	from = read_port(fields[3]);
	to = read_port(fields[4]);
	if (from < 0 || to < 0)
		return "one of its ports is not a number from 0 to 65535";
	set_ip(&client->peer, family, source, (unsigned)from);
	set_ip(&client->local, family, destination, (unsigned)to);
	client->type = SOCK_STREAM;
	return NULL;
}

static const char *read_line(const unsigned char *bytes, size_t length,
                             struct client_info *client)
{
	char line[LINE_MAX + 1];

	if (length > LINE_MAX || bytes[length - 2] != '\r')
		return "its line does not end with CR and LF";
	memcpy(line, bytes, length - 2);
	line[length - 2] = '\0';
	if (strlen(line) != length - 2)
		return "it has a NUL byte";
	return read_fields(line + sizeof word - 1, client);
}

/* RFC 9260, appendix A (Castagnoli), with zeros in place of the four bytes at this one. */
static uint32_t crc32c(const unsigned char *bytes, size_t length, size_t at)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= i >= at && i < at + 4 ? 0 : bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* What follows the addresses: types, lengths and values. */
static const char *check_fields(const unsigned char *bytes, size_t length, size_t at)
{
	while (at < length) {
		size_t size;

		if (length - at < 3)
			return "its last field is cut";
		size = (size_t)bytes[at + 1] << 8 | bytes[at + 2];
		if (length - at - 3 < size)
			return "one of its fields is longer than the header";
		if (bytes[at] == TYPE_CRC32C) {
			uint32_t crc;

			if (size != 4)
				return "its checksum has not four bytes";
			memcpy(&crc, bytes + at + 3, 4);
			if (ntohl(crc) != crc32c(bytes, length, at + 3))
				return "its checksum is wrong";
		}
		at += 3 + size;
	}
	return NULL;
}

/* Abstract names begin with NUL; without any other byte it is a socket without a name. */
static void set_path(struct net_peer *end, const unsigned char *path)
{
	size_t length = strnlen((const char *)path, PATH_SIZE);

	if (length == 0)
		for (length = PATH_SIZE; length > 0 && path[length - 1] == '\0'; )
			length--;
	memset(end, 0, sizeof *end);
	end->addr.un.sun_family = AF_UNIX;
	memcpy(end->addr.un.sun_path, path, length);
	end->length = (socklen_t)(sizeof(sa_family_t) + length);
}

static void set_addresses(struct client_info *client, unsigned family, const unsigned char *at)
{
	size_t size = family == INET ? 4 : 16;
	int ip = family == INET ? AF_INET : AF_INET6;

	if (family == UNIX) {
		set_path(&client->peer, at);
		set_path(&client->local, at + PATH_SIZE);
		return;
	}
	set_ip(&client->peer, ip, at, (unsigned)at[2 * size] << 8 | at[2 * size + 1]);
	set_ip(&client->local, ip, at + size, (unsigned)at[2 * size + 2] << 8 | at[2 * size + 3]);
}

static const char *read_binary(const unsigned char *bytes, size_t length,
                               struct client_info *client)
{
	unsigned command = bytes[SIGNATURE] & 15, family = bytes[SIGNATURE + 1] >> 4;
	unsigned type = bytes[SIGNATURE + 1] & 15;
	const char *why;

	if (command == LOCAL)
		return NULL;
	if (command != PROXY)
		return "its command is neither LOCAL nor PROXY";
	if (family > UNIX || type > SOCK_DGRAM || (family == UNSPEC) != (type == 0))
		return "its address family or transport protocol is unknown";
	if (length < FIXED + (size_t)address_sizes[family])
		return "it is too short for its addresses";
	why = check_fields(bytes, length, FIXED + (size_t)address_sizes[family]);
	if (why != NULL || family == UNSPEC)
		return why;
	set_addresses(client, family, bytes + FIXED);
	client->type = (int)type;
	return NULL;
}

const char *proxy_header_read(const unsigned char *bytes, size_t length,
                              struct client_info *client)
{
	client->peer.length = client->local.length = 0;
	return bytes[0] == 'P' ? read_line(bytes, length, client)
	                           : read_binary(bytes, length, client);
}
