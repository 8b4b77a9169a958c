/* The program's way through a run: read the command line, check both addresses completely,
 * then set up the loop and open things. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "addr/addr.h"
#include "addr/combine.h"
#include "addr/ip.h"
#include "addr/lock.h"
#include "addr/open.h"
#include "addr/peers.h"
#include "chan/terminal.h"
#include "cli/cli.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/scarce.h"
#include "relay/flow.h"
#include "relay/metrics.h"
#include "relay/run.h"
#include "relay/service.h"
#include "sys/log.h"

#define GRACE_AS_PROCESS_1 (5 * NANOSECONDS)

static void end_sleep(int number)
{
	_exit(128 + number);
}

/* Process 1 has no default actions: without this, only a kill would end its sleep. */
static void let_signals_end_sleep(void)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action = { .sa_handler = end_sleep };

	for (size_t i = 0; getpid() == 1 && i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaction(ending[i], &action, NULL);
	/* nor do the orphans of a container that it is process 1 of stay as zombies */
	if (getpid() == 1)
		signal(SIGCHLD, SIG_IGN);
}

/* Called as "sleep" (a link to this binary in the image): wait as long as the arguments say,
 * so that a debug pod's "sleep infinity" works without any other binary. */
static int run_as_sleep(char **argv)
{
	double seconds = 0, one;
	struct timespec rest;

	let_signals_end_sleep();
	if (argv[1] == NULL) {
		fprintf(stderr, "sleep: how long? Give seconds or \"infinity\"\n");
		return 1;
	}
	for (argv++; *argv != NULL; argv++) {
		char *end;

		if (strcmp(*argv, "infinity") == 0)
			for (;;)
				pause();
		one = strtod(*argv, &end);
		seconds += one;
		if (end == *argv || *end != '\0' || !(one >= 0 && seconds <= INT32_MAX)) {
			fprintf(stderr, "sleep: \"%s\" is not a number of seconds\n", *argv);
			return 1;
		}
	}
	rest.tv_sec = (time_t)seconds;
	rest.tv_nsec = (long)((seconds - (double)rest.tv_sec) * 1e9);
	while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
		;
	return 0;
}

/* The signals that end a run: those of -S that are not a sign of a broken program. */
static void signal_set(const struct cli_config *config, sigset_t *set)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	sigemptyset(set);
	sigaddset(set, SIGUSR1);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		/* process 1 has no default actions: it would ignore them */
		if ((config->signals >> ending[i] & 1) || getpid() == 1)
			sigaddset(set, ending[i]);
}

/* Signals of a broken program, if -S has them: said, then as the system does it. */
static void broken(int number)
{
	terminals_restore();
	log_set_bystander(NULL);
	log_fatal("exiting on signal %d", number);
	raise(number);
}

/* Who has a handler already, as a sanitizer has, knows more to say. */
static void log_broken(const struct cli_config *config)
{
	static const int bad[] = { SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV };
	struct sigaction action = { .sa_handler = broken, .sa_flags = (int)SA_RESETHAND }, old;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if ((config->signals >> bad[i] & 1) && sigaction(bad[i], NULL, &old) == 0 &&
		    (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN))
			sigaction(bad[i], &action, NULL);
}

static void everything_open(void)
{
	log_switch();
}

/* Nobody would be there to answer. */
static int check_metrics(const struct cli_config *config, const struct address *left,
                         const struct address *right)
{
	if (config->metrics == NULL || address_forks(left) || address_forks(right) ||
	    !spec_flag(right->reader, "nofork"))
		return 0;
	log_error("option --metrics: %s: with option nofork the process becomes the program",
	          right->reader->text);
	return -1;
}

/* Both addresses, checked, nothing opened. */
static int parse_addresses(const struct cli_config *config, struct address **left,
                           struct address **right)
{
	struct parse_settings settings = { .any_group = config->any_group };
	int to_right = config->session.to_right, to_left = config->session.to_left;
	int left_use = (to_right ? ADDR_READ : 0) | (to_left ? ADDR_WRITE : 0);
	int right_use = (to_right ? ADDR_WRITE : 0) | (to_left ? ADDR_READ : 0);

