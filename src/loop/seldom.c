#include "loop/seldom.h"

#include <stdio.h>

#include "loop/loop.h"

#define INTERVAL (60 * NANOSECONDS)

bool seldom_say(struct seldom *seldom, char more[SELDOM_TEXT])
{
	int64_t now = loop_now();

	if (seldom->next != 0 && now < seldom->next) {
		seldom->unsaid++;
		return false;
	}
	more[0] = '\0';
	if (seldom->unsaid > 0)
		snprintf(more, SELDOM_TEXT, " (%llu more since the last such message)",
		         (unsigned long long)seldom->unsaid);
	*seldom = (struct seldom){ .next = now + INTERVAL };
	return true;
}
