#include "addr/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/error.h"
#include "sys/log.h"

void command_free(struct command *command)
{
	free(command->argv);
	free(command->words);
}

/* argv[0]: the last part of the program's path, with "-" before it for a login shell. */
static const char *first_argument(const struct spec *spec, const char *program, char *buffer,
                                  size_t size)
{
	const char *slash = strrchr(program, '/');

	snprintf(buffer, size, "%s%s", spec_flag(spec, "dash") ? "-" : "",
	         slash != NULL ? slash + 1 : program);
	return buffer;
}

/* Split at white space; quotes in what the address parser left group words, and a backslash
 * takes the next character as it is. Returns the count. */
static size_t split(char *text, char **argv)
{
	size_t count = 0;
	char *in = text, *out = text;

	for (;;) {
		char quote = '\0';

		while (*in == ' ' || *in == '\t' || *in == '\n')
			in++;
		if (*in == '\0')
			return count;
		argv[count++] = out;
		for (; *in != '\0' && (quote != '\0' || strchr(" \t\n", *in) == NULL); in++) {
			if (*in == '\\' && in[1] != '\0' && quote != '\'')
				*out++ = *++in;
			else if (quote == '\0' && (*in == '"' || *in == '\''))
				quote = *in;
			else if (quote != '\0' && *in == quote)
				quote = '\0';
			else
				*out++ = *in;
		}
		if (*in != '\0')
			in++;
		*out++ = '\0';
	}
}

/* Returns 0, or -1 with errno set. */
static int build_exec(const struct spec *spec, struct command *command)
{
	size_t length = strlen(spec->params[0]);
	char name[4096];

	/* a word needs at least one character and a separator; then the NULL */
	command->argv = calloc(length / 2 + 3, sizeof(char *));
	/* twice: the words, and behind them argv[0], which differs from the program */
	command->words = calloc(2, length + 3);
	if (command->argv == NULL || command->words == NULL)
		return -1;
	memcpy(command->words, spec->params[0], length + 1);
	if (split(command->words, command->argv) == 0) {
		errno = EINVAL;
		return -1;
	}
	command->program = command->argv[0];
	first_argument(spec, command->program, name, sizeof(name));
	command->argv[0] = command->words + length + 2;
	snprintf(command->argv[0], length + 3, "%s", name);
	return 0;
}

static int build_shell(const struct spec *spec, struct command *command, const char *shell)
{
	size_t size = strlen(shell) + 2;

	command->argv = calloc(4, sizeof(char *));
	command->words = calloc(1, size);
	if (command->argv == NULL || command->words == NULL)
		return -1;
	first_argument(spec, shell, command->words, size);
	command->program = shell;
	command->argv[0] = command->words;
	if (spec->param_count > 0 && strspn(spec->params[0], " \t\n") == strlen(spec->params[0])) {
		errno = EINVAL;
		return -1;
	}
	if (spec->param_count > 0) {
		command->argv[1] = (char *)(intptr_t)"-c";
		command->argv[2] = spec->params[0];
	}
	return 0;
}

static const char *shell_of(const struct spec *spec)
{
	const char *shell = spec_string(spec, "shell");

	if (shell == NULL)
		shell = getenv("SHELL");
	return shell != NULL && *shell != '\0' ? shell : "/bin/sh";
}

int command_build(const struct spec *spec, struct command *command)
{
	int rc;

	memset(command, 0, sizeof(*command));
	if (strcmp(spec->type->name, "EXEC") == 0)
		rc = build_exec(spec, command);
	else if (strcmp(spec->type->name, "SYSTEM") == 0)
		rc = build_shell(spec, command, "/bin/sh");
	else
		rc = build_shell(spec, command, shell_of(spec));
	if (rc < 0) {
		log_error("%s: %s", spec->text,
		          errno == EINVAL ? "the command is missing" : error_text(errno));
		command_free(command);
		return -1;
	}
	return 0;
}

void command_environment(const struct spec *spec)
{
	if (spec_string(spec, "path") != NULL)
		setenv("PATH", spec_string(spec, "path"), 1);
	if (spec_string(spec, "shell") != NULL)
		setenv("SHELL", spec_string(spec, "shell"), 1);
}
