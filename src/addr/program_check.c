/* Options that would have no effect, or take it from others, are errors: a program whose output
 * goes nowhere looks as if it had nothing to say.
 */
#include "addr/program_check.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr/plumbing.h"
#include "sys/log.h"

/* A descriptor for a direction that there is not, as with -u. */
static int check_direction(const struct spec *spec)
{
	if (spec_opt(spec, "fdin") != NULL && !(spec->direction & ADDR_WRITE)) {
		log_error("%s: option fdin is useless: nothing is written to this program", spec->text);
		return -1;
	}
	if (spec_opt(spec, "fdout") != NULL && !(spec->direction & ADDR_READ)) {
		log_error("%s: option fdout is useless: nothing is read from this program", spec->text);
		return -1;
	}
	return 0;
}

/* Two pipes can't have one number; the two ends of a pair of sockets can. */
static int check_numbers(const struct spec *spec)
{
	int64_t in = spec_number(spec, "fdin", STDIN_FILENO);
	int64_t out = spec_number(spec, "fdout", STDOUT_FILENO);

	if (spec->direction != ADDR_BOTH || plumbing_is_terminal(spec) ||
	    !(spec_flag(spec, "pipes") || spec_flag(spec, "nofork")))
		return 0;
	if (in == out || (in == STDERR_FILENO && spec_flag(spec, "stderr"))) {
		log_error("%s: descriptor %d can't be the program's input and output at once; fdin and "
		          "fdout choose others", spec->text, (int)in);
		return -1;
	}
	return 0;
}

/* With nofork there is no descriptor of ours that options could act on. */
static int check_nofork(const struct spec *spec)
{
	if (!spec_flag(spec, "nofork"))
		return 0;
	if (plumbing_is_terminal(spec) || spec_flag(spec, "pipes")) {
		log_error("%s: options nofork and %s exclude each other", spec->text,
		          spec_flag(spec, "pipes") ? "pipes" : "pty");
		return -1;
	}
	for (size_t i = 0; i < spec->opt_count; i++)
		if (spec->opts[i].def->apply != NULL) {
			log_error("%s: option %s can't be used with nofork: give it to the first address, "
			          "whose descriptors the program gets", spec->text, spec->opts[i].def->name);
			return -1;
		}
	return 0;
}

/* The sockets are a pair without names. */
static int check_socket(const struct spec *spec)
{
	int64_t type = spec_number(spec, "so-type", SOCK_STREAM);

	if (spec_number(spec, "protocol-family", AF_UNIX) != AF_UNIX) {
		log_error("%s: pairs of sockets exist only for UNIX sockets (pf=unix)", spec->text);
		return -1;
	}
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_RAW && type != SOCK_SEQPACKET) {
		log_error("%s: socket type %d: there are 1 (stream), 2 (datagram) and 5 (seqpacket)",
		          spec->text, (int)type);
		return -1;
	}
	if (spec_opt(spec, "bind") != NULL || spec_opt(spec, "unix-bind-tempname") != NULL) {
		log_error("%s: option bind can't be used: what connects a program has no name", spec->text);
		return -1;
	}
	return 0;
}

/* What makes sense with a terminal only, or never. ctty without one is just a warning. */
static const char *no_use(const struct spec *spec, const struct optdef *def)
{
	if (strcmp(def->name, "pty-wait-slave") == 0 || strcmp(def->name, "pty-interval") == 0)
		return "is for PTY: a program has its terminal open at once";
	if (def->groups & (G_TERMIOS | G_PTY) && strcmp(def->name, "tiocsctty") != 0 &&
	    !plumbing_is_terminal(spec))
		return "needs option pty: without, the program has no terminal";
	if (strcmp(def->name, "so-type") == 0 && plumbing_is_terminal(spec))
		return "and pty exclude each other: a terminal is no socket";
	return NULL;
}

static int check_terminal(const struct spec *spec)
{
	for (size_t i = 0; i < spec->opt_count; i++) {
		const char *reason = no_use(spec, spec->opts[i].def);

		if (reason != NULL) {
			log_error("%s: option \"%s\" %s", spec->text, spec->opts[i].text, reason);
			return -1;
		}
	}
	if (plumbing_is_terminal(spec) && spec_flag(spec, "pipes"))
		log_warn("%s: options pty and pipes exclude each other: pipes is ignored", spec->text);
	return 0;
}

int program_check(const struct spec *spec)
{
	if (check_direction(spec) < 0 || check_numbers(spec) < 0 || check_socket(spec) < 0)
		return -1;
	if (check_nofork(spec) < 0)
		return -1;
	return check_terminal(spec);
}
