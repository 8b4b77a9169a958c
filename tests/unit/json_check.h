/* An oracle for what json.c writes: a strict reader of one object in one line (RFC 8259), of which it
 * counts the members. It shares nothing with the writer. */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct json_check {
	const unsigned char *at, *end;
	unsigned members;            /* of all objects */
};

static inline bool check_byte(struct json_check *c, unsigned char byte)
{
	return c->at < c->end && *c->at == byte ? (c->at++, true) : false;
}

/* A character in UTF-8, the shortest form, no surrogate; not a control character (C0, DEL, C1). */
static inline bool check_character(struct json_check *c)
{
	unsigned first = *c->at++, more, character, least;

	if (first < 0x80)
		return first >= 0x20 && first != 0x7f;
	more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
	if (first < 0xc0 || first > 0xf7 || (size_t)(c->end - c->at) < more)
		return false;
	character = first & (0x3fu >> more);
	for (unsigned i = 0; i < more; i++) {
		if ((*c->at & 0xc0) != 0x80)
			return false;
		character = character << 6 | (*c->at++ & 0x3f);
	}
	least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0xa0;
	return character >= least && character <= 0x10ffff &&
	       (character < 0xd800 || character > 0xdfff);
}

static inline bool check_escape(struct json_check *c)
{
	if (c->at == c->end)
		return false;
	if (*c->at != 'u')
		return strchr("\"\\/bfnrt", *c->at++) != NULL;
	c->at++;
	for (unsigned i = 0; i < 4; i++)
		if (c->at == c->end || strchr("0123456789abcdef", *c->at++) == NULL)
			return false;
	return true;
}

static inline bool check_string(struct json_check *c)
{
	if (!check_byte(c, '"'))
		return false;
	while (c->at < c->end && *c->at != '"')
		if (!(check_byte(c, '\\') ? check_escape(c) : check_character(c)))
			return false;
	return check_byte(c, '"');
}

static inline bool check_digits(struct json_check *c)
{
	const unsigned char *start = c->at;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return c->at > start;
}

static inline bool check_word(struct json_check *c, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
		return false;
	c->at += length;
	return true;
}

static inline bool check_object(struct json_check *c, unsigned depth);

static inline bool check_value(struct json_check *c, unsigned depth)
{
	if (c->at == c->end)
		return false;
	if (*c->at == '"')
		return check_string(c);
	if (*c->at == '{')
		return depth > 0 && check_object(c, depth - 1);
	if (*c->at == 't' || *c->at == 'f')
		return check_word(c, "true") || check_word(c, "false");
	if (*c->at == '0' && c->end - c->at > 1 && c->at[1] >= '0' && c->at[1] <= '9')
		return false;
	return check_digits(c) && (!check_byte(c, '.') || check_digits(c));
}

static inline bool check_object(struct json_check *c, unsigned depth)
{
	if (!check_byte(c, '{'))
		return false;
	if (check_byte(c, '}'))
		return true;
	do {
		c->members++;
		if (!check_string(c) || !check_byte(c, ':') || !check_value(c, depth))
			return false;
	} while (check_byte(c, ','));
	return check_byte(c, '}');
}

/* One object and a newline, nothing else. *members: NULL, or how many there are. */
static inline bool json_is_line(const char *text, size_t length, unsigned *members)
{
	struct json_check c = { (const unsigned char *)text, (const unsigned char *)text + length, 0 };
	bool good = check_object(&c, 8) && check_byte(&c, '\n') && c.at == c.end;

	if (members != NULL)
		*members = c.members;
	return good;
}

#endif
