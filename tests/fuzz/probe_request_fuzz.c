/* Any bytes as what a client says to the server of metrics. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/probe_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool is_status(int status)
{
	return status == 200 || status == 400 || status == 405 || status == 431 || status == 505;
}

/* In memory of just that size. Returns the status; *path: where the path is, by its distance. */
static int read_prefix(const uint8_t *data, size_t size, size_t *path, size_t *length)
{
	char *copy = malloc(size + (size == 0));
	struct probe_request request = { .path = NULL };
	int status;

	must(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	status = probe_request_read(copy, size, &request);
	*path = *length = 0;
	if (status == 200) {
		must(request.path >= copy && request.path_length > 0);
		*path = (size_t)(request.path - copy);
		*length = request.path_length;
		must(*path + *length < size && *request.path == '/');
		must(memchr(request.path, '?', *length) == NULL);
		must(memchr(request.path, ' ', *length) == NULL);
	}
	free(copy);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut, path, length, path_again, length_again;
	int status = 0;

	/* as it comes, byte by byte: the first answer counts */
	for (cut = 0; cut <= size && status == 0; cut++) {
		status = read_prefix(data, cut, &path, &length);
		must(status == 0 || is_status(status));
		must(status != 0 || cut < PROBE_REQUEST_MOST);
	}
	if (status == 0)
		return 0;
	/* a request that is good stays so, whatever follows, and is the same one */
	if (status == 200) {
		must(read_prefix(data, size, &path_again, &length_again) == 200);
		must(path == path_again && length == length_again);
	} else {
		must(read_prefix(data, size, &path, &length) != 200);
	}
	return 0;
}
