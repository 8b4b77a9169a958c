#include "addr/plumbing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/log.h"

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void plumbing_close_far(const struct plumbing *p)
{
	close_fd(p->input);
	if (p->output != p->input)
		close_fd(p->output);
}

void plumbing_close_ours(const struct plumbing *p)
{
	close_fd(p->ours_in);
	if (p->ours_out != p->ours_in)
		close_fd(p->ours_out);
}

void plumbing_close(const struct plumbing *p)
{
	plumbing_close_ours(p);
	plumbing_close_far(p);
}

static int plumb_pipes(struct plumbing *p, int direction)
{
	int fds[2];

	if (direction & ADDR_WRITE) {
		if (pipe2(fds, O_CLOEXEC) < 0)
			return -1;
		p->input = fds[0];
		p->ours_out = fds[1];
		fcntl(p->ours_out, F_SETFL, O_NONBLOCK);
	}
	if (direction & ADDR_READ) {
		if (pipe2(fds, O_CLOEXEC) < 0)
			return -1;
		p->ours_in = fds[0];
		p->output = fds[1];
		fcntl(p->ours_in, F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static int plumb_sockets(struct plumbing *p, int type)
{
	int fds[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	p->ours_in = p->ours_out = fds[0];
	p->input = p->output = fds[1];
	return 0;
}

bool plumbing_is_terminal(const struct spec *spec)
{
	return spec_flag(spec, "pty") || spec_flag(spec, "ptmx") || spec_flag(spec, "openpty");
}

int plumbing_open(const struct spec *spec, struct plumbing *p, int direction)
{
	int type = (int)spec_number(spec, "so-type", SOCK_STREAM);

	*p = (struct plumbing){ -1, -1, -1, -1, "" };
	if (plumbing_is_terminal(spec)) {
		if (ptmx_open(spec, &p->ours_in, &p->input, p->terminal) < 0)
			return -1;
		p->ours_out = p->ours_in;
		p->output = p->input;
		return 0;
	}
	if ((spec_flag(spec, "pipes") ? plumb_pipes(p, direction) : plumb_sockets(p, type)) == 0)
		return 0;
	log_error("%s: %s", spec->text, error_text(errno));
	plumbing_close(p);
	return -1;
}

int plumbing_place(const struct spec *spec, struct plumbing *p, int direction)
{
	int fdin = (int)spec_number(spec, "fdin", STDIN_FILENO);
	int fdout = (int)spec_number(spec, "fdout", STDOUT_FILENO);

	if (p->output >= 0 && p->output == fdin &&
	    (p->output = fcntl(p->output, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) < 0)
		return -1;
	if (direction & ADDR_WRITE && p->input >= 0) {
		if (p->input == fdin ? fcntl(fdin, F_SETFD, 0) < 0 : dup2(p->input, fdin) < 0)
			return -1;
	}
	if (direction & ADDR_READ && p->output >= 0) {
		if (p->output == fdout ? fcntl(fdout, F_SETFD, 0) < 0 : dup2(p->output, fdout) < 0)
			return -1;
		if (spec_flag(spec, "stderr") && dup2(p->output, STDERR_FILENO) < 0)
			return -1;
	}
	return 0;
}
