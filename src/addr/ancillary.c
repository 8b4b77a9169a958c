/* Each kind of message has a row in a table and a function that tells what it says; where that
 * goes, to the log or into variables, is the report's concern. Messages that the program asks
 * for itself (local_address_ask()) and nobody else are passed over. */
#include "addr/ancillary.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

#include "addr/addr.h"
#include "sys/log.h"
#include "sys/net.h"

/* The longest value: a message that fills the buffers of chan/datagram.c, in hexadecimal. */
enum { VALUE_SIZE = 2 * 1024 + 2 };

/* The options that ask for messages; a message is wanted by the bit of its option. Raw ones may
 * ask for anything. */
static const char *const options[] = {
	"so-timestamp", "so-passcred", "ip-pktinfo", "ip-recvttl", "ip-recvtos", "ip-recvopts",
	"ip-retopts", "ip-recverr", "ipv6-recvpktinfo", "ipv6-recvhoplimit", "ipv6-recvtclass",
	"ipv6-recvhopopts", "ipv6-recvdstopts", "ipv6-recvrthdr", "ipv6-recvpathmtu",
	"ipv6-recverr",
};
enum { OPTIONS = sizeof(options) / sizeof(options[0]) };
static const char *const raw_options[] = {
	"setsockopt", "setsockopt-bin", "setsockopt-connected", "setsockopt-int",
	"setsockopt-listen", "setsockopt-socket", "setsockopt-string",
};

#define EVERYTHING (~UINT32_C(0))

uint32_t ancillary_wanted(const struct spec *spec)
{
	uint32_t wanted = 0;

	for (size_t i = 0; i < OPTIONS; i++)
		if (spec_flag(spec, options[i]))
			wanted |= UINT32_C(1) << i;
	for (size_t i = 0; i < sizeof(raw_options) / sizeof(raw_options[0]); i++)
		if (spec_opt(spec, raw_options[i]) != NULL)
			wanted = EVERYTHING;
	return wanted;
}

/* Where the facts go. */
struct report {
	int fd;
	bool logs;                    /* else they become variables */
	struct variables *variables;  /* NULL: none yet */
};

static void keep(struct report *r, const char *name, const char *value)
{
	struct variables *longer = variables_add(r->variables, name, value);

	if (longer != NULL)
		r->variables = longer;
}

/* A fact: of which message, what it is called, and in which variable it goes (NULL: none). */
__attribute__((format(printf, 5, 6)))
static void tell(struct report *r, const char *message, const char *fact, const char *variable,
                 const char *format, ...)
{
	char value[VALUE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	if (r->logs)
		log_info("ancillary message: %s: %s=%s", message, fact, value);
	else if (variable != NULL)
		keep(r, variable, value);
}

/* "x" and two digits for each byte, as many as fit. */
static const char *hex(const unsigned char *bytes, size_t length, char *text)
{
	static const char digits[] = "0123456789abcdef";
	char *end = text;

	*end++ = 'x';
	for (size_t i = 0; i < length && 2 * i + 3 < VALUE_SIZE; i++) {
		*end++ = digits[bytes[i] >> 4];
		*end++ = digits[bytes[i] & 15];
	}
	*end = '\0';
	return text;
}

static const char *interface_name(int fd, unsigned index, char *name)
{
	struct ifreq request = { .ifr_ifindex = (int)index };

	/* the socket may live in another network namespace than this process */
	if (ioctl(fd, SIOCGIFNAME, &request) == 0)
		snprintf(name, IF_NAMESIZE, "%.*s", IF_NAMESIZE - 1, request.ifr_name);
	else
		snprintf(name, IF_NAMESIZE, "%u", index);
	return name;
}

/* --- the kinds --------------------------------------------------------------------- */

static void tell_timestamp(struct report *r, const unsigned char *data, size_t length)
{
	struct timeval when;
	struct tm tm;
	char text[64];

	(void)length;
	memcpy(&when, data, sizeof(when));
	if (localtime_r(&when.tv_sec, &tm) == NULL ||
	    strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm) == 0)
		snprintf(text, sizeof(text), "%lld", (long long)when.tv_sec);
	tell(r, "SCM_TIMESTAMP", "timestamp", "TIMESTAMP", "%s, %06ld usecs", text,
	     (long)when.tv_usec);
}

static void tell_credentials(struct report *r, const unsigned char *data, size_t length)
{
	struct ucred sender;

	(void)length;
	memcpy(&sender, data, sizeof(sender));
	tell(r, "SCM_CREDENTIALS", "sender", NULL, "process %ld, user %lu, group %lu",
	     (long)sender.pid, (unsigned long)sender.uid, (unsigned long)sender.gid);
}

static const char *host4(const struct in_addr *in4, char *text, size_t size)
{
	union net_addr addr;

	memset(&addr, 0, sizeof(addr));
	addr.in.sin_family = AF_INET;
	addr.in.sin_addr = *in4;
	return net_host(&addr, sizeof(addr.in), text, size);
}

