/* ACCEPT-FD: connections from a socket that listens already, whoever made it: a service manager
 * (activation.h), or a program that started us.
 *
 * A socket of UDP is served as UDP-LISTEN does, peer by peer, and options act on itself.
 *
 * Others may have the socket open too, so else nothing is changed that belongs to it: options act on
 * each connection, and its entry in the file system stays. The one exception is O_NONBLOCK. It
 * is a property that all share, but without it accept(2) would block when another process has
 * taken the connection first, and there is no flag that would prevent this for a single call.
 *
 * The descriptor is ours and is closed when listening is over: nobody else shall be kept waiting
 * in the queue. A duplicate is used instead if it will be needed again (the address is opened
 * for each connection of the other one, or both addresses name it), and for the standard
 * descriptors, whose numbers nothing else may get.
 */
#include "addr/acceptfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/access.h"
#include "addr/access_list.h"
#include "addr/activation.h"
#include "addr/listener.h"
#include "addr/peers.h"
#include "addr/types.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/net.h"

#define GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_RANGE | G_UNIX | G_IP4 | G_IP6 | G_UDP | \
                G_TCP | G_SCTP | G_DCCP | G_UDPLITE)

/* How many specs name a descriptor, and have not listened on it yet. There are at most four: two
 * addresses, both dual. */
static struct {
	int fd;
	unsigned count;
} claims[4];

static unsigned *claims_of(int fd)
{
	size_t unused = 0;

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		if (claims[i].count > 0 && claims[i].fd == fd)
			return &claims[i].count;
		if (claims[i].count == 0)
			unused = i;
	}
	claims[unused].fd = fd;
	return &claims[unused].count;
}

static bool is_number(const char *text)
{
	return *text >= '0' && *text <= '9';
}

/* A number as written, or the descriptor with this name; -1 if there is none. */
static int descriptor_of(const char *text)
{
	long number;
	char *end;

	if (!is_number(text))
		return activation_find(text);
	errno = 0;
	number = strtol(text, &end, 0);
	return *end != '\0' || errno != 0 || number > 1048576 ? -1 : (int)number;
}

static int check_name(const struct spec *spec, const char *text)
{
	char passed[200];

	if (descriptor_of(text) >= 0)
		return 0;
	activation_describe(passed, sizeof(passed));
	if (is_number(text) || *text == '-' || *text == '\0')
		log_error("%s: error in FD number \"%.40s\": must be the number of a socket that "
		          "listens, or its name in LISTEN_FDNAMES", spec->text, text);
	else if (activation_find(text) == ACTIVATION_AMBIGUOUS)
		log_error("%s: several descriptors have the name \"%.40s\" (%s): use a number",
		          spec->text, text, passed);
	else
		log_error("%s: error in FD number \"%.40s\": it is no number, and no descriptor has "
		          "this name: %s", spec->text, text, passed);
	return -1;
}

static int socket_option(int fd, int name, int *value)
{
	socklen_t size = sizeof(*value);

	return getsockopt(fd, SOL_SOCKET, name, value, &size);
}

static bool has_packets(int fd)
{
	int family = net_family(fd);

	return net_type(fd) == SOCK_DGRAM && (family == AF_INET || family == AF_INET6);
}

bool acceptfd_gets_packets(const struct spec *spec)
{
	return spec->type == &addr_type_accept_fd && has_packets(descriptor_of(spec->params[0]));
}

/* Returns NULL if the descriptor is a socket that listens, or why it can't be used. */
static const char *unusable(const struct spec *spec, int fd)
{
	struct net_peer peer = { .length = sizeof(peer.addr) };
	int type, listens = 0;

	if (fcntl(fd, F_GETFD) < 0 || fcntl(fd, F_GETFL) & O_PATH)   /* closed: see main.c */
		return "is not open: was it passed on?";
	if (socket_option(fd, SO_TYPE, &type) < 0)
		return "is no socket: use FD, or STDIO";
	if (has_packets(fd)) {
		if (getpeername(fd, &peer.addr.sa, &peer.length) == 0)
			return "is a socket for datagrams of one peer: use FD";
		return spec_flag(spec, "fork") ? NULL
		       : "is a socket for datagrams: give option fork, or use FD to receive only";
	}
	if (type == SOCK_DGRAM || type == SOCK_RAW || type == SOCK_RDM)
		return "is a socket for datagrams, which has no connections to accept: use FD";
	if (type == SOCK_SEQPACKET && net_protocol(fd) == IPPROTO_SCTP)
		return "is a socket for many peers at once (SCTP), which accepts no connections";
	if (socket_option(fd, SO_ACCEPTCONN, &listens) == 0 && listens)
		return NULL;
	if (getpeername(fd, &peer.addr.sa, &peer.length) == 0)
		return "is a connection, not a socket that listens: use FD (a systemd socket unit "
		       "with Accept=yes passes these, one with Accept=no the listening one)";
	return "is a socket that does not listen: listen(2) has not been called";
}

