/* PTY: a pseudo terminal, whose other side any program can open as if it were a serial line.
 *
 * We keep that other side open, too: without, what is written before the program comes would
 * fail, and when it closes the terminal that would be the end. With option wait-slave we don't:
 * opening lasts until a program has come, and when the last one has gone, that is the end. There
 * is no event for its coming; so we open and close the other side ourselves, after which the
 * master shows a hang-up, and look every while (option pty-interval) if that has gone.
 */
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "addr/open.h"
#include "addr/ptmx.h"
#include "addr/types.h"
#include "loop/loop.h"
#include "sys/log.h"

struct pty_opening {
	struct opening base;
	const struct spec *spec;
	struct open_request request;
	struct timer timer;
	struct closer *link;
	int master;
};

static void finish(struct pty_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	if (channel != NULL)
		channel_on_close(channel, o->link);
	else
		closer_run(o->link);
	timer_stop(&o->timer);
	opening_over(&o->base);
	open_done(&request, channel);
}

static void look(struct timer *timer)
{
	struct pty_opening *o = (struct pty_opening *)((char *)timer -
	                                               offsetof(struct pty_opening, timer));
	struct pollfd p = { .fd = o->master, .events = POLLIN };

	/* one that came, wrote and has gone again counts */
	if (poll(&p, 1, 0) < 0 || ((p.revents & POLLHUP) && !(p.revents & POLLIN)))
		timer_start(&o->timer, spec_number(o->spec, "pty-interval", NANOSECONDS), look);
	else
		finish(o, ptmx_channel(o->spec, o->master, -1, o->request.direction));
}

static void cancel(struct opening *opening)
{
	struct pty_opening *o = (struct pty_opening *)opening;

	timer_stop(&o->timer);
	closer_run(o->link);
	close(o->master);
	opening_over(opening);
}

static int apply(const struct spec *spec, int master, const char *name)
{
	static const enum opt_phase phases[] = { PH_FD, PH_LATE };

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (spec_apply(spec, phases[i], master, name) < 0)
			return -1;
	return 0;
}

static struct opening *open_pty(const struct spec *spec, const struct open_request *request)
{
	struct pty_opening *o = opening_new(spec, request, sizeof(*o), cancel);
	char name[PTMX_NAME];
	int slave;

	if (o == NULL)
		return NULL;
	o->spec = spec;
	o->request = *request;
	if (ptmx_open(spec, &o->master, &slave, name) < 0) {
		finish(o, NULL);
		return NULL;
	}
	log_notice("PTY is %s", name);
	if (apply(spec, o->master, name) < 0 || ptmx_link(spec, name, &o->link) < 0) {
		close(o->master);
		close(slave);
		finish(o, NULL);
	} else if (spec_flag(spec, "pty-wait-slave")) {
		close(slave);
		look(&o->timer);
	} else {
		finish(o, ptmx_channel(spec, o->master, slave, request->direction));
	}
	return opening_handle(&o->base);
}

const struct addr_type addr_type_pty = {
	.name = "PTY", .syntax = "", .feature = "WITH_PTY", .groups = G_FD | G_NAMED | G_TERMIOS | G_PTY,
	.directions = ADDR_BOTH, .open = open_pty,
};
