/* Waiting for the first packet that is let in: UDP-LISTEN and the types -RECVFROM, without
 * option fork.
 *
 * The packet is looked at, not taken (MSG_PEEK): the channel will read it. Packets that are
 * refused are taken and dropped. Connecting the socket to a sender does not remove what others
 * have sent before, so the channel goes on looking at who sent each packet.
 *
 * A socket bound to any address that is connected gets the address the kernel would send from, and
 * no longer receives at others. If the first packet was for another one, or for a group, the socket
 * stays unconnected: the channel looks at senders anyway, sends from the address that was
 * asked, and the queue of errors tells what a connection would (error_queue_ask()).
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr/ancillary.h"
#include "addr/access.h"
#include "addr/datagram.h"
#include "addr/error_queue.h"
#include "chan/datagram.h"
#include "loop/loop.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

enum { CONTROL_SIZE = 1024 };

struct waiting {
	struct opening base;
	const struct spec *spec;
	struct open_request request;
	enum datagram_first first;
	int fd;
	struct closer *closer;
	struct watch watch;
	struct task task;
	struct timer timeout;
	error_queue_use *failed;
	struct access *access;
	struct name_lookup *lookup;
	struct client_info client;   /* who sent the packet that is looked at */
	struct local_address local;  /* where it was sent to */
	bool many_addresses;
	uint32_t ancillary;          /* messages wanted */
};

static void release(struct waiting *w)
{
	task_cancel(&w->task);
	timer_stop(&w->timeout);
	watch_stop(&w->watch);
	resolve_name_cancel(w->lookup);
	access_free(w->access);
	free(w->client.variables);
	if (w->fd >= 0)
		close(w->fd);
	closer_run(w->closer);
	opening_over(&w->base);
}

static void finish(struct waiting *w, struct channel *channel)
{
	struct open_request request = w->request;

	release(w);
	open_done(&request, channel);
}

static void cancel(struct opening *opening)
{
	release((struct waiting *)opening);
}

static void timed_out(struct timer *timer)
{
	struct waiting *w = (struct waiting *)((char *)timer - offsetof(struct waiting, timeout));

	log_error("%s: waiting for a packet: %s (option accept-timeout)", w->spec->text,
	          error_text(ETIMEDOUT));
	finish(w, NULL);
}

