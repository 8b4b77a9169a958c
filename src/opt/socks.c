/* Options of addresses that connect through a SOCKS server: all are looked up in addr/socks.c. */
#include "opt/family.h"

static const struct optdef defs[] = {
	{"sockspass", NULL, G_SOCKS, PH_LATE, K_SECRET, NULL, 0, 0, NULL, NULL},
	{"socksport", NULL, G_SOCKS, PH_LATE, K_STRING, NULL, 0, 0, NULL, NULL},
	{"socksuser", NULL, G_SOCKS, PH_LATE, K_STRING, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_socks, "SOCKS servers", defs);
