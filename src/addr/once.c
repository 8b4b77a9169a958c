/* The first connection that a listening address accepts, as an opening: listen (again after
 * a pause, as retry, interval and forever say), take one connection, stop listening. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "addr/listener.h"
#include "addr/proxy_options.h"
#include "addr/upgrade.h"
#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

struct once {
	struct opening base;
	const struct spec *spec;
	struct open_request request;
	struct listener *listener;
	struct opening *upgrade;     /* of the connection */
	struct client_info *client;  /* meanwhile; may be NULL */
	struct timer timer;          /* pause before listening is tried again */
	int64_t tries_left;          /* -1: for ever */
};

static void once_finish(struct once *once, struct channel *channel)
{
	struct open_request request = once->request;

	opening_over(&once->base);
	open_done(&request, channel);
}

static void stop_listening(struct once *once)
{
	if (once->listener != NULL)
		once->listener->close(once->listener);
	once->listener = NULL;
}

static void once_upgraded(void *owner, struct channel *channel)
{
	struct once *once = owner;

	once->upgrade = NULL;
	if (channel == NULL && once->listener != NULL) {
		client_free(once->client);
		once->client = NULL;
		once->listener->resume(once->listener);
		return;
	}
	stop_listening(once);
	if (channel != NULL && once->client != NULL && once->request.accepted != NULL)
		once->request.accepted(once->request.owner, once->client);
	client_free(once->client);
	once_finish(once, channel);
}

static void once_upgrade(struct once *once, struct channel *channel,
                         const struct client_info *client)
{
	struct upgrade_request request = {
		.channel = channel, .done = once_upgraded, .owner = once,
	};
	struct opening *upgrade;

	/* without memory for it programs know less, nothing worse */
	once->client = client == NULL ? NULL : client_copy(client);
	request.client = once->client;
	upgrade = spec_upgrade(once->spec, &request);
	if (upgrade != NULL)
		once->upgrade = upgrade;
}

static void once_accepted(void *owner, struct channel *channel, const struct client_info *client)
{
	struct once *once = owner;

	/* if its header shows that it is to be refused it was not the one that is waited for */
	if (spec_accept_proxy(once->spec) != ACCEPT_PROXY_NONE)
		once->listener->pause(once->listener);
	else
		stop_listening(once);
	if (spec_needs_upgrade(once->spec)) {
		once_upgrade(once, channel, client);
		return;
	}
	if (once->request.accepted != NULL && client != NULL)
		once->request.accepted(once->request.owner, client);
	once_finish(once, channel);
}

static void once_failed(void *owner)
{
	once_finish(owner, NULL);
}

static void once_cancel(struct opening *opening)
{
	struct once *once = (struct once *)opening;

	timer_stop(&once->timer);
	opening_cancel(once->upgrade);
	client_free(once->client);
	stop_listening(once);
	opening_over(opening);
}

static void once_listen(struct once *once);

static void once_again(struct timer *timer)
{
	once_listen((struct once *)((char *)timer - offsetof(struct once, timer)));
}

static void once_listen(struct once *once)
{
	struct listen_request listen = {
		.direction = once->request.direction, .accepted = once_accepted,
		.failed = once_failed, .owner = once, .want_local = once->request.want_local,
		.last_try = once->tries_left == 0, .again = once->request.server,
	};

	once->listener = once->spec->type->listen(once->spec, &listen);
	if (once->listener != NULL)
		return;
	if (once->tries_left == 0) {
		once_finish(once, NULL);
		return;
	}
	if (once->tries_left > 0)
		once->tries_left--;
	timer_start(&once->timer, spec_number(once->spec, "interval", NANOSECONDS), once_again);
}

struct opening *listener_open_once(const struct spec *spec, const struct open_request *request)
{
	struct once *once = calloc(1, sizeof(*once));

	if (once == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		open_done(request, NULL);
		return NULL;
	}
	once->base.cancel = once_cancel;
	once->spec = spec;
	once->request = *request;
	once->tries_left = spec_tries(spec);
	once_listen(once);
	return opening_handle(&once->base);
}
