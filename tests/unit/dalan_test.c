/* Dalan data: items, their types, and what is no data. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt/dalan.h"
#include "unit.h"

static void check_bytes(const char *text, const void *expected, size_t length)
{
	struct opt_data data;
	const char *why, *where;

	CHECK_NUMBER(dalan_read(text, &data, &why, &where), 0);
	CHECK_NUMBER(data.length, length);
	CHECK(data.length == length && memcmp(data.bytes, expected, length) == 0);
	free(data.bytes);
}

/* This machine's byte order is the one of the numbers, so numbers are compared with C's. */
static void test_good(void)
{
	int ints[] = {1, 2};
	long l = -5;
	unsigned long big = ULONG_MAX;
	char biggest[32];
	short s = -1;
	unsigned short us = 65535;
	int low = -2147483647 - 1;

	check_bytes("", "", 0);
	check_bytes("  ", "", 0);
	check_bytes("1", ints, 4);
	check_bytes("i1", ints, 4);
	check_bytes("i1 2", ints, 8);
	check_bytes("i1 i2", ints, 8);
	check_bytes("i1i2", ints, 8);
	check_bytes(" i 1 ", ints, 4);
	check_bytes("i-2147483648", &low, 4);
	check_bytes("l-5", &l, sizeof l);
	snprintf(biggest, sizeof biggest, "L%lu", big);
	check_bytes(biggest, &big, sizeof big);
	check_bytes("s-1", &s, 2);
	check_bytes("S65535", &us, 2);
	check_bytes("b-128", "\x80", 1);
	check_bytes("B255", "\xff", 1);
	check_bytes("x7f000001", "\x7f\0\0\1", 4);
	check_bytes("x0102 03", "\1\2\3", 3);
	check_bytes("x01x02", "\1\2", 2);
	check_bytes("xAbCd", "\xab\xcd", 2);
	check_bytes("i0x10", "\0\0\0\0\x10", 5);
	check_bytes("\"abc\"", "abc", 3);
	check_bytes("\"a b\" \"c\"", "a bc", 4);
	check_bytes("\"\\n\\r\\t\\f\\b\\a\\e\\0\\\"\"", "\n\r\t\f\b\a\033\0\"", 9);
	check_bytes("\"\"", "", 0);
	check_bytes("'a'", "a", 1);
	check_bytes("'\\0'", "\0", 1);
	check_bytes("B1 2 \"x\" x03", "\1\2x\3", 4);
}

static void test_bad(void)
{
	static const char *const bad[][2] = {
		{"i", "a number is missing"}, {"ix", "a number is missing"},
		{"-", "a number is missing"},
		{"i2147483648", "the number does not fit its type"},
		{"i-2147483649", "the number does not fit its type"},
		{"I-1", "the number does not fit its type"},
		{"s32768", "the number does not fit its type"},
		{"S65536", "the number does not fit its type"},
		{"b128", "the number does not fit its type"},
		{"B256", "the number does not fit its type"},
		{"B-1", "the number does not fit its type"},
		{"L18446744073709551616", "the number does not fit its type"},
		{"x", "hex digits are missing"}, {"xgg", "hex digits are missing"},
		{"x010", "the number of hex digits is odd"}, {"\"abc", "the closing quote is missing"},
		{"\"abc\\", "the closing quote is missing"}, {"'ab'", "'' must hold a single character"},
		{"''", "'' must hold a single character"}, {"\"a\" 5", "the type is unknown"},
		{"z1", "a number is missing"}, {"i1,", "a number is missing"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct opt_data data;
		const char *why = NULL, *where = NULL;

		CHECK_NUMBER(dalan_read(bad[i][0], &data, &why, &where), -1);
		CHECK_TEXT(why, bad[i][1]);
		CHECK(where != NULL && data.bytes == NULL);
	}
}

int main(void)
{
	test_good();
	test_bad();
	return unit_done();
}
