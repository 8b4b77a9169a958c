/* Address options: what an option is, how its value is read, when it acts.
 *
 * An option definition (struct optdef) is constant data in the table of a family. Reading
 * "name=value" gives a struct opt_value: a definition and a typed value; nothing of it ever
 * changes afterwards, so a value can be applied any number of times, to any number of
 * descriptors.
 *
 * Options act in one of these ways:
 *  - definitions with an apply() act by themselves when opts_apply() is called for their
 *    phase (setsockopt, fcntl, chmod ...);
 *  - definitions without are looked up by name by the code that needs them ("fork", "bind",
 *    "retry" ...): spec_flag(), spec_number(), ... in addr/addr.h;
 *  - settings of terminals are made all at once: see termios.h.
 */
#ifndef OPT_OPT_H
#define OPT_OPT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Groups: an address type accepts the options that share a group with it (-g: all). */
enum opt_group {
	G_FD = 1 << 0, G_FIFO = 1 << 1, G_CHR = 1 << 2, G_BLK = 1 << 3, G_REG = 1 << 4,
	G_SOCKET = 1 << 5, G_NAMED = 1 << 6, G_OPEN = 1 << 7, G_EXEC = 1 << 8, G_FORK = 1 << 9,
	G_LISTEN = 1 << 10, G_SHELL = 1 << 11, G_CHILD = 1 << 12, G_RETRY = 1 << 13,
	G_TERMIOS = 1 << 14, G_RANGE = 1 << 15, G_PTY = 1 << 16, G_PARENT = 1 << 17,
	G_UNIX = 1 << 18, G_IP4 = 1 << 19, G_IP6 = 1 << 20, G_INTERFACE = 1 << 21,
	G_UDP = 1 << 22, G_TCP = 1 << 23, G_SOCKS = 1 << 24, G_OPENSSL = 1 << 25,
	G_PROCESS = 1 << 26, G_APPL = 1 << 27, G_HTTP = 1 << 28, G_POSIXMQ = 1 << 29,
	G_SCTP = 1 << 30
};
#define G_DCCP    (1LL << 31)
#define G_UDPLITE (1LL << 32)
#define G_READLINE (1LL << 33)
/* Stream connections that may begin with a header of the PROXY protocol. */
#define G_PROXY_HEADER (1LL << 35)
/* Every address type takes these. */
#define G_ANY     (1LL << 34)

/* When an option acts. The order of the list is the order of acting. */
enum opt_phase {
	PH_INIT, PH_EARLY, PH_PREOPEN, PH_OPEN, PH_PASTOPEN, PH_PRESOCKET, PH_SOCKET,
	PH_PASTSOCKET, PH_PREBIND, PH_BIND, PH_PASTBIND, PH_PREBIGEN, PH_BIGEN, PH_PASTBIGEN,
	PH_LISTEN, PH_PRECONNECT, PH_CONNECT, PH_ACCEPT, PH_PASTACCEPT, PH_CONNECTED, PH_FORK,
	PH_PASTFORK, PH_FD, PH_PREEXEC, PH_EXEC, PH_SPECIFIC, PH_LATE, PH_LATE2, PH_OFFSET
};

/* Kinds of value; the comment says which member of the union holds it. */
enum opt_kind {
	K_CONST,         /* no value; number = 1 */
	K_BOOL,          /* "0" or "1"; none means 1: number */
	K_BYTE,          /* 0..255: number */
	K_INT,           /* C int, base 0; none means 1: number */
	K_UINT, K_USHORT, K_LONG, K_ULONG, K_SIZE, K_OFF,  /* number (unsigned ones too) */
	K_MODE,          /* permission bits, octal with or without a leading 0: number */
	K_STRING,        /* string, required */
	K_SECRET,        /* string, required, never shown: string */
	K_STRING_NULL,   /* string or NULL */
	K_UID, K_GID,    /* by number or name: number, and as written in string */
	K_TIME,          /* seconds with fraction: nanoseconds, in number */
	K_LINGER,        /* seconds: number */
	K_REUSEADDR,     /* int, none means 1, "reuseaddr=" means -1: leave the system's default */
	/* Names of interfaces are kept in string (NULL if there is none) and looked up when the
	 * option acts: the interface may appear later, or live in another network namespace. */
	K_IP_MREQN,      /* group:interface(address, name or index)[:name or index]: mreqn */
	K_IP_MREQ_SOURCE,/* group:interface address:source: mreq_source */
	K_IPV6_MREQ,     /* group:interface name or index: mreq6 */
	K_IPV6_MREQ_SOURCE, /* group:interface name or index:source: group_source */
	K_IP4NAME,       /* IPv4 address: in4; or a host name: string */
	K_IP4SOCK,       /* IPv4 address[:port]: sin */
	K_BIN,           /* dalan data: data */
	K_INT_INT,       /* a:b: ints[0..1] */
	K_INT_INTP,      /* request:value; apply passes a pointer: ints[0..1] */
	K_INT_BIN,       /* request:dalan: ints[0], data */
	K_INT_STRING,    /* request:string: ints[0], data (with the final NUL) */
	K_INT_INT_INT,   /* level:name:value: ints[0..2] */
	K_INT_INT_BIN,   /* level:name:dalan: ints[0..1], data */
	K_INT_INT_STRING, /* level:name:string: ints[0..1], data (with the final NUL) */
	K_COUNT          /* not a kind: how many there are */
};

