/* Messages go nowhere, but are composed: their arguments are read as in earnest. */
#include <stdarg.h>
#include <stdio.h>

#include "sys/log.h"

bool log_enabled(enum log_level level)
{
	(void)level;
	return true;
}

void log_write(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;

	(void)level;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
}
