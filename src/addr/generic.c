/* What all SOCKET-... types share (generic.h), and SOCKET-CONNECT and SOCKET-LISTEN. */
#include "addr/generic.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr/access.h"
#include "addr/endpoint.h"
#include "addr/ip.h"
#include "addr/listener.h"
#include "addr/types.h"
#include "opt/dalan.h"
#include "sys/error.h"
#include "sys/log.h"

#define CONNECT_GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY)
#define LISTEN_GROUPS  (CONNECT_GROUPS | G_LISTEN | G_RANGE)

enum { DOMAIN, PROTOCOL, ADDRESS };

int generic_check_number(const struct spec *spec, unsigned index, const char *what, long low,
                         long high)
{
	const char *text = spec->params[index];
	long number;
	char *end;

	if (*text == '\0') {
		log_error("%s: the %s is missing", spec->text, what);
		return -1;
	}
	errno = 0;
	number = strtol(text, &end, 0);
	if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && number >= low &&
	    number <= high)
		return 0;
	log_error("%s: \"%.40s\" is not a %s: must be a number from %ld to %ld, see socket(2)",
	          spec->text, text, what, low, high);
	return -1;
}

int generic_number(const struct spec *spec, unsigned index)
{
	return (int)strtol(spec->params[index], NULL, 0);
}

int generic_check_domain(const struct spec *spec)
{
	return generic_check_number(spec, DOMAIN, "domain", 1, USHRT_MAX);
}

int generic_domain(const struct spec *spec)
{
	return (int)spec_number(spec, "protocol-family", generic_number(spec, DOMAIN));
}

int generic_check_protocol(const struct spec *spec, unsigned index)
{
	return generic_check_number(spec, index, "protocol", 0, INT_MAX);
}

int generic_protocol(const struct spec *spec, unsigned index)
{
	return (int)spec_number(spec, "so-protocol", generic_number(spec, index));
}

/* The fewest bytes behind the family that the kernel takes, and what they are. */
static size_t least_bytes(int domain, const char **parts)
{
	switch (domain) {
	case AF_INET:
		*parts = "port 2, address 4, zero 8";
		return sizeof(struct sockaddr_in) - sizeof(sa_family_t);
	case AF_INET6:
		*parts = "port 2, flow 4, address 16, scope 4";
		return sizeof(struct sockaddr_in6) - sizeof(sa_family_t);
	case AF_VSOCK:
		*parts = "zero 2, port 4, cid 4, zero 4";
		return sizeof(struct sockaddr_vm) - sizeof(sa_family_t);
	default:
		*parts = "";
		return 0;
	}
}

static size_t most_bytes(int domain)
{
	return (domain == AF_UNIX ? sizeof(struct sockaddr_un) : sizeof(struct sockaddr_storage)) -
	       sizeof(sa_family_t);
}

static int check_length(const struct spec *spec, const char *what, int domain, size_t length)
{
	const char *parts;

	if (length > most_bytes(domain)) {
		log_error("%s: %s has %zu bytes: must be at most %zu", spec->text, what, length,
		          most_bytes(domain));
		return -1;
	}
	if (length < least_bytes(domain, &parts)) {
		log_error("%s: %s has %zu bytes: one of family %d has %zu behind the family (%s)",
		          spec->text, what, length, domain, least_bytes(domain, &parts), parts);
		return -1;
	}
	return 0;
}

int generic_address(const struct spec *spec, const char *what, const char *text,
                    struct net_peer *peer)
{
	int domain = generic_domain(spec);
	struct opt_data data;
	const char *why, *where;

	if (*text == '\0' && domain != AF_UNIX) {
		log_error("%s: %s is missing", spec->text, what);
		return -1;
	}
	if (dalan_read(text, &data, &why, &where) < 0) {
		log_error("%s: %s: %s at \"%.40s\": must be data as in x0050x7f000001", spec->text,
		          what, why, where);
		return -1;
	}
	if (check_length(spec, what, domain, data.length) < 0) {
		free(data.bytes);
		return -1;
	}
	*peer = (struct net_peer){ .length = (socklen_t)(sizeof(sa_family_t) + data.length) };
	peer->addr.sa.sa_family = (sa_family_t)domain;
	memcpy((unsigned char *)&peer->addr + sizeof(sa_family_t), data.bytes, data.length);
	free(data.bytes);
	return 0;
}

const char *generic_hint(const struct net_peer *local, int error)
{
	if (error == EAFNOSUPPORT)
		return "; this kernel does not have that domain";
	if (error == ESOCKTNOSUPPORT || error == EPROTONOSUPPORT || error == EPROTOTYPE)
		return "; this kernel does not have that protocol in that domain, or not with that "
		       "socket type (option so-type)";
	if (error == EOPNOTSUPP)
		return "; a socket of that type (option so-type) has no connections to accept";
	return local->length > 0 ? ip_bind_hint(&local->addr, error) : "";
}

static int check(const struct spec *spec)
{
	const char *bind = spec_string(spec, "bind");
	struct net_peer peer;

	if (generic_check_domain(spec) < 0 || generic_check_protocol(spec, PROTOCOL) < 0 ||
	    generic_address(spec, "the address", spec->params[ADDRESS], &peer) < 0)
		return -1;
	if (bind != NULL && spec->type->listen != NULL) {
		log_error("%s: option \"bind\" can't be used: the address says where to listen",
		          spec->text);
		return -1;
	}
	if (bind != NULL && generic_address(spec, "option \"bind\"", bind, &peer) < 0)
		return -1;
	return access_check(spec);
}

static const char *hint(const struct endpoint *endpoint, int error)
{
	return generic_hint(&endpoint->local, error);
}

static struct endpoint make_endpoint(const struct spec *spec)
{
	return (struct endpoint){
		.domain = generic_domain(spec), .hint = hint,
		.type = (int)spec_number(spec, "so-type", SOCK_STREAM),
		.protocol = generic_protocol(spec, PROTOCOL),
	};
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	struct endpoint endpoint = make_endpoint(spec);
	const char *bind = spec_string(spec, "bind");

	/* check() has seen that they can be read: only memory may be missing */
	if (generic_address(spec, "the address", spec->params[ADDRESS], &endpoint.remote) < 0 ||
	    (bind != NULL && generic_address(spec, "option \"bind\"", bind, &endpoint.local) < 0)) {
		open_done(request, NULL);
		return NULL;
	}
	return endpoint_open(spec, request, &endpoint);
}

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	struct endpoint endpoint = make_endpoint(spec);

	if (generic_address(spec, "the address", spec->params[ADDRESS], &endpoint.local) < 0)
		return NULL;
	return endpoint_listen(spec, request, &endpoint);
}

const struct addr_type addr_type_socket_connect = {
	.name = "SOCKET-CONNECT", .syntax = ":<domain>:<protocol>:<remote-address>",
	.feature = "WITH_GENERICSOCKET", .min_params = 3, .max_params = 3,
	.groups = CONNECT_GROUPS, .directions = ADDR_BOTH, .check = check, .open = open_connect,
};
const struct addr_type addr_type_socket_listen = {
	.name = "SOCKET-LISTEN", .syntax = ":<domain>:<protocol>:<local-address>",
	.feature = "WITH_GENERICSOCKET", .min_params = 3, .max_params = 3,
	.groups = LISTEN_GROUPS, .directions = ADDR_BOTH, .check = check,
	.open = listener_open_once, .listen = start_listen,
};
