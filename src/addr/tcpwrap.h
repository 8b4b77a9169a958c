/* Options tcpwrap and its tables: access control as hosts_access(5) describes it.
 *
 * The first rule of hosts.allow that matches grants, then the first rule of hosts.deny that
 * matches refuses, and who is in neither is granted. A table that does not exist is empty.
 *
 * A rule that asks for what is not implemented (netgroups, user names by ident, lists in
 * files, shell commands and other options in hosts.allow) refuses the connection, with a
 * warning: access control must not grant because it did not understand.
 */
#ifndef ADDR_TCPWRAP_H
#define ADDR_TCPWRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct tcpwrap {
	const char *daemon;    /* the value of option tcpwrap, or the program's name */
	const char *allow;     /* path of the table, or NULL for /etc/hosts.allow */
	const char *deny;      /* the same, /etc/hosts.deny */
};

struct tcpwrap_peer {
	const struct sockaddr *address;
	/* The peer's host name, NULL if it is unknown or was not looked up. */
	const char *host;
	/* True if the name was found, but has other addresses (PARANOID). */
	bool disputed;
	/* Set to true if a pattern asked for the name; NULL: nobody wants to know. The first
	 * answer then is void where the name was not looked up yet. */
	bool *name_asked;
	/* The address that the peer connected to, for patterns daemon@host; or NULL. */
	const struct sockaddr *local;
};

/* True if the peer may connect. Reads the tables, which are small, each time. */
bool tcpwrap_allows(const struct tcpwrap *wrap, const struct tcpwrap_peer *peer);

/* The same with a table's text instead of a file: does a rule match? 1: yes, 0: no, -1: the
 * matching can't be decided (a warning says why). name: of the table, for warnings. granting:
 * the table is hosts.allow, where options of rules can't be ignored. */
int tcpwrap_table_matches(const char *text, const char *name, bool granting,
                          const struct tcpwrap *wrap, const struct tcpwrap_peer *peer);

#endif
