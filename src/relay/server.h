/* A server: channel after channel from one address, each joined to one of the other address
 * in a session of its own.
 *
 * Sessions live in this process. A child process serves a connection where an address wants
 * the process itself to change (su, chroot, nofork ...) or option isolate asks for one.
 *
 * The source is either a listener, or an address that connects again and again (option fork
 * of a connecting type), which is opened anew after each success, with the interval between.
 */
#ifndef RELAY_SERVER_H
#define RELAY_SERVER_H

#include <stdbool.h>

#include "addr/addr.h"
#include "relay/session.h"

struct server;

struct server_settings {
	const struct address *source;   /* the one with option fork */
	const struct address *other;
	struct channel *shared;         /* other is this open channel, used by all; or NULL */
	bool source_is_left;
	const struct session_settings *session;
	/* The server has nothing left to do: it was told to stop, or its source failed. In a
	 * child process: its one connection is over. */
	void (*ended)(void *owner, bool failed);
	void *owner;
};

/* Returns NULL after logging. settings must stay. */
struct server *server_start(const struct server_settings *settings);

/* For --workers: a server for a process to come, asleep. beside: another one, whose port it has,
 * too; NULL: the first one. Only for addresses that listen on sockets. */
struct server *server_start_asleep(const struct server_settings *settings,
                                   const struct server *beside);
/* Have all connections of a client come to the same of so many servers of a port, if they count them
 * by client. Called for the last one. Returns 0, or -1 (logged). */
int server_steer(const struct server *server, unsigned count);
/* In the process that it is for, one of so many: serve, with this one's share of max-children.
 * Returns 0, or -1 (logged). */
int server_wake(struct server *server, unsigned number, unsigned count);

/* No more connections; running sessions go on, and ended() comes after the last. */
void server_stop(struct server *server);
/* End all sessions now, too. ended() is not called. NULL is fine. */
void server_free(struct server *server);

/* Sessions and child processes that are not over. */
unsigned server_sessions(const struct server *server);
/* Add the running sessions' counts. */
void server_count(const struct server *server, struct session_totals *totals);

#endif
