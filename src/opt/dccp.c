/* Options of DCCP, RFC 4340. The C library has no header for them. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "opt/family.h"
#include "opt/value.h"

/* linux/dccp.h, linux/socket.h */
enum { SOL_DCCP_ = 269, DCCP_SOCKOPT_SERVICE = 2, DCCP_SOCKOPT_CCID = 13 };

/* RFC 4340, 8.1.2: the next one, 4294967295, is no valid service code. */
static const uint64_t last_service = 0xfffffffe;

static const char *check_ccid(struct opt_value *value)
{
	return value->number == 2 || value->number == 3
	       ? NULL : "must be 2 (like TCP, RFC 4341) or 3 (TFRC, RFC 4342): Linux has no other";
}

/* Sets the mechanism for both directions. */
static int apply_ccid(const struct opt_value *value, const struct opt_target *target)
{
	uint8_t ccid = (uint8_t)value->number;

	return sockopt_bytes(value, target, &ccid, sizeof ccid);
}

/* Up to four characters stand for their codes, filled up with blanks (RFC 4340, 8.1.2). */
static int read_letters(const char *text, int64_t *code)
{
	size_t length = strlen(text);

	*code = 0;
	if (length < 1 || length > 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		unsigned char c = i < length ? (unsigned char)text[i] : ' ';

		if (c < ' ' || c > '~')
			return -1;
		*code = *code << 8 | c;
	}
	return 0;
}

/* Turns the text into number. */
static const char *check_service(struct opt_value *value)
{
	char why[OPT_WHY_SIZE];

	if (strncasecmp(value->string, "SC:", 3) == 0) {
		if (read_letters(value->string + 3, &value->number) == 0)
			return NULL;
	} else if (opt_read_unsigned(value->string, last_service, &value->number, why) == 0) {
		return NULL;
	}
	return "is no service code: a number from 0 to 4294967294, or SC: and 1 to 4 characters";
}

static int apply_service(const struct opt_value *value, const struct opt_target *target)
{
	uint32_t code = htonl((uint32_t)value->number);

	return sockopt_bytes(value, target, &code, sizeof code);
}

static const struct optdef defs[] = {
	{"dccp-set-ccid", "ccid", G_DCCP, PH_PASTSOCKET, K_BYTE, apply_ccid, SOL_DCCP_,
	 DCCP_SOCKOPT_CCID, NULL, check_ccid},
	{"dccp-set-sid", NULL, G_DCCP, PH_PASTSOCKET, K_STRING, apply_service, SOL_DCCP_,
	 DCCP_SOCKOPT_SERVICE, NULL, check_service},
};

OPT_FAMILY(opt_family_dccp, "DCCP", defs);
