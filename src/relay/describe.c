#include "relay/describe.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return "file";
	case S_IFDIR: return "dir";
	case S_IFIFO: return "pipe";
	case S_IFSOCK: return "socket";
	case S_IFCHR: return "chrdev";
	case S_IFBLK: return "blkdev";
	default: return "other";
	}
}

static void describe(int fd)
{
	char path[64], target[256];
	struct stat st;
	ssize_t length;

	if (fstat(fd, &st) < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	fprintf(stderr, "%4d: %s\t%u,%u\t%llu\t%07o\t%lu\t%u\t%u\t%lld\t%d\tx%06x\t%s\n", fd,
	        kind(st.st_mode), major(st.st_dev), minor(st.st_dev),
	        (unsigned long long)st.st_ino, (unsigned)st.st_mode, (unsigned long)st.st_nlink,
	        (unsigned)st.st_uid, (unsigned)st.st_gid, (long long)st.st_size,
	        fcntl(fd, F_GETFD) & FD_CLOEXEC ? 1 : 0, (unsigned)fcntl(fd, F_GETFL), target);
}

void describe_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	fprintf(stderr, "  FD  type\tdevice\tinode\tmode\tlinks\tuid\tgid\tsize\tcloexec\tflags\tname\n");
	if (directory == NULL) {
		for (int fd = 0; fd < 256; fd++)
			describe(fd);
		return;
	}
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.') {
			int fd = (int)strtol(entry->d_name, NULL, 10);

			if (fd != dirfd(directory))
				describe(fd);
		}
	closedir(directory);
}
