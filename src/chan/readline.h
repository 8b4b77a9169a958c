/* Lines from a terminal, edited before they are sent: a channel over one that reads and writes the
 * terminal. */
#ifndef CHAN_READLINE_H
#define CHAN_READLINE_H

#include "chan/chan.h"
#include "chan/editor.h"

/* below: it is owned from now on. terminal: a descriptor of the terminal, which stays the caller's
 * and open; its settings are changed while lines are edited, and restoring them at the end is up to
 * the caller (terminal_keep()). The editor is owned, too. Returns NULL with errno set; below and
 * editor are still the caller's then. */
struct channel *readline_new(struct channel *below, struct editor *editor, int terminal);

#endif
