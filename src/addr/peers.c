/* Many peers on one datagram socket.
 *
 * Theory of operation. Packets are received in batches and sorted by sender (and by our
 * address, where the socket has several): those of a known peer go to its queue, the first one
 * of a new peer makes a channel, which is handed on like an accepted connection. All within
 * this process and from one socket, so no packet can overtake another one or reach a wrong
 * session, however long a session takes to open.
 *
 * New peers are let in if access allows, unless the listener is PAUSED (max-children), closed, or
 * descriptors are scarce: then their packets are dropped and counted, which is said once. What
 * a peer may have queued is bounded as a socket's buffer is. Where each packet is a session of its
 * own, there is nobody else whose packets have to be received: all of them wait.
 *
 * The socket lives as long as the listener or a channel needs it.
 */
#include "addr/peers.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/ancillary.h"
#include "addr/datagram.h"
#include "addr/error_queue.h"
#include "addr/peer.h"
#include "loop/rate.h"
#include "loop/resolve.h"
#include "loop/scarce.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/train.h"

/* Descriptors that a session may need. */
enum { DESCRIPTORS_PER_SESSION = 4 };

/* Names of peers that are looked up at a time. */
enum { NAMING_MOST = 1024 };

/* Of a child process: what its parent goes on with, and nobody frees. (volatile: or the compiler
 * would leave out a pointer that only leak checks look at) */
static struct peers *volatile left_behind;

/* --- the end ----------------------------------------------------------------------- */

static void release(struct peers *l)
{
	peers_flush(l);
	task_cancel(&l->task);
	task_cancel(&l->send);
	timer_stop(&l->look);
	watch_stop(&l->watch);
	close(l->settings.fd);
	closer_run(l->settings.closer);
	access_free(l->access);
	free(l->table.slots);
	loop_free_later(l->batch);
	free(l->outbox);
	loop_free_later(l);
}

void peers_remove(struct peer *peer)
{
	struct peers *l = peer->peers;

	peer_table_remove(&l->table, peer);
	if (l->closed && l->table.count == 0 && !l->abandoned)
		release(l);
}

/* Peers that are not sessions yet. */
static void forget_naming(struct peers *l)
{
	for (size_t i = 0; i < l->table.size; i++)
		for (struct peer *p = l->table.slots[i], *next; p != NULL; p = next) {
			next = p->chain;
			if (p->lookup != NULL)
				channel_free(&p->base);
		}
}

static void say_dropped(struct peers *l)
{
	if (l->dropped > 0)
		log_notice("%s: %llu packets of further peers were dropped", l->spec->text,
		           (unsigned long long)l->dropped);
	l->dropped = 0;
	l->why_dropped = NULL;
}

static void listener_close(struct listener *listener)
{
	struct peers *l = (struct peers *)listener;

	if (l->closed)
		return;
	l->dropped += l->lent - l->sorted;
	l->sorted = l->lent;
	say_dropped(l);
	timer_stop(&l->timeout);
	l->table.count++;      /* or the last of these would end us too early */
	forget_naming(l);
	l->table.count--;
	l->closed = true;
	if (l->table.count == 0)
		release(l);
}

/* The parent goes on with all of it; a leak check shall find it in use. */
static void listener_abandon(struct listener *listener)
{
	struct peers *l = (struct peers *)listener;

	l->closed = l->abandoned = true;
	left_behind = l;
}

static void listener_pause(struct listener *listener)
{
	((struct peers *)listener)->paused = true;
}

static void listener_resume(struct listener *listener)
{
	struct peers *l = (struct peers *)listener;

	l->paused = false;
	say_dropped(l);
	task_queue(&l->task);
}

static void listener_sleep(struct listener *listener)
{
	watch_stop(&((struct peers *)listener)->watch);
}

static int listener_wake(struct listener *listener)
{
	return watch_start_quiet(&((struct peers *)listener)->watch, listener->fd, peers_notified);
}

static void fail(struct peers *l)
{
	struct listen_request request = l->request;

	listener_close(&l->base);
	request.failed(request.owner);
}

static void timed_out(struct timer *timer)
{
	struct peers *l = (struct peers *)((char *)timer - offsetof(struct peers, timeout));

	log_error("%s: waiting for a packet: %s (option accept-timeout)", l->spec->text,
	          error_text(ETIMEDOUT));
	fail(l);
}

