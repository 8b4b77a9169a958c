/*
 * UDP: an echo back end, and peers that send requests to it through a relay.
 *
 * A peer is a client with a socket, and so a source port, of its own: what a
 * relay keeps a session for. A round trip is a request of MESSAGE bytes and
 * its echo, two packets through the relay. The load is a closed loop: a fixed
 * number of requests is in flight, one per peer at most, and the peer that has
 * waited longest is the next to send. So every relay is offered the same, and
 * all peers stay live however many there are.
 *
 * Packets may get lost. A request without an echo for LOSS_MS is counted as
 * lost and sent again with a new number; an echo of an old number is ignored.
 *
 * The back end writes into the echo the port from which it was reached, which
 * tells one session of the relay from another. A peer whose port changes lost
 * its session, and the measure, which is of lasting ones, is void.
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LOSS_MS = 250,
	BUFFER = 4 * 1024 * 1024	/* bytes of a socket buffer that all packets share */
};

/* A request, and its echo. */
struct packet {
	uint64_t number;
	uint16_t port;	/* set by the back end, in network order */
	char filling[MESSAGE - sizeof(uint64_t) - sizeof(uint16_t)];
} __attribute__((packed));

_Static_assert(sizeof(struct packet) == MESSAGE, "a packet has the size of a message");

/* ---- udp-serve: the back end ------------------------------------------ */

/* The larger buffer is a precaution; where it is not granted the default has
 * to do, and what it does not hold is counted as lost by the client. */
static void enlarge_buffers(int fd)
{
	const int size = BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == -1)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) == -1)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

/* As many packets as there are, each with the address it came from. */
struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec places[BATCH];
	struct sockaddr_in from[BATCH];
	struct packet packets[BATCH];
};

static int batch_receive(int fd, struct batch *b)
{
	for (size_t i = 0; i < BATCH; i++) {
		b->places[i] = (struct iovec){ &b->packets[i], sizeof b->packets[i] };
		b->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &b->from[i], .msg_namelen = sizeof b->from[i],
			.msg_iov = &b->places[i], .msg_iovlen = 1
		};
	}
	return recvmmsg(fd, b->headers, BATCH, MSG_WAITFORONE, NULL);
}

/* Send back what was received. A packet that can't be sent is lost. */
static void batch_return(int fd, struct batch *b, unsigned int count)
{
	unsigned int sent = 0;

	for (unsigned int i = 0; i < count; i++) {
		b->places[i].iov_len = b->headers[i].msg_len;
		b->packets[i].port = b->from[i].sin_port;
	}
	while (sent < count) {
		int n = sendmmsg(fd, b->headers + sent, count - sent, 0);

		sent += n > 0 ? (unsigned int)n : 1;
	}
}

int run_udp_serve(char **argv)
{
	static struct batch b;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct endpoint at;

	if (fd == -1 || parse_endpoint(argv, &at) == -1)
		return -1;
	enlarge_buffers(fd);
	if (bind(fd, &at.address.any, at.length) == -1)
		return fail("bind");
	for (;;) {
		int n = batch_receive(fd, &b);

		if (n == -1 && errno != EINTR)
			return fail("recvmmsg");
		if (n > 0)
			batch_return(fd, &b, (unsigned int)n);
	}
}

/* ---- peers ------------------------------------------------------------ */

/* In the list of those that wait for their turn, or of those in flight. */
struct peer {
	struct peer *next, *previous;
	uint64_t number;	/* of the last request, more if it was answered */
	uint64_t sent;		/* when, nanoseconds */
	int fd;
	uint16_t port;	/* the back end's view of our session, 0 if it is new */
};

/* First in, first out; a peer may also be taken from the middle. */
struct queue {
	struct peer *first, *last;
};

static void queue_append(struct queue *q, struct peer *p)
{
	p->next = NULL;
	p->previous = q->last;
	if (q->last != NULL)
		q->last->next = p;
	else
		q->first = p;
	q->last = p;
}

static void queue_remove(struct queue *q, struct peer *p)
{
	if (p->previous != NULL)
		p->previous->next = p->next;
	else
		q->first = p->next;
	if (p->next != NULL)
		p->next->previous = p->previous;
	else
		q->last = p->previous;
}

