/* Inside of records: what they hold, and how they are written. */
#ifndef RELAY_RECORD_WRITE_H
#define RELAY_RECORD_WRITE_H

#include <sys/socket.h>

#include "addr/program.h"
#include "relay/record.h"
#include "sys/variables.h"

/* One end of a session. Texts are for free(3), or NULL. */
struct end {
	const struct spec *spec;
	char *peer;                 /* its address */
	char *via;                  /* who is between us and it: a proxy */
	char *local;                /* ours, that it has connected to */
	struct variables *names;    /* what TLS has told, as programs get it */
	struct ucred process;       /* of a client of a UNIX socket; pid 0: not known */
	struct record *record;
	struct program_watch program;
	int fd;
	int status;                 /* of a program, as waitpid(2) gives it; -1: not known */
	bool local_socket;          /* a UNIX socket's client */
};

struct record {
	struct record *prev, *next; /* those that wait for programs */
	int64_t began, lasted;      /* nanoseconds */
	struct end ends[2];
	struct record_sums sums;
	char *why;                  /* it has not begun; or NULL */
	unsigned awaited;           /* programs */
};

/* Write it: see relay/record.h. */
void record_write(const struct record *record);

/* What an address leads to as far as it was written: "host:port" of those that connect, else
 * "TYPE:parameters". Returns text. */
char *record_target(const struct spec *spec, char *text, size_t size);

#endif
