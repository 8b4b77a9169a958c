#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr/ip.h"
#include "relay/metrics.h"
#include "relay/workers.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/text.h"

/* The largest block: what a held rest is counted with. */
/* PACKET_DEFAULT: where packets are made of a stream, the original's size counts. */
enum { BLOCK_DEFAULT = 64 * 1024, PACKET_DEFAULT = 8192, BLOCK_MAX = 1 << 30 };

struct cli_switch {
	const char *name;
	enum { NONE, REQUIRED, ATTACHED } value;   /* ATTACHED: optional, in the same word */
	/* Returns NULL, or why the value is bad. */
	const char *(*act)(struct cli_config *config, const char *value);
};

/* --- values -------------------------------------------------------------------- */

int cli_seconds(const char *text, int64_t *nanoseconds)
{
	char *end;
	double seconds;

	if (*text == '\0' || strspn(text, "+-.0123456789") != strlen(text))
		return -1;
	seconds = strtod(text, &end);
	if (*end != '\0' || seconds > 1e9 || seconds < -1e9)
		return -1;
	*nanoseconds = (int64_t)(seconds * 1e9);
	return 0;
}

static int read_number(const char *text, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return *end != '\0' || errno != 0 ? -1 : 0;
}

/* --- what switches do ------------------------------------------------------------ */

static const char *set_facility(int (*function)(const char *facility), const char *value)
{
	return function(value) == 0 ? NULL : "is not a syslog facility (such as daemon or local0)";
}

static const char *act_ly(struct cli_config *config, const char *value)
{
	(void)config;
	return set_facility(log_to_syslog, value);
}

static const char *act_lm(struct cli_config *config, const char *value)
{
	(void)config;
	return set_facility(log_to_mixed, value);
}

static const char *act_lf(struct cli_config *config, const char *value)
{
	(void)config;
	return log_to_file(value) == 0 ? NULL : error_text(errno);
}

static const char *act_ls(struct cli_config *config, const char *value)
{
	(void)config;
	(void)value;
	log_to_stderr();
	return NULL;
}

static const char *act_lp(struct cli_config *config, const char *value)
{
	(void)config;
	if (*value == '\0' || strlen(value) > 80)
		return "must have 1 to 80 characters";
	log_set_name(value);
	return NULL;
}

static const char *act_lu(struct cli_config *config, const char *value)
{
	(void)config;
	(void)value;
	log_set_microseconds(true);
	return NULL;
}

static const char *act_lh(struct cli_config *config, const char *value)
{
	(void)config;
	(void)value;
	log_set_hostname(true);
	return NULL;
}

static const char *act_describe(struct cli_config *config, const char *value)
{
	(void)value;
	config->describe = true;
	return NULL;
}

static const char *act_experimental(struct cli_config *config, const char *value)
{
	(void)config;
	(void)value;
	return NULL;   /* nothing here is held back as experimental */
}

static const char *act_statistics(struct cli_config *config, const char *value)
{
	(void)value;
	config->statistics = true;
	return NULL;
}

static const char *act_v(struct cli_config *config, const char *value)
{
	(void)value;
	config->dump.text = true;
	return NULL;
}

static const char *act_x(struct cli_config *config, const char *value)
{
	(void)value;
	config->dump.hex = true;
	return NULL;
}

static const char *act_r(struct cli_config *config, const char *value)
{
	config->raw_names[0] = value;
	return NULL;
}

static const char *act_R(struct cli_config *config, const char *value)
{
	config->raw_names[1] = value;
	return NULL;
}

static const char *act_b(struct cli_config *config, const char *value)
{
	uint64_t size;

	if (read_number(value, &size) < 0)
		return "is not a number of bytes";
	if (size < 1 || size > BLOCK_MAX)
		return "must be from 1 to 1073741824 bytes";
	config->block = config->packet = (size_t)size;
	return NULL;
}

static const char *act_s(struct cli_config *config, const char *value)
{
	(void)value;
	config->sloppy = true;
	return NULL;
}

static const char *act_S(struct cli_config *config, const char *value)
{
	if (read_number(value, &config->signals) < 0)
		return "is not a bitmap of signals (a number such as 0x89de)";
	return NULL;
}

static const char *act_t(struct cli_config *config, const char *value)
{
	if (cli_seconds(value, &config->session.linger) < 0 || config->session.linger < 0)
		return "is not a time in seconds";
	return NULL;
}

static const char *act_T(struct cli_config *config, const char *value)
{
	if (cli_seconds(value, &config->session.idle) < 0)
		return "is not a time in seconds";
	return NULL;
}

