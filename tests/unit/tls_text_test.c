/* Names and words of TLS: cipher lists, versions, errors and alerts, the options' values. */
#include <bearssl.h>
#include <stdio.h>
#include <string.h>

#include "addr/addr.h"
#include "opt/openssl.h"
#include "sys/log.h"
#include "tls/names.h"
#include "tls/suite_table.h"
#include "tls/suites.h"
#include "tls/words.h"
#include "unit.h"

/* A list as names joined by ":", or "why: ...", in a static buffer. */
static const char *parsed(const char *list)
{
	static char text[4096];
	struct tls_suites suites;
	char why[256];
	size_t used = 0;

	if (tls_suites_parse(&suites, list, why, sizeof why) != 0) {
		snprintf(text, sizeof text, "why: %s", why);
		return text;
	}
	text[0] = '\0';
	for (size_t i = 0; i < suites.count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
		                         i > 0 ? ":" : "", tls_suite_name(suites.list[i]));
	return text;
}

/* Elements act as ciphers(1) says. */
static void test_lists(void)
{
	CHECK_TEXT(parsed("AES128-SHA"), "AES128-SHA");
	CHECK_TEXT(parsed("aes128-sha;TLS_RSA_WITH_AES_256_CBC_SHA"), "AES128-SHA:AES256-SHA");
	CHECK_TEXT(parsed("AES128-SHA, AES256-SHA AES128-SHA"), "AES128-SHA:AES256-SHA");
	CHECK_TEXT(parsed("kRSA+AESGCM"), "AES256-GCM-SHA384:AES128-GCM-SHA256");
	CHECK_TEXT(parsed("kRSA+AESGCM:@STRENGTH"), "AES256-GCM-SHA384:AES128-GCM-SHA256");
	CHECK_TEXT(parsed("AES128-SHA:AES256-SHA:@STRENGTH"), "AES256-SHA:AES128-SHA");
	CHECK_TEXT(parsed("AES128-SHA:AES256-SHA:+AES128"), "AES256-SHA:AES128-SHA");
	CHECK_TEXT(parsed("AES128-SHA:AES256-SHA:-AES128"), "AES256-SHA");
	CHECK_TEXT(parsed("AES128-SHA:AES256-SHA:-AES128:AES128-SHA"), "AES256-SHA:AES128-SHA");
	CHECK_TEXT(parsed("AES128-SHA:AES256-SHA:!AES128:AES128-SHA"), "AES256-SHA");
	CHECK_TEXT(parsed("kRSA!CBC!AESCCM"), "AES256-GCM-SHA384:AES128-GCM-SHA256");
	CHECK_TEXT(parsed("ECDH-RSA-AES128-SHA"), "ECDH-RSA-AES128-SHA");
	CHECK_TEXT(parsed("kECDHr+AESGCM+AES128"), "ECDH-RSA-AES128-GCM-SHA256");
	CHECK_TEXT(parsed("3DES+kRSA"), "DES-CBC3-SHA");
	CHECK_TEXT(parsed("ECDHE+3DES:@SECLEVEL=2:AES128-SHA"),
	           "ECDHE-ECDSA-DES-CBC3-SHA:ECDHE-RSA-DES-CBC3-SHA:AES128-SHA");
	CHECK_TEXT(parsed("AES256-SHA:ECDHE-RSA-AES256-SHA384:@SECLEVEL=4"),
	           "ECDHE-RSA-AES256-SHA384");
}

/* What can't be is told, with the word. */
static void test_bad_lists(void)
{
	static const char none[] = "why: selects none of the cipher suites that BearSSL has";

	CHECK_TEXT(parsed(""), none);
	CHECK_TEXT(parsed(":"), none);
	CHECK_TEXT(parsed("!AES"), none);
	CHECK_TEXT(parsed("aNULL"), none);
	CHECK_TEXT(parsed("DHE-RSA-AES128-GCM-SHA256"), none);
	CHECK_TEXT(parsed("TLS_AES_128_GCM_SHA256"), none);
	CHECK_TEXT(parsed("ALL:!ALL"), none);
	CHECK_TEXT(parsed("AES128-SHA+AES256-SHA"), none);
	CHECK_TEXT(parsed("AES128-FOO"), "why: has the unknown cipher suite or key word "
	           "\"AES128-FOO\"; did you mean \"AES128-CCM\"?");
	CHECK_TEXT(parsed("HIGH:NONSENSE"), "why: has the unknown cipher suite or key word "
	           "\"NONSENSE\"; see ciphers(1)");
	CHECK_TEXT(parsed("HIGH:+"), "why: ends where a cipher suite or key word should be");
	CHECK_TEXT(parsed("HIGH+:AES"), "why: has no cipher suite or key word before \":AES\"");
	CHECK_TEXT(parsed("HIGH:%"), "why: has no cipher suite or key word before \"%\"");
	CHECK_TEXT(parsed("HIGH@SECLEVEL=6"), "why: has \"@SECLEVEL=6\", which is neither @STRENGTH "
	           "nor @SECLEVEL=0 to @SECLEVEL=5");
	CHECK_TEXT(parsed("HIGH@"), "why: has \"@\", which is neither @STRENGTH nor @SECLEVEL=0 to "
	           "@SECLEVEL=5");
	CHECK_TEXT(parsed("AES+AES+AES+AES+AES+AES+AES+AES+AES"),
	           "why: has too many key words with \"+\"");
}

