/* Datagram sockets as channels.
 *
 * Who may send is asked for each packet. An answer that needs the sender's host name (tcpwrap)
 * comes later; until then the channel keeps the packet aside and reads no other.
 */
#include "addr/datagram.h"

#include <errno.h>
#include <netpacket/packet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/ancillary.h"
#include "addr/access.h"
#include "addr/bind.h"
#include "addr/error_queue.h"
#include "addr/ip.h"
#include "addr/unix_name.h"
#include "chan/datagram.h"
#include "loop/loop.h"
#include "loop/seldom.h"
#include "sys/error.h"
#include "sys/log.h"

/* Context of a channel's judge(); shared by duplicates of the channel. */
struct judge {
	const struct spec *spec;
	struct seldom naming_said;
	unsigned users;
	enum datagram_senders senders;
	struct net_peer peer;         /* SENDERS_PEER */
	struct access *access;        /* SENDERS_ADMITTED */
	uint32_t ancillary;           /* messages wanted */
	struct naming *naming;        /* whose names are being looked up */
};

/* A packet whose sender's name is being looked up. */
struct naming {
	struct naming *next;
	struct judge *judge;
	struct channel *channel;
	struct name_lookup *lookup;
	struct net_peer from;
};

static bool same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* Cut the last part of a path off. Returns it; *directory: what is left, "." for nothing. */
static const char *split_path(char *path, const char **directory)
{
	char *slash = strrchr(path, '/');

	*directory = slash == NULL ? "." : slash == path ? "/" : path;
	if (slash == NULL)
		return path;
	*slash = '\0';
	return slash + 1;
}

/* Whether two paths mean the same entry, even if it is not there any more. */
static bool same_path(char *a, char *b)
{
	const char *name[2], *directory[2];

	if (strcmp(a, b) == 0 || same_file(a, b))
		return true;
	name[0] = split_path(a, &directory[0]);
	name[1] = split_path(b, &directory[1]);
	return strcmp(name[0], name[1]) == 0 && same_file(directory[0], directory[1]);
}

/* A name in the file system may be told with or without the final NUL, and as a path from where
 * its process stood or from where we stand. */
static bool same_unix_peer(const struct net_peer *peer, const union net_addr *from,
                           socklen_t length)
{
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	struct net_peer copies[2] = { *peer, { *from, length } };
	char names[2][sizeof(from->un.sun_path) + 1];

	if (length <= start || peer->length <= start)
		return false;
	if (from->un.sun_path[0] == '\0' || peer->addr.un.sun_path[0] == '\0')
		return length == peer->length && memcmp(from, &peer->addr, length) == 0;
	for (unsigned i = 0; i < 2; i++) {
		size_t size = copies[i].length - start;

		if (size > sizeof(from->un.sun_path))
			size = sizeof(from->un.sun_path);
		memcpy(names[i], copies[i].addr.un.sun_path, size);
		names[i][size] = '\0';
	}
	return same_path(names[0], names[1]);
}

/* What the kernel adds about each packet, to whom it was sent and over what, does not count. */
static bool same_packet_peer(const struct net_peer *peer, const union net_addr *from)
{
	struct sockaddr_ll a, b;

	memcpy(&a, &peer->addr, sizeof(a));
	memcpy(&b, from, sizeof(b));
	return a.sll_ifindex == b.sll_ifindex && a.sll_halen == b.sll_halen &&
	       a.sll_halen <= sizeof(a.sll_addr) && memcmp(a.sll_addr, b.sll_addr, a.sll_halen) == 0;
}

bool datagram_same_peer(const struct net_peer *peer, const union net_addr *from,
                        socklen_t length)
{
	const union net_addr *to = &peer->addr;

	if (length < sizeof(sa_family_t) || from->sa.sa_family != to->sa.sa_family)
		return false;
	if (to->sa.sa_family == AF_INET)
		return from->in.sin_addr.s_addr == to->in.sin_addr.s_addr &&
		       from->in.sin_port == to->in.sin_port;
	if (to->sa.sa_family == AF_INET6)
		return memcmp(&from->in6.sin6_addr, &to->in6.sin6_addr, 16) == 0 &&
		       from->in6.sin6_port == to->in6.sin6_port &&
		       (to->in6.sin6_scope_id == 0 ||
		        to->in6.sin6_scope_id == from->in6.sin6_scope_id);
	if (to->sa.sa_family == AF_PACKET)
		return same_packet_peer(peer, from);
	if (to->sa.sa_family == AF_UNIX)
		return same_unix_peer(peer, from, length);
	return length == peer->length && memcmp(from, to, length) == 0;
}

