/* TCP-CONNECT and TCP-LISTEN, with their variants for one IP version. */
#include <netinet/in.h>

#include "addr/ip_stream.h"
#include "addr/listener.h"
#include "addr/types.h"

#define CONNECT_GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_TCP | G_PROXY_HEADER)
#define LISTEN_GROUPS  (CONNECT_GROUPS | G_LISTEN | G_RANGE)

static const struct ip_stream tcp = {
	.service = "tcp", .socktype = SOCK_STREAM, .protocol = IPPROTO_TCP,
};

static int check_connect(const struct spec *spec)
{
	return ip_stream_check_connect(spec, &tcp);
}

static int check_listen(const struct spec *spec)
{
	return ip_stream_check_listen(spec, &tcp);
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	return ip_stream_open(spec, request, &tcp);
}

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	return ip_stream_listen(spec, request, &tcp);
}

#define CONNECT(tag, title, others, ip, groups_)                                              \
	const struct addr_type addr_type_##tag##_connect = {                                  \
		.name = title, .aliases = others, .syntax = ":<host>:<port>",                 \
		.feature = "WITH_TCP", .min_params = 2, .max_params = 2,                      \
		.groups = CONNECT_GROUPS | (groups_), .directions = ADDR_BOTH, .family = ip,  \
		.carries = true, .check = check_connect, .open = open_connect }

#define LISTEN(tag, title, others, ip, groups_)                                               \
	const struct addr_type addr_type_##tag##_listen = {                                   \
		.name = title, .aliases = others, .syntax = ":<port>",                        \
		.feature = "WITH_LISTEN", .min_params = 1, .max_params = 1,                   \
		.groups = LISTEN_GROUPS | (groups_), .directions = ADDR_BOTH, .family = ip,   \
		.check = check_listen, .open = listener_open_once, .listen = start_listen }

CONNECT(tcp, "TCP-CONNECT", "INET TCP", AF_UNSPEC, G_IP4 | G_IP6);
CONNECT(tcp4, "TCP4-CONNECT", "INET4 TCP4", AF_INET, G_IP4);
CONNECT(tcp6, "TCP6-CONNECT", "INET6 TCP6", AF_INET6, G_IP6);
LISTEN(tcp, "TCP-LISTEN", "INET-L INET-LISTEN TCP-L", AF_UNSPEC, G_IP4 | G_IP6);
LISTEN(tcp4, "TCP4-LISTEN", "TCP4-L INET4-L INET4-LISTEN", AF_INET, G_IP4);
LISTEN(tcp6, "TCP6-LISTEN", "TCP6-L INET6-L INET6-LISTEN", AF_INET6, G_IP6);