	*left = address_parse(config->left, left_use, &settings);
	if (*left == NULL)
		return -1;
	*right = address_parse(config->right, right_use, &settings);
	if (*right == NULL)
		goto free_left;
	if (addresses_check(*left, *right) == 0 && check_metrics(config, *left, *right) == 0 &&
	    (config->workers == 1 || addresses_check_workers(*left, *right, config->workers) == 0))
		return 0;
	address_free(*right);
free_left:
	address_free(*left);
	return -1;
}

static int open_dumps(struct cli_config *config)
{
	for (int i = 0; i < 2; i++)
		if (config->raw_names[i] != NULL) {
			config->dump.raw[i] = dump_open(config->raw_names[i], i == 0 ? 'r' : 'R');
			if (config->dump.raw[i] < 0)
				return -1;
		}
	return 0;
}

static int take_locks(const struct cli_config *config)
{
	if (config->lock_file != NULL && lock_take_now(config->lock_file, false) < 0)
		return -1;
	if (config->wait_file != NULL && lock_take_now(config->wait_file, true) < 0)
		return -1;
	return 0;
}

static int set_up(struct cli_config *config)
{
	sigset_t signals;

	signal_set(config, &signals);
	if (loop_init() < 0 || signals_init(&signals, run_signal) < 0)
		return -1;
	log_broken(config);
	service_init();
	scarce_raise_limit();
	if (take_locks(config) < 0)
		return -1;
	if (config->metrics != NULL &&
	    metrics_open(config->metrics, config->workers > 1 ? config->workers + 1 : 1) < 0)
		return -1;
	if (open_dumps(config) < 0)
		return -1;
	if (flows_init(config->block, config->packet, &config->dump) < 0) {
		log_error("no memory for blocks of %zu bytes: see option -b", config->block);
		return -1;
	}
	peers_set_block_size(config->block);
	return 0;
}

/* Numbers 0 to 2 that are closed would go to the next sockets, which would then be taken for
 * standard input, or get log messages. What stands in can neither be read nor written. */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/", O_PATH | O_CLOEXEC);   /* gets the lowest number */
}

static void wait_at_start(void)
{
	const char *text = getenv("SOCAT_MAIN_WAIT");

	if (text != NULL)
		sleep((unsigned)strtoul(text, NULL, 10));
}

int main(int argc, char **argv)
{
	static struct cli_config config;
	struct address *left, *right;
	const char *name = argv[0] != NULL ? strrchr(argv[0], '/') : NULL;
	struct run_settings settings;
	int status = 1;

	fill_standard_descriptors();
	name = name != NULL ? name + 1 : argv[0];
	if (name != NULL && strcmp(name, "sleep") == 0)
		return run_as_sleep(argv);
	if (name != NULL && *name != '\0')
		log_set_name(name);
	wait_at_start();
	switch (cli_parse(argc, argv, &config)) {
	case CLI_DONE:
		return fflush(stdout) == 0 ? 0 : 1;
	case CLI_CHECK:
		return healthcheck(config.health_url);
	case CLI_ERROR:
		return 1;
	default:
		break;
	}
	opt_set_sloppy(config.sloppy);
	if (ip_read_environment() < 0 || parse_addresses(&config, &left, &right) < 0)
		return 1;
	if (config.grace < 0)
		config.grace = getpid() == 1 ? GRACE_AS_PROCESS_1 : 0;
	settings = (struct run_settings){
		.left = left, .right = right, .session = config.session, .grace = config.grace,
		.workers = config.workers,
		.statistics = config.statistics, .describe_descriptors = config.describe,
		.opened = everything_open,
	};
	if (set_up(&config) == 0)
		status = run(&settings);
	else if (loop_stopping())
		status = loop_run();
	metrics_close();
	locks_release();
	address_free(left);
	address_free(right);
	return status;
}
