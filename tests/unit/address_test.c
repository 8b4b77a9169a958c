/* Addresses: words and quotes, types, parameters, options, dual addresses, and what is said
 * about mistakes. */
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"
#include "unit.h"

static struct address *parse(const char *text)
{
	return address_parse(text, ADDR_BOTH, NULL);
}

/* What a parameter becomes when it is read, and what the value of an option becomes. */
static void check_word(const char *written, const char *expected)
{
	char text[256];
	struct address *address;

	strcpy(text, "open:");
	strcat(text, written);
	address = parse(text);
	CHECK_TEXT(address != NULL ? address->reader->params[0] : NULL, expected);
	CHECK_NUMBER(address != NULL ? address->reader->param_count : 0, 1);
	address_free(address);

	strcpy(text, "open:x,lockfile=");
	strcat(text, written);
	address = parse(text);
	CHECK_TEXT(address != NULL ? spec_string(address->reader, "lockfile") : NULL, expected);
	address_free(address);
	CHECK_SILENT();
}

/* Quotes vanish, brackets stay, a backslash escapes, like in the original. */
static void test_words(void)
{
	static const char *const words[][2] = {
		{"a", "a"}, {"a b", "a b"}, {"a=b", "a=b"}, {"a!b", "a!b"}, {"[::1%lo]", "[::1%lo]"},
		{"\"a b\"c", "a bc"}, {"\"a,b\"c", "a,bc"}, {"'a,b'c", "a,bc"}, {"\"a\"\"b\"", "ab"},
		{"x\"\"", "x"}, {"x''", "x"}, {"x\"a!!b\"", "xa!!b"},
		{"(a,b)c", "(a,b)c"}, {"{a:b}c", "{a:b}c"}, {"[a:b]c", "[a:b]c"}, {"x()", "x()"},
		{"(!!)", "(!!)"}, {"(a{b,c}d)", "(a{b,c}d)"}, {"(a\"b,c\"d)", "(a\"b,c\"d)"},
		{"(\"a)b\")c", "(\"a)b\")c"}, {"('a)b')c", "('a)b')c"}, {"{'a,b'}", "{'a,b'}"},
		{"\\,c", ",c"}, {"\\:c", ":c"}, {"\\\\c", "\\c"}, {"x\\nc", "x\nc"}, {"\\tc", "\tc"},
		{"\\\"c", "\"c"}, {"\\'c", "'c"}, {"\\(c", "(c"}, {"\\!!c", "!!c"}, {"\\qc", "qc"},
		{"\"a\\nb\"", "a\nb"}, {"\"a\\\"b\"", "a\"b"}, {"'a\\'b'", "a'b"}, {"'\\n'", "\n"},
		{"(a\\,b)", "(a,b)"}, {"(\\))", "())"}, {"'\\\\n'", "\\n"},
		{"'a\"b'c", "a\"bc"}, {"'a\"b\"c'd", "a\"b\"cd"}, {"'\"a\"'", "\"a\""},
		{"\"'a'\"", "'a'"}, {"\"\\\"a\\\"\"", "\"a\""}, {"'(a,b'c", "(a,bc"},
		{"a)b", "a)b"}, {"a]b", "a]b"}, {"a}b", "a}b"}, {"a(b", "a(b"}, {"[a'b]c", "[a'b]c"},
		/* The original takes these two for errors. */
		{"\"it's\"", "it's"}, {"\"a(b\"c", "a(bc"},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		check_word(words[i][0], words[i][1]);
}

/* The command lines of the manual and of daily life arrive as they are meant. */
static void test_commands(void)
{
	static const char *const commands[][2] = {
		{"exec:'cat \"a b\"'", "cat \"a b\""}, {"exec:\"echo 'a  b'\"", "echo 'a  b'"},
		{"exec:\\\"a b\\\"", "\"a b\""}, {"exec:'echo \"x,y\"'", "echo \"x,y\""},
		{"exec:echo x\\,y", "echo x,y"}, {"exec:echo \"'x,y'\"", "echo 'x,y'"},
	};

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct address *address = parse(commands[i][0]);

		CHECK_TEXT(address != NULL ? address->reader->params[0] : NULL, commands[i][1]);
		address_free(address);
		CHECK_SILENT();
	}
}

static void check_type(const char *text, const char *type, unsigned params)
{
	struct address *address = parse(text);

	CHECK_TEXT(address != NULL ? address->reader->type->name : NULL, type);
	CHECK_NUMBER(address != NULL ? address->reader->param_count : 99, params);
	CHECK(address != NULL && address->reader == address->writer);
	CHECK_TEXT(address != NULL ? address->reader->text : NULL, text);
	address_free(address);
	CHECK_SILENT();
}

