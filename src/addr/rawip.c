/* IP-SENDTO, IP-DATAGRAM, IP-RECV, IP-RECVFROM, each also for one IP version: raw sockets, which
 * take the capability NET_RAW (raw(7)).
 *
 * A raw socket gets all packets of its protocol: there are no ports, addresses alone tell peers
 * apart. What an IPv4 socket receives begins with the IP header, which is taken off; its own packets
 * go without one, except with protocol 255 (IPPROTO_RAW), where the data begin with it.
 */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr/access.h"
#include "addr/ip.h"
#include "addr/ip_datagram.h"
#include "addr/peers.h"
#include "addr/types.h"
#include "sys/error.h"
#include "sys/log.h"

#define SENDTO_GROUPS   (G_FD | G_SOCKET)
#define RECEIVE_GROUPS  (SENDTO_GROUPS | G_RANGE)
#define RECVFROM_GROUPS (RECEIVE_GROUPS | G_CHILD)

enum { LEAST_PROTOCOL = 1, MOST_PROTOCOL = 255 };

/* A number, or one of the names that getprotobyname(3) knows. Returns it, or -1 if it is neither. */
static int read_protocol(const char *text)
{
	const struct protoent *entry;
	long number;
	char *end;

	if (*text < '0' || *text > '9') {
		entry = *text != '\0' ? getprotobyname(text) : NULL;
		return entry != NULL && entry->p_proto >= LEAST_PROTOCOL ? entry->p_proto : -1;
	}
	errno = 0;
	number = strtol(text, &end, 0);
	return *end == '\0' && errno == 0 && number >= LEAST_PROTOCOL && number <= MOST_PROTOCOL
	       ? (int)number : -1;
}

static const char *protocol_text(const struct spec *spec)
{
	return spec->params[spec->type->min_params - 1];
}

static int check_protocol(const struct spec *spec)
{
	const char *text = protocol_text(spec);

	if (read_protocol(text) >= 0)
		return 0;
	if (*text == '\0')
		log_error("%s: the protocol is missing", spec->text);
	else if (*text >= '0' && *text <= '9')
		log_error("%s: \"%.40s\" is not an IP protocol: must be a number from %d to %d",
		          spec->text, text, LEAST_PROTOCOL, MOST_PROTOCOL);
	else
		log_error("%s: \"%.40s\" is not an IP protocol: must be a number from %d to %d, or a "
		          "name like icmp or gre", spec->text, text, LEAST_PROTOCOL, MOST_PROTOCOL);
	return -1;
}

static int check_options(const struct spec *spec)
{
	static const char *const ports[] = { "sourceport", "lowport" };
	const char *bind = spec_string(spec, "bind");
	char host[256];

	if (bind != NULL && ip_split_bind(bind, "udp", host, sizeof(host)) == 0 &&
	    strlen(host) == strlen(bind))
		bind = NULL;
	if (bind != NULL) {
		log_error("%s: option \"bind=%s\": raw IP has no ports: must be an address only",
		          spec->text, bind);
		return -1;
	}
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (spec_opt(spec, ports[i]) != NULL) {
			log_error("%s: option \"%s\" can't be used: raw IP has no ports", spec->text,
			          ports[i]);
			return -1;
		}
	if (spec_number(spec, "so-type", SOCK_RAW) == SOCK_RAW)
		return access_check(spec);
	log_error("%s: option \"so-type\": raw IP takes a raw socket (type %d)", spec->text, SOCK_RAW);
	return -1;
}

static int check_host(const struct spec *spec)
{
	if (ip_check_host(spec, spec->params[0]) < 0 || check_protocol(spec) < 0 ||
	    ip_check_bind(spec, "udp") < 0)
		return -1;
	return check_options(spec);
}

static int check_receiver(const struct spec *spec)
{
	if (check_protocol(spec) < 0 || ip_check_family(spec) < 0 || ip_check_bind(spec, "udp") < 0)
		return -1;
	return check_options(spec);
}

static struct ip_datagram kind(const struct spec *spec)
{
	return (struct ip_datagram){ SOCK_RAW, read_protocol(protocol_text(spec)), NULL, NULL };
}

static struct opening *open_sendto(const struct spec *spec, const struct open_request *request)
{
	struct ip_datagram raw = kind(spec);

	return ip_datagram_open(spec, &raw, SENDERS_PEER, request);
}

static struct opening *open_datagram(const struct spec *spec, const struct open_request *request)
{
	struct ip_datagram raw = kind(spec);

	return ip_datagram_open(spec, &raw, SENDERS_ADMITTED, request);
}

static int receiving_socket(const struct spec *spec)
{
	struct ip_datagram raw = kind(spec);

	return ip_datagram_socket(spec, &raw);
}

static struct opening *open_recv(const struct spec *spec, const struct open_request *request)
{
	int fd = receiving_socket(spec);

	open_done(request, fd < 0 ? NULL
	                          : datagram_channel(spec, fd, NULL, NULL, SENDERS_ADMITTED));
	return NULL;
}

static struct opening *open_recvfrom(const struct spec *spec, const struct open_request *request)
{
	int fd = receiving_socket(spec);

	if (fd >= 0)
		return datagram_wait(spec, fd, NULL, FIRST_ANSWER, request);
	open_done(request, NULL);
	return NULL;
}

static struct listener *listen_packets(const struct spec *spec,
                                       const struct listen_request *request)
{
	struct peers_settings settings = { .fd = receiving_socket(spec), .by_packet = true,
	                                   .finish = FINISH_NONE };

	return settings.fd < 0 ? NULL : peers_listen(spec, &settings, request);
}

#define HOST_TYPE(tag, title, others, ip, groups_, open_)                                     \
	const struct addr_type addr_type_##tag = {                                            \
		.name = title, .aliases = others, .syntax = ":<host>:<protocol>",             \
		.feature = "WITH_RAWIP", .min_params = 2, .max_params = 2, .groups = groups_, \
		.directions = ADDR_BOTH, .family = ip, .raw_ip = true,                        \
		.check = check_host, .open = open_ }

#define RECEIVER_TYPE(tag, title, ip, groups_, directions_, open_, listen_)                   \
	const struct addr_type addr_type_##tag = {                                            \
		.name = title, .syntax = ":<protocol>", .feature = "WITH_RAWIP",              \
		.min_params = 1, .max_params = 1, .groups = groups_,                          \
		.directions = directions_, .family = ip, .raw_ip = true,                      \
		.check = check_receiver, .open = open_, .listen = listen_ }

#define RAW_TYPES(tag, title, ip, extra)                                                      \
	HOST_TYPE(tag##_sendto, title "-SENDTO", title " " title "-SEND", ip,                 \
	          SENDTO_GROUPS | (extra), open_sendto);                                      \
	HOST_TYPE(tag##_datagram, title "-DATAGRAM", title "-DGRAM", ip,                      \
	          RECEIVE_GROUPS | (extra), open_datagram);                                   \
	RECEIVER_TYPE(tag##_recv, title "-RECV", ip, RECEIVE_GROUPS | (extra), ADDR_READ,     \
	              open_recv, NULL);                                                       \
	RECEIVER_TYPE(tag##_recvfrom, title "-RECVFROM", ip, RECVFROM_GROUPS | (extra),       \
	              ADDR_BOTH, open_recvfrom, listen_packets)

RAW_TYPES(ip, "IP", AF_UNSPEC, G_IP4 | G_IP6);
RAW_TYPES(ip4, "IP4", AF_INET, G_IP4);
RAW_TYPES(ip6, "IP6", AF_INET6, G_IP6);
