/* SOCKET-DATAGRAM, SOCKET-SENDTO, SOCKET-RECV, SOCKET-RECVFROM: datagrams over sockets of any
 * family (generic.h). What raw sockets receive is passed on as it is. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/access.h"
#include "addr/datagram.h"
#include "addr/endpoint.h"
#include "addr/generic.h"
#include "addr/ip.h"
#include "addr/peers.h"
#include "addr/types.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

#define SENDTO_GROUPS   (G_FD | G_SOCKET)
#define RECEIVE_GROUPS  (SENDTO_GROUPS | G_RANGE)
#define RECVFROM_GROUPS (RECEIVE_GROUPS | G_CHILD)

enum { TYPE = 1, PROTOCOL, ADDRESS, LEAST_TYPE = 1, MOST_TYPE = 10 };

static int socket_type(const struct spec *spec)
{
	return (int)spec_number(spec, "so-type", generic_number(spec, TYPE));
}

static int check_type(const struct spec *spec)
{
	int type;

	if (generic_check_number(spec, TYPE, "socket type", LEAST_TYPE, MOST_TYPE) < 0)
		return -1;
	type = socket_type(spec);
	if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
		return 0;
	log_error("%s: socket type %d has connections: use SOCKET-CONNECT or SOCKET-LISTEN, with "
	          "option so-type if it is not %d", spec->text, type, SOCK_STREAM);
	return -1;
}

static int check(const struct spec *spec)
{
	struct net_peer peer;

	if (generic_check_domain(spec) < 0 || check_type(spec) < 0 ||
	    generic_check_protocol(spec, PROTOCOL) < 0 ||
	    generic_address(spec, "the address", spec->params[ADDRESS], &peer) < 0)
		return -1;
	return access_check(spec);
}

static int check_sender(const struct spec *spec)
{
	const char *bind = spec_string(spec, "bind");
	struct net_peer peer;

	if (check(spec) < 0)
		return -1;
	return bind == NULL ? 0 : generic_address(spec, "option \"bind\"", bind, &peer);
}

static int check_receiver(const struct spec *spec)
{
	if (spec_opt(spec, "bind") == NULL)
		return check(spec);
	log_error("%s: option \"bind\" can't be used: the address says where to receive",
	          spec->text);
	return -1;
}

/* Returns the socket, or -1 with *call and errno set; -2: an option failed, which was logged. */
static int prepare(const struct spec *spec, const struct net_peer *local, struct closer **closer,
                   const char **call)
{
	int fd = socket(generic_domain(spec), socket_type(spec) | SOCK_NONBLOCK | SOCK_CLOEXEC,
	                generic_protocol(spec, PROTOCOL));
	int rc = -2, error;

	*call = "socket for";
	if (fd < 0)
		return -1;
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 || spec_apply(spec, PH_FD, fd, NULL) < 0 ||
	    spec_apply(spec, PH_PREBIND, fd, NULL) < 0)
		goto close_fd;
	*call = "bind to";
	if (endpoint_bind(spec, fd, local, closer) < 0) {
		rc = -1;
		goto close_fd;
	}
	if (spec_apply(spec, PH_PASTBIND, fd, NULL) == 0 &&
	    spec_apply(spec, PH_CONNECTED, fd, NULL) == 0 &&
	    spec_apply(spec, PH_LATE, fd, NULL) == 0)
		return fd;
close_fd:
	error = errno;
	close(fd);
	if (*closer != NULL)
		(*closer)->close(*closer);
	*closer = NULL;
	errno = error;
	return rc;
}

/* about: the address that an error names. Returns the socket, or -1 (logged). */
static int make_socket(const struct spec *spec, const struct net_peer *local,
                       const struct net_peer *about, struct closer **closer)
{
	struct process_frame frame;
	const char *call, *hint;
	char text[NET_TEXT];
	int fd, error;

	*closer = NULL;
	if (process_enter(spec, &frame) < 0)
		return -1;
	fd = prepare(spec, local, closer, &call);
	error = errno;
	process_leave(&frame);
	if (fd != -1)
		return fd < 0 ? -1 : fd;
	hint = generic_hint(local, error);
	log_error("%s: %s %s: %s%s", spec->text, call,
	          net_print(&about->addr, about->length, text, sizeof(text)), error_text(error),
	          *hint == '\0' ? ip_socket_hint(error) : hint);
	return -1;
}

