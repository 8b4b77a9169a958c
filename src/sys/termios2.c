#include "sys/termios2.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library's ioctl() has an int for the request, which these don't fit into. */
static int request(int fd, unsigned long number, void *argument)
{
	return (int)syscall(SYS_ioctl, fd, number, argument);
}

int termios2_get(int fd, struct termios2 *settings)
{
	return request(fd, TCGETS2, settings);
}

int termios2_set(int fd, const struct termios2 *settings)
{
	struct termios2 copy = *settings;

	return request(fd, TCSETS2, &copy);
}

int termios2_set_drained(int fd, const struct termios2 *settings)
{
	struct termios2 copy = *settings;

	return request(fd, TCSETSW2, &copy);
}

int terminal_unsent(int fd)
{
	int count = 0;

	return request(fd, TIOCOUTQ, &count) < 0 ? 0 : count;
}

unsigned terminal_device(int fd)
{
	unsigned device = 0;
	struct stat st;

	if (request(fd, TIOCGDEV, &device) < 0 && fstat(fd, &st) == 0)
		device = (unsigned)st.st_rdev;
	return device;
}
