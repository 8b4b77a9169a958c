/* Command lines: the words that a program gets, and what becomes of it when memory runs out. */
#include <stdlib.h>
#include <string.h>

#include "addr/command.h"
#include "short_memory.h"
#include "unit.h"

/* ---- words -------------------------------------------------------------------------- */

static const struct addr_type exec_type = { .name = "EXEC" }, system_type = { .name = "SYSTEM" },
                              shell_type = { .name = "SHELL" };

/* The words of a line, each followed by "|", or the message after "!". */
static void check_line(const char *line, const char *expected)
{
	char text[200] = "", *params[] = { (char *)line };
	struct spec spec = { .type = &exec_type, .text = "X", .params = params, .param_count = 1 };
	struct command command;

	if (command_build(&spec, &command) < 0) {
		CHECK_MESSAGE(expected);
		return;
	}
	CHECK_TEXT(command.argv[0], command.program);
	for (char **word = command.argv; *word != NULL; word++)
		strcat(strcat(text, *word), "|");
	CHECK_TEXT(text, expected);
	CHECK_SILENT();
	command_free(&command);
}

static void test_words(void)
{
	check_line("a", "a|");
	check_line("a b", "a|b|");
	check_line("  a   b  ", "a|b|");
	check_line("a \"b c\" 'd e'", "a|b c|d e|");
	check_line("a \"\" b", "a||b|");
	check_line("\"\"", "|");
	check_line("a b\\ c\\td", "a|b c\td|");
	check_line("a\tb", "a\tb|");
	check_line("a {b c} d", "a|{b c}|d|");
	check_line("a {b c", "a|{b c|");
	check_line("a, b!!c:d", "a,|b!!c:d|");
	check_line("/bin/a b", "/bin/a|b|");
}

static void test_bad_lines(void)
{
	check_line("", "E X: the command is missing");
	check_line("  ", "E X: the command is missing");
	check_line("a 'b", "E X: the command line has a quote (') without its end");
	check_line("a b\\", "E X: the command line ends with a backslash that escapes nothing");
}

/* ---- no memory ---------------------------------------------------------------------- */

/* Whichever allocation fails: one message, and nothing is left. */
static void starve(const struct addr_type *type, const char *line)
{
	char *params[] = { (char *)line };
	struct spec spec = { .type = type, .text = "X", .params = params, .param_count = 1 };
	struct command command;

	for (int count = 0; ; count++) {
		int result;

		refused = false;
		allocations_left = count;
		result = command_build(&spec, &command);
		allocations_left = -1;
		if (!refused) {
			CHECK(count > 0);
			CHECK_NUMBER(result, 0);
			command_free(&command);
			return;
		}
		CHECK_NUMBER(result, -1);
		CHECK_MESSAGE("E X: Cannot allocate memory");
	}
}

static void test_no_memory(void)
{
	starve(&exec_type, "a \"b c\" d");
	starve(&system_type, "a b");
	starve(&shell_type, "a b");
}

int main(void)
{
	unsetenv("SHELL");
	test_words();
	test_bad_lines();
	test_no_memory();
	return unit_done();
}
