#include "addr/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr/lex.h"
#include "sys/error.h"
#include "sys/log.h"

void command_free(struct command *command)
{
	free(command->argv);
	free(command->words);
}

static int no_memory(const struct spec *spec)
{
	log_error("%s: %s", spec->text, error_text(ENOMEM));
	return -1;
}

/* argv[0]: the program as it was named, with "-" before it for a login shell. */
static void first_argument(const struct spec *spec, const char *program, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s", spec_flag(spec, "dash") ? "-" : "", program);
}

/* No word is longer than what it was read from, and a separator or the end is where its NUL goes,
 * so all of them fit where the line does. Returns 0, or -1 (logged). */
static int split(const struct spec *spec, struct lexer *lexer, struct command *command)
{
	char *out = command->words;
	size_t count = 0, size;
	enum lex_end end;

	while (lexer->at[strspn(lexer->at, " ")] != '\0') {
		end = lexer_next_argument(lexer);
		if (end == LEX_ERROR) {
			log_error("%s: the command line %s", spec->text, lexer->error);
			return -1;
		}
		size = strlen(lexer->word) + 1;
		command->argv[count++] = memcpy(out, lexer->word, size);
		out += size;
	}
	if (count == 0) {
		log_error("%s: the command is missing", spec->text);
		return -1;
	}
	return 0;
}

/* Returns 0, or -1 (logged). */
static int build_exec(const struct spec *spec, struct command *command)
{
	size_t length = strlen(spec->params[0]);
	struct lexer lexer = { .word = NULL };
	int rc;

	/* a word needs at least one character and a separator; then the NULL */
	command->argv = calloc(length / 2 + 3, sizeof(char *));
	/* twice: the words, and behind them argv[0], which may differ from the program */
	command->words = calloc(2, length + 3);
	if (command->argv == NULL || command->words == NULL || lexer_init(&lexer, spec->params[0]) < 0)
		return no_memory(spec);
	rc = split(spec, &lexer, command);
	lexer_done(&lexer);
	if (rc < 0)
		return -1;
	command->program = command->argv[0];
	command->argv[0] = command->words + length + 2;
	first_argument(spec, command->program, command->argv[0], length + 3);
	return 0;
}

static int build_shell(const struct spec *spec, struct command *command, const char *shell)
{
	size_t size = strlen(shell) + 2;

	command->argv = calloc(4, sizeof(char *));
	command->words = calloc(1, size);
	if (command->argv == NULL || command->words == NULL)
		return no_memory(spec);
	first_argument(spec, shell, command->words, size);
	command->program = shell;
	command->argv[0] = command->words;
	if (spec->param_count > 0 && strspn(spec->params[0], " \t\n") == strlen(spec->params[0])) {
		log_error("%s: the command is missing", spec->text);
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
	if (rc < 0)
		command_free(command);
	return rc;
}

void command_environment(const struct spec *spec)
{
	if (spec_string(spec, "path") != NULL)
		setenv("PATH", spec_string(spec, "path"), 1);
	if (spec_string(spec, "shell") != NULL)
		setenv("SHELL", spec_string(spec, "shell"), 1);
}

/* The file that execvp(3) has found for a name, or NULL. */
static const char *find_in_path(const char *name, char *buffer, size_t size)
{
	const char *path = getenv("PATH"), *end;

	if (strchr(name, '/') != NULL)
		return name;
	for (; path != NULL; path = *end == ':' ? end + 1 : NULL) {
		end = path + strcspn(path, ":");
		snprintf(buffer, size, "%.*s%s%s", (int)(end - path), path, end > path ? "/" : "", name);
		if (faccessat(AT_FDCWD, buffer, X_OK, AT_EACCESS) == 0)
			return buffer;
	}
	return NULL;
}

/* A text without "#!" is the shell's, as with execvp(3) of other C libraries. */
static void run_text(const struct command *command)
{
	static char shell[] = "/bin/sh";
	char buffer[PATH_MAX + NAME_MAX];
	const char *file = find_in_path(command->program, buffer, sizeof(buffer));
	size_t count = 0;
	char **argv;

	while (command->argv[count] != NULL)
		count++;
	argv = file != NULL ? calloc(count + 2, sizeof(char *)) : NULL;
	if (argv == NULL)
		return;
	argv[0] = shell;
	argv[1] = (char *)(intptr_t)file;
	for (size_t i = 1; i < count; i++)
		argv[i + 1] = command->argv[i];
	execv(shell, argv);
	free(argv);
}

void command_run(const struct command *command)
{
	execvp(command->program, command->argv);
	if (errno == ENOEXEC) {
		run_text(command);
		errno = ENOEXEC;
	}
}
