/* Options of every file descriptor, however it came to be: flags, locks, owner and
 * permissions, ioctl(2), and how the channel is ended. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "opt/family.h"
#include "sys/request.h"

/* Set or clear a file status flag (minor). */
static int apply_status_flag(const struct opt_value *value, const struct opt_target *target)
{
	int flags = fcntl(target->fd, F_GETFL);

	if (flags < 0)
		return opt_failed(value, target, "fcntl(F_GETFL)");
	flags = value->number != 0 ? flags | value->def->minor : flags & ~value->def->minor;
	if (fcntl(target->fd, F_SETFL, flags) != 0)
		return opt_failed(value, target, "fcntl(F_SETFL)");
	return 0;
}

static int apply_cloexec(const struct opt_value *value, const struct opt_target *target)
{
	int flags = fcntl(target->fd, F_GETFD);

	if (flags < 0)
		return opt_failed(value, target, "fcntl(F_GETFD)");
	flags = value->number != 0 ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
	if (fcntl(target->fd, F_SETFD, flags) != 0)
		return opt_failed(value, target, "fcntl(F_SETFD)");
	return 0;
}

/* A lock on the whole file: major is the command, minor the type. */
static int apply_lock(const struct opt_value *value, const struct opt_target *target)
{
	struct flock lock = {.l_type = (short)value->def->minor, .l_whence = SEEK_SET};

	if (value->number == 0)
		return 0;
	while (fcntl(target->fd, value->def->major, &lock) != 0)
		if (errno != EINTR)
			return opt_failed(value, target, "fcntl() lock");
	return 0;
}

static int apply_flock(const struct opt_value *value, const struct opt_target *target)
{
	if (value->number == 0)
		return 0;
	while (flock(target->fd, value->def->minor) != 0)
		if (errno != EINTR)
			return opt_failed(value, target, "flock()");
	return 0;
}

#define LEAVE ((uid_t)-1)

/* Where there is a file system entry it is meant, not the descriptor: changing a UNIX
 * socket's descriptor would change nothing that others see. */
static int change_owner(const struct opt_value *value, const struct opt_target *target,
                        const char *path, uid_t user, gid_t group)
{
	if (path != NULL && chown(path, user, group) != 0)
		return opt_failed(value, target, "chown()");
	if (path == NULL && fchown(target->fd, user, group) != 0)
		return opt_failed(value, target, "fchown()");
	return 0;
}

static int apply_user(const struct opt_value *value, const struct opt_target *target)
{
	return change_owner(value, target, target->path, (uid_t)value->number, LEAVE);
}

static int apply_group(const struct opt_value *value, const struct opt_target *target)
{
	return change_owner(value, target, target->path, LEAVE, (gid_t)value->number);
}

static int apply_user_late(const struct opt_value *value, const struct opt_target *target)
{
	return change_owner(value, target, NULL, (uid_t)value->number, LEAVE);
}

static int apply_group_late(const struct opt_value *value, const struct opt_target *target)
{
	return change_owner(value, target, NULL, LEAVE, (gid_t)value->number);
}

/* What open(2) made has its permissions, less the umask; and a file that was there before
 * keeps its own. */
static int apply_perm(const struct opt_value *value, const struct opt_target *target)
{
	if (target->made)
		return 0;
	if (target->path != NULL && chmod(target->path, (mode_t)value->number) != 0)
		return opt_failed(value, target, "chmod()");
	if (target->path == NULL && fchmod(target->fd, (mode_t)value->number) != 0)
		return opt_failed(value, target, "fchmod()");
	return 0;
}

static int apply_perm_late(const struct opt_value *value, const struct opt_target *target)
{
	if (fchmod(target->fd, (mode_t)value->number) != 0)
		return opt_failed(value, target, "fchmod()");
	return 0;
}

/* An option's number carries the bits of a request. */
static int apply_ioctl_void(const struct opt_value *value, const struct opt_target *target)
{
	if (sys_ioctl(target->fd, (unsigned)value->number, NULL) < 0)
		return opt_failed(value, target, "ioctl()");
	return 0;
}

static int apply_ioctl_int(const struct opt_value *value, const struct opt_target *target)
{
	if (sys_ioctl(target->fd, (unsigned)value->ints[0], (void *)(intptr_t)value->ints[1]) < 0)
		return opt_failed(value, target, "ioctl()");
	return 0;
}

static int apply_ioctl_intp(const struct opt_value *value, const struct opt_target *target)
{
	int number = value->ints[1];

	if (sys_ioctl(target->fd, (unsigned)value->ints[0], &number) < 0)
		return opt_failed(value, target, "ioctl()");
	return 0;
}

/* The kernel may write its answer where the data is: on a copy, as values never change. */
static int apply_ioctl_bytes(const struct opt_value *value, const struct opt_target *target)
{
	unsigned char copy[1024] = {0};

	if (value->data.length > sizeof copy) {
		errno = E2BIG;
		return opt_failed(value, target, "ioctl()");
	}
	memcpy(copy, value->data.bytes, value->data.length);
	if (sys_ioctl(target->fd, (unsigned)value->ints[0], copy) < 0)
		return opt_failed(value, target, "ioctl()");
	return 0;
}

