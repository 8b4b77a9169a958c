#include "addr/client.h"

#include <stdlib.h>

struct client_info *client_copy(const struct client_info *client)
{
	struct client_info *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return NULL;
	*copy = *client;
	if (client->ancillary == NULL)
		return copy;
	copy->ancillary = ancillary_copy(client->ancillary);
	if (copy->ancillary != NULL)
		return copy;
	free(copy);
	return NULL;
}

void client_free(struct client_info *client)
{
	if (client == NULL)
		return;
	free(client->ancillary);
	free(client);
}
