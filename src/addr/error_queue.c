#include "addr/error_queue.h"

#include <errno.h>
#include <time.h>            /* errqueue.h needs it */
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "addr/addr.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/net.h"

/* Messages read at once: a queue that is filled all the time must not keep others waiting. */
enum { MESSAGES = 64, CONTROL_SIZE = 1024 };

/* RFC 792 and RFC 1812; RFC 4443. */
static const struct {
	unsigned char origin, type, code;
	const char *words;
} icmp[] = {
	{ SO_EE_ORIGIN_ICMP, 3, 0, "network unreachable" },
	{ SO_EE_ORIGIN_ICMP, 3, 1, "host unreachable" },
	{ SO_EE_ORIGIN_ICMP, 3, 2, "protocol unreachable" },
	{ SO_EE_ORIGIN_ICMP, 3, 3, "port unreachable" },
	{ SO_EE_ORIGIN_ICMP, 3, 4, "fragmentation needed" },
	{ SO_EE_ORIGIN_ICMP, 3, 5, "source route failed" },
	{ SO_EE_ORIGIN_ICMP, 3, 9, "network administratively prohibited" },
	{ SO_EE_ORIGIN_ICMP, 3, 10, "host administratively prohibited" },
	{ SO_EE_ORIGIN_ICMP, 3, 13, "administratively prohibited" },
	{ SO_EE_ORIGIN_ICMP, 11, 0, "time to live exceeded" },
	{ SO_EE_ORIGIN_ICMP, 11, 1, "reassembly time exceeded" },
	{ SO_EE_ORIGIN_ICMP, 12, 0, "parameter problem" },
	{ SO_EE_ORIGIN_ICMP6, 1, 0, "no route" },
	{ SO_EE_ORIGIN_ICMP6, 1, 1, "administratively prohibited" },
	{ SO_EE_ORIGIN_ICMP6, 1, 2, "beyond scope of source address" },
	{ SO_EE_ORIGIN_ICMP6, 1, 3, "address unreachable" },
	{ SO_EE_ORIGIN_ICMP6, 1, 4, "port unreachable" },
	{ SO_EE_ORIGIN_ICMP6, 2, 0, "packet too big" },
	{ SO_EE_ORIGIN_ICMP6, 3, 0, "hop limit exceeded" },
	{ SO_EE_ORIGIN_ICMP6, 3, 1, "reassembly time exceeded" },
	{ SO_EE_ORIGIN_ICMP6, 4, 0, "erroneous header field" },
	{ SO_EE_ORIGIN_ICMP6, 4, 1, "unknown next header" },
	{ SO_EE_ORIGIN_ICMP6, 4, 2, "unknown option" },
};

static const char *words_for(const struct sock_extended_err *error)
{
	for (size_t i = 0; i < sizeof(icmp) / sizeof(icmp[0]); i++)
		if (icmp[i].origin == error->ee_origin && icmp[i].type == error->ee_type &&
		    icmp[i].code == error->ee_code)
			return icmp[i].words;
	return "other";
}

/* The offender's address follows the error. */
static void read_offender(const struct cmsghdr *header, union net_addr *offender)
{
	size_t start = sizeof(struct sock_extended_err), length = header->cmsg_len - CMSG_LEN(0);

	memset(offender, 0, sizeof(*offender));
	length -= start;
	if (length > sizeof(*offender))
		length = sizeof(*offender);
	memcpy(offender, CMSG_DATA(header) + start, length);
	if (length < sizeof(offender->in) || length < net_length(offender))
		offender->sa.sa_family = AF_UNSPEC;
}

static void describe(const struct sock_extended_err *error, const struct cmsghdr *header,
                     const char *to, char *text, size_t size)
{
	union net_addr offender;
	char from[NET_TEXT], mtu[32] = "";

	if (error->ee_errno == EMSGSIZE && error->ee_info > 0)
		snprintf(mtu, sizeof(mtu), "; the MTU is %u", (unsigned)error->ee_info);
	if (error->ee_origin != SO_EE_ORIGIN_ICMP && error->ee_origin != SO_EE_ORIGIN_ICMP6) {
		snprintf(text, size, "sending to %s: %s%s", to, error_text((int)error->ee_errno), mtu);
		return;
	}
	read_offender(header, &offender);
	snprintf(text, size, "sending to %s: %s: %s reports by ICMP%s type %u, code %u (%s)%s", to,
	         error_text((int)error->ee_errno),
	         net_host(&offender, net_length(&offender), from, sizeof(from)),
	         error->ee_origin == SO_EE_ORIGIN_ICMP6 ? "v6" : "", error->ee_type,
	         error->ee_code, words_for(error), mtu);
}

bool error_queue_text(const struct msghdr *message, char *text, size_t size)
{
	struct sock_extended_err error;
	char to[NET_TEXT];

	for (struct cmsghdr *c = net_control(message, NULL); c != NULL;
	     c = net_control(message, c)) {
		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		if (c->cmsg_len < CMSG_LEN(sizeof(error)))
			return false;
		memcpy(&error, CMSG_DATA(c), sizeof(error));
		net_print(message->msg_name, message->msg_namelen, to, sizeof(to));
		describe(&error, c, to, text, size);
		return true;
	}
	return false;
}

/* Returns how many messages there were. */
static unsigned drain(int fd, bool warn)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_SIZE];
	unsigned count = 0;
	char byte, text[2 * NET_TEXT];

	for (; count < MESSAGES; count++) {
		union net_addr to;
		struct iovec part = { .iov_base = &byte, .iov_len = 1 };
		struct msghdr message = {
			.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part,
			.msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control),
		};

		memset(&to, 0, sizeof(to));
		if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		if (!error_queue_text(&message, text, sizeof(text)))
			continue;
		if (warn)
			log_warn("%s", text);
		else
			log_info("%s", text);
	}
	return count;
}

bool error_queue_tell(int fd)
{
	int error = errno;

	drain(fd, true);
	errno = error;
	return false;
}

bool error_queue_go_on(int fd)
{
	int error = errno;
	bool any = drain(fd, true) > 0;

	errno = error;
	return any;
}

error_queue_use *error_queue_for(const struct spec *spec, bool single_peer)
{
	if (!spec_flag(spec, "ip-recverr") && !spec_flag(spec, "ipv6-recverr"))
		return NULL;
	return single_peer ? error_queue_tell : error_queue_go_on;
}

/* A connected socket hears only of what is final; of the rest, packets to come may arrive. */
static bool tell_final(int fd)
{
	int error = errno;
	bool any = drain(fd, false) > 0;

	errno = error;
	return any && (error == EHOSTUNREACH || error == ENETUNREACH || error == EOPNOTSUPP ||
	               error == EMSGSIZE);
}

error_queue_use *error_queue_ask(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	if (net_family(fd) == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one));
	return tell_final;
}
