/* Inside the family of terminals: what options do to settings. */
#ifndef OPT_TERMIOS_CHANGE_H
#define OPT_TERMIOS_CHANGE_H

#include "opt/opt.h"
#include "sys/termios2.h"

/* What an option is about: in major of its definition. */
enum subject {
	IFLAG, OFLAG, CFLAG, LFLAG,  /* minor: a bit of that word */
	FIELD, CHOICE,               /* a field of some bits, its mask next to this in major */
	CHARACTER,                   /* minor: which */
	SPEED, SPEED_IN, SPEED_OUT,
	RAW, RAWER, CFMAKERAW, SANE, /* many bits at once */
	WORD,                        /* a whole word */
	SIZE
};
#define SUBJECT(def) ((enum subject)((def)->major & 0xff))
#define MASK(def)    ((tcflag_t)(def)->major >> 8)

/* Do to the settings what the option says; nothing for SIZE. */
void termios_change(struct termios2 *settings, const struct opt_value *value);

/* To be called after all changes: an input speed that is the output's is not set on its own, as
 * some programs don't know that there can be two. */
void termios_join_speeds(struct termios2 *settings);

#endif
