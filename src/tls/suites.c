/* Lists of cipher suites.
 *
 * All suites are in a row, each idle, chosen or dead. A key word acts on the suites it selects:
 * plain, the idle ones become chosen and go to the end; with "+" the chosen ones go to the end; with
 * "-" the chosen ones become idle and go to the beginning; with "!" they are dead for good. What is
 * chosen at last, in the order of the row, is the list. */
#include "tls/suites.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sys/text.h"
#include "tls/suite_table.h"

/* Longest word of a list; IANA's longest name has 45 characters. */
enum { WORD_SIZE = 64, SUITES_MAX = BR_MAX_CIPHER_SUITES, LEVEL_MAX = 5 };

enum fate { IDLE, CHOSEN, DEAD };

struct row {
	const struct suite *suites[SUITES_MAX];
	enum fate fate[SUITES_MAX];    /* of the suite at the same place */
	size_t count;
	int level;                     /* of @SECLEVEL */
	char *why;
	size_t size;
};

static void row_init(struct row *row, char *why, size_t size)
{
	row->count = tls_suite_count;
	for (size_t i = 0; i < row->count; i++) {
		row->suites[i] = &tls_suite_table[i];
		row->fate[i] = IDLE;
	}
	row->level = 0;
	row->why = why;
	row->size = size;
	if (size > 0)
		why[0] = '\0';
}

/* What one element selects: the suites that have one of the traits of each word, or one suite. */
struct selection {
	const struct suite *suite;     /* NULL: by the words' traits */
	unsigned traits[8];
	size_t count;
	bool nothing;                  /* one of the words stands for what BearSSL hasn't */
};

static bool selects(const struct selection *selection, const struct suite *suite)
{
	if (selection->nothing)
		return false;
	if (selection->suite != NULL && selection->suite != suite)
		return false;
	for (size_t i = 0; i < selection->count; i++)
		if ((selection->traits[i] & suite->traits) == 0)
			return false;
	return true;
}

/* Give the selected suites of one fate another one and move them to one end of the row, all
 * others staying in their order. */
static void move(struct row *row, const struct selection *selection, enum fate from, enum fate to,
                 bool to_end)
{
	struct row old = *row;
	size_t at = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < old.count; i++) {
			bool hit = old.fate[i] == from && selects(selection, old.suites[i]);

			if (hit != (to_end == (pass == 1)))
				continue;
			row->suites[at] = old.suites[i];
			row->fate[at++] = hit ? to : old.fate[i];
		}
}

static void kill_selected(struct row *row, const struct selection *selection)
{
	for (size_t i = 0; i < row->count; i++)
		if (selects(selection, row->suites[i]))
			row->fate[i] = DEAD;
}

static int refuse_word(struct row *row, const char *word)
{
	struct nearest nearest;
	char shown[WORD_SIZE];

	nearest_init(&nearest, word);
	for (const struct suite_word *w = tls_suite_words; w->words != NULL; w++)
		nearest_try(&nearest, w->words);
	for (size_t i = 0; i < tls_suite_count; i++) {
		nearest_try(&nearest, tls_suite_table[i].name);
		nearest_try(&nearest, tls_suite_table[i].iana);
	}
	text_printable(word, shown, sizeof shown);
	if (nearest.best[0] != '\0')
		snprintf(row->why, row->size, "has the unknown cipher suite or key word \"%s\"; "
		         "did you mean \"%s\"?", shown, nearest.best);
	else
		snprintf(row->why, row->size, "has the unknown cipher suite or key word \"%s\"; see "
		         "ciphers(1)", shown);
	return -1;
}

/* Names of suites that OpenSSL has, or had, and BearSSL hasn't. */
static bool is_foreign_name(const char *word)
{
	static const char *const beginnings[] = {
		"DHE-", "EDH-", "DH-", "ADH-", "AECDH-", "SRP-", "EXP-", "EXP1024-", "DES-CBC-",
		"TLS_DHE_", "TLS_DH_", NULL
	};
	static const char *const parts[] = {
		"PSK-", "CAMELLIA", "ARIA", "RC4-", "RC4_", "NULL-", "_NULL_", "SEED-", "IDEA-",
		"GOST", "_PSK_", NULL
	};

	for (const char *const *b = beginnings; *b != NULL; b++)
		if (strncasecmp(word, *b, strlen(*b)) == 0)
			return true;
	for (const char *const *p = parts; *p != NULL; p++)
		if (strcasestr(word, *p) != NULL && strpbrk(word, "-_") != NULL)
			return true;
	return false;
}

