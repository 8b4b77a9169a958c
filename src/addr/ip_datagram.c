/* Datagram sockets over IP that are not connected. Sending: the host's name is looked up, the
 * first of its addresses for which a socket can be made counts. */
#include "addr/ip_datagram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/bind.h"
#include "addr/ip.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

static int make_socket(const struct spec *spec, const struct ip_datagram *kind)
{
	struct net_peer local;
	int fd, zero = 0, error;

	memset(&local, 0, sizeof(local));
	if (ip_local_address(spec, kind->port != NULL ? kind->port : "0", "udp", &local.addr) < 0)
		return -1;
	local.length = net_length(&local.addr);
	fd = socket(local.addr.sa.sa_family,
	            (int)spec_number(spec, "so-type", kind->socktype) | SOCK_NONBLOCK | SOCK_CLOEXEC,
	            (int)spec_number(spec, "so-protocol", kind->protocol));
	error = errno;
	if (fd >= 0 && local.addr.sa.sa_family == AF_INET6 && ip_family(spec) == AF_UNSPEC &&
	    ip_version(true) == AF_UNSPEC)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	errno = error;
	if (fd >= 0 && kind->beside != NULL && bind_beside(kind->beside->fd, fd, &local) < 0) {
		log_error("%s: setsockopt(SO_REUSEPORT): %s", spec->text, error_text(errno));
		close(fd);
		return -1;
	}
	return datagram_prepare(spec, fd, &local);
}

int ip_datagram_socket(const struct spec *spec, const struct ip_datagram *kind)
{
	struct process_frame frame;
	int fd;

	if (process_enter(spec, &frame) < 0)
		return -1;
	fd = make_socket(spec, kind);
	process_leave(&frame);
	return fd;
}

struct sender {
	struct opening base;
	struct opening *preparing;
	const struct spec *spec;
	struct open_request request;
	enum datagram_senders senders;
	union net_addr to;
};

static void prepared(void *owner, int fd)
{
	struct sender *s = owner;
	struct open_request request = s->request;
	struct channel *channel = NULL;
	struct net_peer to;

	memset(&to, 0, sizeof(to));
	to.addr = s->to;
	to.length = net_length(&to.addr);
	if (fd >= 0)
		channel = datagram_channel(s->spec, fd, NULL, &to, s->senders);
	opening_over(&s->base);
	open_done(&request, channel);
}

static void cancel(struct opening *opening)
{
	struct sender *s = (struct sender *)opening;

	opening_cancel(s->preparing);
	opening_over(opening);
}

struct opening *ip_datagram_open(const struct spec *spec, const struct ip_datagram *kind,
                                 enum datagram_senders senders,
                                 const struct open_request *request)
{
	struct sender *s = calloc(1, sizeof(*s));
	struct ip_request prepare = {
		.target = { spec->params[0], kind->port != NULL ? net_parse_port(kind->port, "udp") : 0,
		            kind->socktype, kind->protocol },
		.server = request->server, .done = prepared, .owner = s,
		.peer_sourceport = senders == SENDERS_ADMITTED,
	};

	if (s == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		open_done(request, NULL);
		return NULL;
	}
	prepare.unconnected = &s->to;
	s->base.cancel = cancel;
	s->spec = spec;
	s->request = *request;
	s->senders = senders;
	s->preparing = ip_connect(spec, &prepare);
	return opening_handle(&s->base);
}
