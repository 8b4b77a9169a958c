/*
 * Starting relays: how long it takes until they listen, and the socket that
 * one of them expects to find open.
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- start -------------------------------------------------------------- */

/* The command's process, in a root directory of its own unless that is "/"; -1 after logging.
 * vfork(2), as what fork(2) copies of this process would count as the command's time. */
static pid_t spawn(char **argv, const char *root)
{
	pid_t pid = vfork();

	if (pid == 0) {
		if (strcmp(root, "/") == 0 || (chroot(root) == 0 && chdir("/") == 0))
			execvp(argv[0], argv);
		_exit(127);
	}
	return pid == -1 ? fail("vfork") : pid;
}

/* Connects as soon as that is possible. Resets the connection, so that the relay's port does
 * not rest in TIME_WAIT. Returns 0, or -1 if the process ended or took longer than PATIENCE. */
static int await_listener(const struct endpoint *to, pid_t pid, uint64_t start)
{
	const struct linger reset = { .l_onoff = 1 };
	const struct timespec pause = { .tv_nsec = 5000 };
	int fd = new_socket(to);

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	while (connect(fd, &to->address.any, to->length) == -1) {
		if (waitpid(pid, NULL, WNOHANG) != 0 || seconds_since(start) > PATIENCE) {
			fprintf(stderr, "load: the relay did not listen\n");
			close(fd);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

/* Nanoseconds of CPU time of a process, to the moment. */
static uint64_t cpu_time(pid_t pid)
{
	struct timespec used;
	clockid_t its;

	if (clock_getcpuclockid(pid, &its) != 0 || clock_gettime(its, &used) == -1)
		return 0;
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* Whoever does not go is made to, after PATIENCE. */
static void end_process(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 };
	uint64_t start = now();

	kill(pid, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (seconds_since(start) > PATIENCE)
			kill(pid, SIGKILL);
		nanosleep(&pause, NULL);
	}
}

static int time_start(const struct endpoint *to, char **argv, const char *root,
	uint64_t *time, uint64_t *cpu)
{
	uint64_t start = now();
	pid_t pid = spawn(argv, root);
	int fd = pid == -1 ? -1 : await_listener(to, pid, start);

	if (fd == -1)
		return -1;
	*time = now() - start;
	*cpu = cpu_time(pid);
	close(fd);
	end_process(pid);
	return 0;
}

/* Starts the command again and again, until a time or a number of starts is over. Prints:
 * starts, the medians of microseconds until it listened and of its CPU time until then. */
int run_start(char **argv)
{
	size_t n = 0, most = (size_t)parse_count(argv[3]);
	uint64_t end = now() + (uint64_t)(strtod(argv[2], NULL) * 1e9);
	uint64_t *times = calloc(most, sizeof *times), *cpu = calloc(most, sizeof *cpu);
	struct endpoint to;

	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	if (times == NULL || cpu == NULL || most == 0 || parse_endpoint(argv, &to) == -1)
		return -1;
	do {
		if (time_start(&to, argv + 5, argv[4], &times[n], &cpu[n]) == -1)
			return -1;
		n++;
	} while (n < most && now() < end);
	qsort(times, n, sizeof *times, compare_times);
	qsort(cpu, n, sizeof *cpu, compare_times);
	printf("%zu %.1f %.1f\n", n, (double)times[n / 2] / 1e3, (double)cpu[n / 2] / 1e3);
	return 0;
}

/* ---- activate ----------------------------------------------------------- */

/* Becomes the command, with the listening socket as its third descriptor, which it is told of
 * as sd_listen_fds(3) has it. */
int run_activate(char **argv)
{
	struct endpoint at;
	char self[24];
	int fd;

	if (parse_endpoint(argv, &at) == -1)
		return -1;
	fd = open_listener(&at);
	if (fd == -1)
		return -1;
	if ((fd == 3 ? fcntl(fd, F_SETFD, 0) : dup2(fd, 3)) == -1)
		return fail("listening socket");
	snprintf(self, sizeof self, "%ld", (long)getpid());
	setenv("LISTEN_PID", self, 1);
	setenv("LISTEN_FDS", "1", 1);
	execvp(argv[2], argv + 2);
	return fail(argv[2]);
}
