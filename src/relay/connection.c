#include "relay/connection.h"

#include <errno.h>
#include <unistd.h>

#include "addr/exec.h"
#include "addr/upgrade.h"
#include "sys/error.h"
#include "sys/log.h"

void connection_count_end(const struct connection *c, enum session_end end)
{
	if (c->end != ENDED_ELSEWHERE)
		counter_add(COUNT_ENDED + end, 1);
}

void connection_remove(struct connection *c)
{
	struct server *server = c->server;

	connection_count_end(c, c->end);
	c->prev->next = c->next;
	c->next->prev = c->prev;
	server->count--;
	client_free(c->client);
	loop_recycle(c, sizeof(*c));
	if (server->full && server->count < server->max) {
		server->full = false;
		if (server->listener != NULL)
			server->listener->resume(server->listener);
		else if (!server->stopping)
			server_connect_later(server);
	}
	server_maybe_end(server);
}

static void session_ended(void *owner, bool failed)
{
	struct connection *c = owner;

	c->in_session = false;
	if (c->end != ENDED_ELSEWHERE)
		c->end = failed ? ENDED_FAILED : ENDED_DONE;
	if (c->server->child)
		c->server->failed = failed;
	if (c->child == NULL)
		connection_remove(c);
}

int connection_start_session(struct connection *c, struct channel *source, struct channel *other)
{
	const struct server_settings *settings = c->server->settings;
	bool left = settings->source_is_left;

	c->in_session = session_start(&c->session, left ? source : other, left ? other : source,
	                              settings->session, true, session_ended, c) == 0;
	return c->in_session ? 0 : -1;
}

static void other_opened(void *owner, struct channel *other)
{
	struct connection *c = owner;
	struct server *server = c->server;
	struct channel *channel = c->channel;

	c->opening = NULL;
	c->channel = NULL;
	if (other == NULL) {
		c->end = ENDED_CONNECT;
		server->failed |= server->child;
		channel->incomplete = true;
		channel_free(channel);
		connection_remove(c);
		return;
	}
	client_free(c->client);
	c->client = NULL;
	if (connection_start_session(c, channel, other) < 0) {
		c->end = ENDED_FAILED;
		connection_remove(c);
	}
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
	if (opening == NULL)
		return;
	c->opening = opening;
	/* while the other side is on its way: what the peer has said by then is known at once. If this
	 * fails, the session's start tells why */
	if (c->channel->close_ends && !c->server->child)
		channel_attach_early(c->channel);
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
	c->end = ENDED_UPGRADE;
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
	/* of a child process, it was counted before the fork */
	if (!server->child)
		counter_add(COUNT_SESSIONS, 1);
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
