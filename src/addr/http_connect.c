/* HTTP's method CONNECT: see http_connect.h. */
#include "addr/http_connect.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sys/text.h"

/* --- the request ---------------------------------------------------------------- */

static bool is_ipv6(const char *host)
{
	struct in6_addr addr;
	char text[INET6_ADDRSTRLEN];
	bool brackets = host[0] == '[';
	size_t length;

	host += brackets;
	/* a zone is the proxy's business */
	length = strcspn(host, "%]");
	if (length >= sizeof(text))
		return false;
	memcpy(text, host, length);
	text[length] = '\0';
	host += strcspn(host, "]");
	return inet_pton(AF_INET6, text, &addr) == 1 && strcmp(host, brackets ? "]" : "") == 0;
}

const char *http_host_problem(const char *host)
{
	if (host[0] == '\0')
		return "is empty: the target's host is missing";
	if (strlen(host) > HTTP_HOST_MAX)
		return "is too long for a host name";
	for (const char *c = host; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return "can't be the target's host: HTTP has neither spaces nor control "
			       "characters there, and names with other letters than ASCII as \"xn--...\"";
	if (strpbrk(host, "[]:/?#@\\\"<>") == NULL || is_ipv6(host))
		return NULL;
	return "can't be the target's host: it is neither a name nor an IP address";
}

const char *http_credentials_problem(const char *credentials, size_t length)
{
	if (length > HTTP_CREDENTIALS_MAX)
		return "there are more than 4096 bytes";
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)credentials[i] < ' ' || credentials[i] == 0x7f)
			return "there is a line end or another control character, which HTTP does not allow";
	if (memchr(credentials, ':', length) == NULL)
		return "there is no \":\" between user and password; without a password write \"user:\"";
	return NULL;
}

/* RFC 4648, 4. Returns the end, which has no NUL. */
static char *base64(char *out, const char *text, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		unsigned bits = (unsigned)(unsigned char)text[i] << 16;

		if (left > 1)
			bits |= (unsigned)(unsigned char)text[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)text[i + 2];
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
	}
	return out;
}

size_t http_request_compose(const struct http_request *request, char *text)
{
	bool brackets = request->host[0] != '[' && is_ipv6(request->host);
	char target[HTTP_HOST_MAX + 16], *at = text, *end = text + HTTP_REQUEST_MAX;

	snprintf(target, sizeof(target), "%s%s%s:%u", brackets ? "[" : "", request->host,
	         brackets ? "]" : "", request->port);
	at += snprintf(at, HTTP_REQUEST_MAX, "CONNECT %s HTTP/%s\r\n", target, request->version);
	if (request->send_host)
		at += snprintf(at, (size_t)(end - at), "Host: %s\r\n", target);
	if (request->credentials != NULL) {
		at += snprintf(at, (size_t)(end - at), "Proxy-authorization: Basic ");
		at = base64(at, request->credentials, strlen(request->credentials));
		at += snprintf(at, (size_t)(end - at), "\r\n");
	}
	at += snprintf(at, (size_t)(end - at), "\r\n");
	return (size_t)(at - text);
}

/* --- the answer: where it ends ------------------------------------------------------ */

static const char prefix[] = "HTTP/";