/* Types are found by name and alias in any case, or implied by a slash or a number. */
static void test_types(void)
{
	check_type("TCP-CONNECT:a:b", "TCP-CONNECT", 2);
	check_type("tcp:a:b", "TCP-CONNECT", 2);
	check_type("Inet:a:b", "TCP-CONNECT", 2);
	check_type("\"tcp\":a:b", "TCP-CONNECT", 2);
	check_type("tcp:[::1]:80", "TCP-CONNECT", 2);
	check_type("tcp::80", "TCP-CONNECT", 2);
	check_type("-", "STDIO", 0);
	check_type("-,cloexec", "STDIO", 0);
	check_type("0", "FD", 1);
	check_type("12,cloexec", "FD", 1);
	check_type("/etc/passwd", "GOPEN", 1);
	check_type("./x,mode=600", "GOPEN", 1);
	check_type("a/b", "GOPEN", 1);
	check_type("pipe", "PIPE", 0);
	check_type("pipe:x", "PIPE", 1);
	check_type("open:a/b", "OPEN", 1);
}

/* Options keep their order and their values; empty ones don't count; the last one wins. */
static void test_options(void)
{
	struct address *address = parse("tcp-l:80,fork,,Retry=3,keepalive,retry=0x10,bind=[::1]:5,");
	struct spec *spec = address != NULL ? address->reader : NULL;

	CHECK(spec != NULL);
	if (spec == NULL)
		return;
	CHECK_NUMBER(spec->opt_count, 5);
	CHECK(spec_flag(spec, "fork"));
	CHECK(!spec_flag(spec, "forever"));
	CHECK_NUMBER(spec_number(spec, "retry", -1), 16);
	CHECK_NUMBER(spec_number(spec, "interval", 7), 7);
	CHECK_TEXT(spec_string(spec, "bind"), "[::1]:5");
	CHECK_TEXT(spec_string(spec, "range"), NULL);
	CHECK(spec_opt(spec, "so-keepalive") != NULL && !spec_opt(spec, "so-keepalive")->given);
	CHECK_TEXT(spec->opts[1].text, "Retry=3");
	address_free(address);
	CHECK_SILENT();
}

/* "a!!b" reads from a and writes to b. */
static void test_dual(void)
{
	struct address *address = parse("text:a,cloexec!!create:b,mode=600");

	CHECK(address != NULL && address->reader != address->writer);
	if (address == NULL)
		return;
	CHECK_TEXT(address->reader->type->name, "TEXT");
	CHECK_TEXT(address->reader->text, "text:a,cloexec");
	CHECK_NUMBER(address->reader->direction, ADDR_READ);
	CHECK_TEXT(address->writer->type->name, "CREATE");
	CHECK_TEXT(address->writer->text, "create:b,mode=600");
	CHECK_NUMBER(address->writer->direction, ADDR_WRITE);
	address_free(address);
	CHECK_SILENT();

	address = address_parse("-!!-", ADDR_READ, NULL);
	CHECK(address != NULL);
	CHECK_MESSAGE("W unidirectional open of dual address");
	address_free(address);
}

/* Types that can't do everything: a warning if something remains, else an error. */
static void test_directions(void)
{
	struct address *address = parse("text:a");

	CHECK_NUMBER(address != NULL ? address->reader->direction : 0, ADDR_READ);
	CHECK_MESSAGE("W text:a: address is opened in read-write mode but only supports read-only");
	address_free(address);
	address = address_parse("text:a", ADDR_READ, NULL);
	CHECK(address != NULL);
	CHECK_SILENT();
	address_free(address);
	CHECK(address_parse("create:x", ADDR_READ, NULL) == NULL);
	CHECK_MESSAGE("E create:x: address type CREATE is write-only, "
	              "but it is opened in read-only mode here");
}

