/* Options of connections through HTTP proxies. */
#include <string.h>

#include "opt/family.h"

static const char *check_version(struct opt_value *value)
{
	return strcmp(value->string, "1.0") == 0 || strcmp(value->string, "1.1") == 0
	       ? NULL : "is not a version of HTTP; there are 1.0 and 1.1";
}

static const char *check_file(struct opt_value *value)
{
	return value->string[0] != '\0' ? NULL : "is not the name of a file";
}

static const struct optdef defs[] = {
	{"http-version", NULL, G_HTTP, PH_LATE, K_STRING, NULL, 0, 0, NULL, check_version},
	{"ignorecr", NULL, G_HTTP, PH_LATE, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"proxy-authorization", "proxy-auth proxyauth", G_HTTP, PH_LATE, K_SECRET, NULL, 0, 0,
	 NULL, NULL},
	{"proxy-authorization-file", "proxyauthfile", G_HTTP, PH_LATE, K_STRING, NULL, 0, 0,
	 NULL, check_file},
	{"proxy-resolve", "resolv resolve", G_HTTP, PH_LATE, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"proxyport", NULL, G_HTTP, PH_LATE, K_STRING, NULL, 0, 0, NULL, NULL},
	/* own addition */
	{"ignorehost", NULL, G_HTTP, PH_LATE, K_BOOL, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_http, "HTTP proxies", defs);
