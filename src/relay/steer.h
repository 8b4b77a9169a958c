/* With several processes: all connections of a client come to the same one, which counts them. */
#ifndef RELAY_STEER_H
#define RELAY_STEER_H

/* Of the sockets that share the port of this one (SO_REUSEPORT), so many in all, the kernel chooses by
 * the client's IPv4 address, or the first bits of its IPv6 address: prefix of them, at most 64.
 * Returns 0, or -1 with errno set. */
int steer_by_client(int fd, unsigned sockets, unsigned prefix);

#endif