/* Every mistake gets one line that names the word, its place and a remedy if there is one. */
static void test_mistakes(void)
{
	static const char *const mistakes[][2] = {
		{"tcp:a", "E tcp: wrong number of parameters (1 instead of 2): "
		          "usage: tcp:<host>:<port>"},
		{"tcp:::1:80", "E tcp: wrong number of parameters (4 instead of 2): "
		               "usage: tcp:<host>:<port>"},
		{"-:x", "E -: wrong number of parameters (1 instead of 0): usage: -"},
		{"0:x", "E FD: wrong number of parameters (2 instead of 1): usage: FD:<fdnum>"},
		{"pipe:a:b", "E pipe: wrong number of parameters (2 instead of 1): "
		             "usage: pipe[:<filename>]"},
		{"tcp:a:", "E tcp:a:: the port is missing"},
		{"", "E unknown device/address \"\": the address type is missing"},
		{",", "E unknown device/address \"\": the address type is missing"},
		{"tpc:a:b", "E unknown device/address \"tpc\"; did you mean \"TCP\"?"},
		{"zzz:a", "E unknown device/address \"zzz\"; option -h lists the types there are"},
		{" tcp:a:b", "E unknown device/address \" tcp\"; did you mean \"TCP\"?"},
		{"udp-l:5", "E address type \"udp-l\" is no type of this test"},
		{"-!!", "E unknown device/address \"\": the address type is missing"},
		{"-!!-!!-", "E an address can be made of two with \"!!\" once; "
		            "there is another one at \"!!-\""},
		{"open:a\\", "E open:a\\: the address ends with a backslash that escapes nothing"},
		{"open:a\\0b", "E open:a\\0b: the address contains \\0: "
		               "no parameter or value can hold a NUL character"},
		{"open:\"a", "E open:\"a: the address has a quote (\") without its end"},
		{"open:'a", "E open:'a: the address has a quote (') without its end"},
		{"tcp:a:b,keepalive=foo", "E tcp:a:b,keepalive=foo: option \"keepalive\": "
		                          "\"foo\" is not a number"},
		{"tcp:a:b,keepaliv", "E tcp:a:b,keepaliv: unknown option \"keepaliv\"; "
		                     "did you mean \"keepalive\"?"},
		{"tcp:a:b, fork", "E tcp:a:b, fork: unknown option \" fork\"; did you mean \"fork\"?"},
		{"tcp:a:b,=1", "E tcp:a:b,=1: unknown option \"\"; option -hhh lists the options there are"},
		{"tcp:a:b,seek=1", "E tcp:a:b,seek=1: option \"seek\" not supported with this "
		                   "address type (it needs one of BLK,REG)"},
		{"tcp:a:b,raw", "E tcp:a:b,raw: option \"raw\" not supported with this address type "
		                "(it needs one of TERMIOS)"},
		{"tcp:a:b,linger", "E tcp:a:b,linger: option \"linger\": value required"},
		{"-,crnl=1", "E -,crnl=1: option \"crnl\": no value permitted"},
		{"tcp:a:b,so-error", "E tcp:a:b,so-error: option \"so-error\" can't be set: "
		                     "Linux only lets programs read it"},
		{"-,readbytes=0", "E -,readbytes=0: option \"readbytes\": "
		                  "\"0\" must be greater than 0"},
		{"tcp:a\n:b,x", "E tcp:a\\x0a:b,x: unknown option \"x\"; option -hhh lists the options there are"},
	};

	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		struct address *address = parse(mistakes[i][0]);

		CHECK(address == NULL);
		CHECK_MESSAGE(mistakes[i][1]);
		address_free(address);
	}
}

/* A bracket that is never closed hides separators, as in the original; we say so. */
static void test_unclosed(void)
{
	struct address *address = parse("open:x(a,b");

	CHECK_TEXT(address != NULL ? address->reader->params[0] : NULL, "x(a,b");
	CHECK_MESSAGE("W open:x(a,b: \"(\" is never closed, so separators behind it are taken "
	              "literally");
	address_free(address);
}

/* -g lets options act where they don't belong. */
static void test_any_group(void)
{
	struct parse_settings settings = {.any_group = true};
	struct address *address = address_parse("-,keepalive", ADDR_BOTH, &settings);

	CHECK(address != NULL);
	address_free(address);
	CHECK_SILENT();
}

/* Options of the process and of the data are taken by every type. */
static void test_everywhere(void)
{
	struct address *address = parse("-,su=root,crnl,umask=022,chdir=/,netns=x,setsid");

	CHECK(address != NULL && address->reader->opt_count == 6);
	address_free(address);
	CHECK_SILENT();
}

/* Sizes and depths have limits that are told, not met by a crash. */
static void test_limits(void)
{
	static char text[70000];
	struct address *address;

	memset(text, 'x', sizeof text - 1);
	memcpy(text, "open:", 5);
	CHECK(parse(text) == NULL);
	CHECK(strstr(unit_message, "the address is longer than 65536 bytes") != NULL);
	CHECK_NUMBER(unit_messages, 1);
	text[65536] = '\0';
	address = parse(text);
	CHECK(address != NULL);
	address_free(address);
	memset(text + 5, '(', 60000);
	unit_messages = 0;
	CHECK(parse(text) == NULL);
	CHECK(strstr(unit_message, "nests brackets too deeply") != NULL);
	CHECK(strlen(unit_message) < 500);
	memset(text + 5, ':', 60000);
	unit_messages = 0;
	CHECK(parse(text) == NULL);
	CHECK_NUMBER(unit_messages, 1);
	unit_messages = 0;
	address_free(NULL);
}

int main(void)
{
	test_words();
	test_commands();
	test_types();
	test_options();
	test_dual();
	test_directions();
	test_mistakes();
	test_unclosed();
	test_any_group();
	test_everywhere();
	test_limits();
	return unit_done();
}
