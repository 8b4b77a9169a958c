/* The networks of an address: see access_list.h. */
#include "addr/access_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr/ip.h"
#include "addr/network_table.h"
#include "addr/proxy_options.h"
#include "addr/range.h"
#include "addr/range_file.h"
#include "sys/error.h"
#include "sys/log.h"

struct access_list {
	struct access_list *next;
	const struct spec *spec;
	struct network_table *table;
};

/* All there are: at most one for each spec of the command line, for as long as we run. */
static struct access_list *lists;

enum { OF_BYTES = -1 };

/* Which ranges an address has: AF_INET, AF_INET6 or AF_UNSPEC (both) of hosts, or OF_BYTES of any
 * other socket address. */
static int kind_of_ranges(const struct spec *spec)
{
	/* the clients of proxies can have any address */
	if (spec_accept_proxy(spec) != ACCEPT_PROXY_NONE)
		return AF_UNSPEC;
	return spec->type->groups & (G_IP4 | G_IP6) ? ip_family(spec) : OF_BYTES;
}

/* A value of option range; a "!" in front denies. */
static const char *parse_option(const char *text, int kind, struct range *range, unsigned *flags)
{
	*flags = *text == '!' ? NETWORK_DENIES : 0;
	text += *text == '!';
	return kind == OF_BYTES ? range_parse_bytes(range, text) : range_parse(range, text, kind);
}

/* Add all values of option range; table NULL: only check them. */
static int read_options(const struct spec *spec, int kind, struct network_table *table)
{
	for (size_t i = 0; i < spec->opt_count; i++) {
		const char *text = spec->opts[i].string, *why;
		struct range range;
		unsigned flags;

		if (strcmp(spec->opts[i].def->name, "range") != 0)
			continue;
		why = parse_option(text, kind, &range, &flags);
		if (why == NULL && table != NULL)
			why = network_table_add(table, &range, flags);
		if (why != NULL) {
			log_error("%s: option \"range\": \"%s\" %s", spec->text, text, why);
			return -1;
		}
	}
	return 0;
}

int access_list_check_family(const struct spec *spec, int family)
{
	return read_options(spec, family, NULL);
}

int access_list_check(const struct spec *spec)
{
	return read_options(spec, kind_of_ranges(spec), NULL);
}

static int read_files(const struct spec *spec, int kind, struct network_table *table)
{
	for (size_t i = 0; i < spec->opt_count; i++)
		if (strcmp(spec->opts[i].def->name, "range-file") == 0 &&
		    range_file_read(table, spec->opts[i].string, kind == OF_BYTES, spec->text) < 0)
			return -1;
	return 0;
}

/* Returns NULL after logging. */
static struct network_table *make_table(const struct spec *spec)
{
	struct network_table *table = network_table_new();
	int kind = kind_of_ranges(spec);

	if (table == NULL)
		goto no_memory;
	if (read_options(spec, kind, table) < 0 || read_files(spec, kind, table) < 0)
		goto failed;
	if (network_table_finish(table) == 0)
		return table;
no_memory:
	log_error("%s: %s", spec->text, error_text(errno));
failed:
	network_table_free(table);
	return NULL;
}

static void report(const struct access_list *list, const char *done)
{
	size_t count = network_table_count(list->table);

	if (spec_opt(list->spec, "range-file") == NULL)
		return;
	log_notice("%s: %zu network%s %s", list->spec->text, count, count == 1 ? "" : "s", done);
	if (count == 0)
		log_warn("%s: option \"range-file\": no network is listed, so nobody is refused",
		         list->spec->text);
}

int access_list_prepare(const struct spec *spec)
{
	struct access_list *list;

	if (spec_opt(spec, "range") == NULL && spec_opt(spec, "range-file") == NULL)
		return 0;
	list = calloc(1, sizeof(*list));
	if (list == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		return -1;
	}
	list->spec = spec;
	list->next = lists;
	lists = list;
	list->table = make_table(spec);
	if (list->table == NULL)
		return -1;
	report(list, "read");
	return 0;
}

static struct access_list *find(const struct spec *spec)
{
	struct access_list *list = lists;

	while (list != NULL && list->spec != spec)
		list = list->next;
	return list;
}

bool access_list_reload(const struct spec *spec)
{
	struct access_list *list = find(spec);
	struct network_table *table;

	if (list == NULL || spec_opt(spec, "range-file") == NULL)
		return false;
	table = make_table(spec);
	if (table == NULL) {
		log_error("%s: networks were not reloaded: those in use stay", spec->text);
		return true;
	}
	network_table_free(list->table);
	list->table = table;
	report(list, "reloaded");
	return true;
}

const struct access_list *access_list_of(const struct spec *spec)
{
	return find(spec);
}

const char *access_list_refuses(const struct access_list *list, const struct sockaddr *peer)
{
	int flags = network_table_find(list->table, peer);
	bool of_file = flags >= 0 ? (flags & NETWORK_FROM_FILE) != 0
	                          : spec_opt(list->spec, "range") == NULL;

	if (flags >= 0 ? !(flags & NETWORK_DENIES) : !network_table_allows(list->table))
		return NULL;
	return of_file ? "range-file" : "range";
}
