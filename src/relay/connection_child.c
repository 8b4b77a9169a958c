/* Connections that have a child process of their own. */
#include "relay/connection.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addr/environment.h"
#include "addr/program.h"
#include "chan/fd.h"
#include "chan/terminal.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

static void child_ended(struct child *child, int status)
{
	struct connection_child *own = (struct connection_child *)child;
	struct connection *c = own->connection;

	/* it counted its end itself, unless it could not, or had become a program */
	if (WIFSIGNALED(status) || spec_flag(c->server->settings->other->reader, "nofork")) {
		c->session.elsewhere = false;
		c->session.reason = WIFSIGNALED(status) ? ENDED_KILLED : CLOSE_PROGRAM_EXITED;
	}
	c->child = NULL;
	loop_free_later(own);
	/* what it wrote last is still on its way to a peer */
	if (!c->session.running)
		connection_remove(c);
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
	end->cool_write = true;   /* if the child has ended, it has said why */
	if (connection_start_session(c, c->channel, end) == 0)
		session_uncounted(&c->session);
}

/* The parent's other connections are served by processes of their own. Here their descriptors were
 * closed by the fork; the memory stays as it is. */
static void forget_others(struct server *server, struct connection *own)
{
	own->prev->next = own->next;
	own->next->prev = own->prev;
	server->forgotten = server->connections.next;
	server->connections.prev = server->connections.next = &server->connections;
	server->count = 0;
}

/* What the source's options do to the process of one connection. */
static int become_connection(struct server *server, struct connection *own)
{
	server->child = true;
	if (server->listener != NULL)
		server->listener->abandon(server->listener);
	server->listener = NULL;
	server->stopping = true;   /* this connection is the only one */
	forget_others(server, own);
	programs_forget();
	records_forget();
	terminals_forget();
	environment_init();
	return process_apply_late(server->spec);
}

/* Whoever sends packets can cause this as often as he likes. */
static void fork_failed(struct server *server, const char *call, int error)
{
	char more[SELDOM_TEXT];

	counter_add(COUNT_REFUSED + REFUSED_SHORTAGE, 1);
	if (seldom_say(&server->fork_said, more))
		log_error("%s(): %s; this connection is closed%s", call, error_text(error), more);
}

void connection_serve_in_child(struct connection *c)
{
	struct server *server = c->server;
	struct channel *ends[2] = { NULL, NULL };
	const char *call = "fork";
	pid_t pid = -1;

	channel_detach(c->channel);
	c->child = calloc(1, sizeof(*c->child));
	if (c->child == NULL)
		call = "malloc";
	else if (c->channel->borrowed && make_pair(ends) < 0)
		call = "socketpair";
	else
		pid = loop_fork();
	if (pid < 0) {
		int error = errno;

		c->session.reason = CLOSE_OPEN_FAILED;
		record_not_begun(c->session.record, CLOSE_OPEN_FAILED, error_text(error));
		c->session.record = NULL;
		fork_failed(server, call, error);
		free(c->child);
		c->child = NULL;
		channel_free(c->channel);
		channel_free(ends[0]);
		channel_free(ends[1]);
		connection_remove(c);
		return;
	}
	if (pid > 0) {
		log_notice("forked off child process %d", (int)pid);
		/* it is the child that has something to tell */
		record_free(c->session.record);
		c->session.record = NULL;
		c->child->connection = c;
		c->session.elsewhere = true;
		child_watch(&c->child->child, pid, child_ended);
		channel_abandon(ends[1]);
		if (ends[0] != NULL)
			relay_to_child(c, ends[0]);
		else
			channel_abandon(c->channel);
		c->channel = NULL;
		return;
	}
	free(c->child);
	c->child = NULL;
	if (ends[0] != NULL) {
		channel_abandon(ends[0]);
		channel_abandon(c->channel);
		c->channel = ends[1];
	}
	log_set_shutup(server->shutup);
	log_info("just born: child process %d", (int)getpid());
	if (become_connection(server, c) < 0) {
		c->session.reason = CLOSE_OPEN_FAILED;
		connection_count_end(c);
		_exit(1);
	}
	connection_insert(c);
	connection_serve(c);
}
