/* Openings report their end by a call, from the place where it is known: so the last reason set is
 * that of the one that ends now. */
#include "addr/failure.h"

#include <stdio.h>

static struct failure last, taken;

void failure_set(enum open_failure kind, int error, const char *why)
{
	last.kind = kind;
	last.error = error;
	snprintf(last.why, sizeof(last.why), "%s", why);
}

void failure_forget(void)
{
	last.kind = OPEN_FAILED;
	last.error = 0;
	last.why[0] = '\0';
}

const struct failure *failure_take(void)
{
	taken = last;
	failure_forget();
	return &taken;
}
