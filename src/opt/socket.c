/* Options of all kinds of sockets: socket(7), and raw setsockopt(2). */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "opt/family.h"
#include "opt/value.h"

static int apply_linger(const struct opt_value *value, const struct opt_target *target)
{
	struct linger linger = {.l_onoff = 1, .l_linger = (int)value->number};

	return sockopt_bytes(value, target, &linger, sizeof linger);
}

/* "reuseaddr=" leaves what the system does by default. */
static int apply_reuseaddr(const struct opt_value *value, const struct opt_target *target)
{
	return value->number < 0 ? 0 : sockopt_int(value, target);
}

/* setsockopt=level:option:bytes, of dalan data or of a string with its end. */
static int apply_raw(const struct opt_value *value, const struct opt_target *target)
{
	if (setsockopt(target->fd, value->ints[0], value->ints[1], value->data.bytes,
	               (socklen_t)value->data.length) != 0)
		return opt_failed(value, target, "setsockopt()");
	return 0;
}

static int apply_raw_int(const struct opt_value *value, const struct opt_target *target)
{
	if (setsockopt(target->fd, value->ints[0], value->ints[1], &value->ints[2],
	               sizeof value->ints[2]) != 0)
		return opt_failed(value, target, "setsockopt()");
	return 0;
}

/* The process (positive) or group (negative) that gets SIGIO and SIGURG. The ioctls that gave
 * these options their names do the same as fcntl(2). */
static int apply_owner(const struct opt_value *value, const struct opt_target *target)
{
	if (fcntl(target->fd, F_SETOWN, (int)value->number) != 0)
		return opt_failed(value, target, "fcntl(F_SETOWN)");
	return 0;
}

static const struct {
	const char *name;
	int family;
} protocol_families[] = {
	{"ip4", PF_INET}, {"ipv4", PF_INET}, {"inet4", PF_INET}, {"inet", PF_INET},
	{"ip6", PF_INET6}, {"ipv6", PF_INET6}, {"inet6", PF_INET6},
	{"unix", PF_UNIX}, {"local", PF_UNIX},
	{"vsock", PF_VSOCK}, {"packet", PF_PACKET},
};

/* Turns the name into number. */
static const char *check_family(struct opt_value *value)
{
	char why[OPT_WHY_SIZE];

	for (size_t i = 0; i < sizeof protocol_families / sizeof *protocol_families; i++)
		if (strcasecmp(value->string, protocol_families[i].name) == 0) {
			value->number = protocol_families[i].family;
			return NULL;
		}
	if (opt_read_integer(value->string, 0, 0, AF_MAX, &value->number, why) == 0)
		return NULL;
	return "is an unknown protocol family; there are ip4, ip6, unix, vsock, packet or numbers";
}

static const char *check_interface(struct opt_value *value)
{
	return strlen(value->string) < 16 ? NULL : "is too long for an interface's name";
}

