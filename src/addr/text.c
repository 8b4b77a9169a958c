/* TEXT: a text from the command line as input; output goes to stdout.
 *
 * The text stands in a file without a name, in memory, so that it may be as long as it likes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "addr/open.h"
#include "addr/stdio.h"
#include "addr/types.h"
#include "sys/error.h"
#include "sys/log.h"

/* Returns a descriptor to read the text from, or -1 with errno set. */
static int text_descriptor(const char *text)
{
	size_t length = strlen(text);
	int fd = memfd_create("text", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	for (size_t done = 0; done < length;) {
		ssize_t n = pwrite(fd, text + done, length - done, (off_t)done);

		if (n < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return fd;
}

/* Returns 0, or -1 with errno set and nothing open. */
static int open_both(const struct spec *spec, int direction, struct fd_settings *settings)
{
	settings->read_fd = settings->write_fd = -1;
	if (direction & ADDR_WRITE) {
		log_notice("using stdout for writing");
		settings->write_fd = stdio_descriptor(STDOUT_FILENO, O_WRONLY, &settings->may_block);
		if (settings->write_fd < 0)
			return -1;
	}
	if (!(direction & ADDR_READ))
		return 0;
	log_notice("reading from a text of %zu bytes", strlen(spec->params[0]));
	settings->read_fd = text_descriptor(spec->params[0]);
	if (settings->read_fd >= 0)
		return 0;
	if (settings->write_fd >= 0)
		close(settings->write_fd);
	return -1;
}

static struct opening *open_text(const struct spec *spec, const struct open_request *request)
{
	struct fd_settings settings = { .finish = FINISH_NONE };
	struct channel *channel = NULL;
	bool opened;
	int any;

	fd_settings_from(spec, &settings);
	opened = open_both(spec, request->direction, &settings) == 0;
	any = settings.read_fd >= 0 ? settings.read_fd : settings.write_fd;
	if (opened && (spec_apply(spec, PH_FD, any, NULL) < 0 ||
	               spec_apply(spec, PH_LATE, any, NULL) < 0))
		goto close_both;
	if (opened)
		channel = fd_channel_new(&settings);
	if (channel == NULL)
		log_error("%s: %s", spec->text, error_text(errno));
close_both:
	if (channel == NULL && opened) {
		close(settings.read_fd);
		close(settings.write_fd);
	}
	open_done(request, channel);
	return NULL;
}

const struct addr_type addr_type_text = {
	.name = "TEXT", .syntax = ":<string>", .feature = "WITH_TEXT", .min_params = 1,
	.max_params = 1, .groups = G_FD, .directions = ADDR_BOTH, .open = open_text,
};