/* Options whose time is over when a socket listens. */
static int check_phases(const struct spec *spec)
{
	for (size_t i = 0; i < spec->opt_count; i++) {
		enum opt_phase phase = spec->opts[i].def->phase;

		if (phase >= PH_PRESOCKET && phase <= PH_PASTBIND && phase != PH_PASTSOCKET) {
			log_error("%s: option \"%s\" can't act: the socket is bound already", spec->text,
			          spec->opts[i].def->name);
			return -1;
		}
	}
	return 0;
}

/* Options about who may connect, which need IP, or at least ports. */
static int check_family(const struct spec *spec, int fd)
{
	static const char *const names[] = {
		"range", "range-file", "tcpwrappers", "tcpwrap-etc", "tcpwrap-hosts-allow-table",
		"tcpwrap-hosts-deny-table", "sourceport", "lowport",
	};
	int family = net_family(fd);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (family != AF_INET && family != AF_INET6 && spec_opt(spec, names[i]) != NULL) {
			log_error("%s: option \"%s\" needs a socket of IP, but descriptor %d has family %d",
			          spec->text, names[i], fd, family);
			return -1;
		}
	return access_list_check_family(spec, family == AF_INET ? family : AF_UNSPEC);
}

static int check_descriptor(const struct spec *spec, int fd)
{
	const char *why = unusable(spec, fd);

	if (why != NULL) {
		log_error("%s: file descriptor %d %s", spec->text, fd, why);
		return -1;
	}
	return check_family(spec, fd);
}

static int check(const struct spec *spec)
{
	int fd;

	activation_take();
	if (check_name(spec, spec->params[0]) < 0 || check_phases(spec) < 0 || access_check(spec) < 0)
		return -1;
	fd = descriptor_of(spec->params[0]);
	if (check_descriptor(spec, fd) < 0)
		return -1;
	/* it shall not be another program's that is started before we listen */
	if (fd > STDERR_FILENO)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	++*claims_of(fd);
	return 0;
}

/* The descriptor itself, or a duplicate if it is needed again. -1 with errno set. */
static int take_descriptor(int fd, const struct listen_request *request)
{
	unsigned *count = claims_of(fd);

	if (request->again || *count > 1 || fd <= STDERR_FILENO) {
		*count -= *count > 1 && !request->again;
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	}
	*count = 0;
	return fd;
}

/* There are no connections on which options could act. */
static struct listener *listen_for_peers(const struct spec *spec, int fd,
                                         const struct listen_request *request)
{
	struct peers_settings settings = { .fd = fd, .finish = FINISH_NULL };

	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) == 0 &&
	    spec_apply(spec, PH_FD, fd, NULL) == 0 &&
	    spec_apply(spec, PH_CONNECTED, fd, NULL) == 0 && spec_apply(spec, PH_LATE, fd, NULL) == 0)
		return peers_listen(spec, &settings, request);
	close(fd);
	return NULL;
}

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	int number = descriptor_of(spec->params[0]), fd, flags;

	/* retry may have come after the descriptor was closed */
	if (check_descriptor(spec, number) < 0)
		return NULL;
	fd = take_descriptor(number, request);
	flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		log_error("%s: file descriptor %d: %s", spec->text, number, error_text(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	log_notice("using file descriptor %d accepting a connection for reading and writing", number);
	if (has_packets(fd))
		return listen_for_peers(spec, fd, request);
	return listener_inherit(spec, fd, request);
}

const struct addr_type addr_type_accept_fd = {
	.name = "ACCEPT-FD", .aliases = "ACCEPT", .syntax = ":<fdnum>", .feature = "WITH_FDNUM",
	.min_params = 1, .max_params = 1, .groups = GROUPS, .directions = ADDR_BOTH, .check = check,
	.open = listener_open_once, .listen = start_listen,
};
