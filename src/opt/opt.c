/* The option engine: finding, reading and applying options. */
#include "opt/opt.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt/termios.h"
#include "opt/value.h"
#include "sys/log.h"
#include "sys/text.h"

/* Longest part of an address that is repeated in a message. */
#define WHERE_SIZE 240

static bool sloppy;

void opt_set_sloppy(bool on)
{
	sloppy = on;
}

static bool has_name(const struct optdef *def, const char *name)
{
	return word_in_list(name, def->name) || word_in_list(name, def->aliases);
}

const struct optdef *opt_find(const char *name, int64_t groups)
{
	groups |= G_ANY | G_PROCESS | G_APPL;
	for (const struct opt_family *const *family = opt_families; *family != NULL; family++)
		for (size_t i = 0; i < (*family)->count; i++) {
			const struct optdef *def = &(*family)->defs[i];

			if ((def->groups & groups) != 0 && has_name(def, name))
				return def;
		}
	return NULL;
}

/* "b12345": there are options for the usual speeds only. */
static bool is_speed(const char *name)
{
	return (name[0] == 'b' || name[0] == 'B') && name[1] != '\0' &&
	       name[1 + strspn(name + 1, "0123456789")] == '\0';
}

/* Suggest only what the address type would take. */
static void log_unknown(const char *name, int64_t groups, const char *where)
{
	struct nearest nearest;
	char shown[OPT_SHOWN_SIZE];

	nearest_init(&nearest, name);
	groups |= G_ANY | G_PROCESS | G_APPL;
	for (const struct opt_family *const *family = opt_families; *family != NULL; family++)
		for (size_t i = 0; i < (*family)->count; i++) {
			const struct optdef *def = &(*family)->defs[i];

			if ((def->groups & groups) == 0 || def->refused != NULL)
				continue;
			nearest_try(&nearest, def->name);
			nearest_try(&nearest, def->aliases);
		}
	text_printable(name, shown, sizeof shown);
	if ((groups & G_TERMIOS) && is_speed(name))
		log_error("%s: unknown option \"%s\"; other speeds are set with ispeed=%s,ospeed=%s",
		          where, shown, shown + 1, shown + 1);
	else if (nearest.best[0] != '\0')
		log_error("%s: unknown option \"%s\"; did you mean \"%s\"?", where, shown,
		          nearest.best);
	else
		log_error("%s: unknown option \"%s\"; option -hhh lists the options there are", where,
		          shown);
}

static const struct optdef *find_or_log(const char *name, int64_t groups, const char *where)
{
	const struct optdef *def = opt_find(name, groups);
	char shown[OPT_SHOWN_SIZE], names[256];

	if (def != NULL)
		return def;
	def = opt_find(name, -1);
	if (def == NULL) {
		log_unknown(name, groups, where);
		return NULL;
	}
	/* the shell has taken the quotes of that one, perhaps */
	log_error("%s: option \"%s\" not supported with this address type (it needs one of %s)%s",
	          where, text_printable(name, shown, sizeof shown),
	          opt_group_names(def->groups, names, sizeof names),
	          strcmp(def->name, "via") == 0 || strstr(where, ",via=") == NULL ? "" :
	          "; if it belongs to the address in option via, that needs quotes around it, which "
	          "the shell must leave: '...,via=\"...,...\"'");
	return NULL;
}

/* Fill in the value. Returns 0, or -1 with the reason in why. */
static int read_value(struct opt_value *out, const char *value, char *why)
{
	const struct opt_reader *reader = &opt_readers[out->def->kind];
	const char *reason;

	out->number = 1;
	out->given = value != NULL;
	if (value == NULL && reader->presence == VALUE_NEEDED) {
		snprintf(why, OPT_WHY_SIZE, "value required");
		return -1;
	}
	if (value != NULL && reader->presence == VALUE_NONE) {
		snprintf(why, OPT_WHY_SIZE, "no value permitted");
		return -1;
	}
	if (value != NULL && reader->read(out, value, why) != 0)
		return -1;
	reason = out->def->check != NULL ? out->def->check(out) : NULL;
	if (reason != NULL) {
		char shown[OPT_SHOWN_SIZE];

		snprintf(why, OPT_WHY_SIZE, "\"%s\" %s",
		         text_printable(value != NULL ? value : "", shown, sizeof shown), reason);
		return -1;
	}
	return 0;
}

static char *written(const struct optdef *def, const char *name, const char *value)
{
	char *text;

	if (value == NULL || def->kind == K_SECRET)
		return strdup(name);
	if (asprintf(&text, "%s=%s", name, value) < 0)
		return NULL;
	return text;
}

int opt_read(struct opt_value *out, const char *name, const char *value, int64_t groups,
             const char *where)
{
	char place[WHERE_SIZE], shown[OPT_SHOWN_SIZE], why[OPT_WHY_SIZE];

	memset(out, 0, sizeof *out);
	text_printable(where, place, sizeof place);
	out->def = find_or_log(name, groups, place);
	if (out->def == NULL)
		return -1;
	text_printable(name, shown, sizeof shown);
	if (out->def->refused != NULL) {
		log_error("%s: option \"%s\" %s", place, shown, out->def->refused);
		return -1;
	}
	out->text = written(out->def, name, value);
	if (out->text == NULL) {
		log_error("%s: out of memory", place);
		return -1;
	}
	if (read_value(out, value, why) != 0) {
		log_error("%s: option \"%s\": %s", place, shown, why);
		opt_value_free(out);
		return -1;
	}
	return 0;
}

void opt_value_free(struct opt_value *value)
{
	free(value->text);
	free(value->string);
	free(value->data.bytes);
	memset(value, 0, sizeof *value);
}

/* The definition of the option whose name stands before this "=", or NULL. */
static const struct optdef *named_before(const char *text, const char *equals)
{
	const char *name = equals;
	char copy[64];

	while (name > text && (isalnum((unsigned char)name[-1]) || name[-1] == '-'))
		name--;
	if ((size_t)(equals - name) >= sizeof copy)
		return NULL;
	memcpy(copy, name, (size_t)(equals - name));
	copy[equals - name] = '\0';
	return opt_find(copy, -1);
}

void opt_hide_secrets(char *text)
{
	for (char *at = strchr(text, '='); at != NULL; at = strchr(at + 1, '=')) {
		const struct optdef *def = named_before(text, at);

		if (def == NULL || def->kind != K_SECRET)
			continue;
		for (unsigned dots = 0; dots < 3 && at[1] != '\0'; dots++)
			*++at = '.';
		at[1] = '\0';
		return;
	}
}

int opts_apply(const struct opt_value *opts, size_t count, enum opt_phase phase,
               const struct opt_target *target)
{
	for (size_t i = 0; i < count; i++) {
		const struct optdef *def = opts[i].def;

		if (def->phase != phase || def->apply == NULL)
			continue;
		if (def->apply(&opts[i], target) != 0 && !sloppy)
			return -1;
	}
	return phase == PH_FD ? opts_apply_terminal(opts, count, target) : 0;
}

int opts_apply_terminal(const struct opt_value *opts, size_t count, const struct opt_target *target)
{
	return termios_apply(opts, count, target) != 0 && !sloppy ? -1 : 0;
}
