/* Options of network interfaces. All are looked up by those who set interfaces up; the flags
 * of netdevice(7) have their bit in minor. */
#include <limits.h>
#include <net/if.h>
#include <string.h>

#include "opt/family.h"

static const char *check_name(struct opt_value *value)
{
	const char *name = value->string;

	if (*name == '\0')
		return "is empty";
	if (strlen(name) >= IFNAMSIZ)
		return "is too long for an interface's name: at most 15 characters";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strpbrk(name, "/: \t\n\v\f\r") != NULL)
		return "can't be an interface's name";
	return NULL;
}

/* The number is 1 for a TAP device. */
static const char *check_type(struct opt_value *value)
{
	value->number = strcmp(value->string, "tap") == 0;
	return value->number != 0 || strcmp(value->string, "tun") == 0 ? NULL
	       : "is unknown; there are tun and tap";
}

static const char *check_device(struct opt_value *value)
{
	return *value->string != '\0' ? NULL : "is empty";
}

static const char *check_mtu(struct opt_value *value)
{
	return value->number > 0 && value->number <= INT_MAX ? NULL : "is no possible packet size";
}

#define FLAG(name, other, flag) \
	{name, other, G_INTERFACE, PH_OFFSET, K_BOOL, NULL, 0, flag, NULL, NULL}

static const struct optdef defs[] = {
	FLAG("iff-allmulti", "allmulti", IFF_ALLMULTI),
	FLAG("iff-automedia", "automedia", IFF_AUTOMEDIA),
	FLAG("iff-broadcast", NULL, IFF_BROADCAST),
	FLAG("iff-debug", NULL, IFF_DEBUG),
	FLAG("iff-loopback", "loopback", IFF_LOOPBACK),
	FLAG("iff-master", "master", IFF_MASTER),
	FLAG("iff-multicast", "multicast", IFF_MULTICAST),
	FLAG("iff-noarp", "noarp", IFF_NOARP),
	FLAG("iff-notrailers", "notrailers", IFF_NOTRAILERS),
	FLAG("iff-pointopoint", "pointopoint", IFF_POINTOPOINT),
	FLAG("iff-portsel", "portsel", IFF_PORTSEL),
	FLAG("iff-promisc", "promisc", IFF_PROMISC),
	FLAG("iff-running", "running", IFF_RUNNING),
	FLAG("iff-slave", "slave", IFF_SLAVE),
	FLAG("iff-up", "up", IFF_UP),
	{"interface-mtu", "if-mtu", G_INTERFACE, PH_LATE, K_UINT, NULL, 0, 0, NULL, check_mtu},
	{"retrieve-vlan", NULL, G_INTERFACE, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"iff-no-pi", "no-pi tun-no-pi", G_INTERFACE, PH_FD, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"tun-device", NULL, G_INTERFACE, PH_OPEN, K_STRING, NULL, 0, 0, NULL, check_device},
	{"tun-name", NULL, G_INTERFACE, PH_FD, K_STRING, NULL, 0, 0, NULL, check_name},
	{"tun-type", NULL, G_INTERFACE, PH_FD, K_STRING, NULL, 0, 0, NULL, check_type},
};

OPT_FAMILY(opt_family_interface, "network interfaces", defs);
