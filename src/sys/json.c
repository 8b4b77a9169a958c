#include "sys/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/utf8.h"

/* What the end of the line takes: closing braces and the newline. */
enum { END = JSON_DEPTH + 2, MORE = 3, ESCAPE = 8 };

void json_begin(struct json *json, char *buffer, size_t size)
{
	*json = (struct json){ .text = buffer, .size = size, .length = 1, .depth = 1, .first = true };
	buffer[0] = '{';
}

size_t json_end(struct json *json)
{
	while (json->depth > 0)
		json_leave(json);
	json->text[json->length++] = '\n';
	return json->length;
}

/* Bytes that may still be written. */
static size_t room(const struct json *json)
{
	return json->length + END < json->size ? json->size - END - json->length : 0;
}

static void put(struct json *json, const char *bytes, size_t length)
{
	memcpy(json->text + json->length, bytes, length);
	json->length += length;
}

/* The name of a member whose value has so many bytes at least. Returns false if there is no room
 * for it. */
static bool put_name(struct json *json, const char *name, size_t least)
{
	size_t length = strlen(name);

	if (length + 4 + least > room(json))
		return false;
	if (!json->first)
		put(json, ",", 1);
	json->first = false;
	put(json, "\"", 1);
	put(json, name, length);
	put(json, "\":", 2);
	return true;
}

/* One character of a string as JSON has it. *used: how many bytes of the text it was. Returns the
 * length of what is in out. */
static size_t escape(const char *text, size_t length, size_t *used, char out[ESCAPE])
{
	static const char unknown[] = { '\xef', '\xbf', '\xbd' };   /* U+FFFD */
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	uint32_t character;

	*used = utf8_decode(text, length, &character);
	if (character == UTF8_BAD) {
		memcpy(out, unknown, sizeof(unknown));
		return sizeof(unknown);
	}
	for (size_t i = 0; named[i] != '\0'; i += 2)
		if (character == (unsigned char)named[i]) {
			out[0] = '\\';
			out[1] = named[i + 1];
			return 2;
		}
	/* DEL and the control characters of C1 are allowed, but do as much harm on a terminal */
	if (character < 0x20 || (character >= 0x7f && character < 0xa0))
		return (size_t)snprintf(out, ESCAPE, "\\u%04x", (unsigned)character);
	memcpy(out, text, *used);
	return *used;
}

void json_bytes(struct json *json, const char *name, const void *bytes, size_t length, size_t limit)
{
	const char *text = bytes;
	size_t end, used, cut, n;
	char out[ESCAPE];

	if (!put_name(json, name, 2 + MORE))
		return;
	put(json, "\"", 1);
	/* the quote at the end */
	end = json->length + (limit < room(json) - 1 ? limit : room(json) - 1);
	/* where "..." would stand */
	cut = json->length;
	for (; length > 0; text += used, length -= used) {
		n = escape(text, length, &used, out);
		if (json->length + n > end) {
			json->length = cut;
			put(json, "...", end - cut < MORE ? end - cut : MORE);
			break;
		}
		put(json, out, n);
		if (json->length + MORE <= end)
			cut = json->length;
	}
	put(json, "\"", 1);
}

void json_string(struct json *json, const char *name, const char *text)
{
	if (text != NULL)
		json_bytes(json, name, text, strlen(text), JSON_TEXT);
}

/* What this makes is a number or a word. */
__attribute__((format(printf, 3, 4)))
static void print(struct json *json, const char *name, const char *format, ...)
{
	char text[40];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (put_name(json, name, (size_t)length))
		put(json, text, (size_t)length);
}

void json_number(struct json *json, const char *name, uint64_t number)
{
	print(json, name, "%" PRIu64, number);
}

void json_seconds(struct json *json, const char *name, int64_t nanoseconds)
{
	print(json, name, "%" PRId64 ".%06d", nanoseconds / 1000000000,
	      (int)(nanoseconds % 1000000000 / 1000));
}

void json_bool(struct json *json, const char *name, bool value)
{
	print(json, name, value ? "true" : "false");
}

bool json_enter(struct json *json, const char *name)
{
	if (json->depth >= JSON_DEPTH || !put_name(json, name, 2))
		return false;
	put(json, "{", 1);
	json->depth++;
	json->first = true;
	return true;
}

void json_leave(struct json *json)
{
	json->text[json->length++] = '}';
	json->depth--;
	json->first = false;
}