/* Add a word to the selection. Returns 0, or -1 with the reason in why. */
static int select_word(struct row *row, struct selection *selection, const char *word)
{
	for (const struct suite_word *w = tls_suite_words; w->words != NULL; w++)
		if (word_in_list(word, w->words)) {
			if (w->traits == 0)
				selection->nothing = true;
			else if (selection->count < sizeof selection->traits / sizeof(unsigned))
				selection->traits[selection->count++] = w->traits;
			else {
				snprintf(row->why, row->size, "has too many key words with \"+\"");
				return -1;
			}
			return 0;
		}
	for (size_t i = 0; i < tls_suite_count; i++) {
		const struct suite *suite = &tls_suite_table[i];

		if (strcasecmp(word, suite->name) != 0 && strcasecmp(word, suite->iana) != 0)
			continue;
		if (selection->suite != NULL && selection->suite != suite)
			selection->nothing = true;
		selection->suite = suite;
		return 0;
	}
	if (!is_foreign_name(word))
		return refuse_word(row, word);
	selection->nothing = true;
	return 0;
}

/* Suites of our own default, in its order. */
static void choose_default(struct row *row)
{
	struct tls_suites suites = { .count = 0 };

	tls_suites_default(&suites);
	for (size_t i = 0; i < suites.count; i++)
		for (size_t k = 0; k < tls_suite_count; k++)
			if (tls_suite_table[k].id == suites.list[i])
				move(row, &(struct selection){ .suite = &tls_suite_table[k] }, IDLE,
				     CHOSEN, true);
}

/* Put an element that has selected nothing on the list of those, in why. */
static void note_missing(struct row *row, const char *element, size_t length)
{
	size_t used = strlen(row->why);

	if (used + 1 < row->size)
		snprintf(row->why + used, row->size - used, "%s%.*s", used > 0 ? ", " : "",
		         (int)length, element);
}

static void sort_by_strength(struct row *row)
{
	static const unsigned strengths[] = {
		SUITE_AES256 | SUITE_CHACHA20, SUITE_AES128, SUITE_3DES
	};

	for (size_t i = 0; i < sizeof strengths / sizeof *strengths; i++)
		move(row, &(struct selection){ .traits = { strengths[i] }, .count = 1 }, CHOSEN,
		     CHOSEN, true);
}

/* "@STRENGTH", "@SECLEVEL=n". Returns 0, or -1 with the reason in why. */
static int command(struct row *row, const char *word)
{
	static const char level[] = "SECLEVEL=";

	if (strcasecmp(word, "STRENGTH") == 0) {
		sort_by_strength(row);
		return 0;
	}
	if (strncasecmp(word, level, sizeof level - 1) == 0) {
		const char *digit = word + sizeof level - 1;

		if (*digit >= '0' && *digit <= '0' + LEVEL_MAX && digit[1] == '\0') {
			row->level = *digit - '0';
			return 0;
		}
	}
	snprintf(row->why, row->size, "has \"@%s\", which is neither @STRENGTH nor @SECLEVEL=0 to "
	         "@SECLEVEL=%d", word, LEVEL_MAX);
	return -1;
}

static bool is_word_character(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.' || c == '=';
}

/* Take a word from the text. Returns its length, at most what fits: 0 if there is none. */
static size_t take_word(const char *text, char word[WORD_SIZE])
{
	size_t length = 0;

	while (length < WORD_SIZE - 1 && is_word_character(text[length])) {
		word[length] = text[length];
		length++;
	}
	word[length] = '\0';
	return length;
}

static void act(struct row *row, const struct selection *selection, char sign)
{
	switch (sign) {
	case '!':
		kill_selected(row, selection);
		break;
	case '-':
		move(row, selection, CHOSEN, IDLE, false);
		break;
	case '+':
		move(row, selection, CHOSEN, CHOSEN, true);
		break;
	default:
		move(row, selection, IDLE, CHOSEN, true);
	}
}

