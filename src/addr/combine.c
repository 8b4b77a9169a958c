#include "addr/combine.h"

#include <string.h>

#include "addr/acceptfd.h"
#include "addr/open.h"
#include "addr/proxy_options.h"
#include "addr/via.h"
#include "sys/log.h"

#define PER_PEER "max-children-per-peer"

static bool is_dual(const struct address *address)
{
	return address->reader != address->writer;
}

/* Options of a server without option fork; the first ones are about clients. */
static int check_server_options(const struct spec *spec)
{
	static const char *const names[] = { PER_PEER, "max-rate", "max-children", "isolate" };
	bool clients = spec->type->listen != NULL && !(spec->type->groups & G_POSIXMQ);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (spec_opt(spec, names[i]) != NULL && !spec_flag(spec, "fork")) {
			log_error("%s: option %s not allowed without option fork", spec->text, names[i]);
			return -1;
		}
	for (size_t i = 0; i < 2; i++)
		if (spec_opt(spec, names[i]) != NULL && !clients) {
			log_error("%s: option %s needs an address that clients connect or send to",
			          spec->text, names[i]);
			return -1;
		}
	if (spec_number(spec, PER_PEER, 0) > 0 && (spec->type->groups & G_UNIX) &&
	    !(spec->type->groups & G_LISTEN) && strcmp(spec->type->feature, "WITH_FDNUM") != 0) {
		log_error("%s: option %s can't be used: packets don't tell which user has sent them",
		          spec->text, PER_PEER);
		return -1;
	}
	return 0;
}

static int check_one(const struct address *address)
{
	if (check_server_options(address->reader) < 0 || check_server_options(address->writer) < 0)
		return -1;
	if (is_dual(address) && address_forks(address)) {
		log_error("%s!!%s: option fork can't be used in a dual address",
		          address->reader->text, address->writer->text);
		return -1;
	}
	if (is_dual(address) && (spec_flag(address->reader, "nofork") ||
	                         spec_flag(address->writer, "nofork"))) {
		log_error("%s!!%s: option nofork can't be used in a dual address",
		          address->reader->text, address->writer->text);
		return -1;
	}
	return 0;
}

/* The state of TLS's encryption belongs to one session of one process. */
static bool is_tls(const struct address *address)
{
	return spec_is_tls(address->reader) || spec_is_tls(address->writer);
}

static int check_tls(const struct address *left, const struct address *right)
{
	if (is_tls(left) && address_forks(right)) {
		log_error("%s: a TLS connection can't be shared by several sessions, as option fork of "
		          "%s asks for", left->reader->text, right->reader->text);
		return -1;
	}
	if (is_tls(left) && spec_flag(right->reader, "nofork")) {
		log_error("%s: option nofork needs a first address without TLS, since nobody would "
		          "encrypt and decrypt", right->reader->text);
		return -1;
	}
	return 0;
}

static const struct spec *readline_of(const struct address *address)
{
	if (address->reader->type->groups & G_READLINE)
		return address->reader;
	return address->writer->type->groups & G_READLINE ? address->writer : NULL;
}

/* There is one terminal, and one who types. other: the address that may be a server's source. */
static int check_readline(const struct spec *spec, const struct address *other, bool first)
{
	if (spec == NULL)
		return 0;
	if (first && spec_flag(other->reader, "nofork")) {
		log_error("%s: option nofork needs a first address other than READLINE, since nobody "
		          "would edit", other->reader->text);
		return -1;
	}
	if (!address_forks(other) || (!first && spec_number(other->reader, "max-children", 0) == 1))
		return 0;
	log_error("%s: several sessions, as option fork of %s asks for, can't share the terminal%s",
	          spec->text, other->reader->text, first ? "" : "; max-children=1 has one at a time");
	return -1;
}

static int check_terminal(const struct address *left, const struct address *right)
{
	const struct spec *one = readline_of(left), *two = readline_of(right);

	if ((one != NULL && two != NULL) ||
	    (is_dual(left) && one == left->reader && left->writer->type == one->type) ||
	    (is_dual(right) && two == right->reader && right->writer->type == two->type)) {
		log_error("READLINE can be used once only: there is one terminal");
		return -1;
	}
	if (check_readline(one, right, true) < 0)
		return -1;
	return check_readline(two, left, false);
}

