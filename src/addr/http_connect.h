/* HTTP's method CONNECT as a client speaks it (RFC 9110, 9.3.6; RFC 9112): composing the request
 * and reading the answer. Nothing here opens, reads or writes anything. */
#ifndef ADDR_HTTP_CONNECT_H
#define ADDR_HTTP_CONNECT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	HTTP_HOST_MAX = 255,           /* bytes: RFC 1035, 2.3.4 */
	HTTP_CREDENTIALS_MAX = 4096,   /* bytes of "user:password" */
	HTTP_REQUEST_MAX = 8192,       /* bytes: no valid request is longer, with its final NUL */
	HTTP_ANSWER_MAX = 16384,       /* bytes that a proxy may say before the tunnel stands */
};

struct http_request {
	const char *host;              /* of the target: a name, or an address; valid as below */
	unsigned port;
	const char *version;           /* "1.0" or "1.1" */
	bool send_host;                /* with a header Host: 1.1 wants it, 1.0 does not know it */
	const char *credentials;       /* "user:password", valid as below; NULL: none */
};

/* NULL, or why this can't be the target's host, as the end of a sentence: what would break out of
 * the request line is refused. An IPv6 address may have brackets or not. */
const char *http_host_problem(const char *host);

/* The same for credentials (RFC 7617, 2), as a sentence without its dot. */
const char *http_credentials_problem(const char *credentials, size_t length);

/* Writes the request, with NUL, to HTTP_REQUEST_MAX bytes. Returns its length. */
size_t http_request_compose(const struct http_request *request, char *text);

/* How far an answer has been looked at. Zero at the beginning. */
struct http_scan {
	bool ignore_cr;                /* CRs count for nothing, wherever they are */
	size_t start;                  /* of the status line of the last answer: others are interim */
	size_t at;                     /* what is before has been looked at */
	bool line_used;                /* the current line has something besides CR */
	bool line_cr;                  /* it has a CR */
};

/* How many bytes are certainly still missing of an answer of which so many have come: whoever
 * reads no more than that never takes a byte of what comes behind the answer. Lines may end with LF
 * alone. 0: it is complete, or this is not HTTP. To be called with a prefix that grows. */
size_t http_answer_missing(struct http_scan *scan, const char *answer, size_t length);

struct http_answer {
	unsigned status;               /* 100 to 999; 0: this is not HTTP */
	bool accepted;                 /* 2xx: the tunnel stands */
	char reason[80];               /* printable, maybe empty; if not HTTP, how it begins */
	bool tls;                      /* no HTTP, but TLS */
	char schemes[80];              /* of authentication that a 407 asks for: "Negotiate, Basic" */
	bool basic;                    /* Basic is one of them */
};

/* Read the answer, complete or not, that was scanned. */
void http_answer_read(const struct http_scan *scan, const char *answer, size_t length,
                      struct http_answer *out);

/* How long the line is that begins here, without its end (LF, and CRs before it); *next: where the
 * next one begins. */
size_t http_line_length(const char *text, size_t length, size_t *next);

/* Why there is no tunnel, in plain words and with what to do, as the end of a line of a log.
 * credentials: there were some in the request. Returns text. */
const char *http_answer_explain(const struct http_answer *answer, bool credentials, char *text,
                                size_t size);

#endif
