#include "addr/socks_message.h"

#include <stdio.h>
#include <string.h>

#include "sys/text.h"

/* Types of addresses in SOCKS5. */
enum { IPV4 = 1, NAME = 3, IPV6 = 4 };

static size_t put(unsigned char *out, const void *bytes, size_t length)
{
	memcpy(out, bytes, length);
	return length;
}

static size_t put_port(unsigned char *out, unsigned port)
{
	out[0] = (unsigned char)(port >> 8);
	out[1] = (unsigned char)port;
	return 2;
}

/* Text with its length before it. */
static size_t put_counted(unsigned char *out, const char *text)
{
	size_t length = strnlen(text, SOCKS_FIELD);

	out[0] = (unsigned char)length;
	return 1 + put(out + 1, text, length);
}

/* Text with a NUL behind it. */
static size_t put_ended(unsigned char *out, const char *text)
{
	size_t length = strnlen(text, SOCKS_FIELD);

	out[put(out, text, length)] = '\0';
	return length + 1;
}

size_t socks4_request(unsigned char *out, const struct socks_target *target, const char *user)
{
	static const unsigned char no_address[] = {0, 0, 0, 1};
	size_t n = 0;

	out[n++] = 4;
	out[n++] = SOCKS_CONNECT;
	n += put_port(out + n, target->port);
	n += put(out + n, target->name != NULL ? (const void *)no_address
	                                       : &target->addr->in.sin_addr, sizeof(no_address));
	n += put_ended(out + n, user);
	if (target->name != NULL)
		n += put_ended(out + n, target->name);
	return n;
}

size_t socks5_greeting(unsigned char *out, bool password)
{
	size_t n = 0;

	out[n++] = 5;
	out[n++] = password ? 2 : 1;
	out[n++] = SOCKS_NO_LOGIN;
	if (password)
		out[n++] = SOCKS_PASSWORD;
	return n;
}

size_t socks5_login(unsigned char *out, const char *user, const char *password)
{
	size_t n = 0;

	out[n++] = 1;
	n += put_counted(out + n, user);
	n += put_counted(out + n, password);
	return n;
}

size_t socks5_request(unsigned char *out, enum socks_command command,
                      const struct socks_target *target)
{
	size_t n = 0;

	out[n++] = 5;
	out[n++] = (unsigned char)command;
	out[n++] = 0;
	if (target->name != NULL) {
		out[n++] = NAME;
		n += put_counted(out + n, target->name);
	} else if (target->addr->sa.sa_family == AF_INET) {
		out[n++] = IPV4;
		n += put(out + n, &target->addr->in.sin_addr, 4);
	} else {
		out[n++] = IPV6;
		n += put(out + n, &target->addr->in6.sin6_addr, 16);
	}
	return n + put_port(out + n, target->port);
}

static int bad(char *problem, const char *why)
{
	snprintf(problem, SOCKS_PROBLEM, "%s", why);
	return -1;
}

static int wrong_version(unsigned version, unsigned heard, char *problem)
{
	snprintf(problem, SOCKS_PROBLEM, "the answer begins with %u: this is no SOCKS%u server",
	         heard, version);
	return -1;
}

static int refused(unsigned version, unsigned code, const char *why, char *problem)
{
	snprintf(problem, SOCKS_PROBLEM, "SOCKS%u server error %u: %s", version, code, why);
	return -1;
}

int socks4_reply(const unsigned char *heard, size_t length, char *problem)
{
	static const char *const reasons[] = {
		"connect request rejected or failed",
		"it can't ask the identd of this host, which it wants to",
		"the identd of this host reports another user: give that one in option socksuser",
	};

	/* the version of replies is 0; some servers say 4 */
	if (length >= 1 && heard[0] != 0 && heard[0] != 4)
		return wrong_version(4, heard[0], problem);
	if (length < 2)
		return (int)(2 - length);
	if (heard[1] == 90)
		return length < 8 ? (int)(8 - length) : 0;
	return refused(4, heard[1], heard[1] >= 91 && heard[1] <= 93 ? reasons[heard[1] - 91]
	                                                             : "unknown error", problem);
}

