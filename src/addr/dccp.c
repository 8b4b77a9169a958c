/* DCCP-CONNECT and DCCP-LISTEN, with their variants for one IP version: packets with
 * congestion control, but not repeated when lost (RFC 4340). Each read gives a packet, each
 * write makes one.
 *
 * A connection can't be half-closed (RFC 4340, 8.3): its end is told by closing. A socket
 * without a service code (option dccp-set-sid) has the code 0, "none".
 */
#include <netinet/in.h>

#include "addr/ip_stream.h"
#include "addr/listener.h"
#include "addr/types.h"

#define CONNECT_GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_DCCP)
#define LISTEN_GROUPS  (CONNECT_GROUPS | G_LISTEN | G_RANGE)

static const struct ip_stream dccp = {
	.service = "dccp", .socktype = SOCK_DCCP, .protocol = IPPROTO_DCCP,
	.missing = "; this kernel has no DCCP: load its module on the host (modprobe dccp_ipv4; "
	           "Linux 6.16 and later have none)",
};

static int check_connect(const struct spec *spec)
{
	return ip_stream_check_connect(spec, &dccp);
}

static int check_listen(const struct spec *spec)
{
	return ip_stream_check_listen(spec, &dccp);
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	return ip_stream_open(spec, request, &dccp);
}

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	return ip_stream_listen(spec, request, &dccp);
}

#define CONNECT(tag, title, other, ip, groups_)                                               \
	const struct addr_type addr_type_##tag##_connect = {                                  \
		.name = title, .aliases = other, .syntax = ":<host>:<port>",                  \
		.feature = "WITH_DCCP", .min_params = 2, .max_params = 2,                     \
		.groups = CONNECT_GROUPS | (groups_), .directions = ADDR_BOTH, .family = ip,  \
		.check = check_connect, .open = open_connect }

#define LISTEN(tag, title, other, ip, groups_)                                                \
	const struct addr_type addr_type_##tag##_listen = {                                   \
		.name = title, .aliases = other, .syntax = ":<port>",                         \
		.feature = "WITH_DCCP", .min_params = 1, .max_params = 1,                     \
		.groups = LISTEN_GROUPS | (groups_), .directions = ADDR_BOTH, .family = ip,   \
		.check = check_listen, .open = listener_open_once, .listen = start_listen }

CONNECT(dccp, "DCCP-CONNECT", "DCCP", AF_UNSPEC, G_IP4 | G_IP6);
CONNECT(dccp4, "DCCP4-CONNECT", "DCCP4", AF_INET, G_IP4);
CONNECT(dccp6, "DCCP6-CONNECT", "DCCP6", AF_INET6, G_IP6);
LISTEN(dccp, "DCCP-LISTEN", "DCCP-L", AF_UNSPEC, G_IP4 | G_IP6);
LISTEN(dccp4, "DCCP4-LISTEN", "DCCP4-L", AF_INET, G_IP4);
LISTEN(dccp6, "DCCP6-LISTEN", "DCCP6-L", AF_INET6, G_IP6);
