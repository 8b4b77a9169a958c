/* Ancillary messages and the queue of errors: made-up ones, and ones that are cut. */
#include "addr/ancillary.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <linux/errqueue.h>   /* after time.h */

#include "addr/addr.h"
#include "addr/error_queue.h"
#include "sys/local_address.h"
#include "unit.h"

#define ALL UINT32_MAX

/* A message under construction, in memory of exactly its size: reading on shows. */
static struct {
	struct msghdr header;
	unsigned char bytes[8192];
	size_t used;
	unsigned char *exact;
} m;

static void begin(void)
{
	free(m.exact);
	memset(&m, 0, sizeof m);
}

static void add(int level, int type, const void *data, size_t length)
{
	struct cmsghdr header = {.cmsg_len = CMSG_LEN(length), .cmsg_level = level,
	                         .cmsg_type = type};

	memcpy(m.bytes + m.used, &header, sizeof header);
	memcpy(m.bytes + m.used + CMSG_LEN(0), data, length);
	m.used += CMSG_SPACE(length);
}

static void add_int(int level, int type, int value)
{
	add(level, type, &value, sizeof value);
}

static const struct msghdr *message_of(size_t length)
{
	free(m.exact);
	m.exact = malloc(length + (length == 0));
	if (m.exact == NULL)
		abort();
	memcpy(m.exact, m.bytes, length);
	m.header.msg_control = m.exact;
	m.header.msg_controllen = length;
	return &m.header;
}

/* The variables, joined by "|". */
static const char *variables(uint32_t wanted)
{
	static char text[16384];
	struct variables *a = ancillary_variables(-1, message_of(m.used), wanted);

	text[0] = '\0';
	for (size_t at = 0; a != NULL && at < a->size; at += strlen(a->text + at) + 1) {
		if (at > 0)
			strcat(text, "|");
		strcat(text, a->text + at);
	}
	free(a);
	return text;
}

static void test_values(void)
{
	struct timeval when = {.tv_sec = 86400, .tv_usec = 42};
	struct in_pktinfo in4 = {.ipi_ifindex = 7};
	struct in6_pktinfo in6 = {.ipi6_ifindex = 8};
	unsigned char tos = 40;

	setenv("TZ", "UTC0", 1);
	tzset();
	begin();
	CHECK_TEXT(variables(ALL), "");
	add(SOL_SOCKET, SCM_TIMESTAMP, &when, sizeof when);
	CHECK_TEXT(variables(ALL), "TIMESTAMP=Fri Jan  2 00:00:00 1970, 000042 usecs");
	begin();
	inet_pton(AF_INET, "10.0.0.1", &in4.ipi_spec_dst);
	inet_pton(AF_INET, "239.0.0.1", &in4.ipi_addr);
	add(IPPROTO_IP, IP_PKTINFO, &in4, sizeof in4);
	add_int(IPPROTO_IP, IP_TTL, 64);
	add(IPPROTO_IP, IP_TOS, &tos, 1);
	add(IPPROTO_IP, IP_RECVOPTS, "\x94\x04\0", 4);
	CHECK_TEXT(variables(ALL), "IP_IF=7|IP_LOCADDR=10.0.0.1|IP_DSTADDR=239.0.0.1|IP_TTL=64|"
	                           "IP_TOS=40|IP_OPTIONS=x94040000");
	begin();
	inet_pton(AF_INET6, "fe80::1", &in6.ipi6_addr);
	add(IPPROTO_IPV6, IPV6_PKTINFO, &in6, sizeof in6);
	add_int(IPPROTO_IPV6, IPV6_HOPLIMIT, 1);
	add_int(IPPROTO_IPV6, IPV6_TCLASS, 0x48);
	add(IPPROTO_IPV6, IPV6_HOPOPTS, "\x3c\0\1\4\0\0\0", 8);
	add(IPPROTO_IPV6, IPV6_DSTOPTS, "\x11\0\1\4\0\0\0", 8);
	add(IPPROTO_IPV6, IPV6_RTHDR, "\x11", 1);
	CHECK_TEXT(variables(ALL),
	           "IPV6_DSTADDR=[fe80:0000:0000:0000:0000:0000:0000:0001]|IPV6_IF=8|"
	           "IPV6_HOPLIMIT=1|IPV6_TCLASS=x00000048|IPV6_HOPOPTS=x3c00010400000000|"
	           "IPV6_DSTOPTS=x1100010400000000|IPV6_RTHDR=x11");
	begin();
	add(IPPROTO_IP, 99, "\1\2", 2);
	add(IPPROTO_IPV6, 99, "\1\2", 2);
	add(12345, 99, "\1\2", 2);
	CHECK_TEXT(variables(ALL), "IP_TYPE_99=x0102");
	CHECK_SILENT();
}

