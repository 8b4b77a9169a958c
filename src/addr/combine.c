#include "addr/combine.h"

#include "addr/open.h"
#include "sys/log.h"

static bool is_dual(const struct address *address)
{
	return address->reader != address->writer;
}

/* Options of a server without option fork. */
static int check_server_options(const struct spec *spec)
{
	static const char *const names[] = { "max-children", "isolate" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (spec_opt(spec, names[i]) != NULL && !spec_flag(spec, "fork")) {
			log_error("%s: option %s not allowed without option fork", spec->text, names[i]);
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
	return ((address->reader->type->groups | address->writer->type->groups) & G_OPENSSL) != 0;
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
	return check_tls(left, right);
}
