/* Options of addresses with a file system entry: what is done to the entry before and after
 * it is opened. Those that act before leave an entry alone that does not exist yet. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "opt/family.h"

static bool exists(const char *path)
{
	struct stat status;

	return path != NULL && lstat(path, &status) == 0;
}

static int apply_user_early(const struct opt_value *value, const struct opt_target *target)
{
	if (exists(target->path) && chown(target->path, (uid_t)value->number, (gid_t)-1) != 0)
		return opt_failed(value, target, "chown()");
	return 0;
}

static int apply_group_early(const struct opt_value *value, const struct opt_target *target)
{
	if (exists(target->path) && chown(target->path, (uid_t)-1, (gid_t)value->number) != 0)
		return opt_failed(value, target, "chown()");
	return 0;
}

static int apply_perm_early(const struct opt_value *value, const struct opt_target *target)
{
	if (exists(target->path) && chmod(target->path, (mode_t)value->number) != 0)
		return opt_failed(value, target, "chmod()");
	return 0;
}

static int apply_unlink(const struct opt_value *value, const struct opt_target *target)
{
	if (value->number == 0 || target->path == NULL)
		return 0;
	if (unlink(target->path) != 0 && errno != ENOENT)
		return opt_failed(value, target, "unlink()");
	return 0;
}

static const struct optdef defs[] = {
	{"user-early", "uid-e", G_NAMED, PH_PREOPEN, K_UID, apply_user_early, 0, 0, NULL, NULL},
	{"group-early", "gid-e", G_NAMED, PH_PREOPEN, K_GID, apply_group_early, 0, 0, NULL, NULL},
	{"perm-early", NULL, G_NAMED, PH_PREOPEN, K_MODE, apply_perm_early, 0, 0, NULL, NULL},
	{"unlink-early", "new", G_NAMED, PH_EARLY, K_BOOL, apply_unlink, 0, 0, NULL, NULL},
	{"unlink", "delete remove", G_NAMED, PH_PREOPEN, K_BOOL, apply_unlink, 0, 0, NULL, NULL},
	{"unlink-late", NULL, G_NAMED, PH_PASTOPEN, K_BOOL, apply_unlink, 0, 0, NULL, NULL},
	{"unlink-close", NULL, G_NAMED, PH_LATE, K_BOOL, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_named, "file system entries", defs);