static const struct optdef defs[] = {
	{"bind", NULL, G_SOCKET, PH_BIND, K_STRING, NULL, 0, 0, NULL, NULL},
	{"connect-timeout", NULL, G_SOCKET, PH_PASTSOCKET, K_TIME, NULL, 0, 0, NULL, NULL},
	{"null-eof", NULL, G_SOCKET, PH_OFFSET, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"protocol-family", "pf", G_SOCKET, PH_PRESOCKET, K_STRING, NULL, 0, 0, NULL,
	 check_family},
	{"so-protocol", "protocol prototype so-prototype", G_SOCKET, PH_SOCKET, K_INT, NULL,
	 SOL_SOCKET, SO_PROTOCOL, NULL, NULL},
	{"so-type", "socktype type", G_SOCKET, PH_SOCKET, K_INT, NULL, SOL_SOCKET, SO_TYPE, NULL,
	 NULL},
	{"fiosetown", NULL, G_SOCKET, PH_PASTSOCKET, K_INT, apply_owner, 0, 0, NULL, NULL},
	{"siocspgrp", NULL, G_SOCKET, PH_PASTSOCKET, K_INT, apply_owner, 0, 0, NULL, NULL},
	{"setsockopt", "sockopt", G_SOCKET, PH_CONNECTED, K_INT_INT_BIN, apply_raw, 0, 0, NULL,
	 NULL},
	{"setsockopt-bin", "sockopt-bin", G_SOCKET, PH_CONNECTED, K_INT_INT_BIN, apply_raw, 0, 0,
	 NULL, NULL},
	{"setsockopt-connected", "sockopt-conn", G_SOCKET, PH_CONNECTED, K_INT_INT_BIN, apply_raw,
	 0, 0, NULL, NULL},
	{"setsockopt-int", "sockopt-int", G_SOCKET, PH_CONNECTED, K_INT_INT_INT, apply_raw_int,
	 0, 0, NULL, NULL},
	{"setsockopt-listen", "sockopt-listen", G_SOCKET, PH_PREBIND, K_INT_INT_BIN, apply_raw,
	 0, 0, NULL, NULL},
	{"setsockopt-socket", "sockopt-sock", G_SOCKET, PH_PASTSOCKET, K_INT_INT_BIN, apply_raw,
	 0, 0, NULL, NULL},
	{"setsockopt-string", "sockopt-string", G_SOCKET, PH_CONNECTED, K_INT_INT_STRING,
	 apply_raw, 0, 0, NULL, NULL},
	{"so-acceptconn", "acceptconn", G_SOCKET, PH_PASTSOCKET, K_INT, NULL, SOL_SOCKET,
	 SO_ACCEPTCONN, opt_read_only, NULL},
	{"so-attach-filter", "attach-filter attachfilter", G_SOCKET, PH_PASTSOCKET, K_INT, NULL,
	 SOL_SOCKET, SO_ATTACH_FILTER,
	 "can't work: a filter is a program, not a number; use setsockopt-socket", NULL},
	{"so-bindtodevice", "bindtodevice if interface", G_SOCKET, PH_PASTSOCKET, K_STRING,
	 sockopt_string, SOL_SOCKET, SO_BINDTODEVICE, NULL, check_interface},
	{"so-broadcast", "broadcast", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_BROADCAST, NULL, NULL},
	{"so-bsdcompat", "bsdcompat", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_BSDCOMPAT, NULL, NULL},
	{"so-debug", "debug", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET, SO_DEBUG,
	 NULL, NULL},
	{"so-detach-filter", "detach-filter detachfilter", G_SOCKET, PH_PASTSOCKET, K_INT,
	 sockopt_int, SOL_SOCKET, SO_DETACH_FILTER, NULL, NULL},
	{"so-dontroute", "dontroute", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_DONTROUTE, NULL, NULL},
	{"so-error", "error", G_SOCKET, PH_PASTSOCKET, K_INT, NULL, SOL_SOCKET, SO_ERROR,
	 opt_read_only, NULL},
	{"so-keepalive", "keepalive", G_SOCKET, PH_FD, K_INT, sockopt_int, SOL_SOCKET,
	 SO_KEEPALIVE, NULL, NULL},
	{"so-linger", "linger", G_SOCKET, PH_PASTSOCKET, K_LINGER, apply_linger, SOL_SOCKET,
	 SO_LINGER, NULL, NULL},
	{"so-no-check", "no-check nocheck", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int,
	 SOL_SOCKET, SO_NO_CHECK, NULL, NULL},
	{"so-oobinline", "oobinline", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_OOBINLINE, NULL, NULL},
	{"so-passcred", "passcred", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_PASSCRED, NULL, NULL},
	{"so-peercred", "peercred", G_SOCKET, PH_PASTSOCKET, K_STRING_NULL, NULL, SOL_SOCKET,
	 SO_PEERCRED, opt_read_only, NULL},
	{"so-priority", "priority", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_PRIORITY, NULL, NULL},
	{"so-rcvbuf", "rcvbuf", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_RCVBUF, NULL, NULL},
	{"so-rcvbuf-late", "rcvbuf-late", G_SOCKET, PH_LATE, K_INT, sockopt_int, SOL_SOCKET,
	 SO_RCVBUF, NULL, NULL},
	{"so-rcvlowat", "rcvlowat", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_RCVLOWAT, NULL, NULL},
	{"so-rcvtimeo", "rcvtimeo", G_SOCKET, PH_PASTSOCKET, K_TIME, sockopt_time, SOL_SOCKET,
	 SO_RCVTIMEO, NULL, NULL},
	{"so-reuseaddr", "reuseaddr", G_SOCKET, PH_PREBIND, K_REUSEADDR, apply_reuseaddr,
	 SOL_SOCKET, SO_REUSEADDR, NULL, NULL},
	{"so-reuseport", "reuseport", G_SOCKET, PH_PREBIND, K_INT, sockopt_int, SOL_SOCKET,
	 SO_REUSEPORT, NULL, NULL},
	/* These three are numbers that the kernel has reserved and never used. */
	{"so-security-authentication", "security-authentication securityauthentication", G_SOCKET,
	 PH_PASTSOCKET, K_INT, NULL, SOL_SOCKET, 22, opt_not_in_linux, NULL},
	{"so-security-encryption-transport",
	 "security-encryption-transport securityencryptiontransport", G_SOCKET, PH_PASTSOCKET,
	 K_INT, NULL, SOL_SOCKET, 23, opt_not_in_linux, NULL},
	{"so-security-encryption-network",
	 "security-encryption-network securityencryptionnetwork", G_SOCKET, PH_PASTSOCKET, K_INT,
	 NULL, SOL_SOCKET, 24, opt_not_in_linux, NULL},
	{"so-sndbuf", "sndbuf", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_SNDBUF, NULL, NULL},
	{"so-sndbuf-late", "sndbuf-late", G_SOCKET, PH_LATE, K_INT, sockopt_int, SOL_SOCKET,
	 SO_SNDBUF, NULL, NULL},
	{"so-sndlowat", "sndlowat", G_SOCKET, PH_PASTSOCKET, K_INT, NULL, SOL_SOCKET,
	 SO_SNDLOWAT, opt_read_only, NULL},
	{"so-sndtimeo", "sndtimeo", G_SOCKET, PH_PASTSOCKET, K_TIME, sockopt_time, SOL_SOCKET,
	 SO_SNDTIMEO, NULL, NULL},
	{"so-timestamp", "timestamp", G_SOCKET, PH_PASTSOCKET, K_INT, sockopt_int, SOL_SOCKET,
	 SO_TIMESTAMP, NULL, NULL},
};

OPT_FAMILY(opt_family_socket, "socket options", defs);
