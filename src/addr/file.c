/* OPEN, CREATE and GOPEN: entries of the file system; and what PIPE shares with them.
 *
 * A named pipe that nobody has at its other end must not block the loop. Opened for reading
 * it is opened at once and waited for: the first writer brings an event. Opened for writing
 * it is tried again until there is a reader.
 */
#include "addr/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/named.h"
#include "addr/types.h"
#include "addr/unix.h"
#include "addr/unix_name.h"
#include "loop/loop.h"
#include "opt/file.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

#define READER_INTERVAL (NANOSECONDS / 20)

struct file_opening {
	struct opening base;
	const struct spec *spec;
	struct file_request file;
	struct open_request request;
	struct watch watch;
	struct timer timer;
	int fd;
	bool created;              /* we made the named pipe */
};

static void finish(struct file_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	timer_stop(&o->timer);
	opening_over(&o->base);
	open_done(&request, channel);
}

static void opened(struct file_opening *o)
{
	const struct spec *spec = o->spec;
	const char *path = o->file.path;
	struct fd_settings settings = { .read_fd = o->fd, .write_fd = o->fd,
	                                .finish = FINISH_NONE };
	struct channel *channel = NULL;
	struct closer *keeper;

	if (keep_terminal(spec, o->fd, &keeper) < 0 ||
	    spec_apply(spec, PH_PASTOPEN, o->fd, path) < 0 ||
	    spec_apply(spec, PH_FD, o->fd, path) < 0 || spec_apply(spec, PH_LATE, o->fd, path) < 0)
		goto failed;
	named_after(spec, path);
	take_terminal(spec, o->fd);
	if (!(o->request.direction & ADDR_READ))
		settings.finish = FINISH_CLOSE;
	fd_settings_from(spec, &settings);
	if (!(o->request.direction & ADDR_READ))
		settings.read_fd = -1;
	if (!(o->request.direction & ADDR_WRITE))
		settings.write_fd = -1;
	channel = fd_channel_new(&settings);
	if (channel == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		goto failed;
	}
	channel->read_fd = channel->write_fd = o->fd;
	channel_on_close(channel, keeper);
	channel_on_close(channel, named_closer(spec, path, o->created));
	finish(o, channel);
	return;
failed:
	closer_run(keeper);
	close(o->fd);
	finish(o, NULL);
}

static void writer_came(struct watch *watch)
{
	struct file_opening *o = (struct file_opening *)((char *)watch -
	                                                 offsetof(struct file_opening, watch));

	watch_stop(watch);
	opened(o);
}

static void try_open(struct file_opening *o);

static void again(struct timer *timer)
{
	try_open((struct file_opening *)((char *)timer - offsetof(struct file_opening, timer)));
}

static void failed(struct file_opening *o, int flags, int error)
{
	log_error("%s: open(\"%s\", 0%o): %s", o->spec->text, o->file.path,
	          (unsigned)(flags & ~(O_CLOEXEC | O_NONBLOCK)), error_text(error));
	finish(o, NULL);
}

/* Called between process_enter() and process_leave(). */
static int open_entry(struct file_opening *o, int flags)
{
	if (o->file.create_pipe && mkfifo(o->file.path, open_mode(o->spec)) == 0)
		log_notice("created named pipe \"%s\"", o->file.path), o->created = true;
	else if (o->file.create_pipe && errno != EEXIST)
		return -1;
	return open(o->file.path, flags, open_mode(o->spec));
}

static void try_open(struct file_opening *o)
{
	bool own_choice = spec_flag(o->spec, "o-nonblock");
	struct process_frame frame;
	struct stat st;
	int flags = o->file.flags | O_NONBLOCK, error;

	if (process_enter(o->spec, &frame) < 0) {
		finish(o, NULL);
		return;
	}
	o->fd = open_entry(o, flags);
	error = errno;
	process_leave(&frame);
	if (o->fd < 0 && error == ENXIO && !own_choice && (flags & O_ACCMODE) == O_WRONLY) {
		timer_start(&o->timer, READER_INTERVAL, again);
		return;
	}
	if (o->fd < 0) {
		failed(o, flags, error);
		return;
	}
	if ((flags & O_ACCMODE) == O_RDONLY && !own_choice && fstat(o->fd, &st) == 0 &&
	    S_ISFIFO(st.st_mode) && watch_start(&o->watch, o->fd, writer_came) == 0)
		return;
	opened(o);
}

