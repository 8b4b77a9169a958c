/* Channels over channels that work on the data: line ends, escape character, a limit on the
 * bytes read. */
#ifndef CHAN_LAYER_H
#define CHAN_LAYER_H

#include <stdint.h>

#include "chan/chan.h"

enum line_end {
	LINE_PLAIN,
	LINE_CR,     /* NL <-> CR */
	LINE_CRNL    /* NL -> CR NL when writing; CR dropped when reading */
};

struct layer_settings {
	enum line_end line_end;
	int escape;            /* character that means EOF when read; -1: none */
	int64_t read_limit;    /* bytes until EOF when reading; -1: none */
};

/* Returns the layer, which owns the channel below; NULL with errno set (the channel below
 * is still the caller's). */
struct channel *layer_new(struct channel *below, const struct layer_settings *settings);

/* Two channels as one: reads from one, writes to the other; owns both. */
struct channel *dual_new(struct channel *reader, struct channel *writer);

#endif
