/* Dialogues with a peer in memory: in pieces of any size, cut at every byte, given up at every step,
 * without memory for any one of their allocations. The script asks for a word whose length comes
 * first, twice, and says thanks. */
#include "addr/dialogue.h"

#include <stdio.h>

#include "fake_loop.h"
#include "memory_pipe.h"
#include "short_memory.h"
#include "unit.h"

enum { MAX = 40, WORDS = 2 };

static struct memory_end *ends[2];    /* the dialogue's, and the peer's */
static struct dialogue *dialogue;
static struct channel *channel;       /* what was handed on */
static unsigned words, ends_told;
static bool unheard, limited, explained;
static char problem[300], heard_words[200];

static int step(void *owner, struct dialogue *d, const unsigned char *heard, size_t length)
{
	CHECK(owner == ends);
	if (length == 0)
		dialogue_say(d, "word?", 5);
	if (length < 1)
		return 1;
	if (heard[0] == '!')
		return dialogue_fail(d, "refused: %s", "no words");
	if (length < 1u + heard[0])
		return (int)(1 + heard[0] - length);
	snprintf(heard_words + strlen(heard_words), 100, "%.*s,", heard[0],
	         (const char *)heard + 1);
	if (++words == WORDS) {
		dialogue_say(d, "thanks", 6);
		return 0;
	}
	dialogue_forget(d);
	dialogue_say(d, "next?", 5);
	if (limited)
		dialogue_limit(d, 5);
	return 1;
}

static void done(void *owner, struct channel *result, const char *why, bool silent)
{
	CHECK(owner == ends);
	CHECK((result == NULL) == (why != NULL));
	dialogue = NULL;
	channel = result;
	ends_told++;
	unheard = silent;
	snprintf(problem, sizeof problem, "%s", why != NULL ? why : "");
}

static const char *expired(void *owner)
{
	CHECK(owner == ends);
	return explained ? "nobody came" : NULL;
}

static bool start(size_t piece)
{
	struct dialogue_request request = {
		.peer = "the peer", .timeout = 10, .max = MAX, .step = step, .done = done,
		.expired = expired, .owner = ends,
	};

	memory_pipe(ends);
	ends[0]->piece = piece;
	request.channel = &ends[0]->base;
	channel = NULL;
	words = ends_told = 0;
	heard_words[0] = problem[0] = '\0';
	dialogue = dialogue_start(&request);
	if (dialogue == NULL)
		channel_free(&ends[0]->base);
	return dialogue != NULL;
}

static void run(void)
{
	for (unsigned n = 0; n < 10000; n++)
		if (!fake_loop_task())
			return;
	CHECK(!"the dialogue comes to rest");
}

static void peer_says(const char *bytes, size_t length)
{
	size_t n;

	CHECK_NUMBER(memory_write(&ends[1]->base, bytes, length, &n), IO_OK);
	run();
}

/* What the peer has heard, as text. */
static const char *peer_heard(void)
{
	static char text[200];
	size_t n = 0;

	if (memory_read(&ends[1]->base, text, sizeof text - 1, &n) != IO_OK)
		n = 0;
	text[n] = '\0';
	return text;
}

static void finish(void)
{
	dialogue_cancel(dialogue);
	dialogue = NULL;
	channel_free(channel);
	channel = NULL;
	channel_free(&ends[1]->base);
	run();
	CHECK(!fake_loop_timer());
}

static const char answer[] = "\005first\006second", behind[] = "and data";
enum { ANSWER = sizeof answer - 1, BEHIND = sizeof behind - 1 };

static void test_answer(size_t piece)
{
	char rest[20];
	size_t n = 0;

	start(piece);
	run();
	/* all at once, and what comes behind it stays in the channel */
	peer_says("\005first\006secondand data", ANSWER + BEHIND);
	CHECK_NUMBER(ends_told, 1);
	CHECK_TEXT(problem, "");
	CHECK_TEXT(heard_words, "first,second,");
	CHECK_TEXT(peer_heard(), "word?next?thanks");
	CHECK(channel == &ends[0]->base);
	ends[0]->piece = 0;
	CHECK_NUMBER(memory_read(channel, rest, sizeof rest, &n), IO_OK);
	CHECK_NUMBER(n, BEHIND);
	CHECK(memcmp(rest, behind, BEHIND) == 0);
	finish();
}

