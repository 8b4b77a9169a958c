/* The writer of JSON: what stands there, and that it is JSON in buffers of any size. */
#include "sys/json.h"

#include <stdio.h>
#include <string.h>

#include "json_check.h"
#include "unit.h"

static char line[512];

/* An object with one string, cut to so many bytes; as a C string without its newline. */
static const char *string(const char *bytes, size_t length, size_t limit)
{
	struct json json;
	size_t n;

	json_begin(&json, line, sizeof(line));
	json_bytes(&json, "s", bytes, length, limit);
	n = json_end(&json);
	CHECK(json_is_line(line, n, NULL));
	line[n - 1] = '\0';
	return line;
}

static const char *text(const char *bytes)
{
	return string(bytes, strlen(bytes), 100);
}

/* Names of escapes, control characters, what is not UTF-8. */
static void test_characters(void)
{
	CHECK_TEXT(text(""), "{\"s\":\"\"}");
	CHECK_TEXT(text("plain text/"), "{\"s\":\"plain text/\"}");
	CHECK_TEXT(text("\"\\\b\f\n\r\t"), "{\"s\":\"\\\"\\\\\\b\\f\\n\\r\\t\"}");
	CHECK_TEXT(text("\001\033\037\177"), "{\"s\":\"\\u0001\\u001b\\u001f\\u007f\"}");
	CHECK_TEXT(string("a\0b", 3, 100), "{\"s\":\"a\\u0000b\"}");
	CHECK_TEXT(text("\302\205\302\237"), "{\"s\":\"\\u0085\\u009f\"}");
	CHECK_TEXT(text("\302\240\303\251\342\202\254\360\237\230\200"),
	           "{\"s\":\"\302\240\303\251\342\202\254\360\237\230\200\"}");
	/* a lone byte, the rest of a character, the first half, overlong, a surrogate, too high */
	CHECK_TEXT(text("\377"), "{\"s\":\"\357\277\275\"}");
	CHECK_TEXT(text("\251x"), "{\"s\":\"\357\277\275x\"}");
	CHECK_TEXT(text("\342\202"), "{\"s\":\"\357\277\275\357\277\275\"}");
	CHECK_TEXT(text("\300\257"), "{\"s\":\"\357\277\275\357\277\275\"}");
	CHECK_TEXT(text("\355\240\200"), "{\"s\":\"\357\277\275\357\277\275\357\277\275\"}");
	CHECK_TEXT(text("\364\220\200\200"),
	           "{\"s\":\"\357\277\275\357\277\275\357\277\275\357\277\275\"}");
}

/* Long strings end with dots, in front of a character or an escape. */
static void test_cuts(void)
{
	CHECK_TEXT(string("abcdefgh", 8, 8), "{\"s\":\"abcdefgh\"}");
	CHECK_TEXT(string("abcdefgh", 8, 7), "{\"s\":\"abcd...\"}");
	CHECK_TEXT(string("ab\303\251\303\251", 6, 6), "{\"s\":\"ab\303\251\303\251\"}");
	CHECK_TEXT(string("ab\303\251\303\251", 6, 5), "{\"s\":\"ab...\"}");
	CHECK_TEXT(string("a\n\n\n", 4, 7), "{\"s\":\"a\\n\\n\\n\"}");
	CHECK_TEXT(string("a\n\n\n", 4, 6), "{\"s\":\"a\\n...\"}");
	CHECK_TEXT(string("a\n\n\n", 4, 5), "{\"s\":\"a...\"}");
	CHECK_TEXT(string("\001\001", 2, 11), "{\"s\":\"\\u0001...\"}");
	CHECK_TEXT(string("abcd", 4, 2), "{\"s\":\"..\"}");
	CHECK_TEXT(string("abcd", 4, 0), "{\"s\":\"\"}");
}

static size_t whole(struct json *json, size_t size)
{
	json_begin(json, line, size);
	json_string(json, "name", "value \"quoted\"");
	json_string(json, "none", NULL);
	json_number(json, "number", UINT64_MAX);
	json_bool(json, "yes", true);
	if (json_enter(json, "object")) {
		json_seconds(json, "seconds", 1250000999);
		if (json_enter(json, "empty"))
			json_leave(json);
		json_leave(json);
	}
	json_bool(json, "no", false);
	return json_end(json);
}

/* All kinds of members. */
static void test_members(void)
{
	struct json json;
	size_t n = whole(&json, sizeof(line));

	line[n] = '\0';
	CHECK_TEXT(line, "{\"name\":\"value \\\"quoted\\\"\",\"number\":18446744073709551615,"
	                 "\"yes\":true,\"object\":{\"seconds\":1.250000,\"empty\":{}},\"no\":false}\n");
	/* objects deeper than there may be are left out */
	json_begin(&json, line, sizeof(line));
	for (unsigned i = 1; i < JSON_DEPTH; i++)
		CHECK(json_enter(&json, "o"));
	CHECK(!json_enter(&json, "o"));
	n = json_end(&json);
	line[n] = '\0';
	CHECK_TEXT(line, "{\"o\":{\"o\":{\"o\":{}}}}\n");
}

/* Members that don't fit are missing; nothing is written behind the buffer. */
static void test_sizes(void)
{
	struct json json;
	unsigned members, before = 0;

	for (size_t size = JSON_LEAST; size < sizeof(line); size++) {
		size_t n;

		memset(line, '#', sizeof(line));
		n = whole(&json, size);
		CHECK(n <= size);
		CHECK(json_is_line(line, n, &members));
		CHECK(n == sizeof(line) || line[n] == '#');
		CHECK(members <= 7);
		before = members > before ? members : before;
	}
	CHECK_NUMBER(before, 7);
}

int main(void)
{
	test_characters();
	test_cuts();
	test_members();
	test_sizes();
	return unit_done();
}
