/* Sockets from a service manager: which variables are for us, and what their names stand for. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "addr/activation.h"
#include "unit.h"

/* Set the variables (NULL: not at all) and read them. */
static void take(const char *pid, const char *count, const char *names)
{
	static const char *const variables[] = { "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES" };
	const char *values[] = { pid, count, names };

	activation_reset();
	for (int i = 0; i < 3; i++)
		if (values[i] != NULL)
			setenv(variables[i], values[i], 1);
		else
			unsetenv(variables[i]);
	activation_take();
}

static const char *own_pid(void)
{
	static char text[32];

	snprintf(text, sizeof text, "%d", (int)getpid());
	return text;
}

static const char *description(void)
{
	static char text[200];

	return activation_describe(text, sizeof text);
}

static void test_names(void)
{
	take(own_pid(), "3", "web:admin:web");
	CHECK_NUMBER(activation_find("admin"), 4);
	CHECK_NUMBER(activation_find("web"), ACTIVATION_AMBIGUOUS);
	CHECK_NUMBER(activation_find("we"), ACTIVATION_UNKNOWN);
	CHECK_NUMBER(activation_find("webb"), ACTIVATION_UNKNOWN);
	CHECK_NUMBER(activation_find(""), ACTIVATION_UNKNOWN);
	CHECK_TEXT(description(), "LISTEN_FDNAMES is web:admin:web");
	take(own_pid(), "2", "a::c");
	CHECK_NUMBER(activation_find("a"), 3);
	CHECK_NUMBER(activation_find("c"), ACTIVATION_UNKNOWN);
	CHECK_NUMBER(activation_find(""), ACTIVATION_UNKNOWN);
	take(NULL, "1", "only");
	CHECK_NUMBER(activation_find("only"), 3);
	take(own_pid(), "1", NULL);
	CHECK_NUMBER(activation_find("x"), ACTIVATION_UNKNOWN);
	CHECK_TEXT(description(), "LISTEN_FDNAMES is not set");
}

static void test_not_for_us(void)
{
	take("1", "1", "web");
	CHECK_NUMBER(activation_find("web"), ACTIVATION_UNKNOWN);
	CHECK_TEXT(getenv("LISTEN_FDS"), "1");
	take(own_pid(), NULL, "web");
	CHECK_NUMBER(activation_find("web"), ACTIVATION_UNKNOWN);
	CHECK_TEXT(description(), "LISTEN_FDS is not set");
	CHECK_TEXT(getenv("LISTEN_FDNAMES"), "web");
	static const char *const bad[] = { "", "x", "0", "-1", "1x", "70000",
	                                   "99999999999999999999" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		take(own_pid(), bad[i], "web");
		CHECK_NUMBER(activation_find("web"), ACTIVATION_UNKNOWN);
		take(bad[i], "1", "web");
		CHECK_NUMBER(activation_find("web"), ACTIVATION_UNKNOWN);
	}
}

static void test_nothing_is_passed_on(void)
{
	int fd = open("/dev/null", O_RDONLY);

	dup2(fd, 3);
	take(own_pid(), "1", "web");
	CHECK_NUMBER(fcntl(3, F_GETFD), FD_CLOEXEC);
	CHECK_TEXT(getenv("LISTEN_PID"), NULL);
	CHECK_TEXT(getenv("LISTEN_FDS"), NULL);
	CHECK_TEXT(getenv("LISTEN_FDNAMES"), NULL);
	/* names are known from then on, whatever the environment says */
	setenv("LISTEN_FDNAMES", "other", 1);
	activation_take();
	CHECK_NUMBER(activation_find("web"), 3);
	activation_reset();
}

int main(void)
{
	test_names();
	test_not_for_us();
	test_nothing_is_passed_on();
	return unit_done();
}
