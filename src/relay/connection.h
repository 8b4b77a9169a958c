/* Inside of servers: one connection, from the source's channel until its session is over. */
#ifndef RELAY_CONNECTION_H
#define RELAY_CONNECTION_H

#include <stdbool.h>

#include "addr/open.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/seldom.h"
#include "relay/server.h"
#include "relay/tally.h"
#include "sys/counters.h"

struct connection {
	struct connection *prev, *next;
	struct server *server;
	struct channel *channel;        /* the source's; NULL once the session has it */
	struct opening *opening;        /* upgrade of the source's channel, or of the other side */
	struct client_info *client;     /* until the other side is open; NULL: nobody asks for it */
	struct connection_child *child; /* NULL, or the process that serves it */
	struct session session;         /* its record is there before it is started, and so are
	                                 * tally, its client's entry (0: not counted), and elsewhere */
};

struct connection_child {
	struct child child;
	struct connection *connection;
};

struct server {
	const struct server_settings *settings;
	const struct spec *spec;        /* the source's */
	struct listener *listener;      /* NULL: a connecting source, or stopped */
	struct opening *opening;        /* of a connecting source */
	struct client_info *names;      /* what it has told of its server; or NULL */
	struct timer timer;             /* pause between its attempts */
	struct connection connections;  /* ring */
	struct connection *forgotten;   /* in a child process: its parent's */
	int ended;                      /* there: why its own is over, to be counted; -1: nothing is */
	unsigned count, max;            /* max 0: no limit */
	struct tally *tally;            /* option max-children-per-peer, or NULL */
	struct rate *rate;              /* option max-rate, or NULL; shared by all workers */
	bool clients_unknown;           /* until their PROXY headers have come */
	bool wants_client;              /* the other address, or an upgrade, asks who has connected */
	int shutup;
	bool stopping, failed, child;   /* child: this is the process of one connection */
	bool fork_each, full;
	struct seldom fork_said;
};

/* The next connection of a connecting source, after the pause, if there is to be one. */
void server_connect_later(struct server *server);
/* Tell the server's owner, if it was stopped and this was its last connection. */
void server_maybe_end(struct server *server);

/* Start the session of these two channels. Returns 0, or -1 (logged, channels freed). */
int connection_start_session(struct connection *c, struct channel *source, struct channel *other);

/* It is over, for the reason that its session has: count that, unless another process does. */
void connection_count_end(const struct connection *c);

/* In the list of its server, which stops accepting when it has as many as it may; and out of it
 * again, freed after this turn. */
void connection_insert(struct connection *c);
void connection_remove(struct connection *c);

/* In the process that serves the connection: open the other side, start the session. */
void connection_serve(struct connection *c);

/* In a child process: serve it. In this one: remember the child and forget the connection. */
void connection_serve_in_child(struct connection *c);

#endif
