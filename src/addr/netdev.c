#include "addr/netdev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/log.h"
#include "sys/net.h"

/* As linux/ipv6.h has it, which is not everywhere where musl is. */
struct in6_request {
	struct in6_addr address;
	uint32_t bits;
	int index;
};

/* Flags that an address has changed. */
struct held {
	struct held *next;
	const struct spec *spec;
	unsigned users;
	unsigned before, changed;   /* IFF_...: all as they were; those that are different now */
};

static struct held *all_held;

const char *netdev_hint(int error, const char *otherwise)
{
	return error == EPERM || error == EACCES ? "; it takes the capability NET_ADMIN "
	                                           "(docker run --user 0 --cap-add NET_ADMIN)"
	                                         : otherwise;
}

static void name_request(struct ifreq *request, const char *name)
{
	memset(request, 0, sizeof(*request));
	snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", name);
}

int netdev_set_mtu(const struct spec *spec, int socket, const char *name)
{
	const struct opt_value *mtu = spec_opt(spec, "interface-mtu");
	struct ifreq request;

	if (mtu == NULL)
		return 0;
	name_request(&request, name);
	request.ifr_mtu = (int)mtu->number;
	if (ioctl(socket, SIOCSIFMTU, &request) == 0)
		return 0;
	log_error("%s: option \"%s\": interface %s: %s%s", spec->text, mtu->text, name,
	          error_text(errno),
	          netdev_hint(errno, errno == EINVAL ? "; it can't have packets of that size" : ""));
	return -1;
}

static bool is_flag(const struct optdef *def)
{
	return def->groups == G_INTERFACE && def->minor != 0;
}

/* The flags that the options want, from those that are set. */
static unsigned wanted_flags(const struct spec *spec, unsigned flags)
{
	for (size_t i = 0; i < spec->opt_count; i++) {
		const struct opt_value *value = &spec->opts[i];

		if (!is_flag(value->def))
			continue;
		if (value->number != 0)
			flags |= (unsigned)value->def->minor;
		else
			flags &= ~(unsigned)value->def->minor;
	}
	return flags;
}

static int get_flags(int socket, const char *name, unsigned *flags)
{
	struct ifreq request;

	name_request(&request, name);
	if (ioctl(socket, SIOCGIFFLAGS, &request) < 0)
		return -1;
	*flags = (unsigned short)request.ifr_flags;
	return 0;
}

static int put_flags(int socket, const char *name, unsigned flags)
{
	struct ifreq request;

	name_request(&request, name);
	request.ifr_flags = (short)flags;
	return ioctl(socket, SIOCSIFFLAGS, &request);
}

/* The kernel takes requests that it does not fulfil. */
static void warn_unchanged(const struct spec *spec, const char *name, unsigned wanted,
                           unsigned flags)
{
	for (size_t i = 0; i < spec->opt_count; i++) {
		const struct opt_value *value = &spec->opts[i];

		/* an interface is running once it is up and connected: that takes its time */
		if (is_flag(value->def) && value->def->minor != IFF_RUNNING &&
		    ((wanted ^ flags) & (unsigned)value->def->minor) != 0)
			log_warn("%s: option \"%s\": Linux does not let this flag of %s be changed",
			         spec->text, value->text, name);
	}
}

static bool has_flags(const struct spec *spec)
{
	return wanted_flags(spec, 0) != 0 || wanted_flags(spec, ~0u) != ~0u;
}

/* before and changed: as in struct held. */
static int change_flags(const struct spec *spec, int socket, const char *name, unsigned *before,
                        unsigned *changed)
{
	unsigned wanted, after;

	*changed = 0;
	if (get_flags(socket, name, before) < 0)
		goto failed;
	wanted = wanted_flags(spec, *before);
	if (wanted == *before)
		return 0;
	if (put_flags(socket, name, wanted) < 0 || get_flags(socket, name, &after) < 0)
		goto failed;
	log_info("flags of %s: 0x%x -> 0x%x", name, *before, after);
	*changed = (*before ^ after) & (*before ^ wanted);
	warn_unchanged(spec, name, wanted, after);
	return 0;
failed:
	log_error("%s: flags of interface %s: %s%s", spec->text, name, error_text(errno),
	          netdev_hint(errno, ""));
	return -1;
}

