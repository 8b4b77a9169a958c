/* Reading the values of options: one reader for each kind. */
#include "opt/value.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt/dalan.h"
#include "sys/text.h"

#define NANOSECONDS 1000000000LL
/* Some thirty years: longer waits are a slip of the fingers. */
#define SECONDS_MAX 1000000000LL

__attribute__((format(printf, 3, 4)))
static int refuse(char *why, const char *text, const char *format, ...)
{
	char shown[OPT_SHOWN_SIZE], reason[OPT_WHY_SIZE - OPT_SHOWN_SIZE - 8];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	text_printable(text, shown, sizeof shown);
	snprintf(why, OPT_WHY_SIZE, "\"%s\" %s", shown, reason);
	return -1;
}

static int no_memory(char *why)
{
	snprintf(why, OPT_WHY_SIZE, "out of memory");
	return -1;
}

/* strtoull() takes signs and white space that we don't want. */
static int read_digits(const char *text, int base, uint64_t *number, char *why)
{
	char *end;

	if (*text == '\0') {
		snprintf(why, OPT_WHY_SIZE, "missing numerical value");
		return -1;
	}
	if (!isdigit((unsigned char)*text))
		return refuse(why, text, "is not %s", base == 8 ? "an octal number" : "a number");
	errno = 0;
	*number = strtoull(text, &end, base);
	if (*end != '\0' || end == text)
		return refuse(why, text, "is not %s", base == 8 ? "an octal number" : "a number");
	if (errno != 0)
		return refuse(why, text, "is too large");
	return 0;
}

int opt_read_integer(const char *text, int base, int64_t low, int64_t high, int64_t *number,
                     char *why)
{
	bool negative = *text == '-' && low < 0;
	uint64_t size = 0;

	if (*text == '-' && isdigit((unsigned char)text[1]) && !negative)
		return refuse(why, text, "is out of range (%lld to %lld)", (long long)low,
		              (long long)high);
	if (read_digits(text + negative, base, &size, why) != 0)
		return -1;
	if (negative ? size > 0 - (uint64_t)low : size > (uint64_t)high
	    || (int64_t)size < low)
		return refuse(why, text, "is out of range (%lld to %lld)", (long long)low,
		              (long long)high);
	*number = (int64_t)(negative ? 0 - size : size);
	return 0;
}

int opt_read_unsigned(const char *text, uint64_t high, int64_t *number, char *why)
{
	uint64_t size = 0;

	if (*text == '-' && isdigit((unsigned char)text[1]))
		return refuse(why, text, "is negative");
	if (read_digits(text, 0, &size, why) != 0)
		return -1;
	if (size > high)
		return refuse(why, text, "is out of range (0 to %llu)", (unsigned long long)high);
	*number = (int64_t)size;
	return 0;
}

/* Numbers of a C int. Written in hex or octal they are bit patterns: flags and ioctl
 * requests use the highest bit too. */
static int read_int(struct opt_value *out, const char *text, char *why)
{
	int64_t high = *text == '0' ? UINT_MAX : INT_MAX;

	int64_t number = 0;

	if (opt_read_integer(text, 0, INT_MIN, high, &number, why) != 0)
		return -1;
	out->number = (int)(unsigned)number;
	return 0;
}

static int read_bool(struct opt_value *out, const char *text, char *why)
{
	if (*text == '\0') {
		snprintf(why, OPT_WHY_SIZE, "missing value, write 0 or 1");
		return -1;
	}
	if ((text[0] != '0' && text[0] != '1') || text[1] != '\0')
		return refuse(why, text, "is neither 0 nor 1");
	out->number = text[0] - '0';
	return 0;
}

static int read_byte(struct opt_value *out, const char *text, char *why)
{
	return opt_read_integer(text, 0, 0, UCHAR_MAX, &out->number, why);
}

static int read_uint(struct opt_value *out, const char *text, char *why)
{
	return opt_read_integer(text, 0, 0, UINT_MAX, &out->number, why);
}

static int read_ushort(struct opt_value *out, const char *text, char *why)
{
	return opt_read_integer(text, 0, 0, USHRT_MAX, &out->number, why);
}

static int read_long(struct opt_value *out, const char *text, char *why)
{
	return opt_read_integer(text, 0, LONG_MIN, LONG_MAX, &out->number, why);
}

static int read_ulong(struct opt_value *out, const char *text, char *why)
{
	return opt_read_unsigned(text, ULONG_MAX, &out->number, why);
}