/* Only what the address's options ask for. */
static void test_wanted(void)
{
	static const struct {
		const char *options;
		const char *expected;
	} rows[] = {
		{"", ""},
		{",ip-recvttl", "IP_TTL=64"},
		{",recvtos", "IP_TOS=40"},
		{",ip-recvttl,ip-recvtos", "IP_TTL=64|IP_TOS=40"},
		{",ip-pktinfo", ""},
		{",ip-recvttl=0,ip-recvtos=1", "IP_TOS=40"},
		{",setsockopt-socket=0:12:i1", "IP_TTL=64|IP_TOS=40|IP_TYPE_99=x03"},
	};
	unsigned char tos = 40;

	begin();
	add_int(IPPROTO_IP, IP_TTL, 64);
	add(IPPROTO_IP, IP_TOS, &tos, 1);
	add(IPPROTO_IP, 99, "\3", 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[128];
		struct address *address;

		snprintf(text, sizeof text, "TCP:host:1%s", rows[i].options);
		address = address_parse(text, ADDR_BOTH, NULL);
		CHECK(address != NULL);
		if (address == NULL)
			continue;
		CHECK_TEXT(variables(ancillary_wanted(address->reader)), rows[i].expected);
		address_free(address);
	}
	CHECK_SILENT();
}

/* Wherever control data end, nothing is read behind, and what is there counts. */
static void test_cut(void)
{
	struct in_pktinfo in4 = {.ipi_ifindex = 7};
	size_t all;

	begin();
	add_int(IPPROTO_IP, IP_TTL, 64);
	add(IPPROTO_IP, IP_PKTINFO, &in4, sizeof in4);
	add(IPPROTO_IP, IP_RECVOPTS, "\x94\x04\0", 4);
	all = m.used;
	for (size_t length = 0; length < all; length++) {
		struct variables *a = ancillary_variables(-1, message_of(length), ALL);

		CHECK((a != NULL) == (length >= CMSG_LEN(sizeof(int))));
		ancillary_log(-1, message_of(length), ALL);
		free(a);
	}
	CHECK_SILENT();
	/* as the kernel does it: the header of the last one says how much there is of it */
	begin();
	add_int(IPPROTO_IP, IP_TTL, 64);
	add(IPPROTO_IP, IP_PKTINFO, &in4, 6);
	m.header.msg_flags = MSG_CTRUNC;
	CHECK_TEXT(variables(ALL), "IP_TTL=64");
	ancillary_log(-1, message_of(m.used), ALL);
	CHECK_MESSAGE("W ancillary messages of a packet were cut, as they are too long");
	begin();
	add_int(IPPROTO_IP, IP_TTL, 64);
	add(IPPROTO_IP, IP_RECVOPTS, "\x94\x04\0", 4);
	m.header.msg_flags = MSG_CTRUNC;
	CHECK_TEXT(variables(ALL), "IP_TTL=64");
	/* said once as a warning */
	ancillary_log(-1, message_of(m.used), ALL);
	CHECK_SILENT();
	/* one with a length that can't be, and one of nothing but a header */
	begin();
	add(IPPROTO_IP, IP_TTL, "", 0);
	CHECK_TEXT(variables(ALL), "");
	((struct cmsghdr *)(void *)m.bytes)->cmsg_len = 3;
	CHECK_TEXT(variables(ALL), "");
	((struct cmsghdr *)(void *)m.bytes)->cmsg_len = (socklen_t)-1;
	CHECK_TEXT(variables(ALL), "");
}

/* A long value fits or is cut, nothing else. */
static void test_long(void)
{
	static unsigned char data[4000];
	const char *text;

	begin();
	add(IPPROTO_IPV6, IPV6_HOPOPTS, data, 1000);
	text = variables(ALL);
	CHECK_NUMBER(strlen(text), strlen("IPV6_HOPOPTS=x") + 2000);
	begin();
	add(IPPROTO_IPV6, IPV6_HOPOPTS, data, sizeof data);
	text = variables(ALL);
	CHECK(strlen(text) < 2100);
}

static void test_note(void)
{
	struct ip6_mtuinfo info = {.ip6m_mtu = 1280};

	begin();
	CHECK(!ancillary_is_note(message_of(0), 0));
	add_int(IPPROTO_IPV6, IPV6_HOPLIMIT, 1);
	CHECK(!ancillary_is_note(message_of(m.used), 0));
	add(IPPROTO_IPV6, IPV6_PATHMTU, &info, sizeof info);
	CHECK(ancillary_is_note(message_of(m.used), 0));
	CHECK(!ancillary_is_note(message_of(m.used), 1));
}

/* --- the address that was asked ---------------------------------------------------- */