static const char *act_log_format(struct cli_config *config, const char *value)
{
	bool json = strcmp(value, "json") == 0;

	(void)config;
	log_set_json(json);
	return json || strcmp(value, "text") == 0 ? NULL : "is not a format: must be text or json";
}

static const char *act_grace(struct cli_config *config, const char *value)
{
	if (cli_seconds(value, &config->grace) < 0 || config->grace < 0)
		return "is not a time in seconds";
	return NULL;
}

static const char *act_workers(struct cli_config *config, const char *value)
{
	uint64_t count;

	if (read_number(value, &count) < 0)
		return "is not a number of processes";
	if (count < 1 || count > WORKERS_MOST)
		return "must be from 1 to 256 processes";
	config->workers = (unsigned)count;
	return NULL;
}

static const char *act_metrics(struct cli_config *config, const char *value)
{
	struct metrics_place place;

	config->metrics = value;
	return metrics_place_read(value, &place);
}

static const char *act_u(struct cli_config *config, const char *value)
{
	(void)value;
	config->session.to_left = false;
	return config->session.to_right ? NULL : "-u and -U exclude each other";
}

static const char *act_U(struct cli_config *config, const char *value)
{
	(void)value;
	config->session.to_right = false;
	return config->session.to_left ? NULL : "-u and -U exclude each other";
}

static const char *act_g(struct cli_config *config, const char *value)
{
	(void)value;
	config->any_group = true;
	return NULL;
}

static const char *act_L(struct cli_config *config, const char *value)
{
	config->lock_file = value;
	return *value == '\0' ? "is not a file name" : NULL;
}

static const char *act_W(struct cli_config *config, const char *value)
{
	config->wait_file = value;
	return *value == '\0' ? "is not a file name" : NULL;
}

static const char *act_0(struct cli_config *config, const char *value)
{
	(void)config;
	(void)value;
	ip_set_version(AF_UNSPEC);
	return NULL;
}

static const char *act_4(struct cli_config *config, const char *value)
{
	(void)config;
	(void)value;
	ip_set_version(AF_INET);
	return NULL;
}

static const char *act_6(struct cli_config *config, const char *value)
{
	(void)config;
	(void)value;
	ip_set_version(AF_INET6);
	return NULL;
}

/* Longer names first where one begins like another. */
static const struct cli_switch switches[] = {
	{ "--experimental", NONE, act_experimental },
	{ "--statistics", NONE, act_statistics }, { "--metrics", REQUIRED, act_metrics },
	{ "--log-format", REQUIRED, act_log_format },
	{ "--grace", REQUIRED, act_grace }, { "--workers", REQUIRED, act_workers },
	{ "-ly", ATTACHED, act_ly }, { "-lm", ATTACHED, act_lm }, { "-lf", REQUIRED, act_lf },
	{ "-ls", NONE, act_ls }, { "-lp", REQUIRED, act_lp }, { "-lu", NONE, act_lu },
	{ "-lh", NONE, act_lh }, { "-D", NONE, act_describe }, { "-v", NONE, act_v },
	{ "-x", NONE, act_x }, { "-r", REQUIRED, act_r }, { "-R", REQUIRED, act_R },
	{ "-b", REQUIRED, act_b }, { "-s", NONE, act_s }, { "-S", REQUIRED, act_S },
	{ "-t", REQUIRED, act_t }, { "-T", REQUIRED, act_T }, { "-u", NONE, act_u },
	{ "-U", NONE, act_U }, { "-g", NONE, act_g }, { "-L", REQUIRED, act_L },
	{ "-W", REQUIRED, act_W }, { "-0", NONE, act_0 }, { "-4", NONE, act_4 },
	{ "-6", NONE, act_6 },
};

/* --- reading ---------------------------------------------------------------------- */

static void unknown(const char *word)
{
	char printable[120];

	/* "-uv" and the like */
	if (word[0] == '-' && word[1] != '-' && word[1] != '\0' && word[2] != '\0' &&
	    strchr("DvxsuUg046", word[1]) != NULL)
		log_error("unknown option \"%s\": switches can't be merged, write \"-%c -%c\"; use option \"-h\" for help",
		          text_printable(word, printable, sizeof(printable)), word[1], word[2]);
	else
		log_error("unknown option \"%s\"; use option \"-h\" for help",
		          text_printable(word, printable, sizeof(printable)));
}

/* Does the word name this switch? Sets *value to what is attached to it, or NULL. */
static bool matches(const struct cli_switch *s, const char *word, const char **value)
{
	size_t length = strlen(s->name);

	if (strncmp(word, s->name, length) != 0)
		return false;
	*value = word[length] == '\0' ? NULL : word + length;
	if (*value == NULL)
		return true;
	if (s->name[1] == '-')   /* a long switch: "--grace=5" */
		return s->value != NONE && *(*value)++ == '=';
	return s->value != NONE;
}

