/* From an address as written to a checked spec. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/addr.h"
#include "addr/lex.h"
#include "addr/proxy_options.h"
#include "addr/via.h"
#include "sys/log.h"
#include "sys/text.h"

#define ADDRESS_MAX 65536
#define SHOWN_SIZE 240

/* What one parse needs at hand. */
struct parser {
	struct lexer lexer;
	char *start;                  /* the single address and what follows, for messages */
	struct spec *spec;
	int64_t groups;
};

/* The whole address for messages, printable and bounded. Static: there is one parser at a
 * time, and a message is written before the next. */
static const char *shown(const char *text)
{
	static char buffer[SHOWN_SIZE];

	return text_printable(text, buffer, sizeof buffer);
}

static void *no_memory(void)
{
	log_error("out of memory while reading an address");
	return NULL;
}

static void spec_free(struct spec *spec)
{
	if (spec == NULL)
		return;
	for (unsigned i = 0; i < spec->param_count; i++)
		free(spec->params[i]);
	for (size_t i = 0; i < spec->opt_count; i++)
		opt_value_free(&spec->opts[i]);
	address_free(spec->via);
	free(spec->params);
	free(spec->opts);
	free(spec->text);
	free(spec);
}

void address_free(struct address *address)
{
	if (address == NULL)
		return;
	if (address->writer != address->reader)
		spec_free(address->writer);
	spec_free(address->reader);
	free(address);
}

static const struct addr_type *find_type(const char *name)
{
	for (const struct addr_type *const *type = addr_types; *type != NULL; type++)
		if (word_in_list(name, (*type)->name) || word_in_list(name, (*type)->aliases))
			return *type;
	return NULL;
}

static void log_unknown_type(const char *name)
{
	struct nearest nearest;

	for (const struct addr_type_impossible *type = addr_types_impossible; type->names != NULL;
	     type++)
		if (word_in_list(name, type->names)) {
			log_error("address type \"%s\" %s", shown(name), type->reason);
			return;
		}
	if (*name == '\0') {
		log_error("unknown device/address \"\": the address type is missing");
		return;
	}
	nearest_init(&nearest, name);
	for (const struct addr_type *const *type = addr_types; *type != NULL; type++) {
		nearest_try(&nearest, (*type)->name);
		nearest_try(&nearest, (*type)->aliases);
	}
	if (nearest.best[0] != '\0')
		log_error("unknown device/address \"%s\"; did you mean \"%s\"?", shown(name),
		          nearest.best);
	else
		log_error("unknown device/address \"%s\"; option -h lists the types there are",
		          shown(name));
}

/* Append a copy. Returns 0, or -1 (logged). */
static int add_param(struct spec *spec, const char *word)
{
	char **params = realloc(spec->params, (spec->param_count + 1) * sizeof *params);

	if (params == NULL) {
		no_memory();
		return -1;
	}
	spec->params = params;
	params[spec->param_count] = strdup(word);
	if (params[spec->param_count] == NULL) {
		no_memory();
		return -1;
	}
	spec->param_count++;
	return 0;
}

static int check_param_count(const struct spec *spec, const char *name)
{
	const struct addr_type *type = spec->type;
	unsigned wanted = spec->param_count > type->max_params ? type->max_params
	                                                       : type->min_params;

	if (spec->param_count >= type->min_params && spec->param_count <= type->max_params)
		return 0;
	log_error("%s: wrong number of parameters (%u instead of %u): usage: %s%s", shown(name),
	          spec->param_count, wanted, name,
	          type->syntax != NULL ? type->syntax : "");
	return -1;
}

static enum lex_end syntax_error(struct parser *parser)
{
	log_error("%s: the address %s", shown(parser->start), parser->lexer.error);
	return LEX_ERROR;
}

/* "-" and the types whose keyword may be left out: a name with a slash is a GOPEN address, a
 * number an FD address. Returns the type's name, or NULL if a keyword was written. */
static const char *implied_type(const char *word)
{
	if (strchr(word, '/') != NULL)
		return "GOPEN";
	if (*word != '\0' && word[strspn(word, "0123456789")] == '\0')
		return "FD";
	return NULL;
}

/* The type and the parameters. Returns what ended them, LEX_ERROR after a log line. */
static enum lex_end parse_head(struct parser *parser)
{
	struct spec *spec = parser->spec;
	enum lex_end end = lexer_next(&parser->lexer, ":");
	const char *implied;
	char *name;

	if (end == LEX_ERROR)
		return syntax_error(parser);
	implied = implied_type(parser->lexer.word);
	name = strdup(implied != NULL ? implied : parser->lexer.word);
	if (name == NULL) {
		no_memory();
		return LEX_ERROR;
	}
	spec->type = find_type(name);
	if (spec->type == NULL) {
		log_unknown_type(name);
		end = LEX_ERROR;
	} else if (implied != NULL && add_param(spec, parser->lexer.word) != 0) {
		end = LEX_ERROR;
	}
	while (end == LEX_COLON) {
		end = lexer_next(&parser->lexer, ":");
		if (end == LEX_ERROR)
			syntax_error(parser);
		else if (add_param(spec, parser->lexer.word) != 0)
			end = LEX_ERROR;
	}
	if (end != LEX_ERROR && check_param_count(spec, name) != 0)
		end = LEX_ERROR;
	free(name);
	return end;
}

/* Read "name" or "name=value" behind a comma. Empty options are skipped. */
static enum lex_end parse_option(struct parser *parser)
{
	struct spec *spec = parser->spec;
	enum lex_end end = lexer_next(&parser->lexer, "=");
	struct opt_value *opts;
	char *name;
	bool valued = end == LEX_EQUALS;

