#include "addr/bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addr/ip.h"
#include "sys/caps.h"

/* Ports for option lowport, as the manual gives them. */
enum { LOW_FIRST = 640, LOW_LAST = 1023 };

void ip_binding_init(struct ip_binding *binding, const struct spec *spec, const char *protocol,
                     bool sourceport)
{
	const char *text = spec_string(spec, "bind");
	union net_addr addr;

	memset(binding, 0, sizeof(*binding));
	binding->lowport = spec_flag(spec, "lowport");
	if (sourceport)
		binding->port = (int)spec_number(spec, "sourceport", 0);
	if (text == NULL)
		return;
	binding->given = true;
	if (binding->port == 0)
		binding->port = ip_split_bind(text, protocol, binding->name, sizeof(binding->name));
	else
		ip_split_bind(text, protocol, binding->name, sizeof(binding->name));
	if (binding->name[0] != '\0' && net_parse_host(binding->name, AF_UNSPEC, &addr) == 0)
		ip_binding_set(binding, &addr, 1);
}

const char *ip_binding_name(const struct ip_binding *binding)
{
	return binding->name[0] != '\0' ? binding->name : NULL;
}

void ip_binding_set(struct ip_binding *binding, const union net_addr *addrs, unsigned count)
{
	binding->name[0] = '\0';
	for (unsigned i = count; i-- > 0;) {
		if (addrs[i].sa.sa_family == AF_INET)
			binding->v4 = addrs[i];
		else if (addrs[i].sa.sa_family == AF_INET6)
			binding->v6 = addrs[i];
	}
}

int bind_privileged(int fd, const union net_addr *addr, socklen_t length)
{
	int rc = bind(fd, &addr->sa, length);

	if (rc < 0 && errno == EACCES && caps_raise_net_bind() == 0) {
		rc = bind(fd, &addr->sa, length);
		caps_lower();
	}
	return rc;
}

int bind_beside(int first, int fd, struct net_peer *local)
{
	int one = 1;

	local->length = sizeof(local->addr);
	if (setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0)
		return -1;
	return getsockname(first, &local->addr.sa, &local->length);
}

/* Any free port of the low range, beginning anywhere in it. */
static int bind_low(int fd, union net_addr *addr)
{
	unsigned count = LOW_LAST - LOW_FIRST + 1;
	unsigned start = (unsigned)(clock() + fd) % count;

	for (unsigned i = 0; i < count; i++) {
		net_set_port(addr, LOW_FIRST + (start + i) % count);
		if (bind_privileged(fd, addr, net_length(addr)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -1;
	}
	return -1;
}

int ip_bind(const struct spec *spec, int fd, const struct ip_binding *binding, int family)
{
	union net_addr addr = family == AF_INET ? binding->v4 : binding->v6;
	bool any = binding->v4.sa.sa_family == AF_UNSPEC && binding->v6.sa.sa_family == AF_UNSPEC;

	(void)spec;
	if (!binding->given && binding->port == 0 && !binding->lowport)
		return 0;
	if (addr.sa.sa_family == AF_UNSPEC && !any) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	addr.sa.sa_family = (sa_family_t)family;
	if (binding->lowport && binding->port == 0)
		return bind_low(fd, &addr);
	net_set_port(&addr, (unsigned)binding->port);
	return bind_privileged(fd, &addr, net_length(&addr));
}
