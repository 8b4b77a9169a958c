/* What the apply functions of the families share: messages, setsockopt(2), ioctl(2). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "opt/family.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/text.h"

const char opt_read_only[] = "can't be set: Linux only lets programs read it";
const char opt_not_in_linux[] = "can't work: Linux does not implement it";

int opt_refuse(const struct opt_value *value, const struct opt_target *target,
               const char *reason)
{
	char where[240], option[120];

	log_error("%s: option \"%s\": %s", text_printable(target->where, where, sizeof where),
	          text_printable(value->text, option, sizeof option), reason);
	return -1;
}

int opt_failed(const struct opt_value *value, const struct opt_target *target,
               const char *call)
{
	int error = errno;
	char reason[200];

	snprintf(reason, sizeof reason, "%s: %s%s", call, error_text(error),
	         error == EPERM || error == EACCES ? " (it needs privileges)" : "");
	opt_refuse(value, target, reason);
	errno = error;
	return -1;
}

int sockopt_bytes(const struct opt_value *value, const struct opt_target *target,
                  const void *bytes, size_t length)
{
	const struct optdef *def = value->def;

	if (setsockopt(target->fd, def->major, def->minor, bytes, (socklen_t)length) != 0)
		return opt_failed(value, target, "setsockopt()");
	return 0;
}

int sockopt_int(const struct opt_value *value, const struct opt_target *target)
{
	int number = (int)value->number;

	return sockopt_bytes(value, target, &number, sizeof number);
}

int sockopt_byte(const struct opt_value *value, const struct opt_target *target)
{
	unsigned char byte = (unsigned char)value->number;

	return sockopt_bytes(value, target, &byte, sizeof byte);
}

int sockopt_time(const struct opt_value *value, const struct opt_target *target)
{
	struct timeval time = {
		.tv_sec = (time_t)(value->number / 1000000000),
		.tv_usec = (suseconds_t)(value->number % 1000000000 / 1000),
	};

	return sockopt_bytes(value, target, &time, sizeof time);
}

int sockopt_bin(const struct opt_value *value, const struct opt_target *target)
{
	return sockopt_bytes(value, target, value->data.bytes, value->data.length);
}

int sockopt_string(const struct opt_value *value, const struct opt_target *target)
{
	return sockopt_bytes(value, target, value->string, strlen(value->string) + 1);
}
