#include "addr/via.h"

#include "opt/process.h"
#include "sys/log.h"

/* What options of these groups do needs a socket (or a descriptor) of the address itself. */
#define SOCKET_GROUPS (G_FD | G_SOCKET | G_IP4 | G_IP6 | G_TCP)

/* Deeper is a slip; each level costs descriptors' worth of memory. */
enum { VIA_DEPTH = 6 };

static unsigned depth(const struct spec *spec)
{
	unsigned n = 0;

	for (; spec->via != NULL; spec = spec->via->reader)
		n++;
	return n;
}

static int check_carrier(const struct spec *spec, const struct address *via)
{
	const struct spec *carrier = via->reader;

	if (via->writer != via->reader) {
		log_error("%s: option \"via\": %s!!%s is a dual address; one that connects is needed",
		          spec->text, carrier->text, via->writer->text);
		return -1;
	}
	if (!carrier->type->carries) {
		log_error("%s: option \"via\": %s does not connect to anything that this could run on; "
		          "there are TCP, UNIX-CONNECT, ABSTRACT-CONNECT, OPENSSL, PROXY, SOCKS4, SOCKS4A "
		          "and SOCKS5-CONNECT", spec->text, carrier->text);
		return -1;
	}
	if (spec_flag(carrier, "fork") || process_permanent(carrier)) {
		log_error("%s: option \"via\": options that make or change processes belong to this "
		          "address, not to %s", spec->text, carrier->text);
		return -1;
	}
	if (depth(spec) <= VIA_DEPTH)
		return 0;
	log_error("%s: option \"via\": more than %d addresses on top of each other", spec->text,
	          VIA_DEPTH);
	return -1;
}

int via_parse(struct spec *spec, const struct parse_settings *settings)
{
	const char *text = spec_string(spec, "via");

	if (text == NULL)
		return 0;
	spec->via = address_parse(text, ADDR_BOTH, settings);
	if (spec->via == NULL || check_carrier(spec, spec->via) < 0)
		return -1;
	spec->via->reader->above = spec;
	return 0;
}

int via_check(const struct spec *spec)
{
	if (spec->via == NULL)
		return 0;
	for (size_t i = 0; i < spec->opt_count; i++) {
		const struct optdef *def = spec->opts[i].def;

		if ((def->groups & SOCKET_GROUPS) == 0 || (def->groups & G_ANY) != 0)
			continue;
		log_error("%s: option \"%s\" acts on a socket, and with option via it is %s that has one: "
		          "give it to that address", spec->text, def->name, spec->via->reader->text);
		return -1;
	}
	return 0;
}

bool spec_is_tls(const struct spec *spec)
{
	if (spec->type->groups & G_OPENSSL)
		return true;
	return spec->via != NULL && spec_is_tls(spec->via->reader);
}
