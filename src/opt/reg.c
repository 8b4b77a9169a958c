/* Options of regular files, block devices and pipes: position, size, attributes. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "opt/family.h"
#include "sys/request.h"

/* Attributes and requests of linux/fs.h, which is not everywhere where musl is. */
#define GET_ATTRIBUTES ((unsigned)_IOR('f', 1, long))
#define SET_ATTRIBUTES ((unsigned)_IOW('f', 2, long))
enum attribute {
	ATTRIBUTE_SECRM = 0x1, ATTRIBUTE_UNRM = 0x2, ATTRIBUTE_COMPR = 0x4,
	ATTRIBUTE_SYNC = 0x8, ATTRIBUTE_IMMUTABLE = 0x10, ATTRIBUTE_APPEND = 0x20,
	ATTRIBUTE_NODUMP = 0x40, ATTRIBUTE_NOATIME = 0x80, ATTRIBUTE_JOURNAL_DATA = 0x4000,
	ATTRIBUTE_NOTAIL = 0x8000, ATTRIBUTE_DIRSYNC = 0x10000, ATTRIBUTE_TOPDIR = 0x20000
};

static int apply_seek(const struct opt_value *value, const struct opt_target *target)
{
	if (lseek(target->fd, (off_t)value->number, value->def->minor) < 0)
		return opt_failed(value, target, "lseek()");
	return 0;
}

static const char *check_size(struct opt_value *value)
{
	return value->number >= 0 ? NULL : "is negative";
}

static int apply_truncate(const struct opt_value *value, const struct opt_target *target)
{
	if (ftruncate(target->fd, (off_t)value->number) != 0)
		return opt_failed(value, target, "ftruncate()");
	return 0;
}

/* The kernel reads and writes an int, whatever the requests' names say. */
static int apply_attribute(const struct opt_value *value, const struct opt_target *target)
{
	int attributes;

	if (sys_ioctl(target->fd, GET_ATTRIBUTES, &attributes) != 0)
		return opt_failed(value, target, "ioctl(FS_IOC_GETFLAGS)");
	attributes = value->number != 0 ? attributes | value->def->minor
	                                : attributes & ~value->def->minor;
	if (sys_ioctl(target->fd, SET_ATTRIBUTES, &attributes) != 0)
		return opt_failed(value, target, "ioctl(FS_IOC_SETFLAGS)");
	return 0;
}

#define G_SEEKABLE (G_REG | G_BLK)

static const struct optdef defs[] = {
	{"lseek32-set", "lseek32", G_SEEKABLE, PH_LATE, K_OFF, apply_seek, 0, SEEK_SET, NULL, NULL},
	{"lseek32-cur", NULL, G_SEEKABLE, PH_LATE, K_OFF, apply_seek, 0, SEEK_CUR, NULL, NULL},
	{"lseek32-end", NULL, G_SEEKABLE, PH_LATE, K_OFF, apply_seek, 0, SEEK_END, NULL, NULL},
	{"lseek64-set", "lseek lseek64 seek seek-set", G_SEEKABLE, PH_LATE, K_OFF, apply_seek, 0,
	 SEEK_SET, NULL, NULL},
	{"lseek64-cur", "seek-cur", G_SEEKABLE, PH_LATE, K_OFF, apply_seek, 0, SEEK_CUR, NULL,
	 NULL},
	{"lseek64-end", "seek-end", G_SEEKABLE, PH_LATE, K_OFF, apply_seek, 0, SEEK_END, NULL,
	 NULL},
	{"ftruncate32", NULL, G_REG, PH_LATE, K_OFF, apply_truncate, 0, 0, NULL, check_size},
	{"ftruncate64", "ftruncate truncate", G_REG, PH_LATE, K_OFF, apply_truncate, 0, 0, NULL,
	 check_size},
	{"fs-append", "ext2-append ext3-append", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_APPEND, NULL, NULL},
	{"fs-compr", "compr ext2-compr ext3-compr", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_COMPR, NULL, NULL},
	{"fs-dirsync", "dirsync ext2-dirsync ext3-dirsync", G_REG, PH_FD, K_BOOL, apply_attribute,
	 0, ATTRIBUTE_DIRSYNC, NULL, NULL},
	{"fs-immutable", "ext2-immutable ext3-immutable immutable", G_REG, PH_FD, K_BOOL,
	 apply_attribute, 0, ATTRIBUTE_IMMUTABLE, NULL, NULL},
	{"fs-journal-data", "ext2-journal-data ext3-journal-data journal journal-data", G_REG,
	 PH_FD, K_BOOL, apply_attribute, 0, ATTRIBUTE_JOURNAL_DATA, NULL, NULL},
	{"fs-noatime", "ext2-noatime ext3-noatime", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_NOATIME, NULL, NULL},
	{"fs-nodump", "ext2-nodump ext3-nodump nodump", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_NODUMP, NULL, NULL},
	{"fs-notail", "ext2-notail ext3-notail notail", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_NOTAIL, NULL, NULL},
	{"fs-secrm", "ext2-secrm ext3-secrm secrm", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_SECRM, NULL, NULL},
	{"fs-sync", "ext2-sync ext3-sync", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_SYNC, NULL, NULL},
	{"fs-topdir", "ext2-topdir ext3-topdir topdir", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_TOPDIR, NULL, NULL},
	{"fs-unrm", "ext2-unrm ext3-unrm unrm", G_REG, PH_FD, K_BOOL, apply_attribute, 0,
	 ATTRIBUTE_UNRM, NULL, NULL},
};

OPT_FAMILY(opt_family_reg, "regular files and block devices", defs);

static int apply_pipe_size(const struct opt_value *value, const struct opt_target *target)
{
	if (fcntl(target->fd, F_SETPIPE_SZ, (int)value->number) < 0)
		return opt_failed(value, target, "fcntl(F_SETPIPE_SZ)");
	return 0;
}

static const struct optdef fifo_defs[] = {
	{"f-setpipe-sz", "pipesz setpipe", G_FIFO, PH_FD, K_INT, apply_pipe_size, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_fifo, "pipes", fifo_defs);
