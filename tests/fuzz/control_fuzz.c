/* Any bytes as the control data of a packet that was received: ancillary messages, errors. The
 * first two bytes choose what is wanted and the flags. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr/ancillary.h"
#include "addr/error_queue.h"
#include "sys/local_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* Each is a name, "=", a value and a NUL; environment.c relies on it. */
static void check_variables(const struct variables *ancillary)
{
	size_t at = 0;

	while (at < ancillary->size) {
		const char *end = memchr(ancillary->text + at, '\0', ancillary->size - at);

		must(end != NULL);
		must(strchr(ancillary->text + at, '=') > ancillary->text + at);
		at = (size_t)(end - ancillary->text) + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char control[LOCAL_ADDRESS_CONTROL];
	struct sockaddr_in6 from = {.sin6_family = AF_INET6};
	struct local_address local;
	struct variables *ancillary;
	struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from};
	uint32_t wanted;
	char text[600];
	void *copy;

	if (size < 2)
		return 0;
	wanted = data[0] & 1 ? UINT32_MAX : (uint32_t)data[0] << 4;
	message.msg_flags = data[1] & 1 ? MSG_CTRUNC : 0;
	copy = malloc(size - 1);
	must(copy != NULL);
	memcpy(copy, data + 2, size - 2);
	message.msg_control = copy;
	message.msg_controllen = size - 2;
	ancillary_log(-1, &message, wanted);
	ancillary = ancillary_variables(-1, &message, wanted);
	if (ancillary != NULL)
		check_variables(ancillary);
	free(ancillary);
	ancillary_is_note(&message, 0);
	if (error_queue_text(&message, text, sizeof text))
		must(strlen(text) < sizeof text);
	local_address_find(&message, &local);
	local_address_write(&local, &message, control);
	free(copy);
	return 0;
}
