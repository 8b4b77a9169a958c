/* VSOCK-CONNECT and VSOCK-LISTEN: connections between a virtual machine and its host, vsock(7).
 * An address is a context id (cid) and a port, both of 32 bits; -1 stands for "any". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr/endpoint.h"
#include "addr/ip.h"
#include "addr/listener.h"
#include "addr/types.h"
#include "sys/log.h"

#define CONNECT_GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY)
#define LISTEN_GROUPS  (CONNECT_GROUPS | G_LISTEN)

/* linux/vm_sockets.h */
static const unsigned cid_any = 0xffffffff, port_any = 0xffffffff;
enum { CID_LOCAL = 1 };

/* Returns false if the text is not a number that a cid or port can be. */
static bool read_number(const char *text, size_t length, unsigned *number)
{
	char copy[24], *end;
	unsigned long value;

	if (length == 0 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*number = cid_any;
	if (strcmp(copy, "-1") == 0)
		return true;
	if (copy[0] < '0' || copy[0] > '9')
		return false;
	errno = 0;
	value = strtoul(copy, &end, 0);
	*number = (unsigned)value;
	return *end == '\0' && errno == 0 && value <= cid_any;
}

static int check_number(const struct spec *spec, const char *what, const char *text, bool any)
{
	unsigned number;

	if (*text == '\0') {
		log_error("%s: the %s is missing", spec->text, what);
		return -1;
	}
	if (!read_number(text, strlen(text), &number)) {
		log_error("%s: \"%.40s\" is not a %s: must be a number from 0 to 4294967295%s",
		          spec->text, text, what, any ? ", or -1 for any" : "");
		return -1;
	}
	if (!any && number == cid_any) {
		log_error("%s: \"%s\" stands for any %s: there is nothing to connect to", spec->text,
		          text, what);
		return -1;
	}
	return 0;
}

/* Option bind: "cid", "cid:port" or ":port". Returns false if it is none of these. */
static bool read_bind(const char *text, unsigned *cid, unsigned *port)
{
	const char *colon = strchr(text, ':');
	size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);

	*cid = cid_any;
	*port = port_any;
	if (colon != NULL && !read_number(colon + 1, strlen(colon + 1), port))
		return false;
	return (length == 0 && colon != NULL) || read_number(text, length, cid);
}

static int check_options(const struct spec *spec, bool listening)
{
	int family = (int)spec_number(spec, "protocol-family", AF_VSOCK);
	const char *bind = spec_string(spec, "bind");
	unsigned cid, port;

	if (family != AF_VSOCK) {
		log_error("%s: option \"pf\" must be vsock with this address type", spec->text);
		return -1;
	}
	if (bind == NULL)
		return 0;
	if (!read_bind(bind, &cid, &port)) {
		log_error("%s: option \"bind=%.60s\": must be %s, numbers from 0 to 4294967295 or -1 "
		          "for any", spec->text, bind, listening ? "a cid" : "cid, cid:port or :port");
		return -1;
	}
	if (listening && strchr(bind, ':') != NULL) {
		log_error("%s: option \"bind=%s\": the port is that of the address: must be a cid alone",
		          spec->text, bind);
		return -1;
	}
	return 0;
}

static int check_connect(const struct spec *spec)
{
	if (check_number(spec, "cid", spec->params[0], false) < 0 ||
	    check_number(spec, "port", spec->params[1], false) < 0)
		return -1;
	return check_options(spec, false);
}

static int check_listen(const struct spec *spec)
{
	if (check_number(spec, "port", spec->params[0], true) < 0)
		return -1;
	return check_options(spec, true);
}

static const char *hint(const struct endpoint *endpoint, int error)
{
	const union net_addr *remote = &endpoint->remote.addr;

	if (error == EAFNOSUPPORT)
		return "; this kernel has no VSOCK: load its module on the host (modprobe vsock)";
	if (error == EPERM)
		return "; Docker's default seccomp profile forbids VSOCK: give the container another one "
		       "(--security-opt seccomp=...)";
	if (error == EADDRNOTAVAIL)
		return "; this machine does not have that cid (cid 1 needs the module vsock_loopback)";
	if (error == ENODEV)
		return "; there is no way to that cid: it needs a module of the kernel (vhost_vsock "
		       "on a host, vsock_loopback for cid 1)";
	if (endpoint->remote.length > 0 && remote->vm.svm_cid == CID_LOCAL && error == ETIMEDOUT)
		return "; cid 1 needs the module vsock_loopback";
	if (endpoint->remote.length > 0 && error == ECONNRESET)
		return "; nothing listens there";
	return ip_bind_hint(&endpoint->local.addr, error);
}

static void set_address(struct net_peer *peer, unsigned cid, unsigned port)
{
	*peer = (struct net_peer){ .length = sizeof(peer->addr.vm) };
	peer->addr.vm.svm_family = AF_VSOCK;
	peer->addr.vm.svm_cid = cid;
	peer->addr.vm.svm_port = port;
}

static unsigned number_of(const char *text)
{
	unsigned number = 0;

	read_number(text, strlen(text), &number);
	return number;
}

static struct endpoint make_endpoint(const struct spec *spec)
{
	return (struct endpoint){
		.domain = AF_VSOCK, .type = (int)spec_number(spec, "so-type", SOCK_STREAM),
		.protocol = (int)spec_number(spec, "so-protocol", 0), .hint = hint,
	};
}

static struct opening *open_connect(const struct spec *spec, const struct open_request *request)
{
	struct endpoint endpoint = make_endpoint(spec);
	const char *bind = spec_string(spec, "bind");
	unsigned cid, port;

	set_address(&endpoint.remote, number_of(spec->params[0]), number_of(spec->params[1]));
	if (bind != NULL && read_bind(bind, &cid, &port))
		set_address(&endpoint.local, cid, port);
	return endpoint_open(spec, request, &endpoint);
}

static struct listener *start_listen(const struct spec *spec, const struct listen_request *request)
{
	struct endpoint endpoint = make_endpoint(spec);
	const char *bind = spec_string(spec, "bind");

	set_address(&endpoint.local, bind != NULL ? number_of(bind) : cid_any,
	            number_of(spec->params[0]));
	return endpoint_listen(spec, request, &endpoint);
}

const struct addr_type addr_type_vsock_connect = {
	.name = "VSOCK-CONNECT", .aliases = "VSOCK", .syntax = ":<cid>:<port>",
	.feature = "WITH_VSOCK", .min_params = 2, .max_params = 2, .groups = CONNECT_GROUPS,
	.directions = ADDR_BOTH, .family = AF_VSOCK, .check = check_connect, .open = open_connect,
};
const struct addr_type addr_type_vsock_listen = {
	.name = "VSOCK-LISTEN", .aliases = "VSOCK-L", .syntax = ":<port>",
	.feature = "WITH_VSOCK", .min_params = 1, .max_params = 1, .groups = LISTEN_GROUPS,
	.directions = ADDR_BOTH, .family = AF_VSOCK, .check = check_listen,
	.open = listener_open_once, .listen = start_listen,
};
