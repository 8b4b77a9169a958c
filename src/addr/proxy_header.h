/* Headers of the PROXY protocol, versions 1 and 2: who a connection is made for, said as the first
 * thing in it. The specification is haproxy's doc/proxy-protocol.txt. Pure functions. */
#ifndef ADDR_PROXY_HEADER_H
#define ADDR_PROXY_HEADER_H

#include <stddef.h>

#include "addr/client.h"

enum {
	PROXY_HEADER_WRITTEN = 232,      /* the longest that is composed, in bytes */
	PROXY_HEADER_MAX = 16 + 4096     /* the longest that is accepted */
};

/* Compose the header of version 1 or 2 for this client: its address, and the one that it connected
 * to. Where it is not known, or version 1 has no words for it: "unknown", or version 2's command
 * LOCAL. client: may be NULL. Returns its length in bytes. */
size_t proxy_header_write(unsigned char out[PROXY_HEADER_WRITTEN], int version,
                          const struct client_info *client);

/* How many more bytes are certainly missing in a header that begins with these; 0: it is
 * complete; -1: it can't become one, and *why says why: what is wrong with "the header". */
int proxy_header_missing(const unsigned char *bytes, size_t length, const char **why);

/* Read a complete header: peer, local and type of the client; peer.length is 0 if it leaves them
 * open (command LOCAL, unknown addresses). Returns NULL, or why it is bad. */
const char *proxy_header_read(const unsigned char *bytes, size_t length,
                              struct client_info *client);

#endif