static void arm_timeout(struct peers *l)
{
	int64_t timeout = spec_number(l->spec, "accept-timeout", -1);

	if (timeout > 0 && !l->closed)
		timer_start(&l->timeout, timeout, timed_out);
}

/* --- new peers ----------------------------------------------------------------------- */

/* The first packet that is dropped is reported, the others are counted. */
static void drop_new(struct peers *l, const char *why)
{
	char more[SELDOM_TEXT];

	counter_add(COUNT_DROPPED, 1);
	l->dropped++;
	if (l->why_dropped != NULL)
		return;
	l->why_dropped = why;
	/* with many short sessions there would be a line for each */
	if (seldom_say(&l->drop_said, more))
		log_warn("%s: %s: packets of further peers are dropped%s", l->spec->text, why, more);
}

/* Where it was sent to, with our port: for programs and tables. */
static void describe_local(const struct peers *l, const struct peer *peer,
                           struct client_info *client)
{
	client->local = l->own;
	if (client->local.length > 0)
		local_address_into(&peer->local, &client->local.addr);
}

/* Returns false in a child process, or if listening is over: nothing of ours is to be touched. */
static bool hand_on(struct peers *l, struct peer *peer)
{
	struct client_info client = {
		.peer = peer->address, .variables = peer->variables,
		.type = l->spec->type->raw_ip ? 0 : SOCK_DGRAM,
	};
	struct channel *channel = &peer->base;

	describe_local(l, peer, &client);
	peer->variables = NULL;
	if (l->timeout.slot != 0)
		arm_timeout(l);
	if (l->request.server)
		channel = channel_dress(l->spec, channel);
	if (channel != NULL)
		l->request.accepted(l->request.owner, channel, &client);
	free(client.variables);
	return !l->abandoned;
}

/* Why no new peer can be let in, or NULL. */
static const char *closed_to_new(const struct peers *l)
{
	if (l->closed)
		return "listening is over";
	if (l->paused)
		return "max-children are served";
	if (rate_wait(l->request.rate) > 0)
		return "they come faster than option max-rate allows";
	if (!scarce_try(DESCRIPTORS_PER_SESSION))
		return "descriptors or memory ran out";
	scarce_over();
	return NULL;
}

static void named(void *owner, const struct resolve_name *name)
{
	struct peer *peer = owner;
	struct peers *l = peer->peers;
	struct client_info client = { .peer = peer->address };
	const char *closed = closed_to_new(l);

	peer->lookup = NULL;
	l->naming--;
	describe_local(l, peer, &client);
	if (access_ask(l->access, &client.peer, &client.local, name) != ACCESS_GRANTED) {
		channel_free(&peer->base);
	} else if (closed != NULL) {
		channel_free(&peer->base);
		drop_new(l, closed);
	} else if (!hand_on(l, peer)) {
		return;
	}
	/* more may wait: see peers_full() */
	if (l->watch.notify != NULL)
		task_queue(&l->task);
}

/* The name decides. Until it is known, the peer is no session, but its packets are queued. */
static void ask_name(struct peers *l, struct peer *peer)
{
	const char *why = "too many at a time";
	char more[SELDOM_TEXT];

	if (l->naming < NAMING_MOST) {
		peer->lookup = resolve_name_start(&peer->address.addr, named, peer);
		if (peer->lookup != NULL) {
			l->naming++;
			return;
		}
		why = error_text(errno);
	}
	if (seldom_say(&l->naming_said, more))
		log_error("%s: looking up peers' names: %s; packets are dropped%s", l->spec->text, why,
		          more);
	channel_free(&peer->base);
}

/* As hand_on(). */
static bool admit(struct peers *l, struct peer *peer)
{
	struct client_info client = { .peer = peer->address };
	char from[NET_TEXT];

	describe_local(l, peer, &client);
	if (log_enabled(LOG_NOTICE_))
		log_notice("%s %s", l->settings.by_packet ? "receiving packet from"
		                                           : "accepting UDP connection from",
		           net_print(&client.peer.addr, client.peer.length, from, sizeof(from)));
	switch (access_ask(l->access, &client.peer, &client.local, NULL)) {
	case ACCESS_GRANTED:
		return hand_on(l, peer);
	case ACCESS_WANTS_NAME:
		ask_name(l, peer);
		return true;
	default:
		channel_free(&peer->base);
		return true;
	}
}

