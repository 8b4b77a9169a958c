/* Messages: one line each, "2026/11/20 22:46:11 socat[233] W text".
 *
 * Or in JSON: one object a line. The forms that scripts grep (level letters, time stamp,
 * "name[pid]") are those of the original's manual, section DIAGNOSTICS.
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>

#include "sys/json.h"

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_NOTICE_, LOG_WARN_, LOG_ERROR_, LOG_FATAL_ };

/* Write a message if its level is enabled. errno is preserved. Never exits. */
void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Write an info message whatever the level: what the user asked for explicitly. */
void log_always(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* True if a message of this level would be written: for messages that cost to compose. */
bool log_enabled(enum log_level level);

#define log_debug(...)  (log_enabled(LOG_DEBUG_) ? log_write(LOG_DEBUG_, __VA_ARGS__) : (void)0)
#define log_info(...)   (log_enabled(LOG_INFO_) ? log_write(LOG_INFO_, __VA_ARGS__) : (void)0)
#define log_notice(...) (log_enabled(LOG_NOTICE_) ? log_write(LOG_NOTICE_, __VA_ARGS__) : (void)0)
#define log_warn(...)   log_write(LOG_WARN_, __VA_ARGS__)
#define log_error(...)  log_write(LOG_ERROR_, __VA_ARGS__)
#define log_fatal(...)  log_write(LOG_FATAL_, __VA_ARGS__)

/* Lowest level that is written; the default is LOG_WARN_. */
void log_set_level(enum log_level level);

/* Make messages milder by so many steps (option children-shutup): an error becomes a
 * warning, a notice an info. 0 switches that off. */
void log_set_shutup(int steps);

/* Where messages go. log_to_file() returns -1 and sets errno if the file can't be opened;
 * log_to_syslog() returns -1 if the facility's name is unknown. */
void log_to_stderr(void);
int log_to_file(const char *path);
int log_to_syslog(const char *facility);
/* stderr now, syslog once log_switch() is called (-lm). */
int log_to_mixed(const char *facility);
void log_switch(void);

/* Lines are JSON from now on (--log-format), messages being events of that name. */
void log_set_json(bool on);
bool log_json(void);

/* In JSON, an event with members of its own, which is written whatever the level: begin a line in
 * this buffer, which has its time, level and so on; add members; write it. errno is preserved. */
enum { LOG_LINE = 4096 };
void log_event_begin(struct json *json, char line[LOG_LINE], enum log_level level,
                     const char *event);
void log_event_end(struct json *json, enum log_level level);

/* Somebody who draws on the terminal that stderr is: told before a message is written there, and
 * after that. NULL: nobody. */
void log_set_bystander(void (*told)(bool before));

/* Name used in messages (-lp) and, in upper case, for environment variables. Not copied. */
void log_set_name(const char *name);
const char *log_name(void);
void log_set_microseconds(bool on);
void log_set_hostname(bool on);

#endif