/* The shortest answer is "HTTP/1.0 200", then two line ends. */
enum { PREFIX = sizeof(prefix) - 1, VERSION = PREFIX + 3, STATUS_LINE = 12, SHORTEST = 14 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.x", blanks, three digits. Returns the status, or 0 if the line is not like that. *digits:
 * where they are. */
static unsigned read_status(const char *line, size_t length, size_t *digits)
{
	size_t at = VERSION;

	if (length < STATUS_LINE || memcmp(line, "HTTP/1.", VERSION - 1) != 0 ||
	    !is_digit(line[VERSION - 1]))
		return 0;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;
	if (at == VERSION || length - at < 3 || line[at] == '0' || !is_digit(line[at]) ||
	    !is_digit(line[at + 1]) || !is_digit(line[at + 2]) ||
	    (length - at > 3 && is_digit(line[at + 3])))
		return 0;
	*digits = at;
	return (unsigned)((line[at] - '0') * 100 + (line[at + 1] - '0') * 10 + line[at + 2] - '0');
}

/* "Continue" and the like: the answer proper comes behind it. */
static bool is_interim(unsigned status)
{
	return status >= 100 && status < 200 && status != 101;
}

/* Go to the next empty line. Returns whether there is one. */
static bool find_end(struct http_scan *scan, const char *answer, size_t length)
{
	while (scan->at < length) {
		char c = answer[scan->at++];

		if (c == '\n') {
			bool empty = !scan->line_used;

			scan->line_used = scan->line_cr = false;
			if (empty)
				return true;
		} else if (c != '\r' || (scan->line_cr && !scan->ignore_cr)) {
			scan->line_used = true;
		} else {
			scan->line_cr = true;
		}
	}
	return false;
}

size_t http_answer_missing(struct http_scan *scan, const char *answer, size_t length)
{
	size_t come, digits;

	for (;;) {
		const char *line = answer + scan->start;

		come = length - scan->start;
		if (memcmp(line, prefix, come < PREFIX ? come : PREFIX) != 0)
			return 0;
		if (come < PREFIX)
			return PREFIX - come;
		if (come < SHORTEST)
			return SHORTEST - come;
		if (!find_end(scan, answer, length))
			return scan->line_used ? 2 : 1;
		if (!is_interim(read_status(line, scan->at - scan->start, &digits)))
			return 0;
		scan->start = scan->at;
	}
}

/* --- the answer: what it says ---------------------------------------------------------- */

static bool is_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("\"(),/:;<=>?@[\\]{}", c) == NULL;
}

/* Behind a quoted string (RFC 9110, 5.6.4) that begins here. */
static size_t skip_quoted(const char *text, size_t length, size_t at)
{
	for (at++; at < length && text[at] != '"'; at++)
		if (text[at] == '\\')
			at++;
	return at + 1;
}

static void add_scheme(struct http_answer *out, const char *name, size_t length)
{
	size_t used = strlen(out->schemes);
	const char *comma = used > 0 ? ", " : "";

	if (length == 5 && strncasecmp(name, "Basic", 5) == 0)
		out->basic = true;
	if (used + strlen(comma) + length < sizeof(out->schemes))
		snprintf(out->schemes + used, sizeof(out->schemes) - used, "%s%.*s", comma,
		         (int)length, name);
}

/* The schemes of challenges (RFC 9110, 11.6.1): of what stands between commas, parameters have a
 * "=" behind their name, schemes don't. */
static void read_challenges(const char *text, size_t length, struct http_answer *out)
{
	size_t at = 0;

	while (at < length) {
		size_t name = at, end;

		while (at < length && is_token(text[at]))
			at++;
		end = at;
		while (at < length && (text[at] == ' ' || text[at] == '\t'))
			at++;
		if (end > name && (at == length || text[at] != '='))
			add_scheme(out, text + name, end - name);
		while (at < length && text[at] != ',')
			at = text[at] == '"' ? skip_quoted(text, length, at) : at + 1;
		while (at < length && (text[at] == ',' || text[at] == ' ' || text[at] == '\t'))
			at++;
	}
}

size_t http_line_length(const char *text, size_t length, size_t *next)
{
	const char *end = memchr(text, '\n', length);
	size_t size = end != NULL ? (size_t)(end - text) : length;

	*next = end != NULL ? size + 1 : length;
	while (size > 0 && text[size - 1] == '\r')
		size--;
	return size;
}

