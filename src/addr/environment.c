#include "addr/environment.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/version.h"

static pid_t relaying, first;

void environment_init(void)
{
	relaying = getpid();
	if (first == 0)
		first = relaying;
}

/* value: NULL if there is none; it may be another one's in what was passed on to us. */
static void set(const char *name, const char *value)
{
	char variable[128];
	size_t n;

	snprintf(variable, sizeof(variable), "%.90s", log_name());
	for (n = 0; variable[n] != '\0'; n++)
		variable[n] = isalnum((unsigned char)variable[n])
		              ? (char)toupper((unsigned char)variable[n]) : '_';
	snprintf(variable + n, sizeof(variable) - n, "_%s", name);
	if (value == NULL)
		unsetenv(variable);
	else
		setenv(variable, value, 1);
}

static void set_number(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	set(name, text);
}

static void set_address(const char *host, const char *port, const struct net_peer *peer)
{
	char text[NET_TEXT];
	int family = peer->addr.sa.sa_family;
	bool is_ip = family == AF_INET || family == AF_INET6;

	set(host, net_host(&peer->addr, peer->length, text, sizeof(text)));
	/* raw IP has no ports */
	if ((is_ip && net_port(&peer->addr) > 0) || family == AF_VSOCK)
		set_number(port, (long)net_port(&peer->addr));
	else
		set(port, NULL);
}

static void set_variables(const struct variables *variables)
{
	for (size_t at = 0; at < variables->size;) {
		const char *pair = variables->text + at, *value = strchr(pair, '=');
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(value - pair), pair);
		set(name, value + 1);
		at += strlen(pair) + 1;
	}
}

void environment_set(const struct client_info *client)
{
	set("VERSION", socat_version);
	set_number("PID", relaying);
	set_number("PPID", first);
	if (client == NULL)
		return;
	if (client->peer.length > 0)
		set_address("PEERADDR", "PEERPORT", &client->peer);
	if (client->local.length > 0)
		set_address("SOCKADDR", "SOCKPORT", &client->local);
	if (client->variables != NULL)
		set_variables(client->variables);
}