int socks5_choice(const unsigned char *heard, size_t length, bool password, char *problem)
{
	if (length >= 1 && heard[0] != 5)
		return wrong_version(5, heard[0], problem);
	if (length < 2)
		return (int)(2 - length);
	if (heard[1] == SOCKS_NO_LOGIN || (heard[1] == SOCKS_PASSWORD && password))
		return 0;
	if (heard[1] != 0xff)
		snprintf(problem, SOCKS_PROBLEM, "the server has chosen a way to log in (%u) that "
		         "was not offered", heard[1]);
	else if (password)
		bad(problem, "the server accepts neither a user name and a password nor none");
	else
		bad(problem, "the server does not serve without a login: give options socksuser "
		    "and sockspass");
	return -1;
}

int socks5_login_reply(const unsigned char *heard, size_t length, char *problem)
{
	/* servers do not agree on the version here, 1 or 5 */
	if (length < 2)
		return (int)(2 - length);
	if (heard[1] == 0)
		return 0;
	return bad(problem, "the server has refused the user name or the password (options "
	           "socksuser, sockspass)");
}

/* How many bytes a reply has, of which the first five are known; 0: there is no such type. */
static size_t reply_length(const unsigned char *heard)
{
	switch (heard[3]) {
	case IPV4:
		return 4 + 4 + 2;
	case NAME:
		return 5 + (size_t)heard[4] + 2;
	case IPV6:
		return 4 + 16 + 2;
	default:
		return 0;
	}
}

int socks5_reply(const unsigned char *heard, size_t length, char *problem)
{
	static const char *const reasons[] = {
		"general SOCKS server failure", "connection not allowed by ruleset",
		"network unreachable", "host unreachable", "connection refused", "TTL expired",
		"command not supported", "address type not supported",
	};
	size_t whole;

	if (length >= 1 && heard[0] != 5)
		return wrong_version(5, heard[0], problem);
	if (length < 2)
		return (int)(2 - length);
	if (heard[1] != 0)
		return refused(5, heard[1], heard[1] <= sizeof(reasons) / sizeof(reasons[0])
		                            ? reasons[heard[1] - 1] : "unknown error", problem);
	if (length < 5)
		return (int)(5 - length);
	whole = reply_length(heard);
	if (whole > 0)
		return length < whole ? (int)(whole - length) : 0;
	snprintf(problem, SOCKS_PROBLEM, "the reply has an address of unknown type (%u)", heard[3]);
	return -1;
}

void socks5_address(const unsigned char *reply, struct net_peer *peer, char *text)
{
	const unsigned char *port = reply + reply_length(reply) - 2;
	char name[SOCKS_FIELD + 1], printable[NET_TEXT - 8];
	unsigned number = (unsigned)port[0] << 8 | port[1];

	memset(peer, 0, sizeof(*peer));
	if (reply[3] == NAME) {
		memcpy(name, reply + 5, reply[4]);
		name[reply[4]] = '\0';
		if (strlen(name) != reply[4] ||
		    net_parse_host(name, AF_UNSPEC, &peer->addr) < 0) {
			snprintf(text, NET_TEXT, "%s:%u",
			         text_foreign(reply + 5, reply[4], printable, sizeof(printable)),
			         number);
			memset(peer, 0, sizeof(*peer));
			return;
		}
	} else if (reply[3] == IPV4) {
		peer->addr.sa.sa_family = AF_INET;
		memcpy(&peer->addr.in.sin_addr, reply + 4, 4);
	} else {
		peer->addr.sa.sa_family = AF_INET6;
		memcpy(&peer->addr.in6.sin6_addr, reply + 4, 16);
	}
	peer->length = net_length(&peer->addr);
	net_set_port(&peer->addr, number);
	net_print(&peer->addr, peer->length, text, NET_TEXT);
}
