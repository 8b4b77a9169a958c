/* PROXY: connections to a target that an HTTP proxy makes, by the method CONNECT.
 *
 * Theory of operation: a tunnel (tunnel.h) whose script says the request, and hears the answer up
 * to its empty line. What the answer means is http_connect.h's. Credentials in a file are read at
 * the start and when told to, so that neither a changed user nor a changed root matters.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr/http_connect.h"
#include "addr/tunnel.h"
#include "addr/types.h"
#include "loop/input.h"
#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/text.h"

#define GROUPS (G_FD | G_SOCKET | G_CHILD | G_RETRY | G_IP4 | G_IP6 | G_TCP | G_HTTP | \
                G_PROXY_HEADER)

static const char service[] = "tcp";

/* Longer than a proxy on Linux tries to connect to a target that does not answer (127 s), which it
 * then says itself. */
#define TIMEOUT (150 * NANOSECONDS)

enum { HOST, TARGET, PORT };           /* parameters */

static const char *proxy_port(const struct spec *spec)
{
	const char *port = spec_string(spec, "proxyport");

	return port != NULL ? port : "8080";
}

/* --- credentials ------------------------------------------------------------------ */

/* Of one address: what its file said. */
struct secret {
	struct secret *next;
	const struct spec *spec;
	char *text;                    /* "user:password" */
};

static struct secret *secrets;

static const char *credentials(const struct spec *spec)
{
	for (const struct secret *s = secrets; s != NULL; s = s->next)
		if (s->spec == spec)
			return s->text;
	return spec_string(spec, "proxy-authorization");
}

static void file_failed(const struct spec *spec, const char *path, const char *reason)
{
	log_error("%s: option proxy-authorization-file: \"%s\": %s", spec->text, path, reason);
}

/* Returns what the file says, or NULL (logged). */
static char *read_file(const struct spec *spec, const char *path)
{
	/* room for a line end */
	size_t size = 0, length;
	char *data = (char *)input_read(path, HTTP_CREDENTIALS_MAX + 2, &size), *text = NULL;
	const char *problem = NULL;
	char why[256];

	if (data == NULL) {
		file_failed(spec, path, input_why(path, errno, why, sizeof(why)));
		return NULL;
	}
	length = size;
	if (length > 0 && data[length - 1] == '\n')
		length--;
	if (length > 0 && data[length - 1] == '\r')
		length--;
	problem = length == 0 ? "it is empty; it should have \"user:password\""
	                      : http_credentials_problem(data, length);
	if (problem != NULL)
		file_failed(spec, path, problem);
	else if ((text = strndup(data, length)) == NULL)
		log_error("%s: %s", spec->text, error_text(ENOMEM));
	input_free((unsigned char *)data, size);
	return text;
}

static int prepare(const struct spec *spec)
{
	const char *path = spec_string(spec, "proxy-authorization-file");
	struct secret *s;

	if (path == NULL)
		return 0;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		log_error("%s: %s", spec->text, error_text(ENOMEM));
		return -1;
	}
	s->spec = spec;
	s->next = secrets;
	secrets = s;
	s->text = read_file(spec, path);
	return s->text != NULL ? 0 : -1;
}

static int reload(const struct spec *spec)
{
	const char *path = spec_string(spec, "proxy-authorization-file");
	struct secret *s = secrets;
	char *text = NULL;

	while (s != NULL && s->spec != spec)
		s = s->next;
	if (s == NULL)
		return 1;
	if (input_can_wait(path))
		file_failed(spec, path, "it is not a regular file, so it can't be read again");
	else
		text = read_file(spec, path);
	if (text == NULL) {
		log_error("%s: credentials were not reloaded: those in use stay", spec->text);
		return -1;
	}
	input_free((unsigned char *)s->text, strlen(s->text));
	s->text = text;
	log_notice("%s: credentials reloaded", spec->text);
	return 0;
}

/* --- before anything is opened ---------------------------------------------------------- */

static int check_credentials(const struct spec *spec)
{
	const char *given = spec_string(spec, "proxy-authorization");
	const char *problem = given == NULL ? NULL : http_credentials_problem(given, strlen(given));

	if (problem == NULL && given != NULL && spec_opt(spec, "proxy-authorization-file") != NULL)
		problem = "excludes proxy-authorization-file: there is one pair of user and password";
	if (problem == NULL)
		return 0;
	log_error("%s: option proxy-authorization: %s", spec->text, problem);
	return -1;
}

static int check(const struct spec *spec)
{
	const char *problem = http_host_problem(spec->params[TARGET]);
	char shown[HTTP_HOST_MAX];

	if (tunnel_check(spec, proxy_port(spec)) < 0)
		return -1;
	if (problem != NULL) {
		log_error("%s: \"%s\" %s", spec->text,
		          text_printable(spec->params[TARGET], shown, sizeof(shown)), problem);
		return -1;
	}
	if (ip_check_port(spec, spec->params[PORT], service) < 0)
		return -1;
	return check_credentials(spec);
}

