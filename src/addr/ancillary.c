#include "addr/ancillary.h"

#include <stdlib.h>
#include <string.h>

bool ancillary_wanted(const struct spec *spec)
{
	static const char *const names[] = {
		"so-timestamp", "ip-pktinfo", "ip-recvttl", "ip-recvtos", "ip-recvopts",
		"ip-retopts", "ip-recverr", "ipv6-recvdstopts", "ipv6-recverr",
		"ipv6-recvhoplimit", "ipv6-recvhopopts", "ipv6-recvpathmtu", "ipv6-recvpktinfo",
		"ipv6-recvrthdr", "ipv6-recvtclass",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (spec_opt(spec, names[i]) != NULL)
			return true;
	return false;
}

void ancillary_log(const struct msghdr *message)
{
	(void)message;
}

struct ancillary *ancillary_variables(const struct msghdr *message)
{
	(void)message;
	return NULL;
}

struct ancillary *ancillary_copy(const struct ancillary *ancillary)
{
	struct ancillary *copy = malloc(sizeof(*copy) + ancillary->size);

	if (copy != NULL)
		memcpy(copy, ancillary, sizeof(*copy) + ancillary->size);
	return copy;
}
