/* STDIO, STDIN, STDOUT, STDERR and FD: descriptors that were there before us.
 *
 * They belong to other processes too, so O_NONBLOCK must not be set on them. For pipes and
 * terminals an open file description of our own is taken from /proc/self/fd where that is
 * allowed; otherwise the channel looks before each call (chan/fd.c).
 */
#include "addr/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/open.h"
#include "addr/types.h"
#include "sys/error.h"
#include "sys/log.h"

#define GROUPS (G_FD | G_FIFO | G_CHR | G_BLK | G_REG | G_SOCKET | G_TERMIOS | G_UNIX | G_IP4 | \
                G_IP6 | G_UDP | G_TCP | G_SCTP | G_DCCP | G_UDPLITE)

int stdio_descriptor(int fd, int mode, bool *blocks)
{
	bool waits = false;
	char path[64];
	struct stat st;
	int own = -1;

	if (fcntl(fd, F_GETFL) & O_PATH) {
		errno = EBADF;   /* it was closed: see main.c */
		return -1;
	}
	if (fstat(fd, &st) == 0)
		waits = S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) || S_ISSOCK(st.st_mode);
	waits = waits && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
	if (waits && (S_ISFIFO(st.st_mode) || isatty(fd))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	if (own >= 0)
		return own;
	*blocks |= waits;
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* Descriptors of our own for the user's; -1 stays -1. Returns 0, or -1 with errno set. */
static int take_descriptors(int read_fd, int write_fd, struct fd_settings *settings)
{
	int mode = read_fd >= 0 && read_fd == write_fd ? O_RDWR : O_RDONLY;

	settings->read_fd = settings->write_fd = -1;
	if (read_fd >= 0) {
		settings->read_fd = stdio_descriptor(read_fd, mode, &settings->may_block);
		if (settings->read_fd < 0)
			return -1;
	}
	if (write_fd >= 0 && write_fd == read_fd) {
		settings->write_fd = settings->read_fd;
	} else if (write_fd >= 0) {
		settings->write_fd = stdio_descriptor(write_fd, O_WRONLY, &settings->may_block);
		if (settings->write_fd < 0) {
			close(settings->read_fd);
			return -1;
		}
	}
	return 0;
}

/* The settings are for both sides: two terminals, or the same twice. */
static int set_output_terminal(const struct spec *spec, int fd, struct closer **keeper)
{
	struct opt_target target = { .fd = fd, .where = spec->text };

	if (keep_terminal(spec, fd, keeper) < 0)
		return -1;
	return opts_apply_terminal(spec->opts, spec->opt_count, &target);
}

struct channel *stdio_channel(const struct spec *spec, int read_fd, int write_fd)
{
	struct fd_settings settings = { .finish = FINISH_NONE };
	struct channel *channel = NULL;
	struct closer *keeper = NULL, *second = NULL;
	int any = read_fd >= 0 ? read_fd : write_fd;
	struct stat st;

	if (keep_terminal(spec, any, &keeper) < 0 || spec_apply(spec, PH_FD, any, NULL) < 0 ||
	    (read_fd != write_fd && read_fd >= 0 && write_fd >= 0 &&
	     set_output_terminal(spec, write_fd, &second) < 0) ||
	    spec_apply(spec, PH_LATE, any, NULL) < 0) {
		closer_run(second);
		closer_run(keeper);
		return NULL;
	}
	take_terminal(spec, any);
	if (fstat(any, &st) == 0 && S_ISSOCK(st.st_mode) && read_fd == write_fd)
		settings.finish = FINISH_SOCKET;
	fd_settings_from(spec, &settings);
	if (take_descriptors(read_fd, write_fd, &settings) == 0)
		channel = fd_channel_new(&settings);
	if (channel == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		closer_run(second);
		closer_run(keeper);
		return NULL;
	}
	channel_on_close(channel, keeper);
	channel_on_close(channel, second);
	/* messages name the user's numbers */
	channel->read_fd = read_fd >= 0 ? read_fd : write_fd;
	channel->write_fd = write_fd >= 0 ? write_fd : read_fd;
	return channel;
}

static void open_descriptors(const struct spec *spec, int read_fd, int write_fd,
                             const struct open_request *request)
{
	open_done(request, stdio_channel(spec, read_fd, write_fd));
}

static const char *purpose(int direction)
{
	return direction == ADDR_READ ? "reading" : direction == ADDR_WRITE ? "writing"
	                                                              : "reading and writing";
}

static struct opening *open_stdio(const struct spec *spec, const struct open_request *request)
{
	if (request->direction == ADDR_BOTH)
		log_notice("reading from and writing to stdio");
	else
		log_notice("using %s for %s", request->direction == ADDR_READ ? "stdin" : "stdout",
		           purpose(request->direction));
	open_descriptors(spec, request->direction & ADDR_READ ? STDIN_FILENO : -1,
	                 request->direction & ADDR_WRITE ? STDOUT_FILENO : -1, request);
	return NULL;
}

static void open_one(const struct spec *spec, int fd, const char *name,
                     const struct open_request *request)
{
	log_notice("using %s for %s", name, purpose(request->direction));
	open_descriptors(spec, request->direction & ADDR_READ ? fd : -1,
	                 request->direction & ADDR_WRITE ? fd : -1, request);
}

static struct opening *open_stdin(const struct spec *spec, const struct open_request *request)
{
	return open_one(spec, STDIN_FILENO, "stdin", request), NULL;
}

static struct opening *open_stdout(const struct spec *spec, const struct open_request *request)
{
	return open_one(spec, STDOUT_FILENO, "stdout", request), NULL;
}

static struct opening *open_stderr(const struct spec *spec, const struct open_request *request)
{
	return open_one(spec, STDERR_FILENO, "stderr", request), NULL;
}

static int fd_number(const char *text)
{
	char *end;
	long number;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtol(text, &end, 0);
	return *end != '\0' || errno != 0 || number > 1048576 ? -1 : (int)number;
}

static int check_fd(const struct spec *spec)
{
	int fd = fd_number(spec->params[0]);

	if (fd < 0) {
		log_error("%s: error in FD number \"%.40s\": must be the number of an open descriptor",
		          spec->text, spec->params[0]);
		return -1;
	}
	if (fcntl(fd, F_GETFD) < 0) {
		log_error("%s: file descriptor %d is not open: %s", spec->text, fd, error_text(errno));
		return -1;
	}
	return 0;
}

static struct opening *open_fd(const struct spec *spec, const struct open_request *request)
{
	char name[32];

	snprintf(name, sizeof(name), "file descriptor %d", fd_number(spec->params[0]));
	open_one(spec, fd_number(spec->params[0]), name, request);
	return NULL;
}

const struct addr_type addr_type_stdio = {
	.name = "STDIO", .aliases = "-", .syntax = "", .feature = "WITH_STDIO", .groups = GROUPS,
	.directions = ADDR_BOTH, .open = open_stdio,
};
const struct addr_type addr_type_stdin = {
	.name = "STDIN", .syntax = "", .feature = "WITH_STDIO", .groups = GROUPS,
	.directions = ADDR_READ, .open = open_stdin,
};
const struct addr_type addr_type_stdout = {
	.name = "STDOUT", .syntax = "", .feature = "WITH_STDIO", .groups = GROUPS,
	.directions = ADDR_WRITE, .open = open_stdout,
};
const struct addr_type addr_type_stderr = {
	.name = "STDERR", .syntax = "", .feature = "WITH_STDIO", .groups = GROUPS,
	.directions = ADDR_WRITE, .open = open_stderr,
};
const struct addr_type addr_type_fd = {
	.name = "FD", .syntax = ":<fdnum>", .feature = "WITH_FDNUM", .min_params = 1,
	.max_params = 1, .groups = GROUPS, .directions = ADDR_BOTH, .check = check_fd,
	.open = open_fd,
};
