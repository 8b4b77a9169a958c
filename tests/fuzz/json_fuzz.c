/* A line of JSON with members of any bytes, in a buffer of any size: it is always valid, in UTF-8, and in
 * its bounds. The input: two bytes for the size, then for each member its kind, a limit, a length and as
 * many bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "json_check.h"
#include "sys/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t add(struct json *json, const uint8_t *data, size_t size)
{
	size_t length = data[2] < size - 3 ? data[2] : size - 3;

	switch (data[0] % 6) {
	case 0:
	case 1:
		json_bytes(json, "bytes", data + 3, length, (size_t)data[1] * (data[0] & 8 ? 16 : 1));
		break;
	case 2:
		json_number(json, "number", (uint64_t)data[1] << (data[0] & 31));
		break;
	case 3:
		json_seconds(json, "seconds", (int64_t)data[1] << (data[0] & 31));
		break;
	case 4:
		json_enter(json, "object");
		break;
	default:
		/* what begins the line is left by its end */
		if (json->depth > 1)
			json_leave(json);
		json_bool(json, "flag", data[1] & 1);
	}
	return 3 + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json json;
	size_t room, n;
	char *line;

	if (size < 2)
		return 0;
	room = JSON_LEAST + (data[0] | (size_t)data[1] << 8) % 4096;
	/* of just this size: who writes behind it is caught */
	line = malloc(room);
	if (line == NULL)
		return 0;
	json_begin(&json, line, room);
	for (n = 2; n + 3 <= size;)
		n += add(&json, data + n, size - n);
	n = json_end(&json);
	if (n > room || !json_is_line(line, n, NULL))
		abort();
	free(line);
	return 0;
}