void datagram_explain(const struct net_peer *to, int error, char *text, size_t size)
{
	char address[NET_TEXT], hint[256] = "";
	bool is_unix = to->addr.sa.sa_family == AF_UNIX;

	if (to->length <= sizeof(sa_family_t)) {
		if (error == EDESTADDRREQ)
			snprintf(text, size, "; answers have nowhere to go: the sender's socket has no "
			         "name (option bind)");
		return;
	}
	if (is_unix && error == ECONNREFUSED)
		snprintf(hint, sizeof(hint), "; no process receives there");
	else if (is_unix && error == EPROTOTYPE)
		snprintf(hint, sizeof(hint), "; it is not for datagrams: see UNIX-CONNECT");
	else if (is_unix && to->addr.un.sun_path[0] != '\0')
		unix_hint(to->addr.un.sun_path, error, hint, sizeof(hint));
	snprintf(text, size, " (to %s)%s", net_print(&to->addr, to->length, address,
	                                            sizeof(address)), hint);
}

void datagram_own_address(const struct spec *spec, int fd, struct net_peer *own)
{
	own->length = sizeof(own->addr);
	if (getsockname(fd, &own->addr.sa, &own->length) < 0)
		own->length = 0;
	else if (spec->type->raw_ip)
		net_set_port(&own->addr, 0);   /* the kernel has the protocol there */
}

bool datagram_ip_header(const struct spec *spec, int fd)
{
	return spec->type->raw_ip && net_family(fd) == AF_INET;
}

static void log_received(const struct msghdr *message, size_t length)
{
	char text[NET_TEXT];

	if (log_enabled(LOG_NOTICE_))
		log_notice("received packet with %zu bytes from %s", length,
		           net_print(message->msg_name, message->msg_namelen, text, sizeof(text)));
}

static void named(void *owner, const struct resolve_name *name)
{
	struct naming *n = owner, **p = &n->judge->naming;
	struct net_peer local = { .length = 0 };
	bool granted = access_ask(n->judge->access, &n->from, &local, name) == ACCESS_GRANTED;
	struct channel *channel = n->channel;

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	free(n);
	datagram_decide(channel, granted);
}

static enum datagram_verdict ask_name(struct judge *judge, struct channel *channel,
                                      const struct net_peer *from)
{
	struct naming *n = malloc(sizeof(*n));
	char more[SELDOM_TEXT];

	if (n != NULL) {
		*n = (struct naming){ .next = judge->naming, .judge = judge, .channel = channel,
		                      .from = *from };
		n->lookup = resolve_name_start(&from->addr, named, n);
		if (n->lookup != NULL) {
			judge->naming = n;
			return DATAGRAM_WAIT;
		}
	}
	if (seldom_say(&judge->naming_said, more))
		log_error("%s: looking up a sender's name: %s; the packet is dropped%s",
		          judge->spec->text, error_text(errno), more);
	free(n);
	return DATAGRAM_DROP;
}

static enum datagram_verdict judge_packet(struct channel *channel, void *context,
                                          const struct msghdr *message, size_t length)
{
	struct judge *judge = context;
	struct net_peer from = { .length = message->msg_namelen }, local = { .length = 0 };

	memcpy(&from.addr, message->msg_name, from.length);
	log_received(message, length);
	if (judge->ancillary != 0)
		ancillary_log(channel->read_fd, message, judge->ancillary);
	if (judge->ancillary != 0 && ancillary_is_note(message, length))
		return DATAGRAM_DROP;
	if (judge->senders == SENDERS_PEER) {
		if (datagram_same_peer(&judge->peer, &from.addr, from.length))
			return DATAGRAM_TAKE;
		log_info("recvmsg(): wrong peer address, ignoring packet");
		return DATAGRAM_DROP;
	}
	switch (access_ask(judge->access, &from, &local, NULL)) {
	case ACCESS_GRANTED:
		return DATAGRAM_TAKE;
	case ACCESS_WANTS_NAME:
		return ask_name(judge, channel, &from);
	default:
		return DATAGRAM_DROP;
	}
}

static void share_judge(void *context)
{
	((struct judge *)context)->users++;
}

static void free_judge(struct channel *channel, void *context)
{
	struct judge *judge = context;
	struct naming **p = &judge->naming, *n;

	while ((n = *p) != NULL) {
		if (n->channel != channel) {
			p = &n->next;
			continue;
		}
		*p = n->next;
		resolve_name_cancel(n->lookup);
		free(n);
	}
	if (--judge->users > 0)
		return;
	access_free(judge->access);
	free(judge);
}

