/* What SOCKS clients say and hear: SOCKS4 and 4A (the memos of Ying-Da Lee, 1992 and later),
 * SOCKS5 (RFC 1928) and its login with a name and a password (RFC 1929). Nothing is sent or
 * received here. */
#ifndef ADDR_SOCKS_MESSAGE_H
#define ADDR_SOCKS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/net.h"

enum {
	SOCKS_FIELD = 255,             /* bytes of a name, a user, a password: more can't be said */
	SOCKS_MESSAGE = 8 + 2 * (SOCKS_FIELD + 1), /* room for any message of ours */
	SOCKS_ANSWER = 5 + SOCKS_FIELD + 2, /* the longest one of the server's */
	SOCKS_PROBLEM = 256            /* room for the reason why an answer is a bad one */
};

enum socks_command { SOCKS_CONNECT = 1, SOCKS_BIND = 2 };

/* Ways to log in, by their numbers in SOCKS5. */
enum socks_method { SOCKS_NO_LOGIN = 0, SOCKS_PASSWORD = 2 };

struct socks_target {
	const char *name;              /* at most SOCKS_FIELD bytes; NULL: the address counts */
	const union net_addr *addr;    /* IPv4, or IPv6 with SOCKS5 */
	unsigned port;
};

/* Compose a message in out, which has room for SOCKS_MESSAGE bytes; returns its length. Users
 * and passwords may be cut to SOCKS_FIELD bytes. */

/* CONNECT. With a name, it is that of 4A. */
size_t socks4_request(unsigned char *out, const struct socks_target *target, const char *user);
/* Offer to go without a login; and, if so wanted, with a password. */
size_t socks5_greeting(unsigned char *out, bool password);
size_t socks5_login(unsigned char *out, const char *user, const char *password);
size_t socks5_request(unsigned char *out, enum socks_command command,
                      const struct socks_target *target);

/* Judge what was heard of an answer so far. Returns how many bytes are missing at least: never more
 * than the answer has; 0: it is complete and good; -1: it is bad, with the reason in problem
 * (SOCKS_PROBLEM bytes), which may be before it is complete. */

int socks4_reply(const unsigned char *heard, size_t length, char *problem);
/* The server's choice, then in heard[1]. password: whether one was offered. */
int socks5_choice(const unsigned char *heard, size_t length, bool password, char *problem);
int socks5_login_reply(const unsigned char *heard, size_t length, char *problem);
int socks5_reply(const unsigned char *heard, size_t length, char *problem);

/* The address in a good reply of SOCKS5, as a message shows it, in text (NET_TEXT bytes). *peer is
 * that address; its length is 0 if the server has given a name. */
void socks5_address(const unsigned char *reply, struct net_peer *peer, char *text);

#endif
