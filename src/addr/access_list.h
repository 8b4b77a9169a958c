/* The networks of options range and range-file of an address: who may connect. Made once, and
 * shared by all that listen for the address, now or later; SIGHUP reads the files again. */
#ifndef ADDR_ACCESS_LIST_H
#define ADDR_ACCESS_LIST_H

#include <sys/socket.h>

#include "addr/addr.h"

struct access_list;

/* Check options range, opening nothing. Returns 0, or -1 (logged). */
int access_list_check(const struct spec *spec);
/* The same for a socket whose family is known: its IP version. */
int access_list_check_family(const struct spec *spec, int family);

/* Make the list, reading the files, once, before anything is opened; nothing to do without these
 * options. Returns 0, or -1 (logged). */
int access_list_prepare(const struct spec *spec);
/* Read the files again; if that fails the list stays as it was. Both is logged. Returns false if
 * there are none. */
bool access_list_reload(const struct spec *spec);

/* The list that was made; NULL: the address has none. */
const struct access_list *access_list_of(const struct spec *spec);

/* The name of the option that refuses this peer, or NULL if it may connect. peer: as for
 * range_match(). */
const char *access_list_refuses(const struct access_list *list, const struct sockaddr *peer);

#endif
