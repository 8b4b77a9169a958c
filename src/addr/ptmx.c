#include "addr/ptmx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/named.h"
#include "addr/open.h"
#include "chan/pty.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/request.h"

static int open_master(void)
{
	int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, fd = open("/dev/ptmx", flags);

	/* a file system of devices of one's own may lack the former */
	return fd >= 0 || errno != ENOENT ? fd : open("/dev/pts/ptmx", flags);
}

/* By the master: the name may not be there, or mean something else (chroot, another mount).
 * Kernels before 4.13 only have the name. */
static int open_slave(int master, const char *name)
{
	int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
	int fd = sys_ioctl(master, TIOCGPTPEER, (void *)(intptr_t)flags);

	return fd >= 0 || (errno != EINVAL && errno != ENOTTY) ? fd : open(name, flags);
}

int ptmx_open(const struct spec *spec, int *master, int *slave, char name[PTMX_NAME])
{
	const char *call = "open(\"/dev/ptmx\")";
	unsigned number = 0;
	int unlock = 0;

	*master = open_master();
	if (*master < 0)
		goto failed;
	call = "ioctl(TIOCGPTN)";
	if (sys_ioctl(*master, TIOCGPTN, &number) < 0 ||
	    sys_ioctl(*master, TIOCSPTLCK, &unlock) < 0)
		goto close_master;
	snprintf(name, PTMX_NAME, "/dev/pts/%u", number);
	call = name;
	*slave = open_slave(*master, name);
	if (*slave < 0)
		goto close_master;
	log_info("opened pseudo terminal \"%s\", fds %d and %d", name, *master, *slave);
	return 0;
close_master:
	close(*master);
failed:
	log_error("%s: no pseudo terminal: %s: %s", spec->text, call,
	          errno == ENOSPC ? "all are in use (/proc/sys/kernel/pty/max)" : error_text(errno));
	return -1;
}

/* Returns 0, or -1 with errno set. */
static int make_link(const char *name, const char *path)
{
	struct stat st;

	if (symlink(name, path) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && unlink(path) == 0)
		return symlink(name, path);
	errno = EEXIST;
	return -1;
}

int ptmx_link(const struct spec *spec, const char *name, struct closer **closer)
{
	const char *path = spec_string(spec, "symbolic-link");
	struct process_frame frame;
	int rc;

	*closer = NULL;
	if (path == NULL)
		return 0;
	if (process_enter(spec, &frame) < 0)
		return -1;
	rc = named_before(spec, path);
	if (rc == 0 && (rc = make_link(name, path)) < 0)
		log_error("%s: symlink(\"%s\", \"%s\"): %s%s", spec->text, name, path,
		          error_text(errno),
		          errno == EEXIST ? "; option unlink-early removes what is there" : "");
	if (rc == 0)
		*closer = named_link_closer(spec, path, name);
	if (rc == 0)
		named_after(spec, path);
	process_leave(&frame);
	return rc;
}

struct channel *ptmx_channel(const struct spec *spec, int master, int slave, int direction)
{
	struct fd_settings settings = { .finish = FINISH_NONE };
	struct channel *below, *channel;

	fd_settings_from(spec, &settings);
	settings.read_fd = direction & ADDR_READ ? master : -1;
	settings.write_fd = direction & ADDR_WRITE ? master : -1;
	below = fd_channel_new(&settings);
	if (below != NULL) {
		below->read_fd = below->write_fd = master;
		channel = pty_channel_new(below, slave, spec_number(spec, "sitout-eio", 0));
		if (channel != NULL)
			return channel;
		log_error("%s: %s", spec->text, error_text(errno));
		channel_free(below);
	} else {
		log_error("%s: %s", spec->text, error_text(errno));
		close(master);
	}
	if (slave >= 0)
		close(slave);
	return NULL;
}
