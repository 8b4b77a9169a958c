#include "relay/server.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "addr/open.h"
#include "addr/proxy_options.h"
#include "addr/upgrade.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "loop/rate.h"
#include "opt/process.h"
#include "relay/connection.h"
#include "relay/steer.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

static void connect_source(struct server *server);

static void connect_again(struct timer *timer)
{
	connect_source((struct server *)((char *)timer - offsetof(struct server, timer)));
}

void server_maybe_end(struct server *server)
{
	if (server->count == 0 && server->stopping)
		server->settings->ended(server->settings->owner, server->failed);
}

void server_connect_later(struct server *server)
{
	int64_t interval = spec_number(server->spec, "interval", NANOSECONDS);

	timer_start(&server->timer, server->spec->type->awaits ? 0 : interval, connect_again);
}

static void connected(struct server *server, struct channel *channel,
                      const struct client_info *client)
{
	struct connection *c;
	uint32_t entry = 0;

	if (client != NULL && server->tally != NULL && !server->clients_unknown) {
		entry = tally_take(server->tally, client, channel->read_fd);
		if (entry == 0) {
			channel_free(channel);
			return;
		}
	}
	rate_take(server->rate);
	c = pool_new(sizeof(*c));
	if (c == NULL)
		goto failed;
	if (client != NULL && server->wants_client && (c->client = client_copy(client)) == NULL)
		goto failed;
	c->server = server;
	c->channel = channel;
	c->session.tally = entry;
	c->session.record = record_new(server->settings->source, server->settings->other);
	if (client != NULL)
		record_told(c->session.record, RECORD_CLIENT, client);
	connection_insert(c);
	if (server->fork_each)
		connection_serve_in_child(c);
	else
		connection_serve(c);
	return;
failed:
	counter_add(COUNT_REFUSED + REFUSED_SHORTAGE, 1);
	log_error("%s: no memory for a connection", server->spec->text);
	pool_free(c, sizeof(*c));
	tally_give(server->tally, entry);
	channel_free(channel);
}

static void accepted(void *owner, struct channel *channel, const struct client_info *client)
{
	connected(owner, channel, client);
}

static void source_failed(void *owner)
{
	struct server *server = owner;

	server->listener = NULL;
	server->failed = true;
	server->stopping = true;
	server_maybe_end(server);
}

static void source_opened(void *owner, struct channel *channel)
{
	struct server *server = owner;

	server->opening = NULL;
	if (channel == NULL) {
		source_failed(server);
		return;
	}
	connected(server, channel, server->names);
	client_free(server->names);
	server->names = NULL;
	if (server->child || server->stopping || server->full)
		return;
	server_connect_later(server);
}

static void source_named(void *owner, const struct client_info *client)
{
	struct server *server = owner;

	client_free(server->names);
	server->names = client_copy(client);
}

static void connect_source(struct server *server)
{
	struct open_request request = { .direction = ADDR_BOTH, .done = source_opened,
	                                .accepted = source_named, .owner = server,
	                                /* a shortage may be over when a session is */
	                                .server = server->count > 0 };

	server->opening = address_open(server->settings->source, &request, false);
}

/* Options about clients. Returns 0, or -1 (logged). */
static int set_limits(struct server *server, const struct server *beside)
{
	const struct spec *spec = server->spec;
	int64_t interval = spec_number(spec, "max-rate", 0);

	server->clients_unknown = spec_accept_proxy(spec) != ACCEPT_PROXY_NONE;
	if (spec_number(spec, "max-children-per-peer", 0) > 0) {
		if (server->fork_each && server->clients_unknown) {
			log_error("%s: option max-children-per-peer can't be used: only each connection's "
			          "child process hears from the PROXY header who the client is",
			          spec->text);
			return -1;
		}
		server->tally = tally_new(spec);
		if (server->tally == NULL)
			goto failed;
	}
	if (interval > 0) {
		server->rate = beside != NULL ? beside->rate : rate_new(interval);
		if (server->rate == NULL)
			goto failed;
	}
	return 0;
failed:
	log_error("%s: %s", spec->text, error_text(errno));
	return -1;
}