/* One element: words joined by "+". Returns its length, or 0 with the reason in why. */
static size_t element(struct row *row, const char *text, char sign)
{
	struct selection selection = { .count = 0 };
	char word[WORD_SIZE];
	size_t length = 0;

	for (;;) {
		size_t part = take_word(text + length, word);

		if (part == 0 && text[length] == '\0') {
			snprintf(row->why, row->size, "ends where a cipher suite or key word should be");
			return 0;
		}
		if (part == 0) {
			char rest[16];

			snprintf(row->why, row->size, "has no cipher suite or key word before \"%s\"",
			         text_printable(text + length, rest, sizeof rest));
			return 0;
		}
		if (select_word(row, &selection, word) != 0)
			return 0;
		length += part;
		if (text[length] != '+')
			break;
		length++;
	}
	if (sign == '\0' && length == 7 && strcasecmp(word, "DEFAULT") == 0)
		choose_default(row);
	else
		act(row, &selection, sign);
	if (sign == '\0' && selection.nothing)
		note_missing(row, text, length);
	return length;
}

/* What the security level demands of a suite, as OpenSSL's SSL_CTX_set_security_level(3) has it. */
static bool good_enough(const struct suite *suite, int level)
{
	if (level >= 3 && (suite->traits & (SUITE_KX_ECDHE)) == 0)
		return false;
	if (level >= 3 && (suite->traits & SUITE_3DES) != 0)
		return false;
	return level < 4 || (suite->traits & (SUITE_AES128 | SUITE_SHA1)) == 0;
}

/* Read the whole text. Returns 0, or -1 with the reason in why. */
static int read_list(struct row *row, const char *text)
{
	char word[WORD_SIZE] = "";

	while (*text != '\0') {
		char sign = '\0';
		size_t length;

		if (strchr(":,; ", *text) != NULL) {
			text++;
			continue;
		}
		if (*text == '@') {
			text += 1 + take_word(text + 1, word);
			if (command(row, word) != 0)
				return -1;
			continue;
		}
		if (strchr("!-+", *text) != NULL)
			sign = *text++;
		length = element(row, text, sign);
		if (length == 0)
			return -1;
		text += length;
	}
	return 0;
}

int tls_suites_parse(struct tls_suites *suites, const char *text, char *why, size_t size)
{
	struct row row;

	suites->count = 0;
	row_init(&row, why, size);
	if (read_list(&row, text) != 0)
		return -1;
	for (size_t i = 0; i < row.count; i++)
		if (row.fate[i] == CHOSEN && good_enough(row.suites[i], row.level))
			suites->list[suites->count++] = row.suites[i]->id;
	if (suites->count > 0)
		return 0;
	snprintf(why, size, "selects none of the cipher suites that BearSSL has");
	return -1;
}

void tls_suites_default(struct tls_suites *suites)
{
	static const uint16_t chacha20[] = {
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	};
	static const uint16_t gcm[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	};
	static const uint16_t rest[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, BR_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		BR_TLS_RSA_WITH_AES_128_GCM_SHA256, BR_TLS_RSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_RSA_WITH_AES_128_CBC_SHA256, BR_TLS_RSA_WITH_AES_256_CBC_SHA256,
		BR_TLS_RSA_WITH_AES_128_CBC_SHA, BR_TLS_RSA_WITH_AES_256_CBC_SHA,
	};
	enum { CHACHA20_COUNT = sizeof chacha20 / sizeof *chacha20,
	       GCM_COUNT = sizeof gcm / sizeof *gcm };
	bool fast = br_aes_x86ni_ctr_get_vtable() != NULL || br_aes_pwr8_ctr_get_vtable() != NULL;
	uint16_t *list = suites->list;

	memcpy(list + (fast ? GCM_COUNT : 0), chacha20, sizeof chacha20);
	memcpy(list + (fast ? 0 : CHACHA20_COUNT), gcm, sizeof gcm);
	memcpy(list + GCM_COUNT + CHACHA20_COUNT, rest, sizeof rest);
	suites->count = GCM_COUNT + CHACHA20_COUNT + sizeof rest / sizeof *rest;
}

const char *tls_suite_name(uint16_t suite)
{
	static char number[8];

	for (size_t i = 0; i < tls_suite_count; i++)
		if (tls_suite_table[i].id == suite)
			return tls_suite_table[i].name;
	snprintf(number, sizeof number, "0x%04X", suite);
	return number;
}
