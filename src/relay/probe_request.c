#include "relay/probe_request.h"

#include <string.h>
#include <strings.h>

/* A part of the header. */
struct piece {
	const char *start;
	size_t length;
};

const char *probe_reason(int status)
{
	return status == 200 ? "OK"
	       : status == 405 ? "Method Not Allowed"
	       : status == 408 ? "Request Timeout"
	       : status == 431 ? "Request Header Fields Too Large"
	       : status == 505 ? "HTTP Version Not Supported" : "Bad Request";
}

/* Up to the next one of these characters, which is skipped. Returns false if there is none. */
static bool take_piece(struct piece *rest, char end, struct piece *piece)
{
	const char *at = memchr(rest->start, end, rest->length);

	*piece = *rest;
	if (at == NULL)
		return false;
	piece->length = (size_t)(at - rest->start);
	rest->start = at + 1;
	rest->length -= piece->length + 1;
	return true;
}

static bool begins(const struct piece *piece, const char *text)
{
	return piece->length >= strlen(text) && strncasecmp(piece->start, text, strlen(text)) == 0;
}

/* Proxies are asked by a whole URL, and every server has to understand that (RFC 9112, 3.2.2);
 * a query and what is behind it are ignored. Returns false if it is no path. */
static bool read_target(struct piece target, struct probe_request *request)
{
	static const char scheme[] = "http://";
	const char *end = target.start + target.length, *at = target.start;

	if (begins(&target, scheme))
		for (at += sizeof(scheme) - 1; at < end && *at != '/'; at++)
			;
	for (request->path = at; at < end && *at != '?' && *at != '#'; at++)
		;
	request->path_length = (size_t)(at - request->path);
	return request->path_length > 0 && *request->path == '/';
}

/* Returns a status. *needs_host: it is not HTTP/1.0. */
static int read_first(struct piece line, struct probe_request *request, bool *needs_host)
{
	struct piece method, target;

	if (!take_piece(&line, ' ', &method) || !take_piece(&line, ' ', &target) ||
	    method.length == 0 || line.length != 8 || !begins(&line, "HTTP/") ||
	    line.start[6] != '.')
		return 400;
	if (line.start[5] != '1')
		return 505;
	*needs_host = line.start[7] != '0';
	request->head = method.length == 4 && memcmp(method.start, "HEAD", 4) == 0;
	if (!request->head && (method.length != 3 || memcmp(method.start, "GET", 3) != 0))
		return 405;
	return read_target(target, request) ? 200 : 400;
}

/* What no text has: NUL bytes, and the records of TLS begin with one of these. */
static bool has_controls(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)bytes[i] < ' ' || bytes[i] == 127) && bytes[i] != '\t' &&
		    bytes[i] != '\r' && bytes[i] != '\n')
			return true;
	return false;
}

int probe_request_read(const char *bytes, size_t length, struct probe_request *request)
{
	size_t most = length < PROBE_REQUEST_MOST ? length : PROBE_REQUEST_MOST;
	struct piece rest = { bytes, most }, line;
	bool needs_host = false, malformed = false;
	int status = 0, hosts = 0;

	/* RFC 9112, 2.2: a lone LF will do */
	while (take_piece(&rest, '\n', &line)) {
		if (line.length > 0 && line.start[line.length - 1] == '\r')
			line.length--;
		if (line.length == 0 && status != 0) {
			most = (size_t)(rest.start - bytes);
			malformed |= needs_host && hosts != 1;   /* RFC 9112, 3.2 */
			return has_controls(bytes, most) || (status == 200 && malformed) ? 400
			       : status;
		}
		if (line.length == 0)
			continue;                                /* RFC 9112, 2.2, too */
		if (status == 0) {
			status = read_first(line, request, &needs_host);
			continue;
		}
		hosts += begins(&line, "Host:");
		malformed |= memchr(line.start, ':', line.length) == NULL;
	}
	return has_controls(bytes, most) ? 400 : length < PROBE_REQUEST_MOST ? 0 : 431;
}
