/* A directory with certificates for a test program; see the script certificates. */
#ifndef UNIT_CERTIFICATES_H
#define UNIT_CERTIFICATES_H

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Make them; ends the program if that does not work. */
static inline void certificates_make(const char *source)
{
	static char directory[] = "/tmp/socat-unit-XXXXXX";
	char command[4096], path[2048];

	snprintf(path, sizeof path, "%s", source);
	if (mkdtemp(directory) == NULL || chdir(directory) < 0)
		exit(2);
	snprintf(command, sizeof command, "'%s/certificates' %s", dirname(path), directory);
	if (system(command) != 0)
		exit(2);
}

static inline void certificates_remove(void)
{
	char here[64], command[128];

	if (getcwd(here, sizeof here) == NULL || strncmp(here, "/tmp/socat-unit-", 16) != 0)
		return;
	snprintf(command, sizeof command, "rm -r %s", here);
	if (system(command) != 0)
		exit(2);
}

#endif
