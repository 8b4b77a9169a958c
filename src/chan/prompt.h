/* What the output of a peer has left on the last line of a terminal: that is the prompt of the line
 * that is going to be typed there. */
#ifndef CHAN_PROMPT_H
#define CHAN_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a longer line without an end the last part counts. */
enum { PROMPT_TEXT = 512, PROMPT_SHOWN = 1024 };

struct prompt {
	char shown[PROMPT_SHOWN];  /* as it was written, with colours and all */
	char text[PROMPT_TEXT];    /* what can be read of it; ends with NUL */
	unsigned shown_length, text_length;
	unsigned row, column;      /* where it ends, from its first row; column may be the width, as
	                            * terminals wrap before the next character only */
	uint8_t state;             /* within an escape sequence */
	unsigned number;           /* its first parameter */
	bool private;              /* it begins with "?" */
	char part[4];              /* of a character that has not come as a whole */
	uint8_t part_length;
	bool reset_modes;          /* a mode of the terminal was switched off, maybe one of ours */
};

/* This was written to a terminal that has so many columns. */
void prompt_output(struct prompt *prompt, const char *data, size_t length, unsigned columns);

/* The cursor is at the beginning of an empty line. */
void prompt_clear(struct prompt *prompt);

/* The prompt's place is that on a terminal of so many columns now. */
void prompt_measure(struct prompt *prompt, unsigned columns);

/* Has the output stopped within an escape sequence or a character? Then nothing else must be
 * written. */
bool prompt_unfinished(const struct prompt *prompt);

#endif
