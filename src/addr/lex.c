/* Words of an address: see lex.h. */
#include "addr/lex.h"

#include <stdlib.h>
#include <string.h>

/* Brackets in brackets: more than anybody writes, little enough for the stack. */
#define DEPTH_MAX 100

/* The state of one word. Everything read is at most as long as what was written, so the
 * word's buffer has the size of the whole address. */
struct scan {
	const char *at;
	char *out;
	const char *error;
	char unclosed;
	bool plain;         /* quotes and brackets within "..." mean nothing */
};

int lexer_init(struct lexer *lexer, const char *text)
{
	*lexer = (struct lexer){.at = text, .word = malloc(strlen(text) + 1)};
	return lexer->word != NULL ? 0 : -1;
}

void lexer_done(struct lexer *lexer)
{
	free(lexer->word);
	lexer->word = NULL;
}

static bool take_escape(struct scan *scan)
{
	static const char letters[] = "nrtfba", codes[] = "\n\r\t\f\b\a";
	const char *letter;
	char c = scan->at[1];

	if (c == '\0') {
		scan->error = "ends with a backslash that escapes nothing";
		return false;
	}
	if (c == '0') {
		scan->error = "contains \\0: no parameter or value can hold a NUL character";
		return false;
	}
	letter = strchr(letters, c);
	*scan->out++ = letter != NULL ? codes[letter - letters] : c;
	scan->at += 2;
	return true;
}

static char closing(char opening)
{
	switch (opening) {
	case '(': return ')';
	case '[': return ']';
	case '{': return '}';
	default: return opening;
	}
}

static bool opens(char c)
{
	return c == '(' || c == '[' || c == '{' || c == '\'' || c == '"';
}

static bool separates(const char *at)
{
	return *at == ',' || *at == ':' || (at[0] == '!' && at[1] == '!');
}

/* Take a quoted or bracketed part. Only the outermost quotes vanish. Returns false with an
 * error, or if a quote is not closed. */
static bool take_group(struct scan *scan, int depth)
{
	char opening = *scan->at, end = closing(opening);
	bool quote = opening == '"' || opening == '\'', keep = !quote || depth > 0;
	bool literal = opening == '\'' || (opening == '"' && scan->plain && depth == 0);
	bool hides = false;

	if (depth > DEPTH_MAX) {
		scan->error = "nests brackets too deeply";
		return false;
	}
	if (keep)
		*scan->out++ = *scan->at;
	scan->at++;
	while (*scan->at != end) {
		if (*scan->at == '\0') {
			/* An apostrophe within brackets is not worth an error. */
			if (depth == 0 && quote)
				return false;
			if (hides && scan->unclosed == '\0')
				scan->unclosed = opening;
			return true;
		}
		hides = hides || separates(scan->at);
		if (*scan->at == '\\') {
			if (!take_escape(scan))
				return false;
		} else if (!literal && opens(*scan->at)) {
			if (!take_group(scan, depth + 1))
				return false;
		} else {
			*scan->out++ = *scan->at++;
		}
	}
	if (keep)
		*scan->out++ = end;
	scan->at++;
	return true;
}

/* Within "..." the other quotes and brackets nest, as in the original. Where that finds no
 * end ("it's"), they are taken as ordinary characters instead. */
static bool take_outer_group(struct scan *scan)
{
	struct scan start = *scan;

	if (take_group(scan, 0))
		return true;
	if (scan->error == NULL && *start.at == '"') {
		*scan = start;
		scan->plain = true;
		if (take_group(scan, 0)) {
			scan->plain = false;
			return true;
		}
	}
	if (scan->error == NULL)
		scan->error = *start.at == '"' ? "has a quote (\") without its end"
		                               : "has a quote (') without its end";
	return false;
}

/* The only character that ends an argument. */
static const char arguments[] = " ";

static enum lex_end separator(const char *at, const char *stops)
{
	if (stops == arguments)
		return *at == ' ' ? LEX_SPACE : LEX_END;
	if (*at == ',')
		return LEX_COMMA;
	if (at[0] == '!' && at[1] == '!')
		return LEX_DUAL;
	if (strchr(stops, *at) == NULL)
		return LEX_END;
	return *at == ':' ? LEX_COLON : LEX_EQUALS;
}

enum lex_end lexer_next(struct lexer *lexer, const char *stops)
{
	struct scan scan = {.at = lexer->at, .out = lexer->word};
	enum lex_end end = LEX_END;

	while (*scan.at != '\0') {
		bool good = true;

		end = separator(scan.at, stops);
		if (end != LEX_END)
			break;
		if (*scan.at == '\\')
			good = take_escape(&scan);
		else if (opens(*scan.at))
			good = take_outer_group(&scan);
		else
			*scan.out++ = *scan.at++;
		if (!good) {
			lexer->error = scan.error;
			return LEX_ERROR;
		}
	}
	*scan.out = '\0';
	if (scan.unclosed != '\0')
		lexer->unclosed = scan.unclosed;
	lexer->at = scan.at + (end == LEX_DUAL ? 2 : end == LEX_END ? 0 : 1);
	return end;
}

enum lex_end lexer_next_argument(struct lexer *lexer)
{
	lexer->at += strspn(lexer->at, arguments);
	return lexer_next(lexer, arguments);
}
