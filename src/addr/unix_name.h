/* Names of UNIX sockets: what the UNIX- and ABSTRACT- types with connections and with datagrams
 * share. */
#ifndef ADDR_UNIX_NAME_H
#define ADDR_UNIX_NAME_H

#include "addr/addr.h"
#include "chan/chan.h"
#include "sys/net.h"

/* True if the type's names are no entries of the file system. */
bool unix_is_abstract(const struct spec *spec);

/* The address that a name stands for. Returns 0, or -1 if the name is too long. */
int unix_address(const struct spec *spec, const char *name, struct net_peer *peer);

/* Check the first parameter and options bind and bind-tempname, for addr_type.check; or only
 * these. Returns 0, or -1 (logged). */
int unix_check(const struct spec *spec);
int unix_check_own(const struct spec *spec);

/* Ask the kernel who has an address, with a datagram socket: a listener for streams does not see
 * a connection from it. Returns 0: one with datagrams; EPROTOTYPE: one with connections;
 * ECONNREFUSED: nobody; other errno: it can't be asked. */
int unix_ask(const struct net_peer *peer);

/* Bind a socket to a name; the entry of an ended process is replaced. Returns 0, or -1 with
 * errno set. */
int unix_bind(const struct spec *spec, const char *name, int fd);

/* Why the name could not be had (EADDRINUSE), and what to do: "; ...". */
const char *unix_taken_hint(const struct spec *spec, const char *name);

/* Give a socket that connects or sends the name that options bind or bind-tempname want, apply
 * the options that act on its entry, and those of phase FD in any case. *closer: removes
 * the entry; the one of an earlier attempt is run first. Returns 0; -1 with errno set if the
 * name could not be had; -2 if an option failed, which was logged. */
int unix_bind_own(const struct spec *spec, int fd, struct closer **closer);

/* "; ..." if the reason for a failed connect(2) or sendto(2) is that nobody listens, or that this
 * process may not use the socket: who may. Else "". */
void unix_hint(const char *path, int error, char *hint, size_t size);

#endif
