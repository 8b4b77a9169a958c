/* Which options of an address that runs a program go together. */
#ifndef ADDR_PROGRAM_CHECK_H
#define ADDR_PROGRAM_CHECK_H

#include "addr/addr.h"

/* Returns 0, or -1 with an error logged. */
int program_check(const struct spec *spec);

#endif
