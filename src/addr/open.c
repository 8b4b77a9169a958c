#include "addr/open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "addr/access_list.h"
#include "addr/failure.h"
#include "addr/lock.h"
#include "addr/proxy_options.h"
#include "addr/send_proxy.h"
#include "chan/layer.h"
#include "chan/terminal.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

void opening_cancel(struct opening *opening)
{
	if (opening != NULL)
		opening->cancel(opening);
}

void *opening_new(const struct spec *spec, const struct open_request *request, size_t size,
                  void (*cancel)(struct opening *opening))
{
	struct opening *opening;

	/* what types put behind their struct may want this alignment */
	size = (size + 15) / 16 * 16;
	opening = pool_new(size);

	if (opening == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		open_done(request, NULL);
		return NULL;
	}
	opening->cancel = cancel;
	opening->pooled = (uint16_t)size;
	return opening;
}

void opening_over(struct opening *opening)
{
	opening->over = true;
	if (opening->pooled > 0)
		loop_recycle(opening, opening->pooled);
	else
		loop_free_later(opening);
}

struct opening *opening_handle(struct opening *opening)
{
	return opening->over ? NULL : opening;
}

void open_done(const struct open_request *request, struct channel *channel)
{
	if (channel != NULL)
		failure_forget();
	request->done(request->owner, channel);
}

static int spec_prepare(const struct spec *spec)
{
	if ((spec->via != NULL && address_prepare(spec->via) < 0) || access_list_prepare(spec) < 0)
		return -1;
	return spec->type->prepare == NULL ? 0 : spec->type->prepare(spec);
}

int address_prepare(const struct address *address)
{
	if (spec_prepare(address->reader) < 0)
		return -1;
	return address->writer == address->reader ? 0 : spec_prepare(address->writer);
}

static bool spec_reload(const struct spec *spec, bool server)
{
	bool some = spec->via != NULL && address_reload(spec->via, server);

	some |= access_list_reload(spec);
	if (!server || spec->type->reload == NULL)
		return some;
	return spec->type->reload(spec) != 1 || some;
}

bool address_reload(const struct address *address, bool server)
{
	bool some = spec_reload(address->reader, server);

	if (address->writer != address->reader)
		some |= spec_reload(address->writer, server);
	return some;
}

bool address_forks(const struct address *address)
{
	return spec_flag(address->reader, "fork") || spec_flag(address->writer, "fork");
}

/* Programs are processes anyway: what their spec says applies to them. */
static bool runs_program(const struct spec *spec)
{
	return (spec->type->groups & G_EXEC) != 0;
}

static bool spec_needs_process(const struct spec *spec)
{
	if (runs_program(spec))
		return spec_flag(spec, "nofork");
	return process_permanent(spec);
}

bool address_runs_program(const struct address *address)
{
	return runs_program(address->reader) || runs_program(address->writer);
}

static bool spec_needs_low_port(const struct spec *spec)
{
	if (spec->via != NULL)
		return address_needs_low_port(spec->via);
	return spec_flag(spec, "lowport") || spec_opt(spec, "sourceport") != NULL ||
	       (spec_opt(spec, "bind") != NULL && !(spec->type->groups & G_UNIX));
}

bool address_has_ports(const struct address *address)
{
	int64_t groups = address->reader->type->groups;

	return (groups & G_LISTEN) && (groups & (G_IP4 | G_IP6));
}

bool address_needs_low_port(const struct address *address)
{
	return spec_needs_low_port(address->reader) || spec_needs_low_port(address->writer);
}

bool address_needs_process(const struct address *address)
{
	return spec_needs_process(address->reader) || spec_needs_process(address->writer);
}

int keep_terminal(const struct spec *spec, int fd, struct closer **closer)
{
	bool changed = false;

	*closer = NULL;
	for (size_t i = 0; i < spec->opt_count; i++)
		changed |= (spec->opts[i].def->groups & G_TERMIOS) != 0;
	/* a device that we open ourselves is also closed by us, which may have to wait */
	if (!changed && !(spec->type->groups & G_OPEN))
		return 0;
	if (terminal_keep(fd, changed, closer) == 0)
		return 0;
	log_error("%s: %s", spec->text, error_text(errno));
	return -1;
}