	if (end == LEX_ERROR)
		return syntax_error(parser);
	if (*parser->lexer.word == '\0' && !valued)
		return end;
	opts = realloc(spec->opts, (spec->opt_count + 1) * sizeof *opts);
	if (opts != NULL)
		spec->opts = opts;
	name = strdup(parser->lexer.word);
	if (opts == NULL || name == NULL) {
		no_memory();
		end = LEX_ERROR;
		goto free_name;
	}
	if (valued)
		end = lexer_next(&parser->lexer, "");
	if (end == LEX_ERROR)
		syntax_error(parser);
	else if (opt_read(&opts[spec->opt_count], name, valued ? parser->lexer.word : NULL,
	                  parser->groups, parser->start) != 0)
		end = LEX_ERROR;
	else
		spec->opt_count++;
free_name:
	free(name);
	return end;
}

/* An address that can do only one of two directions is used for that one, with a warning; one
 * that can do nothing of what is wanted is an error. */
static int check_direction(struct spec *spec, int direction)
{
	static const char *const modes[] = {
		[ADDR_READ] = "read-only", [ADDR_WRITE] = "write-only",
		[ADDR_BOTH] = "read-write",
	};
	int can = spec->type->directions;

	spec->direction = direction & can;
	if (spec->direction == direction)
		return 0;
	if (spec->direction == 0) {
		log_error("%s: address type %s is %s, but it is opened in %s mode here",
		          shown(spec->text), spec->type->name, modes[can], modes[direction]);
		return -1;
	}
	log_warn("%s: address is opened in read-write mode but only supports %s",
	         shown(spec->text), modes[can]);
	return 0;
}

static void warn_unclosed(const struct parser *parser)
{
	if (parser->lexer.unclosed != '\0')
		log_warn("%s: \"%c\" is never closed, so separators behind it are taken literally",
		         shown(parser->start), parser->lexer.unclosed);
}

/* Of an address as written, without passwords. Returns NULL (logged) or a copy. */
static char *copy_for_messages(const char *text, size_t length)
{
	char *copy = strndup(text, length);

	if (copy == NULL)
		return no_memory();
	opt_hide_secrets(copy);
	return copy;
}

/* Parse from the lexer's place up to the end or "!!". */
static struct spec *parse_single(struct parser *parser, int direction, enum lex_end *end,
                                 const struct parse_settings *settings)
{
	struct spec *spec = calloc(1, sizeof *spec);
	const char *from;

	if (spec == NULL)
		return no_memory();
	parser->spec = spec;
	from = parser->lexer.at;
	parser->start = copy_for_messages(from, strlen(from));
	if (parser->start == NULL)
		goto fail;
	*end = parse_head(parser);
	if (*end == LEX_ERROR)
		goto fail;
	parser->groups = settings != NULL && settings->any_group ? -1 : spec->type->groups;
	while (*end == LEX_COMMA)
		*end = parse_option(parser);
	if (*end == LEX_ERROR)
		goto fail;
	warn_unclosed(parser);
	spec->text = copy_for_messages(from, (size_t)(parser->lexer.at - from)
	                                     - (*end == LEX_DUAL ? 2 : 0));
	if (spec->text == NULL)
		goto fail;
	if (check_direction(spec, direction) != 0)
		goto fail;
	if (via_parse(spec, settings) != 0)
		goto fail;
	if (proxy_options_check(spec) != 0)
		goto fail;
	if (spec->type->check != NULL && spec->type->check(spec) != 0)
		goto fail;
	free(parser->start);
	return spec;
fail:
	free(parser->start);
	spec_free(spec);
	return NULL;
}

/* One or two single addresses. Returns 0, or -1 with an error logged. */
static int parse_both(struct parser *parser, struct address *address, int direction,
                      const struct parse_settings *settings)
{
	bool dual = false;
	enum lex_end end;

	/* Which direction the first one has depends on whether there is a second one: look
	 * ahead, an error shows up again when it is parsed. */
	struct lexer ahead;

	if (lexer_init(&ahead, parser->lexer.at) != 0) {
		no_memory();
		return -1;
	}
	do {
		end = lexer_next(&ahead, "");
		dual = end == LEX_DUAL;
	} while (end == LEX_COMMA);
	lexer_done(&ahead);

	address->reader = parse_single(parser, dual ? ADDR_READ : direction, &end, settings);
	address->writer = address->reader;
	if (address->reader == NULL)
		return -1;
	if (!dual)
		return 0;
	if (direction != ADDR_BOTH)
		log_warn("unidirectional open of dual address");
	address->writer = parse_single(parser, ADDR_WRITE, &end, settings);
	if (address->writer == NULL)
		return -1;
	if (end == LEX_DUAL) {
		log_error("an address can be made of two with \"!!\" once; there is another one at "
		          "\"!!%s\"", shown(parser->lexer.at));
		return -1;
	}
	return 0;
}

struct address *address_parse(const char *text, int direction,
                              const struct parse_settings *settings)
{
	struct parser parser = {.start = NULL};
	struct address *address;

	if (strlen(text) > ADDRESS_MAX) {
		log_error("%s: the address is longer than %d bytes", shown(text), ADDRESS_MAX);
		return NULL;
	}
	address = calloc(1, sizeof *address);
	if (address == NULL)
		return no_memory();
	if (lexer_init(&parser.lexer, text) != 0) {
		free(address);
		return no_memory();
	}
	if (parse_both(&parser, address, direction, settings) != 0) {
		address_free(address);
		address = NULL;
	}
	lexer_done(&parser.lexer);
	return address;
}