static struct judge *new_judge(const struct spec *spec, const struct net_peer *peer,
                               enum datagram_senders senders)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (judge == NULL)
		return NULL;
	judge->spec = spec;
	judge->users = 1;
	judge->senders = senders;
	judge->ancillary = ancillary_wanted(spec);
	if (senders == SENDERS_PEER)
		judge->peer = *peer;
	else if ((judge->access = access_new(spec, peer == NULL)) == NULL) {
		free(judge);
		return NULL;
	}
	return judge;
}

/* finish, null-eof as the address says; judge NULL: every packet is taken. */
static struct channel *make_channel(const struct spec *spec, struct datagram_settings *settings,
                                    struct closer *closer, struct judge *judge)
{
	struct fd_settings wanted = { .finish = settings->finish };
	struct channel *channel;

	fd_settings_from(spec, &wanted);
	settings->finish = wanted.finish;
	settings->null_eof = wanted.null_eof;
	settings->explain = datagram_explain;
	settings->ip_header = datagram_ip_header(spec, settings->fd);
	if (judge != NULL) {
		settings->control = judge->ancillary != 0;
		settings->judge = judge_packet;
		settings->context = judge;
		settings->share_context = share_judge;
		settings->free_context = free_judge;
	}
	channel = datagram_new(settings);
	if (channel != NULL) {
		channel_on_close(channel, closer);
		return channel;
	}
	log_error("%s: %s", spec->text, error_text(errno));
	if (judge != NULL)
		free_judge(NULL, judge);
	close(settings->fd);
	closer_run(closer);
	return NULL;
}

static void log_receiving(int fd)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	char text[NET_TEXT];

	if (log_enabled(LOG_NOTICE_) && getsockname(fd, &local.addr.sa, &local.length) == 0)
		log_notice("receiving on %s",
		           net_print(&local.addr, local.length, text, sizeof(text)));
}

struct channel *datagram_channel(const struct spec *spec, int fd, struct closer *closer,
                                 const struct net_peer *to, enum datagram_senders senders)
{
	struct datagram_settings settings = { .fd = fd, .failed = error_queue_for(spec, false) };
	struct judge *judge = new_judge(spec, to, senders);

	if (judge == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		close(fd);
		closer_run(closer);
		return NULL;
	}
	if (to != NULL)
		settings.to = *to;
	else
		log_receiving(fd);
	return make_channel(spec, &settings, closer, judge);
}

struct channel *datagram_channel_for(const struct spec *spec, int fd, struct closer *closer,
                                     const struct net_peer *sender,
                                     const struct local_address *local,
                                     enum datagram_first first, bool (*failed)(int fd))
{
	struct datagram_settings settings = {
		.fd = fd, .to = *sender, .from = *local, .once = first == FIRST_ANSWER,
		.finish = first == FIRST_CONNECT ? FINISH_NULL : FINISH_NONE,
		.failed = failed,
	};
	struct judge *judge = NULL;

	/* a UNIX sender without a name can't be answered */
	if (sender->length <= sizeof(sa_family_t))
		settings.to.length = 0;
	if (first == FIRST_CONNECT && (judge = new_judge(spec, sender, SENDERS_PEER)) == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		close(fd);
		closer_run(closer);
		return NULL;
	}
	return make_channel(spec, &settings, closer, judge);
}

int datagram_prepare(const struct spec *spec, int fd, const struct net_peer *local)
{
	const char *call = "socket";
	char text[NET_TEXT];

	if (fd < 0)
		goto failed;
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 || spec_apply(spec, PH_FD, fd, NULL) < 0 ||
	    spec_apply(spec, PH_PREBIND, fd, NULL) < 0)
		goto close_fd;
	call = "bind";
	if (local->length > 0 && bind_privileged(fd, &local->addr, local->length) < 0)
		goto failed;
	if (spec_apply(spec, PH_PASTBIND, fd, NULL) < 0 ||
	    spec_apply(spec, PH_CONNECTED, fd, NULL) < 0 ||
	    spec_apply(spec, PH_LATE, fd, NULL) < 0)
		goto close_fd;
	return fd;

failed:
	log_error("%s: %s to %s: %s%s", spec->text, call,
	          net_print(&local->addr, local->length, text, sizeof(text)), error_text(errno),
	          fd < 0 ? ip_socket_hint(errno) : ip_bind_hint(&local->addr, errno));
close_fd:
	if (fd >= 0)
		close(fd);
	return -1;
}
