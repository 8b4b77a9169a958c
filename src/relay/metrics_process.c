/* What the processes use, under the names that all exporters have for it. With --workers it is
 * the sum of the first process and its workers; child processes of single connections and
 * programs are left out. */
#include "relay/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "relay/workers.h"

/* In the order of metrics_text.c. */
enum { CPU, START, DESCRIPTORS, LIMIT, RESIDENT, VIRTUAL };

static struct {
	int memory;            /* /proc/self/statm, from before descriptors could be short; or -1 */
	uint64_t start;        /* milliseconds since 1970 */
	uint64_t cpu;          /* the last answer: a worker that has just died is in no sum */
} state;

static uint64_t milliseconds(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void metrics_process_open(void)
{
	state.memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	state.start = milliseconds(CLOCK_REALTIME);
}

void metrics_process_close(void)
{
	close(state.memory);
	state.memory = -1;
}

static void add_memory(uint64_t *figures, int fd)
{
	uint64_t page = (uint64_t)getpagesize();
	char text[64], *rest;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return;
	text[n] = '\0';
	figures[VIRTUAL] += strtoull(text, &rest, 10) * page;
	figures[RESIDENT] += strtoull(rest, NULL, 10) * page;
}

/* Since Linux 6.2 the directory's size tells; before, its entries are counted, if a descriptor
 * is to be had for that. */
static uint64_t count_descriptors(const char *directory)
{
	uint64_t count = 0;
	struct stat st;
	DIR *entries;

	if (stat(directory, &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	entries = opendir(directory);
	if (entries == NULL)
		return 0;
	while (readdir(entries) != NULL)
		count++;
	closedir(entries);
	return count - 2;      /* "." and ".." */
}

static void add_worker(uint64_t *figures, pid_t pid)
{
	char path[48];
	clockid_t clock;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		add_memory(figures, fd);
		close(fd);
	}
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	figures[DESCRIPTORS] += count_descriptors(path);
	if (clock_getcpuclockid(pid, &clock) == 0)
		figures[CPU] += milliseconds(clock);
}

static uint64_t dead_workers(void)
{
	struct rusage dead;

	getrusage(RUSAGE_CHILDREN, &dead);
	return (uint64_t)(dead.ru_utime.tv_sec + dead.ru_stime.tv_sec) * 1000 +
	       (uint64_t)(dead.ru_utime.tv_usec + dead.ru_stime.tv_usec) / 1000;
}

void metrics_measure_process(uint64_t figures[PROCESS_FIGURES])
{
	struct rlimit limit = { .rlim_cur = 0 };
	pid_t pid;

	memset(figures, 0, PROCESS_FIGURES * sizeof(*figures));
	getrlimit(RLIMIT_NOFILE, &limit);
	figures[START] = state.start;
	figures[LIMIT] = limit.rlim_cur;
	figures[DESCRIPTORS] = count_descriptors("/proc/self/fd");
	add_memory(figures, state.memory);
	figures[CPU] = milliseconds(CLOCK_PROCESS_CPUTIME_ID) +
	               (workers_any() ? dead_workers() : 0);
	for (unsigned i = 0; (pid = workers_process(i)) >= 0; i++) {
		figures[LIMIT] += limit.rlim_cur;
		if (pid > 0)
			add_worker(figures, pid);
	}
	if (figures[CPU] < state.cpu)
		figures[CPU] = state.cpu;
	state.cpu = figures[CPU];
}