/* Returns how many words were used, or -1 (logged). */
static int take_switch(struct cli_config *config, char **words)
{
	const char *value = NULL, *why;
	char printable[120];
	int used = 1;

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		const struct cli_switch *s = &switches[i];

		if (!matches(s, words[0], &value))
			continue;
		if (value == NULL && s->value == REQUIRED) {
			if (words[1] == NULL) {
				log_error("option %s requires an argument; use option \"-h\" for help",
				          s->name);
				return -1;
			}
			value = words[1];
			used = 2;
		}
		why = s->act(config, value != NULL ? value : "");
		if (why == NULL)
			return used;
		if (s->value == NONE)
			log_error("option %s: %s", s->name, why);
		else
			log_error("option %s: \"%s\" %s", s->name,
			          text_printable(value != NULL ? value : "", printable,
			                         sizeof(printable)), why);
		return -1;
	}
	unknown(words[0]);
	return -1;
}

/* -d, -dd ... -dddd, -d0 ... -d4. The first -d confirms the default (warnings), each further
 * one adds a level, as in the original. Returns false if it is none of these. */
static bool take_verbosity(struct cli_config *config, const char *word)
{
	int verbosity = config->verbosity, level;
	size_t count;

	if (strncmp(word, "-d", 2) != 0)
		return false;
	if (word[2] >= '0' && word[2] <= '4' && word[3] == '\0') {
		verbosity = word[2] - '0';
	} else {
		count = strspn(word + 1, "d");
		if (word[1 + count] != '\0' || count > 4)
			return false;
		verbosity += (int)count;
	}
	config->verbosity = verbosity;
	level = LOG_ERROR_ - verbosity;
	log_set_level((enum log_level)(level < LOG_DEBUG_ ? LOG_DEBUG_ : level));
	return true;
}

/* -h, -hh, -hhh, -?, ...; 0 if it is none of these. */
static int help_depth(const char *word)
{
	size_t count = word[0] == '-' ? strspn(word + 1, word[1] == '?' ? "?" : "h") : 0;

	return count >= 1 && count <= 3 && word[1 + count] == '\0' ? (int)count : 0;
}

static enum cli_result take_addresses(struct cli_config *config, char **words)
{
	int count = 0;

	while (words[count] != NULL)
		count++;
	if (count != 2) {
		log_error("exactly 2 addresses required (there are %d); use option \"-h\" for help",
		          count);
		return CLI_ERROR;
	}
	config->left = words[0];
	config->right = words[1];
	return CLI_RUN;
}

/* It is a program of its own, in one word or two. */
static enum cli_result take_healthcheck(struct cli_config *config, int argc, char **argv)
{
	bool attached = argc > 1 && strncmp(argv[1], "--healthcheck=", 14) == 0;

	config->health_url = attached ? argv[1] + 14 : argc > 2 ? argv[2] : NULL;
	if (argc < 2 || argc > (attached ? 2 : 3) || strncmp(argv[1], "--healthcheck", 13) != 0) {
		log_error("option --healthcheck stands alone, with a URL at most; use option \"-h\" "
		          "for help");
		return CLI_ERROR;
	}
	return CLI_CHECK;
}

enum cli_result cli_parse(int argc, char **argv, struct cli_config *config)
{
	char **words = argv;

	*config = (struct cli_config){
		.session = { .to_right = true, .to_left = true, .linger = -1, .idle = -1 },
		.dump = { .raw = { -1, -1 } }, .block = BLOCK_DEFAULT,
		.packet = PACKET_DEFAULT, .grace = -1, .workers = 1, .signals = 0x89de,
	};
	for (argv++; *argv != NULL && (*argv)[0] == '-' && (*argv)[1] != '\0';) {
		int depth = help_depth(*argv), used;

		/* "-,raw" is an address */
		if ((*argv)[1] == ',' || strncmp(*argv, "-!!", 3) == 0)
			break;
		if (depth > 0) {
			cli_help(depth);
			return CLI_DONE;
		}
		if (strcmp(*argv, "-V") == 0) {
			cli_version();
			return CLI_DONE;
		}
		if (strncmp(*argv, "--healthcheck", 13) == 0 && strchr("=", (*argv)[13]) != NULL)
			return take_healthcheck(config, argc, words);
		if (take_verbosity(config, *argv)) {
			argv++;
			continue;
		}
		used = take_switch(config, argv);
		if (used < 0)
			return CLI_ERROR;
		argv += used;
	}
	return take_addresses(config, argv);
}