void take_terminal(const struct spec *spec, int fd)
{
	if (spec_flag(spec, "tiocsctty") && ioctl(fd, TIOCSCTTY, 0) < 0)
		log_warn("%s: ioctl(TIOCSCTTY): %s%s", spec->text, error_text(errno),
		         errno == EPERM ? "; option ctty needs option setsid" : "");
}

void fd_settings_from(const struct spec *spec, struct fd_settings *settings)
{
	static const struct {
		const char *name;
		enum fd_finish finish;
	} methods[] = {
		{ "shut-none", FINISH_NONE }, { "shut-down", FINISH_SHUTDOWN },
		{ "shut-close", FINISH_CLOSE }, { "shut-null", FINISH_NULL },
	};

	/* the last one written counts */
	for (size_t i = 0; i < spec->opt_count; i++)
		for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
			if (strcmp(spec->opts[i].def->name, methods[m].name) == 0)
				settings->finish = methods[m].finish;
	settings->null_eof = spec_flag(spec, "null-eof");
	settings->nagle = spec_opt(spec, "tcp-nodelay") != NULL;
}

struct channel *channel_dress(const struct spec *spec, struct channel *channel)
{
	struct layer_settings layer;

	if (spec->opt_count == 0)
		return channel;
	layer = (struct layer_settings){
		.line_end = spec_flag(spec, "crnl") ? LINE_CRNL
		            : spec_flag(spec, "cr") ? LINE_CR : LINE_PLAIN,
		.escape = (int)spec_number(spec, "escape", -1),
		.read_limit = spec_number(spec, "readbytes", -1),
	};
	if (layer.line_end != LINE_PLAIN || layer.escape >= 0 || layer.read_limit >= 0) {
		struct channel *dressed = layer_new(channel, &layer);

		if (dressed == NULL) {
			log_error("%s: %s", spec->text, error_text(errno));
			channel_free(channel);
			return NULL;
		}
		channel = dressed;
	}
	channel->ignore_eof = spec_flag(spec, "ignoreeof");
	channel->cool_write = spec_flag(spec, "cool-write");
	return channel;
}

/* Opening one spec or, for "a!!b", one after the other. */
struct address_opening {
	struct opening base;
	const struct address *address;
	struct open_request request;    /* the caller's */
	bool permanent;
	const struct spec *spec;        /* the one being opened */
	struct opening *inner;
	struct lock_wait *lock;
	struct closer *unlock;          /* lock held, not yet a channel's */
	struct channel *reader;         /* of a dual address, while its writer opens */
};

static void open_spec(struct address_opening *o, const struct spec *spec);

static void finish(struct address_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	if (channel == NULL) {
		channel_free(o->reader);
		closer_run(o->unlock);
	}
	opening_over(&o->base);
	open_done(&request, channel);
}

static struct channel *join(struct address_opening *o, struct channel *writer)
{
	struct channel *dual = dual_new(o->reader, writer);

	if (dual == NULL) {
		log_error("%s: %s", o->spec->text, error_text(errno));
		channel_free(writer);
		return NULL;
	}
	o->reader = NULL;
	return dual;
}

static void spec_ready(void *owner, struct channel *channel)
{
	struct address_opening *o = owner;

	o->inner = NULL;
	if (channel != NULL)
		channel = channel_dress(o->spec, channel);
	if (channel != NULL && o->unlock != NULL) {
		channel_on_close(channel, o->unlock);
		o->unlock = NULL;
	}
	if (channel != NULL && o->permanent && !runs_program(o->spec) &&
	    process_apply_late(o->spec) < 0) {
		channel_free(channel);
		channel = NULL;
	}
	if (channel != NULL && o->spec != o->address->writer) {
		o->reader = channel;
		open_spec(o, o->address->writer);
		return;
	}
	if (channel != NULL && o->reader != NULL)
		channel = join(o, channel);
	finish(o, channel);
}