static void test_local_address(void)
{
	struct sockaddr_in from4 = {.sin_family = AF_INET};
	struct sockaddr_in6 from6 = {.sin6_family = AF_INET6};
	struct in_pktinfo in4 = {.ipi_ifindex = 7};
	struct in6_pktinfo in6 = {.ipi6_ifindex = 8};
	struct local_address local, other;
	unsigned char control[LOCAL_ADDRESS_CONTROL];
	struct msghdr out = {.msg_control = NULL};

	begin();
	m.header.msg_name = &from4;
	m.header.msg_namelen = sizeof from4;
	local_address_find(message_of(0), &local);
	CHECK_NUMBER(local.family, AF_UNSPEC);
	local_address_write(&local, &out, control);
	CHECK(out.msg_control == NULL);
	inet_pton(AF_INET, "10.0.0.1", &in4.ipi_spec_dst);
	in4.ipi_addr = in4.ipi_spec_dst;
	add(IPPROTO_IP, IP_PKTINFO, &in4, sizeof in4);
	local_address_find(message_of(m.used), &local);
	CHECK_NUMBER(local.family, AF_INET);
	CHECK(!local.group);
	CHECK_NUMBER(local.to.in4.s_addr, in4.ipi_addr.s_addr);
	local_address_write(&local, &out, control);
	CHECK_NUMBER(out.msg_controllen, CMSG_SPACE(sizeof in4));
	/* cut: not known */
	local_address_find(message_of(m.used - 8), &other);
	CHECK_NUMBER(other.family, AF_UNSPEC);
	CHECK(!local_address_same(&local, &other));
	/* a group asked through an IPv6 socket: the interface's own address counts */
	begin();
	m.header.msg_name = &from6;
	m.header.msg_namelen = sizeof from6;
	inet_pton(AF_INET6, "::ffff:239.0.0.1", &in6.ipi6_addr);
	inet_pton(AF_INET, "239.0.0.1", &in4.ipi_addr);
	add(IPPROTO_IPV6, IPV6_PKTINFO, &in6, sizeof in6);
	add(IPPROTO_IP, IP_PKTINFO, &in4, sizeof in4);
	local_address_find(message_of(m.used), &local);
	inet_pton(AF_INET6, "::ffff:10.0.0.1", &in6.ipi6_addr);
	CHECK_NUMBER(local.family, AF_INET6);
	CHECK(local.group);
	CHECK(memcmp(&local.to.in6, &in6.ipi6_addr, 16) == 0);
	/* a group of IPv6: the kernel chooses */
	begin();
	inet_pton(AF_INET6, "ff02::1", &in6.ipi6_addr);
	add(IPPROTO_IPV6, IPV6_PKTINFO, &in6, sizeof in6);
	local_address_find(message_of(m.used), &local);
	CHECK_NUMBER(local.family, AF_UNSPEC);
	CHECK(local.group);
	CHECK_SILENT();
}

/* --- errors --------------------------------------------------------------------------- */

static const char *error_of(size_t length)
{
	static char text[1024];

	return error_queue_text(message_of(length), text, sizeof text) ? text : NULL;
}

static void test_errors(void)
{
	struct {
		struct sock_extended_err error;
		struct sockaddr_in offender;
	} data = {{.ee_errno = 111, .ee_origin = SO_EE_ORIGIN_ICMP, .ee_type = 3, .ee_code = 3},
	          {.sin_family = AF_INET}};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	char expected[128];

	begin();
	m.header.msg_name = &to;
	m.header.msg_namelen = sizeof to;
	inet_pton(AF_INET, "10.0.0.1", &to.sin_addr);
	inet_pton(AF_INET, "10.0.0.2", &data.offender.sin_addr);
	CHECK(error_of(0) == NULL);
	add(IPPROTO_IP, IP_RECVERR, &data, sizeof data);
	CHECK_TEXT(error_of(m.used), "sending to AF=2 10.0.0.1:9: Connection refused: 10.0.0.2 "
	                             "reports by ICMP type 3, code 3 (port unreachable)");
	for (size_t length = 0; length < m.used; length++)
		if (length < CMSG_LEN(sizeof data))
			CHECK(error_of(length) == NULL);
	/* without the offender, or with a part of its address */
	for (size_t size = 0; size < sizeof data.offender; size++) {
		begin();
		m.header.msg_name = &to;
		m.header.msg_namelen = sizeof to;
		add(IPPROTO_IP, IP_RECVERR, &data, sizeof data.error + size);
		CHECK_TEXT(error_of(m.used), "sending to AF=2 10.0.0.1:9: Connection refused: <anon> "
		                             "reports by ICMP type 3, code 3 (port unreachable)");
	}
	begin();
	m.header.msg_name = &to;
	m.header.msg_namelen = sizeof to;
	data.error.ee_errno = 90;
	data.error.ee_origin = SO_EE_ORIGIN_LOCAL;
	data.error.ee_info = 1400;
	add(IPPROTO_IPV6, IPV6_RECVERR, &data, sizeof data);
	/* the C libraries say it in different words */
	snprintf(expected, sizeof expected, "sending to AF=2 10.0.0.1:9: %s; the MTU is 1400", strerror(90));
	CHECK_TEXT(error_of(m.used), expected);
	begin();
	add(IPPROTO_IPV6, IPV6_RECVERR, &data, sizeof data.error - 1);
	CHECK(error_of(m.used) == NULL);
	CHECK_SILENT();
}

int main(void)
{
	test_values();
	test_wanted();
	test_cut();
	test_long();
	test_note();
	test_local_address();
	test_errors();
	begin();
	return unit_done();
}
