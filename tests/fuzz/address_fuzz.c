/* Any text as an address: it is parsed or refused, and what was parsed is consistent. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_spec(const struct spec *spec, int direction)
{
	must(spec->param_count >= spec->type->min_params);
	must(spec->param_count <= spec->type->max_params);
	must(spec->direction != 0 && (spec->direction & ~direction) == 0);
	for (unsigned i = 0; i < spec->param_count; i++)
		must(strlen(spec->params[i]) <= strlen(spec->text));
	for (size_t i = 0; i < spec->opt_count; i++)
		must(spec_opt(spec, spec->opts[i].def->name) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parse_settings settings;
	struct address *address;
	char *text;
	int direction;

	if (size < 1)
		return 0;
	settings.any_group = (data[0] & 4) != 0;
	direction = (data[0] & 3) != 0 ? data[0] & 3 : ADDR_BOTH;
	text = strndup((const char *)data + 1, size - 1);
	must(text != NULL);
	address = address_parse(text, direction, &settings);
	if (address != NULL) {
		bool dual = address->writer != address->reader;

		check_spec(address->reader, dual ? ADDR_READ : direction);
		if (dual)
			check_spec(address->writer, ADDR_WRITE);
	}
	address_free(address);
	free(text);
	return 0;
}
