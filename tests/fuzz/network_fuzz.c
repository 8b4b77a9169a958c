/* Any bytes as a file of networks: what the table says of addresses at their borders is what asking
 * all networks one by one says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addr/network_table.h"
#include "addr/range_file.h"
#include "network_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file's lines, read once more in the simplest way. */
static void fill_oracle(struct oracle *oracle, const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text, *line;

	if (text == NULL)
		abort();
	while ((line = strsep(&rest, "\n")) != NULL) {
		unsigned flags = NETWORK_FROM_FILE;
		struct range range;

		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t\r");
		if (*line == '!') {
			flags |= NETWORK_DENIES;
			line += 1 + strspn(line + 1, " \t");
		}
		for (size_t end = strlen(line); end > 0 && strchr(" \t\r", line[end - 1]) != NULL; end--)
			line[end - 1] = '\0';
		if (*line == '\0')
			continue;
		if (range_parse_listed(&range, line) != NULL)
			abort();
		oracle_add(oracle, &range, flags);
	}
	free(text);
}

static void compare(const struct network_table *table, const struct oracle *oracle)
{
	union oracle_peer peer;

	if (network_table_count(table) != oracle->count)
		abort();
	for (size_t i = 0; i < oracle->count * 5; i++) {
		oracle_border(&oracle->networks[i / 5].range, (unsigned)(i % 5), &peer);
		if (network_table_find(table, &peer.any) != oracle_find(oracle, &peer.any))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct network_table *table = network_table_new();
	struct oracle oracle = {0};

	if (table == NULL)
		abort();
	range_file_parse(table, (const char *)data, size, true, "fuzz", "test");
	network_table_free(table);
	table = network_table_new();
	if (table == NULL)
		abort();
	if (range_file_parse(table, (const char *)data, size, false, "fuzz", "test") == 0) {
		if (network_table_finish(table) < 0)
			abort();
		fill_oracle(&oracle, data, size);
		compare(table, &oracle);
	}
	oracle_free(&oracle);
	network_table_free(table);
	return 0;
}
