/* Addresses: what the user writes, and the types there are.
 *
 * A spec is a single address after parsing: type, parameters, typed options. It never
 * changes, so one spec can be opened a thousand times. An address has a spec for reading
 * and one for writing; they are the same object unless it was written "a!!b".
 */
#ifndef ADDR_ADDR_H
#define ADDR_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opt/opt.h"

enum addr_direction { ADDR_READ = 1, ADDR_WRITE = 2, ADDR_BOTH = 3 };

struct spec;
struct open_request;
struct opening;
struct listener;
struct listen_request;
struct upgrade_request;

struct addr_type {
	const char *name;       /* canonical, upper case */
	const char *aliases;    /* separated by spaces, or NULL */
	const char *syntax;     /* parameters as -h shows them: ":<host>:<port>" */
	const char *feature;    /* "WITH_..." of -V */
	unsigned min_params, max_params;
	int64_t groups;
	int directions;         /* what it can do: ADDR_READ, ADDR_WRITE or both */
	int family;             /* AF_UNSPEC, AF_INET ... for types that share functions */
	bool raw_ip;            /* no ports; IPv4's header is taken off what is received */
	bool carries;           /* connects to something that others can run on: see option via */
	bool awaits;            /* opening waits for a peer: with fork it is opened again at once */
	/* Check parameters and combinations of options, opening nothing. Returns 0, or -1
	 * with an error logged. NULL: nothing to check beyond the counts. */
	int (*check)(const struct spec *spec);
	/* Read what is in files, once, before anything is opened; NULL: nothing. Returns 0, or -1
	 * with an error logged. */
	int (*prepare)(const struct spec *spec);
	/* Read it anew (SIGHUP); what can't be read is kept as it was. Returns 0, or -1 with an
	 * error logged; 1 if this address has nothing to read. */
	int (*reload)(const struct spec *spec);
	/* Start opening one channel: see addr/open.h. NULL for types that only listen. */
	struct opening *(*open)(const struct spec *spec, const struct open_request *request);
	/* Start listening: see addr/open.h. NULL for types that don't. */
	struct listener *(*listen)(const struct spec *spec, const struct listen_request *request);
	/* NULL, or: what a listener has accepted is not ready for data yet. See addr/open.h. */
	struct opening *(*upgrade)(const struct spec *spec, const struct upgrade_request *request);
};

struct spec {
	const struct addr_type *type;
	char *text;             /* the single address as written, but for passwords */
	char **params;
	unsigned param_count;
	struct opt_value *opts;
	size_t opt_count;
	struct address *via;    /* what makes its connection (option via), or NULL */
	const struct spec *above; /* the address whose via this is, or NULL */
	/* How it is going to be used: ADDR_...; only what the type can do. A warning was logged
	 * if the user asked for more. */
	int direction;
};

struct address {
	struct spec *reader;
	struct spec *writer;    /* same as reader unless the address is "a!!b" */
};

/* addr/table.c: the only list of types; ends with NULL. */
extern const struct addr_type *const addr_types[];
/* Types of the catalogue that there are not. The list ends with names of NULL. */
struct addr_type_impossible {
	const char *names;      /* "NAME alias alias" */
	const char *reason;     /* why, and what to use instead */
};
extern const struct addr_type_impossible addr_types_impossible[];

struct parse_settings {
	bool any_group;         /* -g: don't check option groups */
};

/* Parse and check one address argument of the command line, to be used in the given
 * direction. Opens nothing. Returns NULL after one error line that names the word, its
 * place and the nearest valid one. */
struct address *address_parse(const char *text, int direction,
                              const struct parse_settings *settings);
void address_free(struct address *address);

/* Look up options by canonical name. The last one written wins. */
const struct opt_value *spec_opt(const struct spec *spec, const char *name);
bool spec_flag(const struct spec *spec, const char *name);
int64_t spec_number(const struct spec *spec, const char *name, int64_t otherwise);
const char *spec_string(const struct spec *spec, const char *name);
/* How often to try again (options retry and forever); -1: without end. */
int64_t spec_tries(const struct spec *spec);
/* Apply the options of one phase. path may be NULL, fd -1. Returns 0, or -1 (logged). */
int spec_apply(const struct spec *spec, enum opt_phase phase, int fd, const char *path);

#endif
