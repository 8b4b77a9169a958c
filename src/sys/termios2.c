#include "sys/termios2.h"

#include <sys/stat.h>

#include "sys/request.h"

int termios2_get(int fd, struct termios2 *settings)
{
	return sys_ioctl(fd, TCGETS2, settings);
}

int termios2_set(int fd, const struct termios2 *settings)
{
	struct termios2 copy = *settings;

	return sys_ioctl(fd, TCSETS2, &copy);
}

int termios2_set_drained(int fd, const struct termios2 *settings)
{
	struct termios2 copy = *settings;

	return sys_ioctl(fd, TCSETSW2, &copy);
}

int terminal_unsent(int fd)
{
	int count = 0;

	return sys_ioctl(fd, TIOCOUTQ, &count) < 0 ? 0 : count;
}

unsigned terminal_device(int fd)
{
	unsigned device = 0;
	struct stat st;

	if (sys_ioctl(fd, TIOCGDEV, &device) < 0 && fstat(fd, &st) == 0)
		device = (unsigned)st.st_rdev;
	return device;
}
