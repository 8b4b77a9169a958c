/* Host names of certificates: see host.h. */
#include "tls/host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tls/characters.h"

enum {
	NAME_DNS = DER_CONTEXT(2), NAME_ADDRESS = DER_CONTEXT(7),
	NAME_MAX_ = 1024,     /* longer ones match nothing; the DNS has 255 */
	SHOWN = 3,
};

/* What is looked for. */
struct wanted {
	const char *name;
	size_t length;              /* without the dot at the end */
	unsigned char address[16];
	size_t address_size;        /* 0: it is a name */
};

static struct wanted look_for(const char *host)
{
	struct wanted wanted = {.name = host, .length = strlen(host)};

	if (inet_pton(AF_INET, host, wanted.address) == 1)
		wanted.address_size = 4;
	else if (inet_pton(AF_INET6, host, wanted.address) == 1)
		wanted.address_size = 16;
	else if (wanted.length > 1 && host[wanted.length - 1] == '.')
		wanted.length--;
	return wanted;
}

/* Where the "*" of a pattern is, if it may have one there: a single one, at the beginning or the end
 * of the first label, which is no A-label, with at least two labels behind it. */
static const char *find_star(const char *pattern, size_t length)
{
	const char *star = memchr(pattern, '*', length), *dot = memchr(pattern, '.', length);
	const char *end = pattern + length;

	if (star == NULL || dot == NULL || star > dot ||
	    memchr(star + 1, '*', (size_t)(end - star) - 1) != NULL ||
	    (star != pattern && star + 1 != dot) || strncasecmp(pattern, "xn--", 4) == 0)
		return NULL;
	for (const char *label = dot; label != NULL; label = memchr(label, '.', (size_t)(end - label)))
		if (++label == end || *label == '.')
			return NULL;
	return memchr(dot + 1, '.', (size_t)(end - dot) - 1) != NULL ? star : NULL;
}

/* What the star stands for must be letters, digits and hyphens of one label. */
static bool star_matches(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-')
			return false;
	return true;
}

static bool pattern_matches(const char *pattern, size_t length, const struct wanted *wanted)
{
	const char *star = find_star(pattern, length);
	size_t before, behind;
	bool alone;

	if (star == NULL)
		return length == wanted->length && strncasecmp(pattern, wanted->name, length) == 0;
	before = (size_t)(star - pattern);
	behind = length - before - 1;
	alone = before == 0 && star[1] == '.';
	if (wanted->length < before + behind + alone)
		return false;
	/* a part of an A-label means nothing */
	if (!alone && strncasecmp(wanted->name, "xn--", 4) == 0)
		return false;
	return strncasecmp(pattern, wanted->name, before) == 0 &&
	       strncasecmp(star + 1, wanted->name + wanted->length - behind, behind) == 0 &&
	       star_matches(wanted->name + before, wanted->length - before - behind);
}

/* A string of the certificate as UTF-8; its length, or 0 if it can't be a host's name: empty, too
 * long, with a NUL or another control character in it. */
static size_t plain_text(unsigned tag, struct der string, char text[NAME_MAX_ + 4])
{
	uint32_t character;
	size_t length = 0;

	if (!characters_known(tag))
		return 0;
	while (characters_next(tag, &string, &character)) {
		if (character_is_control(character) || length >= NAME_MAX_)
			return 0;
		length += character_utf8(character, text + length);
	}
	text[length] = '\0';
	return length;
}

static bool text_matches(unsigned tag, struct der string, const struct wanted *wanted)
{
	char text[NAME_MAX_ + 4];
	size_t length = plain_text(tag, string, text);
	unsigned char address[16];

	if (length == 0)
		return false;
	if (wanted->address_size > 0)
		return inet_pton(wanted->address_size == 4 ? AF_INET : AF_INET6, text, address) == 1 &&
		       memcmp(address, wanted->address, wanted->address_size) == 0;
	if (length > 1 && text[length - 1] == '.')
		length--;
	return pattern_matches(text, length, wanted);
}

/* Call with each common name (X.520, 6.2.2) of the subject, until one returns true. */
static bool each_common_name(const struct tls_cert *cert,
                             bool (*call)(unsigned tag, struct der value, void *context),
                             void *context)
{
	struct der cursor = cert->subject, rdns, set, pair, oid, value;
	unsigned tag;

	if (!der_take(&cursor, DER_SEQUENCE, &rdns))
		return false;
	while (der_take(&rdns, DER_SET, &set))
		while (der_take(&set, DER_SEQUENCE, &pair))
			if (der_take(&pair, DER_OID, &oid) && oid.size == 3 &&
			    memcmp(oid.at, "\x55\x04\x03", 3) == 0 &&
			    der_next(&pair, &tag, &value, NULL) && call(tag, value, context))
				return true;
	return false;
}

static bool common_name_matches(unsigned tag, struct der value, void *context)
{
	return text_matches(tag, value, context);
}

bool tls_host_matches(const struct tls_cert *cert, const char *host)
{
	struct wanted wanted = look_for(host);
	struct der names = cert->names, value;
	bool has_names = false;
	unsigned tag;

	while (der_next(&names, &tag, &value, NULL)) {
		if (tag == NAME_ADDRESS && value.size == wanted.address_size &&
		    memcmp(value.at, wanted.address, value.size) == 0)
			return true;
		if (tag == NAME_DNS && wanted.address_size == 0 &&
		    text_matches(DER_IA5, value, &wanted))
			return true;
		has_names |= tag == NAME_DNS || tag == NAME_ADDRESS;
	}
	/* names that can't be read up to their end are no reason to look elsewhere */
	return !has_names && names.size == 0 && each_common_name(cert, common_name_matches, &wanted);
}

/* A list of names that is being written. */
struct shown {
	char *text;
	size_t size;
	unsigned count;
};

static bool show(struct shown *shown, const char *name)
{
	size_t used = strlen(shown->text);

	shown->count++;
	snprintf(shown->text + used, shown->size - used, "%s%s", used > 0 ? ", " : "",
	         shown->count > SHOWN ? "..." : name);
	return shown->count > SHOWN;
}

static bool show_text(unsigned tag, struct der value, void *context)
{
	char text[NAME_MAX_ + 4];

	/* what never matches is not shown either */
	return plain_text(tag, value, text) > 0 && show(context, text);
}

static bool show_address(struct der value, struct shown *shown)
{
	char text[INET6_ADDRSTRLEN];

	if (value.size != 4 && value.size != 16)
		return false;
	inet_ntop(value.size == 4 ? AF_INET : AF_INET6, value.at, text, sizeof text);
	return show(shown, text);
}

char *tls_host_names(const struct tls_cert *cert, char *text, size_t size)
{
	struct shown shown = {.text = text, .size = size};
	struct der names = cert->names, value;
	bool has_names = false, full = false;
	unsigned tag;

	text[0] = '\0';
	while (!full && der_next(&names, &tag, &value, NULL)) {
		if (tag == NAME_DNS)
			full = show_text(DER_IA5, value, &shown);
		else if (tag == NAME_ADDRESS)
			full = show_address(value, &shown);
		has_names |= tag == NAME_DNS || tag == NAME_ADDRESS;
	}
	if (!has_names)
		each_common_name(cert, show_text, &shown);
	if (shown.count == 0)
		snprintf(text, size, "no host");
	return text;
}
