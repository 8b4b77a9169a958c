/* Small work on text. */
#include "sys/text.h"

#include <string.h>

#include "unit.h"

static const char *suggest(const char *word, const char *candidates)
{
	static struct nearest nearest;

	nearest_init(&nearest, word);
	nearest_try(&nearest, NULL);
	nearest_try(&nearest, candidates);
	return nearest.best;
}

/* A suggestion is near, the nearest, and the first of those. */
static void test_nearest(void)
{
	CHECK_TEXT(suggest("keepaliv", "fork keepalive keepcnt"), "keepalive");
	CHECK_TEXT(suggest("KEEPALIVE", "keepalive"), "keepalive");
	CHECK_TEXT(suggest("frok", "range fork"), "fork");
	CHECK_TEXT(suggest("tcp-lisen", "TCP-LISTEN TCP-CONNECT"), "TCP-LISTEN");
	CHECK_TEXT(suggest("abc", "abd abe"), "abd");
	CHECK_TEXT(suggest("abcdef", "uvwxyz"), "");
	CHECK_TEXT(suggest("ab", "xy"), "");
	CHECK_TEXT(suggest("a", "b"), "");
	CHECK_TEXT(suggest("", "a b"), "");
	CHECK_TEXT(suggest("abc", ""), "");
	CHECK_TEXT(suggest("a word that is much longer than any candidate could ever be, really",
	                   "a b"), "");
}

static void test_lists(void)
{
	CHECK(word_in_list("b", "a b c"));
	CHECK(word_in_list("B", "a b c"));
	CHECK(word_in_list("abc", "abc"));
	CHECK(!word_in_list("ab", "abc abcd"));
	CHECK(!word_in_list("abc", "ab bc"));
	CHECK(!word_in_list("", "a  b"));
	CHECK(!word_in_list("a", ""));
	CHECK(!word_in_list("a", NULL));
	CHECK(!word_in_list("a b", "a b"));
}

/* Whatever the text, the copy is one line and fits. */
static void test_printable(void)
{
	char buffer[12];

	CHECK_TEXT(text_printable("abc", buffer, sizeof buffer), "abc");
	CHECK_TEXT(text_printable("a\nb", buffer, sizeof buffer), "a\\x0ab");
	CHECK_TEXT(text_printable("\x7f", buffer, sizeof buffer), "\\x7f");
	CHECK_TEXT(text_printable("12345678", buffer, sizeof buffer), "12345678");
	CHECK_TEXT(text_printable("123456789012", buffer, sizeof buffer), "12345678...");
	CHECK_TEXT(text_printable("123456\n", buffer, sizeof buffer), "123456...");
	CHECK_TEXT(text_printable("\xc3\xa4", buffer, sizeof buffer), "\xc3\xa4");
}

/* What strangers send: bytes that are no ASCII are escaped, NUL does not end it. */
static void test_foreign(void)
{
	char buffer[20];

	CHECK_TEXT(text_foreign("abc", 2, buffer, sizeof buffer), "ab");
	CHECK_TEXT(text_foreign("a\0b\r\n", 5, buffer, sizeof buffer), "a\\x00b\\x0d\\x0a");
	CHECK_TEXT(text_foreign("\x1b[\xc2\x9b", 4, buffer, sizeof buffer), "\\x1b[\\xc2\\x9b");
	CHECK_TEXT(text_foreign("12345678901234567", 17, buffer, sizeof buffer), "1234567890123456...");
	CHECK_TEXT(text_foreign("", 0, buffer, sizeof buffer), "");
}

int main(void)
{
	test_nearest();
	test_lists();
	test_printable();
	test_foreign();
	return unit_done();
}