static void test_bytes(void)
{
	start(0);
	run();
	for (size_t i = 0; i < ANSWER; i++) {
		CHECK_NUMBER(ends_told, 0);
		peer_says(answer + i, 1);
	}
	CHECK_NUMBER(ends_told, 1);
	CHECK_TEXT(heard_words, "first,second,");
	finish();
}

static void test_cut(void)
{
	for (size_t cut = 0; cut < ANSWER; cut++) {
		start(cut % 3);
		run();
		if (cut > 0)
			peer_says(answer, cut);
		memory_finish(&ends[1]->base);
		run();
		CHECK_NUMBER(ends_told, 1);
		CHECK(channel == NULL);
		CHECK_TEXT(problem, cut == 0 ? "the peer closed the connection without a word"
		           : "the peer closed the connection before it had said all that it should");
		CHECK(unheard == (cut == 0));
		finish();
	}
}

static void test_refused(void)
{
	start(0);
	peer_says("!", 1);
	CHECK_NUMBER(ends_told, 1);
	CHECK_TEXT(problem, "refused: no words");
	CHECK(!unheard);
	finish();
}

static void test_too_long(void)
{
	char word[200] = { 100 };

	start(0);
	peer_says(word, sizeof word);
	CHECK_NUMBER(ends_told, 1);
	CHECK_TEXT(problem, "the peer has sent more than 40 bytes and not come to an end");
	/* not a byte more was read than could be used */
	finish();
}

static void test_time(void)
{
	start(0);
	run();
	CHECK(fake_loop_timer());
	CHECK_TEXT(problem, "the peer has said nothing within the time of option handshake-timeout");
	CHECK(!unheard);
	finish();
	start(0);
	peer_says(answer, 2);
	CHECK(fake_loop_timer());
	CHECK_NUMBER(ends_told, 1);
	CHECK_TEXT(problem, "the peer has said only part of what it should within the time of option "
	           "handshake-timeout");
	finish();
	explained = true;
	start(0);
	CHECK(fake_loop_timer());
	CHECK_TEXT(problem, "nobody came");
	finish();
	explained = false;
	limited = true;
	start(0);
	peer_says(answer, 8);
	CHECK(fake_loop_timer());
	CHECK(!fake_loop_timer());
	CHECK_NUMBER(ends_told, 1);
	finish();
	limited = false;
}

/* The peer has refused, and closed before it heard what we say: its reason counts. */
static void test_refusal_of_the_deaf(void)
{
	size_t n;

	start(0);
	CHECK_NUMBER(memory_write(&ends[1]->base, "!", 1, &n), IO_OK);
	channel_free(&ends[1]->base);
	run();
	CHECK_TEXT(problem, "refused: no words");
	ends[1] = memory_end_new();
	finish();
	/* and without one, the failed write does */
	start(0);
	channel_free(&ends[1]->base);
	run();
	CHECK_TEXT(problem, "Broken pipe");
	ends[1] = memory_end_new();
	finish();
}

static void test_cancel(void)
{
	for (unsigned steps = 0; steps < 60; steps++) {
		size_t n;

		start(1);
		memory_write(&ends[1]->base, answer, ANSWER, &n);
		for (unsigned i = 0; i < steps; i++)
			fake_loop_task();
		if (dialogue == NULL) {
			CHECK_NUMBER(ends_told, 1);
		} else {
			dialogue_cancel(dialogue);
			dialogue = NULL;
			CHECK_NUMBER(ends_told, 0);
		}
		finish();
	}
}

static void test_memory(void)
{
	unsigned failures = 0;

	for (long left = 0;; left++) {
		refused = false;
		allocations_left = left;
		if (start(0)) {
			size_t n;

			memory_write(&ends[1]->base, answer, ANSWER, &n);
			run();
			CHECK_NUMBER(ends_told, 1);
			CHECK((problem[0] != '\0') == refused);
			if (refused)
				CHECK(strstr(problem, "memory") != NULL);
		}
		allocations_left = -1;
		if (!refused) {
			CHECK_TEXT(heard_words, "first,second,");
			finish();
			break;
		}
		failures++;
		finish();
	}
	CHECK(failures >= 3);
}

int main(void)
{
	for (size_t piece = 0; piece < 9; piece++)
		test_answer(piece);
	test_bytes();
	test_cut();
	test_refused();
	test_too_long();
	test_time();
	test_refusal_of_the_deaf();
	test_cancel();
	test_memory();
	return unit_done();
}
