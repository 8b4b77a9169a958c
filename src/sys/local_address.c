#include "sys/local_address.h"

#include <string.h>

bool local_address_ask(int fd)
{
	struct net_peer own = { .length = sizeof(own.addr) };
	int one = 1;

	if (getsockname(fd, &own.addr.sa, &own.length) < 0)
		return false;
	if (own.addr.sa.sa_family == AF_INET && own.addr.in.sin_addr.s_addr == htonl(INADDR_ANY))
		return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)) == 0;
	if (own.addr.sa.sa_family != AF_INET6 || !IN6_IS_ADDR_UNSPECIFIED(&own.addr.in6.sin6_addr))
		return false;
	/* for IPv4 packets, if the socket takes them: which address to answer a group from */
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one)) == 0;
}

/* An IPv4 address as IPv6 sockets show it, ::ffff:192.0.2.1. */
static void map(const struct in_addr *in4, struct in6_addr *in6)
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(in6->s6_addr, prefix, sizeof(prefix));
	memcpy(in6->s6_addr + sizeof(prefix), &in4->s_addr, sizeof(in4->s_addr));
}

static void find4(const struct in_pktinfo *info, bool socket6, struct local_address *local)
{
	struct in_addr own = info->ipi_spec_dst;

	local->group = own.s_addr != info->ipi_addr.s_addr;
	if (own.s_addr == htonl(INADDR_ANY)) {
		local->family = AF_UNSPEC;
	} else if (socket6) {
		local->family = AF_INET6;
		map(&own, &local->to.in6);
	} else {
		local->family = AF_INET;
		local->to.in4 = own;
	}
}

static void find6(const struct in6_pktinfo *info, struct local_address *local)
{
	if (IN6_IS_ADDR_MULTICAST(&info->ipi6_addr)) {
		local->group = true;
		return;
	}
	local->family = AF_INET6;
	local->to.in6 = info->ipi6_addr;
	if (IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
		local->interface = info->ipi6_ifindex;
}

void local_address_find(const struct msghdr *message, struct local_address *local)
{
	const struct sockaddr *from = message->msg_name;
	bool socket6 = from != NULL && message->msg_namelen >= sizeof(sa_family_t) &&
	               from->sa_family == AF_INET6, found4 = false;
	struct in_pktinfo in4;
	struct in6_pktinfo in6;

	memset(local, 0, sizeof(*local));
	for (struct cmsghdr *c = net_control(message, NULL); c != NULL; c = net_control(message, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
		    c->cmsg_len >= CMSG_LEN(sizeof(in4))) {
			memcpy(&in4, CMSG_DATA(c), sizeof(in4));
			find4(&in4, socket6, local);
			found4 = true;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
		           c->cmsg_len >= CMSG_LEN(sizeof(in6)) && !found4) {
			memcpy(&in6, CMSG_DATA(c), sizeof(in6));
			find6(&in6, local);
		}
	}
}

void local_address_write(const struct local_address *local, struct msghdr *message,
                         unsigned char *control)
{
	struct cmsghdr *header = (struct cmsghdr *)(void *)control;
	struct in_pktinfo in4 = { .ipi_ifindex = (int)local->interface,
	                          .ipi_spec_dst = local->to.in4 };
	struct in6_pktinfo in6 = { .ipi6_ifindex = local->interface,
	                           .ipi6_addr = local->to.in6 };
	bool six = local->family == AF_INET6;
	size_t size = six ? sizeof(in6) : sizeof(in4);

	if (local->family == AF_UNSPEC)
		return;
	memset(control, 0, LOCAL_ADDRESS_CONTROL);
	header->cmsg_level = six ? IPPROTO_IPV6 : IPPROTO_IP;
	header->cmsg_type = six ? IPV6_PKTINFO : IP_PKTINFO;
	header->cmsg_len = (socklen_t)CMSG_LEN(size);
	memcpy(CMSG_DATA(header), six ? (const void *)&in6 : (const void *)&in4, size);
	message->msg_control = control;
	message->msg_controllen = (socklen_t)CMSG_SPACE(size);
}

bool local_address_same(const struct local_address *a, const struct local_address *b)
{
	if (a->family != b->family)
		return false;
	return a->family == AF_UNSPEC ||
	       (a->family == AF_INET ? a->to.in4.s_addr == b->to.in4.s_addr
	                             : memcmp(&a->to.in6, &b->to.in6, sizeof(a->to.in6)) == 0);
}

void local_address_into(const struct local_address *local, union net_addr *address)
{
	if (local->family == AF_INET && address->sa.sa_family == AF_INET) {
		address->in.sin_addr = local->to.in4;
	} else if (local->family == AF_INET6 && address->sa.sa_family == AF_INET6) {
		address->in6.sin6_addr = local->to.in6;
		address->in6.sin6_scope_id = local->interface;
	}
}
