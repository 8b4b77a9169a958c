#include "relay/close_reason.h"

#include <errno.h>
#include <string.h>

/* In the order of enum close_reason, one after the other: pointers would take as much again. */
static const char words[] =
	"none\0"
	"client_closed\0" "upstream_closed\0"
	"client_reset\0" "upstream_reset\0"
	"client_timed_out\0" "upstream_timed_out\0"
	"client_read_error\0" "upstream_read_error\0"
	"client_write_error\0" "upstream_write_error\0"
	"client_tls_cut\0" "upstream_tls_cut\0"
	"client_tls_error\0" "upstream_tls_error\0"
	"client_limit\0" "upstream_limit\0"
	"client_escape\0" "upstream_escape\0"
	"idle_timeout\0" "linger_timeout\0" "program_exited\0" "out_of_memory\0"
	"grace_over\0" "signal\0"
	"lookup_failed\0" "connect_failed\0" "proxy_failed\0" "handshake_failed\0"
	"open_failed";

const char *close_reason_word(enum close_reason reason)
{
	const char *word = words;

	for (unsigned i = 0; i < reason; i++)
		word += strlen(word) + 1;
	return word;
}

enum close_reason close_reason_of_failure(const struct close_failure *failure)
{
	enum close_reason of_client = failure->writing ? CLOSE_CLIENT_WRITE_ERROR
	                                               : CLOSE_CLIENT_READ_ERROR;

	if (failure->error == ECONNRESET || failure->error == EPIPE)
		of_client = CLOSE_CLIENT_RESET;
	else if (failure->error == ETIMEDOUT)
		of_client = CLOSE_CLIENT_TIMED_OUT;
	else if (failure->cut_off)
		of_client = CLOSE_CLIENT_TLS_CUT;
	else if (failure->tls && failure->error == EPROTO)
		of_client = CLOSE_CLIENT_TLS_ERROR;
	return of_client + failure->upstream;
}

enum close_reason close_reason_of_opening(enum open_failure failure)
{
	static const unsigned char reasons[] = {
		[OPEN_FAILED] = CLOSE_OPEN_FAILED, [OPEN_LOOKUP] = CLOSE_LOOKUP_FAILED,
		[OPEN_CONNECT] = CLOSE_CONNECT_FAILED, [OPEN_PROXY] = CLOSE_PROXY_FAILED,
		[OPEN_HANDSHAKE] = CLOSE_HANDSHAKE_FAILED, [OPEN_REFUSED] = CLOSE_NONE,
	};

	return reasons[failure];
}
