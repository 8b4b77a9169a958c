/* Access control by tables: see tcpwrap.h. This file reads the tables; what a single pattern
 * matches is in tcpwrap_pattern.c. */
#include "addr/tcpwrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addr/tcpwrap_pattern.h"
#include "sys/error.h"
#include "sys/log.h"

#define TABLE_MAX 1048576
#define EXCEPT_MAX 20

typedef int match_function(const char *pattern, const struct tcpwrap *wrap,
                           const struct tcpwrap_peer *peer);

/* The next word of a list separated by white space and commas, cut out of it; or NULL. */
static char *next_word(char **list)
{
	char *word = *list + strspn(*list, " \t\r,");
	char *end = word + strcspn(word, " \t\r,");

	if (*word == '\0')
		return NULL;
	*list = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return word;
}

/* "a b EXCEPT c d EXCEPT e": in the first list, and not in the rest, which is read the same
 * way. Every word is looked at, even behind a match, to find the EXCEPT. */
static int list_matches(char *list, match_function *match, const struct tcpwrap *wrap,
                        const struct tcpwrap_peer *peer, int depth)
{
	int result = 0, except;
	char *word;

	while ((word = next_word(&list)) != NULL) {
		if (strcasecmp(word, "EXCEPT") == 0) {
			if (result <= 0)
				return result;
			if (depth >= EXCEPT_MAX)
				return -1;
			except = list_matches(list, match, wrap, peer, depth + 1);
			return except < 0 ? -1 : !except;
		}
		if (result == 0)
			result = match(word, wrap, peer);
	}
	return result;
}

/* End the part at the next ":" outside of brackets. Returns what is behind it, or NULL. */
static char *cut_part(char *part)
{
	bool brackets = false;

	for (; *part != '\0'; part++) {
		if (*part == '[' || *part == ']')
			brackets = *part == '[';
		if (*part == '\\' && part[1] == ':')
			part++;
		else if (*part == ':' && !brackets) {
			*part = '\0';
			return part + 1;
		}
	}
	return NULL;
}

/* What a rule says behind the clients: 1 to let it act, 0 if it turns the table's meaning
 * around ("deny" in hosts.allow), -1 if it can't be obeyed. */
static int rule_option(char *options, const char *name, bool granting)
{
	char *word;

	if (options == NULL || (word = next_word(&options)) == NULL)
		return 1;
	if (next_word(&options) == NULL
	    && (strcasecmp(word, "allow") == 0 || strcasecmp(word, "deny") == 0))
		return (strcasecmp(word, "allow") == 0) == granting;
	log_warn("%s: commands and options of rules (\"%s ...\") are not supported%s", name, word,
	         granting ? "; the connection is refused" : "");
	return granting ? -1 : 1;
}

/* One rule, "daemons : clients [: options]". 2: no match; else as rule_option(). */
static int rule_verdict(char *rule, const char *name, bool granting,
                        const struct tcpwrap *wrap, const struct tcpwrap_peer *peer)
{
	char *clients = cut_part(rule), *options;
	int match;

	if (clients == NULL) {
		log_warn("%s: a rule has no \":\" between daemons and clients: \"%.100s\"", name, rule);
		return granting ? 2 : -1;
	}
	options = cut_part(clients);
	match = list_matches(rule, tcpwrap_daemon_matches, wrap, peer, 0);
	if (match > 0)
		match = list_matches(clients, tcpwrap_client_matches, wrap, peer, 0);
	if (match < 0) {
		log_warn("%s: a rule can't be decided; the connection is refused", name);
		return -1;
	}
	return match == 0 ? 2 : rule_option(options, name, granting);
}

/* Cut the next rule out of the text, lines that end with a backslash joined. */
static char *next_rule(char **text)
{
	char *rule = *text, *out = rule, *in = rule;

	if (*rule == '\0')
		return NULL;
	while (*in != '\0' && *in != '\n') {
		if (in[0] == '\\' && in[1] == '\n')
			in += 2;
		else
			*out++ = *in++;
	}
	*text = *in != '\0' ? in + 1 : in;
	*out = '\0';
	return rule;
}

/* 1: the peer is granted, 0: refused, -1: undecidable, 2: no rule matches. */
static int table_verdict(const char *text, const char *name, bool granting,
                         const struct tcpwrap *wrap, const struct tcpwrap_peer *peer)
{
	char *copy = strdup(text), *at = copy, *rule;
	int verdict = 2;

	if (copy == NULL)
		return -1;
	while (verdict == 2 && (rule = next_rule(&at)) != NULL) {
		rule += strspn(rule, " \t\r");
		if (*rule == '\0' || *rule == '#')
			continue;
		verdict = rule_verdict(rule, name, granting, wrap, peer);
	}
	free(copy);
	/* A rule that acts grants in one table and refuses in the other. */
	return verdict == 0 || verdict == 1 ? (verdict == 1) == granting : verdict;
}

int tcpwrap_table_matches(const char *text, const char *name, bool granting,
                          const struct tcpwrap *wrap, const struct tcpwrap_peer *peer)
{
	int verdict = table_verdict(text, name, granting, wrap, peer);

	if (verdict < 0)
		return -1;
	return verdict != 2 && (verdict == 1) == granting;
}

/* The table's text, "" if there is none, or NULL with a warning. */
static char *read_table(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t length;

	if (file == NULL && errno == ENOENT)
		return strdup("");
	text = file != NULL ? malloc(TABLE_MAX + 1) : NULL;
	if (text == NULL) {
		log_warn("%s: %s; connections are refused", path, error_text(errno));
		goto close_file;
	}
	length = fread(text, 1, TABLE_MAX + 1, file);
	if (length > TABLE_MAX || ferror(file)) {
		log_warn("%s: %s; connections are refused", path,
		         ferror(file) ? "can't be read" : "is too large");
		free(text);
		text = NULL;
		goto close_file;
	}
	text[length] = '\0';
close_file:
	if (file != NULL)
		fclose(file);
	return text;
}

bool tcpwrap_allows(const struct tcpwrap *wrap, const struct tcpwrap_peer *peer)
{
	const char *paths[] = {
		wrap->allow != NULL ? wrap->allow : "/etc/hosts.allow",
		wrap->deny != NULL ? wrap->deny : "/etc/hosts.deny",
	};

	for (int i = 0; i < 2; i++) {
		char *text = read_table(paths[i]);
		int verdict = text != NULL ? table_verdict(text, paths[i], i == 0, wrap, peer) : -1;

		free(text);
		if (verdict != 2)
			return verdict == 1;
	}
	return true;
}
