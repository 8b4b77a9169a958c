/* Options of SCTP, sctp(7) and RFC 6458. The C library has no header for them. */
#include <netinet/in.h>
#include <stdint.h>

#include "opt/family.h"

/* linux/sctp.h */
enum { SCTP_NODELAY = 3, SCTP_MAXSEG = 13 };

/* Longest message that one DATA chunk may carry (linux/sctp.h: SCTP_MAX_CHUNK_LEN). */
enum { MAX_CHUNK = 65535 };

/* RFC 6458, 8.1.16: the association is ignored by one-to-one sockets. A bare int would work
 * too, but the kernel complains of it in its log. */
struct assoc_value {
	int32_t association;
	uint32_t value;
};

static int apply_maxseg(const struct opt_value *value, const struct opt_target *target)
{
	struct assoc_value maxseg = { .value = (uint32_t)value->number };

	return sockopt_bytes(value, target, &maxseg, sizeof maxseg);
}

static const char *check_maxseg(struct opt_value *value)
{
	return value->number >= 0 && value->number <= MAX_CHUNK
	       ? NULL : "must be a number of bytes from 0 (the system's default) to 65535";
}

static const struct optdef defs[] = {
	{"sctp-maxseg", NULL, G_SCTP, PH_PASTSOCKET, K_INT, apply_maxseg, IPPROTO_SCTP,
	 SCTP_MAXSEG, NULL, check_maxseg},
	{"sctp-nodelay", NULL, G_SCTP, PH_PASTSOCKET, K_BOOL, sockopt_int, IPPROTO_SCTP,
	 SCTP_NODELAY, NULL, NULL},
};

OPT_FAMILY(opt_family_sctp, "SCTP", defs);
