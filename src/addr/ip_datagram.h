/* Datagram sockets over IP: what the UDP-, UDPLITE- and IP- types share. */
#ifndef ADDR_IP_DATAGRAM_H
#define ADDR_IP_DATAGRAM_H

#include "addr/datagram.h"

struct ip_datagram {
	int socktype, protocol;
	const char *port;       /* of the address; NULL: there are none (raw IP) */
	const struct listener *beside; /* one more socket for the port of this one; or NULL */
};

/* A socket bound to option bind or any address, with all options applied, for types that
 * receive. Returns -1 (logged). */
int ip_datagram_socket(const struct spec *spec, const struct ip_datagram *kind);

/* Open a socket that sends to the host in the first parameter, without connecting it. */
struct opening *ip_datagram_open(const struct spec *spec, const struct ip_datagram *kind,
                                 enum datagram_senders senders,
                                 const struct open_request *request);

#endif
