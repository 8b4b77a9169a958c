#include "sys/train.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

bool train_possible(int fd)
{
	int size = 0;
	socklen_t length = sizeof(size);

	return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &length) == 0;
}

void train_write(struct msghdr *message, unsigned char *control, size_t size)
{
	struct cmsghdr *header = (struct cmsghdr *)(void *)(control + message->msg_controllen);
	uint16_t packet = (uint16_t)size;

	memset(header, 0, TRAIN_CONTROL);
	header->cmsg_level = IPPROTO_UDP;
	header->cmsg_type = UDP_SEGMENT;
	header->cmsg_len = (socklen_t)CMSG_LEN(sizeof(packet));
	memcpy(CMSG_DATA(header), &packet, sizeof(packet));
	message->msg_control = control;
	message->msg_controllen += (socklen_t)TRAIN_CONTROL;
}

bool train_refused(int error)
{
	return error == EINVAL || error == EIO || error == EMSGSIZE || error == EOPNOTSUPP;
}