static struct channel *sender(const struct spec *spec, enum datagram_senders senders)
{
	const char *bind = spec_string(spec, "bind");
	struct net_peer to, local = { .length = 0 }, own = { .length = sizeof(own.addr) };
	struct closer *closer;
	char text[NET_TEXT];
	int fd;

	/* check() has seen that they can be read: only memory may be missing */
	if (generic_address(spec, "the address", spec->params[ADDRESS], &to) < 0 ||
	    (bind != NULL && generic_address(spec, "option \"bind\"", bind, &local) < 0))
		return NULL;
	fd = make_socket(spec, &local, local.length > 0 ? &local : &to, &closer);
	if (fd < 0)
		return NULL;
	if (log_enabled(LOG_NOTICE_) && getsockname(fd, &own.addr.sa, &own.length) == 0)
		log_notice("successfully prepared local socket %s",
		           net_print(&own.addr, own.length, text, sizeof(text)));
	return datagram_channel(spec, fd, closer, &to, senders);
}

static struct opening *open_sendto(const struct spec *spec, const struct open_request *request)
{
	open_done(request, sender(spec, SENDERS_PEER));
	return NULL;
}

static struct opening *open_datagram(const struct spec *spec, const struct open_request *request)
{
	open_done(request, sender(spec, SENDERS_ADMITTED));
	return NULL;
}

static int receiving_socket(const struct spec *spec, struct closer **closer)
{
	struct net_peer local;

	*closer = NULL;
	if (generic_address(spec, "the address", spec->params[ADDRESS], &local) < 0)
		return -1;
	return make_socket(spec, &local, &local, closer);
}

static struct opening *open_recv(const struct spec *spec, const struct open_request *request)
{
	struct closer *closer;
	int fd = receiving_socket(spec, &closer);

	open_done(request, fd < 0 ? NULL
	                          : datagram_channel(spec, fd, closer, NULL, SENDERS_ADMITTED));
	return NULL;
}

static struct opening *open_recvfrom(const struct spec *spec, const struct open_request *request)
{
	struct closer *closer;
	int fd = receiving_socket(spec, &closer);

	if (fd >= 0)
		return datagram_wait(spec, fd, closer, FIRST_ANSWER, request);
	open_done(request, NULL);
	return NULL;
}

static struct listener *listen_packets(const struct spec *spec,
                                       const struct listen_request *request)
{
	struct peers_settings settings = { .by_packet = true, .finish = FINISH_NONE };

	settings.fd = receiving_socket(spec, &settings.closer);
	return settings.fd < 0 ? NULL : peers_listen(spec, &settings, request);
}

#define SENDER(tag, title, others, groups_, open_)                                            \
	const struct addr_type addr_type_socket_##tag = {                                     \
		.name = title, .aliases = others,                                             \
		.syntax = ":<domain>:<type>:<protocol>:<remote-address>",                     \
		.feature = "WITH_GENERICSOCKET", .min_params = 4, .max_params = 4,            \
		.groups = groups_, .directions = ADDR_BOTH, .check = check_sender,            \
		.open = open_ }

#define RECEIVER(tag, title, groups_, directions_, open_, listen_)                            \
	const struct addr_type addr_type_socket_##tag = {                                     \
		.name = title, .syntax = ":<domain>:<type>:<protocol>:<local-address>",       \
		.feature = "WITH_GENERICSOCKET", .min_params = 4, .max_params = 4,            \
		.groups = groups_, .directions = directions_, .check = check_receiver,        \
		.open = open_, .listen = listen_ }

SENDER(datagram, "SOCKET-DATAGRAM", "DATAGRAM DGRAM", RECEIVE_GROUPS, open_datagram);
SENDER(sendto, "SOCKET-SENDTO", "SENDTO", SENDTO_GROUPS, open_sendto);
RECEIVER(recv, "SOCKET-RECV", RECEIVE_GROUPS, ADDR_READ, open_recv, NULL);
RECEIVER(recvfrom, "SOCKET-RECVFROM", RECVFROM_GROUPS, ADDR_BOTH, open_recvfrom, listen_packets);
