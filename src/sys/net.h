/* Socket addresses: printing, parsing, kinds. */
#ifndef SYS_NET_H
#define SYS_NET_H

#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* linux/vm_sockets.h; see vsock(7). */
struct sockaddr_vm {
	sa_family_t svm_family;
	unsigned short svm_reserved1;
	unsigned svm_port, svm_cid;
	uint8_t svm_flags;
	unsigned char svm_zero[3];
};

/* Room for any address that we connect to or accept from. */
union net_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_vm vm;
	struct sockaddr_ll ll;
	struct sockaddr_storage storage;
};

struct net_peer {
	union net_addr addr;
	socklen_t length;
};

/* Enough for every printed form below. */
enum { NET_TEXT = 512 };

/* As in log lines: "AF=2 127.0.0.1:80", "AF=10 [0000:...:0001]:80", "AF=1 \"/run/x\"",
 * "AF=40 cid:2 port:80", "AF=17 0x0800020000000100000602420ac80001", and "AF=43 0x0050..." for
 * families that we know nothing of. */
char *net_print(const union net_addr *addr, socklen_t length, char *buffer, size_t size);
/* The host part alone, as in SOCAT_PEERADDR: "127.0.0.1", "[0000:...:0001]", "/run/x", "2". */
char *net_host(const union net_addr *addr, socklen_t length, char *buffer, size_t size);
/* Port in host byte order, 0 if the family has none. */
unsigned net_port(const union net_addr *addr);
void net_set_port(union net_addr *addr, unsigned port);
socklen_t net_length(const union net_addr *addr);

/* A port: a number 0..65535 or a service name of /etc/services for that protocol ("tcp",
 * "udp"). Returns it, or -1 if it is neither. */
int net_parse_port(const char *text, const char *protocol);

/* A numeric host: "192.0.2.1", "[2001:db8::1]", "[fe80::1%eth0]", "2001:db8::1". family:
 * AF_INET, AF_INET6 or AF_UNSPEC. Returns 0; -1 if it is not numeric; -2 if it is an address
 * of the wrong family or with an unknown zone. */
int net_parse_host(const char *text, int family, union net_addr *addr);

/* Fill in a UNIX address; abstract ones get the leading NUL. tight: the length covers only
 * the name. Returns 0, or -1 if the name is too long. */
int net_unix(const char *name, bool abstract, bool tight, struct net_peer *out);

/* The length of the IPv4 header (RFC 791) that the packet begins with, in bytes; 0 if it does not
 * begin with a whole one. */
size_t net_ip4_header(const void *packet, size_t length);

/* The ancillary messages of a packet: the first one (previous NULL), the next one, or NULL.
 * The macros of cmsg(3) do the same, with warnings about signs. */
struct cmsghdr *net_control(const struct msghdr *message, const struct cmsghdr *previous);

/* The family of a socket, or AF_UNSPEC if the descriptor is no socket. */
int net_family(int fd);
/* SOCK_STREAM, ..., or 0. */
int net_type(int fd);
/* IPPROTO_TCP, ..., or 0. */
int net_protocol(int fd);

#endif
