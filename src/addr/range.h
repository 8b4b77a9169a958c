/* Ranges of addresses, as of option range. */
#ifndef ADDR_RANGE_H
#define ADDR_RANGE_H

#include <stdbool.h>
#include <sys/socket.h>

/* Bytes of the longest address, without its family. */
enum { RANGE_BYTES = sizeof(struct sockaddr_storage) - sizeof(sa_family_t) };

struct range {
	int family;                  /* AF_INET or AF_INET6; AF_UNSPEC: of bytes, any family */
	unsigned length;             /* how many bytes count */
	unsigned char address[RANGE_BYTES]; /* in network order, without the bits outside the mask */
	unsigned char mask[RANGE_BYTES];
};

/* Read "10.0.0.0/8", "10.0.0.0:255.0.0.0" or "[::1]/128". family: AF_INET, AF_INET6, or
 * AF_UNSPEC for either. Host names are not taken: what a range means must not depend on a
 * name server. Networks of IPv4 addresses in IPv6 ones, [::ffff:10.0.0.0]/104, become IPv4.
 * Returns NULL, or why the text is bad: a phrase that goes behind it. */
const char *range_parse(struct range *range, const char *text, int family);

/* The same as it stands in files: also an address alone, which is one host, and IPv6 addresses
 * without brackets. */
const char *range_parse_listed(struct range *range, const char *text);

/* The same for addresses of any family: "data:data" in dalan (opt/dalan.h), the bytes of a
 * struct sockaddr behind its family, and a mask of as many. */
const char *range_parse_bytes(struct range *range, const char *text);

/* True if the peer's address is in the range. IPv4 addresses that arrive on an IPv6 socket
 * (::ffff:10.1.2.3) are compared as IPv4. Other families are never in a range of IP addresses.
 * peer: with room for any address, zero behind its own. */
bool range_match(const struct range *range, const struct sockaddr *peer);

/* How many ones the mask has. prefix: are they all in front? */
unsigned range_ones(const struct range *range, bool *prefix);

/* The bytes of an IP address and its length, 4 or 16, IPv4 in IPv6 taken out; 0 if the
 * address is of another family. */
unsigned range_address_bytes(const struct sockaddr *address, const unsigned char **bytes);

#endif
