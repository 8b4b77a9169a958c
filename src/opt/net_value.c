/* Reading the values of options that hold network addresses. */
#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt/value.h"
#include "sys/text.h"

static int refuse(char *why, const char *text, const char *reason)
{
	char shown[OPT_SHOWN_SIZE];

	snprintf(why, OPT_WHY_SIZE, "\"%s\" %s", text_printable(text, shown, sizeof shown),
	         reason);
	return -1;
}

int opt_split(const char *text, char **parts, int count, bool rest)
{
	const char *start = text;
	int depth = 0, found = 0;

	for (const char *p = text;; p++) {
		bool last = rest && found == count - 1;

		if (*p == '[')
			depth++;
		else if (*p == ']' && depth > 0)
			depth--;
		if (*p != '\0' && (*p != ':' || depth > 0 || last))
			continue;
		if (found < count) {
			parts[found] = strndup(start, (size_t)(p - start));
			if (parts[found] == NULL) {
				opt_free_parts(parts, found);
				return -1;
			}
		}
		found++;
		if (*p == '\0' || found > count)
			return found;
		start = p + 1;
	}
}

void opt_free_parts(char **parts, int count)
{
	for (int i = 0; i < count; i++)
		free(parts[i]);
}

static int read_in4(const char *text, struct in_addr *out, char *why)
{
	if (inet_pton(AF_INET, text, out) != 1)
		return refuse(why, text, "is not an IPv4 address");
	return 0;
}

/* With or without the brackets. */
static int read_in6(const char *text, struct in6_addr *out, char *why)
{
	char address[INET6_ADDRSTRLEN];
	size_t length = strlen(text);
	bool brackets = length >= 2 && text[0] == '[' && text[length - 1] == ']';

	length -= brackets ? 2 : 0;
	if (length < sizeof address) {
		memcpy(address, text + brackets, length);
		address[length] = '\0';
		if (inet_pton(AF_INET6, address, out) == 1)
			return 0;
	}
	return refuse(why, text, "is not an IPv6 address");
}

/* An interface's index; its name is kept for the time when the option acts. */
static int read_interface(const char *text, int *index, struct opt_value *out, char *why)
{
	int64_t number;

	if (*text == '\0')
		return refuse(why, text, "is no interface");
	if (isdigit((unsigned char)*text)) {
		if (opt_read_integer(text, 10, 0, INT_MAX, &number, why) != 0)
			return -1;
		*index = (int)number;
		return 0;
	}
	out->string = strdup(text);
	if (out->string == NULL)
		return refuse(why, text, "can't be kept: out of memory");
	return 0;
}

/* The parts of a membership. Returns how many, or -1 with the reason in why. */
static int membership(const char *text, char **parts, int least, int most, const char *form,
                      char *why)
{
	int found = opt_split(text, parts, most, false);

	if (found < 0)
		return refuse(why, text, "can't be kept: out of memory");
	if (found >= least && found <= most)
		return found;
	opt_free_parts(parts, found < most ? found : most);
	return refuse(why, text, form);
}

int opt_read_mreqn(struct opt_value *out, const char *text, char *why)
{
	char *parts[3];
	int count = membership(text, parts, 2, 3,
	                       "is not of the form <group>:<interface or its address>", why);
	int result = -1;

	if (count < 0)
		return -1;
	if (read_in4(parts[0], &out->net.mreqn.imr_multiaddr, why) != 0)
		goto free_parts;
	if (count == 3) {
		result = read_in4(parts[1], &out->net.mreqn.imr_address, why);
		if (result == 0)
			result = read_interface(parts[2], &out->net.mreqn.imr_ifindex, out, why);
	} else if (inet_pton(AF_INET, parts[1], &out->net.mreqn.imr_address) == 1) {
		result = 0;
	} else {
		result = read_interface(parts[1], &out->net.mreqn.imr_ifindex, out, why);
	}
free_parts:
	opt_free_parts(parts, count);
	return result;
}

int opt_read_mreq_source(struct opt_value *out, const char *text, char *why)
{
	struct ip_mreq_source *mreq = &out->net.mreq_source;
	char *parts[3];
	int count = membership(text, parts, 3, 3,
	                       "is not of the form <group>:<interface address>:<source>", why);
	int result = -1;

	if (count < 0)
		return -1;
	if (read_in4(parts[0], &mreq->imr_multiaddr, why) == 0
	    && read_in4(parts[1], &mreq->imr_interface, why) == 0
	    && read_in4(parts[2], &mreq->imr_sourceaddr, why) == 0)
		result = 0;
	opt_free_parts(parts, count);
	return result;
}

int opt_read_mreq6(struct opt_value *out, const char *text, char *why)
{
	char *parts[2];
	int count = membership(text, parts, 2, 2, "is not of the form <group>:<interface>", why);
	int index = 0, result = -1;

	if (count < 0)
		return -1;
	if (read_in6(parts[0], &out->net.mreq6.ipv6mr_multiaddr, why) == 0
	    && read_interface(parts[1], &index, out, why) == 0) {
		out->net.mreq6.ipv6mr_interface = (unsigned)index;
		result = 0;
	}
	opt_free_parts(parts, count);
	return result;
}

int opt_read_mreq6_source(struct opt_value *out, const char *text, char *why)
{
	struct sockaddr_in6 group = {.sin6_family = AF_INET6}, source = group;
	char *parts[3];
	int count = membership(text, parts, 3, 3,
	                       "is not of the form <group>:<interface>:<source>", why);
	int index = 0, result = -1;

	if (count < 0)
		return -1;
	if (read_in6(parts[0], &group.sin6_addr, why) == 0
	    && read_interface(parts[1], &index, out, why) == 0
	    && read_in6(parts[2], &source.sin6_addr, why) == 0) {
		out->net.group_source.gsr_interface = (uint32_t)index;
		memcpy(&out->net.group_source.gsr_group, &group, sizeof group);
		memcpy(&out->net.group_source.gsr_source, &source, sizeof source);
		result = 0;
	}
	opt_free_parts(parts, count);
	return result;
}

/* Host names are not looked up here: reading an option must not wait for a name server. */
int opt_read_ip4name(struct opt_value *out, const char *text, char *why)
{
	if (*text == '\0')
		return refuse(why, text, "is not an IPv4 address");
	if (inet_pton(AF_INET, text, &out->net.in4) == 1)
		return 0;
	out->string = strdup(text);
	if (out->string == NULL)
		return refuse(why, text, "can't be kept: out of memory");
	return 0;
}

int opt_read_ip4sock(struct opt_value *out, const char *text, char *why)
{
	char *parts[2];
	int count = membership(text, parts, 1, 2, "is not of the form <IPv4 address>[:<port>]",
	                       why);
	int64_t port = 0;
	int result = -1;

	if (count < 0)
		return -1;
	if (read_in4(parts[0], &out->net.sin.sin_addr, why) == 0
	    && (count == 1 || opt_read_integer(parts[1], 10, 1, 65535, &port, why) == 0)) {
		out->net.sin.sin_family = AF_INET;
		out->net.sin.sin_port = htons((uint16_t)port);
		result = 0;
	}
	opt_free_parts(parts, count);
	return result;
}
