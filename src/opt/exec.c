/* Options of addresses that run programs. They are all looked up where the program is
 * started. */
#include "opt/family.h"

static const struct optdef defs[] = {
	{"path", NULL, G_EXEC, PH_PREEXEC, K_STRING, NULL, 0, 0, NULL, NULL},
	{"dash", "login", G_EXEC, PH_PREEXEC, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"nofork", NULL, G_FORK, PH_BIGEN, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"pipes", NULL, G_FORK, PH_BIGEN, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"pty", NULL, G_FORK, PH_BIGEN, K_BOOL, NULL, 0, 0, opt_not_built, NULL},
	{"fdin", NULL, G_FORK, PH_PASTBIGEN, K_USHORT, NULL, 0, 0, NULL, NULL},
	{"fdout", NULL, G_FORK, PH_PASTBIGEN, K_USHORT, NULL, 0, 0, NULL, NULL},
	{"stderr", NULL, G_FORK, PH_PASTFORK, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"setpgid", "pgid", G_FORK, PH_LATE, K_INT, NULL, 0, 0, NULL, NULL},
	{"sighup", NULL, G_PARENT, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"sigint", NULL, G_PARENT, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"sigquit", NULL, G_PARENT, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"shell", NULL, G_SHELL, PH_PREEXEC, K_STRING, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_exec, "running programs", defs);
