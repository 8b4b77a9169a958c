/* Checks and counts, and the log that keeps its last message: see unit.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/log.h"
#include "unit.h"

char unit_message[2048];
int unit_messages;
int unit_level = LOG_WARN_;
static int passed, failed;

bool log_enabled(enum log_level level)
{
	return (int)level >= unit_level;
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list args;

	unit_message[0] = "DINWEF"[level];
	unit_message[1] = ' ';
	va_start(args, format);
	vsnprintf(unit_message + 2, sizeof unit_message - 2, format, args);
	va_end(args);
	unit_messages++;
}

static void fail(const char *file, int line)
{
	failed++;
	printf("%s:%d: ", file, line);
}

void unit_check(bool good, const char *file, int line, const char *what)
{
	if (good) {
		passed++;
		return;
	}
	fail(file, line);
	printf("%s is false\n", what);
}

void unit_check_text(const char *got, const char *expected, const char *file, int line,
                     const char *what)
{
	if (got == expected || (got != NULL && expected != NULL && strcmp(got, expected) == 0)) {
		passed++;
		return;
	}
	fail(file, line);
	printf("%s is \"%s\" instead of \"%s\"\n", what, got != NULL ? got : "(null)",
	       expected != NULL ? expected : "(null)");
}

void unit_check_number(int64_t got, int64_t expected, const char *file, int line,
                       const char *what)
{
	if (got == expected) {
		passed++;
		return;
	}
	fail(file, line);
	printf("%s is %lld instead of %lld\n", what, (long long)got, (long long)expected);
}

void unit_check_message(const char *expected, const char *file, int line)
{
	int messages = unit_messages;

	unit_messages = 0;
	if (messages > 1) {
		fail(file, line);
		printf("%d messages, the last is \"%s\"\n", messages, unit_message);
	} else {
		unit_check_text(messages == 0 ? NULL : unit_message, expected, file, line, "message");
	}
}

int unit_done(void)
{
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
