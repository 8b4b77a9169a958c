/* DER: see der.h. */
#include "tls/der.h"

#include <stdio.h>
#include <string.h>

enum { LONG_LENGTH = 0x80, HIGH_TAG = 0x1f };

/* The length behind the tag; used: how many bytes it takes. */
static bool read_length(const unsigned char *at, size_t left, size_t *length, size_t *used)
{
	size_t count;

	if (left < 1)
		return false;
	*used = 1;
	*length = at[0];
	if (at[0] < LONG_LENGTH)
		return true;
	count = at[0] & 0x7fU;
	if (count == 0 || count > 4 || left - 1 < count || at[1] == 0)
		return false;
	*length = 0;
	for (size_t i = 1; i <= count; i++)
		*length = *length << 8 | at[i];
	*used = 1 + count;
	return *length >= LONG_LENGTH;
}

bool der_next(struct der *cursor, unsigned *tag, struct der *content, struct der *whole)
{
	const unsigned char *at = cursor->at;
	size_t length, used, header;

	if (cursor->size < 2 || (at[0] & HIGH_TAG) == HIGH_TAG ||
	    !read_length(at + 1, cursor->size - 1, &length, &used))
		return false;
	header = 1 + used;
	if (length > cursor->size - header)
		return false;
	if (tag != NULL)
		*tag = at[0];
	if (content != NULL)
		*content = (struct der){at + header, length};
	if (whole != NULL)
		*whole = (struct der){at, header + length};
	cursor->at += header + length;
	cursor->size -= header + length;
	return true;
}

bool der_take(struct der *cursor, unsigned tag, struct der *content)
{
	return cursor->size > 0 && cursor->at[0] == tag && der_next(cursor, NULL, content, NULL);
}

bool der_equal(struct der a, struct der b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool der_bits(struct der content, uint32_t *bits)
{
	unsigned unused;

	*bits = 0;
	if (content.size < 1 || (unused = content.at[0]) > 7 || (content.size == 1 && unused > 0))
		return false;
	for (size_t i = 0; i < 32; i++)
		if (1 + i / 8 < content.size && content.at[1 + i / 8] & 0x80U >> i % 8)
			*bits |= (uint32_t)1 << i;
	return true;
}

/* The days from 1970-01-01 to a date of the Gregorian calendar; negative before. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t last = year - (month <= 2); /* the last year whose 29 February may be over */

	return (year - 1970) * 365 + last / 4 - last / 100 + last / 400 - 477 + before[month - 1] +
	       day - 1;
}

/* Two digits; -1 if they are none. */
static int two_digits(const unsigned char *at)
{
	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return -1;
	return (at[0] - '0') * 10 + at[1] - '0';
}

bool der_time(unsigned tag, struct der content, int64_t *time)
{
	int64_t field[7], century;
	int count = 0;
	bool general = tag == DER_TIME;

	if ((!general && tag != DER_UTC_TIME) || content.size != (general ? 15 : 13) ||
	    content.at[content.size - 1] != 'Z')
		return false;
	for (size_t i = 0; i + 1 < content.size; i += 2)
		if ((field[count++] = two_digits(content.at + i)) < 0)
			return false;
	if (!general) {
		memmove(field + 1, field, sizeof field - sizeof *field);
		field[0] = field[1] < 50 ? 20 : 19;
	}
	century = field[0];
	if (field[2] < 1 || field[2] > 12 || field[3] < 1 || field[3] > 31 || field[4] > 23 ||
	    field[5] > 59 || field[6] > 60)
		return false;
	*time = days_since_1970(century * 100 + field[1], field[2], field[3]) * 86400 +
	        field[4] * 3600 + field[5] * 60 + field[6];
	return true;
}

bool der_oid(struct der content, char *text, size_t size)
{
	uint64_t number = 0;
	size_t used = 0;
	int written;

	if (content.size == 0 || content.at[content.size - 1] & 0x80)
		return false;
	for (size_t i = 0; i < content.size; i++) {
		if (number > UINT32_MAX)
			return false;
		number = number << 7 | (content.at[i] & 0x7fU);
		if (content.at[i] & 0x80)
			continue;
		if (used == 0) {
			unsigned first = number < 80 ? (unsigned)number / 40 : 2;

			written = snprintf(text, size, "%u.%llu", first,
			                   (unsigned long long)number - first * 40ULL);
		} else {
			written = snprintf(text + used, size - used, ".%llu",
			                   (unsigned long long)number);
		}
		if (written < 0 || (size_t)written >= size - used)
			return false;
		used += (size_t)written;
		number = 0;
	}
	return true;
}
