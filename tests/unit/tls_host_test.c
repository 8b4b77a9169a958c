/* Which hosts a certificate is for, and names as text: certificates are put together here. */
#include "tls/host.h"

#include <stdlib.h>
#include <string.h>

#include "tls/subject.h"
#include "unit.h"

/* A certificate that has only names, in the bytes of an example. */
struct example {
	unsigned char bytes[8192];
	size_t size;
};

static void put(struct example *example, unsigned tag, const void *data, size_t size)
{
	unsigned char *at = example->bytes + example->size;

	*at++ = (unsigned char)tag;
	*at++ = 0x82;
	*at++ = (unsigned char)(size >> 8);
	*at++ = (unsigned char)size;
	if (size < 256) {
		/* the shortest form is a must */
		at = example->bytes + example->size + 1;
		if (size >= 128)
			*at++ = 0x81;
		*at++ = (unsigned char)size;
	}
	memcpy(at, data, size);
	example->size = (size_t)(at - example->bytes) + size;
}

/* Put what is there so far into an element. */
static void wrap(struct example *example, unsigned tag)
{
	struct example inner = *example;

	example->size = 0;
	put(example, tag, inner.bytes, inner.size);
}

static struct tls_cert with_names(struct example *example)
{
	return (struct tls_cert){.names = {example->bytes, example->size}};
}

/* A name with one attribute of the given type and value. */
static void put_attribute(struct example *name, const char *oid, unsigned tag, const void *value,
                          size_t size)
{
	struct example pair = {.size = 0};

	put(&pair, DER_OID, oid, strlen(oid));
	put(&pair, tag, value, size);
	wrap(&pair, DER_SEQUENCE);
	put(name, DER_SET, pair.bytes, pair.size);
}

static bool matches(const char *pattern, const char *host)
{
	struct example example = {.size = 0};
	struct tls_cert cert;

	put(&example, DER_CONTEXT(2), pattern, strlen(pattern));
	cert = with_names(&example);
	return tls_host_matches(&cert, host);
}

