/* Why sessions end: from what has failed to the reason, and the reasons' words. */
#include "relay/close_reason.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static const char *of(bool upstream, bool writing, bool tls, bool cut_off, int error)
{
	struct close_failure failure = { upstream, writing, tls, cut_off, error };

	return close_reason_word(close_reason_of_failure(&failure));
}

static void test_failures(void)
{
	CHECK_TEXT(of(false, false, false, false, EIO), "client_read_error");
	CHECK_TEXT(of(true, false, false, false, EIO), "upstream_read_error");
	CHECK_TEXT(of(false, true, false, false, ENOSPC), "client_write_error");
	CHECK_TEXT(of(true, true, false, false, ENOSPC), "upstream_write_error");
	for (int writing = 0; writing < 2; writing++) {
		CHECK_TEXT(of(false, writing, false, false, ECONNRESET), "client_reset");
		CHECK_TEXT(of(true, writing, false, false, EPIPE), "upstream_reset");
		CHECK_TEXT(of(true, writing, true, false, ECONNRESET), "upstream_reset");
		CHECK_TEXT(of(false, writing, false, false, ETIMEDOUT), "client_timed_out");
		CHECK_TEXT(of(true, writing, true, false, EPROTO), "upstream_tls_error");
	}
	CHECK_TEXT(of(false, false, true, true, EPROTO), "client_tls_cut");
	CHECK_TEXT(of(true, false, true, true, EPROTO), "upstream_tls_cut");
	/* such an error without TLS is one as any other */
	CHECK_TEXT(of(false, false, false, false, EPROTO), "client_read_error");
}

static void test_openings(void)
{
	CHECK_NUMBER(close_reason_of_opening(OPEN_FAILED), CLOSE_OPEN_FAILED);
	CHECK_NUMBER(close_reason_of_opening(OPEN_LOOKUP), CLOSE_LOOKUP_FAILED);
	CHECK_NUMBER(close_reason_of_opening(OPEN_CONNECT), CLOSE_CONNECT_FAILED);
	CHECK_NUMBER(close_reason_of_opening(OPEN_PROXY), CLOSE_PROXY_FAILED);
	CHECK_NUMBER(close_reason_of_opening(OPEN_HANDSHAKE), CLOSE_HANDSHAKE_FAILED);
	CHECK_NUMBER(close_reason_of_opening(OPEN_REFUSED), CLOSE_NONE);
}

/* Each has its own; those of the two ends stand side by side. */
static void test_words(void)
{
	for (unsigned i = 0; i < CLOSE_REASONS; i++) {
		const char *word = close_reason_word(i);

		CHECK(strspn(word, "abcdefghijklmnopqrstuvwxyz_") == strlen(word) && *word != '\0');
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(word, close_reason_word(j)) != 0);
	}
	for (unsigned i = CLOSE_CLIENT_CLOSED; i < CLOSE_IDLE_TIMEOUT; i += 2) {
		CHECK(strncmp(close_reason_word(i), "client_", 7) == 0);
		CHECK(strncmp(close_reason_word(i + 1), "upstream_", 9) == 0);
		CHECK_TEXT(close_reason_word(i) + 7, close_reason_word(i + 1) + 9);
	}
	CHECK_TEXT(close_reason_word(CLOSE_NONE), "none");
	CHECK_TEXT(close_reason_word(CLOSE_CLIENT_ESCAPE), "client_escape");
	CHECK_TEXT(close_reason_word(CLOSE_IDLE_TIMEOUT), "idle_timeout");
	CHECK_TEXT(close_reason_word(CLOSE_LINGER_TIMEOUT), "linger_timeout");
	CHECK_TEXT(close_reason_word(CLOSE_PROGRAM_EXITED), "program_exited");
	CHECK_TEXT(close_reason_word(CLOSE_OUT_OF_MEMORY), "out_of_memory");
	CHECK_TEXT(close_reason_word(CLOSE_GRACE_OVER), "grace_over");
	CHECK_TEXT(close_reason_word(CLOSE_SIGNAL), "signal");
	CHECK_TEXT(close_reason_word(CLOSE_LOOKUP_FAILED), "lookup_failed");
	CHECK_TEXT(close_reason_word(CLOSE_CONNECT_FAILED), "connect_failed");
	CHECK_TEXT(close_reason_word(CLOSE_PROXY_FAILED), "proxy_failed");
	CHECK_TEXT(close_reason_word(CLOSE_HANDSHAKE_FAILED), "handshake_failed");
	CHECK_TEXT(close_reason_word(CLOSE_OPEN_FAILED), "open_failed");
}

int main(void)
{
	test_failures();
	test_openings();
	test_words();
	return unit_done();
}