bool peers_full(struct peers *l)
{
	int64_t wait;

	if (!l->settings.by_packet)
		return false;
	if (l->closed || l->paused || (l->bounded && l->naming > 0))
		return true;
	if (closed_to_new(l) == NULL && l->queued < PEERS_QUEUE / 2)
		return false;
	wait = rate_wait(l->request.rate);
	peers_look_again(l, wait > PEERS_LOOK ? wait : PEERS_LOOK);
	return true;
}

/* Packet by packet, peers_full() has answered already. */
bool peers_new(struct peers *l, struct packet *packet, const struct msghdr *message,
               const struct net_peer *from, const struct local_address *local, uint32_t hash)
{
	const char *closed = l->settings.by_packet ? NULL : closed_to_new(l);
	struct peer *peer;

	if (closed != NULL) {
		drop_new(l, closed);
		return true;
	}
	peer = peer_new(l, from, local);
	if (peer == NULL) {
		drop_new(l, "memory ran out");
		return true;
	}
	peer->once = l->settings.by_packet;
	peer->finish = (uint8_t)l->settings.finish;
	peer->null_eof = l->null_eof;
	peer->base.silent_end = !l->settings.by_packet;
	peer->variables = l->ancillary == 0 ? NULL
	                : ancillary_variables(l->settings.fd, message, l->ancillary);
	peer_table_insert(&l->table, peer, hash);
	if (!peer_queue(peer, packet)) {
		channel_free(&peer->base);
		drop_new(l, "too much is queued");
		return true;
	}
	if (l->why_dropped != NULL)
		say_dropped(l);
	return admit(l, peer);
}

/* --- the beginning ---------------------------------------------------------------------- */

/* A socket bound to "any address" gets packets for all of them. */
static void find_addresses(struct peers *l, bool say)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	char text[NET_TEXT];

	l->many_addresses = local_address_ask(l->settings.fd);
	datagram_own_address(l->spec, l->settings.fd, &l->own);
	if (!say || getsockname(l->settings.fd, &local.addr.sa, &local.length) < 0)
		return;
	log_notice("%s %s", l->settings.by_packet ? "receiving on" : "listening on UDP",
	           net_print(&local.addr, local.length, text, sizeof(text)));
}

static bool set_up(struct peers *l)
{
	l->batch = peers_batch_new((sa_family_t)net_family(l->settings.fd));
	l->ip_header = datagram_ip_header(l->spec, l->settings.fd);
	l->access = access_new(l->spec, true);
	if (peer_table_init(&l->table) < 0 || l->batch == NULL || l->access == NULL)
		return false;
	l->blocked.blocked_prev = l->blocked.blocked_next = &l->blocked;
	l->ancillary = ancillary_wanted(l->spec);
	l->bounded = spec_number(l->spec, "max-children", 0) > 0;
	l->failed = error_queue_for(l->spec, false);
	l->trains = train_possible(l->settings.fd);
	l->task.run = peers_work;
	l->send.run = peers_send_task;
	return watch_start_quiet(&l->watch, l->settings.fd, peers_notified) == 0;
}

struct listener *peers_listen(const struct spec *spec, const struct peers_settings *settings,
                              const struct listen_request *request)
{
	struct peers *l = calloc(1, sizeof(*l));
	struct fd_settings wanted = { .finish = settings->finish };

	if (l == NULL)
		goto failed;
	l->base = (struct listener){ listener_pause, listener_resume, listener_close,
	                             listener_abandon, listener_sleep, listener_wake, settings->fd };
	l->spec = spec;
	l->request = *request;
	l->settings = *settings;
	fd_settings_from(spec, &wanted);
	l->settings.finish = wanted.finish;
	l->null_eof = wanted.null_eof;
	if (!set_up(l))
		goto free_listener;
	arm_timeout(l);
	find_addresses(l, request->beside == NULL);
	return &l->base;

free_listener:
	free(l->table.slots);
	free(l->batch);
	access_free(l->access);
	free(l);
failed:
	log_error("%s: %s", spec->text, error_text(errno));
	close(settings->fd);
	closer_run(settings->closer);
	return NULL;
}
