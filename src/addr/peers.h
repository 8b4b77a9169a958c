/* Serving many peers of one datagram socket: UDP-LISTEN, and the types -RECVFROM, with option
 * fork. */
#ifndef ADDR_PEERS_H
#define ADDR_PEERS_H

#include "addr/open.h"

struct peers_settings {
	int fd;                   /* bound, non-blocking */
	struct closer *closer;    /* run when the socket is closed; may be NULL */
	bool by_packet;           /* each packet is served on its own; else each peer */
	enum fd_finish finish;    /* how a peer is told of the end of our output */
};

/* Hand on a channel for every peer (or packet) that range, tcpwrap, sourceport and lowport let
 * in. The descriptor and the closer belong to the listener from now on, also on failure; the
 * socket stays open until the last channel is closed. Returns NULL after logging. */
struct listener *peers_listen(const struct spec *spec, const struct peers_settings *settings,
                              const struct listen_request *request);

/* The size of a block (option -b): packets that are longer would be cut anyway. Longer ones than IP
 * has get this much room. To be called before the first peers_listen(). */
void peers_set_block_size(size_t size);

#endif
