/* A SOCKS server that says anything: the judges ask for no byte too many, come to an end, give a
 * reason, and what they found good can be shown. The first byte picks the answer that is
 * expected. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addr/socks_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static int judge(unsigned kind, const unsigned char *heard, size_t length, char *problem)
{
	switch (kind) {
	case 0:
		return socks4_reply(heard, length, problem);
	case 1:
	case 2:
		return socks5_choice(heard, length, kind == 2, problem);
	case 3:
		return socks5_login_reply(heard, length, problem);
	default:
		return socks5_reply(heard, length, problem);
	}
}

static void show(const unsigned char *reply)
{
	struct net_peer peer;
	char text[NET_TEXT];

	socks5_address(reply, &peer, text);
	must(strlen(text) < sizeof(text) && strchr(text, ':') != NULL);
	for (const char *c = text; *c != '\0'; c++)
		must((unsigned char)*c >= ' ' && *c != 127);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char problem[SOCKS_PROBLEM] = "";
	size_t heard = 0;
	int missing;

	if (size < 1)
		return 0;
	for (;;) {
		/* a copy of just that size: nothing behind it may be looked at */
		unsigned char *copy = malloc(heard > 0 ? heard : 1);

		must(copy != NULL);
		memcpy(copy, data + 1, heard);
		missing = judge(data[0] % 5, copy, heard, problem);
		if (missing == 0 && data[0] % 5 == 4)
			show(copy);
		free(copy);
		if (missing <= 0)
			break;
		heard += (size_t)missing;
		must(heard <= SOCKS_ANSWER);
		if (heard > size - 1)
			return 0;
	}
	must(missing == 0 || (problem[0] != '\0' && strlen(problem) < sizeof(problem)));
	return 0;
}
