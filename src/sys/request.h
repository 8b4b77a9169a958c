/* ioctl(2). The name of this file is not that of a header of the system, which it would hide. */
#ifndef SYS_REQUEST_H
#define SYS_REQUEST_H

/* With the type that the kernel has for requests: the C libraries don't agree on it, and some
 * requests use the highest bit. Returns what the request does, -1 with errno set. */
int sys_ioctl(int fd, unsigned request, void *argument);

#endif
