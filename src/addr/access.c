#include "addr/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr/access_list.h"
#include "addr/tcpwrap.h"
#include "sys/counters.h"
#include "sys/log.h"

struct access {
	const struct access_list *list;  /* or NULL */
	bool wrapped, low_port;
	struct tcpwrap wrap;
	char allow[4096], deny[4096];
	int source_port;          /* -1: any */
};

int access_check(const struct spec *spec)
{
	return access_list_check(spec);
}

static void read_tables(struct access *access, const struct spec *spec)
{
	const char *directory = spec_string(spec, "tcpwrap-etc");
	const char *allow = spec_string(spec, "tcpwrap-hosts-allow-table");
	const char *deny = spec_string(spec, "tcpwrap-hosts-deny-table");
	const struct opt_value *name = spec_opt(spec, "tcpwrappers");

	access->wrapped = directory != NULL || allow != NULL || deny != NULL || name != NULL;
	if (directory == NULL)
		directory = "/etc";
	snprintf(access->allow, sizeof(access->allow), "%s%s", allow != NULL ? "" : directory,
	         allow != NULL ? allow : "/hosts.allow");
	snprintf(access->deny, sizeof(access->deny), "%s%s", deny != NULL ? "" : directory,
	         deny != NULL ? deny : "/hosts.deny");
	access->wrap.allow = access->allow;
	access->wrap.deny = access->deny;
	access->wrap.daemon = name != NULL && name->string != NULL ? name->string : log_name();
}

struct access *access_new(const struct spec *spec, bool low_port)
{
	struct access *access = calloc(1, sizeof(*access));

	if (access == NULL)
		return NULL;
	access->list = access_list_of(spec);
	read_tables(access, spec);
	access->source_port = (int)spec_number(spec, "sourceport", -1);
	access->low_port = low_port && spec_flag(spec, "lowport");
	return access;
}

void access_free(struct access *access)
{
	free(access);
}

bool access_wants_local(const struct access *access)
{
	return access->wrapped;
}

static enum access_answer ask_tables(const struct access *access, const struct net_peer *peer,
                                     const struct net_peer *local,
                                     const struct resolve_name *name)
{
	bool asked = false, granted;
	struct tcpwrap_peer wrapped = { .address = &peer->addr.sa, .name_asked = &asked,
	                                .local = local->length > 0 ? &local->addr.sa : NULL };

	if (name != NULL) {
		wrapped.host = name->name[0] != '\0' ? name->name : NULL;
		wrapped.disputed = name->disputed;
	}
	granted = tcpwrap_allows(&access->wrap, &wrapped);
	if (asked && name == NULL)
		return ACCESS_WANTS_NAME;
	return granted ? ACCESS_GRANTED : ACCESS_REFUSED;
}

/* The option that refuses without looking at a name, or NULL. */
static const char *refusing_option(const struct access *access, const struct net_peer *peer,
                                   enum refusal *why)
{
	const char *option = access->list == NULL ? NULL
	                     : access_list_refuses(access->list, &peer->addr.sa);

	*why = REFUSED_RANGE;
	if (option != NULL)
		return option;
	*why = REFUSED_PORT;
	if (access->source_port >= 0 && net_port(&peer->addr) != (unsigned)access->source_port)
		return "sourceport";
	/* 0: a PROXY header may name clients without a port, UNIX sockets */
	return access->low_port && (net_port(&peer->addr) == 0 || net_port(&peer->addr) >= 1024)
	       ? "lowport" : NULL;
}

enum access_answer access_ask(const struct access *access, const struct net_peer *peer,
                              const struct net_peer *local, const struct resolve_name *name)
{
	enum refusal why;
	const char *option = refusing_option(access, peer, &why);
	enum access_answer answer = option != NULL ? ACCESS_REFUSED : ACCESS_GRANTED;
	char text[NET_TEXT];

	if (option == NULL && access->wrapped) {
		answer = ask_tables(access, peer, local, name);
		option = "tcpwrapper";
		why = REFUSED_TCPWRAP;
	}
	if (answer == ACCESS_GRANTED && log_enabled(LOG_INFO_))
		log_info("permitting connection from %s",
		         net_print(&peer->addr, peer->length, text, sizeof(text)));
	if (answer != ACCESS_REFUSED)
		return answer;
	counter_add(COUNT_REFUSED + why, 1);
	log_warn("refusing connection from %s due to %s option",
	         net_print(&peer->addr, peer->length, text, sizeof(text)), option);
	return ACCESS_REFUSED;
}
