/* Ancillary messages: what options like ip-pktinfo and so-timestamp have the kernel tell of
 * each packet. They are logged, and become environment variables of programs (cmsg(3),
 * ip(7), ipv6(7), socket(7)). */
#ifndef ADDR_ANCILLARY_H
#define ADDR_ANCILLARY_H

#include <stddef.h>
#include <sys/socket.h>

#include "addr/addr.h"

/* Variables for programs: "NAME=value" and a NUL each, without the prefix SOCAT_. */
struct ancillary {
	size_t size;
	char text[];
};

/* True if the address has an option that asks for ancillary messages. */
bool ancillary_wanted(const struct spec *spec);

/* Log the ancillary messages of a received packet. */
void ancillary_log(const struct msghdr *message);

/* The variables that they make, for free(3); NULL if there are none (or no memory). */
struct ancillary *ancillary_variables(const struct msghdr *message);
struct ancillary *ancillary_copy(const struct ancillary *ancillary);

#endif
