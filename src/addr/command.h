/* What a program address runs: program and arguments. */
#ifndef ADDR_COMMAND_H
#define ADDR_COMMAND_H

#include "addr/addr.h"

struct command {
	const char *program;   /* for execvp(3) */
	char **argv;
	char *words;           /* memory that argv points into */
};

/* From the parameters and the options dash and shell. Returns 0, or -1 (logged). */
int command_build(const struct spec *spec, struct command *command);
void command_free(struct command *command);

/* Become the program, found in PATH. Returns only on failure, with errno set. */
void command_run(const struct command *command);

/* Set PATH and SHELL in this process as the options path and shell say. */
void command_environment(const struct spec *spec);

#endif
