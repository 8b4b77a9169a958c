/* TUN: a TUN or TAP device. The program is the network behind the interface: what the host
 * sends there is read, what is written the host receives. The interface vanishes with its
 * descriptor, unless it was made persistent by others. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "addr/netdev.h"
#include "addr/open.h"
#include "addr/types.h"
#include "chan/packet.h"
#include "loop/seldom.h"
#include "opt/file.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

/* As linux/if_tun.h has them, which is not everywhere where musl is. */
enum { TUN_DEVICE = 0x0001, TAP_DEVICE = 0x0002, NO_PACKET_INFO = 0x1000 };
#define SET_INTERFACE 0x400454caU  /* TUNSETIFF */

/* More than the largest packet. */
enum { LARGEST = 65536 + 256 };

struct tun_channel {
	struct packet_channel base;
	const struct spec *spec;
	struct seldom lost_said;
};

static enum io_status receive(struct packet_channel *c, void *data, size_t size, size_t *length)
{
	static unsigned char rest[LARGEST];
	/* the device cuts without telling: what does not fit is read, too, to be counted */
	struct iovec parts[2] = {
		{ .iov_base = data, .iov_len = size }, { .iov_base = rest, .iov_len = sizeof(rest) }
	};
	ssize_t n;

	do
		n = readv(c->fd, parts, 2);
	while (n < 0 && errno == EINTR);
	log_debug("readv(%d, ..., %zu) -> %zd", c->fd, size, n);
	if (n < 0)
		return errno == EAGAIN ? IO_AGAIN : IO_ERROR;
	*length = (size_t)n < size ? (size_t)n : size;
	c->base.lost = (uint32_t)((size_t)n - *length);
	return IO_OK;
}

static enum io_status send_packet(struct packet_channel *c, const void *data, size_t size)
{
	char more[SELDOM_TEXT];
	ssize_t n;

	do
		n = write(c->fd, data, size);
	while (n < 0 && errno == EINTR);
	log_debug("write(%d, ..., %zu) -> %zd", c->fd, size, n);
	if (n >= 0)
		return IO_OK;
	/* EIO: the interface is down; coming up makes the descriptor writable */
	if (errno == EAGAIN || errno == EIO)
		return IO_AGAIN;
	/* no packet of the device's kind: it alone is lost */
	if (errno != EINVAL)
		return IO_ERROR;
	if (seldom_say(&((struct tun_channel *)c)->lost_said, more))
		log_warn("%s: %zu bytes are lost: the device takes them for no packet%s",
		         ((struct tun_channel *)c)->spec->text, size, more);
	return IO_OK;
}

static const struct packet_ops tun_ops = {
	.kind = "tun", .size = sizeof(struct tun_channel), .receive = receive, .send = send_packet,
};

static const char *device_path(const struct spec *spec)
{
	const char *path = spec_string(spec, "tun-device");

	return path != NULL ? path : "/dev/net/tun";
}

static int check(const struct spec *spec)
{
	struct netdev_address address;
	const char *wrong;

	if (spec_opt(spec, "retrieve-vlan") != NULL) {
		log_error("%s: option retrieve-vlan is for INTERFACE only: a TAP device's packets have "
		          "their tags", spec->text);
		return -1;
	}
	if (spec->param_count == 0)
		return 0;
	wrong = netdev_parse_address(spec->params[0], &address);
	if (wrong == NULL)
		return 0;
	log_error("%s: \"%.60s\" %s; it has to be like 192.0.2.1/24", spec->text, spec->params[0],
	          wrong);
	return -1;
}

static const char *device_hint(int error)
{
	if (error == ENOENT || error == ENODEV || error == ENXIO)
		return "; load the module tun, or give the container the device (--device /dev/net/tun)";
	return error == EPERM || error == EACCES ? "; it has to be readable and writable" : "";
}

static const char *create_hint(int error)
{
	if (error == EBUSY)
		return "; another process has this interface";
	if (error == EINVAL)
		return "; there is an interface of that name that is none of this tun-type";
	if (error == ENOTTY)
		return "; option tun-device names another kind of device";
	return netdev_hint(error, "");
}

/* Make the interface, or take the one of that name that is there. */
static int create(const struct spec *spec, int fd, char name[IFNAMSIZ])
{
	const char *wanted = spec_string(spec, "tun-name");
	struct ifreq request;

	memset(&request, 0, sizeof(request));
	if (wanted != NULL)
		snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", wanted);
	request.ifr_flags = spec_flag(spec, "tun-type") ? TAP_DEVICE : TUN_DEVICE;
	if (spec_flag(spec, "iff-no-pi"))
		request.ifr_flags |= NO_PACKET_INFO;
	if (ioctl(fd, SET_INTERFACE, &request) < 0) {
		log_error("%s: making the interface: %s%s", spec->text, error_text(errno),
		          create_hint(errno));
		return -1;
	}
	snprintf(name, IFNAMSIZ, "%s", request.ifr_name);
	log_notice("TUN: new device \"%s\"", name);
	return 0;
}

/* Size, address, flags, in this order: it comes up complete. */
static int configure(const struct spec *spec, const char *name)
{
	struct netdev_address address;
	int rc = -1, helper = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (helper < 0)
		helper = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (helper < 0) {
		log_error("%s: socket: %s", spec->text, error_text(errno));
		return -1;
	}
	if (netdev_set_mtu(spec, helper, name) < 0)
		goto close_helper;
	if (spec->param_count > 0 && netdev_parse_address(spec->params[0], &address) == NULL &&
	    netdev_set_address(spec, name, &address) < 0)
		goto close_helper;
	rc = netdev_set_flags(spec, helper, name);
close_helper:
	close(helper);
	return rc;
}

static struct channel *try_open(const struct spec *spec, int direction)
{
	int flags = (open_flags(spec, 0) & ~O_ACCMODE) | O_RDWR | O_NONBLOCK | O_CLOEXEC;
	int fd = open(device_path(spec), flags);
	struct tun_channel *c;
	char name[IFNAMSIZ];

	if (fd < 0) {
		log_error("%s: open(\"%s\"): %s%s", spec->text, device_path(spec), error_text(errno),
		          device_hint(errno));
		return NULL;
	}
	if (spec_apply(spec, PH_PASTOPEN, fd, NULL) < 0 || create(spec, fd, name) < 0 ||
	    spec_apply(spec, PH_FD, fd, NULL) < 0 || configure(spec, name) < 0 ||
	    spec_apply(spec, PH_LATE, fd, NULL) < 0)
		goto close_fd;
	c = (struct tun_channel *)packet_channel_new(&tun_ops, fd, direction & ADDR_READ,
	                                             direction & ADDR_WRITE);
	if (c != NULL) {
		c->spec = spec;
		return &c->base.base;
	}
	log_error("%s: %s", spec->text, error_text(errno));
close_fd:
	close(fd);
	return NULL;
}

static struct opening *open_tun(const struct spec *spec, const struct open_request *request)
{
	struct channel *channel = NULL;
	struct process_frame frame;

	log_notice("creating tunnel network interface");
	if (process_enter(spec, &frame) == 0) {
		channel = try_open(spec, request->direction);
		process_leave(&frame);
	}
	open_done(request, channel);
	return NULL;
}

const struct addr_type addr_type_tun = {
	.name = "TUN", .syntax = "[:<ip-addr>/<bits>]", .feature = "WITH_TUN", .min_params = 0,
	.max_params = 1, .groups = G_FD | G_CHR | G_OPEN | G_INTERFACE, .directions = ADDR_BOTH,
	.check = check, .open = open_tun,
};
