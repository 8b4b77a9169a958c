/* Waiting for the first packet that is let in: UDP-LISTEN and the types -RECVFROM, without
 * option fork.
 *
 * The packet is looked at, not taken (MSG_PEEK): the channel will read it. Packets that are
 * refused are taken and dropped. Connecting the socket to a sender does not remove what others
 * have sent before, so the channel goes on looking at who sent each packet.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr/access.h"
#include "addr/datagram.h"
#include "chan/datagram.h"
#include "loop/loop.h"
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
	struct access *access;
	struct name_lookup *lookup;
	struct client_info client;   /* who sent the packet that is looked at */
	bool ancillary;
};

static void release(struct waiting *w)
{
	task_cancel(&w->task);
	timer_stop(&w->timeout);
	watch_stop(&w->watch);
	resolve_name_cancel(w->lookup);
	access_free(w->access);
	free(w->client.ancillary);
	if (w->fd >= 0)
		close(w->fd);
	if (w->closer != NULL)
		w->closer->close(w->closer);
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

/* The channel that serves the sender of the packet. The descriptor is the channel's then. */
static struct channel *serve(struct waiting *w)
{
	int fd = w->fd;
	struct closer *closer = w->closer;

	if (w->first == FIRST_CONNECT && connect(fd, &w->client.peer.addr.sa, w->client.peer.length) < 0) {
		log_error("%s: connect: %s", w->spec->text, error_text(errno));
		return NULL;
	}
	watch_stop(&w->watch);
	w->fd = -1;
	w->closer = NULL;
	return datagram_channel_for(w->spec, fd, closer, &w->client.peer, w->first);
}

static void admitted(struct waiting *w)
{
	struct channel *channel = serve(w);

	if (channel != NULL && w->request.accepted != NULL)
		w->request.accepted(w->request.owner, &w->client);
	finish(w, channel);
}

/* Take the packet from the queue and forget it. */
static void drop(struct waiting *w)
{
	char byte;

	if (recv(w->fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EINTR)
		drop(w);
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
	if (n < 0 && errno != EAGAIN) {
		log_error("%s: recvmsg: %s", w->spec->text, error_text(errno));
		finish(w, NULL);
	}
	if (n < 0) {
		w->watch.ready &= (uint8_t)~WATCH_READ;
		return false;
	}
	w->client.peer.length = message.msg_namelen;
	free(w->client.ancillary);
	w->client.ancillary = w->ancillary ? ancillary_variables(&message) : NULL;
	if (w->ancillary)
		ancillary_log(&message);
	return true;
}

static void look(struct task *task)
{
	struct waiting *w = (struct waiting *)((char *)task - offsetof(struct waiting, task));
	char text[NET_TEXT];

	if (w->lookup != NULL || !(w->watch.ready & WATCH_READ) || !peek(w))
		return;
	w->client.local.length = sizeof(w->client.local.addr);
	if (getsockname(w->fd, &w->client.local.addr.sa, &w->client.local.length) < 0)
		w->client.local.length = 0;
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
	if (closer != NULL)
		closer->close(closer);
	open_done(request, NULL);
	return NULL;
}