static int read_size(struct opt_value *out, const char *text, char *why)
{
	return opt_read_integer(text, 0, 0, INT64_MAX, &out->number, why);
}

static int read_off(struct opt_value *out, const char *text, char *why)
{
	return opt_read_integer(text, 0, INT64_MIN, INT64_MAX, &out->number, why);
}

static int read_linger(struct opt_value *out, const char *text, char *why)
{
	return opt_read_integer(text, 0, 0, INT_MAX, &out->number, why);
}

static int read_reuseaddr(struct opt_value *out, const char *text, char *why)
{
	if (*text == '\0') {
		out->number = -1;
		return 0;
	}
	return opt_read_integer(text, 0, 0, INT_MAX, &out->number, why);
}

static int read_mode(struct opt_value *out, const char *text, char *why)
{
	if (*text == '-')
		return refuse(why, text, "is not an octal number");
	if (opt_read_integer(text, 8, 0, INT_MAX, &out->number, why) != 0)
		return -1;
	if (out->number > 07777)
		return refuse(why, text, "is out of range (0 to 07777)");
	return 0;
}

/* "12", "1.5", ".25": seconds, kept in nanoseconds; further digits are cut. */
static int read_time(struct opt_value *out, const char *text, char *why)
{
	int64_t seconds = 0, fraction = 0, unit = NANOSECONDS;
	const char *p = text;

	if (*text == '\0') {
		snprintf(why, OPT_WHY_SIZE, "missing numerical value");
		return -1;
	}
	for (; isdigit((unsigned char)*p); p++) {
		seconds = seconds * 10 + (*p - '0');
		if (seconds > SECONDS_MAX)
			return refuse(why, text, "is too long (at most %lld seconds)", SECONDS_MAX);
	}
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++) {
			unit /= 10;
			fraction += (*p - '0') * unit;
		}
	}
	if (*p != '\0' || (p == text + 1 && *text == '.'))
		return refuse(why, text, "is not a time in seconds");
	out->number = seconds * NANOSECONDS + fraction;
	return 0;
}

static int read_string(struct opt_value *out, const char *text, char *why)
{
	out->string = strdup(text);
	return out->string != NULL ? 0 : no_memory(why);
}

/* A number if it starts with a digit, otherwise a name. */
static int read_owner(struct opt_value *out, const char *text, char *why, bool user)
{
	/* The highest number means "leave it" to chown(2) and is nobody's. */
	if (isdigit((unsigned char)*text)) {
		if (opt_read_integer(text, 0, 0, UINT_MAX - 1, &out->number, why) != 0)
			return -1;
	} else if (user) {
		struct passwd *entry = getpwnam(text);

		if (entry == NULL)
			return refuse(why, text, "is not a user of this system; give a name or a number");
		out->number = entry->pw_uid;
	} else {
		struct group *entry = getgrnam(text);

		if (entry == NULL)
			return refuse(why, text, "is not a group of this system; give a name or a number");
		out->number = entry->gr_gid;
	}
	return read_string(out, text, why);
}

static int read_uid(struct opt_value *out, const char *text, char *why)
{
	return read_owner(out, text, why, true);
}

static int read_gid(struct opt_value *out, const char *text, char *why)
{
	return read_owner(out, text, why, false);
}

static int read_bin(struct opt_value *out, const char *text, char *why)
{
	const char *reason, *where;

	if (dalan_read(text, &out->data, &reason, &where) == 0)
		return 0;
	return refuse(why, where, "is not dalan data: %s", reason);
}

/* Which parts a colon separated value has: so many ints, then perhaps something else. */
static int read_parts(struct opt_value *out, const char *text, char *why, int ints, char rest)
{
	char *parts[4];
	int count = ints + (rest != '\0'), found = opt_split(text, parts, count, rest != '\0');
	int result = -1;
	struct opt_value number;

	if (found < 0)
		return no_memory(why);
	if (found != count) {
		refuse(why, text, "has %s parts: %d are required, separated by \":\"",
		       found > count ? "too many" : "too few", count);
		goto free_parts;
	}
	for (int i = 0; i < ints; i++) {
		if (read_int(&number, parts[i], why) != 0)
			goto free_parts;
		out->ints[i] = (int)number.number;
	}
	if (rest == 'd' && read_bin(out, parts[ints], why) != 0)
		goto free_parts;
	if (rest == 's') {
		out->data.length = strlen(parts[ints]) + 1;
		out->data.bytes = (unsigned char *)strdup(parts[ints]);
		if (out->data.bytes == NULL) {
			no_memory(why);
			goto free_parts;
		}
	}
	result = 0;
free_parts:
	opt_free_parts(parts, found < count ? found : count);
	return result;
}