static const char *host6(const struct in6_addr *in6, char *text, size_t size)
{
	union net_addr addr;

	memset(&addr, 0, sizeof(addr));
	addr.in6.sin6_family = AF_INET6;
	addr.in6.sin6_addr = *in6;
	return net_host(&addr, sizeof(addr.in6), text, size);
}

static void tell_pktinfo(struct report *r, const unsigned char *data, size_t length)
{
	char interface[IF_NAMESIZE], local[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];
	struct in_pktinfo info;

	(void)length;
	memcpy(&info, data, sizeof(info));
	interface_name(r->fd, (unsigned)info.ipi_ifindex, interface);
	host4(&info.ipi_spec_dst, local, sizeof(local));
	host4(&info.ipi_addr, to, sizeof(to));
	if (r->logs)
		log_notice("Ancillary message: interface \"%s\", locaddr=%s, dstaddr=%s",
		           interface, local, to);
	tell(r, "IP_PKTINFO", "if", "IP_IF", "%s", interface);
	tell(r, "IP_PKTINFO", "locaddr", "IP_LOCADDR", "%s", local);
	tell(r, "IP_PKTINFO", "dstaddr", "IP_DSTADDR", "%s", to);
}

static int number(const unsigned char *data)
{
	int value;

	memcpy(&value, data, sizeof(value));
	return value;
}

static void tell_ttl(struct report *r, const unsigned char *data, size_t length)
{
	(void)length;
	if (r->logs)
		log_notice("Ancillary message: ttl=%d", number(data));
	tell(r, "IP_TTL", "ttl", "IP_TTL", "%d", number(data));
}

static void tell_tos(struct report *r, const unsigned char *data, size_t length)
{
	(void)length;
	if (r->logs)
		log_notice("Ancillary message: tos=%u", data[0]);
	tell(r, "IP_TOS", "tos", "IP_TOS", "%u", data[0]);
}

static void tell_options(struct report *r, const unsigned char *data, size_t length)
{
	char text[VALUE_SIZE];

	tell(r, "IP_OPTIONS", "options", "IP_OPTIONS", "%s", hex(data, length, text));
}

/* These names are what the original makes of a number that it does not know. */
static void tell_retopts(struct report *r, const unsigned char *data, size_t length)
{
	char text[VALUE_SIZE];

	tell(r, "IP", "type_7", "IP_TYPE_7", "%s", hex(data, length, text));
}

static void tell_pktinfo6(struct report *r, const unsigned char *data, size_t length)
{
	char interface[IF_NAMESIZE], to[NET_TEXT];
	struct in6_pktinfo info;

	(void)length;
	memcpy(&info, data, sizeof(info));
	tell(r, "IPV6_PKTINFO", "dstaddr", "IPV6_DSTADDR", "%s",
	     host6(&info.ipi6_addr, to, sizeof(to)));
	tell(r, "IPV6_PKTINFO", "if", "IPV6_IF", "%s",
	     interface_name(r->fd, info.ipi6_ifindex, interface));
}

static void tell_hoplimit(struct report *r, const unsigned char *data, size_t length)
{
	(void)length;
	tell(r, "IPV6_HOPLIMIT", "hoplimit", "IPV6_HOPLIMIT", "%d", number(data));
}

static void tell_tclass(struct report *r, const unsigned char *data, size_t length)
{
	(void)length;
	tell(r, "IPV6_TCLASS", "tclass", "IPV6_TCLASS", "x%08x", (unsigned)number(data));
}

static void tell_hopopts(struct report *r, const unsigned char *data, size_t length)
{
	char text[VALUE_SIZE];

	tell(r, "IPV6_HOPOPTS", "hopopts", "IPV6_HOPOPTS", "%s", hex(data, length, text));
}

static void tell_dstopts(struct report *r, const unsigned char *data, size_t length)
{
	char text[VALUE_SIZE];

	tell(r, "IPV6_DSTOPTS", "dstopts", "IPV6_DSTOPTS", "%s", hex(data, length, text));
}

static void tell_rthdr(struct report *r, const unsigned char *data, size_t length)
{
	char text[VALUE_SIZE];

	tell(r, "IPV6_RTHDR", "rthdr", "IPV6_RTHDR", "%s", hex(data, length, text));
}

static void tell_pathmtu(struct report *r, const unsigned char *data, size_t length)
{
	struct ip6_mtuinfo info;
	char to[NET_TEXT];

	(void)length;
	memcpy(&info, data, sizeof(info));
	tell(r, "IPV6_PATHMTU", "mtu", NULL, "%lu (to %s)", (unsigned long)info.ip6m_mtu,
	     host6(&info.ip6m_addr.sin6_addr, to, sizeof(to)));
}

