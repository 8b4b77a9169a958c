/* INTERFACE: raw packets of a network interface, with their link-level headers, packet(7).
 *
 * The kernel takes VLAN tags off before it hands packets out and tells them beside the data;
 * option retrieve-vlan puts them back. Packets that this host sends over the interface are not
 * seen, ours among them: only what comes in. Flags of the interface that options have changed
 * are restored at the end.
 */
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "addr/ip.h"
#include "addr/netdev.h"
#include "addr/open.h"
#include "addr/types.h"
#include "chan/packet.h"
#include "loop/seldom.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

/* As linux/if_packet.h has it, which is not everywhere where musl is. */
struct auxdata {
	uint32_t status, length, captured;
	uint16_t link, network, tag, tag_type;
};

enum {
	STATUS_TAG = 1 << 4, STATUS_TAG_TYPE = 1 << 6,  /* of struct auxdata */
	TAG_SIZE = 4, TAG_PLACE = 12                    /* behind the two link-level addresses */
};

struct interface_channel {
	struct packet_channel base;
	const struct spec *spec;
	struct sockaddr_ll target;        /* of what is sent */
	bool tags;                        /* option retrieve-vlan, and frames have headers */
	bool holds_flags;
	struct seldom lost_said;
};

static void log_received(const struct net_peer *from, size_t length)
{
	char text[NET_TEXT];

	if (log_enabled(LOG_NOTICE_))
		log_notice("received packet with %zu bytes from %s", length,
		           net_print(&from->addr, from->length, text, sizeof(text)));
}

/* Other options may have added messages of their own. */
static const struct auxdata *find_auxdata(const struct msghdr *message)
{
	const struct cmsghdr *c = NULL;

	while ((c = net_control(message, c)) != NULL)
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA &&
		    c->cmsg_len >= CMSG_LEN(sizeof(struct auxdata)))
			return (const struct auxdata *)(const void *)CMSG_DATA(c);
	return NULL;
}

/* Put the tag back into a packet of that length. Returns the length with the tag; what does not
 * fit the buffer is cut. */
static size_t insert_tag(const struct auxdata *aux, unsigned char *data, size_t size,
                         size_t length)
{
	uint16_t type = aux->status & STATUS_TAG_TYPE ? aux->tag_type : ETHERTYPE_VLAN;
	const unsigned char tag[TAG_SIZE] = {
		(unsigned char)(type >> 8), (unsigned char)type, (unsigned char)(aux->tag >> 8),
		(unsigned char)aux->tag,
	};
	size_t behind;

	if (length < TAG_PLACE || size < TAG_PLACE + TAG_SIZE)
		return length;
	behind = (length < size - TAG_SIZE ? length : size - TAG_SIZE) - TAG_PLACE;
	memmove(data + TAG_PLACE + TAG_SIZE, data + TAG_PLACE, behind);
	memcpy(data + TAG_PLACE, tag, TAG_SIZE);
	return length + TAG_SIZE;
}

/* The next packet: its whole length, which may be more than fits; -1 with errno set. */
static ssize_t next_packet(const struct interface_channel *c, struct iovec *data,
                           struct net_peer *from)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct auxdata)) + 64];
	} control;
	struct msghdr message = {
		.msg_name = &from->addr, .msg_namelen = sizeof(from->addr), .msg_iov = data,
		.msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};
	const struct auxdata *aux;
	ssize_t n;

	do
		n = recvmsg(c->base.fd, &message, MSG_DONTWAIT | MSG_TRUNC);
	while ((n < 0 && errno == EINTR) ||
	       (n >= 0 && from->addr.ll.sll_pkttype == PACKET_OUTGOING));
	if (n < 0)
		return -1;
	from->length = message.msg_namelen;
	aux = c->tags ? find_auxdata(&message) : NULL;
	if (aux != NULL && aux->status & STATUS_TAG)
		n = (ssize_t)insert_tag(aux, data->iov_base, data->iov_len, (size_t)n);
	return n;
}

static enum io_status receive(struct packet_channel *base, void *data, size_t size,
                              size_t *length)
{
	struct interface_channel *c = (struct interface_channel *)base;
	struct iovec buffer = { .iov_base = data, .iov_len = size };
	struct net_peer from;
	ssize_t n = next_packet(c, &buffer, &from);

	log_debug("recvmsg(%d, ..., %zu) -> %zd", base->fd, size, n);
	if (n < 0 && errno == ENETDOWN) {
		log_warn("%s: the interface is down; option iff-up would bring it up",
		         c->spec->text);
		return IO_EOF;
	}
	if (n < 0)
		return errno == EAGAIN ? IO_AGAIN : IO_ERROR;
	log_received(&from, (size_t)n);
	*length = (size_t)n < size ? (size_t)n : size;
	base->base.lost = (uint32_t)((size_t)n - *length);
	return IO_OK;
}

static enum io_status send_packet(struct packet_channel *base, const void *data, size_t size)
{
	struct interface_channel *c = (struct interface_channel *)base;
	char more[SELDOM_TEXT];
	ssize_t n;

	do
		n = sendto(base->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL,
		           (struct sockaddr *)&c->target, sizeof(c->target));
	while (n < 0 && errno == EINTR);
	log_debug("sendto(%d, ..., %zu) -> %zd", base->fd, size, n);
	if (n >= 0)
		return IO_OK;
	if (errno == EAGAIN)
		return IO_AGAIN;
	/* too short for a header, or the device's queue is full: that packet alone is lost */
	if (errno != EINVAL && errno != ENOBUFS)
		return IO_ERROR;
	if (seldom_say(&c->lost_said, more))
		log_warn("%s: a packet of %zu bytes is lost: %s%s%s",
		         c->spec->text, size, error_text(errno),
		         errno == EINVAL ? "; it needs a link-level header" : "", more);
	return IO_OK;
}

