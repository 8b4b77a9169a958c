/* What little of HTTP/1 (RFC 9112) a server for probes and scrapes has to understand: a request's
 * line, where its header ends, and that it is well-formed. */
#ifndef RELAY_PROBE_REQUEST_H
#define RELAY_PROBE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { PROBE_REQUEST_MOST = 4096 };   /* bytes of a header that is served */

struct probe_request {
	const char *path;      /* in the bytes that were read: without query, not decoded */
	size_t path_length;
	bool head;             /* HEAD: answered without the body */
};

/* Read the beginning of what a client has sent; what comes behind the header is ignored.
 * Returns 0 if more is missing, or a status: 200 (then *request is set), 400, 405, 431 or 505. */
int probe_request_read(const char *bytes, size_t length, struct probe_request *request);

/* The reason phrase of these and of 408. */
const char *probe_reason(int status);

#endif
