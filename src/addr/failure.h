/* Why an opening has failed, for who is going to write that down: beside the line that was
 * logged. */
#ifndef ADDR_FAILURE_H
#define ADDR_FAILURE_H

enum open_failure {
	OPEN_FAILED,       /* any other reason */
	OPEN_LOOKUP,       /* the host's name */
	OPEN_CONNECT,
	OPEN_PROXY,        /* a proxy or SOCKS server said no, or nothing that makes sense */
	OPEN_HANDSHAKE,    /* TLS, or a client's PROXY header */
	OPEN_REFUSED       /* options range, tcpwrap and the like: the client is not let in */
};

enum { FAILURE_TEXT = 256 };

struct failure {
	enum open_failure kind;
	int error;                  /* errno; 0: none */
	char why[FAILURE_TEXT];     /* "Connection refused"; "": not known */
};

/* For types: right before done() is called without a channel. why: copied, and cut where it is
 * too long. */
void failure_set(enum open_failure kind, int error, const char *why);
/* There is a channel in the end, whatever had failed on the way. */
void failure_forget(void);

/* For who was called back without a channel: the reason of just that. It is forgotten by the next
 * call. */
const struct failure *failure_take(void);

#endif