static const struct kind {
	int level, type;
	const char *option;
	size_t least;               /* a shorter one was cut */
	void (*tell)(struct report *report, const unsigned char *data, size_t length);
} kinds[] = {
	{ SOL_SOCKET, SCM_TIMESTAMP, "so-timestamp", sizeof(struct timeval), tell_timestamp },
	{ SOL_SOCKET, SCM_CREDENTIALS, "so-passcred", sizeof(struct ucred), tell_credentials },
	{ IPPROTO_IP, IP_PKTINFO, "ip-pktinfo", sizeof(struct in_pktinfo), tell_pktinfo },
	{ IPPROTO_IP, IP_TTL, "ip-recvttl", sizeof(int), tell_ttl },
	{ IPPROTO_IP, IP_TOS, "ip-recvtos", 1, tell_tos },
	{ IPPROTO_IP, IP_RECVOPTS, "ip-recvopts", 0, tell_options },
	{ IPPROTO_IP, IP_RETOPTS, "ip-retopts", 0, tell_retopts },
	{ IPPROTO_IPV6, IPV6_PKTINFO, "ipv6-recvpktinfo", sizeof(struct in6_pktinfo),
	  tell_pktinfo6 },
	{ IPPROTO_IPV6, IPV6_HOPLIMIT, "ipv6-recvhoplimit", sizeof(int), tell_hoplimit },
	{ IPPROTO_IPV6, IPV6_TCLASS, "ipv6-recvtclass", sizeof(int), tell_tclass },
	{ IPPROTO_IPV6, IPV6_HOPOPTS, "ipv6-recvhopopts", 0, tell_hopopts },
	{ IPPROTO_IPV6, IPV6_DSTOPTS, "ipv6-recvdstopts", 0, tell_dstopts },
	{ IPPROTO_IPV6, IPV6_RTHDR, "ipv6-recvrthdr", 0, tell_rthdr },
	{ IPPROTO_IPV6, IPV6_PATHMTU, "ipv6-recvpathmtu", sizeof(struct ip6_mtuinfo),
	  tell_pathmtu },
};

static const struct kind *kind_of(const struct cmsghdr *header)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].level == header->cmsg_level && kinds[i].type == header->cmsg_type)
			return &kinds[i];
	return NULL;
}

/* What only an option setsockopt can have asked for. */
static void tell_unknown(struct report *r, const struct cmsghdr *header,
                         const unsigned char *data, size_t length)
{
	char text[VALUE_SIZE], name[32], variable[32];

	hex(data, length, text);
	if (header->cmsg_level == IPPROTO_IP) {
		snprintf(name, sizeof(name), "type_%d", header->cmsg_type);
		snprintf(variable, sizeof(variable), "IP_TYPE_%d", header->cmsg_type);
		tell(r, "IP", name, variable, "%s", text);
	} else if (header->cmsg_level == IPPROTO_IPV6) {
		snprintf(name, sizeof(name), "IPV6.%d", header->cmsg_type);
		tell(r, name, "data", NULL, "%s", text);
	}
}

static bool is_wanted(const struct kind *kind, uint32_t wanted)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (kind != NULL && strcmp(kind->option, options[i]) == 0)
			return wanted & UINT32_C(1) << i;
	return wanted == EVERYTHING;
}

static void report_all(struct report *r, const struct msghdr *message, uint32_t wanted)
{
	char text[VALUE_SIZE];

	for (struct cmsghdr *c = net_control(message, NULL); c != NULL;
	     c = net_control(message, c)) {
		const struct kind *kind = kind_of(c);
		const unsigned char *data = CMSG_DATA(c);
		size_t length = c->cmsg_len - CMSG_LEN(0);

		/* the last one may be cut: its header says what there is, not what was meant */
		bool cut = kind != NULL && length < kind->least;

		cut |= message->msg_flags & MSG_CTRUNC && net_control(message, c) == NULL &&
		       (kind == NULL || kind->least == 0);
		if (cut || !is_wanted(kind, wanted))
			continue;
		if (r->logs)
			log_debug("ancillary message: len=%zu, level=%d, type=%d, data=%s",
			          (size_t)c->cmsg_len, c->cmsg_level, c->cmsg_type,
			          hex(data, length, text));
		if (kind == NULL)
			tell_unknown(r, c, data, length);
		else
			kind->tell(r, data, length);
	}
}

/* --- the interface ------------------------------------------------------------------- */

void ancillary_log(int fd, const struct msghdr *message, uint32_t wanted)
{
	static bool said;
	struct report report = { .fd = fd, .logs = true };

	report_all(&report, message, wanted);
	if (!(message->msg_flags & MSG_CTRUNC))
		return;
	/* whoever sends can make it happen again and again */
	if (said)
		log_info("ancillary messages of a packet were cut");
	else
		log_warn("ancillary messages of a packet were cut, as they are too long");
	said = true;
}

struct variables *ancillary_variables(int fd, const struct msghdr *message, uint32_t wanted)
{
	struct report report = { .fd = fd };

	report_all(&report, message, wanted);
	return report.variables;
}

bool ancillary_is_note(const struct msghdr *message, size_t length)
{
	if (length > 0)
		return false;
	for (struct cmsghdr *c = net_control(message, NULL); c != NULL;
	     c = net_control(message, c))
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PATHMTU)
			return true;
	return false;
}
