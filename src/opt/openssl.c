/* Options of TLS: the family, and what they mean together. The names are OpenSSL's, as the
 * original has them; what does the work is BearSSL, which can less. */
#include "opt/openssl.h"

#include <bearssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addr/addr.h"
#include "opt/family.h"
#include "opt/value.h"
#include "sys/log.h"
#include "sys/text.h"
#include "tls/names.h"
#include "tls/suites.h"

enum {
	SSL2 = 0x0002, SSL3 = 0x0300, TLS13 = 0x0304,
	PIN_SIZE = 32,
	HOST_MAX = 255,            /* RFC 1035, 2.3.4 */
	PROTOCOL_MAX = 255,        /* RFC 7301, 3.1 */
	FRAGMENT_MIN = 512, FRAGMENT_MAX = 16384
};

static const char *check_file(struct opt_value *value)
{
	return value->string[0] != '\0' ? NULL : "is not the name of a file";
}

static const char *check_directory(struct opt_value *value)
{
	return value->string[0] != '\0' ? NULL : "is not the name of a directory";
}

/* Empty: no check of the name. */
static const char *check_name(struct opt_value *value)
{
	return strlen(value->string) <= HOST_MAX ? NULL : "is too long for a host name";
}

static const char *check_sni(struct opt_value *value)
{
	if (value->string[0] == '\0')
		return "is not a host name; to send none, use option no-sni";
	return check_name(value);
}

static const char *check_ciphers(struct opt_value *value)
{
	static char why[OPT_WHY_SIZE];
	struct tls_suites suites;

	return tls_suites_parse(&suites, value->string, why, sizeof why) == 0 ? NULL : why;
}

static bool is_datagram_version(unsigned version)
{
	return version > 0xFE00;
}

/* What min and max have in common. Returns NULL or why the value is bad. */
static const char *read_version(struct opt_value *value)
{
	value->number = tls_version_parse(value->string);
	if (value->number == 0)
		return "is not a version of TLS; there are TLS1, TLS1.1 and TLS1.2";
	if (is_datagram_version((unsigned)value->number))
		return "is impossible: BearSSL has no DTLS";
	return NULL;
}

static const char *check_min(struct opt_value *value)
{
	const char *reason = read_version(value);

	if (reason != NULL)
		return reason;
	if (value->number > BR_TLS12)
		return "is impossible: BearSSL has no TLS 1.3; its latest version is TLS1.2";
	if (value->number < BR_TLS10)
		value->number = BR_TLS10;
	return NULL;
}

static const char *check_max(struct opt_value *value)
{
	const char *reason = read_version(value);

	if (reason != NULL)
		return reason;
	if (value->number < BR_TLS10)
		return "is impossible: BearSSL has no SSL; its earliest version is TLS1";
	if (value->number > BR_TLS12)
		value->number = BR_TLS12;
	return NULL;
}

static const char *check_method(struct opt_value *value)
{
	if (word_in_list(value->string, "SSL23 SSLv23 TLS")) {
		value->number = 0;
		return NULL;
	}
	value->number = tls_version_parse(value->string);
	if (value->number == SSL2 || value->number == SSL3)
		return "is impossible: BearSSL has no SSL; its earliest version is TLS1";
	if (value->number == TLS13)
		return "is impossible: BearSSL has no TLS 1.3; its latest version is TLS1.2";
	if (is_datagram_version((unsigned)value->number)
	    || word_in_list(value->string, "DTLS"))
		return "is impossible: BearSSL has no DTLS";
	return value->number != 0 ? NULL
	                          : "is not a method; there are SSL23 (the best), TLS1, TLS1.1 and "
	                            "TLS1.2";
}

/* RFC 6066, 4. */
static const char *check_maxfraglen(struct opt_value *value)
{
	static const int lengths[] = { 512, 1024, 2048, 4096 };

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		if (value->number == lengths[i])
			return NULL;
	return "is not one of 512, 1024, 2048 and 4096";
}

static const char *check_maxsendfrag(struct opt_value *value)
{
	return value->number >= FRAGMENT_MIN && value->number <= FRAGMENT_MAX
	       ? NULL : "is out of range (512 to 16384)";
}

static const char *check_compress(struct opt_value *value)
{
	return word_in_list(value->string, "none auto")
	       ? NULL : "is not a way to compress; there are none and auto";
}

