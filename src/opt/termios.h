/* Options of the group TERMIOS: settings of terminals. */
#ifndef OPT_TERMIOS_H
#define OPT_TERMIOS_H

#include "opt/opt.h"

/* Make all changes that options of the group ask for, at once, in the order written: drivers see
 * nothing of what lies between. What the driver did not accept is warned of. Returns 0, or -1
 * (logged). */
int termios_apply(const struct opt_value *opts, size_t count, const struct opt_target *target);

#endif
