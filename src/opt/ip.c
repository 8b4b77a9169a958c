/* Options of IPv4 and IPv6 sockets, ip(7) and ipv6(7). */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>

#include "opt/family.h"

#define G_IP (G_IP4 | G_IP6)

/* The index of the interface that a value names, or the number it has. Returns -1, logged,
 * if there is none of that name. */
static int interface_index(const struct opt_value *value, const struct opt_target *target,
                           unsigned number)
{
	unsigned index;

	if (value->string == NULL)
		return (int)number;
	index = if_nametoindex(value->string);
	if (index != 0)
		return (int)index;
	return opt_failed(value, target, "if_nametoindex()");
}

static int apply_membership(const struct opt_value *value, const struct opt_target *target)
{
	struct ip_mreqn mreqn = value->net.mreqn;

	mreqn.imr_ifindex = interface_index(value, target, (unsigned)mreqn.imr_ifindex);
	if (mreqn.imr_ifindex < 0)
		return -1;
	return sockopt_bytes(value, target, &mreqn, sizeof mreqn);
}

static int apply_source_membership(const struct opt_value *value,
                                   const struct opt_target *target)
{
	return sockopt_bytes(value, target, &value->net.mreq_source,
	                     sizeof value->net.mreq_source);
}

static int apply_membership6(const struct opt_value *value, const struct opt_target *target)
{
	struct ipv6_mreq mreq = value->net.mreq6;
	int index = interface_index(value, target, mreq.ipv6mr_interface);

	if (index < 0)
		return -1;
	mreq.ipv6mr_interface = (unsigned)index;
	return sockopt_bytes(value, target, &mreq, sizeof mreq);
}

static int apply_source_membership6(const struct opt_value *value,
                                    const struct opt_target *target)
{
	struct group_source_req request = value->net.group_source;
	int index = interface_index(value, target, request.gsr_interface);

	if (index < 0)
		return -1;
	request.gsr_interface = (uint32_t)index;
	return sockopt_bytes(value, target, &request, sizeof request);
}

/* Host names are not looked up: that would keep all other sessions waiting. */
static int apply_multicast_if(const struct opt_value *value, const struct opt_target *target)
{
	struct ip_mreqn mreqn = {.imr_address = value->net.in4};

	if (value->string == NULL)
		return sockopt_bytes(value, target, &mreqn, sizeof mreqn);
	mreqn.imr_ifindex = (int)if_nametoindex(value->string);
	if (mreqn.imr_ifindex == 0)
		return opt_refuse(value, target, "there is no interface of that name (host names "
		                                 "are not looked up here; give an IPv4 address)");
	return sockopt_bytes(value, target, &mreqn, sizeof mreqn);
}

/* Bytes of IP options before the first "end of options list" (RFC 791, 3.1). */
static size_t options_length(const unsigned char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size && bytes[at] != IPOPT_EOL) {
		if (bytes[at] == IPOPT_NOP)
			at++;
		else if (at + 1 < size && bytes[at + 1] >= 2)
			at += bytes[at + 1];
		else
			break;
	}
	return at < size ? at : size;
}

/* The option may be given several times: its data are appended to what is set already. */
static int apply_options(const struct opt_value *value, const struct opt_target *target)
{
	unsigned char bytes[MAX_IPOPTLEN];
	socklen_t size = sizeof bytes;
	size_t length;

	if (getsockopt(target->fd, IPPROTO_IP, IP_OPTIONS, bytes, &size) != 0)
		size = 0;
	length = options_length(bytes, size);
	if (length + value->data.length > sizeof bytes)
		return opt_refuse(value, target, "a packet has no room for more than 40 bytes of "
		                                 "IP options");
	memcpy(bytes + length, value->data.bytes, value->data.length);
	return sockopt_bytes(value, target, bytes, length + value->data.length);
}

/* --- checks ---------------------------------------------------------------------- */

static const char *check_group(struct opt_value *value)
{
	return IN_MULTICAST(ntohl(value->net.mreqn.imr_multiaddr.s_addr))
	       ? NULL : "must begin with a multicast group (224.0.0.0 to 239.255.255.255)";
}

static const char *check_source_group(struct opt_value *value)
{
	return IN_MULTICAST(ntohl(value->net.mreq_source.imr_multiaddr.s_addr))
	       ? NULL : "must begin with a multicast group (224.0.0.0 to 239.255.255.255)";
}

static const char *check_group6(struct opt_value *value)
{
	return IN6_IS_ADDR_MULTICAST(&value->net.mreq6.ipv6mr_multiaddr)
	       ? NULL : "must begin with a multicast group (in ff00::/8)";
}

static const char *check_source_group6(struct opt_value *value)
{
	struct sockaddr_in6 group;

	memcpy(&group, &value->net.group_source.gsr_group, sizeof group);
	return IN6_IS_ADDR_MULTICAST(&group.sin6_addr)
	       ? NULL : "must begin with a multicast group (in ff00::/8)";
}

