/* What the options of the PROXY protocol ask for: send-proxy, send-proxy-v2, accept-proxy and
 * accept-proxy-from. */
#ifndef ADDR_PROXY_OPTIONS_H
#define ADDR_PROXY_OPTIONS_H

#include "addr/addr.h"
#include "loop/loop.h"
#include "sys/net.h"

/* How long a header may take, in nanoseconds, unless option handshake-timeout says it. */
#define PROXY_HEADER_TIMEOUT (10 * NANOSECONDS)

/* Which header a listener expects: none; the first thing in the connection or, if that begins with
 * a TLS handshake, in TLS; just one of these. */
enum accept_proxy {
	ACCEPT_PROXY_NONE, ACCEPT_PROXY_AUTO, ACCEPT_PROXY_OUTSIDE, ACCEPT_PROXY_INSIDE
};

/* For all types: do they go together, and with the type? Returns 0, or -1 (logged). */
int proxy_options_check(const struct spec *spec);

/* The version of the header to be sent first, 1 or 2; 0: none. */
int spec_send_proxy(const struct spec *spec);
/* True if the address, or one that it runs on, sends one: it wants to know both ends of a client's
 * connection. */
bool address_sends_proxy(const struct address *address);

enum accept_proxy spec_accept_proxy(const struct spec *spec);

/* Who may send a header: the networks of option accept-proxy-from. */
struct proxies;

/* For free(3). Returns NULL with errno set. */
struct proxies *proxies_new(const struct spec *spec);
/* May this peer? If not, the well-known line was logged. */
bool proxies_allow(const struct proxies *proxies, const struct net_peer *peer);

#endif