int netdev_set_flags(const struct spec *spec, int socket, const char *name)
{
	unsigned before, changed;

	return has_flags(spec) ? change_flags(spec, socket, name, &before, &changed) : 0;
}

static struct held **find_held(const struct spec *spec)
{
	struct held **h = &all_held;

	while (*h != NULL && (*h)->spec != spec)
		h = &(*h)->next;
	return h;
}

int netdev_hold_flags(const struct spec *spec, int socket, const char *name)
{
	struct held *h = *find_held(spec);

	if (!has_flags(spec))
		return 0;
	if (h != NULL) {
		h->users++;
		return 0;
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		return -1;
	}
	if (change_flags(spec, socket, name, &h->before, &h->changed) < 0) {
		free(h);
		return -1;
	}
	h->spec = spec;
	h->users = 1;
	h->next = all_held;
	all_held = h;
	return 0;
}

void netdev_release_flags(const struct spec *spec, int socket, const char *name)
{
	struct held **place = find_held(spec), *h = *place;
	unsigned flags;

	if (h == NULL || --h->users > 0)
		return;
	*place = h->next;
	/* others may have changed other flags meanwhile, or removed the interface */
	if (h->changed != 0 &&
	    (get_flags(socket, name, &flags) < 0 ||
	     put_flags(socket, name, (flags & ~h->changed) | (h->before & h->changed)) < 0) &&
	    errno != ENODEV)
		log_warn("%s: the flags of interface %s can't be restored: %s", spec->text, name,
		         error_text(errno));
	free(h);
}

const char *netdev_parse_address(const char *text, struct netdev_address *address)
{
	const char *slash = strchr(text, '/');
	char host[INET6_ADDRSTRLEN + 2];
	union net_addr addr;
	unsigned long bits;
	char *end;

	if (slash == NULL)
		return "has no \"/\" with the number of bits of the network behind it";
	if ((size_t)(slash - text) >= sizeof(host))
		return "has no IP address in numbers before its \"/\"";
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	/* an address with a zone is none that an interface can get */
	if (strchr(host, '%') != NULL || net_parse_host(host, AF_UNSPEC, &addr) != 0)
		return "has no IP address in numbers before its \"/\"";
	address->family = addr.sa.sa_family;
	if (slash[1] < '0' || slash[1] > '9')
		return "has no number of bits behind its \"/\"";
	bits = strtoul(slash + 1, &end, 10);
	if (*end != '\0')
		return "has no number of bits behind its \"/\"";
	if (bits > (address->family == AF_INET ? 32 : 128))
		return address->family == AF_INET ? "has more than 32 bits" : "has more than 128 bits";
	address->bits = (unsigned)bits;
	if (address->family == AF_INET)
		memcpy(address->bytes, &addr.in.sin_addr, sizeof(addr.in.sin_addr));
	else
		memcpy(address->bytes, &addr.in6.sin6_addr, sizeof(addr.in6.sin6_addr));
	return NULL;
}

static int set_in(int socket, const char *name, const struct netdev_address *address)
{
	uint32_t mask = address->bits == 0 ? 0 : htonl(~(uint32_t)0 << (32 - address->bits));
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct ifreq request;

	name_request(&request, name);
	memcpy(&in.sin_addr, address->bytes, sizeof(in.sin_addr));
	memcpy(&request.ifr_addr, &in, sizeof(in));
	if (ioctl(socket, SIOCSIFADDR, &request) < 0)
		return -1;
	in.sin_addr.s_addr = mask;
	memcpy(&request.ifr_netmask, &in, sizeof(in));
	return ioctl(socket, SIOCSIFNETMASK, &request);
}

static int set_in6(int socket, const char *name, const struct netdev_address *address)
{
	struct in6_request request = { .bits = address->bits };

	memcpy(&request.address, address->bytes, sizeof(request.address));
	request.index = (int)if_nametoindex(name);
	return request.index == 0 ? -1 : ioctl(socket, SIOCSIFADDR, &request);
}

int netdev_set_address(const struct spec *spec, const char *name,
                       const struct netdev_address *address)
{
	int fd = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = -1, error;

	if (fd >= 0)
		rc = address->family == AF_INET ? set_in(fd, name, address)
		                                : set_in6(fd, name, address);
	error = errno;
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		log_error("%s: address of interface %s: %s%s", spec->text, name, error_text(error),
		          netdev_hint(error, ""));
	return rc;
}