/* RFC 4648, 4. Returns -1 for anything else. */
static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Exactly PIN_SIZE bytes, with or without "=" at the end. */
static bool read_base64(const char *text, unsigned char bytes[PIN_SIZE])
{
	size_t at = 0;
	unsigned bits = 0, held = 0;

	for (; base64_digit(*text) >= 0; text++) {
		held = held << 6 | (unsigned)base64_digit(*text);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (at == PIN_SIZE)
			return false;
		bytes[at++] = (unsigned char)(held >> bits);
		held &= (1U << bits) - 1;
	}
	if (*text == '=')
		text++;
	/* 43 digits are 258 bits: two are left over, and they are 0. */
	return *text == '\0' && at == PIN_SIZE && bits == 2 && held == 0;
}

static const char *keep_data(struct opt_value *value, const void *bytes, size_t length)
{
	value->data.bytes = malloc(length);
	if (value->data.bytes == NULL)
		return "can't be kept: out of memory";
	memcpy(value->data.bytes, bytes, length);
	value->data.length = length;
	return NULL;
}

static const char *check_pin(struct opt_value *value)
{
	static const char prefix[] = "sha256//";
	const char *text = value->string;
	unsigned char pin[PIN_SIZE];

	if (strncasecmp(text, prefix, sizeof prefix - 1) == 0)
		text += sizeof prefix - 1;
	if (!read_base64(text, pin))
		return "is not the SHA-256 of a public key in base64 (44 characters)";
	return keep_data(value, pin, sizeof pin);
}

static const char *check_alpn(struct opt_value *value)
{
	static const char separators[] = ",:";
	const char *reason = keep_data(value, value->string, strlen(value->string) + 1);
	size_t count = 0;

	if (reason != NULL)
		return reason;
	for (char *name = (char *)value->data.bytes; ;) {
		size_t length = strcspn(name, separators);
		bool last = name[length] == '\0';

		if (length == 0)
			return "has an empty name of a protocol";
		if (length > PROTOCOL_MAX)
			return "has a name of more than 255 bytes";
		if (++count > OPENSSL_ALPN_MAX)
			return "has more than 32 names";
		name[length] = '\0';
		if (last)
			return NULL;
		name += length + 1;
	}
}

static const char no_fips[] =
	"would promise too much: BearSSL is not validated for FIPS 140; for its cipher suites alone, "
	"use cipher=FIPS";

static const struct optdef defs[] = {
	{"openssl-cafile", "cafile", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL, check_file},
	{"openssl-capath", "capath", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL,
	 check_directory},
	{"openssl-certificate", "cert certificate", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0,
	 NULL, check_file},
	{"openssl-cipherlist", "cipher cipherlist ciphers", G_OPENSSL, PH_SPECIFIC, K_STRING,
	 NULL, 0, 0, NULL, check_ciphers},
	{"openssl-commonname", "cn commonname", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0,
	 NULL, check_name},
	{"openssl-compress", "compress", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0,
	 NULL, check_compress},
	{"openssl-dhparam", "dh dhparam dhparams openssl-dhparams", G_OPENSSL, PH_SPECIFIC,
	 K_STRING, NULL, 0, 0, NULL, NULL},
	{"openssl-egd", "egd", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL, NULL},
	{"openssl-fips", "fips", G_OPENSSL, PH_SPECIFIC, K_BOOL, NULL, 0, 0, no_fips, NULL},
	{"openssl-key", "key", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL, check_file},
	{"openssl-max-proto-version", "max-proto-version max-version", G_OPENSSL, PH_OFFSET,
	 K_STRING, NULL, 0, 0, NULL, check_max},
	{"openssl-maxfraglen", "maxfraglen", G_OPENSSL, PH_SPECIFIC, K_INT, NULL, 0, 0,
	 NULL, check_maxfraglen},
	{"openssl-maxsendfrag", "maxsendfrag", G_OPENSSL, PH_SPECIFIC, K_INT, NULL, 0, 0,
	 NULL, check_maxsendfrag},
	{"openssl-method", "method", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL,
	 check_method},
	{"openssl-min-proto-version", "min-proto-version min-version", G_OPENSSL, PH_OFFSET,
	 K_STRING, NULL, 0, 0, NULL, check_min},
	{"openssl-no-sni", "no-sni nosni", G_OPENSSL, PH_SPECIFIC, K_BOOL, NULL, 0, 0,
	 NULL, NULL},
	{"openssl-pseudo", "pseudo", G_OPENSSL, PH_SPECIFIC, K_BOOL, NULL, 0, 0, NULL,
	 NULL},
	{"openssl-snihost", "snihost", G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0,
	 NULL, check_sni},
	{"openssl-verify", "verify", G_OPENSSL, PH_SPECIFIC, K_BOOL, NULL, 0, 0, NULL,
	 NULL},
	/* own additions */
	{"alpn", NULL, G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL, check_alpn},
	{"pin-sha256", NULL, G_OPENSSL, PH_SPECIFIC, K_STRING, NULL, 0, 0, NULL, check_pin},
};

