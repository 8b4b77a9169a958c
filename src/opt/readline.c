/* Options of READLINE. They are all looked up where the terminal is opened. */
#include "opt/family.h"

static const struct optdef defs[] = {
	{"history-file", "history", G_READLINE, PH_LATE, K_STRING, NULL, 0, 0, NULL, NULL},
	{"noprompt", NULL, G_READLINE, PH_LATE, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"noecho", NULL, G_READLINE, PH_LATE, K_STRING, NULL, 0, 0, NULL, NULL},
	{"prompt", NULL, G_READLINE, PH_LATE, K_STRING, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_readline, "line editing", defs);
