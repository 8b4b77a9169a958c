/* Trains: packets of one size (the last one may be shorter) that a UDP socket sends as one. The kernel
 * cuts them behind most of its work: UDP_SEGMENT of udp(7). */
#ifndef SYS_TRAIN_H
#define SYS_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* What one train may have: the kernel takes no more packets, IP no more bytes. And the room that
 * train_write() needs behind other ancillary messages. */
enum { TRAIN_PACKETS = 64, TRAIN_BYTES = 60000, TRAIN_CONTROL = CMSG_SPACE(sizeof(uint16_t)) };

/* True if the socket is one for UDP, and the kernel knows trains (Linux 4.18). An older one would
 * not refuse a train, but send it as one packet. */
bool train_possible(int fd);

/* Cut what is sent with this message into packets of size bytes, at most TRAIN_BYTES. control: where its
 * ancillary messages are, aligned as struct cmsghdr; or would be. */
void train_write(struct msghdr *message, unsigned char *control, size_t size);

/* True if a train that could not be sent for this reason (errno) may still go packet by packet: its
 * packets are larger than the path's MTU, or the device can't. */
bool train_refused(int error);

#endif
