/* Options of addresses that listen, that serve many peers, or that try again. They are all
 * looked up by those who do that. */
#include <stdlib.h>
#include <string.h>

#include "opt/family.h"
#include "opt/value.h"

static const char *check_not_negative(struct opt_value *value)
{
	return value->number >= 0 ? NULL : "is negative";
}

static const struct optdef listen_defs[] = {
	{"backlog", NULL, G_LISTEN, PH_LISTEN, K_INT, NULL, 0, 0, NULL,
	 check_not_negative},
	{"accept-timeout", "listen-timeout", G_LISTEN, PH_LISTEN, K_TIME, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_listen, "listening", listen_defs);

/* "N" or "N/s", "N/m", "N/h": becomes nanoseconds for each; 0: no limit. */
static const char *check_rate(struct opt_value *value)
{
	static const char *const units = "smh";
	size_t digits = strspn(value->string, "0123456789.");
	int64_t unit = 1000000000;
	char *end;
	double count = strtod(value->string, &end);

	if (digits == 0 || end != value->string + digits ||
	    (*end != '\0' && (*end != '/' || end[1] == '\0' || strchr(units, end[1]) == NULL ||
	                      end[2] != '\0')))
		return "is not a rate such as 100, 0.5 or 30/m (per second, or per s, m or h)";
	for (const char *u = units; *end == '/' && *u != end[1]; u++)
		unit *= 60;
	if (count != 0 && ((double)unit / count < 1000 || (double)unit / count > 86400e9))
		return "is out of range (1 per day to 1000000 per second, or 0: any)";
	value->number = count != 0 ? (int64_t)((double)unit / count) : 0;
	return NULL;
}

/* "N" or "N/LENGTH", of IPv6 prefixes: to number and ints[0]. */
static const char *check_per_peer(struct opt_value *value)
{
	char why[OPT_WHY_SIZE], *slash = strchr(value->string, '/');
	int64_t length = 64;
	int rc = 0;

	if (slash != NULL) {
		rc = opt_read_integer(slash + 1, 10, 1, 128, &length, why);
		*slash = '\0';
	}
	rc |= opt_read_integer(value->string, 10, 0, INT32_MAX, &value->number, why);
	value->ints[0] = (int)length;
	return rc == 0 ? NULL : "must be a number of sessions, or that, \"/\", and the length of "
	                        "an IPv6 prefix from 1 to 128, such as 10 or 10/56";
}

static const struct optdef child_defs[] = {
	{"fork", NULL, G_CHILD, PH_PASTACCEPT, K_BOOL, NULL, 0, 0, NULL, NULL},
	/* 0: no limit, like without the option. */
	{"max-children", "maxchildren", G_CHILD, PH_PASTACCEPT, K_INT, NULL, 0, 0, NULL,
	 check_not_negative},
	/* Only of those that accept; 0: no limit. */
	{"max-children-per-peer", NULL, G_CHILD, PH_PASTACCEPT, K_STRING, NULL, 0, 0, NULL,
	 check_per_peer},
	{"max-rate", NULL, G_CHILD, PH_PASTACCEPT, K_STRING, NULL, 0, 0, NULL, check_rate},
	{"children-shutup", NULL, G_CHILD, PH_PASTACCEPT, K_INT, NULL, 0, 0, NULL, NULL},
	/* A child process for every connection instead of a session in this one. */
	{"isolate", NULL, G_CHILD, PH_PASTACCEPT, K_BOOL, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_child, "serving many connections", child_defs);

static const struct optdef retry_defs[] = {
	{"retry", NULL, G_RETRY, PH_INIT, K_UINT, NULL, 0, 0, NULL, NULL},
	{"interval", "intervall", G_RETRY, PH_INIT, K_TIME, NULL, 0, 0, NULL, NULL},
	{"forever", NULL, G_RETRY, PH_INIT, K_BOOL, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_retry, "trying again", retry_defs);

static const struct optdef range_defs[] = {
	{"range", NULL, G_RANGE, PH_ACCEPT, K_STRING, NULL, 0, 0, NULL, NULL},
	{"range-file", NULL, G_RANGE, PH_ACCEPT, K_STRING, NULL, 0, 0, NULL, NULL},
	{"tcpwrappers", "libwrap tcpwrap tcpwrapper wrap", G_RANGE, PH_ACCEPT, K_STRING_NULL,
	 NULL, 0, 0, NULL, NULL},
	{"tcpwrap-etc", "tcpwrap-dir", G_RANGE, PH_ACCEPT, K_STRING, NULL, 0, 0, NULL, NULL},
	{"tcpwrap-hosts-allow-table", "allow-table hosts-allow", G_RANGE, PH_ACCEPT, K_STRING,
	 NULL, 0, 0, NULL, NULL},
	{"tcpwrap-hosts-deny-table", "deny-table hosts-deny", G_RANGE, PH_ACCEPT, K_STRING, NULL,
	 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_range, "who may connect", range_defs);
