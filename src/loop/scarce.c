#include "loop/scarce.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"

static struct {
	bool met;
	struct rlimit original;
	rlim_t limit;
} state;

bool scarce(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

void scarce_met(const char *what, int error)
{
	if (state.met)
		return;
	state.met = true;
	counter_add(COUNT_SHORTAGES, 1);
	log_warn("%s(): %s (limit of descriptors: %llu, see ulimit -n): waiting for sessions to end",
	         what, error_text(error), (unsigned long long)state.limit);
}

void scarce_over(void)
{
	if (!state.met)
		return;
	state.met = false;
	log_notice("the shortage is over: serving again");
}

bool scarce_now(void)
{
	return state.met;
}

bool scarce_room(int newest_fd, unsigned wanted)
{
	/* the kernel hands out the lowest free number: all below it are in use */
	return state.limit == 0 || (rlim_t)newest_fd + wanted < state.limit;
}

bool scarce_try(unsigned count)
{
	int fds[8], error;
	unsigned n = 0;

	while (n < count && n < 8 && (fds[n] = fcntl(0, F_DUPFD_CLOEXEC, 0)) >= 0)
		n++;
	error = errno;
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	if (n == count || error == EBADF)
		return true;
	scarce_met("fcntl", error);
	return false;
}

void scarce_raise_limit(void)
{
	struct rlimit raised;

	if (getrlimit(RLIMIT_NOFILE, &state.original) < 0)
		return;
	raised = state.original;
	raised.rlim_cur = raised.rlim_max;
	state.limit = setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur
	                                                     : state.original.rlim_cur;
}

void scarce_restore_limit(void)
{
	if (state.limit != 0)
		setrlimit(RLIMIT_NOFILE, &state.original);
}