/* What BearSSL hasn't is listed, unless it is excluded anyway; a small buffer holds. */
static void test_missing(void)
{
	struct tls_suites suites;
	char why[256], little[8];

	CHECK_NUMBER(tls_suites_parse(&suites, "AES128-SHA:DHE-RSA-AES128-SHA:PSK:!aNULL:!RC4", why,
	                              sizeof why), 0);
	CHECK_TEXT(why, "DHE-RSA-AES128-SHA, PSK");
	CHECK_NUMBER(tls_suites_parse(&suites, "AES128-SHA:DHE-RSA-AES128-SHA:PSK:DH", little,
	                              sizeof little), 0);
	CHECK_TEXT(little, "DHE-RSA");
	CHECK_NUMBER(tls_suites_parse(&suites, "AES128-SHA", why, sizeof why), 0);
	CHECK_TEXT(why, "");
}

/* The default: what DEFAULT gives, each suite once, forward secrecy before RSA, and those that
 * Azure's cache documents. */
static void test_default(void)
{
	struct tls_suites own, suites;
	char why[256];
	bool rsa = false;
	int azure = 0;

	tls_suites_default(&own);
	CHECK_NUMBER(own.count, 20);
	CHECK_NUMBER(tls_suites_parse(&suites, "DEFAULT", why, sizeof why), 0);
	CHECK_NUMBER(suites.count, own.count);
	CHECK(memcmp(suites.list, own.list, own.count * sizeof own.list[0]) == 0);
	CHECK_NUMBER(tls_suites_parse(&suites, "DEFAULT+ALL", why, sizeof why), 0);
	CHECK_NUMBER(suites.count, own.count);
	for (size_t i = 0; i < own.count; i++) {
		const char *name = tls_suite_name(own.list[i]);
		bool ephemeral = strncmp(name, "ECDHE-", 6) == 0;

		rsa |= !ephemeral;
		CHECK(!rsa || !ephemeral);
		azure += strcmp(name, "ECDHE-RSA-AES128-SHA256") == 0
		         || strcmp(name, "ECDHE-RSA-AES256-SHA384") == 0;
	}
	CHECK_NUMBER(azure, 2);
	CHECK_NUMBER(tls_suites_parse(&suites, "ALL", why, sizeof why), 0);
	CHECK_NUMBER(suites.count, tls_suite_count);
	CHECK(tls_suite_count <= BR_MAX_CIPHER_SUITES);
	CHECK_TEXT(tls_suite_name(0x1234), "0x1234");
}

/* Both names of every suite stand for it, and no two suites have one. */
static void test_names_of_suites(void)
{
	for (size_t i = 0; i < tls_suite_count; i++) {
		CHECK_TEXT(parsed(tls_suite_table[i].name), tls_suite_table[i].name);
		CHECK_TEXT(parsed(tls_suite_table[i].iana), tls_suite_table[i].name);
		CHECK_TEXT(tls_suite_name(tls_suite_table[i].id), tls_suite_table[i].name);
	}
}

