/* Any text as the value of any option, as a range, as a table of access rules and as a list of
 * cipher suites. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addr/range.h"
#include "addr/tcpwrap.h"
#include "opt/opt.h"
#include "tls/suites.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first two bytes choose the option. */
static const struct optdef *choose(size_t number)
{
	size_t count = 0;

	for (size_t i = 0; opt_families[i] != NULL; i++)
		count += opt_families[i]->count;
	number %= count;
	for (size_t i = 0; opt_families[i] != NULL; i++) {
		if (number < opt_families[i]->count)
			return &opt_families[i]->defs[number];
		number -= opt_families[i]->count;
	}
	return NULL;
}

static void try_option(const struct optdef *def, const char *text)
{
	struct opt_value value;

	if (opt_read(&value, def->name, text, -1, text) == 0)
		opt_value_free(&value);
	if (opt_read(&value, text, text, -1, text) == 0)
		opt_value_free(&value);
}

static void try_access(const char *text)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a010203)}};
	struct tcpwrap wrap = {.daemon = "relay"};
	struct tcpwrap_peer who = {
		.address = (struct sockaddr *)&peer, .host = "www.example.org",
		.local = (struct sockaddr *)&peer,
	};
	struct range range;

	if (range_parse(&range, text, AF_UNSPEC) == NULL)
		range_match(&range, who.address);
	tcpwrap_table_matches(text, "table", true, &wrap, &who);
	tcpwrap_table_matches(text, "table", false, &wrap, &who);
}

/* What is accepted is a list without repetitions; what is refused has a reason. */
static void try_ciphers(const char *text)
{
	struct tls_suites suites;
	char why[200];

	if (tls_suites_parse(&suites, text, why, sizeof why) != 0) {
		if (why[0] == '\0')
			abort();
		return;
	}
	if (suites.count == 0 || suites.count > BR_MAX_CIPHER_SUITES)
		abort();
	for (size_t i = 0; i < suites.count; i++)
		for (size_t k = 0; k < i; k++)
			if (suites.list[i] == suites.list[k])
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 2)
		return 0;
	text = strndup((const char *)data + 2, size - 2);
	if (text == NULL)
		abort();
	try_option(choose((size_t)data[0] << 8 | data[1]), text);
	try_access(text);
	try_ciphers(text);
	free(text);
	return 0;
}
