/* Options of POSIX message queues, mq_overview(7). All are looked up by those who open them. */
#include "opt/family.h"

/* The first priority that is too high: MQ_PRIO_MAX of Linux. */
enum { PRIORITIES = 32768 };

static const char *check_priority(struct opt_value *value)
{
	return value->number >= 0 && value->number < PRIORITIES ? NULL
	       : "is no priority: from 0 to 32767, the most urgent";
}

static const char *check_positive(struct opt_value *value)
{
	return value->number > 0 ? NULL : "has to be at least 1";
}

static const struct optdef defs[] = {
	{"posixmq-flush", "mq-flush", G_POSIXMQ, PH_EARLY, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"posixmq-maxmsg", "mq-maxmsg", G_POSIXMQ, PH_OPEN, K_LONG, NULL, 0, 0, NULL,
	 check_positive},
	{"posixmq-msgsize", "mq-msgsize", G_POSIXMQ, PH_OPEN, K_LONG, NULL, 0, 0, NULL,
	 check_positive},
	{"posixmq-priority", "mq-prio", G_POSIXMQ, PH_INIT, K_UINT, NULL, 0, 0, NULL,
	 check_priority},
};

OPT_FAMILY(opt_family_posixmq, "POSIX message queues", defs);
