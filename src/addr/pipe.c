/* PIPE: an unnamed pipe, which gives back what is written to it; or a named one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "addr/file.h"
#include "addr/types.h"
#include "opt/file.h"
#include "sys/error.h"
#include "sys/log.h"

static struct opening *open_unnamed(const struct spec *spec, const struct open_request *request)
{
	struct fd_settings settings = { .finish = FINISH_CLOSE };
	struct channel *channel = NULL;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		log_error("%s: pipe: %s", spec->text, error_text(errno));
		open_done(request, NULL);
		return NULL;
	}
	log_notice("writing to and reading from unnamed pipe");
	if (spec_apply(spec, PH_FD, fds[0], NULL) == 0 && spec_apply(spec, PH_LATE, fds[0], NULL) == 0) {
		fd_settings_from(spec, &settings);
		settings.read_fd = fds[0];
		settings.write_fd = fds[1];
		channel = fd_channel_new(&settings);
		if (channel == NULL)
			log_error("%s: %s", spec->text, error_text(errno));
	}
	if (channel == NULL) {
		close(fds[0]);
		close(fds[1]);
	}
	open_done(request, channel);
	return NULL;
}

static struct opening *open_pipe(const struct spec *spec, const struct open_request *request)
{
	struct file_request file = { .unlink_by_default = true, .create_pipe = true };

	if (spec->param_count == 0)
		return open_unnamed(spec, request);
	file.path = spec->params[0];
	file.flags = open_flags(spec, 0);
	log_notice("opening pipe \"%s\" for %s", file.path, file_purpose(request->direction));
	return file_open(spec, &file, request);
}

static int check_pipe(const struct spec *spec)
{
	if (spec->param_count == 0 || spec->params[0][0] != '\0')
		return 0;
	log_error("%s: the name of the pipe is missing", spec->text);
	return -1;
}

const struct addr_type addr_type_pipe = {
	.name = "PIPE", .aliases = "ECHO FIFO", .syntax = "[:<filename>]", .feature = "WITH_PIPE",
	.min_params = 0, .max_params = 1, .groups = G_FD | G_FIFO | G_NAMED | G_OPEN,
	.directions = ADDR_BOTH, .check = check_pipe, .open = open_pipe,
};
