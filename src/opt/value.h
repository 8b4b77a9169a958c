/* Inside the option engine: how the values of each kind are read. */
#ifndef OPT_VALUE_H
#define OPT_VALUE_H

#include "opt/opt.h"

/* Room for the reason a value is refused, with a part of the value in it. */
#define OPT_WHY_SIZE 256
/* Longest part of a value that is repeated in a message. */
#define OPT_SHOWN_SIZE 120

enum opt_presence {
	VALUE_NONE,     /* "=..." is an error */
	VALUE_MAY,      /* may be missing; it counts as 1, or as NULL if it is text */
	VALUE_NEEDED
};

struct opt_reader {
	const char *name;           /* of the kind, as the catalogue (-hhh) shows it */
	enum opt_presence presence;
	/* Read text into the members of *out that the kind uses. Returns 0, or -1 with the
	 * reason in why: a phrase after "option "name": ". What was allocated until then is
	 * freed by the caller. NULL for VALUE_NONE. */
	int (*read)(struct opt_value *out, const char *text, char *why);
};
extern const struct opt_reader opt_readers[K_COUNT];

/* Read an integer within the bounds, without anything around it: decimal, octal with a
 * leading 0, hexadecimal with 0x; base 8 or 10 if one of these is given instead of 0.
 * Returns 0, or -1 with the reason in why. */
int opt_read_integer(const char *text, int base, int64_t low, int64_t high, int64_t *number,
                     char *why);

/* The same for unsigned numbers; those above INT64_MAX wrap in *number. */
int opt_read_unsigned(const char *text, uint64_t high, int64_t *number, char *why);

/* Split "a:b:c" at the colons outside of [] into at most count parts, the last of which
 * takes the rest if rest is true. The parts are copies that the caller frees with
 * opt_free_parts(). Returns the number of parts kept; count + 1 if there were more, of which
 * count are kept; -1 if there is no memory, nothing is kept then. */
int opt_split(const char *text, char **parts, int count, bool rest);
void opt_free_parts(char **parts, int count);

/* Readers of network values, in net_value.c. */
int opt_read_mreqn(struct opt_value *out, const char *text, char *why);
int opt_read_mreq_source(struct opt_value *out, const char *text, char *why);
int opt_read_mreq6(struct opt_value *out, const char *text, char *why);
int opt_read_mreq6_source(struct opt_value *out, const char *text, char *why);
int opt_read_ip4name(struct opt_value *out, const char *text, char *why);
int opt_read_ip4sock(struct opt_value *out, const char *text, char *why);

#endif
