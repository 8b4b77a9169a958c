/* SOCKETPAIR: two connected UNIX sockets, one written to, the other read from: an echo that
 * keeps the borders of packets. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/open.h"
#include "addr/types.h"
#include "sys/error.h"
#include "sys/log.h"

static int pair_type(const struct spec *spec)
{
	return (int)spec_number(spec, "so-type", SOCK_DGRAM);
}

static int check(const struct spec *spec)
{
	int type = pair_type(spec);

	if (spec_number(spec, "protocol-family", AF_UNIX) != AF_UNIX) {
		log_error("%s: pairs of sockets exist only for UNIX sockets (pf=unix)", spec->text);
		return -1;
	}
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
		log_error("%s: socket type %d: there are 1 (stream), 2 (datagram) and 5 (seqpacket)",
		          spec->text, type);
		return -1;
	}
	return 0;
}

/* Options act on both sockets: on which of them one means something differs. */
static int apply(const struct spec *spec, const int fds[2])
{
	static const enum opt_phase phases[] = { PH_PASTSOCKET, PH_FD, PH_PREBIND, PH_CONNECTED,
	                                         PH_LATE };

	for (size_t p = 0; p < sizeof(phases) / sizeof(phases[0]); p++)
		for (int i = 0; i < 2; i++)
			if (spec_apply(spec, phases[p], fds[i], NULL) < 0)
				return -1;
	return 0;
}

static struct opening *open_pair(const struct spec *spec, const struct open_request *request)
{
	int type = pair_type(spec), fds[2];
	/* the end of a datagram socket's peer can't be seen by reading */
	struct fd_settings settings = {
		.family = AF_UNIX, .type = type,
		.finish = type == SOCK_DGRAM ? FINISH_NONE : FINISH_CLOSE,
	};
	struct channel *channel = NULL;

	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	               (int)spec_number(spec, "so-protocol", 0), fds) < 0) {
		log_error("%s: socketpair: %s", spec->text, error_text(errno));
		open_done(request, NULL);
		return NULL;
	}
	log_info("socketpair(%d, %d, ...) -> {%d,%d}", AF_UNIX, type, fds[0], fds[1]);
	log_notice("writing to and reading from unnamed socketpair");
	if (apply(spec, fds) == 0) {
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

const struct addr_type addr_type_socketpair = {
	.name = "SOCKETPAIR", .syntax = "", .feature = "WITH_SOCKETPAIR", .min_params = 0,
	.max_params = 0, .groups = G_FD | G_SOCKET, .directions = ADDR_BOTH, .check = check,
	.open = open_pair,
};