static void test_versions(void)
{
	CHECK_NUMBER(tls_version_parse("TLS1"), BR_TLS10);
	CHECK_NUMBER(tls_version_parse("tls1.0"), BR_TLS10);
	CHECK_NUMBER(tls_version_parse("TLSv1.1"), BR_TLS11);
	CHECK_NUMBER(tls_version_parse("TLS1.2"), BR_TLS12);
	CHECK_NUMBER(tls_version_parse("TLS1.3"), 0x0304);
	CHECK_NUMBER(tls_version_parse("SSL3"), 0x0300);
	CHECK_NUMBER(tls_version_parse("SSL2"), 0x0002);
	CHECK_NUMBER(tls_version_parse("DTLS1.2"), 0xFEFD);
	CHECK_NUMBER(tls_version_parse("DTLS1"), 0xFEFF);
	CHECK_NUMBER(tls_version_parse("TLS1.4"), 0);
	CHECK_NUMBER(tls_version_parse("TLS1 TLS1.0"), 0);
	CHECK_NUMBER(tls_version_parse(""), 0);
	CHECK_TEXT(tls_version_name(BR_TLS10), "TLSv1");
	CHECK_TEXT(tls_version_name(BR_TLS12), "TLSv1.2");
	CHECK_TEXT(tls_version_name(7), "unknown version");
}

/* Every code has words of its own, also those that nobody knows. */
static void test_words(void)
{
	char text[512];

	CHECK_TEXT(tls_alert_text(48), "unknown CA");
	CHECK_TEXT(tls_alert_text(200), "unknown alert");
	CHECK_TEXT(tls_alert_text(4000), "unknown alert");
	CHECK_TEXT(tls_error_text(BR_ERR_BAD_MAC, text, sizeof text),
	           "a record was damaged or tampered with on its way");
	CHECK_TEXT(tls_error_text(BR_ERR_RECV_FATAL_ALERT + 48, text, sizeof text),
	           "the peer ended the handshake with alert 48, unknown CA: it does not trust the "
	           "issuer of our certificate");
	CHECK(strstr(tls_error_text(BR_ERR_RECV_FATAL_ALERT + 70, text, sizeof text), "TLS 1.3"));
	CHECK(strstr(tls_error_text(BR_ERR_RECV_FATAL_ALERT + 40, text, sizeof text), "cipher"));
	CHECK(strstr(tls_error_text(BR_ERR_RECV_FATAL_ALERT + 116, text, sizeof text), "cert"));
	CHECK_TEXT(tls_error_text(BR_ERR_SEND_FATAL_ALERT + 47, text, sizeof text),
	           "refused with alert 47, illegal parameter");
	CHECK_TEXT(tls_error_text(9999, text, sizeof text), "TLS engine: error 9999");
	CHECK_TEXT(tls_error_text(-1, text, sizeof text), "TLS engine: error -1");
	CHECK_TEXT(tls_error_text(11, text, sizeof text), "TLS engine: error 11");
	for (int error = -300; error < 1000; error++) {
		char little[16];

		CHECK(strlen(tls_error_text(error, little, sizeof little)) < sizeof little);
		CHECK(tls_error_text(error, text, sizeof text)[0] != '\0');
		CHECK(error < 0 || error > 31 || error == 11 || error == 30
		      || strncmp(text, "TLS engine: error", 17) != 0);
	}
}

static struct spec *spec_of(struct spec *spec, struct opt_value *opts, const char *const *options)
{
	*spec = (struct spec){ .text = (char *)"SSL", .opts = opts };
	for (; *options != NULL; options += 2)
		CHECK_NUMBER(opt_read(&opts[spec->opt_count++], options[0], options[1], -1, "SSL"), 0);
	return spec;
}

static void spec_done(struct spec *spec)
{
	for (size_t i = 0; i < spec->opt_count; i++)
		opt_value_free(&spec->opts[i]);
}