/* --- the dialogue ------------------------------------------------------------------------ */

/* Of one attempt. */
struct talk {
	bool asked;
	struct http_scan scan;
};

static void server(const struct spec *spec, struct ip_target *target)
{
	target->host = spec->params[HOST];
	target->port = net_parse_port(proxy_port(spec), service);
}

static const char *lookup(const struct spec *spec, int *family)
{
	*family = AF_UNSPEC;
	return spec_flag(spec, "proxy-resolve") ? spec->params[TARGET] : NULL;
}

static const char *target_address(const union net_addr *addr, char *text)
{
	const void *bytes = addr->sa.sa_family == AF_INET6 ? (const void *)&addr->in6.sin6_addr
	                                                   : (const void *)&addr->in.sin_addr;

	return inet_ntop(addr->sa.sa_family, bytes, text, INET6_ADDRSTRLEN);
}

/* Line by line; what is secret is not said. */
static void log_lines(const char *what, const char *further, const char *text, size_t length)
{
	static const char secret[] = "Proxy-authorization:";
	char shown[512];

	for (size_t next; log_enabled(LOG_INFO_) && length > 0; text += next, length -= next) {
		size_t size = http_line_length(text, length, &next);
		bool hide = size > sizeof(secret) && memcmp(text, secret, sizeof(secret) - 1) == 0;

		text_foreign(text, hide ? sizeof(secret) - 1 : size, shown, sizeof(shown));
		if (size > 0)
			log_info("%s \"%s%s\"", what, shown, hide ? " ..." : "");
		what = further;
	}
}

static void ask(struct tunnel *tunnel)
{
	const struct spec *spec = tunnel->spec;
	const char *version = spec_string(spec, "http-version");
	char text[HTTP_REQUEST_MAX], address[INET6_ADDRSTRLEN];
	struct http_request request = {
		.host = spec_flag(spec, "proxy-resolve") ? target_address(&tunnel->target, address)
		                                         : spec->params[TARGET],
		.port = (unsigned)net_parse_port(spec->params[PORT], service),
		.version = version != NULL ? version : "1.0",
		.send_host = version != NULL && strcmp(version, "1.0") != 0 &&
		             !spec_flag(spec, "ignorehost"),
		.credentials = credentials(spec),
	};
	size_t length = http_request_compose(&request, text);

	log_lines("sending", "sending", text, length);
	dialogue_say(tunnel->dialogue, text, length);
	explicit_bzero(text, length);
}

/* Returns what step() does: 0, or -1. */
static int judge(struct tunnel *tunnel, const struct http_scan *scan, const char *text,
                 size_t length)
{
	const struct spec *spec = tunnel->spec;
	struct http_answer answer;
	char why[400];

	log_lines("proxy: received answer", "proxy: received header", text, length);
	http_answer_read(scan, text, length, &answer);
	if (!answer.accepted)
		return dialogue_fail(tunnel->dialogue, "%s",
		                     http_answer_explain(&answer, credentials(spec) != NULL, why,
		                                         sizeof(why)));
	log_notice("successfully connected to %s:%s via proxy %s:%s", spec->params[TARGET],
	           spec->params[PORT], spec->params[HOST], proxy_port(spec));
	return 0;
}

static int step(struct tunnel *tunnel, const unsigned char *heard, size_t length)
{
	struct talk *talk = (struct talk *)tunnel->memory;
	const char *text = length > 0 ? (const char *)heard : "";
	size_t missing;

	if (!talk->asked) {
		talk->asked = true;
		talk->scan.ignore_cr = spec_flag(tunnel->spec, "ignorecr");
		ask(tunnel);
	}
	missing = http_answer_missing(&talk->scan, text, length);
	return missing > 0 ? (int)missing : judge(tunnel, &talk->scan, text, length);
}

static const struct tunnel_type http_connect = {
	.what = "CONNECT", .server = server, .lookup = lookup, .peer = "the proxy",
	.timeout = TIMEOUT, .max = HTTP_ANSWER_MAX, .memory = sizeof(struct talk), .step = step,
};

static struct opening *open_proxy(const struct spec *spec, const struct open_request *request)
{
	return tunnel_open(spec, request, &http_connect);
}

const struct addr_type addr_type_proxy = {
	.name = "PROXY", .aliases = "PROXY-CONNECT", .syntax = ":<proxy-server>:<host>:<port>",
	.feature = "WITH_PROXY", .min_params = 3, .max_params = 3, .groups = GROUPS,
	.directions = ADDR_BOTH, .family = AF_UNSPEC, .carries = true, .check = check,
	.prepare = prepare, .reload = reload, .open = open_proxy,
};
