/* Options that work on the data, and those of UNIX sockets. All of them are looked up by
 * the code that does the work. */
#include "opt/family.h"

static const char *check_size(struct opt_value *value)
{
	return value->number > 0 ? NULL : "must be greater than 0";
}

static const char *check_character(struct opt_value *value)
{
	return value->number >= 0 && value->number <= 255 ? NULL
	                                                  : "is not the code of a character";
}

static const char *check_not_empty(struct opt_value *value)
{
	return value->string[0] != '\0' ? NULL : "is not a file name";
}

static const struct optdef defs[] = {
	{"cr", NULL, G_APPL, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"crnl", "crlf", G_APPL, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"escape", NULL, G_APPL, PH_INIT, K_INT, NULL, 0, 0, NULL, check_character},
	{"ignoreeof", "ignoreof", G_APPL, PH_LATE, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"lockfile", NULL, G_APPL, PH_INIT, K_STRING, NULL, 0, 0, NULL, check_not_empty},
	{"waitlock", NULL, G_APPL, PH_INIT, K_STRING, NULL, 0, 0, NULL, check_not_empty},
	{"readbytes", "bytes", G_APPL, PH_LATE, K_SIZE, NULL, 0, 0, NULL, check_size},
};

OPT_FAMILY(opt_family_appl, "the data", defs);

static const struct optdef unix_defs[] = {
	{"unix-bind-tempname", "bind-tempname", G_UNIX, PH_PREOPEN, K_STRING_NULL, NULL, 0, 0,
	 NULL, NULL},
	{"unix-tightsocklen", "tightsocklen", G_UNIX, PH_PREBIND, K_BOOL, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_unix, "UNIX sockets", unix_defs);
