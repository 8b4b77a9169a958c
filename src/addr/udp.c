/* UDP-CONNECT, -LISTEN, -DATAGRAM, -SENDTO, -RECV, -RECVFROM, and the same for UDP-Lite (RFC
 * 3828); each also for one IP version.
 *
 * UDP knows no connections. CONNECT takes packets only from the host that it sends to, and
 * hears that nobody is there. LISTEN makes a session for each peer that sends something: one
 * without option fork (addr/datagram_wait.c), or many on one socket (addr/peers.c). There is no
 * end of a connection either; LISTEN and CONNECT tell of it by an empty packet (shut-null).
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include "addr/access.h"
#include "addr/ip.h"
#include "addr/ip_datagram.h"
#include "addr/ip_stream.h"
#include "addr/peers.h"
#include "addr/types.h"

#define CONNECT_GROUPS  (G_FD | G_SOCKET | G_UDP)
#define RECEIVE_GROUPS  (CONNECT_GROUPS | G_RANGE)
#define RECVFROM_GROUPS (RECEIVE_GROUPS | G_CHILD)
#define LISTEN_GROUPS   (RECVFROM_GROUPS | G_LISTEN)

static int protocol(const struct spec *spec)
{
	return spec->type->groups & G_UDPLITE ? IPPROTO_UDPLITE : IPPROTO_UDP;
}

/* Types with host and port; the others have a port. */
static int check_host(const struct spec *spec)
{
	if (ip_check_host(spec, spec->params[0]) < 0 ||
	    ip_check_port(spec, spec->params[1], "udp") < 0 || ip_check_bind(spec, "udp") < 0)
		return -1;
	return access_check(spec);
}

static int check_port(const struct spec *spec)
{
	if (ip_check_port(spec, spec->params[0], "udp") < 0 || ip_check_family(spec) < 0 ||
	    ip_check_bind(spec, "udp") < 0)
		return -1;
	return access_check(spec);
}

/* --- CONNECT ------------------------------------------------------------------- */

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	static const struct ip_stream udp = { "udp", SOCK_DGRAM, IPPROTO_UDP, NULL },
	                              lite = { "udp", SOCK_DGRAM, IPPROTO_UDPLITE, NULL };

	return ip_stream_open(spec, request, protocol(spec) == IPPROTO_UDP ? &udp : &lite);
}

/* --- SENDTO, DATAGRAM ---------------------------------------------------------- */

static struct opening *open_sender(const struct spec *spec, enum datagram_senders senders,
                                   const struct open_request *request)
{
	struct ip_datagram kind = { SOCK_DGRAM, protocol(spec), spec->params[1], NULL };

	return ip_datagram_open(spec, &kind, senders, request);
}

static struct opening *open_sendto(const struct spec *spec, const struct open_request *request)
{
	return open_sender(spec, SENDERS_PEER, request);
}

static struct opening *open_datagram(const struct spec *spec, const struct open_request *request)
{
	return open_sender(spec, SENDERS_ADMITTED, request);
}

/* --- RECV, RECVFROM, LISTEN ------------------------------------------------------ */

static int receiving_socket(const struct spec *spec, const struct listener *beside)
{
	struct ip_datagram kind = { SOCK_DGRAM, protocol(spec), spec->params[0], beside };

	return ip_datagram_socket(spec, &kind);
}

static struct opening *open_recv(const struct spec *spec, const struct open_request *request)
{
	int fd = receiving_socket(spec, NULL);

	open_done(request, fd < 0 ? NULL
	                          : datagram_channel(spec, fd, NULL, NULL, SENDERS_ADMITTED));
	return NULL;
}

static struct opening *wait_for(const struct spec *spec, enum datagram_first first,
                                const struct open_request *request)
{
	int fd = receiving_socket(spec, NULL);

	if (fd >= 0)
		return datagram_wait(spec, fd, NULL, first, request);
	open_done(request, NULL);
	return NULL;
}

