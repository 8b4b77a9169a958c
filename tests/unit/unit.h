/* A tiny frame for unit tests: a test program runs functions, counts what they check, and
 * says what failed. It links with capture.c, which keeps messages instead of writing them. */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stdint.h>

/* Check something and go on in any case. */
#define CHECK(condition) unit_check((condition), __FILE__, __LINE__, #condition)
#define CHECK_TEXT(got, expected) \
	unit_check_text((got), (expected), __FILE__, __LINE__, #got)
#define CHECK_NUMBER(got, expected) \
	unit_check_number((int64_t)(got), (int64_t)(expected), __FILE__, __LINE__, #got)
/* There was exactly one message since the last CHECK_MESSAGE or CHECK_SILENT, and it is as
 * given: level letter, space, text. */
#define CHECK_MESSAGE(expected) unit_check_message((expected), __FILE__, __LINE__)
#define CHECK_SILENT() unit_check_message(NULL, __FILE__, __LINE__)

void unit_check(bool good, const char *file, int line, const char *what);
void unit_check_text(const char *got, const char *expected, const char *file, int line,
                     const char *what);
void unit_check_number(int64_t got, int64_t expected, const char *file, int line,
                       const char *what);
void unit_check_message(const char *expected, const char *file, int line);

/* Print the counts; returns the exit status. */
int unit_done(void);

/* Kept by capture.c: the last message and how many there were. */
extern char unit_message[2048];
extern int unit_messages;
/* Milder messages (enum log_level) are not kept; LOG_WARN_ unless a test sets it. */
extern int unit_level;

#endif
