/* Settings of terminals as the kernel has them: with the speeds as numbers, which the C library's
 * struct termios can't carry. Whoever includes this must not include <termios.h>. */
#ifndef SYS_TERMIOS2_H
#define SYS_TERMIOS2_H

#include <asm/ioctls.h>
#include <asm/termbits.h>

/* Where the speeds were numbers from the beginning (PowerPC), there is no second set of requests. */
#ifndef TCGETS2
#define termios2 termios
#define TCGETS2 TCGETS
#define TCSETS2 TCSETS
#define TCSETSW2 TCSETSW
#endif

/* Like tcgetattr(3), ioctl_tty(2). Returns 0, or -1 with errno: ENOTTY where fd is no terminal. */
int termios2_get(int fd, struct termios2 *settings);

/* Like tcsetattr(3) with TCSANOW: what was written before may still go out with the new settings,
 * but nothing has to be waited for. Succeeds if any part could be set. */
int termios2_set(int fd, const struct termios2 *settings);

/* The same after the output has been sent (TCSADRAIN). */
int termios2_set_drained(int fd, const struct termios2 *settings);

/* Bytes that were written to the terminal and have not been sent; 0 where that is not known. */
int terminal_unsent(int fd);

/* The number of its device; of the terminal itself where fd is open on /dev/tty or /dev/console,
 * which are other names for one. */
unsigned terminal_device(int fd);

#endif
