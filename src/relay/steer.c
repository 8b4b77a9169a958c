/* A program of the classic packet filter (socket(7), SO_ATTACH_REUSEPORT_CBPF; the instructions are
 * those of linux/filter.h). Its result is the number of a socket. Addresses are where RFC 791 and RFC
 * 8200 put them. */
#include "relay/steer.h"

#include <linux/filter.h>
#include <stdint.h>
#include <sys/socket.h>

enum { IP4_SOURCE = 12, IP6_SOURCE = 8 };

/* Places in the program. */
enum { FIRST_BITS = 6, NEXT_BITS = 9, SOCKETS = 13 };

#define HEADER(offset) ((uint32_t)SKF_NET_OFF + (offset))

static uint32_t mask(unsigned bits)
{
	return bits == 0 ? 0 : bits >= 32 ? ~0u : ~0u << (32 - bits);
}

/* Filled in below: two parts of the prefix, and the number of sockets. */
static struct sock_filter program[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, HEADER(0)),
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),            /* the version */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, HEADER(IP4_SOURCE)),
	BPF_JUMP(BPF_JMP | BPF_JA, 6, 0, 0),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, HEADER(IP6_SOURCE)),
	[FIRST_BITS] = BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, HEADER(IP6_SOURCE + 4)),
	[NEXT_BITS] = BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0),
	BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
	BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1u),  /* neighbours are spread */
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
	[SOCKETS] = BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0),
	BPF_STMT(BPF_RET | BPF_A, 0),
};

int steer_by_client(int fd, unsigned sockets, unsigned prefix)
{
	struct sock_fprog filter = {
		.len = sizeof(program) / sizeof(program[0]), .filter = program,
	};

	program[FIRST_BITS].k = mask(prefix);
	program[NEXT_BITS].k = mask(prefix > 32 ? prefix - 32 : 0);
	program[SOCKETS].k = sockets;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof(filter));
}
