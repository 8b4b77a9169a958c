#include "addr/client.h"

#include <stdlib.h>

struct client_info *client_copy(const struct client_info *client)
{
	struct client_info *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return NULL;
	*copy = *client;
	if (client->variables == NULL)
		return copy;
	copy->variables = variables_copy(client->variables);
	if (copy->variables != NULL)
		return copy;
	free(copy);
	return NULL;
}

void client_free(struct client_info *client)
{
	if (client == NULL)
		return;
	free(client->variables);
	free(client);
}
