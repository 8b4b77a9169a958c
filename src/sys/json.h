/* Writing JSON (RFC 8259): one object of bounded size in one line. Whatever bytes are given, the
 * result is valid: it is in UTF-8, and ends with what was opened being closed. */
#ifndef SYS_JSON_H
#define SYS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *text;
	size_t size, length;
	unsigned depth;
	bool first;          /* nothing is in the current object yet */
};

/* Objects inside of objects; the least room for a line; and the most for a string. */
enum { JSON_DEPTH = 4, JSON_LEAST = 16, JSON_TEXT = 300 };

/* Begin a line in this buffer, which must have JSON_LEAST bytes. */
void json_begin(struct json *json, char *buffer, size_t size);
/* End all objects and the line. Returns its length, the newline included; it has no NUL. */
size_t json_end(struct json *json);

/* Members. Names are our own: plain ASCII without quotes. What there is no room for is left out.
 *
 * A string of so many bytes. What is not UTF-8 becomes U+FFFD, control characters are escaped. What
 * is written of it has limit bytes at most, and is cut in front of a character, with "..." behind
 * it. */
void json_bytes(struct json *json, const char *name, const void *bytes, size_t length,
                size_t limit);
/* The same up to the NUL, with JSON_TEXT bytes at most; nothing if text is NULL. */
void json_string(struct json *json, const char *name, const char *text);
/* Nanoseconds, at least 0, as seconds: 1.250000 */
void json_seconds(struct json *json, const char *name, int64_t nanoseconds);
void json_number(struct json *json, const char *name, uint64_t number);
void json_bool(struct json *json, const char *name, bool value);
/* Up to json_leave() members are those of this object. Returns false if there is no room: then
 * there is nothing to leave. */
bool json_enter(struct json *json, const char *name);
void json_leave(struct json *json);

#endif