/* What matches, and what does not. */
static void test_patterns(void)
{
	static const struct {
		const char *pattern, *host;
		bool match;
	} cases[] = {
		{"a.example", "a.example", true}, {"a.example", "A.EXAMPLE", true},
		{"a.example", "a.example.", true}, {"a.example.", "a.example", true},
		{"a.example", "b.example", false}, {"a.example", "aa.example", false},
		{"a.example", "a.example.org", false}, {"a.example", "example", false},
		{"*.a.example", "x.a.example", true}, {"*.a.example", "x-1.A.example.", true},
		{"*.a.example", "a.example", false}, {"*.a.example", ".a.example", false},
		{"*.a.example", "x.y.a.example", false}, {"*.a.example", "xn--x.a.example", true},
		{"*.example", "x.example", false}, {"*", "x", false}, {"*.", "x.", false},
		{"*..", "x..", false}, {"*.a..b", "x.a..b", false},
		{"w*.a.example", "www.a.example", true}, {"*w.a.example", "www.a.example", true},
		{"w*.a.example", "w.a.example", true}, {"w*w.a.example", "www.a.example", false},
		{"x*.a.example", "xn--x.a.example", false}, {"xn--*.a.example", "xn--x.a.example", false},
		{"a.*.example", "a.b.example", false}, {"*.*.example", "a.b.example", false},
		{"**.a.example", "x.a.example", false}, {"*.a.example", "_x.a.example", false},
		{"127.0.0.1", "127.0.0.1", false}, {"", "", false}, {"", "a", false},
		{"*.0.0.1", "127.0.0.1", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK_TEXT(matches(cases[i].pattern, cases[i].host) ? cases[i].pattern : cases[i].host,
		           cases[i].match ? cases[i].pattern : cases[i].host);
}

/* Names with a NUL are for nobody. */
static void test_embedded_nul(void)
{
	struct example example = {.size = 0};
	struct tls_cert cert;
	char text[100];

	put(&example, DER_CONTEXT(2), "a.example\0.evil", 15);
	cert = with_names(&example);
	CHECK(!tls_host_matches(&cert, "a.example"));
	CHECK_TEXT(tls_host_names(&cert, text, sizeof text), "no host");
}

/* Addresses match as addresses only. */
static void test_addresses(void)
{
	struct example example = {.size = 0};
	struct tls_cert cert;
	char text[100];

	put(&example, DER_CONTEXT(7), "\x7f\0\0\1", 4);
	put(&example, DER_CONTEXT(7), "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	put(&example, DER_CONTEXT(7), "\x7f\0\0", 3);
	cert = with_names(&example);
	CHECK(tls_host_matches(&cert, "127.0.0.1"));
	CHECK(tls_host_matches(&cert, "::1"));
	CHECK(!tls_host_matches(&cert, "127.0.0.2"));
	CHECK(!tls_host_matches(&cert, "::ffff:127.0.0.1"));
	CHECK(!tls_host_matches(&cert, "localhost"));
	CHECK_TEXT(tls_host_names(&cert, text, sizeof text), "127.0.0.1, ::1");
}

/* Common names count if there is nothing better. */
static void test_common_names(void)
{
	struct example subject = {.size = 0}, names = {.size = 0};
	struct tls_cert cert;

	put_attribute(&subject, "\x55\x04\x0a", DER_UTF8, "org.example", 11);
	put_attribute(&subject, "\x55\x04\x03", DER_PRINTABLE, "one.example", 11);
	put_attribute(&subject, "\x55\x04\x03", DER_BMP, "\0t\0w\0o", 6);
	put_attribute(&subject, "\x55\x04\x03", DER_UTF8, "10.0.0.1", 8);
	wrap(&subject, DER_SEQUENCE);
	cert = (struct tls_cert){.subject = {subject.bytes, subject.size}};
	CHECK(tls_host_matches(&cert, "one.example"));
	CHECK(tls_host_matches(&cert, "two"));
	CHECK(tls_host_matches(&cert, "10.0.0.1"));
	CHECK(!tls_host_matches(&cert, "org.example"));
	/* another kind of name changes nothing, an address does */
	put(&names, DER_CONTEXT(1), "a@b", 3);
	cert.names = (struct der){names.bytes, names.size};
	CHECK(tls_host_matches(&cert, "one.example"));
	put(&names, DER_CONTEXT(7), "\x7f\0\0\1", 4);
	cert.names = (struct der){names.bytes, names.size};
	CHECK(!tls_host_matches(&cert, "one.example"));
}

static void expect_line(unsigned tag, const void *value, size_t size, const char *expected)
{
	struct example name = {.size = 0};
	char text[100];

	put_attribute(&name, "\x55\x04\x03", tag, value, size);
	wrap(&name, DER_SEQUENCE);
	CHECK_TEXT(tls_subject_line((struct der){name.bytes, name.size}, text, sizeof text),
	           expected);
}

/* Names in one line, as OpenSSL has them; whatever they hold, nothing steers a terminal. */
static void test_lines(void)
{
	expect_line(DER_UTF8, "a b", 3, "CN = a b");
	expect_line(DER_UTF8, "a,b", 3, "CN = \"a,b\"");
	expect_line(DER_UTF8, " a", 2, "CN = \" a\"");
	expect_line(DER_UTF8, "a ", 2, "CN = \"a \"");
	expect_line(DER_UTF8, "#a", 2, "CN = \"#a\"");
	expect_line(DER_UTF8, "a\"\\b", 4, "CN = a\\\"\\\\b");
	expect_line(DER_UTF8, "a\0\n\x7f", 4, "CN = a\\00\\0A\\7F");
	expect_line(DER_UTF8, "\xc3\xbc\xff\xc2\x9b", 5, "CN = \xc3\xbc\xef\xbf\xbd\\9B");
	expect_line(DER_UTF8, "\xf0\x9f\x98\x80\xf0\x9f", 6,
	            "CN = \xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd");
	expect_line(DER_T61, "\xfc", 1, "CN = \xc3\xbc");
	expect_line(DER_BMP, "\0a\x20\xac\xd8\0", 6, "CN = a\xe2\x82\xac\xef\xbf\xbd");
	expect_line(DER_BMP, "\0a\0", 3, "CN = a\xef\xbf\xbd");
	expect_line(DER_UNIVERSAL, "\0\1\xf6\0", 4, "CN = \xf0\x9f\x98\x80");
	expect_line(DER_OCTETS, "ab", 2, "CN = #04026162");
	expect_line(DER_UTF8,
	            "0123456789012345678901234567890123456789012345678901234567890123456789"
	            "01234567890123456789\xc3\xbc" "00000", 97,
	            "CN = 0123456789012345678901234567890123456789012345678901234567890123456789"
	            "01234567890123456789...");
}

/* Dates of both forms, before and behind 1970 and 2049; others are none. */
static void test_dates(void)
{
	static const struct {
		const char *text, *date;
	} cases[] = {
		{"700101000000Z", "1970-01-01 00:00:00 UTC"},
		{"691231235959Z", "1969-12-31 23:59:59 UTC"},
		{"500228120000Z", "1950-02-28 12:00:00 UTC"},
		{"491231235959Z", "2049-12-31 23:59:59 UTC"},
		{"240229010203Z", "2024-02-29 01:02:03 UTC"},
		{"20500301000000Z", "2050-03-01 00:00:00 UTC"},
		{"21000301000000Z", "2100-03-01 00:00:00 UTC"},
		{"99991231235959Z", "9999-12-31 23:59:59 UTC"},
		{"7001010000Z", NULL}, {"700101000000+", NULL}, {"701301000000Z", NULL},
		{"700100000000Z", NULL}, {"700101240000Z", NULL}, {"7001010000 0Z", NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct der content = {(const unsigned char *)cases[i].text, strlen(cases[i].text)};
		char text[32];
		int64_t time;
		bool good = der_time(content.size == 15 ? DER_TIME : DER_UTC_TIME, content, &time);

		CHECK_TEXT(good ? tls_cert_date(time, text, sizeof text) : NULL, cases[i].date);
	}
}

int main(void)
{
	test_patterns();
	test_embedded_nul();
	test_addresses();
	test_common_names();
	test_lines();
	test_dates();
	return unit_done();
}
