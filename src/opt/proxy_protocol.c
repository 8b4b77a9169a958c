/* Options of the PROXY protocol. They are all looked up by name. */
#include <string.h>

#include "opt/family.h"

/* The number: 1, a header anywhere; 2, outside of TLS; 3, inside of it. */
static const char *check_accept(struct opt_value *value)
{
	if (value->string == NULL)
		return NULL;
	value->number = strcmp(value->string, "outside") == 0 ? 2
	                : strcmp(value->string, "inside") == 0 ? 3 : 0;
	return value->number != 0 ? NULL : "is neither \"outside\" (of TLS) nor \"inside\"";
}

static const struct optdef defs[] = {
	{"send-proxy", NULL, G_PROXY_HEADER, PH_SPECIFIC, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"send-proxy-v2", NULL, G_PROXY_HEADER, PH_SPECIFIC, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"accept-proxy", NULL, G_PROXY_HEADER, PH_SPECIFIC, K_STRING_NULL, NULL, 0, 0, NULL,
	 check_accept},
	{"accept-proxy-from", NULL, G_PROXY_HEADER, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_proxy_header, "the PROXY protocol", defs);
