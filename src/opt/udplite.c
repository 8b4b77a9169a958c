/* Options of UDP-Lite: how much of a packet its checksum covers (RFC 3828; udplite(7)). */
#include "opt/family.h"

/* As in udplite(7), which no header of the C library has. */
enum { LEVEL = 136, SEND_CSCOV = 10, RECV_CSCOV = 11 };

static const char *check_coverage(struct opt_value *value)
{
	return value->number == 0 || (value->number >= 8 && value->number <= 65535)
	       ? NULL : "must be 0 (all) or from 8 to 65535 bytes";
}

static const struct optdef defs[] = {
	{"udplite-recv-cscov", NULL, G_UDPLITE, PH_FD, K_INT, sockopt_int, LEVEL, RECV_CSCOV, NULL,
	 check_coverage},
	{"udplite-send-cscov", NULL, G_UDPLITE, PH_FD, K_INT, sockopt_int, LEVEL, SEND_CSCOV, NULL,
	 check_coverage},
};

OPT_FAMILY(opt_family_udplite, "UDP-Lite", defs);
