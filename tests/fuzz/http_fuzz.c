/* Any bytes as a proxy's answer, heard as the dialogue does; and as target and credentials of a
 * request. The first byte says which, and how slowly the answer comes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addr/http_connect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was made of a stranger's bytes can be shown on a terminal. */
static void check_plain(const char *text, size_t size)
{
	if (memchr(text, '\0', size) == NULL)
		abort();
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			abort();
}

/* The end of the empty line that http_answer_missing() must have found is the end of what came. */
static void check_whole(const struct http_answer *answer, const char *text, size_t length)
{
	if (answer->status != 0 && (length < 2 || text[length - 1] != '\n'))
		abort();
	if (answer->accepted != (answer->status / 100 == 2))
		abort();
}

static void answer_fuzz(const char *bytes, size_t size, unsigned step, bool ignore_cr)
{
	struct http_scan scan = {.ignore_cr = ignore_cr};
	struct http_answer answer;
	char why[256];
	size_t come = 0, missing;

	for (;;) {
		char *exact = malloc(come + 1);

		memcpy(exact, bytes, come);
		exact = realloc(exact, come == 0 ? 1 : come);
		missing = http_answer_missing(&scan, exact, come);
		if (scan.at > come || scan.start > scan.at)
			abort();
		if (missing == 0 || come == size) {
			http_answer_read(&scan, exact, come, &answer);
			if (missing == 0)
				check_whole(&answer, exact, come);
			free(exact);
			break;
		}
		free(exact);
		if (step != 0 && missing > step)
			missing = step;
		come += missing < size - come ? missing : size - come;
	}
	check_plain(answer.reason, sizeof answer.reason);
	check_plain(answer.schemes, sizeof answer.schemes);
	check_plain(http_answer_explain(&answer, ignore_cr, why, sizeof why), sizeof why);
}

/* Nobody gets a header of his own into the request. */
static void request_fuzz(const char *bytes, size_t size, bool send_host)
{
	char *host = strndup(bytes, size), text[HTTP_REQUEST_MAX];
	size_t length = strlen(host), left = size > length ? size - length - 1 : 0;
	char *credentials = strndup(bytes + size - left, left);
	struct http_request request = {host, 65535, "1.1", send_host, credentials};
	unsigned lines = 0;

	if (http_credentials_problem(credentials, strlen(credentials)) != NULL)
		request.credentials = NULL;
	if (http_host_problem(host) == NULL) {
		length = http_request_compose(&request, text);
		for (size_t i = 0; i < length; i++)
			lines += text[i] == '\n';
		if (length != strlen(text) || strcmp(text + length - 4, "\r\n\r\n") != 0 ||
		    lines != 2u + send_host + (request.credentials != NULL))
			abort();
	}
	free(host);
	free(credentials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & 0x80)
		request_fuzz((const char *)data + 1, size - 1, data[0] & 1);
	else
		answer_fuzz((const char *)data + 1, size - 1, data[0] >> 1 & 7, data[0] & 1);
	return 0;
}
