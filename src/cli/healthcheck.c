/* --healthcheck: a small HTTP client for containers that have no other. The forms of a URL:
 *
 *   http://HOST[:PORT][/PATH]   HOST:PORT[/PATH]   PORT[/PATH]   /SOCKET[:/PATH]
 *
 * PATH is /healthz by default, HOST 127.0.0.1. It blocks: an alarm bounds all of it. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "addr/http_connect.h"
#include "relay/metrics.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/text.h"

enum { SECONDS = 5, ANSWER = 4096, WORDS = 65536, URL = 512, SHOWN = 200 };

struct check {
	char url[URL];                 /* cut to pieces; what metrics_place_read() needs */
	struct metrics_place place;
	char path[URL];
	char shown[SHOWN];             /* what was asked, for messages */
};

/* --- what to ask ----------------------------------------------------------------- */

static int bad_url(const struct check *check, const char *why)
{
	log_error("option --healthcheck: \"%s\" %s", check->shown, why);
	return -1;
}

/* Returns 0, or -1 (logged). */
static int read_place(struct check *check)
{
	const char *why = metrics_place_read(check->url, &check->place);

	if (why != NULL)
		return bad_url(check, why);
	return check->place.path != NULL || check->place.port > 0 ? 0
	       : bad_url(check, "names no port that could be asked");
}

/* Returns 0, or -1 (logged). */
static int read_url(struct check *check, const char *url)
{
	static const char http[] = "http://";
	bool schemed = strncasecmp(url, http, sizeof(http) - 1) == 0;
	const char *end;
	char *path, *bracket;

	text_printable(url, check->shown, sizeof(check->shown));
	if (strncasecmp(url, "https:", 6) == 0)
		return bad_url(check, "would need TLS: metrics are served without");
	if (schemed)
		url += sizeof(http) - 1;
	if (snprintf(check->url, sizeof(check->url), "%s", url) >= (int)sizeof(check->url))
		return bad_url(check, "is too long");
	path = check->url[0] == '/' ? strstr(check->url, ":/") : strchr(check->url, '/');
	snprintf(check->path, sizeof(check->path), "%s",
	         path == NULL ? "/healthz" : *path == ':' ? path + 1 : path);
	for (end = check->path; *end > ' ' && *end < 127; end++)
		;
	if (*end != '\0')
		return bad_url(check, "has a path with characters that no URL has");
	if (path != NULL)
		*path = '\0';
	if ((schemed && (*check->url == '\0' || *check->url == ':')) ||
	    (*check->url != '/' && strpbrk(check->url, " @") != NULL))
		return bad_url(check, "names no host that could be asked");
	bracket = strchr(check->url, ']');
	if (schemed && strchr(bracket != NULL ? bracket : check->url, ':') == NULL)
		strncat(check->url, ":80", sizeof(check->url) - strlen(check->url) - 1);
	return read_place(check);
}

/* The value of --metrics in a process's command line: copied to value. Returns false if it has
 * none. */
static bool find_metrics(pid_t pid, char *value, size_t size)
{
	static char words[WORDS];
	char path[32];
	ssize_t length;
	bool found = false, next = false;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, words, sizeof(words) - 1);
	close(fd);
	for (char *word = words; length > 0 && word < words + length; word += strlen(word) + 1) {
		const char *attached = strncmp(word, "--metrics=", 10) == 0 ? word + 10 : NULL;

		if (next || attached != NULL) {
			const char *text = next ? word : attached;

			found = strlen(text) < size;
			memcpy(value, text, found ? strlen(text) + 1 : 0);
		}
		next = !next && strcmp(word, "--metrics") == 0;
	}
	return found;
}

/* Returns 0, or -1 (logged). */
static int find_url(struct check *check)
{
	if (!find_metrics(1, check->url, sizeof(check->url)) &&
	    !find_metrics(getppid(), check->url, sizeof(check->url))) {
		log_error("option --healthcheck: neither process 1 nor the parent of this one has "
		          "option --metrics: give a URL, as in "
		          "--healthcheck http://127.0.0.1:9100");
		return -1;
	}
	text_printable(check->url, check->shown, sizeof(check->shown));
	strcpy(check->path, "/healthz");
	/* as --metrics reads it: a socket's path need not begin with a slash there */
	return read_place(check);
}

/* --- asking ---------------------------------------------------------------------- */

static char late[SHOWN + 100];

static void too_late(int number)
{
	(void)number;
	(void)!write(STDERR_FILENO, late, strlen(late));
	_exit(1);
}

static void bound_time(const struct check *check)
{
	sigset_t set;

	snprintf(late, sizeof(late), "%s: option --healthcheck: %s: no answer within %d s\n",
	         log_name(), check->shown, SECONDS);
	signal(SIGALRM, too_late);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	alarm(SECONDS);
}

static int failed(const struct check *check, const char *what, const char *why)
{
	log_error("option --healthcheck: %s: %s%s", check->shown, what, why);
	return -1;
}

static int try_address(const struct sockaddr *addr, socklen_t length)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd >= 0 && connect(fd, addr, length) < 0) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Returns the socket, or -1 (logged). */
static int connect_to(const struct check *check)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	const char *host = check->place.host[0] != '\0' ? check->place.host : "127.0.0.1";
	struct net_peer peer;
	char port[8];
	int fd = -1, error;

	if (check->place.path != NULL) {
		net_unix(check->place.path, false, false, &peer);
		fd = try_address(&peer.addr.sa, peer.length);
		return fd >= 0 ? fd : failed(check, "connect: ", error_text(errno));
	}
	snprintf(port, sizeof(port), "%d", check->place.port);
	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0)
		return failed(check, "looking up the host: ", error_lookup_text(error));
	for (const struct addrinfo *one = list; fd < 0 && one != NULL; one = one->ai_next)
		fd = try_address(one->ai_addr, one->ai_addrlen);
	error = errno;
	freeaddrinfo(list);
	return fd >= 0 ? fd : failed(check, "connect: ", error_text(error));
}

static int judge(const struct check *check, const char *answer, size_t length)
{
	struct http_scan scan = { .ignore_cr = false };
	struct http_answer read;
	char why[SHOWN];

	if (length == 0)
		return failed(check, "it closed the connection without an answer", "");
	http_answer_missing(&scan, answer, length);
	http_answer_read(&scan, answer, length, &read);
	if (read.status == 0)
		return failed(check, "this is not HTTP", "");
	if (read.accepted)
		return 0;
	snprintf(why, sizeof(why), "%u %s", read.status, read.reason);
	return failed(check, "the answer is ", why);
}

static int ask(const struct check *check, int fd)
{
	static char text[ANSWER];
	const char *host = check->place.host[0] != '\0' ? check->place.host : "localhost";
	int size = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: %s\r\n"
	                    "Connection: close\r\n\r\n", check->path, host);
	size_t length = 0;
	ssize_t n;

	if (send(fd, text, (size_t)size, MSG_NOSIGNAL) < 0)
		return failed(check, "", error_text(errno));
	while (length < sizeof(text) &&
	       (n = recv(fd, text + length, sizeof(text) - length, 0)) != 0) {
		if (n < 0 && length == 0)
			return failed(check, "", error_text(errno));
		if (n < 0)
			break;
		length += (size_t)n;
	}
	return judge(check, text, length);
}

int healthcheck(const char *url)
{
	static struct check check;
	int fd, status;

	if ((url != NULL ? read_url(&check, url) : find_url(&check)) < 0)
		return 1;
	bound_time(&check);
	fd = connect_to(&check);
	if (fd < 0)
		return 1;
	status = ask(&check, fd);
	close(fd);
	return status < 0;
}
