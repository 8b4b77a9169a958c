/* Ranges of addresses: see range.h. */
#include "addr/range.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "opt/dalan.h"

static void mask_of_bits(unsigned char *mask, unsigned bytes, unsigned bits)
{
	for (unsigned i = 0; i < bytes; i++) {
		unsigned here = bits > 8 ? 8 : bits;

		mask[i] = (unsigned char)(0xff00u >> here);
		bits -= here;
	}
}

/* At most three digits and nothing else. */
static bool read_bits(const char *text, unsigned most, unsigned *bits)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || length > 3 || text[length] != '\0')
		return false;
	*bits = (unsigned)strtoul(text, NULL, 10);
	return *bits <= most;
}

/* The address is the part of text before end; brackets must be off already. */
static bool read_address(const char *text, const char *end, int family, unsigned char *out)
{
	char address[INET6_ADDRSTRLEN];
	size_t length = (size_t)(end - text);

	if (length >= sizeof address)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	return inet_pton(family, address, out) == 1;
}

/* In lists an address without "/bits" is one host, and IPv6 needs no brackets. */
static const char *parse_ip6(struct range *range, const char *text, bool in_list)
{
	bool bare = *text != '[';
	const char *end = bare ? text + strcspn(text, "/") : strchr(text, ']');
	unsigned bits = 128;

	if (end == NULL || !read_address(text + !bare, end, AF_INET6, range->address))
		return bare ? "does not begin with an IPv6 address"
		            : "does not begin with an IPv6 address in brackets";
	end += !bare;
	if (*end != '/' && !(in_list && *end == '\0'))
		return "has no \"/bits\" behind the address";
	if (*end == '/' && !read_bits(end + 1, 128, &bits))
		return "needs a number of bits from 0 to 128 behind the \"/\"";
	mask_of_bits(range->mask, 16, bits);
	return NULL;
}

static const char *parse_ip4(struct range *range, const char *text, bool in_list)
{
	const char *end = text + strcspn(text, "/:");
	unsigned bits = 32;

	if (!read_address(text, end, AF_INET, range->address))
		return in_list ? "is no network like 10.0.0.0/8 or 2001:db8::/32, and no address"
		               : "does not begin with an IPv4 address, or an IPv6 address in brackets";
	if (*end == '\0' && !in_list)
		return "has neither \"/bits\" nor \":mask\" behind the address";
	if (*end == ':')
		return inet_pton(AF_INET, end + 1, range->mask) == 1
		       ? NULL : "needs a mask like 255.255.0.0 behind the \":\"";
	if (*end == '/' && !read_bits(end + 1, 32, &bits))
		return "needs a number of bits from 0 to 32 behind the \"/\"";
	mask_of_bits(range->mask, 4, bits);
	return NULL;
}

static void apply_mask(struct range *range)
{
	for (unsigned i = 0; i < range->length; i++)
		range->address[i] &= range->mask[i];
}

/* [::ffff:10.0.0.0]/104 becomes 10.0.0.0/8, as peers with such addresses count as IPv4. */
static void unmap(struct range *range)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (range->family != AF_INET6 || memcmp(range->address, mapped, sizeof mapped) != 0 ||
	    range->mask[11] != 0xff)
		return;
	range->family = AF_INET;
	range->length = 4;
	memcpy(range->address, range->address + 12, 4);
	memcpy(range->mask, range->mask + 12, 4);
	memset(range->address + 4, 0, 12);
	memset(range->mask + 4, 0, 12);
}

static const char *parse_ip(struct range *range, const char *text, bool in_list)
{
	const char *reason = range->family == AF_INET6 ? parse_ip6(range, text, in_list)
	                                               : parse_ip4(range, text, in_list);

	apply_mask(range);
	unmap(range);
	return reason;
}

static void begin(struct range *range, bool ip6)
{
	memset(range, 0, sizeof *range);
	range->family = ip6 ? AF_INET6 : AF_INET;
	range->length = ip6 ? 16 : 4;
}

const char *range_parse(struct range *range, const char *text, int family)
{
	begin(range, *text == '[');
	if (family != AF_UNSPEC && family != range->family)
		return range->family == AF_INET6 ? "is IPv6, but the address is IPv4 only"
		                                 : "is not IPv6 ([address]/bits), but the address is";
	return parse_ip(range, text, false);
}

const char *range_parse_listed(struct range *range, const char *text)
{
	const char *colon = strchr(text, ':');

	/* "10.0.0.0:255.0.0.0" has one colon, IPv6 addresses have more */
	begin(range, *text == '[' || (colon != NULL && strchr(colon + 1, ':') != NULL));
	return parse_ip(range, text, true);
}

/* The bytes in dalan from text to end. Returns how many, or -1. */
static int read_bytes(const char *text, const char *end, unsigned char *out)
{
	char *copy = strndup(text, (size_t)(end - text));
	const char *why, *where;
	struct opt_data data;
	int length = -1;

	if (copy == NULL)
		return -1;
	if (dalan_read(copy, &data, &why, &where) == 0) {
		if (data.length <= RANGE_BYTES) {
			memcpy(out, data.bytes, data.length);
			length = (int)data.length;
		}
		free(data.bytes);
	}
	free(copy);
	return length;
}

const char *range_parse_bytes(struct range *range, const char *text)
{
	const char *colon = text;
	int length, mask;
	char quote = '\0';

	memset(range, 0, sizeof *range);
	for (; *colon != '\0' && (*colon != ':' || quote != '\0'); colon++) {
		if (quote == '\0' ? *colon == '"' || *colon == '\'' : *colon == quote)
			quote = quote == '\0' ? *colon : '\0';
		else if (quote != '\0' && *colon == '\\' && colon[1] != '\0')
			colon++;
	}
	if (*colon == '\0')
		return "must be data and mask, as in x0000x0a000000:x0000xff000000";
	length = read_bytes(text, colon, range->address);
	mask = read_bytes(colon + 1, colon + strlen(colon), range->mask);
	if (length < 0 || mask < 0)
		return "must be data and mask, as in x0000x0a000000:x0000xff000000";
	if (length != mask)
		return "must have as many bytes in front of the \":\" as behind it";
	range->length = (unsigned)length;
	apply_mask(range);
	return NULL;
}

unsigned range_ones(const struct range *range, bool *prefix)
{
	unsigned ones = 0;

	*prefix = true;
	for (unsigned i = 0; i < range->length * 8; i++)
		if (range->mask[i / 8] & 0x80 >> i % 8) {
			*prefix = *prefix && ones == i;
			ones++;
		}
	return ones;
}

unsigned range_address_bytes(const struct sockaddr *address, const unsigned char **bytes)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		*bytes = (const unsigned char *)&in->sin_addr;
		return 4;
	}
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);

		*bytes = in6->sin6_addr.s6_addr + (mapped ? 12 : 0);
		return mapped ? 4 : 16;
	}
	return 0;
}

bool range_match(const struct range *range, const struct sockaddr *peer)
{
	const unsigned char *bytes = (const unsigned char *)peer + sizeof(sa_family_t);
	unsigned length = range->length;

	if (range->family != AF_UNSPEC)
		length = range_address_bytes(peer, &bytes);
	if (length != range->length)
		return false;
	for (unsigned i = 0; i < length; i++)
		if ((bytes[i] & range->mask[i]) != range->address[i])
			return false;
	return true;
}
