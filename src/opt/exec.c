/* Options of addresses that run programs, and of pseudo terminals. They are all looked up where the program is
 * started, or the terminal is made. */
#include "opt/family.h"

static const char *check_interval(struct opt_value *value)
{
	return value->number > 0 ? NULL : "is no time to wait";
}

static const char *check_link(struct opt_value *value)
{
	return value->string[0] != '\0' ? NULL : "is not a file name";
}

static const struct optdef defs[] = {
	{"path", NULL, G_EXEC, PH_PREEXEC, K_STRING, NULL, 0, 0, NULL, NULL},
	{"dash", "login", G_EXEC, PH_PREEXEC, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"nofork", NULL, G_FORK, PH_BIGEN, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"pipes", NULL, G_FORK, PH_BIGEN, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"pty", NULL, G_FORK, PH_BIGEN, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"fdin", NULL, G_FORK, PH_PASTBIGEN, K_USHORT, NULL, 0, 0, NULL, NULL},
	{"fdout", NULL, G_FORK, PH_PASTBIGEN, K_USHORT, NULL, 0, 0, NULL, NULL},
	{"stderr", NULL, G_FORK, PH_PASTFORK, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"setpgid", "pgid", G_FORK, PH_LATE, K_INT, NULL, 0, 0, NULL, NULL},
	{"sighup", NULL, G_PARENT, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"sigint", NULL, G_PARENT, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"sigquit", NULL, G_PARENT, PH_LATE, K_CONST, NULL, 0, 0, NULL, NULL},
	{"shell", NULL, G_SHELL, PH_PREEXEC, K_STRING, NULL, 0, 0, NULL, NULL},
	{"openpty", NULL, G_PTY, PH_BIGEN, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"ptmx", NULL, G_PTY, PH_BIGEN, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"pty-interval", "pty-intervall", G_PTY, PH_EARLY, K_TIME, NULL, 0, 0, NULL, check_interval},
	{"pty-wait-slave", "wait-slave waitslave", G_PTY, PH_EARLY, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"sitout-eio", NULL, G_PTY, PH_OFFSET, K_TIME, NULL, 0, 0, NULL, NULL},
	{"symbolic-link", "link", G_PTY, PH_LATE, K_STRING, NULL, 0, 0, NULL, check_link},
};

OPT_FAMILY(opt_family_exec, "running programs", defs);
