/* Warnings about something that strangers can cause as often as they like: one now and then, the
 * others are counted. */
#ifndef LOOP_SELDOM_H
#define LOOP_SELDOM_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing has been said yet. */
struct seldom {
	int64_t next;          /* loop_now() from which on it may be said again */
	uint64_t unsaid;       /* how often it was not said since */
};

enum { SELDOM_TEXT = 64 };

/* It has happened. Is it time to say so? True for the first time, and then once a minute. more: the
 * end of the message, empty or " (N more since the last such message)". */
bool seldom_say(struct seldom *seldom, char more[SELDOM_TEXT]);

#endif
