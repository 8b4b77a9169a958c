/* -h and -V, made from the tables: they show what is really built. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "addr/addr.h"
#include "sys/version.h"

static const char about[] =
	"socat: an independent implementation of the socat command line, written from scratch;\n"
	"not by, nor supported by, the authors of the original\n";

static const char usage[] =
	"Usage:\n"
	"socat [options] <bi-address> <bi-address>\n"
	"   options (general command line options):\n"
	"      -V     print version and feature information to stdout, and exit\n"
	"      -h|-?  print a help text describing command line options and addresses\n"
	"      -hh    like -h, plus a list of all common address option names\n"
	"      -hhh   like -hh, plus a list of all available address option names\n"
	"      -d[ddd]        increase verbosity (use up to 4 times; 2 are recommended)\n"
	"      -d0|1|2|3|4    set verbosity level (0: Errors; 4 all including Debug)\n"
	"      -D     list the file descriptors before the transfer begins\n"
	"      --experimental accepted for compatibility, changes nothing\n"
	"      --statistics   output transfer statistics on exit\n"
	"      --grace <time> after SIGTERM let a server's sessions finish for this time\n"
	"                     (default: 5 as process 1, else 0)\n"
	"      --metrics [<host>:]<port>|<path>\n"
	"                     serve metrics for Prometheus, and probes, by HTTP\n"
	"      --healthcheck [<url>]  ask a running socat's --metrics if all is well, and exit\n"
	"      --workers <count> serve with so many processes; pays when the one process of\n"
	"                     a server keeps a core busy, not before (default: 1)\n"
	"      -ly[facility]  log to syslog, using facility (default is daemon)\n"
	"      -lf<logfile>   log to file\n"
	"      -ls            log to stderr (default if no other log)\n"
	"      -lm[facility]  mixed log mode (stderr during initialization, then syslog)\n"
	"      -lp<progname>  set the program name used for logging and vars\n"
	"      --log-format <format> text, or json: one object a line, and one for each session\n"
	"      -lu            use microseconds for logging timestamps\n"
	"      -lh            add hostname to log messages\n"
	"      -v     verbose text dump of data traffic\n"
	"      -x     verbose hexadecimal dump of data traffic\n"
	"      -r <file>      raw dump of data flowing from left to right\n"
	"      -R <file>      raw dump of data flowing from right to left\n"
	"      -b<size_t>     set data buffer size (65536)\n"
	"      -s     sloppy (continue on error)\n"
	"      -S<sigmask>    log these signals, override default\n"
	"      -t<timeout>    wait seconds before closing second channel\n"
	"      -T<timeout>    total inactivity timeout in seconds\n"
	"      -u     unidirectional mode (left to right)\n"
	"      -U     unidirectional mode (right to left)\n"
	"      -g     do not check option groups\n"
	"      -L <lockfile>  try to obtain lock, or fail\n"
	"      -W <lockfile>  try to obtain lock, or wait\n"
	"      -0     do not prefer an IP version\n"
	"      -4     prefer IPv4 if version is not explicitly specified\n"
	"      -6     prefer IPv6 if version is not explicitly specified\n"
	"   bi-address:  /* is an address that may act both as data sync and source */\n"
	"      <single-address>\n"
	"      <single-address>!!<single-address>\n"
	"   single-address:\n"
	"      <address-head>[,<opts>]\n"
	"   address-head:\n";

/* Print text that begins at a column, then tabs up to another one, as scripts that cut
 * fields expect them. Returns the column reached. */
static int print_to(const char *text, int column, int next)
{
	printf("%s", text);
	column += (int)strlen(text);
	do {
		printf("\t");
		column = column / 8 * 8 + 8;
	} while (column < next);
	return column;
}

enum { INDENT = 6, TYPE_COLUMN = 48, OPTION_COLUMN = 24, OPTION_STEP = 24 };

/* A line of a list: what it is, then the rest in a column. */
static void print_line(const char *name, const char *rest)
{
	printf("%*s", INDENT, "");
	print_to(name, INDENT, TYPE_COLUMN);
	printf("%s\n", rest);
}

struct line {
	char name[96];
	const struct addr_type *type;    /* one of these */
	const struct optdef *def;
	const char *canonical;           /* of an alias; else NULL */
};

static int compare_lines(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->name, ((const struct line *)b)->name);
}

struct list {
	struct line *lines;
	size_t count, room;
};

static struct line *add(struct list *list)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 512;
		struct line *lines = realloc(list->lines, room * sizeof(*lines));

		if (lines == NULL)
			return NULL;
		list->lines = lines;
		list->room = room;
	}
	memset(&list->lines[list->count], 0, sizeof(struct line));
	return &list->lines[list->count++];
}

/* One line for each alias. */
static void add_aliases(struct list *list, const char *aliases, const char *canonical)
{
	while (aliases != NULL && *aliases != '\0') {
		size_t length = strcspn(aliases, " ");
		struct line *line = add(list);

		if (line == NULL)
			return;
		snprintf(line->name, sizeof(line->name), "%.*s", (int)length, aliases);
		line->canonical = canonical;
		aliases += length + strspn(aliases + length, " ");
	}
}

