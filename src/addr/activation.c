#include "addr/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/text.h"

enum { FIRST = 3, MOST = 65536 };

static struct {
	bool taken;
	bool ours;         /* the variables were set, and for this process */
	long count;
	char *names;       /* separated by ":", or NULL */
	char why[128];     /* if they were not */
} passed;

/* Returns -1 if the text is not a number from 1 to most. */
static long read_number(const char *text, long most)
{
	char *end;
	long number;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtol(text, &end, 10);
	return *end != '\0' || errno != 0 || number < 1 || number > most ? -1 : number;
}

static bool for_us(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	char shown[40];

	if (count == NULL) {
		snprintf(passed.why, sizeof(passed.why), "LISTEN_FDS is not set");
		return false;
	}
	if (pid != NULL && read_number(pid, 0x7fffffff) != getpid()) {
		snprintf(passed.why, sizeof(passed.why), "LISTEN_PID is %s, and this is process %d",
		         text_printable(pid, shown, sizeof(shown)), (int)getpid());
		return false;
	}
	passed.count = read_number(count, MOST);
	if (passed.count < 0) {
		snprintf(passed.why, sizeof(passed.why), "LISTEN_FDS is \"%s\", which is no number",
		         text_printable(count, shown, sizeof(shown)));
		return false;
	}
	return true;
}

void activation_take(void)
{
	const char *names = getenv("LISTEN_FDNAMES");

	if (passed.taken)
		return;
	passed.taken = true;
	passed.ours = for_us();
	if (!passed.ours)
		return;
	passed.names = names != NULL ? strdup(names) : NULL;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("LISTEN_PIDFDID");
	for (int fd = FIRST; fd < FIRST + passed.count; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int activation_find(const char *name)
{
	int fd = FIRST, found = ACTIVATION_UNKNOWN;
	const char *word = passed.names;

	while (word != NULL && fd < FIRST + passed.count) {
		size_t length = strcspn(word, ":");

		if (length > 0 && length == strlen(name) && strncmp(word, name, length) == 0)
			found = found == ACTIVATION_UNKNOWN ? fd : ACTIVATION_AMBIGUOUS;
		fd++;
		word = word[length] == ':' ? word + length + 1 : NULL;
	}
	return found;
}

const char *activation_describe(char *buffer, size_t size)
{
	char shown[120];

	if (!passed.ours)
		snprintf(buffer, size, "%s", passed.why);
	else if (passed.names == NULL || *passed.names == '\0')
		snprintf(buffer, size, "LISTEN_FDNAMES is not set");
	else
		snprintf(buffer, size, "LISTEN_FDNAMES is %s",
		         text_printable(passed.names, shown, sizeof(shown)));
	return buffer;
}

void activation_reset(void)
{
	free(passed.names);
	memset(&passed, 0, sizeof(passed));
}
