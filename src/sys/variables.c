#include "sys/variables.h"

#include <stdlib.h>
#include <string.h>

struct variables *variables_add(struct variables *variables, const char *name, const char *value)
{
	size_t size = variables == NULL ? 0 : variables->size;
	size_t name_length = strlen(name), value_length = strlen(value);
	size_t more = name_length + 1 + value_length + 1;
	struct variables *longer = realloc(variables, sizeof(*longer) + size + more);
	char *end;

	if (longer == NULL)
		return NULL;
	end = longer->text + size;
	memcpy(end, name, name_length);
	end += name_length;
	*end++ = '=';
	memcpy(end, value, value_length + 1);
	for (; *end != '\0'; end++)
		if ((unsigned char)*end < ' ' || *end == 127)
			*end = '?';
	longer->size = size + more;
	return longer;
}

struct variables *variables_copy(const struct variables *variables)
{
	struct variables *copy = malloc(sizeof(*copy) + variables->size);

	if (copy != NULL)
		memcpy(copy, variables, sizeof(*copy) + variables->size);
	return copy;
}