/* True if the kernel, left alone, would answer from the address that was asked. */
static bool answers_from_there(const struct waiting *w)
{
	struct net_peer own = { .length = sizeof(own.addr) };
	union net_addr asked;
	struct process_frame frame;
	bool same = false;
	int fd;

	if (w->local.group)
		return false;
	if (w->local.family == AF_UNSPEC)
		return true;
	if (process_enter(w->spec, &frame) < 0)
		return false;
	fd = socket(w->local.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	process_leave(&frame);
	if (fd < 0)
		return false;
	if (connect(fd, &w->client.peer.addr.sa, w->client.peer.length) == 0 &&
	    getsockname(fd, &own.addr.sa, &own.length) == 0) {
		asked = own.addr;
		local_address_into(&w->local, &asked);
		same = memcmp(&asked, &own.addr, own.length) == 0;
	}
	close(fd);
	return same;
}

/* Returns 0, or -1 with errno set. */
static int connect_first(struct waiting *w, error_queue_use **failed)
{
	*failed = error_queue_for(w->spec, true);
	if (w->many_addresses && !answers_from_there(w)) {
		if (*failed == NULL)
			*failed = error_queue_ask(w->fd);
		return 0;
	}
	w->local.family = AF_UNSPEC;
	return connect(w->fd, &w->client.peer.addr.sa, w->client.peer.length);
}

/* The channel that serves the sender of the packet. The descriptor is the channel's then. */
static struct channel *serve(struct waiting *w)
{
	int fd = w->fd;
	struct closer *closer = w->closer;
	error_queue_use *failed = error_queue_for(w->spec, false);

	if (w->first == FIRST_CONNECT && connect_first(w, &failed) < 0) {
		log_warn("%s: connect: %s; its packet is dropped", w->spec->text, error_text(errno));
		return NULL;
	}
	watch_stop(&w->watch);
	w->fd = -1;
	w->closer = NULL;
	return datagram_channel_for(w->spec, fd, closer, &w->client.peer, &w->local, w->first,
	                            failed);
}

/* Take the packet from the queue and forget it. */
static void drop(struct waiting *w)
{
	char byte;

	if (recv(w->fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EINTR)
		drop(w);
}

static void admitted(struct waiting *w)
{
	struct channel *channel = serve(w);

	if (channel == NULL && w->fd >= 0) {
		/* a sender that nobody can answer: the next one may be better */
		drop(w);
		task_queue(&w->task);
		return;
	}
	if (channel != NULL && w->request.accepted != NULL)
		w->request.accepted(w->request.owner, &w->client);
	finish(w, channel);
}

static void named(void *owner, const struct resolve_name *name)
{
	struct waiting *w = owner;

	w->lookup = NULL;
	if (access_ask(w->access, &w->client.peer, &w->client.local, name) == ACCESS_GRANTED) {
		admitted(w);
		return;
	}
	drop(w);
	task_queue(&w->task);
}

/* Returns false if there is nothing to look at (any more). */
static bool peek(struct waiting *w)
{
	_Alignas(struct cmsghdr) unsigned char control[CONTROL_SIZE];
	char byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_name = &w->client.peer.addr, .msg_namelen = sizeof(w->client.peer.addr),
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	memset(&w->client.peer, 0, sizeof(w->client.peer));
	do
		n = recvmsg(w->fd, &message, MSG_DONTWAIT | MSG_PEEK);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN && w->failed != NULL && w->failed(w->fd)) {
		task_queue(&w->task);
		return false;
	}
	if (n < 0 && errno != EAGAIN) {
		log_error("%s: recvmsg: %s", w->spec->text, error_text(errno));
		finish(w, NULL);
	}
	if (n < 0) {
		w->watch.ready &= (uint8_t)~WATCH_READ;
		return false;
	}
	w->client.peer.length = message.msg_namelen;
	w->client.type = w->spec->type->raw_ip ? 0 : SOCK_DGRAM;
	free(w->client.variables);
	w->client.variables = w->ancillary == 0 ? NULL
	                      : ancillary_variables(w->fd, &message, w->ancillary);
	/* a channel that goes on receiving does it for each packet, beginning with this one */
	if (w->ancillary != 0 && w->first == FIRST_ANSWER)
		ancillary_log(w->fd, &message, w->ancillary);
	memset(&w->local, 0, sizeof(w->local));
	if (w->many_addresses)
		local_address_find(&message, &w->local);
	return true;
}

static void look(struct task *task)
{
	struct waiting *w = (struct waiting *)((char *)task - offsetof(struct waiting, task));
	char text[NET_TEXT];

	if (w->lookup != NULL || !(w->watch.ready & WATCH_READ) || !peek(w))
		return;
	datagram_own_address(w->spec, w->fd, &w->client.local);
	local_address_into(&w->local, &w->client.local.addr);
	log_notice("%s %s", w->first == FIRST_CONNECT ? "accepting UDP connection from"
	                                               : "receiving packet from",
	           net_print(&w->client.peer.addr, w->client.peer.length, text, sizeof(text)));
	switch (access_ask(w->access, &w->client.peer, &w->client.local, NULL)) {
	case ACCESS_GRANTED:
		admitted(w);
		return;
	case ACCESS_WANTS_NAME:
		w->lookup = resolve_name_start(&w->client.peer.addr, named, w);
		if (w->lookup != NULL)
			return;
		log_error("%s: looking up a sender's name: %s; the packet is dropped",
		          w->spec->text, error_text(errno));
		/* fall through */
	default:
		drop(w);
		task_queue(&w->task);   /* the next one, after others had their turn */
	}
}

static void notified(struct watch *watch)
{
	struct waiting *w = (struct waiting *)((char *)watch - offsetof(struct waiting, watch));

	task_queue(&w->task);
}

static void log_waiting(const struct waiting *w)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	char text[NET_TEXT];

	if (log_enabled(LOG_NOTICE_) && getsockname(w->fd, &local.addr.sa, &local.length) == 0)
		log_notice("%s %s", w->first == FIRST_CONNECT ? "listening on UDP" : "receiving on",
		           net_print(&local.addr, local.length, text, sizeof(text)));
}

struct opening *datagram_wait(const struct spec *spec, int fd, struct closer *closer,
                              enum datagram_first first, const struct open_request *request)
{
	struct waiting *w = calloc(1, sizeof(*w));
	int64_t timeout = spec_number(spec, "accept-timeout", -1);

	if (w == NULL || (w->access = access_new(spec, true)) == NULL ||
	    watch_start(&w->watch, fd, notified) < 0)
		goto failed;
	w->base.cancel = cancel;
	w->spec = spec;
	w->request = *request;
	w->first = first;
	w->fd = fd;
	w->closer = closer;
	w->task.run = look;
	w->ancillary = ancillary_wanted(spec);
	w->many_addresses = local_address_ask(fd);
	w->failed = error_queue_for(spec, false);
	if (timeout > 0)
		timer_start(&w->timeout, timeout, timed_out);
	log_waiting(w);
	return opening_handle(&w->base);

failed:
	log_error("%s: %s", spec->text, error_text(errno));
	if (w != NULL)
		access_free(w->access);
	free(w);
	close(fd);
	closer_run(closer);
	open_done(request, NULL);
	return NULL;
}
