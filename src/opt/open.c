/* Options that are flags of open(2). Some of them are options of every descriptor too and
 * defined there (fd.c): append, async, noatime, nonblock. */
#include <fcntl.h>
#include <string.h>

#include "addr/addr.h"
#include "opt/family.h"
#include "opt/file.h"

/* The flag is minor. */
static const struct optdef defs[] = {
	{"o-creat", "creat create o-create o_creat o_create", G_OPEN, PH_OPEN, K_BOOL, NULL, 0,
	 O_CREAT, NULL, NULL},
	{"o-direct", "direct o_direct", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_DIRECT, NULL, NULL},
	{"o-directory", "directory o_directory", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_DIRECTORY,
	 NULL, NULL},
	{"o-dsync", "dsync o_dsync", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_DSYNC, NULL, NULL},
	{"o-excl", "excl o_excl", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_EXCL, NULL, NULL},
	{"o-largefile", "largefile o_largefile", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_LARGEFILE,
	 NULL, NULL},
	{"o-noctty", "noctty o_noctty", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_NOCTTY, NULL, NULL},
	{"o-nofollow", "nofollow o_nofollow", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_NOFOLLOW, NULL,
	 NULL},
	{"o-rdonly", "o_rdonly rdonly", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_RDONLY, NULL, NULL},
	{"o-rdwr", "o_rdwr rdwr", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_RDWR, NULL, NULL},
	{"o-rsync", "o_rsync rsync", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_RSYNC, NULL, NULL},
	{"o-sync", "o_sync sync", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_SYNC, NULL, NULL},
	{"o-trunc", "trunc", G_OPEN, PH_LATE, K_BOOL, NULL, 0, O_TRUNC, NULL, NULL},
	{"o-wronly", "o_wronly wronly", G_OPEN, PH_OPEN, K_BOOL, NULL, 0, O_WRONLY, NULL, NULL},
};

OPT_FAMILY(opt_family_open, "opening files", defs);

static bool is_access(const char *name)
{
	return strcmp(name, "o-rdonly") == 0 || strcmp(name, "o-wronly") == 0
	       || strcmp(name, "o-rdwr") == 0;
}

/* One of the flags of every descriptor that open(2) takes as well. */
static bool is_fd_flag(const char *name)
{
	return strcmp(name, "append") == 0 || strcmp(name, "async") == 0
	       || strcmp(name, "o-noatime") == 0 || strcmp(name, "o-nonblock") == 0;
}

static int access_mode(int direction)
{
	if (direction == ADDR_READ)
		return O_RDONLY;
	return direction == ADDR_WRITE ? O_WRONLY : O_RDWR;
}

int open_flags(const struct spec *spec, int flags)
{
	flags = (flags & ~O_ACCMODE) | O_CLOEXEC | O_NOCTTY | access_mode(spec->direction);
	for (size_t i = 0; i < spec->opt_count; i++) {
		const struct optdef *def = spec->opts[i].def;
		bool on = spec->opts[i].number != 0;
		bool ours = def >= defs && def < defs + sizeof defs / sizeof *defs;

		if (!ours && !is_fd_flag(def->name))
			continue;
		if (!is_access(def->name))
			flags = on ? flags | def->minor : flags & ~def->minor;
		else if (on)
			flags = (flags & ~O_ACCMODE) | def->minor;
	}
	return flags;
}

mode_t open_mode(const struct spec *spec)
{
	return (mode_t)spec_number(spec, "perm", 0666);
}
