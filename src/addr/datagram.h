/* Datagram sockets as channels: what the types -SENDTO, -DATAGRAM, -RECV, -RECVFROM and
 * UDP-LISTEN of all families share. */
#ifndef ADDR_DATAGRAM_H
#define ADDR_DATAGRAM_H

#include "addr/open.h"
#include "sys/local_address.h"

/* Whose packets are taken. */
enum datagram_senders {
	SENDERS_PEER,       /* only those of the address that we send to */
	SENDERS_ADMITTED    /* those that range, tcpwrap, sourceport and lowport let in */
};

/* A channel over a socket that was made ready by the caller: bound if it has to be, options
 * applied. to: where packets go; NULL: nowhere. It and the closer (may be NULL) belong to
 * the channel from now on, also on failure. Returns NULL (logged). */
struct channel *datagram_channel(const struct spec *spec, int fd, struct closer *closer,
                                 const struct net_peer *to, enum datagram_senders senders);

/* What becomes of the sender of the first packet. */
enum datagram_first {
	FIRST_ANSWER,       /* its one packet is read, then comes EOF; we may answer */
	FIRST_CONNECT       /* the socket is connected to it */
};

/* The channel of that sender: see datagram_channel(). local: what answers come from; failed: what
 * to do if calls fail (addr/error_queue.h), or NULL. */
struct channel *datagram_channel_for(const struct spec *spec, int fd, struct closer *closer,
                                     const struct net_peer *sender,
                                     const struct local_address *local,
                                     enum datagram_first first, bool (*failed)(int fd));

/* Wait for the first packet that is let in, on a socket that was made ready by the caller,
 * to whom neither it nor the closer belong any more. Option accept-timeout holds. The request's
 * accepted() is told who sent it. */
struct opening *datagram_wait(const struct spec *spec, int fd, struct closer *closer,
                              enum datagram_first first, const struct open_request *request);

/* For types: options PASTSOCKET, FD, PREBIND; bind; options CONNECTED and LATE, for a socket that
 * receives at that address. fd -1: errno says why it could not be made. Returns the socket; -1
 * after logging what failed, the socket being closed. */
int datagram_prepare(const struct spec *spec, int fd, const struct net_peer *local);

/* See chan_ops: where the packet should have gone, and what to do. */
void datagram_explain(const struct net_peer *to, int error, char *text, size_t size);

/* Our address, as clients are told it; length 0: not known. */
void datagram_own_address(const struct spec *spec, int fd, struct net_peer *own);

/* True if what is received begins with an IPv4 header that is to be taken off. */
bool datagram_ip_header(const struct spec *spec, int fd);

/* True if this is the sender that we talk to: family, address and (where there are any) port. */
bool datagram_same_peer(const struct net_peer *peer, const union net_addr *from,
                        socklen_t length);

#endif
