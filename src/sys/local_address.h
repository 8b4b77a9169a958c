/* Which of our addresses a packet was sent to, and sending from there: IP_PKTINFO of ip(7),
 * IPV6_PKTINFO of ipv6(7). For sockets bound to "any address" of a host that has several. */
#ifndef SYS_LOCAL_ADDRESS_H
#define SYS_LOCAL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/net.h"

struct local_address {
	sa_family_t family;         /* AF_UNSPEC: not known, the kernel chooses */
	unsigned interface;         /* 0: any */
	bool group;                 /* the packet went to a multicast or broadcast address; this is
	                             * the interface's own, if known */
	union {
		struct in_addr in4;
		struct in6_addr in6;
	} to;
};

/* Room for the message of local_address_write(). */
enum { LOCAL_ADDRESS_CONTROL = 64 };

/* Have it told with each packet, if the socket is bound to any address. Returns true then. */
bool local_address_ask(int fd);

/* Take it from the ancillary messages of a packet. Answers can't come from a multicast or
 * broadcast address: the one of the interface counts then. */
void local_address_find(const struct msghdr *message, struct local_address *local);

/* Put it into a message that is to be sent, whose control buffer has LOCAL_ADDRESS_CONTROL
 * bytes, aligned as struct cmsghdr. Unknown ones leave the message without ancillary messages. */
void local_address_write(const struct local_address *local, struct msghdr *message,
                         unsigned char *control);

/* True if both are the same address of ours. */
bool local_address_same(const struct local_address *a, const struct local_address *b);

/* Put it into a socket's own address, in place of any address. */
void local_address_into(const struct local_address *local, union net_addr *address);

#endif
