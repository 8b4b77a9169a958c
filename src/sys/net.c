#include "sys/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All eight groups with all four digits: the form the original prints, which scripts
 * compare as text. */
static void print_in6(const struct sockaddr_in6 *in6, char *buffer, size_t size)
{
	const unsigned char *b = in6->sin6_addr.s6_addr;
	size_t n = 0;

	for (unsigned i = 0; i < 16 && n < size; i += 2)
		n += (size_t)snprintf(buffer + n, size - n, "%s%02x%02x", i ? ":" : "[", b[i],
		                      b[i + 1]);
	if (in6->sin6_scope_id != 0 && n < size)
		n += (size_t)snprintf(buffer + n, size - n, "%%%u", in6->sin6_scope_id);
	if (n < size)
		snprintf(buffer + n, size - n, "]");
}

static void print_un(const struct sockaddr_un *un, socklen_t length, char *buffer, size_t size)
{
	size_t n = 0, room = (size_t)length - offsetof(struct sockaddr_un, sun_path);

	if (length <= offsetof(struct sockaddr_un, sun_path)) {
		snprintf(buffer, size, "<anon>");
		return;
	}
	if (room > sizeof(un->sun_path))
		room = sizeof(un->sun_path);
	for (size_t i = 0; i < room && n + 5 < size; i++) {
		unsigned char c = (unsigned char)un->sun_path[i];

		if (c == 0 && i > 0 && un->sun_path[0] != 0)
			break;
		if (c == 0)
			n += (size_t)snprintf(buffer + n, size - n, "\\0");
		else if (c < 32 || c > 126)
			n += (size_t)snprintf(buffer + n, size - n, "\\x%02X", c);
		else
			buffer[n++] = (char)c;
	}
	buffer[n] = '\0';
}

/* The bytes behind the family, as the original shows them. */
static void print_bytes(const union net_addr *addr, socklen_t length, char *buffer, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)addr;
	size_t n = (size_t)snprintf(buffer, size, "0x");

	for (size_t i = sizeof(sa_family_t); i < length && n + 3 < size; i++)
		n += (size_t)snprintf(buffer + n, size - n, "%02x", bytes[i]);
}

/* The link-level address with what is before it, in hexadecimal. */
static void print_packet(const union net_addr *addr, socklen_t length, char *buffer, size_t size)
{
	/* in host byte order: family, then protocol, interface, kind of device, kind of packet,
	 * length of the address, the address (at least four bytes of it) */
	size_t used = addr->ll.sll_halen < 4 ? 4 : addr->ll.sll_halen;
	size_t end = offsetof(struct sockaddr_ll, sll_addr) + used;

	if (end > sizeof(addr->ll))
		end = sizeof(addr->ll);
	print_bytes(addr, end < length ? (socklen_t)end : length, buffer, size);
}

char *net_host(const union net_addr *addr, socklen_t length, char *buffer, size_t size)
{
	switch (length < sizeof(sa_family_t) ? AF_UNSPEC : addr->sa.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &addr->in.sin_addr, buffer, (socklen_t)size);
		break;
	case AF_INET6:
		print_in6(&addr->in6, buffer, size);
		break;
	case AF_UNIX:
		print_un(&addr->un, length, buffer, size);
		break;
	case AF_VSOCK:
		snprintf(buffer, size, "%u", addr->vm.svm_cid);
		break;
	case AF_PACKET:
		print_packet(addr, length, buffer, size);
		break;
	case AF_UNSPEC:
		snprintf(buffer, size, "<anon>");
		break;
	default:
		print_bytes(addr, length, buffer, size);
	}
	return buffer;
}

char *net_print(const union net_addr *addr, socklen_t length, char *buffer, size_t size)
{
	char host[NET_TEXT - 32];
	int family = length < sizeof(sa_family_t) ? AF_UNSPEC : addr->sa.sa_family;

	net_host(addr, length, host, sizeof(host));
	if (family == AF_INET || family == AF_INET6)
		snprintf(buffer, size, "AF=%d %s:%u", family, host, net_port(addr));
	else if (family == AF_VSOCK)
		snprintf(buffer, size, "AF=%d cid:%s port:%u", family, host, net_port(addr));
	else if (family != AF_UNIX && family != AF_UNSPEC)
		snprintf(buffer, size, "AF=%d %s", family, host);
	else
		snprintf(buffer, size, "AF=%d \"%s\"", family, host);
	return buffer;
}

