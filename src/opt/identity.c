/* Options that change the process for good: root directory, session, user and groups. */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr/addr.h"
#include "opt/family.h"
#include "opt/process.h"

#define GROUPS_MAX 1024

/* All that becoming a user takes. */
struct identity {
	const struct spec *spec;      /* whose su-d asked for it */
	struct identity *next;
	uid_t user;
	gid_t group;
	gid_t groups[GROUPS_MAX];
	int group_count;
	char *name, *home, *shell;
};

/* The users of su-d, from before a chroot until it is their turn. A process changes its
 * identity at most once for each of its addresses, so this is never more than a few. */
static struct identity *delayed;

static const char *const permanent[] = {
	"chroot", "chroot-early", "setgid", "setgid-early", "setuid", "setuid-early",
	"substuser", "substuser-early", "substuser-delayed",
};

bool process_permanent(const struct spec *spec)
{
	for (size_t i = 0; i < sizeof permanent / sizeof *permanent; i++)
		if (spec_opt(spec, permanent[i]) != NULL)
			return true;
	return spec_flag(spec, "setsid") || spec_opt(spec, "setpgid") != NULL;
}

static void identity_free(struct identity *identity)
{
	if (identity == NULL)
		return;
	free(identity->name);
	free(identity->home);
	free(identity->shell);
	free(identity);
}

/* Look up the user, his groups and the rest. Returns NULL with an error logged. */
static struct identity *look_up(const struct opt_value *value,
                                const struct opt_target *target)
{
	struct identity *identity = calloc(1, sizeof *identity);
	struct passwd *entry = getpwuid((uid_t)value->number);

	if (identity == NULL) {
		opt_failed(value, target, "calloc()");
		return NULL;
	}
	if (entry == NULL) {
		opt_refuse(value, target, "the user has no entry in /etc/passwd, so his groups are "
		           "unknown; use setgid and setuid");
		identity_free(identity);
		return NULL;
	}
	identity->user = entry->pw_uid;
	identity->group = entry->pw_gid;
	identity->name = strdup(entry->pw_name);
	identity->home = strdup(entry->pw_dir);
	identity->shell = strdup(entry->pw_shell);
	identity->group_count = GROUPS_MAX;
	if (identity->name == NULL || identity->home == NULL || identity->shell == NULL
	    || getgrouplist(identity->name, identity->group, identity->groups,
	                    &identity->group_count) < 0) {
		opt_failed(value, target, "getgrouplist()");
		identity_free(identity);
		return NULL;
	}
	return identity;
}

/* Groups first: a user other than root can't change them any more. */
static int become(const struct identity *identity, const struct opt_value *value,
                  const struct opt_target *target)
{
	if (setgroups((size_t)identity->group_count, identity->groups) != 0)
		return opt_failed(value, target, "setgroups()");
	if (setgid(identity->group) != 0)
		return opt_failed(value, target, "setgid()");
	if (setuid(identity->user) != 0)
		return opt_failed(value, target, "setuid()");
	if (setenv("LOGNAME", identity->name, 1) != 0 || setenv("USER", identity->name, 1) != 0
	    || setenv("HOME", identity->home, 1) != 0
	    || setenv("SHELL", identity->shell, 1) != 0)
		return opt_failed(value, target, "setenv()");
	return 0;
}

/* Each of these does nothing if the option was not given. */
static int change_root(const struct spec *spec, const char *name,
                       const struct opt_target *target)
{
	const struct opt_value *value = spec_opt(spec, name);

	if (value == NULL)
		return 0;
	if (chroot(value->string) != 0)
		return opt_failed(value, target, "chroot()");
	/* Without this the former working directory would still be a way out. */
	if (chdir("/") != 0)
		return opt_failed(value, target, "chdir(\"/\")");
	return 0;
}

static int change_group(const struct spec *spec, const char *name,
                        const struct opt_target *target)
{
	const struct opt_value *value = spec_opt(spec, name);

	if (value != NULL && setgid((gid_t)value->number) != 0)
		return opt_failed(value, target, "setgid()");
	return 0;
}

static int change_user(const struct spec *spec, const char *name,
                       const struct opt_target *target)
{
	const struct opt_value *value = spec_opt(spec, name);

	if (value != NULL && setuid((uid_t)value->number) != 0)
		return opt_failed(value, target, "setuid()");
	return 0;
}

static int change_session(const struct spec *spec, const struct opt_target *target)
{
	const struct opt_value *value = spec_opt(spec, "setsid");
	const struct opt_value *group = spec_opt(spec, "setpgid");
	/* 1 is what a missing value counts as, and means a group of its own just like 0. */
	bool own_group = group != NULL && (group->number == 0 || group->number == 1);

	if (value != NULL && value->number != 0) {
		if (setsid() < 0)
			return opt_failed(value, target, "setsid()");
		/* that made a group, too, which its leader can't leave */
		if (own_group)
			return 0;
	}
	if (group != NULL && setpgid(0, own_group ? 0 : (pid_t)group->number) != 0)
		return opt_failed(group, target, "setpgid()");
	return 0;
}

/* User and groups. A group of its own replaces that of the user to become. */
static int change_identity(const struct spec *spec, struct identity *identity,
                           const struct opt_value *su, const char *group, const char *user,
                           const struct opt_target *target)
{
	if (identity == NULL) {
		if (change_group(spec, group, target) != 0)
			return -1;
	} else {
		identity->group = (gid_t)spec_number(spec, group, identity->group);
		if (become(identity, su, target) != 0)
			return -1;
	}
	return change_user(spec, user, target);
}

int process_apply_early(const struct spec *spec)
{
	const struct opt_value *early = spec_opt(spec, "substuser-early");
	const struct opt_value *later = spec_opt(spec, "substuser-delayed");
	struct opt_target target = {.fd = -1, .where = spec->text};
	struct identity *identity;
	int result = -1;

	if (later != NULL) {
		identity = look_up(later, &target);
		if (identity == NULL)
			return -1;
		identity->spec = spec;
		identity->next = delayed;
		delayed = identity;
	}
	identity = early != NULL ? look_up(early, &target) : NULL;
	if (early != NULL && identity == NULL)
		return -1;
	if (change_root(spec, "chroot-early", &target) == 0
	    && change_identity(spec, identity, early, "setgid-early", "setuid-early",
	                       &target) == 0)
		result = 0;
	identity_free(identity);
	return result;
}

/* The user that process_apply_early() remembered for the spec, now the caller's; or NULL. */
static struct identity *take_delayed(const struct spec *spec)
{
	for (struct identity **at = &delayed; *at != NULL; at = &(*at)->next)
		if ((*at)->spec == spec) {
			struct identity *found = *at;

			*at = found->next;
			return found;
		}
	return NULL;
}

int process_apply_late(const struct spec *spec)
{
	const struct opt_value *value = spec_opt(spec, "substuser-delayed");
	struct opt_target target = {.fd = -1, .where = spec->text};
	struct identity *identity = take_delayed(spec);
	int result = -1;

	if (value == NULL)
		value = spec_opt(spec, "substuser");
	if (value != NULL && identity == NULL) {
		identity = look_up(value, &target);
		if (identity == NULL)
			return -1;
	}
	if (change_session(spec, &target) == 0
	    && change_root(spec, "chroot", &target) == 0
	    && change_identity(spec, identity, value, "setgid", "setuid", &target) == 0)
		result = 0;
	identity_free(identity);
	return result;
}
