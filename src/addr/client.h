/* Who sent or connected: for log lines and the environment of programs. */
#ifndef ADDR_CLIENT_H
#define ADDR_CLIENT_H

#include "sys/net.h"
#include "sys/variables.h"

struct client_info {
	struct net_peer peer, local;   /* local.length 0: not known */
	int type;                      /* SOCK_STREAM of TCP or UNIX sockets, SOCK_DGRAM; else others */
	struct variables *variables;   /* what came with the first packet, or NULL */
};

/* A copy that has its own memory. Returns NULL with errno set. */
struct client_info *client_copy(const struct client_info *client);
/* Free a copy. NULL is fine. */
void client_free(struct client_info *client);

#endif
