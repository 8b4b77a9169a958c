#include "sys/caps.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <unistd.h>

static int set_flag(cap_flag_t flag, cap_flag_value_t value)
{
	cap_value_t which = CAP_NET_BIND_SERVICE;
	int saved = errno, rc = -1;
	cap_t caps = cap_get_proc();

	if (caps == NULL)
		goto restore;
	if (cap_set_flag(caps, flag, 1, &which, value) == 0)
		rc = cap_set_proc(caps);
	cap_free(caps);
restore:
	errno = saved;
	return rc;
}

int caps_raise_net_bind(void)
{
	return set_flag(CAP_EFFECTIVE, CAP_SET);
}

void caps_lower(void)
{
	if (geteuid() != 0)
		set_flag(CAP_EFFECTIVE, CAP_CLEAR);
}

void caps_drop(void)
{
	if (geteuid() == 0)
		return;
	set_flag(CAP_EFFECTIVE, CAP_CLEAR);
	set_flag(CAP_PERMITTED, CAP_CLEAR);
}