static void closing(struct packet_channel *base)
{
	const struct interface_channel *c = (const struct interface_channel *)base;

	if (c->holds_flags)
		netdev_release_flags(c->spec, base->fd, c->spec->params[0]);
}

static const struct packet_ops interface_ops = {
	.kind = "interface", .size = sizeof(struct interface_channel), .receive = receive,
	.send = send_packet, .closing = closing,
};

static bool is_raw(const struct spec *spec)
{
	return spec_number(spec, "so-type", SOCK_RAW) == SOCK_RAW;
}

static int check(const struct spec *spec)
{
	static const char *const of_tun[] = { "tun-device", "tun-name", "tun-type", "iff-no-pi" };
	const char *name = spec->params[0];

	if (*name == '\0') {
		log_error("%s: the interface's name is missing", spec->text);
		return -1;
	}
	if (strlen(name) >= IFNAMSIZ) {
		log_error("%s: \"%.40s\" is too long for an interface's name: at most %d characters",
		          spec->text, name, IFNAMSIZ - 1);
		return -1;
	}
	for (size_t i = 0; i < sizeof(of_tun) / sizeof(of_tun[0]); i++)
		if (spec_opt(spec, of_tun[i]) != NULL) {
			log_error("%s: option \"%s\" is for TUN only", spec->text,
			          spec_opt(spec, of_tun[i])->text);
			return -1;
		}
	if (spec_number(spec, "protocol-family", AF_PACKET) != AF_PACKET) {
		log_error("%s: interfaces have sockets of family packet only (pf=packet)", spec->text);
		return -1;
	}
	if (!is_raw(spec) && spec_number(spec, "so-type", 0) != SOCK_DGRAM) {
		log_error("%s: socket type %d: there are 3 (raw) and 2 (without link-level headers)",
		          spec->text, (int)spec_number(spec, "so-type", 0));
		return -1;
	}
	return 0;
}

/* The socket sees nothing before it is bound: it is made with protocol 0. */
static int bind_interface(struct interface_channel *c)
{
	struct net_peer local = { .length = sizeof(local.addr) };
	int on = 1, fd = c->base.fd;
	char text[NET_TEXT];

	/* kernels before 4.20 don't know it: next_packet() looks, too */
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if ((c->tags && setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0) ||
	    bind(fd, (struct sockaddr *)&c->target, sizeof(c->target)) < 0) {
		log_error("%s: binding to the interface: %s", c->spec->text, error_text(errno));
		return -1;
	}
	if (getsockname(fd, &local.addr.sa, &local.length) == 0)
		log_notice("successfully prepared local socket %s",
		           net_print(&local.addr, local.length, text, sizeof(text)));
	return 0;
}

static int prepare(struct interface_channel *c)
{
	const struct spec *spec = c->spec;
	const char *name = spec->params[0];
	int fd = c->base.fd;

	/* up before it is bound, or the first read would tell that it was down */
	if (spec_apply(spec, PH_PASTSOCKET, fd, NULL) < 0 || spec_apply(spec, PH_FD, fd, NULL) < 0 ||
	    netdev_set_mtu(spec, fd, name) < 0 || netdev_hold_flags(spec, fd, name) < 0)
		return -1;
	c->holds_flags = true;
	if (spec_apply(spec, PH_PREBIND, fd, NULL) < 0 || bind_interface(c) < 0 ||
	    spec_apply(spec, PH_CONNECTED, fd, NULL) < 0 || spec_apply(spec, PH_LATE, fd, NULL) < 0)
		return -1;
	return 0;
}

static struct channel *try_open(const struct spec *spec, int direction)
{
	unsigned index = if_nametoindex(spec->params[0]);
	struct interface_channel *c = NULL;
	int fd;

	if (index == 0) {
		log_error("%s: unknown interface \"%s\"", spec->text, spec->params[0]);
		return NULL;
	}
	fd = socket(AF_PACKET, (is_raw(spec) ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
	            0);
	if (fd >= 0)
		c = (struct interface_channel *)packet_channel_new(&interface_ops, fd,
		        direction & ADDR_READ, direction & ADDR_WRITE);
	if (c == NULL) {
		log_error("%s: socket: %s%s", spec->text, error_text(errno), ip_socket_hint(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	c->spec = spec;
	c->tags = is_raw(spec) && spec_opt(spec, "retrieve-vlan") != NULL;
	c->target = (struct sockaddr_ll){
		.sll_family = AF_PACKET, .sll_ifindex = (int)index,
		.sll_protocol = (uint16_t)spec_number(spec, "so-protocol", htons(ETH_P_ALL)),
	};
	if (prepare(c) == 0)
		return &c->base.base;
	channel_free(&c->base.base);
	return NULL;
}

static struct opening *open_interface(const struct spec *spec, const struct open_request *request)
{
	struct channel *channel = NULL;
	struct process_frame frame;

	if (process_enter(spec, &frame) == 0) {
		channel = try_open(spec, request->direction);
		process_leave(&frame);
	}
	open_done(request, channel);
	return NULL;
}

const struct addr_type addr_type_interface = {
	.name = "INTERFACE", .aliases = "IF", .syntax = ":<interface>", .feature = "WITH_INTERFACE",
	.min_params = 1, .max_params = 1, .groups = G_FD | G_SOCKET | G_INTERFACE,
	.directions = ADDR_BOTH, .family = AF_PACKET, .check = check, .open = open_interface,
};
