/* Network interfaces: what the options of the group INTERFACE do to them, netdevice(7). */
#ifndef ADDR_NETDEV_H
#define ADDR_NETDEV_H

#include "addr/addr.h"

/* All of these take any socket of the interface's network namespace, and the interface's name;
 * they return 0, or -1 (logged). */

/* Option interface-mtu. */
int netdev_set_mtu(const struct spec *spec, int socket, const char *name);
/* Options iff-...: the last one of a name counts. A flag that Linux does not let be changed
 * gives a warning. */
int netdev_set_flags(const struct spec *spec, int socket, const char *name);
/* The same until it is released as often as it was held: sessions share what one address has
 * changed. Failure to restore is only a warning. */
int netdev_hold_flags(const struct spec *spec, int socket, const char *name);
void netdev_release_flags(const struct spec *spec, int socket, const char *name);

/* An address with a prefix, "192.0.2.1/24" or "[2001:db8::1]/64". */
struct netdev_address {
	int family;                 /* AF_INET or AF_INET6 */
	unsigned bits;
	unsigned char bytes[16];
};

/* Returns NULL, or a phrase about what is wrong. */
const char *netdev_parse_address(const char *text, struct netdev_address *address);
/* Give it to an interface; this one makes a socket of the right family by itself. */
int netdev_set_address(const struct spec *spec, const char *name,
                       const struct netdev_address *address);

/* "; ..." for errors that a capability would prevent, or "". */
const char *netdev_hint(int error, const char *otherwise);

#endif