/* The first address is open, and its header sent, before the second one is. */
static void check_header(const struct address *left, const struct address *right)
{
	const struct spec *other = right->reader;

	if (address_sends_proxy(left) && (other->type->listen != NULL || other->type->awaits))
		log_warn("%s: its PROXY header can't name the client of %s, which comes later: exchange "
		         "the addresses", left->reader->text, other->text);
}

int addresses_check(const struct address *left, const struct address *right)
{
	if (check_one(left) < 0 || check_one(right) < 0)
		return -1;
	if (address_forks(left) && address_forks(right)) {
		log_error("%s, %s: only one of the two addresses can have option fork",
		          left->reader->text, right->reader->text);
		return -1;
	}
	if (spec_flag(left->reader, "nofork")) {
		log_error("%s: option nofork can only be used with the second address",
		          left->reader->text);
		return -1;
	}
	if (check_tls(left, right) < 0)
		return -1;
	if (check_terminal(left, right) < 0)
		return -1;
	check_header(left, right);
	return 0;
}

/* Options of the address that listens which several processes can't fulfil. Returns why, or NULL. */
static const char *unfit_option(const struct address *source, unsigned workers)
{
	static const char *const groups[] = {
		"ip-add-membership", "ip-add-source-membership", "ipv6-join-group",
		"ipv6-join-source-group",
	};
	const struct spec *spec = source->reader;
	int64_t most = spec_number(spec, "max-children", 0);

	if (spec_opt(spec, "accept-timeout") != NULL)
		return "option accept-timeout can't be used: no process sees all connections";
	if (most > 0 && most < workers)
		return "option max-children is less than one session for each process";
	if (spec_number(spec, PER_PEER, 0) > 0 &&
	    (!address_has_ports(source) || spec_accept_proxy(spec) != ACCEPT_PROXY_NONE))
		return "option " PER_PEER " can't be used: no process sees all connections of a client";
	if (!address_has_ports(source))
		return NULL;
	if (spec_number(spec, "so-reuseport", 1) == 0)
		return "option reuseport=0 can't be used: the processes share the port by it";
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (spec_opt(spec, groups[i]) != NULL)
			return "packets to a multicast group would be served by each process";
	return NULL;
}

/* What all sessions of all processes would read from, each what it happens to get. */
static bool is_inherited(const struct spec *spec)
{
	const char *feature = spec->type->feature;

	return (spec->direction & ADDR_READ) &&
	       (strcmp(feature, "WITH_STDIO") == 0 ||
	        (strcmp(feature, "WITH_FDNUM") == 0 && spec->type->listen == NULL));
}

/* Why this server can't have several processes, or NULL. */
static const char *unfit(const struct address *left, const struct address *right, unsigned workers,
                         const struct spec **spec)
{
	*spec = right->reader;
	if (address_forks(right))
		return "must be the first address: its sessions share the other one, which only one "
		       "process has open";
	if (is_inherited(right->reader) || is_inherited(right->writer))
		return "several processes can't read from one descriptor: each would get some of it";
	if (readline_of(right) != NULL)
		return "several processes can't share the terminal";
	*spec = left->reader;
	if (!address_forks(left))
		return "needs option fork: there is one session only";
	if (left->reader->type->listen == NULL)
		return "makes its connections itself: start it several times instead";
	if (acceptfd_gets_packets(left->reader))
		return "is a socket for datagrams: each process would get some of a peer's packets";
	if (left->reader->type->groups & G_POSIXMQ)
		return "is a queue: only sockets can be shared by several processes";
	return unfit_option(left, workers);
}

int addresses_check_workers(const struct address *left, const struct address *right,
                            unsigned workers)
{
	const struct spec *spec;
	const char *why = unfit(left, right, workers, &spec);

	if (why == NULL)
		return 0;
	log_error("option --workers: %s: %s", spec->text, why);
	return -1;
}