static const struct optdef defs[] = {
	{"append", "o-append", G_FD | G_OPEN, PH_LATE, K_BOOL, apply_status_flag, 0, O_APPEND,
	 NULL, NULL},
	{"async", "o-async", G_FD | G_OPEN, PH_LATE, K_BOOL, apply_status_flag, 0, O_ASYNC, NULL,
	 NULL},
	{"o-noatime", "noatime", G_FD | G_OPEN, PH_FD, K_BOOL, apply_status_flag, 0, O_NOATIME,
	 NULL, NULL},
	/* Channels decide by themselves how they wait; opening a named pipe and connecting look
	 * this up. */
	{"o-nonblock", "ndelay nonblock o-ndelay o_ndelay", G_FD | G_OPEN, PH_FD, K_BOOL, NULL, 0,
	 O_NONBLOCK, NULL, NULL},
	{"cloexec", NULL, G_FD, PH_LATE, K_BOOL, apply_cloexec, 0, 0, NULL, NULL},
	{"f-setlk-rd", "setlk-rd", G_FD, PH_FD, K_BOOL, apply_lock, F_SETLK, F_RDLCK, NULL, NULL},
	{"f-setlk-wr", "f-setlk setlk setlk-wr", G_FD, PH_FD, K_BOOL, apply_lock, F_SETLK, F_WRLCK,
	 NULL, NULL},
	{"f-setlkw-rd", "setlkw-rd", G_FD, PH_FD, K_BOOL, apply_lock, F_SETLKW, F_RDLCK, NULL,
	 NULL},
	{"f-setlkw-wr", "f-setlkw lock lockw setlkw setlkw-wr", G_FD, PH_FD, K_BOOL, apply_lock,
	 F_SETLKW, F_WRLCK, NULL, NULL},
	{"flock-ex", "flock", G_FD, PH_FD, K_BOOL, apply_flock, 0, LOCK_EX, NULL, NULL},
	{"flock-ex-nb", "flock-nb", G_FD, PH_FD, K_BOOL, apply_flock, 0, LOCK_EX | LOCK_NB, NULL,
	 NULL},
	{"flock-sh", NULL, G_FD, PH_FD, K_BOOL, apply_flock, 0, LOCK_SH, NULL, NULL},
	{"flock-sh-nb", NULL, G_FD, PH_FD, K_BOOL, apply_flock, 0, LOCK_SH | LOCK_NB, NULL, NULL},
	{"user", "owner uid", G_FD | G_NAMED, PH_FD, K_UID, apply_user, 0, 0, NULL, NULL},
	{"user-late", "uid-l", G_FD, PH_LATE, K_UID, apply_user_late, 0, 0, NULL, NULL},
	{"group", "gid", G_FD | G_NAMED, PH_FD, K_GID, apply_group, 0, 0, NULL, NULL},
	{"group-late", "gid-l", G_FD, PH_LATE, K_GID, apply_group_late, 0, 0, NULL, NULL},
	{"perm", "mode", G_FD | G_NAMED, PH_FD, K_MODE, apply_perm, 0, 0, NULL, NULL},
	{"perm-late", NULL, G_FD, PH_LATE, K_MODE, apply_perm_late, 0, 0, NULL, NULL},
	{"ioctl-void", "ioctl", G_FD, PH_FD, K_INT, apply_ioctl_void, 0, 0, NULL, NULL},
	{"ioctl-int", NULL, G_FD, PH_FD, K_INT_INT, apply_ioctl_int, 0, 0, NULL, NULL},
	{"ioctl-intp", NULL, G_FD, PH_FD, K_INT_INTP, apply_ioctl_intp, 0, 0, NULL, NULL},
	{"ioctl-bin", NULL, G_FD, PH_FD, K_INT_BIN, apply_ioctl_bytes, 0, 0, NULL, NULL},
	{"ioctl-string", NULL, G_FD, PH_FD, K_INT_STRING, apply_ioctl_bytes, 0, 0, NULL, NULL},
	{"cool-write", "coolwrite", G_FD, PH_INIT, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"end-close", "close", G_FD, PH_OFFSET, K_CONST, NULL, 0, 0, NULL, NULL},
	{"shut-none", NULL, G_FD, PH_OFFSET, K_CONST, NULL, 0, 0, NULL, NULL},
	{"shut-down", NULL, G_FD, PH_OFFSET, K_CONST, NULL, 0, 0, NULL, NULL},
	{"shut-close", NULL, G_FD, PH_OFFSET, K_CONST, NULL, 0, 0, NULL, NULL},
	{"shut-null", NULL, G_FD, PH_OFFSET, K_CONST, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_fd, "file descriptors", defs);
