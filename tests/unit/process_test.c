/* Options that change the process: for a while, or for good (that needs root; without it
 * only the refusal is tested). */
#include "opt/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addr/addr.h"
#include "unit.h"

static struct address *parse(const char *text)
{
	struct address *address = address_parse(text, ADDR_BOTH, NULL);

	if (address == NULL) {
		printf("%s\n", unit_message);
		abort();
	}
	return address;
}

/* chdir and umask hold between enter and leave; the last one written counts. */
static void test_frame(void)
{
	struct address *address = parse("-,cd=/tmp,chdir=/,umask=0137");
	char before[4096], within[4096], after[4096];
	struct process_frame frame;
	mode_t mask = umask(022);

	CHECK(getcwd(before, sizeof before) != NULL);
	CHECK_NUMBER(process_enter(address->reader, &frame), 0);
	CHECK_TEXT(getcwd(within, sizeof within), "/");
	CHECK_NUMBER(umask(0137), 0137);
	process_leave(&frame);
	CHECK_TEXT(getcwd(after, sizeof after), before);
	CHECK_NUMBER(umask(mask), 022);
	address_free(address);
	CHECK_SILENT();
}

/* A failure leaves nothing behind. */
static void test_frame_failure(void)
{
	struct address *address = parse("-,umask=0137,cd=/nonexistent/x");
	struct process_frame frame;
	mode_t mask = umask(022);

	CHECK_NUMBER(process_enter(address->reader, &frame), -1);
	CHECK_NUMBER(umask(mask), 022);
	CHECK_MESSAGE("E -,umask=0137,cd=/nonexistent/x: option \"cd=/nonexistent/x\": "
	              "chdir(): No such file or directory");
	address_free(address);
	address = parse("-,netns=no-such-namespace");
	CHECK_NUMBER(process_enter(address->reader, &frame), -1);
	CHECK_MESSAGE("E -,netns=no-such-namespace: option \"netns=no-such-namespace\": "
	              "open() of the network namespace: No such file or directory");
	address_free(address);
}

static void test_permanent(void)
{
	static const struct {
		const char *text;
		bool permanent;
	} cases[] = {
		{"-", false}, {"-,cd=/,umask=0,netns=x", false}, {"-,su=root", true},
		{"-,su-d=root", true}, {"-,su-e=root", true}, {"-,chroot=/", true},
		{"-,chroot-early=/", true}, {"-,setuid=0", true}, {"-,setgid-early=0", true},
		{"-,setsid", true}, {"-,setsid=0", false}, {"exec:x,setpgid=0", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address *address = parse(cases[i].text);

		CHECK_NUMBER(process_permanent(address->reader), cases[i].permanent);
		address_free(address);
	}
}

/* Apply an address's options in a child process and let it look at itself. Returns its exit
 * status, 99 if applying failed. */
static int in_child(const char *text, int (*look)(void))
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		struct address *address = parse(text);
		bool good = process_apply_early(address->reader) == 0
		            && process_apply_late(address->reader) == 0;

		address_free(address);
		/* Not exit(): what the parent has open is not the child's to check or flush. */
		_exit(good ? look() : 99);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int is_daemon(void)
{
	const char *user = getenv("USER"), *home = getenv("HOME"), *logname = getenv("LOGNAME");

	return !(getuid() == 1 && geteuid() == 1 && getgid() == 1 && user != NULL
	         && strcmp(user, "daemon") == 0 && logname != NULL
	         && strcmp(logname, "daemon") == 0 && home != NULL && *home == '/'
	         && getenv("SHELL") != NULL && setuid(0) != 0);
}

static int has_ids(void)
{
	return !(getuid() == 12345 && getgid() == 23456);
}

static int has_su_and_group(void)
{
	return !(getuid() == 1 && getgid() == 23456);
}

static int is_leader(void)
{
	return !(getsid(0) == getpid());
}

static int is_jailed(void)
{
	struct stat status;

	return !(stat("/etc", &status) != 0 && getuid() == 1);
}

static int look_nowhere(void)
{
	return 0;
}

static void test_identity(void)
{
	char jail[] = "/tmp/process_test.XXXXXX", text[128];

	if (getuid() != 0) {
		CHECK_NUMBER(in_child("-,chroot=/", look_nowhere), 99);
		return;
	}
	CHECK_NUMBER(in_child("-,su=daemon", is_daemon), 0);
	CHECK_NUMBER(in_child("-,su-e=1", is_daemon), 0);
	CHECK_NUMBER(in_child("-,su-d=daemon", is_daemon), 0);
	CHECK_NUMBER(in_child("-,setuid=12345,setgid=23456", has_ids), 0);
	CHECK_NUMBER(in_child("-,setuid-early=12345,setgid-early=23456", has_ids), 0);
	CHECK_NUMBER(in_child("-,su=daemon,setgid=23456", has_su_and_group), 0);
	CHECK_NUMBER(in_child("-,su=54321", look_nowhere), 99);
	CHECK_NUMBER(in_child("-,setsid", is_leader), 0);
	CHECK(mkdtemp(jail) != NULL);
	snprintf(text, sizeof text, "-,chroot=%s,su=daemon", jail);
	CHECK_NUMBER(in_child(text, is_jailed), 0);
	snprintf(text, sizeof text, "-,su-d=daemon,chroot-early=%s", jail);
	CHECK_NUMBER(in_child(text, is_jailed), 0);
	snprintf(text, sizeof text, "-,su=daemon,chroot-early=%s", jail);
	CHECK_NUMBER(in_child(text, is_jailed), 99);
	rmdir(jail);
}

int main(void)
{
	test_frame();
	test_frame_failure();
	test_permanent();
	test_identity();
	return unit_done();
}
