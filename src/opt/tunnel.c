/* Options of addresses that come to terms with a server before there is data: by a TLS
 * handshake, or as clients of a proxy. */
#include "opt/family.h"

static const char *check_time(struct opt_value *value)
{
	return value->number > 0 ? NULL : "must be greater than 0";
}

static const char *check_address(struct opt_value *value)
{
	return value->string[0] != '\0' ? NULL : "is not an address";
}

#define GROUPS (G_OPENSSL | G_HTTP | G_SOCKS)

static const struct optdef defs[] = {
	{"handshake-timeout", NULL, GROUPS | G_PROXY_HEADER, PH_SPECIFIC, K_TIME, NULL, 0, 0, NULL,
	 check_time},
	{"via", NULL, GROUPS, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL, check_address},
};

OPT_FAMILY(opt_family_tunnel, "TLS and proxies", defs);