unsigned net_port(const union net_addr *addr)
{
	if (addr->sa.sa_family == AF_INET)
		return ntohs(addr->in.sin_port);
	if (addr->sa.sa_family == AF_INET6)
		return ntohs(addr->in6.sin6_port);
	if (addr->sa.sa_family == AF_VSOCK)
		return addr->vm.svm_port;
	return 0;
}

void net_set_port(union net_addr *addr, unsigned port)
{
	if (addr->sa.sa_family == AF_INET)
		addr->in.sin_port = htons((uint16_t)port);
	else if (addr->sa.sa_family == AF_INET6)
		addr->in6.sin6_port = htons((uint16_t)port);
}

socklen_t net_length(const union net_addr *addr)
{
	return addr->sa.sa_family == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->in);
}

int net_parse_port(const char *text, const char *protocol)
{
	struct servent *service;
	unsigned long port;
	char *end;

	if (text[0] >= '0' && text[0] <= '9') {
		errno = 0;
		port = strtoul(text, &end, 0);
		return *end != '\0' || errno != 0 || port > 65535 ? -1 : (int)port;
	}
	if (text[0] == '\0')
		return -1;
	service = getservbyname(text, protocol);
	return service == NULL ? -1 : ntohs((uint16_t)service->s_port);
}

static int parse_in6(const char *text, size_t length, union net_addr *addr)
{
	char copy[INET6_ADDRSTRLEN + IF_NAMESIZE + 2], *zone;

	if (length >= sizeof(copy))
		return -1;
	memcpy(copy, text, length);
	copy[length] = '\0';
	zone = strchr(copy, '%');
	if (zone != NULL)
		*zone++ = '\0';
	if (inet_pton(AF_INET6, copy, &addr->in6.sin6_addr) != 1)
		return -1;
	addr->in6.sin6_family = AF_INET6;
	if (zone != NULL) {
		char *end;
		unsigned long index = strtoul(zone, &end, 10);

		addr->in6.sin6_scope_id = *zone != '\0' && *end == '\0' ? (uint32_t)index
		                                                        : if_nametoindex(zone);
		if (addr->in6.sin6_scope_id == 0)
			return -2;
	}
	return 0;
}

int net_parse_host(const char *text, int family, union net_addr *addr)
{
	size_t length = strlen(text);
	int rc;

	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, text, &addr->in.sin_addr) == 1) {
		addr->in.sin_family = AF_INET;
		return family == AF_INET6 ? -2 : 0;
	}
	if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	rc = parse_in6(text, length, addr);
	if (rc == 0 && family == AF_INET)
		rc = -2;
	return rc;
}

int net_unix(const char *name, bool abstract, bool tight, struct net_peer *out)
{
	struct sockaddr_un *un = &out->addr.un;
	size_t length = strlen(name), offset = abstract ? 1 : 0;

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	if (length + 1 > sizeof(un->sun_path))
		return -1;
	memcpy(un->sun_path + offset, name, length);
	if (!tight)
		out->length = sizeof(*un);
	else
		/* the final NUL of a path is not counted, as the original does it */
		out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + offset + length);
	return 0;
}

static int socket_int(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? 0 : value;
}

int net_family(int fd)
{
	return socket_int(fd, SO_DOMAIN);
}

int net_type(int fd)
{
	return socket_int(fd, SO_TYPE);
}

int net_protocol(int fd)
{
	return socket_int(fd, SO_PROTOCOL);
}

struct cmsghdr *net_control(const struct msghdr *message, const struct cmsghdr *previous)
{
	unsigned char *start = message->msg_control;
	size_t at = 0, room = message->msg_controllen;
	struct cmsghdr *header;

	if (previous != NULL)
		at = (size_t)((const unsigned char *)previous - start) + CMSG_ALIGN(previous->cmsg_len);
	if (start == NULL || at > room || room - at < sizeof(*header))
		return NULL;
	header = (struct cmsghdr *)(void *)(start + at);
	return header->cmsg_len >= sizeof(*header) && header->cmsg_len <= room - at ? header : NULL;
}

size_t net_ip4_header(const void *packet, size_t length)
{
	enum { LEAST = 20 };
	const unsigned char *bytes = packet;
	size_t header;

	if (length < LEAST || bytes[0] >> 4 != 4)
		return 0;
	header = (size_t)(bytes[0] & 15) * 4;
	return header >= LEAST && header <= length ? header : 0;
}
