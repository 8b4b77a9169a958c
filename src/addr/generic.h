/* SOCKET-... types: sockets of any family, described by numbers and by the bytes of their
 * addresses in dalan (opt/dalan.h). What those with connections and those with datagrams
 * share. */
#ifndef ADDR_GENERIC_H
#define ADDR_GENERIC_H

#include "addr/addr.h"
#include "sys/net.h"

/* Check that the parameter is a number from low to high. what: its name in the error ("domain").
 * Returns 0, or -1 (logged). */
int generic_check_number(const struct spec *spec, unsigned index, const char *what, long low,
                         long high);
/* The number that this parameter is, once checked. */
int generic_number(const struct spec *spec, unsigned index);

/* Check the domain, parameter 0, which option pf may replace. Returns 0, or -1 (logged). */
int generic_check_domain(const struct spec *spec);
int generic_domain(const struct spec *spec);
/* The same of the protocol, with option protocol. */
int generic_check_protocol(const struct spec *spec, unsigned index);
int generic_protocol(const struct spec *spec, unsigned index);

/* Read an address of the spec's domain: the bytes of a struct sockaddr behind its family, as
 * dalan. what: of what the text is the value, for the error ("option \"bind\"", "the address").
 * Returns 0, or -1 (logged): not dalan, too long, or too short for a family that we know. */
int generic_address(const struct spec *spec, const char *what, const char *text,
                    struct net_peer *peer);

/* What to do where socket(2) or bind(2) failed: "; ..." for an error line, or "". */
const char *generic_hint(const struct net_peer *local, int error);

#endif
