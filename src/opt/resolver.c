/* Options of name resolution. Those of getaddrinfo(3) are looked up by the resolver; those
 * of libc's DNS client exist only where libc has a DNS client with settings. */
#include "opt/family.h"

#define G_IP (G_IP4 | G_IP6)

static const char no_setting[] =
	"can't work: the static resolver (musl) has no such setting; use /etc/resolv.conf";

static const struct optdef defs[] = {
	{"ai-addrconfig", "addrconfig", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"ai-all", NULL, G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"ai-passive", "passive", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"ai-v4mapped", "v4mapped", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, NULL, NULL},
	{"res-aaonly", "aaonly", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
	{"res-debug", NULL, G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
	{"res-defnames", "defnames", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
	{"res-dnsrch", "dnsrch", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
	{"res-igntc", "igntc", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
	{"res-nsaddr", "dns nameserver nsaddr", G_IP, PH_OFFSET, K_IP4SOCK, NULL, 0, 0, no_setting,
	 NULL},
	{"res-primary", "primary", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
	{"res-recurse", "recurse", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
	{"res-retrans", "res-maxretrans retrans", G_IP, PH_OFFSET, K_INT, NULL, 0, 0, no_setting,
	 NULL},
	{"res-retry", "res-maxretry", G_IP, PH_OFFSET, K_INT, NULL, 0, 0, no_setting, NULL},
	{"res-stayopen", "stayopen", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
	{"res-usevc", "usevc", G_IP, PH_OFFSET, K_BOOL, NULL, 0, 0, no_setting, NULL},
};

OPT_FAMILY(opt_family_resolver, "name resolution", defs);
