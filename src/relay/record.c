/* Theory of operation. What is known about the two ends comes in pieces: who connected
 * (record_told()), perhaps someone else as a PROXY header says (again), the addresses of open
 * sockets (record_opened()). Whoever was known first and proves to be only on the way becomes "via". At the
 * session's end the record is complete, unless an end is a program, whose exit status is still to
 * come: then the record waits for that, by itself. */
#include "relay/record.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addr/program.h"
#include "loop/loop.h"
#include "relay/record_write.h"
#include "sys/log.h"

/* Those that wait for programs. */
static struct record *waiting;

struct record *record_new(const struct address *client, const struct address *upstream)
{
	struct record *record;

	if (!log_json() && !log_enabled(LOG_NOTICE_))
		return NULL;
	record = calloc(1, sizeof(*record));
	if (record == NULL)
		return NULL;
	record->began = loop_now();
	record->ends[RECORD_CLIENT].spec = client->reader;
	record->ends[RECORD_UPSTREAM].spec = upstream->reader;
	return record;
}

static void set(char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
}

/* Is this an address that says something? */
static bool is_named(const struct net_peer *peer)
{
	return peer->length > (peer->addr.sa.sa_family == AF_UNIX
	                       ? offsetof(struct sockaddr_un, sun_path) : sizeof(sa_family_t));
}

/* "192.0.2.1:4711", "[2001:...]:80", "/run/x", "3:1024" (VSOCK: cid and port). */
static char *print(const struct net_peer *peer, char *text, size_t size)
{
	char host[NET_TEXT - 16];
	int family = peer->addr.sa.sa_family;

	net_host(&peer->addr, peer->length, host, sizeof(host));
	if ((family == AF_INET || family == AF_INET6 || family == AF_VSOCK) && net_port(&peer->addr) > 0)
		snprintf(text, size, "%s:%u", host, net_port(&peer->addr));
	else
		snprintf(text, size, "%s", host);
	return text;
}

/* The other end's address. What was known before, if it is another one, was only on the way. */
static void set_peer(struct end *end, const struct net_peer *peer)
{
	char text[NET_TEXT];

	if (!is_named(peer))
		return;
	print(peer, text, sizeof(text));
	if (end->peer != NULL && strcmp(end->peer, text) != 0) {
		free(end->via);
		end->via = end->peer;
		end->peer = NULL;
	}
	set(&end->peer, text);
}

void record_told(struct record *record, enum record_end which, const struct client_info *info)
{
	struct end *end;
	char text[NET_TEXT];

	if (record == NULL)
		return;
	end = &record->ends[which];
	set_peer(end, &info->peer);
	end->local_socket |= info->peer.length > 0 && info->peer.addr.sa.sa_family == AF_UNIX;
	if (end->local == NULL && is_named(&info->local))
		set(&end->local, print(&info->local, text, sizeof(text)));
	if (info->variables != NULL) {
		free(end->names);
		end->names = variables_copy(info->variables);
	}
}

/* What a tunnel leads to, beyond the server that it is connected to. */
static void set_target(struct end *end)
{
	char text[NET_TEXT];

	if (end->peer != NULL)
		return;
	record_target(end->spec, text, sizeof(text));
	set(&end->peer, text);
}

static bool has_target(const struct spec *spec)
{
	return spec->via != NULL || (spec->type->groups & (G_SOCKS | G_HTTP)) != 0;
}

void record_opened(struct record *record, enum record_end which, const struct channel *channel)
{
	struct net_peer peer = { .length = sizeof(peer.addr) };
	struct end *end;
	char text[NET_TEXT];
	socklen_t size;

	if (record == NULL)
		return;
	end = &record->ends[which];
	end->fd = channel->read_fd >= 0 ? channel->read_fd : channel->write_fd;
	size = sizeof(end->process);
	if (end->local_socket &&
	    getsockopt(end->fd, SOL_SOCKET, SO_PEERCRED, &end->process, &size) < 0)
		end->process.pid = 0;
	if (end->spec->type->groups & G_EXEC)
		return;
	if (getpeername(end->fd, &peer.addr.sa, &peer.length) < 0)
		peer.length = 0;
	if (has_target(end->spec))
		set_target(end);
	if (end->peer == NULL)
		set_peer(end, &peer);
	else if (is_named(&peer) && strcmp(print(&peer, text, sizeof(text)), end->peer) != 0)
		set(&end->via, text);
}

void record_free(struct record *record)
{
	if (record == NULL)
		return;
	for (unsigned i = 0; i < 2; i++) {
		free(record->ends[i].peer);
		free(record->ends[i].via);
		free(record->ends[i].local);
		free(record->ends[i].names);
	}
	free(record->why);
	free(record);
}

static void finish(struct record *record)
{
	record_write(record);
	record_free(record);
}

/* --- programs ----------------------------------------------------------------------- */

static void stop_waiting(struct record *record)
{
	*(record->prev != NULL ? &record->prev->next : &waiting) = record->next;
	if (record->next != NULL)
		record->next->prev = record->prev;
}

static void program_ended(struct program_watch *watch, int status)
{
	struct end *end = (struct end *)((char *)watch - offsetof(struct end, program));
	struct record *record = end->record;

	end->status = status;
	if (--record->awaited > 0)
		return;
	stop_waiting(record);
	finish(record);
}

/* Returns true if the end is a program that has not ended yet. */
static bool wait_for_program(struct record *record, struct end *end)
{
	end->record = record;
	end->program.ended = program_ended;
	end->status = -1;
	return (end->spec->type->groups & G_EXEC) != 0 &&
	       program_watch(end->fd, &end->program, &end->status) == PROGRAM_RUNS;
}

void records_flush(void)
{
	while (waiting != NULL) {
		struct record *record = waiting;

		stop_waiting(record);
		record_write(record);
		/* its programs may still want to tell it something: the memory stays */
	}
}

void records_forget(void)
{
	waiting = NULL;
}

/* --- the end ------------------------------------------------------------------------ */

void record_over(struct record *record, const struct record_sums *sums)
{
	if (record == NULL)
		return;
	record->sums = *sums;
	record->lasted = loop_now() - record->began;
	for (unsigned i = 0; i < 2; i++)
		record->awaited += wait_for_program(record, &record->ends[i]);
	if (record->awaited == 0) {
		finish(record);
		return;
	}
	record->next = waiting;
	if (waiting != NULL)
		waiting->prev = record;
	waiting = record;
}

void record_not_begun(struct record *record, enum close_reason reason, const char *why)
{
	if (record != NULL && reason != CLOSE_NONE) {
		record->sums = (struct record_sums){ .reason = reason, .failed = true };
		record->lasted = loop_now() - record->began;
		record->ends[0].status = record->ends[1].status = -1;
		record->why = strdup(why);
		record_write(record);
	}
	record_free(record);
}

void record_not_opened(struct record *record, const struct failure *failure)
{
	record_not_begun(record, close_reason_of_opening(failure->kind), failure->why);
}
