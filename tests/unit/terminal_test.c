/* Terminals that still have something to send when their last user goes: a pseudo terminal, which
 * sends at once, and in front of it a count of bytes that the test sets. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "chan/terminal.h"
#include "fake_loop.h"
#include "sys/termios2.h"
#include "unit.h"

#define SECOND 1000000000LL

static int unsent, asked;
static int master, slave;

/* Put in place of the real one by the linker. With a negative count one byte less each time. */
int __wrap_terminal_unsent(int fd);
int __wrap_terminal_unsent(int fd)
{
	(void)fd;
	asked++;
	return unsent < 0 ? -++unsent : unsent;
}

static void set_echo(bool on)
{
	struct termios2 t;

	CHECK(termios2_get(slave, &t) == 0);
	t.c_lflag = on ? t.c_lflag | ECHO : t.c_lflag & ~(tcflag_t)ECHO;
	CHECK(termios2_set(slave, &t) == 0);
}

static bool has_echo(void)
{
	struct termios2 t;

	return termios2_get(slave, &t) == 0 && (t.c_lflag & ECHO) != 0;
}

/* A terminal that has been changed by its user. */
static struct closer *changed(bool restore)
{
	struct closer *closer;

	set_echo(true);
	CHECK(terminal_keep(slave, restore, &closer) == 0);
	CHECK(closer != NULL);
	set_echo(false);
	return closer;
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_at_once(void)
{
	int before = open_descriptors();

	unsent = 0;
	closer_run(changed(true));
	CHECK(has_echo());
	CHECK(!fake_loop_timer());
	CHECK_NUMBER(open_descriptors(), before);
}

static void test_when_sent(void)
{
	int before = open_descriptors();

	unsent = 5;
	closer_run(changed(true));
	CHECK(!has_echo());
	CHECK_NUMBER(open_descriptors(), before + 1);
	CHECK(fake_loop_timer());
	CHECK(!has_echo());
	unsent = 0;
	CHECK(fake_loop_timer());
	CHECK(has_echo());
	CHECK(!fake_loop_timer());
	CHECK_NUMBER(open_descriptors(), before);
	CHECK_SILENT();
}

static void test_never_sent(void)
{
	unsent = 7;
	closer_run(changed(true));
	fake_loop_clock += 29 * SECOND;
	CHECK(fake_loop_timer());
	CHECK(!has_echo());
	fake_loop_clock += 2 * SECOND;
	CHECK(fake_loop_timer());
	CHECK(has_echo());
	CHECK(!fake_loop_timer());
	CHECK_MESSAGE("W 7 bytes written to a terminal could not be sent within 30 s");
}

static void test_used_again(void)
{
	struct closer *second;

	unsent = 5;
	closer_run(changed(true));
	CHECK(terminal_keep(slave, true, &second) == 0);
	CHECK(!fake_loop_timer());
	CHECK(!has_echo());
	unsent = 0;
	closer_run(second);
	CHECK(has_echo());
}

static void test_not_to_be_restored(void)
{
	unsent = 0;
	closer_run(changed(false));
	CHECK(!has_echo());
	unsent = 3;
	closer_run(changed(false));
	unsent = 0;
	CHECK(fake_loop_timer());
	CHECK(!has_echo());
}

static void test_end_of_program(void)
{
	int before = open_descriptors();

	/* after a signal: at once */
	unsent = 5;
	closer_run(changed(true));
	terminals_finish(false);
	CHECK(has_echo());
	CHECK(!fake_loop_timer());
	/* else when all is sent */
	unsent = 5;
	closer_run(changed(true));
	unsent = -4;
	asked = 0;
	terminals_finish(true);
	CHECK(has_echo());
	CHECK(asked >= 4);
	CHECK_NUMBER(open_descriptors(), before);
	CHECK_SILENT();
	unsent = 0;
}

static void test_child_process(void)
{
	int before = open_descriptors();
	struct closer *used;

	unsent = 5;
	used = changed(true);
	terminals_forget();
	closer_run(used);
	CHECK(!has_echo());
	CHECK(!fake_loop_timer());
	CHECK_NUMBER(open_descriptors(), before);
	/* one that only has something to send */
	closer_run(changed(true));
	fake_loop_forget_timers();
	terminals_forget();
	terminals_finish(true);
	CHECK(!has_echo());
	CHECK_NUMBER(open_descriptors(), before);
}

static void test_no_terminal(void)
{
	struct closer *closer;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	CHECK(terminal_keep(fd, true, &closer) == 0);
	CHECK(closer == NULL);
	close(fd);
}

int main(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return 2;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0)
		return 2;
	test_at_once();
	test_when_sent();
	test_never_sent();
	test_used_again();
	test_not_to_be_restored();
	test_end_of_program();
	test_child_process();
	test_no_terminal();
	close(slave);
	close(master);
	return unit_done();
}