/* Options give a range of versions. */
static void test_version_options(void)
{
	static const struct {
		const char *options[7];
		unsigned min, max;
	} cases[] = {
		{ { NULL }, BR_TLS12, BR_TLS12 },
		{ { "min-version", "TLS1", NULL }, BR_TLS10, BR_TLS12 },
		{ { "min-version", "SSL3", NULL }, BR_TLS10, BR_TLS12 },
		{ { "max-version", "TLS1.3", NULL }, BR_TLS12, BR_TLS12 },
		{ { "max-version", "TLS1.1", NULL }, BR_TLS11, BR_TLS11 },
		{ { "max-version", "tlsv1.1", "min-version", "tls1.0", NULL }, BR_TLS10, BR_TLS11 },
		{ { "method", "TLS1.1", NULL }, BR_TLS11, BR_TLS11 },
		{ { "method", "ssl23", NULL }, BR_TLS12, BR_TLS12 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct opt_value opts[4];
		struct spec spec;
		unsigned min, max;

		openssl_versions(spec_of(&spec, opts, cases[i].options), &min, &max);
		CHECK_NUMBER(min, cases[i].min);
		CHECK_NUMBER(max, cases[i].max);
		CHECK_NUMBER(openssl_check(&spec, true), 0);
		spec_done(&spec);
	}
}

/* Options that exclude each other. */
static void test_checks(void)
{
	static const char *const order[] = { "min-version", "TLS1.2", "max-version", "TLS1.1", NULL };
	static const char *const method[] = { "method", "TLS1.2", "min-version", "TLS1.2", NULL };
	static const char *const length[] = { "maxfraglen", "512", NULL };
	struct opt_value opts[4];
	struct spec spec;

	CHECK_NUMBER(openssl_check(spec_of(&spec, opts, order), false), -1);
	CHECK_MESSAGE("E SSL: min-proto-version TLSv1.2 is above max-proto-version TLSv1.1");
	spec_done(&spec);
	CHECK_NUMBER(openssl_check(spec_of(&spec, opts, method), false), -1);
	CHECK_MESSAGE("E SSL: option \"method=TLS1.2\" excludes min-proto-version and "
	              "max-proto-version");
	spec_done(&spec);
	CHECK_NUMBER(openssl_check(spec_of(&spec, opts, length), false), 0);
	CHECK_NUMBER(openssl_check(&spec, true), -1);
	CHECK_MESSAGE("E SSL: option \"maxfraglen=512\" is for clients: only they may ask for a "
	              "maximum fragment length; a server has maxsendfrag");
	spec_done(&spec);
}

/* Names and pins come out as they went in. */
static void test_values(void)
{
	static const char *const options[] = {
		"alpn", "h2,http/1.1:x", "pin-sha256", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
		"pin-sha256", "sha256////////////////////////////////////////////8", NULL
	};
	struct opt_value opts[4];
	struct spec spec;
	const char *names[2];
	const unsigned char *pins[2];

	spec_of(&spec, opts, options);
	CHECK_NUMBER(openssl_alpn(&spec, names, 2), 3);
	CHECK_TEXT(names[0], "h2");
	CHECK_TEXT(names[1], "http/1.1");
	CHECK_NUMBER(openssl_pins(&spec, pins, 1), 2);
	CHECK_NUMBER(openssl_pins(&spec, pins, 2), 2);
	for (unsigned i = 0; i < 32; i++) {
		CHECK_NUMBER(pins[0][i], i);
		CHECK_NUMBER(pins[1][i], 255);
	}
	spec_done(&spec);
	spec_of(&spec, opts, options + 6);
	CHECK_NUMBER(openssl_alpn(&spec, names, 2), 0);
	CHECK_NUMBER(openssl_pins(&spec, pins, 2), 0);
}

/* What has no effect is said, one line each. */
static void test_unused(void)
{
	static const struct {
		const char *options[3];
		const char *message;
	} cases[] = {
		{ { "compress", "none" }, NULL },
		{ { "pseudo", "0" }, NULL },
		{ { "cipher", "HIGH:!aNULL" }, NULL },
		{ { "max-version", "TLS1.2" }, NULL },
		{ { "compress", "auto" }, "N SSL: option \"compress=auto\" has no effect: TLS is not "
		  "compressed, since that gives away what is encrypted" },
		{ { "dhparam", "x" }, "N SSL: option \"dhparam=x\" has no effect: BearSSL has no DHE "
		  "cipher suites, and ECDHE needs no parameters" },
		{ { "egd", "x" }, "N SSL: option \"egd=x\" has no effect: random numbers come from the "
		  "kernel" },
		{ { "pseudo", NULL }, "N SSL: option \"pseudo\" has no effect: random numbers come from "
		  "the kernel" },
		{ { "max-version", "TLS1.3" }, "N SSL: option \"max-version=TLS1.3\" means TLS 1.2: "
		  "BearSSL has no TLS 1.3" },
		{ { "cipher", "DHE:AES128-SHA" }, "N SSL: these parts of the cipher list select nothing "
		  "that BearSSL has: DHE" },
	};

	unit_level = LOG_NOTICE_;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct opt_value opts[4];
		struct spec spec;

		openssl_note_unused(spec_of(&spec, opts, cases[i].options));
		CHECK_MESSAGE(cases[i].message);
		spec_done(&spec);
	}
}

int main(void)
{
	test_lists();
	test_bad_lists();
	test_missing();
	test_default();
	test_names_of_suites();
	test_versions();
	test_words();
	test_version_options();
	test_checks();
	test_values();
	test_unused();
	return unit_done();
}
