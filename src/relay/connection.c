#include "relay/connection.h"

#include <errno.h>
#include <unistd.h>

#include "addr/exec.h"
#include "addr/upgrade.h"
#include "sys/error.h"
#include "sys/log.h"

void connection_remove(struct connection *c)
{
	struct server *server = c->server;

	c->prev->next = c->next;
	c->next->prev = c->prev;
	server->count--;
	client_free(c->client);
	loop_free_later(c);
	if (server->full && server->count < server->max) {
		server->full = false;
		if (server->listener != NULL)
			server->listener->resume(server->listener);
		else if (!server->stopping)
			server_connect_later(server);
	}
	server_maybe_end(server);
}

void connection_session_ended(void *owner, bool failed)
{
	struct connection *c = owner;

	c->session = NULL;
	if (c->server->child)
		c->server->failed = failed;
	if (!c->child_runs)
		connection_remove(c);
}

static void other_opened(void *owner, struct channel *other)
{
	struct connection *c = owner;
	struct server *server = c->server;
	struct channel *channel = c->channel;
	bool left = server->settings->source_is_left;

	c->opening = NULL;
	c->channel = NULL;
	if (other == NULL) {
		server->failed |= server->child;
		channel->incomplete = true;
		channel_free(channel);
		connection_remove(c);
		return;
	}
	client_free(c->client);
	c->client = NULL;
	c->session = session_start(left ? channel : other, left ? other : channel,
	                           server->settings->session, true, connection_session_ended, c);
	if (c->session == NULL)
		connection_remove(c);
}

/* A second channel over the shared one's descriptors. */
static void open_shared(struct connection *c)
{
	struct channel *copy = channel_dup(c->server->settings->shared);

	if (copy == NULL)
		log_error("%s: can't be shared: %s", c->server->settings->other->reader->text,
		          error_text(errno));
	other_opened(c, copy);
}

/* Option nofork of the other address: this process, a child, becomes the program. */
static bool becomes_program(const struct address *address)
{
	return spec_flag(address->reader, "nofork");
}

static void open_other(struct connection *c)
{
	const struct server_settings *settings = c->server->settings;
	struct open_request request = {
		.direction = ADDR_BOTH, .server = true, .client = c->client, .done = other_opened,
		.owner = c,
	};
	struct opening *opening;

	if (settings->shared != NULL) {
		open_shared(c);
		return;
	}
	if (becomes_program(settings->other))
		_exit(program_become(settings->other->reader, c->channel, c->client));
	opening = address_open(settings->other, &request, c->server->child);
	if (opening != NULL)
		c->opening = opening;
}

static void upgraded(void *owner, struct channel *channel)
{
	struct connection *c = owner;
	const struct spec *spec = c->server->spec;

	c->opening = NULL;
	if (channel != NULL)
		channel = channel_dress(spec, channel);
	c->channel = channel;
	if (channel != NULL) {
		open_other(c);
		return;
	}
	c->server->failed |= c->server->child;
	connection_remove(c);
}

void connection_insert(struct connection *c)
{
	struct server *server = c->server;

	c->prev = server->connections.prev;
	c->next = &server->connections;
	c->prev->next = c->next->prev = c;
	server->count++;
	if (server->max > 0 && server->count >= server->max && !server->child) {
		server->full = true;
		if (server->listener != NULL)
			server->listener->pause(server->listener);
	}
}

void connection_serve(struct connection *c)
{
	const struct spec *spec = c->server->spec;
	struct upgrade_request request = {
		.channel = c->channel, .client = c->client, .done = upgraded, .owner = c,
	};
	struct opening *opening;

	if (!spec_needs_upgrade(spec)) {
		open_other(c);
		return;
	}
	c->channel = NULL;
	opening = spec_upgrade(spec, &request);
	if (opening != NULL)
		c->opening = opening;
}