static void spec_opened(void *owner, struct channel *channel)
{
	struct address_opening *o = owner;
	struct open_request request = o->request;
	struct opening *inner;

	if (channel == NULL || spec_send_proxy(o->spec) == 0) {
		spec_ready(o, channel);
		return;
	}
	o->inner = NULL;
	request.done = spec_ready;
	request.owner = o;
	inner = send_proxy(o->spec, channel, &request);
	if (inner != NULL)
		o->inner = inner;
}

static void spec_accepted(void *owner, const struct client_info *client)
{
	struct address_opening *o = owner;

	o->request.accepted(o->request.owner, client);
}

static void locked(void *owner, struct closer *unlock)
{
	struct address_opening *o = owner;
	struct open_request request = o->request;
	struct opening *inner;

	o->lock = NULL;
	o->unlock = unlock;
	if (o->permanent && !runs_program(o->spec) && process_apply_early(o->spec) < 0) {
		finish(o, NULL);
		return;
	}
	request.direction = o->spec->direction;
	request.done = spec_opened;
	request.accepted = o->request.accepted != NULL ? spec_accepted : NULL;
	request.owner = o;
	inner = o->spec->type->open(o->spec, &request);
	if (inner != NULL)
		o->inner = inner;
}

static void lock_failed(void *owner)
{
	struct address_opening *o = owner;

	o->lock = NULL;
	finish(o, NULL);
}

static void open_spec(struct address_opening *o, const struct spec *spec)
{
	const char *file = spec_string(spec, "lockfile"), *wait = spec_string(spec, "waitlock");
	struct lock_wait *lock;

	o->spec = spec;
	if (file == NULL && wait == NULL)
		locked(o, NULL);
	else if ((lock = lock_take(file != NULL ? file : wait, file == NULL, locked, lock_failed,
	                           o)) != NULL)
		o->lock = lock;
}

static void cancel(struct opening *opening)
{
	struct address_opening *o = (struct address_opening *)opening;

	opening_cancel(o->inner);
	lock_cancel(o->lock);
	closer_run(o->unlock);
	channel_free(o->reader);
	opening_over(opening);
}

struct opening *address_open(const struct address *address, const struct open_request *request,
                             bool permanent)
{
	struct address_opening *o = opening_new(address->reader, request, sizeof(*o), cancel);

	if (o == NULL)
		return NULL;
	o->address = address;
	o->request = *request;
	o->permanent = permanent;
	open_spec(o, address->reader);
	return opening_handle(&o->base);
}

/* At the start, where nothing else is to be served, it may take its time. */
static struct listener *listen_with_retry(const struct spec *spec,
                                          const struct listen_request *request)
{
	int64_t left = spec_tries(spec);
	struct listen_request attempt = *request;
	struct listener *listener;

	for (;;) {
		attempt.last_try = left == 0;
		/* listeners copy the request */
		/* cppcheck-suppress returnDanglingLifetime */
		listener = spec->type->listen(spec, &attempt);
		if (listener != NULL || left-- == 0)
			return listener; /* cppcheck-suppress returnDanglingLifetime */
		if (!signals_wait(spec_number(spec, "interval", NANOSECONDS)))
			return NULL;
	}
}

struct listener *address_listen(const struct address *address,
                                const struct listen_request *request)
{
	const struct spec *spec = address->reader;

	if (request->beside == NULL &&
	    (spec_string(spec, "lockfile") != NULL || spec_string(spec, "waitlock") != NULL)) {
		const char *path = spec_string(spec, "lockfile");

		/* held until the program ends: see lock.c */
		if (lock_take_now(path != NULL ? path : spec_string(spec, "waitlock"),
		                  path == NULL) < 0)
			return NULL;
	}
	return listen_with_retry(spec, request);
}