static struct server *start(const struct server_settings *settings, const struct server *beside)
{
	const struct spec *spec = settings->source->reader;
	struct listen_request request = { .direction = ADDR_BOTH, .server = true,
	                                  .accepted = accepted, .failed = source_failed };
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		return NULL;
	}
	server->wants_client = settings->shared == NULL && (address_runs_program(settings->other) ||
	                                                    address_sends_proxy(settings->other));
	request.want_local = server->wants_client || log_json();
	server->wants_client |= spec_needs_upgrade(spec);
	server->settings = settings;
	server->spec = spec;
	server->connections.prev = server->connections.next = &server->connections;
	server->ended = -1;
	server->max = (unsigned)spec_number(spec, "max-children", 0);
	server->shutup = (int)spec_number(spec, "children-shutup", 0);
	server->fork_each = spec_flag(spec, "isolate") || process_permanent(spec) ||
	                    (settings->shared == NULL && address_needs_process(settings->other));
	if (server->fork_each)
		counters_have_company();
	request.owner = server;
	request.beside = beside != NULL ? beside->listener : NULL;
	/* what acts early concerns this process: it does the opening */
	if (set_limits(server, beside) < 0 || (beside == NULL && process_apply_early(spec) < 0))
		goto failed;
	request.rate = server->rate;
	if (spec->type->listen == NULL) {
		connect_source(server);
		return server;
	}
	server->listener = address_listen(settings->source, &request);
	if (server->listener == NULL)
		goto failed;
	return server;
failed:
	tally_free(server->tally);
	free(server);
	return NULL;
}

/* Sessions of this process: what they log is milder from now on. */
static void shut_up(const struct server *server)
{
	if (!server->fork_each && server->listener != NULL)
		log_set_shutup(server->shutup);
}

struct server *server_start(const struct server_settings *settings)
{
	struct server *server = start(settings, NULL);

	if (server != NULL)
		shut_up(server);
	return server;
}

struct server *server_start_asleep(const struct server_settings *settings,
                                   const struct server *beside)
{
	struct server *server = start(settings, beside);

	if (server != NULL)
		server->listener->sleep(server->listener);
	return server;
}

int server_steer(const struct server *server, unsigned count)
{
	const struct opt_value *limit = spec_opt(server->spec, "max-children-per-peer");

	if (limit == NULL || limit->number == 0 ||
	    steer_by_client(server->listener->fd, count, (unsigned)limit->ints[0]) == 0)
		return 0;
	log_error("%s: option max-children-per-peer: setsockopt(SO_ATTACH_REUSEPORT_CBPF): %s",
	          server->spec->text, error_text(errno));
	return -1;
}

int server_wake(struct server *server, unsigned number, unsigned count)
{
	server->max = server->max / count + (number < server->max % count);
	shut_up(server);
	if (server->listener->wake(server->listener) == 0)
		return 0;
	log_error("%s: %s", server->spec->text, error_text(errno));
	return -1;
}

static void stop_source(struct server *server)
{
	server->stopping = true;
	timer_stop(&server->timer);
	opening_cancel(server->opening);
	server->opening = NULL;
	if (server->listener != NULL)
		server->listener->close(server->listener);
	server->listener = NULL;
}

void server_stop(struct server *server)
{
	stop_source(server);
	server_maybe_end(server);
}

/* The run ends before it. */
static void cancel(struct connection *c)
{
	opening_cancel(c->opening);
	if (c->session.running) {
		session_cancel(&c->session);
	} else {
		c->session.reason = (uint8_t)sessions_ended_because();
		record_not_begun(c->session.record, c->session.reason, "");
	}
	channel_free(c->channel);
	if (c->child != NULL)
		child_forget(&c->child->child);
	free(c->child);
	client_free(c->client);
	connection_count_end(c);
	loop_recycle(c, sizeof(*c));
}

void server_free(struct server *server)
{
	struct connection *c, *next;

	if (server == NULL)
		return;
	stop_source(server);
	client_free(server->names);
	for (c = server->connections.next; c != &server->connections; c = next) {
		next = c->next;
		cancel(c);
	}
	if (server->ended >= 0)
		counter_add(COUNT_ENDED + (unsigned)server->ended, 1);
	tally_free(server->tally);
	loop_free_later(server);
}

unsigned server_sessions(const struct server *server)
{
	return server->count;
}

void server_count(const struct server *server, struct session_totals *totals)
{
	for (const struct connection *c = server->connections.next; c != &server->connections;
	     c = c->next)
		if (c->session.running)
			session_count(&c->session, totals);
}