static struct opening *open_recvfrom(const struct spec *spec, const struct open_request *request)
{
	return wait_for(spec, FIRST_ANSWER, request);
}

static struct opening *open_listen(const struct spec *spec, const struct open_request *request)
{
	return wait_for(spec, FIRST_CONNECT, request);
}

static struct listener *listen_peers(const struct spec *spec, bool by_packet,
                                     const struct listen_request *request)
{
	struct peers_settings settings = {
		.fd = receiving_socket(spec, request->beside), .by_packet = by_packet,
		.finish = by_packet ? FINISH_NONE : FINISH_NULL,
	};

	return settings.fd < 0 ? NULL : peers_listen(spec, &settings, request);
}

static struct listener *listen_recvfrom(const struct spec *spec,
                                        const struct listen_request *request)
{
	return listen_peers(spec, true, request);
}

static struct listener *listen_listen(const struct spec *spec, const struct listen_request *request)
{
	return listen_peers(spec, false, request);
}

/* --- the types --------------------------------------------------------------------- */

#define HOST_TYPE(tag, title, others, ip, groups_, open_, feature_)                            \
	const struct addr_type addr_type_##tag = {                                             \
		.name = title, .aliases = others, .syntax = ":<host>:<port>",                  \
		.feature = feature_, .min_params = 2, .max_params = 2, .groups = groups_,      \
		.directions = ADDR_BOTH, .family = ip, .check = check_host, .open = open_ }

#define PORT_TYPE(tag, title, others, ip, groups_, directions_, open_, listen_, feature_)      \
	const struct addr_type addr_type_##tag = {                                             \
		.name = title, .aliases = others, .syntax = ":<port>", .feature = feature_,    \
		.min_params = 1, .max_params = 1, .groups = groups_,                           \
		.directions = directions_, .family = ip, .check = check_port, .open = open_,   \
		.listen = listen_ }

#define UDP_TYPES(tag, title, ip, extra, feature_)                                             \
	HOST_TYPE(tag##_connect, title "-CONNECT", title, ip, CONNECT_GROUPS | (extra),        \
	          open_connect, feature_);                                                     \
	HOST_TYPE(tag##_datagram, title "-DATAGRAM", title "-DGRAM", ip,                       \
	          RECEIVE_GROUPS | (extra), open_datagram, feature_);                          \
	HOST_TYPE(tag##_sendto, title "-SENDTO", title "-SEND", ip, CONNECT_GROUPS | (extra),  \
	          open_sendto, feature_);                                                      \
	PORT_TYPE(tag##_listen, title "-LISTEN", title "-L", ip, LISTEN_GROUPS | (extra),      \
	          ADDR_BOTH, open_listen, listen_listen, feature_);                            \
	PORT_TYPE(tag##_recv, title "-RECV", NULL, ip, RECEIVE_GROUPS | (extra), ADDR_READ,    \
	          open_recv, NULL, feature_);                                                  \
	PORT_TYPE(tag##_recvfrom, title "-RECVFROM", NULL, ip, RECVFROM_GROUPS | (extra),      \
	          ADDR_BOTH, open_recvfrom, listen_recvfrom, feature_)

UDP_TYPES(udp, "UDP", AF_UNSPEC, G_IP4 | G_IP6, "WITH_UDP");
UDP_TYPES(udp4, "UDP4", AF_INET, G_IP4, "WITH_UDP");
UDP_TYPES(udp6, "UDP6", AF_INET6, G_IP6, "WITH_UDP");
UDP_TYPES(udplite, "UDPLITE", AF_UNSPEC, G_IP4 | G_IP6 | G_UDPLITE, "WITH_UDPLITE");
UDP_TYPES(udplite4, "UDPLITE4", AF_INET, G_IP4 | G_UDPLITE, "WITH_UDPLITE");
UDP_TYPES(udplite6, "UDPLITE6", AF_INET6, G_IP6 | G_UDPLITE, "WITH_UDPLITE");
