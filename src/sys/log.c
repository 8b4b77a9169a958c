#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static struct {
	enum log_level level;
	int shutup;
	int fd;             /* -1: syslog */
	int facility;
	bool mixed;
	bool json;
	bool microseconds;
	const char *name;
	char hostname[65];  /* empty: not shown */
	void (*bystander)(bool before);
} state = { .level = LOG_WARN_, .fd = STDERR_FILENO, .facility = LOG_DAEMON, .name = "socat" };

/* What fits one message of syslog(3) behind its header. */
enum { SYSLOG_LINE = 944 };

static const char *const level_word[] = { "debug", "info", "notice", "warning", "error", "fatal" };
static const char level_letter[] = { 'D', 'I', 'N', 'W', 'E', 'F' };
static const int level_priority[] = {
	LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERR, LOG_CRIT
};

static const struct {
	const char *name;
	int value;
} facilities[] = {
	{ "auth", LOG_AUTH }, { "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON }, { "ftp", LOG_FTP }, { "kern", LOG_KERN },
	{ "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 }, { "lpr", LOG_LPR },
	{ "mail", LOG_MAIL }, { "news", LOG_NEWS }, { "syslog", LOG_SYSLOG },
	{ "user", LOG_USER }, { "uucp", LOG_UUCP },
};

void log_set_level(enum log_level level)
{
	state.level = level;
}

void log_set_shutup(int steps)
{
	state.shutup = steps;
}

static int milder(enum log_level level)
{
	int mild = (int)level - state.shutup;

	return mild < LOG_DEBUG_ ? LOG_DEBUG_ : mild;
}

bool log_enabled(enum log_level level)
{
	return milder(level) >= (int)state.level;
}

/* "2026/11/20 22:46:11", with microseconds if asked for. */
static size_t time_stamp(char *line, size_t size)
{
	struct timeval now;
	struct tm tm;
	size_t n;

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &tm);
	n = strftime(line, size, "%Y/%m/%d %H:%M:%S", &tm);
	if (state.microseconds)
		n += (size_t)snprintf(line + n, size - n, ".%06ld", (long)now.tv_usec);
	return n;
}

static void write_line(const char *line, size_t length)
{
	while (length > 0) {
		ssize_t n = write(state.fd, line, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;  /* a log that can't be written must not end the relay */
		line += n;
		length -= (size_t)n;
	}
}

/* Messages of the bystander's own go out as they are. */
static void write_to_stderr(const char *line, size_t length)
{
	void (*bystander)(bool before) = state.bystander;

	state.bystander = NULL;
	if (bystander != NULL)
		bystander(true);
	write_line(line, length);
	if (bystander != NULL)
		bystander(false);
	state.bystander = bystander;
}

/* A whole line, with one write(2), so that lines of several processes that share a log file, or a
 * pipe, never mix. */
static void send_line(const char *line, size_t length)
{
	state.fd == STDERR_FILENO ? write_to_stderr(line, length) : write_line(line, length);
}

void log_set_json(bool on)
{
	state.json = on;
}

bool log_json(void)
{
	return state.json;
}

void log_event_begin(struct json *json, char line[LOG_LINE], enum log_level level,
                     const char *event)
{
	char text[40];
	struct timeval now;
	struct tm tm;
	size_t n;
	int saved = errno;

	gettimeofday(&now, NULL);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%06ldZ", (long)now.tv_usec);
	/* what is longer than that the C library would cut */
	json_begin(json, line, state.fd >= 0 ? LOG_LINE : SYSLOG_LINE);
	json_string(json, "time", text);
	json_string(json, "level", level_word[level]);
	json_string(json, "program", state.name);
	json_number(json, "pid", (uint64_t)getpid());
	json_string(json, "host", state.hostname[0] != '\0' ? state.hostname : NULL);
	json_string(json, "event", event);
	errno = saved;
}

void log_event_end(struct json *json, enum log_level level)
{
	size_t length = json_end(json);
	int saved = errno;

	if (state.fd >= 0)
		send_line(json->text, length);
	else
		syslog(state.facility | level_priority[level], "%.*s", (int)length - 1, json->text);
	errno = saved;
}

/* errno is what it was when the message was composed. */
static void emit_json(int mild, const char *format, va_list args)
{
	char message[LOG_LINE], line[LOG_LINE];
	struct json json;

	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	log_event_begin(&json, line, (enum log_level)mild, "message");
	json_bytes(&json, "message", message, strlen(message), sizeof(line));
	log_event_end(&json, (enum log_level)mild);
}

static void emit(int mild, const char *format, va_list args)
{
	char line[LOG_LINE];
	size_t n = 0;
	int length, saved = errno;

	if (state.json) {
		emit_json(mild, format, args);
		return;
	}
	if (state.fd >= 0) {
		n = time_stamp(line, 64);
		n += (size_t)snprintf(line + n, 300, " %s%s%.200s[%d] %c ", state.hostname,
		                      state.hostname[0] ? " " : "", state.name, (int)getpid(),
		                      level_letter[mild]);
	}
	errno = saved;
	length = vsnprintf(line + n, sizeof(line) - n - 1, format, args);
	if (length < 0)
		length = 0;
	n += (size_t)length < sizeof(line) - n - 1 ? (size_t)length : sizeof(line) - n - 2;
	if (state.fd >= 0) {
		line[n++] = '\n';
		send_line(line, n);
	} else {
		syslog(state.facility | level_priority[mild], "%c %.*s", level_letter[mild], (int)n,
		       line);
	}
	errno = saved;
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list args;

	if (milder(level) < (int)state.level)
		return;
	va_start(args, format);
	emit(milder(level), format, args);
	va_end(args);
}

void log_always(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(LOG_INFO_, format, args);
	va_end(args);
}

void log_to_stderr(void)
{
	state.fd = STDERR_FILENO;
	state.mixed = false;
}

int log_to_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0664);

	if (fd < 0)
		return -1;
	state.fd = fd;
	state.mixed = false;
	return 0;
}

static int set_facility(const char *facility)
{
	if (*facility == '\0')
		return 0;
	for (size_t i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++)
		if (strcasecmp(facilities[i].name, facility) == 0) {
			state.facility = facilities[i].value;
			return 0;
		}
	return -1;
}

int log_to_syslog(const char *facility)
{
	if (set_facility(facility) < 0)
		return -1;
	openlog(state.name, LOG_PID, state.facility);
	state.fd = -1;
	state.mixed = false;
	return 0;
}

int log_to_mixed(const char *facility)
{
	if (set_facility(facility) < 0)
		return -1;
	state.fd = STDERR_FILENO;
	state.mixed = true;
	return 0;
}

void log_switch(void)
{
	if (state.mixed)
		log_to_syslog("");
}

void log_set_bystander(void (*told)(bool before))
{
	state.bystander = told;
}

void log_set_name(const char *name)
{
	state.name = name;
}

const char *log_name(void)
{
	return state.name;
}

void log_set_microseconds(bool on)
{
	state.microseconds = on;
}

void log_set_hostname(bool on)
{
	const char *name = getenv("HOSTNAME");
	struct utsname uts;

	state.hostname[0] = '\0';
	if (!on)
		return;
	if (name == NULL)
		name = uname(&uts) == 0 ? uts.nodename : "localhost";
	snprintf(state.hostname, sizeof(state.hostname), "%s", name);
}
