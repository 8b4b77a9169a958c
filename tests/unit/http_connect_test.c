/* HTTP's method CONNECT: requests byte by byte, answers cut everywhere, what all of them mean. */
#include "addr/http_connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* --- requests ------------------------------------------------------------------- */

static const char *compose(const char *host, unsigned port, const char *version, bool send_host,
                           const char *credentials)
{
	static char text[HTTP_REQUEST_MAX];
	struct http_request request = {host, port, version, send_host, credentials};
	size_t length;

	memset(text, 'x', sizeof text);
	length = http_request_compose(&request, text);
	CHECK_NUMBER(length, strlen(text));
	return text;
}

static void test_requests(void)
{
	CHECK_TEXT(compose("target.example", 443, "1.0", false, NULL),
	           "CONNECT target.example:443 HTTP/1.0\r\n\r\n");
	CHECK_TEXT(compose("192.0.2.1", 0, "1.1", false, NULL),
	           "CONNECT 192.0.2.1:0 HTTP/1.1\r\n\r\n");
	CHECK_TEXT(compose("a", 65535, "1.1", true, NULL),
	           "CONNECT a:65535 HTTP/1.1\r\nHost: a:65535\r\n\r\n");
	CHECK_TEXT(compose("[2001:db8::1]", 22, "1.0", false, NULL),
	           "CONNECT [2001:db8::1]:22 HTTP/1.0\r\n\r\n");
	CHECK_TEXT(compose("2001:db8::1", 22, "1.1", true, NULL),
	           "CONNECT [2001:db8::1]:22 HTTP/1.1\r\nHost: [2001:db8::1]:22\r\n\r\n");
	CHECK_TEXT(compose("a", 1, "1.0", false, "user:pass"),
	           "CONNECT a:1 HTTP/1.0\r\nProxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n");
	/* RFC 7617, 2, and all lengths of the last group; bytes above 127 are bytes */
	CHECK_TEXT(compose("a", 1, "1.1", true, "Aladdin:open sesame"),
	           "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n"
	           "Proxy-authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
	CHECK_TEXT(compose("a", 1, "1.0", false, "user:"),
	           "CONNECT a:1 HTTP/1.0\r\nProxy-authorization: Basic dXNlcjo=\r\n\r\n");
	CHECK_TEXT(compose("a", 1, "1.0", false, "test:123\xc2\xa3"),
	           "CONNECT a:1 HTTP/1.0\r\nProxy-authorization: Basic dGVzdDoxMjPCow==\r\n\r\n");
	CHECK_TEXT(compose("a", 1, "1.0", false, "\xff:\xff\xfb\xff"),
	           "CONNECT a:1 HTTP/1.0\r\nProxy-authorization: Basic /zr/+/8=\r\n\r\n");
}

static void test_longest_request(void)
{
	char host[HTTP_HOST_MAX + 1], credentials[HTTP_CREDENTIALS_MAX + 1];

	memset(host, 'h', sizeof host - 1);
	memset(credentials, ':', sizeof credentials - 1);
	host[sizeof host - 1] = credentials[sizeof credentials - 1] = '\0';
	CHECK(http_host_problem(host) == NULL);
	CHECK(http_credentials_problem(credentials, strlen(credentials)) == NULL);
	CHECK_NUMBER(strlen(compose(host, 65535, "1.1", true, credentials)),
	             8 + 255 + 6 + 11 + 6 + 255 + 6 + 2 + 27 + 5464 + 2 + 2);
}

static void test_hosts(void)
{
	static const char *const good[] = {
		"a", "target.example", "192.0.2.1", "xn--bcher-kva.example", "a_b-c", "::1", "[::1]",
		"[fe80::1%eth0]", "1:2:3:4:5:6:7:8", "%41",
	};
	static const char *const bad[] = {
		"", " ", "a b", "a\r\nX: y", "a\n", "a\tb", "a\x7f", "b\xc3\xbc" "cher.example", "a:1",
		"a/", "u@h", "[::1", "::1]", "[a]", "[::1]x", "[]", "a?b", "a#b", "\"a\"", "a\\b", "<a>",
		"[::1]]", "[[::1]]", "1:2:3:4:5:6:7:8:9",
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		CHECK_TEXT(http_host_problem(good[i]) == NULL ? good[i] : "refused", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_TEXT(http_host_problem(bad[i]) != NULL ? bad[i] : "taken", bad[i]);
}

static bool good_credentials(const char *text)
{
	return http_credentials_problem(text, strlen(text)) == NULL;
}

static void test_credentials(void)
{
	char *longer = malloc(HTTP_CREDENTIALS_MAX + 2);

	CHECK(good_credentials("user:pass"));
	CHECK(good_credentials("user:"));
	CHECK(good_credentials(":"));
	CHECK(good_credentials("us er:pa:ss\xc3\xa4"));
	CHECK(!good_credentials(""));
	CHECK(!good_credentials("user"));
	CHECK(!good_credentials("user:pass\n"));
	CHECK(!good_credentials("user:pa\rss"));
	CHECK(!good_credentials("user:\x01"));
	CHECK(!good_credentials("user:\x7f"));
	CHECK(http_credentials_problem("user:\0", 6) != NULL);
	memset(longer, ':', HTTP_CREDENTIALS_MAX + 1);
	longer[HTTP_CREDENTIALS_MAX + 1] = '\0';
	CHECK(!good_credentials(longer));
	CHECK(good_credentials(longer + 1));
	free(longer);
}

/* --- answers --------------------------------------------------------------------- */

/* Hear an answer, behind which there is more, as slowly as step says (0: all that is asked for).
 * Returns how much was taken. What is read lies in memory of just that size. */
static size_t hear(const char *answer, size_t length, size_t step, bool ignore_cr,
                   struct http_answer *out)
{
	struct http_scan scan = {.ignore_cr = ignore_cr};
	size_t come = 0, missing;

	for (;;) {
		char *exact = malloc(come + 1);

		memcpy(exact, answer, come);
		exact = realloc(exact, come == 0 ? 1 : come);
		missing = http_answer_missing(&scan, exact, come);
		if (missing == 0 || come == length) {
			http_answer_read(&scan, exact, come, out);
			free(exact);
			return missing == 0 ? come : length + missing;
		}
		free(exact);
		if (step != 0 && step < missing)
			missing = step;
		come += missing < length - come ? missing : length - come;
	}
}

/* Never a byte behind the empty line is taken, however it comes. */
static void check_end(const char *answer, bool ignore_cr, unsigned status, const char *reason)
{
	size_t length = strlen(answer);
	char *more = malloc(length + 64);

	for (size_t kind = 0; kind < 4; kind++)
		for (size_t step = 0; step < 4; step++) {
			static const char *const behind[] = {"", "\n\n\n", "\r\n\r\n", "HTTP/1.1 500 no\r\n\r\n"};
			struct http_answer out;

			snprintf(more, length + 64, "%s%s", answer, behind[kind]);
			CHECK_NUMBER(hear(more, strlen(more), step, ignore_cr, &out), length);
			CHECK_NUMBER(out.status, status);
			CHECK_TEXT(out.reason, reason);
			CHECK_NUMBER(out.accepted, status / 100 == 2);
		}
	free(more);
}

static void test_ends(void)
{
	check_end("HTTP/1.0 200 Connection established\r\n\r\n", false, 200,
	          "Connection established");
	check_end("HTTP/1.1 200 OK\r\nVia: 1.1 proxy\r\nX: y\r\n\r\n", false, 200, "OK");
	check_end("HTTP/1.1 200\r\n\r\n", false, 200, "");
	check_end("HTTP/1.1 200 \r\n\r\n", false, 200, "");
	check_end("HTTP/1.1  \t 200  \t OK \r\n\r\n", false, 200, "OK ");
	check_end("HTTP/1.9 299 x\r\n\r\n", false, 299, "x");
	check_end("HTTP/1.0 200x\r\n\r\n", false, 200, "x");
	check_end("HTTP/1.0 200\n\n", false, 200, "");
	check_end("HTTP/1.0 200 OK\nA: b\n\n", false, 200, "OK");
	check_end("HTTP/1.0 200 OK\nA: b\r\n\n", false, 200, "OK");
	check_end("HTTP/1.0 200 OK\nA: b\n\r\n", false, 200, "OK");
	check_end("HTTP/1.0 200 OK\r\nA: b\r\n folded\r\n\tmore\r\nodd\r\n:\r\n\r\n", false, 200,
	          "OK");
	/* a line of CRs is empty only for ignorecr */
	check_end("HTTP/1.0 200 OK\r\n\r\r\nA: b\r\n\r\n", false, 200, "OK");
	check_end("HTTP/1.0 200 OK\r\r\nA: b\r\r\n\r\r\n", true, 200, "OK");
	check_end("HTTP/1.0 200 OK\n\n", true, 200, "OK");
	check_end("HTTP/1.0 403 \x1b[31mNo\xc2\x9b\r\n\r\n", false, 403, "\\x1b[31mNo\\xc2\\x9b");
	/* interim answers */
	check_end("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", false, 200, "OK");
	check_end("HTTP/1.1 100\n\nHTTP/1.1 199 x\nA: b\n\nHTTP/1.1 407 Who\n\n", false, 407, "Who");
	check_end("HTTP/1.1 101 Switching\r\n\r\n", false, 101, "Switching");
}

/* Of an answer that is cut anywhere something is missing; never more than there is. */
static void test_cuts(void)
{
	static const char answer[] =
		"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nA: b\n c\r\n\r\n";
	size_t length = strlen(answer);

	for (size_t cut = 0; cut < length; cut++) {
		struct http_scan scan = {.at = 0};
		char *part = malloc(cut == 0 ? 1 : cut);
		size_t missing;

		memcpy(part, answer, cut);
		missing = http_answer_missing(&scan, part, cut);
		CHECK(missing > 0 && cut + missing <= length);
		free(part);
	}
}

/* What is not HTTP is seen early, and not waited for. */
static void test_not_http(void)
{
	static const struct {
		const char *bytes, *begin;
		size_t size;
		bool tls;
	} strangers[] = {
		{"SSH-2.0-OpenSSH_9.9\r\n", "SSH-2", 21, false},
		{"\x15\x03\x03\0\x02\x02\x46", "\\x15\\x03\\x03\\x00\\x02", 7, true},
		{"\x15\x07\x03\0\x02\x02\x46", "\\x15\\x07\\x03\\x00\\x02", 7, false},
		{"220 mail.example ESMTP\r\n", "220 m", 24, false},
		{"http/1.0 200 OK\r\n\r\n", "http/", 19, false},
		{"\r\nHTTP/1.0 200 OK\r\n\r\n", "", 21, false},
		{"HTTP/2 200 OK\r\n\r\n", "HTTP/2 200 OK", 17, false},
		{"HTTP/1.10 200 OK\r\n\r\n", "HTTP/1.10 200 OK", 20, false},
		{"HTTP/1.x 200 OK\r\n\r\n", "HTTP/1.x 200 OK", 19, false},
		{"HTTP/1.0 20 OK\r\n\r\n", "HTTP/1.0 20 OK", 18, false},
		{"HTTP/1.0 2000 OK\r\n\r\n", "HTTP/1.0 2000 OK", 20, false},
		{"HTTP/1.0 099 OK\r\n\r\n", "HTTP/1.0 099 OK", 19, false},
		{"HTTP/1.0 -20 OK\r\n\r\n", "HTTP/1.0 -20 OK", 19, false},
		{"HTTP/1.0200 OK\r\n\r\n", "HTTP/1.0200 OK", 18, false},
		{"HTTP/1.0\r\n200 OK\r\n\r\n", "HTTP/1.0", 20, false},
		{"HTTP/1.0 \0" "200 OK\r\n\r\n", "HTTP/1.0 \\x00200 OK", 20, false},
	};

	for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
		struct http_answer out;
		char why[256], expected[256];

		CHECK(hear(strangers[i].bytes, strangers[i].size, 0, false, &out) <= strangers[i].size);
		CHECK_NUMBER(out.status, 0);
		CHECK(!out.accepted);
		CHECK_TEXT(out.reason, strangers[i].begin);
		snprintf(expected, sizeof expected, "it does not speak HTTP%s: it began with \"%s\"",
		         strangers[i].tls ? " but TLS (see option via)" : "", strangers[i].begin);
		CHECK_TEXT(http_answer_explain(&out, false, why, sizeof why), expected);
	}
}

static const char *explain(const char *answer, bool credentials)
{
	static char why[256];
	struct http_answer out;

	CHECK_NUMBER(hear(answer, strlen(answer), 0, false, &out), strlen(answer));
	CHECK(!out.accepted);
	return http_answer_explain(&out, credentials, why, sizeof why);
}

/* Every status: success is 2xx, everything else has a text with its number. */
static void test_statuses(void)
{
	for (unsigned status = 100; status <= 999; status++) {
		char answer[64], begin[64], why[256];
		struct http_answer out;
		struct http_scan scan = {.at = 0};

		snprintf(answer, sizeof answer, "HTTP/1.1 %u Because\r\n\r\n", status);
		CHECK_NUMBER(http_answer_missing(&scan, answer, strlen(answer)),
		             status < 200 && status != 101 ? 5 : 0);
		if (scan.start > 0)
			continue;
		http_answer_read(&scan, answer, strlen(answer), &out);
		CHECK_NUMBER(out.status, status);
		CHECK_NUMBER(out.accepted, status >= 200 && status <= 299);
		snprintf(begin, sizeof begin, "the proxy answered %u Because", status);
		http_answer_explain(&out, false, why, sizeof why);
		CHECK(strncmp(why, begin, strlen(begin)) == 0);
	}
}

static void test_words(void)
{
	CHECK_TEXT(explain("HTTP/1.1 418 I'm a teapot\r\n\r\n", false),
	           "the proxy answered 418 I'm a teapot");
	CHECK_TEXT(explain("HTTP/1.1 403\r\n\r\n", false),
	           "the proxy answered 403; it does not allow this client or this target; many "
	           "proxies allow port 443 only");
	CHECK_TEXT(explain("HTTP/1.1 302 Found\r\nLocation: x\r\n\r\n", false),
	           "the proxy answered 302 Found; it is probably a web server or a login page, not "
	           "a proxy");
	CHECK_TEXT(explain("HTTP/1.1 401 Unauthorized\r\n\r\n", false),
	           "the proxy answered 401 Unauthorized; this is how a web server asks for a password, "
	           "not a proxy");
	CHECK_TEXT(explain("HTTP/1.1 401 Unauthorized\r\n\r\n", true),
	           "the proxy answered 401 Unauthorized; it has refused the credentials of option "
	           "proxy-authorization");
	CHECK_TEXT(explain("HTTP/1.1 502 Bad Gateway\r\n\r\n", false),
	           "the proxy answered 502 Bad Gateway; it could not connect to the target");
}

#define WHO "HTTP/1.1 407 Who\r\n"
#define ASKS "the proxy answered 407 Who: it wants authentication"
#define USE "; use option proxy-authorization=USER:PASSWORD or proxy-authorization-file"
#define REFUSED "; it has refused the credentials of option proxy-authorization"
#define NONE ", none of which socat has: it knows Basic only"

static void test_authentication(void)
{
	CHECK_TEXT(explain(WHO "\r\n", false), ASKS USE);
	CHECK_TEXT(explain(WHO "\r\n", true), ASKS REFUSED);
	CHECK_TEXT(explain(WHO "Proxy-Authenticate: Basic realm=\"a\"\r\n\r\n", false),
	           ASKS " by Basic" USE);
	CHECK_TEXT(explain(WHO "proxy-authenticate:basic\n\n", true), ASKS " by basic" REFUSED);
	CHECK_TEXT(explain(WHO "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
	                   true), ASKS " by Negotiate, NTLM" NONE);
	CHECK_TEXT(explain(WHO "Proxy-Authenticate: Negotiate YWJj==, Digest realm=\"Basic, \\\", x\", "
	                   "qop = \"a\", Basic realm=x, charset=\"UTF-8\"\r\n\r\n", false),
	           ASKS " by Negotiate, Digest, Basic" USE);
	CHECK_TEXT(explain(WHO "Proxy-Authenticate: ,, Digest a=\"never closed, Basic\r\n\r\n", false),
	           ASKS " by Digest" NONE);
	CHECK_TEXT(explain(WHO "Proxy-Authenticate: \x1b[31m\r\nProxy-Authenticate:\r\n"
	                   "X-Proxy-Authenticate: Basic\r\nProxy-Authenticate : Basic\r\n\r\n", false),
	           ASKS USE);
}

/* A list of schemes without end is cut; the message stays in its bounds. */
static void test_many_schemes(void)
{
	char answer[8192] = WHO, why[200];
	struct http_answer out;

	for (int i = 0; i < 100; i++)
		strcat(answer, "Proxy-Authenticate: SomeScheme, Another\r\n");
	strcat(answer, "Proxy-Authenticate: Basic\r\n\r\n");
	CHECK_NUMBER(hear(answer, strlen(answer), 0, false, &out), strlen(answer));
	CHECK(out.basic);
	CHECK(strlen(out.schemes) < sizeof out.schemes);
	CHECK(strlen(http_answer_explain(&out, false, why, sizeof why)) < sizeof why);
}

int main(void)
{
	test_requests();
	test_longest_request();
	test_hosts();
	test_credentials();
	test_ends();
	test_cuts();
	test_not_http();
	test_statuses();
	test_words();
	test_authentication();
	test_many_schemes();
	return unit_done();
}