static void print_types(bool with_aliases)
{
	struct list list = { NULL, 0, 0 };
	char groups[512], rest[600];

	for (const struct addr_type *const *t = addr_types; *t != NULL; t++) {
		struct line *line = add(&list);

		if (line == NULL)
			break;
		snprintf(line->name, sizeof(line->name), "%s%s", (*t)->name, (*t)->syntax);
		line->type = *t;
		if (with_aliases)
			add_aliases(&list, (*t)->aliases, (*t)->name);
	}
	if (list.count > 0)
		qsort(list.lines, list.count, sizeof(struct line), compare_lines);
	for (size_t i = 0; i < list.count; i++) {
		const struct line *line = &list.lines[i];

		if (line->canonical != NULL)
			snprintf(rest, sizeof(rest), "is an alias name for %s", line->canonical);
		else
			snprintf(rest, sizeof(rest), "groups=%s",
			         opt_group_names(line->type->groups, groups, sizeof(groups)));
		print_line(line->name, rest);
	}
	free(list.lines);
	printf("         <num> is a short form for fd:<num>\n"
	       "         <filename> is a short form for gopen:<filename>\n");
}

static void print_option(const struct line *line)
{
	char groups[512], text[600];
	int column;

	printf("%*s", INDENT, "");
	column = print_to(line->name, INDENT, OPTION_COLUMN);
	if (line->canonical != NULL) {
		printf("is an alias for %s\n", line->canonical);
		return;
	}
	snprintf(text, sizeof(text), "groups=%s",
	         opt_group_names(line->def->groups, groups, sizeof(groups)));
	column = print_to(text, column, OPTION_COLUMN + OPTION_STEP);
	snprintf(text, sizeof(text), "phase=%s", opt_phase_name(line->def->phase));
	print_to(text, column, OPTION_COLUMN + 2 * OPTION_STEP);
	printf("type=%s\n", opt_kind_name(line->def->kind));
}

/* The name that -hh shows: the shortest one. */
static void short_name(const struct optdef *def, char *name, size_t size)
{
	const char *word = def->aliases;

	snprintf(name, size, "%s", def->name);
	while (word != NULL && *word != '\0') {
		size_t length = strcspn(word, " ");

		if (length < strlen(name))
			snprintf(name, size, "%.*s", (int)length, word);
		word += length + strspn(word + length, " ");
	}
}

static void print_options(bool with_aliases)
{
	struct list list = { NULL, 0, 0 };

	printf("   opts:\n      <opt>{,<opts>}:\n   opt:\n");
	for (const struct opt_family *const *f = opt_families; *f != NULL; f++)
		for (size_t i = 0; i < (*f)->count; i++) {
			const struct optdef *def = &(*f)->defs[i];
			struct line *line;

			if (def->refused != NULL)
				continue;
			line = add(&list);
			if (line == NULL)
				break;
			if (with_aliases)
				snprintf(line->name, sizeof(line->name), "%s", def->name);
			else
				short_name(def, line->name, sizeof(line->name));
			line->def = def;
			if (with_aliases)
				add_aliases(&list, def->aliases, def->name);
		}
	if (list.count > 0)
		qsort(list.lines, list.count, sizeof(struct line), compare_lines);
	for (size_t i = 0; i < list.count; i++)
		print_option(&list.lines[i]);
	free(list.lines);
}

void cli_help(int depth)
{
	printf("%s%s", about, usage);
	print_types(depth >= 3);
	if (depth >= 2)
		print_options(depth >= 3);
}

/* Features that are no address types of their own. */
static const char *const built[] = {
	"WITH_HELP", "WITH_STATS", "WITH_IP4", "WITH_IP6", "WITH_TCP", "WITH_RETRY",
	"WITH_LIBWRAP", "WITH_NAMESPACES", "WITH_TERMIOS", NULL
};
static const char *const missing[] = {
	"WITH_FIPS",
	"WITH_SYCLS", "WITH_FILAN", "WITH_DEVTESTS", NULL
};

/* Types of one feature need not be neighbours: only the first one names it. */
static bool first_of_feature(const struct addr_type *const *type)
{
	for (const struct addr_type *const *t = addr_types; t < type; t++)
		if (strcmp((*t)->feature, (*type)->feature) == 0)
			return false;
	return strcmp((*type)->feature, "WITH_TCP") != 0;
}

void cli_version(void)
{
	struct utsname uts;

	uname(&uts);
	printf("%ssocat version %s on %s\n   running on %s version %s, release %s, machine %s\n",
	       about, socat_version, socat_build_date, uts.sysname, uts.version, uts.release,
	       uts.machine);
	printf("features:\n");
	for (const char *const *f = built; *f != NULL; f++)
		printf("  #define %s 1\n", *f);
	for (const struct addr_type *const *t = addr_types; *t != NULL; t++)
		if (first_of_feature(t))
			printf("  #define %s 1\n", (*t)->feature);
	for (const char *const *f = missing; *f != NULL; f++)
		printf("  #undef %s\n", *f);
	printf("  #define WITH_MSGLEVEL 0 /*debug*/\n  #define WITH_DEFAULT_IPV 4\n");
}
