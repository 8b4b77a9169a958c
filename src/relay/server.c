#include "relay/server.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/environment.h"
#include "addr/exec.h"
#include "addr/open.h"
#include "chan/terminal.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/seldom.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

/* One connection: from the source's channel until its session is over. */
struct connection {
	struct connection *prev, *next;
	struct server *server;
	struct channel *channel;        /* the source's; NULL once the session has it */
	struct opening *opening;        /* upgrade of the source's channel, or of the other side */
	struct session *session;
	struct child child;             /* if a child process serves it */
	bool child_runs;
	struct client_info *client;     /* until the other side is open */
};

struct server {
	const struct server_settings *settings;
	const struct spec *spec;        /* the source's */
	struct listener *listener;      /* NULL: a connecting source, or stopped */
	struct opening *opening;        /* of a connecting source */
	struct client_info *names;      /* what it has told of its server; or NULL */
	struct timer timer;             /* pause between its attempts */
	struct connection connections;  /* ring */
	unsigned count, max;            /* max 0: no limit */
	int shutup;
	bool stopping, failed, child;   /* child: this is the process of one connection */
	bool fork_each, full;
	struct seldom fork_said;
};

static void connect_source(struct server *server);

static void connect_again(struct timer *timer)
{
	connect_source((struct server *)((char *)timer - offsetof(struct server, timer)));
}

/* The next connection of a connecting source, after the pause. */
static void connect_later(struct server *server)
{
	timer_start(&server->timer, spec_number(server->spec, "interval", NANOSECONDS),
	            connect_again);
}

static void maybe_end(struct server *server)
{
	if (server->count == 0 && server->stopping)
		server->settings->ended(server->settings->owner, server->failed);
}

static void remove_connection(struct connection *c)
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
			connect_later(server);
	}
	maybe_end(server);
}

static void session_ended(void *owner, bool failed)
{
	struct connection *c = owner;

	c->session = NULL;
	if (c->server->child)
		c->server->failed = failed;
	if (!c->child_runs)
		remove_connection(c);
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
		remove_connection(c);
		return;
	}
	client_free(c->client);
	c->client = NULL;
	c->session = session_start(left ? channel : other, left ? other : channel,
	                           server->settings->session, true, session_ended, c);
	if (c->session == NULL)
		remove_connection(c);
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
	remove_connection(c);
}

/* In the process that serves the connection. */
static void serve(struct connection *c)
{
	const struct spec *spec = c->server->spec;
	struct upgrade_request request = {
		.channel = c->channel, .client = c->client, .done = upgraded, .owner = c,
	};
	struct opening *opening;

	if (spec->type->upgrade == NULL) {
		open_other(c);
		return;
	}
	c->channel = NULL;
	opening = spec->type->upgrade(spec, &request);
	if (opening != NULL)
		c->opening = opening;
}

static void child_ended(struct child *child, int status)
{
	struct connection *c = (struct connection *)((char *)child -
	                                             offsetof(struct connection, child));

	(void)status;
	c->child_runs = false;
	/* what it wrote last is still on its way to a peer */
	if (c->session == NULL)
		remove_connection(c);
}

/* The socket of this channel serves others, too. The child process gets one end of a pair of
 * sockets; a session here joins the other one to the channel. Packets keep their borders, but
 * empty ones, which would be the end there, don't get through. Returns 0, or -1 with errno set. */
static int make_pair(struct channel *ends[2])
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	for (unsigned i = 0; i < 2; i++) {
		struct fd_settings settings = {
			.read_fd = fds[i], .write_fd = fds[i], .family = AF_UNIX,
			.type = SOCK_SEQPACKET, .finish = FINISH_SHUTDOWN,
		};

		ends[i] = fd_channel_new(&settings);
		if (ends[i] == NULL) {
			close(fds[1]);
			i == 0 ? (void)close(fds[0]) : channel_free(ends[0]);
			errno = ENOMEM;
			return -1;
		}
	}
	return 0;
}

static void relay_to_child(struct connection *c, struct channel *end)
{
	bool left = c->server->settings->source_is_left;

	end->cool_write = true;   /* if the child has ended, it has said why */
	c->session = session_start(left ? c->channel : end, left ? end : c->channel,
	                           c->server->settings->session, true, session_ended, c);
}