static int read_int_int(struct opt_value *out, const char *text, char *why)
{
	return read_parts(out, text, why, 2, '\0');
}

static int read_int_bin(struct opt_value *out, const char *text, char *why)
{
	return read_parts(out, text, why, 1, 'd');
}

static int read_int_string(struct opt_value *out, const char *text, char *why)
{
	return read_parts(out, text, why, 1, 's');
}

static int read_int_int_int(struct opt_value *out, const char *text, char *why)
{
	return read_parts(out, text, why, 3, '\0');
}

static int read_int_int_bin(struct opt_value *out, const char *text, char *why)
{
	return read_parts(out, text, why, 2, 'd');
}

static int read_int_int_string(struct opt_value *out, const char *text, char *why)
{
	return read_parts(out, text, why, 2, 's');
}

const struct opt_reader opt_readers[K_COUNT] = {
	[K_CONST] = {"CONST", VALUE_NONE, NULL},
	[K_BOOL] = {"BOOL", VALUE_MAY, read_bool},
	[K_BYTE] = {"BYTE", VALUE_MAY, read_byte},
	[K_INT] = {"INT", VALUE_MAY, read_int},
	[K_UINT] = {"UNSIGNED-INT", VALUE_MAY, read_uint},
	[K_USHORT] = {"UNSIGNED-SHORT", VALUE_NEEDED, read_ushort},
	[K_LONG] = {"LONG", VALUE_MAY, read_long},
	[K_ULONG] = {"ULONG", VALUE_MAY, read_ulong},
	[K_SIZE] = {"SIZE_T", VALUE_MAY, read_size},
	[K_OFF] = {"OFF64_T", VALUE_MAY, read_off},
	[K_MODE] = {"MODE_T", VALUE_NEEDED, read_mode},
	[K_STRING] = {"STRING", VALUE_NEEDED, read_string},
	[K_SECRET] = {"STRING", VALUE_NEEDED, read_string},
	[K_STRING_NULL] = {"STRING-NULL", VALUE_MAY, read_string},
	[K_UID] = {"UID_T", VALUE_NEEDED, read_uid},
	[K_GID] = {"GID_T", VALUE_NEEDED, read_gid},
	[K_TIME] = {"STRUCT-TIMESPEC", VALUE_NEEDED, read_time},
	[K_LINGER] = {"STRUCT-LINGER", VALUE_NEEDED, read_linger},
	[K_REUSEADDR] = {"INT/NULL", VALUE_MAY, read_reuseaddr},
	[K_IP_MREQN] = {"STRUCT-IP_MREQN", VALUE_NEEDED, opt_read_mreqn},
	[K_IP_MREQ_SOURCE] = {"IP-MREQ-SOURCE", VALUE_NEEDED, opt_read_mreq_source},
	[K_IPV6_MREQ] = {"STRUCT-IPV6_MREQ", VALUE_NEEDED, opt_read_mreq6},
	[K_IPV6_MREQ_SOURCE] = {"GROUP-SOURCE-REQ", VALUE_NEEDED, opt_read_mreq6_source},
	[K_IP4NAME] = {"IP4NAME", VALUE_NEEDED, opt_read_ip4name},
	[K_IP4SOCK] = {"IP4SOCK", VALUE_NEEDED, opt_read_ip4sock},
	[K_BIN] = {"BIN", VALUE_NEEDED, read_bin},
	[K_INT_INT] = {"INT:INT", VALUE_NEEDED, read_int_int},
	[K_INT_INTP] = {"INT:INTP", VALUE_NEEDED, read_int_int},
	[K_INT_BIN] = {"INT:BIN", VALUE_NEEDED, read_int_bin},
	[K_INT_STRING] = {"INT:STRING", VALUE_NEEDED, read_int_string},
	[K_INT_INT_INT] = {"INT:INT:INT", VALUE_NEEDED, read_int_int_int},
	[K_INT_INT_BIN] = {"INT:INT:BIN", VALUE_NEEDED, read_int_int_bin},
	[K_INT_INT_STRING] = {"INT:INT:STRING", VALUE_NEEDED, read_int_int_string},
};