static const char *check_interface(struct opt_value *value)
{
	return value->string == NULL || strlen(value->string) < IF_NAMESIZE
	       ? NULL : "is neither an IPv4 address nor an interface's name";
}

static const char *check_hops(struct opt_value *value)
{
	return value->number == -1 || (value->number >= 1 && value->number <= 255)
	       ? NULL : "is out of range (1 to 255; -1: the default)";
}

static const char *check_hops6(struct opt_value *value)
{
	return value->number >= -1 && value->number <= 255
	       ? NULL : "is out of range (0 to 255; -1: the default)";
}

static const char *check_byte(struct opt_value *value)
{
	return value->number >= 0 && value->number <= 255 ? NULL : "is out of range (0 to 255)";
}

static const char *check_flag(struct opt_value *value)
{
	return value->number == 0 || value->number == 1 ? NULL : "must be 0 or 1";
}

/* IP_PMTUDISC_..., the same for both versions */
static const char *check_discover(struct opt_value *value)
{
	return value->number >= 0 && value->number <= IP_PMTUDISC_OMIT
	       ? NULL : "is out of range (0 to 5)";
}

static const char *check_options(struct opt_value *value)
{
	return value->data.length <= MAX_IPOPTLEN
	       ? NULL : "is too long: a packet has room for 40 bytes of IP options";
}

static const struct optdef defs[] = {
	{"ip-add-membership", "add-membership ip-membership membership", G_IP, PH_PASTSOCKET,
	 K_IP_MREQN, apply_membership, IPPROTO_IP, IP_ADD_MEMBERSHIP, NULL, check_group},
	{"ip-add-source-membership", "add-source-membership source-membership", G_IP,
	 PH_PASTSOCKET, K_IP_MREQ_SOURCE, apply_source_membership, IPPROTO_IP,
	 IP_ADD_SOURCE_MEMBERSHIP, NULL, check_source_group},
	{"ip-freebind", "freebind ipfreebind", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP,
	 IP_FREEBIND, NULL, NULL},
	{"ip-hdrincl", "hdrincl iphdrincl", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP,
	 IP_HDRINCL, NULL, NULL},
	{"ip-mtu", "ipmtu mtu", G_IP, PH_PASTSOCKET, K_INT, NULL, IPPROTO_IP, IP_MTU,
	 opt_read_only, NULL},
	{"ip-mtu-discover", "ipmtudiscover mtudiscover", G_IP, PH_PASTSOCKET, K_INT, sockopt_int,
	 IPPROTO_IP, IP_MTU_DISCOVER, NULL, check_discover},
	{"ip-multicast-if", "multicast-if", G_IP, PH_PASTSOCKET, K_IP4NAME, apply_multicast_if,
	 IPPROTO_IP, IP_MULTICAST_IF, NULL, check_interface},
	{"ip-multicast-loop", "ipmulticastloop mcloop multicast-loop multicastloop", G_IP,
	 PH_PASTSOCKET, K_BYTE, sockopt_byte, IPPROTO_IP, IP_MULTICAST_LOOP, NULL, NULL},
	{"ip-multicast-ttl", "ipmulticastttl multicast-ttl multicastttl", G_IP, PH_PASTSOCKET,
	 K_BYTE, sockopt_byte, IPPROTO_IP, IP_MULTICAST_TTL, NULL, NULL},
	{"ip-options", "ipoptions", G_IP, PH_PASTSOCKET, K_BIN, apply_options, IPPROTO_IP,
	 IP_OPTIONS, NULL, check_options},
	{"ip-pktinfo", "ippktinfo pktinfo", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP,
	 IP_PKTINFO, NULL, NULL},
	{"ip-pktoptions", "ippktoptions pktoptions pktopts", G_IP, PH_PASTSOCKET, K_INT, NULL,
	 IPPROTO_IP, IP_PKTOPTIONS, opt_read_only, NULL},
	{"ip-recverr", "iprecverr recverr", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP,
	 IP_RECVERR, NULL, NULL},
	{"ip-recvopts", "iprecvopts recvopts", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP,
	 IP_RECVOPTS, NULL, NULL},
	{"ip-recvtos", "iprecvtos recvtos", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP,
	 IP_RECVTOS, NULL, NULL},
	{"ip-recvttl", "iprecvttl recvttl", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP,
	 IP_RECVTTL, NULL, NULL},
	{"ip-retopts", "ipretopts retopts", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP,
	 IP_RETOPTS, NULL, NULL},
	{"ip-router-alert", "iprouteralert routeralert", G_IP, PH_PASTSOCKET, K_INT, sockopt_int,
	 IPPROTO_IP, IP_ROUTER_ALERT, NULL, NULL},
	{"ip-tos", "iptos tos", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP, IP_TOS, NULL,
	 check_byte},
	{"ip-transparent", "transparent", G_IP, PH_PREBIND, K_BOOL, sockopt_int, IPPROTO_IP,
	 IP_TRANSPARENT, NULL, NULL},
	{"ip-ttl", "ipttl ttl", G_IP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IP, IP_TTL, NULL,
	 check_hops},
};

