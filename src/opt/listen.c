/* Options of addresses that listen, that serve many peers, or that try again. They are all
 * looked up by those who do that. */
#include "opt/family.h"

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

static const struct optdef child_defs[] = {
	{"fork", NULL, G_CHILD, PH_PASTACCEPT, K_BOOL, NULL, 0, 0, NULL, NULL},
	/* 0: no limit, like without the option. */
	{"max-children", "maxchildren", G_CHILD, PH_PASTACCEPT, K_INT, NULL, 0, 0, NULL,
	 check_not_negative},
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
