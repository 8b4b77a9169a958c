/* The queue of errors of a datagram socket: what routers and hosts have answered by ICMP to
 * packets that were sent (options ip-recverr, ipv6-recverr; ip(7), recv(2) MSG_ERRQUEUE). */
#ifndef ADDR_ERROR_QUEUE_H
#define ADDR_ERROR_QUEUE_H

#include <stdbool.h>
#include <sys/socket.h>

struct spec;

/* What a channel does if reading or writing failed. Both log what is in the queue, and keep
 * errno. Tell: the failure counts, as the socket has a single peer. Go on: returns true if
 * there was something, so that the call is to be tried again: the failure was one of an
 * earlier packet, maybe to somebody else. */
bool error_queue_tell(int fd);
bool error_queue_go_on(int fd);

/* Which of them to use for an address; NULL if it has no such option. */
typedef bool error_queue_use(int fd);
error_queue_use *error_queue_for(const struct spec *spec, bool single_peer);

/* Have ICMP errors make calls fail, as on a connected socket, though no option asks for it.
 * Returns what to do then; what is in the queue is logged at level info. */
error_queue_use *error_queue_ask(int fd);

/* The words for a message of the queue, of at most size bytes. Returns false if it has no error
 * in it. */
bool error_queue_text(const struct msghdr *message, char *text, size_t size);

#endif
