/* Options of address types that are not built yet: known, so that using one says so and does
 * not look like a slip of the fingers. */
#include "opt/family.h"

static const struct optdef defs[] = {
	{"sockspass", NULL, G_SOCKS, PH_LATE, K_SECRET, NULL, 0, 0, opt_not_built, NULL},
	{"socksport", NULL, G_SOCKS, PH_LATE, K_STRING, NULL, 0, 0, opt_not_built, NULL},
	{"socksuser", NULL, G_SOCKS, PH_LATE, K_STRING, NULL, 0, 0, opt_not_built, NULL},
};

OPT_FAMILY(opt_family_later, "other types (not built yet)", defs);
