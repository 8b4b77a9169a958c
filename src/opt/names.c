/* Names of groups, phases and kinds of options, as the catalogue (-hhh) shows them. */
#include <stdio.h>
#include <string.h>

#include "opt/opt.h"
#include "opt/value.h"

static const char *const phase_names[] = {
	[PH_INIT] = "INIT", [PH_EARLY] = "EARLY", [PH_PREOPEN] = "PREOPEN", [PH_OPEN] = "OPEN",
	[PH_PASTOPEN] = "PASTOPEN", [PH_PRESOCKET] = "PRESOCKET", [PH_SOCKET] = "SOCKET",
	[PH_PASTSOCKET] = "PASTSOCKET", [PH_PREBIND] = "PREBIND", [PH_BIND] = "BIND",
	[PH_PASTBIND] = "PASTBIND", [PH_PREBIGEN] = "PREBIGEN", [PH_BIGEN] = "BIGEN",
	[PH_PASTBIGEN] = "PASTBIGEN", [PH_LISTEN] = "LISTEN", [PH_PRECONNECT] = "PRECONNECT",
	[PH_CONNECT] = "CONNECT", [PH_ACCEPT] = "ACCEPT", [PH_PASTACCEPT] = "PASTACCEPT",
	[PH_CONNECTED] = "CONNECTED", [PH_FORK] = "FORK", [PH_PASTFORK] = "PASTFORK",
	[PH_FD] = "FD", [PH_PREEXEC] = "PREEXEC", [PH_EXEC] = "EXEC",
	[PH_SPECIFIC] = "SPECIFIC", [PH_LATE] = "LATE", [PH_LATE2] = "LATE2",
	[PH_OFFSET] = "OFFSET",
};

static const struct {
	int64_t group;
	const char *name;
} group_names[] = {
	{G_FD, "FD"}, {G_FIFO, "FIFO"}, {G_CHR, "CHR"}, {G_BLK, "BLK"}, {G_REG, "REG"},
	{G_SOCKET, "SOCKET"}, {G_NAMED, "NAMED"}, {G_OPEN, "OPEN"}, {G_EXEC, "EXEC"},
	{G_FORK, "FORK"}, {G_LISTEN, "LISTEN"}, {G_SHELL, "SHELL"}, {G_CHILD, "CHILD"},
	{G_RETRY, "RETRY"}, {G_TERMIOS, "TERMIOS"}, {G_RANGE, "RANGE"}, {G_PTY, "PTY"},
	{G_PARENT, "PARENT"}, {G_UNIX, "UNIX"}, {G_IP4, "IP4"}, {G_IP6, "IP6"},
	{G_INTERFACE, "INTERFACE"}, {G_UDP, "UDP"}, {G_TCP, "TCP"}, {G_SOCKS, "SOCKS"},
	{G_OPENSSL, "OPENSSL"}, {G_PROCESS, "PROCESS"}, {G_APPL, "APPL"}, {G_HTTP, "HTTP"},
	{G_POSIXMQ, "POSIXMQ"}, {G_SCTP, "SCTP"}, {G_DCCP, "DCCP"}, {G_UDPLITE, "UDPLITE"},
	{G_READLINE, "READLINE"}, {G_PROXY_HEADER, "PROXYHEADER"}, {G_ANY, "(all)"},
};

const char *opt_phase_name(enum opt_phase phase)
{
	return phase_names[phase];
}

const char *opt_kind_name(enum opt_kind kind)
{
	return opt_readers[kind].name;
}

char *opt_group_names(int64_t groups, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < sizeof group_names / sizeof *group_names; i++) {
		int length;

		if ((groups & group_names[i].group) == 0)
			continue;
		length = snprintf(buffer + used, size - used, "%s%s", used > 0 ? "," : "",
		                  group_names[i].name);
		if (length < 0 || (size_t)length >= size - used)
			break;
		used += (size_t)length;
	}
	return buffer;
}
