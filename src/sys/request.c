#include "sys/request.h"

#include <sys/syscall.h>
#include <unistd.h>

int sys_ioctl(int fd, unsigned request, void *argument)
{
	return (int)syscall(SYS_ioctl, fd, (unsigned long)request, argument);
}
