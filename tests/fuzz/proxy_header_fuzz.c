/* Any bytes as the beginning of a connection that should have a header of the PROXY protocol. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addr/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* In memory of just that size. */
static int missing(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size + (size == 0));
	const char *why = NULL;
	int more;

	must(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	more = proxy_header_missing(copy, size, &why);
	must((more < 0) == (why != NULL));
	free(copy);
	return more;
}

/* What a dialogue hears: as much as is missing, again and again. Returns the header's length; 0: it
 * is none, or not whole. */
static size_t hear(const uint8_t *data, size_t size)
{
	size_t length = 0;

	for (;;) {
		int more = missing(data, length);

		if (more < 0 || (size_t)more > size - length)
			return 0;
		if (more == 0)
			return length;
		length += (size_t)more;
		must(length <= PROXY_HEADER_MAX + 16);
	}
}

static bool same(const struct net_peer *one, const struct net_peer *other)
{
	return one->length == other->length && memcmp(&one->addr, &other->addr, one->length) == 0;
}

/* What was read can be passed on, and means the same then. */
static void pass_on(const struct client_info *client)
{
	unsigned char out[PROXY_HEADER_WRITTEN];
	struct client_info again;

	for (int version = 1; version <= 2; version++) {
		size_t length = proxy_header_write(out, version, client);

		must(length <= sizeof out && hear(out, length) == length);
		must(proxy_header_read(out, length, &again) == NULL);
		if (again.peer.length == 0)
			continue;
		must(again.type == client->type);
		/* mapped addresses change their form */
		if (again.peer.addr.sa.sa_family == client->peer.addr.sa.sa_family)
			must(same(&again.peer, &client->peer));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client_info client = { .variables = NULL };
	size_t length = hear(data, size);
	unsigned char *copy;

	if (length == 0)
		return 0;
	copy = malloc(length);
	must(copy != NULL);
	memcpy(copy, data, length);
	if (proxy_header_read(copy, length, &client) == NULL) {
		/* however it is cut, nothing behind it is asked for */
		for (size_t cut = 0; cut < length; cut++) {
			int more = missing(data, cut);

			must(more > 0 && cut + (size_t)more <= length);
		}
		if (client.peer.length > 0)
			pass_on(&client);
	}
	free(copy);
	return 0;
}