/* The parent's other connections are served by processes of their own. */
static void forget_others(struct server *server, const struct connection *own)
{
	struct connection *c = server->connections.next;

	while (c != &server->connections) {
		struct connection *next = c->next;

		if (c != own) {
			client_free(c->client);
			free(c);
		}
		c = next;
	}
	server->connections.prev = server->connections.next = &server->connections;
	server->count = 0;
}

/* What the source's options do to the process of one connection. */
static int become_connection(struct server *server, const struct connection *own)
{
	server->child = true;
	if (server->listener != NULL)
		server->listener->abandon(server->listener);
	server->listener = NULL;
	server->stopping = true;   /* this connection is the only one */
	forget_others(server, own);
	programs_forget();
	terminals_forget();
	environment_init();
	return process_apply_late(server->spec);
}

static void insert(struct connection *c)
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

/* Whoever sends packets can cause this as often as he likes. */
static void fork_failed(struct server *server, const char *call, int error)
{
	char more[SELDOM_TEXT];

	if (seldom_say(&server->fork_said, more))
		log_error("%s(): %s; this connection is closed%s", call, error_text(error), more);
}

/* In the child: serve it. In the parent: remember the child and forget the connection. */
static void serve_in_child(struct connection *c)
{
	struct server *server = c->server;
	struct channel *ends[2] = { NULL, NULL };
	const char *call = "fork";
	pid_t pid = -1;

	channel_detach(c->channel);
	if (c->channel->borrowed && make_pair(ends) < 0)
		call = "socketpair";
	else
		pid = loop_fork();
	if (pid < 0) {
		fork_failed(server, call, errno);
		channel_free(c->channel);
		channel_free(ends[0]);
		channel_free(ends[1]);
		remove_connection(c);
		return;
	}
	if (pid > 0) {
		log_notice("forked off child process %d", (int)pid);
		child_watch(&c->child, pid, child_ended);
		c->child_runs = true;
		channel_abandon(ends[1]);
		if (ends[0] != NULL)
			relay_to_child(c, ends[0]);
		else
			channel_abandon(c->channel);
		c->channel = NULL;
		return;
	}
	if (ends[0] != NULL) {
		channel_abandon(ends[0]);
		channel_abandon(c->channel);
		c->channel = ends[1];
	}
	log_set_shutup(server->shutup);
	log_info("just born: child process %d", (int)getpid());
	if (become_connection(server, c) < 0)
		_exit(1);
	insert(c);
	serve(c);
}

static void connected(struct server *server, struct channel *channel,
                      const struct client_info *client)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		goto failed;
	if (client != NULL && (c->client = client_copy(client)) == NULL)
		goto failed;
	c->server = server;
	c->channel = channel;
	insert(c);
	if (server->fork_each)
		serve_in_child(c);
	else
		serve(c);
	return;
failed:
	log_error("%s: no memory for a connection", server->spec->text);
	free(c);
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
	maybe_end(server);
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
	connect_later(server);
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
	                                .accepted = source_named, .owner = server };

	server->opening = address_open(server->settings->source, &request, false);
}

struct server *server_start(const struct server_settings *settings)
{
	const struct spec *spec = settings->source->reader;
	struct listen_request request = { .direction = ADDR_BOTH, .server = true,
	                                  .accepted = accepted, .failed = source_failed };
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		return NULL;
	}
	request.want_local = settings->shared == NULL && address_runs_program(settings->other);
	server->settings = settings;
	server->spec = spec;
	server->connections.prev = server->connections.next = &server->connections;
	server->max = (unsigned)spec_number(spec, "max-children", 0);
	server->shutup = (int)spec_number(spec, "children-shutup", 0);
	server->fork_each = spec_flag(spec, "isolate") || process_permanent(spec) ||
	                    (settings->shared == NULL && address_needs_process(settings->other));
	request.owner = server;
	/* what acts early concerns this process: it does the opening */
	if (process_apply_early(spec) < 0) {
		free(server);
		return NULL;
	}
	if (spec->type->listen == NULL) {
		connect_source(server);
		return server;
	}
	server->listener = address_listen(settings->source, &request);
	if (server->listener == NULL) {
		free(server);
		return NULL;
	}
	/* sessions of this process: what they log is milder from now on */
	if (!server->fork_each)
		log_set_shutup(server->shutup);
	return server;
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
	maybe_end(server);
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
		opening_cancel(c->opening);
		session_cancel(c->session);
		channel_free(c->channel);
		child_forget(&c->child);
		client_free(c->client);
		loop_free_later(c);
	}
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
		if (c->session != NULL)
			session_count(c->session, totals);
}
