/* Options of TCP, tcp(7), and of everything that has ports. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "opt/family.h"

static const struct optdef tcp_defs[] = {
	{"tcp-cork", "cork", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP, TCP_CORK,
	 NULL, NULL},
	{"tcp-defer-accept", "defer-accept", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int,
	 IPPROTO_TCP, TCP_DEFER_ACCEPT, NULL, NULL},
	{"tcp-info", "info", G_TCP, PH_PASTSOCKET, K_INT, NULL, IPPROTO_TCP, TCP_INFO,
	 opt_read_only, NULL},
	{"tcp-keepcnt", "keepcnt", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP,
	 TCP_KEEPCNT, NULL, NULL},
	{"tcp-keepidle", "keepidle", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP,
	 TCP_KEEPIDLE, NULL, NULL},
	{"tcp-keepintvl", "keepintvl", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP,
	 TCP_KEEPINTVL, NULL, NULL},
	{"tcp-linger2", "linger2", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP,
	 TCP_LINGER2, NULL, NULL},
	{"tcp-maxseg", "maxseg mss", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP,
	 TCP_MAXSEG, NULL, NULL},
	{"tcp-maxseg-late", "maxseg-late mss-late", G_TCP, PH_CONNECTED, K_INT, sockopt_int,
	 IPPROTO_TCP, TCP_MAXSEG, NULL, NULL},
	{"tcp-md5sig", NULL, G_TCP, PH_PASTSOCKET, K_INT, NULL, IPPROTO_TCP, TCP_MD5SIG,
	 "can't work: it needs a peer's address and a key; use setsockopt-socket", NULL},
	{"tcp-nodelay", "nodelay", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP,
	 TCP_NODELAY, NULL, NULL},
	{"tcp-quickack", "quickack", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP,
	 TCP_QUICKACK, NULL, NULL},
	{"tcp-syncnt", "syncnt", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int, IPPROTO_TCP,
	 TCP_SYNCNT, NULL, NULL},
	{"tcp-window-clamp", "window-clamp", G_TCP, PH_PASTSOCKET, K_INT, sockopt_int,
	 IPPROTO_TCP, TCP_WINDOW_CLAMP, NULL, NULL},
};

OPT_FAMILY(opt_family_tcp, "TCP", tcp_defs);

#define G_PORTS (G_UDP | G_TCP | G_SCTP | G_DCCP | G_UDPLITE)

static const struct optdef port_defs[] = {
	{"sourceport", "sp", G_PORTS, PH_LATE, K_USHORT, NULL, 0, 0, NULL, NULL},
	{"lowport", NULL, G_PORTS, PH_LATE, K_BOOL, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_port, "ports", port_defs);
