/* Words of an address: quotes, brackets, escapes.
 *
 * The rules are those of the original's manual (ADDRESS SPECIFICATIONS) and, where it is
 * silent, of what the original does:
 *  - "..." and '...' take their contents literally and vanish; they may be in the middle of
 *    a word;
 *  - (...), [...] and {...} take their contents literally and stay; they nest with each
 *    other and with quotes, which then stay too. If one is never closed it reaches to the
 *    end of the address;
 *  - a backslash takes the next character literally, anywhere; \n \r \t \f \b \a are the
 *    control characters of C.
 */
#ifndef ADDR_LEX_H
#define ADDR_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum lex_end {
	LEX_END,       /* the address is over */
	LEX_COLON,     /* : */
	LEX_COMMA,     /* , */
	LEX_EQUALS,    /* = */
	LEX_DUAL,      /* !! */
	LEX_SPACE,     /* a space, of lexer_next_argument() only */
	LEX_ERROR      /* see lexer.error */
};

struct lexer {
	const char *at;        /* the next character, behind the separator */
	char *word;            /* the word just read, unquoted; the lexer's */
	const char *error;     /* a phrase, for LEX_ERROR */
	char unclosed;         /* a bracket that was never closed and hid separators, or 0 */
};

/* Returns 0, or -1 if there is no memory. text is not copied and must stay. */
int lexer_init(struct lexer *lexer, const char *text);
void lexer_done(struct lexer *lexer);

/* Read the next word, up to "," or "!!", or one of the other characters in stops (":" and
 * "="). Returns what ended it. */
enum lex_end lexer_next(struct lexer *lexer, const char *stops);

/* The same for the words of a command line, which only spaces separate; there may be several
 * before a word. Returns LEX_SPACE, LEX_END or LEX_ERROR. */
enum lex_end lexer_next_argument(struct lexer *lexer);

#endif