OPT_FAMILY(opt_family_openssl, "TLS", defs);

void openssl_versions(const struct spec *spec, unsigned *min, unsigned *max)
{
	const struct opt_value *low = spec_opt(spec, "openssl-min-proto-version");
	const struct opt_value *high = spec_opt(spec, "openssl-max-proto-version");
	const struct opt_value *method = spec_opt(spec, "openssl-method");

	*max = high != NULL ? (unsigned)high->number : BR_TLS12;
	/* A maximum alone asks for just that version, if it is below the default. */
	*min = low != NULL ? (unsigned)low->number : *max;
	if (method != NULL && method->number != 0)
		*min = *max = (unsigned)method->number;
}

int openssl_check(const struct spec *spec, bool listening)
{
	const struct opt_value *method = spec_opt(spec, "openssl-method");
	unsigned min, max;

	openssl_versions(spec, &min, &max);
	if (min > max) {
		log_error("%s: min-proto-version %s is above max-proto-version %s", spec->text,
		          tls_version_name(min), tls_version_name(max));
		return -1;
	}
	if (method != NULL && (spec_opt(spec, "openssl-min-proto-version") != NULL
	                       || spec_opt(spec, "openssl-max-proto-version") != NULL)) {
		log_error("%s: option \"%s\" excludes min-proto-version and max-proto-version",
		          spec->text, method->text);
		return -1;
	}
	if (listening && spec_opt(spec, "openssl-maxfraglen") != NULL) {
		log_error("%s: option \"%s\" is for clients: only they may ask for a maximum fragment "
		          "length; a server has maxsendfrag", spec->text,
		          spec_opt(spec, "openssl-maxfraglen")->text);
		return -1;
	}
	return 0;
}

static void note_ciphers(const struct spec *spec)
{
	const char *list = spec_string(spec, "openssl-cipherlist");
	struct tls_suites suites;
	char missing[512];

	if (list != NULL && tls_suites_parse(&suites, list, missing, sizeof missing) == 0
	    && missing[0] != '\0')
		log_notice("%s: these parts of the cipher list select nothing that BearSSL has: %s",
		           spec->text, missing);
}

void openssl_note_unused(const struct spec *spec)
{
	static const struct {
		const char *name, *why;
	} unused[] = {
		{"openssl-compress", "TLS is not compressed, since that gives away what is encrypted"},
		{"openssl-dhparam", "BearSSL has no DHE cipher suites, and ECDHE needs no parameters"},
		{"openssl-egd", "random numbers come from the kernel"},
		{"openssl-pseudo", "random numbers come from the kernel"},
	};
	const struct opt_value *high = spec_opt(spec, "openssl-max-proto-version");

	for (size_t i = 0; i < sizeof unused / sizeof *unused; i++) {
		const struct opt_value *opt = spec_opt(spec, unused[i].name);

		if (opt == NULL || (opt->def->kind == K_BOOL && opt->number == 0))
			continue;
		if (opt->string == NULL || !word_in_list(opt->string, "none"))
			log_notice("%s: option \"%s\" has no effect: %s", spec->text, opt->text,
			           unused[i].why);
	}
	if (high != NULL && tls_version_parse(high->string) > BR_TLS12)
		log_notice("%s: option \"%s\" means TLS 1.2: BearSSL has no TLS 1.3", spec->text,
		           high->text);
	note_ciphers(spec);
}

size_t openssl_alpn(const struct spec *spec, const char **names, size_t max)
{
	const struct opt_value *alpn = spec_opt(spec, "alpn");
	size_t count = 0;

	if (alpn == NULL)
		return 0;
	for (size_t at = 0; at < alpn->data.length; ) {
		const char *name = (const char *)alpn->data.bytes + at;

		if (count < max)
			names[count] = name;
		count++;
		at += strlen(name) + 1;
	}
	return count;
}

size_t openssl_pins(const struct spec *spec, const unsigned char **pins, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < spec->opt_count; i++) {
		if (strcmp(spec->opts[i].def->name, "pin-sha256") != 0)
			continue;
		if (count < max)
			pins[count] = spec->opts[i].data.bytes;
		count++;
	}
	return count;
}