static int peer_open(struct peer *p, const struct endpoint *to)
{
	*p = (struct peer){ .fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
	if (p->fd == -1)
		return fail("socket");
	return connect(p->fd, &to->address.any, to->length) == 0 ? 0 : fail("connect");
}

/* Send a request. A send that fails (nobody listens yet, no memory for the
 * packet) has lost its packet, which shows in time as any other loss does. */
static void peer_send(struct peer *p)
{
	struct packet request = { .number = ++p->number };

	p->sent = now();
	(void)!send(p->fd, &request, sizeof request, 0);
}

enum answer { NOTHING, ANSWERED, MOVED };

/* Read until the echo of the last request or until there is nothing more. */
static enum answer peer_receive(struct peer *p)
{
	struct packet echo;

	for (;;) {
		ssize_t n = recv(p->fd, &echo, sizeof echo, 0);

		if (n == -1 && errno != ECONNREFUSED)
			return NOTHING;
		if (n == (ssize_t)sizeof echo && echo.number == p->number)
			break;
	}
	p->number++; /* a second echo of this request is as good as none */
	if (p->port == echo.port)
		return ANSWERED;
	if (p->port != 0)
		return MOVED;
	p->port = echo.port;
	return ANSWERED;
}

/* Exchange the first packets: repeat the request every pause milliseconds,
 * for so many seconds. Returns the number of repetitions, or -1. */
static int peer_greet(struct peer *p, int pause, double limit)
{
	struct pollfd ready = { .fd = p->fd, .events = POLLIN };
	uint64_t start = now();

	for (int again = 0; seconds_since(start) < limit; again++) {
		peer_send(p);
		while (now() - p->sent < (uint64_t)pause * 1000000u) {
			if (peer_receive(p) == ANSWERED)
				return again;
			poll(&ready, 1, pause);
		}
	}
	return -1;
}

/* ---- udp-wait: until the back end answers through the relay ------------ */

int run_udp_wait(char **argv)
{
	struct endpoint to;
	struct peer p;

	if (parse_endpoint(argv, &to) == -1 || peer_open(&p, &to) == -1)
		return -1;
	if (peer_greet(&p, 20, (double)parse_count(argv[2])) >= 0)
		return 0;
	fprintf(stderr, "load: no echo from %s:%s\n", argv[0], argv[1]);
	return -1;
}

/* ---- udp: many peers, some of them with a request in flight ------------ */

struct crowd {
	struct peer *peers;
	size_t count, flight;
	int ep;
	struct queue waiting, flying;
	uint64_t done, lost;
};

/* One after the other, so that the relay opens its sessions without a burst,
 * which would measure what its receive buffer holds. */
static int crowd_gather(struct crowd *c, const struct endpoint *to)
{
	for (size_t i = 0; i < c->count; i++) {
		struct peer *p = &c->peers[i];
		int again;

		if (peer_open(p, to) == -1)
			return -1;
		again = peer_greet(p, LOSS_MS, PATIENCE);
		if (again == -1) {
			fprintf(stderr, "load: %zu of %zu peers were up\n", i, c->count);
			return -1;
		}
		c->lost += (uint64_t)again;
		if (set_interest(c->ep, EPOLL_CTL_ADD, p->fd, EPOLLIN | EPOLLET, p) == -1)
			return -1;
		queue_append(&c->waiting, p);
	}
	return 0;
}

static void crowd_send_next(struct crowd *c)
{
	struct peer *p = c->waiting.first;

	queue_remove(&c->waiting, p);
	queue_append(&c->flying, p);
	peer_send(p);
}

/* Requests that are overdue are sent again. All wait equally long, so the
 * oldest is the first. */
static void crowd_repeat_lost(struct crowd *c)
{
	uint64_t time = now();

	for (;;) {
		struct peer *p = c->flying.first;

		if (p == NULL || time < p->sent + (uint64_t)LOSS_MS * 1000000u)
			return;
		c->lost++;
		queue_remove(&c->flying, p);
		queue_append(&c->flying, p);
		peer_send(p);
	}
}

/* An event may be of an echo that was given up as lost. */
static int crowd_receive(struct crowd *c, struct peer *p, bool go_on)
{
	switch (peer_receive(p)) {
	case NOTHING:
		return 0;
	case MOVED:
		fprintf(stderr, "load: the relay gave a peer a second session\n");
		return -1;
	case ANSWERED:
		break;
	}
	c->done++;
	queue_remove(&c->flying, p);
	queue_append(&c->waiting, p);
	if (go_on)
		crowd_send_next(c);
	return 0;
}

/* Keep requests in flight for a time, then await the last echoes. Sets *took
 * to the seconds. Returns 0, or -1 if no echo came for too long. */
static int crowd_run(struct crowd *c, double seconds, double *took)
{
	uint64_t start = now(), last = start;
	uint64_t end = start + (uint64_t)(seconds * 1e9);
	struct epoll_event ready[BATCH];

	c->done = c->lost = 0;
	for (size_t i = 0; i < c->flight; i++)
		crowd_send_next(c);
	while (c->flying.first != NULL) {
		uint64_t before = c->done;
		int n = epoll_wait(c->ep, ready, BATCH, LOSS_MS);

		if (n == -1 && errno != EINTR)
			return fail("epoll_wait");
		for (int i = 0; i < n; i++)
			if (crowd_receive(c, ready[i].data.ptr, now() < end) == -1)
				return -1;
		if (c->done > before)
			last = now();
		if (seconds_since(last) > PATIENCE) {
			fprintf(stderr, "load: no echo for %d seconds\n", PATIENCE);
			return -1;
		}
		crowd_repeat_lost(c);
	}
	*took = seconds_since(start);
	return 0;
}

/* Gathers the peers, warms up, and runs the command before and after the
 * measured time, while all sessions are up and nothing is in flight. Prints,
 * after what the command prints: the word "load", round trips, seconds,
 * requests that were lost, and lost ones among the first requests. */
int run_udp(char **argv)
{
	struct crowd c = { .count = (size_t)parse_count(argv[2]),
		.flight = (size_t)parse_count(argv[3]), .ep = epoll_create1(EPOLL_CLOEXEC) };
	uint64_t lost_first;
	struct endpoint to;
	double seconds = 0;

	if (c.ep == -1 || c.count == 0 || c.flight == 0 || parse_endpoint(argv, &to) == -1)
		return -1;
	if (c.flight > c.count)
		c.flight = c.count;
	c.peers = calloc(c.count, sizeof *c.peers);
	if (c.peers == NULL || crowd_gather(&c, &to) == -1)
		return -1;
	lost_first = c.lost;
	if (crowd_run(&c, 0.1, &seconds) == -1 || run_command(argv + 5, NULL) == -1)
		return -1;
	if (crowd_run(&c, strtod(argv[4], NULL), &seconds) == -1 || run_command(argv + 5, NULL) == -1)
		return -1;
	printf("load %llu %.6f %llu %llu\n", (unsigned long long)c.done, seconds,
		(unsigned long long)c.lost, (unsigned long long)lost_first);
	return 0;
}
