/* What two addresses may not ask for together. */
#ifndef ADDR_COMBINE_H
#define ADDR_COMBINE_H

#include "addr/addr.h"

/* Check both addresses of a run against each other, opening nothing. Returns 0, or -1 after
 * one error line. */
int addresses_check(const struct address *left, const struct address *right);

/* The same for several processes that serve one address (--workers). */
int addresses_check_workers(const struct address *left, const struct address *right,
                            unsigned workers);

#endif