struct opt_value;

/* What an option acts on. */
struct opt_target {
	int fd;            /* -1 if there is none yet */
	const char *path;  /* file system entry, or NULL */
	const char *where; /* the address as written, for messages */
	bool made;         /* option perm was already an argument of open(2), creat(2) ... */
};

struct optdef {
	const char *name;     /* canonical, lower case */
	const char *aliases;  /* separated by spaces, or NULL */
	int64_t groups;       /* G_... */
	enum opt_phase phase;
	enum opt_kind kind;
	/* Act on the target. Returns 0, or -1 with an error logged. NULL: looked up by name. */
	int (*apply)(const struct opt_value *value, const struct opt_target *target);
	int major, minor;     /* for shared apply functions: level and option, flag, request ... */
	/* Why using this option is an error, as the end of the sentence "option "name" ...";
	 * NULL: it can be used. */
	const char *refused;
	/* Last check of a value that has been read, which may still complete it (a name to its
	 * number, say). Returns NULL or why the value is bad. NULL: nothing more to check. */
	const char *(*check)(struct opt_value *value);
};

struct opt_data {
	unsigned char *bytes;
	size_t length;
};

struct opt_value {
	const struct optdef *def;
	char *text;           /* "name=value" as written, for messages */
	bool given;           /* a value was written */
	int64_t number;
	char *string;
	int ints[3];
	struct opt_data data;
	union {
		struct ip_mreqn mreqn;
		struct ip_mreq_source mreq_source;
		struct ipv6_mreq mreq6;
		struct group_source_req group_source;
		struct in_addr in4;
		struct sockaddr_in sin;
	} net;
};

/* A family: a table of definitions. opt/table.c lists them all. */
struct opt_family {
	const char *title;
	const struct optdef *defs;
	size_t count;
};
extern const struct opt_family *const opt_families[];  /* ends with NULL */

/* The definition of that name or alias (any case) that shares a group with the mask, or
 * NULL. With mask -1: of any group. Every address type takes the groups PROCESS and APPL,
 * whether it lists them or not. */
const struct optdef *opt_find(const char *name, int64_t groups);

/* Read one option. name and value are unquoted; value is NULL where no "=" was written.
 * where: the whole address, for messages. groups: of the address type; -1: don't check.
 * Returns 0, or -1 after one clear error line (unknown, not for this type, bad value ...),
 * in which case *out needs no freeing. */
int opt_read(struct opt_value *out, const char *name, const char *value, int64_t groups,
             const char *where);
void opt_value_free(struct opt_value *value);

/* Apply all options of one phase, in the order written; with those of PH_FD, at last, the settings
 * of terminals (termios.h). Returns 0, or -1 after the first that failed (it has logged why).
 * With the command line's -s failures are only logged. */
int opts_apply(const struct opt_value *opts, size_t count, enum opt_phase phase,
               const struct opt_target *target);
/* Only the settings of terminals, on one more descriptor. */
int opts_apply_terminal(const struct opt_value *opts, size_t count,
                        const struct opt_target *target);
void opt_set_sloppy(bool sloppy);

/* Of an address as written, cut off what is behind the "=" of the first option of kind K_SECRET:
 * for messages. */
void opt_hide_secrets(char *text);

/* Names for -hhh. */
const char *opt_phase_name(enum opt_phase phase);
const char *opt_kind_name(enum opt_kind kind);
/* Group names joined by commas, written into the buffer; returns the buffer. */
char *opt_group_names(int64_t groups, char *buffer, size_t size);

#endif
