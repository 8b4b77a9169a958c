/* Asking a spec for its options. */
#include <string.h>

#include "addr/addr.h"

const struct opt_value *spec_opt(const struct spec *spec, const char *name)
{
	for (size_t i = spec->opt_count; i > 0; i--) {
		const char *own = spec->opts[i - 1].def->name;

		/* asked dozens of times for each connection */
		if (own[0] == name[0] && strcmp(own, name) == 0)
			return &spec->opts[i - 1];
	}
	return NULL;
}

bool spec_flag(const struct spec *spec, const char *name)
{
	const struct opt_value *value = spec_opt(spec, name);

	return value != NULL && value->number != 0;
}

int64_t spec_number(const struct spec *spec, const char *name, int64_t otherwise)
{
	const struct opt_value *value = spec_opt(spec, name);

	return value != NULL ? value->number : otherwise;
}

const char *spec_string(const struct spec *spec, const char *name)
{
	const struct opt_value *value = spec_opt(spec, name);

	return value != NULL ? value->string : NULL;
}

int64_t spec_tries(const struct spec *spec)
{
	return spec_flag(spec, "forever") ? -1 : spec_number(spec, "retry", 0);
}

int spec_apply(const struct spec *spec, enum opt_phase phase, int fd, const char *path)
{
	int64_t groups = spec->type->groups;
	/* File system entries that open(2) and the like make have their permissions from it. */
	bool made = (groups & G_NAMED) != 0 && (groups & (G_OPEN | G_REG)) != 0;
	struct opt_target target = {
		.fd = fd, .path = path, .where = spec->text, .made = made,
	};

	return spec->opt_count == 0 ? 0 : opts_apply(spec->opts, spec->opt_count, phase, &target);
}
