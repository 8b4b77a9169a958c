/* String types: see characters.h. */
#include "tls/characters.h"

enum { REPLACEMENT = 0xfffd, UNICODE_MAX = 0x10ffff };

/* How many bytes a character has; 0: as UTF-8 says. */
static const struct {
	unsigned char tag, width;
} types[] = {
	{DER_UTF8, 0},    {DER_NUMERIC, 1}, {DER_PRINTABLE, 1}, {DER_T61, 1},
	{DER_IA5, 1},     {DER_VISIBLE, 1}, {DER_BMP, 2},       {DER_UNIVERSAL, 4},
};

static int width_of(unsigned tag)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].tag == tag)
			return types[i].width;
	return -1;
}

bool characters_known(unsigned tag)
{
	return width_of(tag) >= 0;
}

static bool is_character(uint32_t value)
{
	return value <= UNICODE_MAX && (value < 0xd800 || value > 0xdfff);
}

/* A character of UTF-8 (RFC 3629). used: how many bytes it has; 1 if it is wrong. */
static uint32_t from_utf8(struct der string, size_t *used)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = string.at[0];
	size_t length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t value = length <= 1 ? first : first & (0x7fU >> length);

	*used = 1;
	if (length == 0 || first > 0xf7 || length > string.size)
		return REPLACEMENT;
	for (size_t i = 1; i < length; i++) {
		if ((string.at[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		value = value << 6 | (string.at[i] & 0x3fU);
	}
	if (value < least[length] || !is_character(value))
		return REPLACEMENT;
	*used = length;
	return value;
}

bool characters_next(unsigned tag, struct der *string, uint32_t *character)
{
	int width = width_of(tag);
	size_t used;

	if (string->size == 0)
		return false;
	if (width == 0) {
		*character = from_utf8(*string, &used);
	} else {
		used = width < 0 ? 1 : (size_t)width;
		*character = used > string->size ? REPLACEMENT : 0;
		if (used > string->size)
			used = string->size;
		else
			for (size_t i = 0; i < used; i++)
				*character = *character << 8 | string->at[i];
		if (!is_character(*character))
			*character = REPLACEMENT;
	}
	string->at += used;
	string->size -= used;
	return true;
}

bool character_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

unsigned character_utf8(uint32_t character, char utf8[4])
{
	unsigned length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

	if (length == 1) {
		utf8[0] = (char)character;
		return 1;
	}
	for (unsigned i = length - 1; i > 0; i--) {
		utf8[i] = (char)(0x80 | (character & 0x3f));
		character >>= 6;
	}
	utf8[0] = (char)((0xf00U >> length & 0xf0) | character);
	return length;
}
