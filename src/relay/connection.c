#include "relay/connection.h"

#include <errno.h>
#include <unistd.h>

#include "addr/exec.h"
#include "addr/upgrade.h"
#include "sys/error.h"
#include "sys/log.h"

void connection_count_end(const struct connection *c)
{
	if (!c->session.elsewhere)
		counter_add(COUNT_ENDED + c->session.reason, 1);
}

void connection_remove(struct connection *c)
{
	struct server *server = c->server;

	/* a process of its own may still wait for a program, and be killed: then that is the end */
	if (server->child)
		server->ended = c->session.reason;
	else
		connection_count_end(c);
	c->prev->next = c->next;
	c->next->prev = c->prev;
	server->count--;
	tally_give(server->tally, c->session.tally);
	client_free(c->client);
	record_free(c->session.record);
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

	if (c->server->child)
		c->server->failed = failed;
	if (c->child == NULL)
		connection_remove(c);
}

int connection_start_session(struct connection *c, struct channel *source, struct channel *other)
{
	const struct server_settings *settings = c->server->settings;
	bool left = settings->source_is_left;

	return session_start(&c->session, left ? source : other, left ? other : source,
	                     settings->session, true, session_ended, c);
}

/* It has come to its end before there was a session. */
static void not_begun(struct connection *c)
{
	const struct failure *why = failure_take();

	c->server->failed |= c->server->child;
	c->session.reason = (uint8_t)close_reason_of_opening(why->kind);
	record_not_opened(c->session.record, why);
	c->session.record = NULL;
}

static void other_opened(void *owner, struct channel *other)
{
	struct connection *c = owner;
	struct channel *channel = c->channel;

	c->opening = NULL;
	c->channel = NULL;
	if (other == NULL) {
		not_begun(c);
		channel->incomplete = true;
		channel_free(channel);
		connection_remove(c);
		return;
	}
	client_free(c->client);
	c->client = NULL;
	if (connection_start_session(c, channel, other) < 0) {
		c->session.reason = CLOSE_OUT_OF_MEMORY;
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

static void other_told(void *owner, const struct client_info *info)
{
	struct connection *c = owner;

	record_told(c->session.record, RECORD_UPSTREAM, info);
}

static void open_other(struct connection *c)
{
	const struct server_settings *settings = c->server->settings;
	struct open_request request = {
		.direction = ADDR_BOTH, .server = true, .client = c->client, .done = other_opened,
		.accepted = c->session.record != NULL ? other_told : NULL, .owner = c,
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
		if (c->client != NULL)
			record_told(c->session.record, RECORD_CLIENT, c->client);
		open_other(c);
		return;
	}
	not_begun(c);
	connection_remove(c);
}

/* Its PROXY header has named the client. */
static bool admit(void *owner, const struct client_info *client)
{
	struct connection *c = owner;
	struct server *server = c->server;

	c->session.tally = tally_take(server->tally, client, -1);
	return c->session.tally != 0;
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
		.admit = c->server->tally != NULL && c->server->clients_unknown ? admit : NULL,
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
