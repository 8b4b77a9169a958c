/* SCTP-CONNECT and SCTP-LISTEN, with their variants for one IP version: one-to-one sockets
 * (RFC 6458, 4), which are used like TCP's. A message is read and written as a part of the
 * stream; where it begins and ends does not count.
 *
 * An association can't be half-closed: once shutdown(2) has told the peer that we are done it
 * may not send either (RFC 9260, 9.2), and its answer would be lost. So the end of our data is
 * told by closing (chan/fd.c, FINISH_SOCKET).
 */
#include <netinet/in.h>

#include "addr/ip_stream.h"
#include "addr/listener.h"
#include "addr/types.h"

#define CONNECT_GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_SCTP)
#define LISTEN_GROUPS  (CONNECT_GROUPS | G_LISTEN | G_RANGE)

static const struct ip_stream sctp = {
	/* its ports have the names of TCP's (RFC 9260, 15.6) */
	.service = "tcp", .socktype = SOCK_STREAM, .protocol = IPPROTO_SCTP,
	.missing = "; this kernel has no SCTP: load its module on the host (modprobe sctp)",
};

static int check_connect(const struct spec *spec)
{
	return ip_stream_check_connect(spec, &sctp);
}

static int check_listen(const struct spec *spec)
{
	return ip_stream_check_listen(spec, &sctp);
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	return ip_stream_open(spec, request, &sctp);
}

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	return ip_stream_listen(spec, request, &sctp);
}

#define CONNECT(tag, title, other, ip, groups_)                                               \
	const struct addr_type addr_type_##tag##_connect = {                                  \
		.name = title, .aliases = other, .syntax = ":<host>:<port>",                  \
		.feature = "WITH_SCTP", .min_params = 2, .max_params = 2,                     \
		.groups = CONNECT_GROUPS | (groups_), .directions = ADDR_BOTH, .family = ip,  \
		.check = check_connect, .open = open_connect }

#define LISTEN(tag, title, other, ip, groups_)                                                \
	const struct addr_type addr_type_##tag##_listen = {                                   \
		.name = title, .aliases = other, .syntax = ":<port>",                         \
		.feature = "WITH_SCTP", .min_params = 1, .max_params = 1,                     \
		.groups = LISTEN_GROUPS | (groups_), .directions = ADDR_BOTH, .family = ip,   \
		.check = check_listen, .open = listener_open_once, .listen = start_listen }

CONNECT(sctp, "SCTP-CONNECT", "SCTP", AF_UNSPEC, G_IP4 | G_IP6);
CONNECT(sctp4, "SCTP4-CONNECT", "SCTP4", AF_INET, G_IP4);
CONNECT(sctp6, "SCTP6-CONNECT", "SCTP6", AF_INET6, G_IP6);
LISTEN(sctp, "SCTP-LISTEN", "SCTP-L", AF_UNSPEC, G_IP4 | G_IP6);
LISTEN(sctp4, "SCTP4-LISTEN", "SCTP4-L", AF_INET, G_IP4);
LISTEN(sctp6, "SCTP6-LISTEN", "SCTP6-L", AF_INET6, G_IP6);
