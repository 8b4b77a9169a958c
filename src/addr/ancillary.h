/* Ancillary messages: what options like ip-pktinfo and so-timestamp have the kernel tell of
 * each packet. They are logged, and become environment variables of programs (cmsg(3),
 * ip(7), ipv6(7), socket(7)). */
#ifndef ADDR_ANCILLARY_H
#define ADDR_ANCILLARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sys/variables.h"

struct spec;

/* Which messages the options of an address ask for; 0: none. */
uint32_t ancillary_wanted(const struct spec *spec);

/* Log those messages of a received packet that are wanted: a line each with what it says, at
 * level info, some also at notice, all bytes at debug. fd: the socket it came from, which tells
 * names of interfaces. Messages that are cut are told of, and not read. */
void ancillary_log(int fd, const struct msghdr *message, uint32_t wanted);

/* The variables that they make, for free(3); NULL if there are none (or no memory). */
struct variables *ancillary_variables(int fd, const struct msghdr *message, uint32_t wanted);

/* True if this is no packet but a note about the path's MTU, which comes the same way
 * (ipv6-recvpathmtu; RFC 3542, 11.3). */
bool ancillary_is_note(const struct msghdr *message, size_t length);

#endif