static void cancel(struct opening *opening)
{
	struct file_opening *o = (struct file_opening *)opening;

	timer_stop(&o->timer);
	watch_stop(&o->watch);
	if (o->fd >= 0)
		close(o->fd);
	opening_over(opening);
}

struct opening *file_open(const struct spec *spec, const struct file_request *file,
                          const struct open_request *request)
{
	struct file_opening *o = opening_new(spec, request, sizeof(*o), cancel);

	if (o == NULL)
		return NULL;
	o->spec = spec;
	o->file = *file;
	o->request = *request;
	o->fd = -1;
	if (named_before(spec, file->path) < 0)
		finish(o, NULL);
	else
		try_open(o);
	return opening_handle(&o->base);
}

const char *file_kind(const char *path, struct stat *st)
{
	struct stat own;

	if (st == NULL)
		st = &own;
	if (stat(path, st) < 0) {
		st->st_mode = 0;
		return "file";
	}
	return S_ISREG(st->st_mode) ? "regular file" : S_ISFIFO(st->st_mode) ? "named pipe"
	       : S_ISCHR(st->st_mode) ? "character device" : S_ISBLK(st->st_mode) ? "block device"
	       : S_ISDIR(st->st_mode) ? "directory" : S_ISSOCK(st->st_mode) ? "socket" : "file";
}

const char *file_purpose(int direction)
{
	return direction == ADDR_READ ? "reading" : direction == ADDR_WRITE ? "writing"
	                                                              : "reading and writing";
}

static int check_path(const struct spec *spec)
{
	if (spec->params[0][0] != '\0')
		return 0;
	log_error("%s: the file name is missing", spec->text);
	return -1;
}

static struct opening *open_open(const struct spec *spec, const struct open_request *request)
{
	const char *path = spec->params[0];
	struct file_request file = { .path = path, .flags = open_flags(spec, 0) };

	log_notice("opening %s \"%s\" for %s", file_kind(path, NULL), path,
	           file_purpose(request->direction));
	return file_open(spec, &file, request);
}

static struct opening *open_create(const struct spec *spec, const struct open_request *request)
{
	struct file_request file = { .path = spec->params[0],
	                             .flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	                                      O_NOCTTY };

	log_notice("creating regular file \"%s\" for writing", file.path);
	return file_open(spec, &file, request);
}

static struct opening *open_gopen(const struct spec *spec, const struct open_request *request)
{
	struct file_request file = { .path = spec->params[0] };
	struct stat st;
	const char *kind = file_kind(file.path, &st);

	if (S_ISSOCK(st.st_mode))
		return unix_open(spec, file.path, request);
	if (S_ISDIR(st.st_mode)) {
		log_error("%s: open(\"%s\"): %s", spec->text, file.path, error_text(EISDIR));
		open_done(request, NULL);
		return NULL;
	}
	file.flags = open_flags(spec, st.st_mode != 0 ? O_APPEND : O_CREAT);
	/* nothing is made just to read it */
	if (request->direction == ADDR_READ)
		file.flags &= ~(O_CREAT | O_APPEND);
	log_notice("opening %s \"%s\" for %s", kind, file.path, file_purpose(request->direction));
	return file_open(spec, &file, request);
}

static int check_gopen(const struct spec *spec)
{
	return check_path(spec) < 0 ? -1 : unix_check_own(spec);
}

const struct addr_type addr_type_open = {
	.name = "OPEN", .aliases = "FILE", .syntax = ":<filename>", .feature = "WITH_FILE",
	.min_params = 1, .max_params = 1,
	.groups = G_FD | G_FIFO | G_CHR | G_BLK | G_REG | G_NAMED | G_OPEN | G_TERMIOS,
	.directions = ADDR_BOTH, .check = check_path, .open = open_open,
};
const struct addr_type addr_type_create = {
	.name = "CREATE", .aliases = "CREAT", .syntax = ":<filename>", .feature = "WITH_CREAT",
	.min_params = 1, .max_params = 1, .groups = G_FD | G_REG | G_NAMED,
	.directions = ADDR_WRITE, .check = check_path, .open = open_create,
};
const struct addr_type addr_type_gopen = {
	.name = "GOPEN", .syntax = ":<filename>", .feature = "WITH_GOPEN",
	.min_params = 1, .max_params = 1,
	.groups = G_FD | G_FIFO | G_CHR | G_BLK | G_REG | G_SOCKET | G_NAMED | G_OPEN |
	          G_TERMIOS | G_UNIX,
	.directions = ADDR_BOTH, .check = check_gopen, .open = open_gopen,
};