static void read_headers(const char *text, size_t length, struct http_answer *out)
{
	static const char name[] = "Proxy-Authenticate:";
	size_t next;

	for (; length > 0; text += next, length -= next) {
		size_t size = http_line_length(text, length, &next), at = sizeof(name) - 1;

		if (size < at || strncasecmp(text, name, at) != 0)
			continue;
		while (at < size && (text[at] == ' ' || text[at] == '\t'))
			at++;
		read_challenges(text + at, size - at, out);
	}
}

void http_answer_read(const struct http_scan *scan, const char *answer, size_t length,
                      struct http_answer *out)
{
	const char *line = answer + scan->start;
	size_t next, size = http_line_length(line, length - scan->start, &next), at;

	memset(out, 0, sizeof(*out));
	out->status = read_status(line, size, &at);
	out->accepted = out->status >= 200 && out->status < 300;
	if (out->status == 0) {
		/* an alert: RFC 8446, 6 */
		out->tls = size > 2 && line[0] == 21 && line[1] == 3;
		text_foreign(line, size, out->reason, sizeof(out->reason));
		return;
	}
	at += 3;
	while (at < size && (line[at] == ' ' || line[at] == '\t'))
		at++;
	text_foreign(line + at, size - at, out->reason, sizeof(out->reason));
	read_headers(line + next, length - scan->start - next, out);
}

/* --- what it means -------------------------------------------------------------------- */

static const struct {
	unsigned first, last;
	const char *words;
} meanings[] = {
	{300, 399, "; it is probably a web server or a login page, not a proxy"},
	{400, 400, "; it did not understand the request: maybe it wants http-version=1.1, or TLS "
	           "(option via)"},
	{401, 401, "; this is how a web server asks for a password, not a proxy"},
	{403, 403, "; it does not allow this client or this target; many proxies allow port 443 only"},
	{404, 404, "; it does not know the target, or is a web server instead of a proxy"},
	{405, 405, "; it does not allow the method CONNECT: maybe it is a web server, not a proxy"},
	{408, 408, "; it has waited too long for the request"},
	{426, 426, "; maybe it wants http-version=1.1"},
	{429, 429, "; it has too many requests from here: try later"},
	{501, 501, "; it does not have the method CONNECT: maybe it is a web server, not a proxy"},
	{502, 502, "; it could not connect to the target"},
	{503, 503, "; it or the target is out of service, or its name can't be resolved"},
	{504, 504, "; it got no answer from the target in time"},
	{505, 505, "; try option http-version with another version"},
	{511, 511, "; this network wants a login first"},
};

static const char refused[] = "; it has refused the credentials of option proxy-authorization";

/* 407 */
static const char *explain_authentication(const struct http_answer *answer, bool credentials)
{
	if (answer->schemes[0] != '\0' && !answer->basic)
		return ", none of which socat has: it knows Basic only";
	return credentials ? refused
	                   : "; use option proxy-authorization=USER:PASSWORD or "
	                     "proxy-authorization-file";
}

const char *http_answer_explain(const struct http_answer *answer, bool credentials, char *text,
                                size_t size)
{
	const char *words = "", *space = answer->reason[0] != '\0' ? " " : "";

	if (answer->status == 0) {
		snprintf(text, size, "it does not speak HTTP%s: it began with \"%s\"",
		         answer->tls ? " but TLS (see option via)" : "", answer->reason);
		return text;
	}
	if (answer->status == 407) {
		snprintf(text, size, "the proxy answered 407%s%s: it wants authentication%s%s%s", space,
		         answer->reason, answer->schemes[0] != '\0' ? " by " : "", answer->schemes,
		         explain_authentication(answer, credentials));
		return text;
	}
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (answer->status >= meanings[i].first && answer->status <= meanings[i].last)
			words = meanings[i].words;
	/* so does tinyproxy */
	if (answer->status == 401 && credentials)
		words = refused;
	snprintf(text, size, "the proxy answered %u%s%s%s", answer->status, space, answer->reason,
	         words);
	return text;
}