OPT_FAMILY(opt_family_ip, "IP", defs);

/* In RFC 2292 these asked for a packet's headers, as the ones with "recv" in their names do
 * today; since RFC 3542 they take the headers to send, which a number is not. */
static const char takes_headers[] =
	"can't work with a number on Linux; did you mean the one with \"recv\" in its name?";

static const struct optdef defs6[] = {
	{"ipv6-authhdr", "authhdr", G_IP6, PH_PASTSOCKET, K_INT, NULL, IPPROTO_IPV6, 0,
	 opt_not_in_linux, NULL},
	{"ipv6-dstopts", "dstopts", G_IP6, PH_PASTSOCKET, K_INT, NULL, IPPROTO_IPV6,
	 IPV6_DSTOPTS, takes_headers, NULL},
	{"ipv6-hoplimit", "hoplimit", G_IP6, PH_PASTSOCKET, K_INT, NULL, IPPROTO_IPV6,
	 IPV6_HOPLIMIT, takes_headers, NULL},
	{"ipv6-hopopts", "hopopts", G_IP6, PH_PASTSOCKET, K_INT, NULL, IPPROTO_IPV6,
	 IPV6_HOPOPTS, takes_headers, NULL},
	{"ipv6-join-group", "ipv6-add-membership join-group", G_IP6, PH_PASTSOCKET, K_IPV6_MREQ,
	 apply_membership6, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, NULL, check_group6},
	{"ipv6-join-source-group", "ipv6-add-source-membership join-source-group", G_IP6,
	 PH_PASTSOCKET, K_IPV6_MREQ_SOURCE, apply_source_membership6, IPPROTO_IPV6,
	 MCAST_JOIN_SOURCE_GROUP, NULL, check_source_group6},
	{"ipv6-mtu-discover", "mtudiscover6", G_IP4 | G_IP6, PH_PASTSOCKET, K_INT, sockopt_int,
	 IPPROTO_IPV6, IPV6_MTU_DISCOVER, NULL, check_discover},
	{"ipv6-multicast-loop", "ipv6-mcloop mcloop6", G_IP6, PH_PASTSOCKET, K_INT, sockopt_int,
	 IPPROTO_IPV6, IPV6_MULTICAST_LOOP, NULL, check_flag},
	{"ipv6-pktinfo", NULL, G_IP6, PH_PASTSOCKET, K_INT, NULL, IPPROTO_IPV6,
	 IPV6_PKTINFO, takes_headers, NULL},
	{"ipv6-recvdstopts", "recvdstopts", G_IP6, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IPV6,
	 IPV6_RECVDSTOPTS, NULL, NULL},
	{"ipv6-recverr", NULL, G_IP6, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IPV6,
	 IPV6_RECVERR, NULL, NULL},
	{"ipv6-recvhoplimit", "recvhoplimit", G_IP6, PH_PASTSOCKET, K_INT, sockopt_int,
	 IPPROTO_IPV6, IPV6_RECVHOPLIMIT, NULL, NULL},
	{"ipv6-recvhopopts", "recvhopopts", G_IP6, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IPV6,
	 IPV6_RECVHOPOPTS, NULL, NULL},
	{"ipv6-recvpathmtu", NULL, G_IP6, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IPV6,
	 IPV6_RECVPATHMTU, NULL, NULL},
	{"ipv6-recvpktinfo", "recvpktinfo", G_IP6, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IPV6,
	 IPV6_RECVPKTINFO, NULL, NULL},
	{"ipv6-recvrthdr", "recvrthdr", G_IP6, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IPV6,
	 IPV6_RECVRTHDR, NULL, NULL},
	{"ipv6-recvtclass", NULL, G_IP6, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IPV6,
	 IPV6_RECVTCLASS, NULL, NULL},
	{"ipv6-rthdr", "rthdr", G_IP6, PH_PASTSOCKET, K_INT, NULL, IPPROTO_IPV6,
	 IPV6_RTHDR, takes_headers, NULL},
	{"ipv6-tclass", NULL, G_IP6, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_IPV6, IPV6_TCLASS,
	 NULL, check_hops6},
	{"ipv6-unicast-hops", "unicast-hops", G_IP6, PH_PASTSOCKET, K_INT, sockopt_int,
	 IPPROTO_IPV6, IPV6_UNICAST_HOPS, NULL, check_hops6},
	{"ipv6-v6only", "ipv6only v6only", G_IP6, PH_PREBIND, K_INT, sockopt_int, IPPROTO_IPV6,
	 IPV6_V6ONLY, NULL, NULL},
};

OPT_FAMILY(opt_family_ip6, "IPv6", defs6);
