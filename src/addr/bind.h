/* Binding a socket to a local address: options bind, sourceport, lowport; ports below 1024
 * with the capability that is raised only for that. */
#ifndef ADDR_BIND_H
#define ADDR_BIND_H

#include "addr/addr.h"
#include "sys/net.h"

struct ip_binding {
	bool given;                /* option bind */
	char name[256];            /* host name still to be looked up, or empty */
	union net_addr v4, v6;     /* by family; family AF_UNSPEC: not known */
	int port;
	bool lowport;
};

/* Read the options. A numeric or missing host needs no look-up. sourceport: that option is
 * about our port, not the peer's. */
void ip_binding_init(struct ip_binding *binding, const struct spec *spec, const char *protocol,
                     bool sourceport);
/* The name that has to be looked up, or NULL. */
const char *ip_binding_name(const struct ip_binding *binding);
/* The result of that. */
void ip_binding_set(struct ip_binding *binding, const union net_addr *addrs, unsigned count);

/* Bind if the options ask for it. Returns 0, or -1 with errno set (EADDRNOTAVAIL if the
 * local address is of the other family). */
int ip_bind(const struct spec *spec, int fd, const struct ip_binding *binding, int family);

/* bind(2), raising CAP_NET_BIND_SERVICE if that is what it takes and we have it. */
int bind_privileged(int fd, const union net_addr *addr, socklen_t length);

/* Before fd is bound beside the socket first, to the same address and port: let both share it
 * (SO_REUSEPORT), and give the address to bind to. The first one was bound, and may listen, without
 * that option, so that nobody else had the port, not even another group of such sockets; the kernel
 * lets it have the option afterwards. Returns 0, or -1 with errno set. */
int bind_beside(int first, int fd, struct net_peer *local);

#endif
