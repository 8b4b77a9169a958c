/* Sockets over IP that have connections: what the types of TCP, SCTP and DCCP share, and
 * connected sockets of UDP. Each is a table of these and of its names. */
#ifndef ADDR_IP_STREAM_H
#define ADDR_IP_STREAM_H

#include "addr/open.h"

struct ip_stream {
	const char *service;       /* names of ports: this protocol's in /etc/services */
	int socktype, protocol;    /* for socket(2), where no option says otherwise */
	const char *missing;       /* what to do where the kernel has no such protocol, or NULL */
};

/* For addr_type.check: parameters host and port, or port alone, and the options. */
int ip_stream_check_connect(const struct spec *spec, const struct ip_stream *stream);
int ip_stream_check_listen(const struct spec *spec, const struct ip_stream *stream);

/* For addr_type.open and .listen. stream must stay. */
struct opening *ip_stream_open(const struct spec *spec, const struct open_request *request,
                               const struct ip_stream *stream);
/* A channel over a connected socket, which it owns. Returns NULL after logging, the socket is closed
 * then. watch: what watches it already, if anything does; the channel takes it over. */
struct channel *ip_stream_channel(const struct spec *spec, const struct ip_stream *stream, int fd,
                                  struct watch *watch);
struct listener *ip_stream_listen(const struct spec *spec, const struct listen_request *request,
                                  const struct ip_stream *stream);

#endif
