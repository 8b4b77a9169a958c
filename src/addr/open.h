/* Opening addresses: what types offer, and what happens around it for all types.
 *
 * An opening is something that will become a channel: it may wait for a name, a connection,
 * a writer of a pipe, a lock file, the next attempt. A listener makes channels again and
 * again. Both are started by a request and end by its callback or by being cancelled.
 */
#ifndef ADDR_OPEN_H
#define ADDR_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "addr/addr.h"
#include "addr/client.h"
#include "chan/chan.h"
#include "chan/fd.h"
#include "sys/net.h"

struct open_request {
	int direction;                 /* ADDR_... */
	bool server;                   /* for one of many sessions */
	const struct client_info *client; /* the other channel's peer, or NULL; must stay */
	bool want_local;               /* of who connects: the local address too */
	bool again;                    /* failing is no error: it will be tried again */
	/* The channel, or NULL if opening failed (it was logged). May be called before the
	 * function that got the request returns. */
	void (*done)(void *owner, struct channel *channel);
	/* NULL, or told who connected, before done(), by types that listen; or, with a peer whose
	 * length is 0, what names the server has, by types with certificates. */
	void (*accepted)(void *owner, const struct client_info *client);
	void *owner;
};

/* Types put this first in a struct of their own. */
struct opening {
	void (*cancel)(struct opening *opening);
	uint16_t pooled;               /* its memory is from pool_new() of this size; 0: malloc(3) */
	bool over;                     /* done() was or is going to be called */
};

/* For types: zeroed memory for a struct of this size that begins with a struct opening. NULL: none was
 * left, which was logged, and done() was called. */
void *opening_new(const struct spec *spec, const struct open_request *request, size_t size,
                  void (*cancel)(struct opening *opening));
/* For types: the opening has come to its end; its memory is freed after this turn. Called
 * before done(), which may well start something new. */
void opening_over(struct opening *opening);
/* For types: what their open() returns: NULL if it is over already. */
struct opening *opening_handle(struct opening *opening);

/* Give up; done() will not be called. NULL is fine. */
void opening_cancel(struct opening *opening);

struct listen_request {
	int direction;
	bool server;                   /* false: only the first channel counts */
	bool want_local;               /* of clients: the local address too */
	bool last_try;                 /* failing is an error; else it will be tried again */
	bool again;                    /* when this is over the address will be listened on again */
	/* One more socket for the port that this one has, between which the kernel spreads what
	 * comes (SO_REUSEPORT); NULL: a socket of its own. */
	const struct listener *beside;
	/* How often a client may be let in; NULL: as often as they come. accepted() takes. */
	const struct rate *rate;
	/* client: NULL where nobody has connected. */
	void (*accepted)(void *owner, struct channel *channel, const struct client_info *client);
	/* Listening has ended by itself: accept-timeout, or the socket broke (logged). */
	void (*failed)(void *owner);
	void *owner;
};

/* Of an accepted channel make one that is ready for data (a TLS handshake, say), in the process
 * that is going to serve it. */
struct upgrade_request {
	struct channel *channel;       /* belongs to the opening from now on */
	struct client_info *client;    /* may be added to; NULL: not known. Must stay */
	/* NULL, or asked as soon as a PROXY header has told who the client is: may it go on? If
	 * not, it has failed. */
	bool (*admit)(void *owner, const struct client_info *client);
	/* NULL: it failed, which was logged. May be called before the function returns. */
	void (*done)(void *owner, struct channel *channel);
	void *owner;
};

struct listener {
	void (*pause)(struct listener *listener);
	void (*resume)(struct listener *listener);
	void (*close)(struct listener *listener);
	/* In a child process, whose parent goes on listening: touch nothing any more. */
	void (*abandon)(struct listener *listener);
	/* The socket is kept for processes to come, which get it by loop_fork(): what arrives waits
	 * in the kernel until one of them calls wake(), which returns 0, or -1 with errno set. NULL:
	 * the type can't. */
	void (*sleep)(struct listener *listener);
	int (*wake)(struct listener *listener);
	int fd;                        /* of those that can */
};

/* Open an address as a channel: its lock files, the types' open(), layers for options that
 * work on data, options that change the process. May return NULL with done() called
 * already. permanent: this process may be changed for good. */
struct opening *address_open(const struct address *address, const struct open_request *request,
                             bool permanent);

/* Listen on an address whose type can. Returns NULL after logging. Locks as above. */
struct listener *address_listen(const struct address *address,
                                const struct listen_request *request);

/* Read what an address needs from files, once, before anything is opened. Returns 0, or -1 (logged). */
int address_prepare(const struct address *address);
/* Read it anew: lists of networks, which decide about packets of a session, too; and with server,
 * what the types have for the sessions to come. Returns false if there is nothing of the kind. */
bool address_reload(const struct address *address, bool server);

/* True if the address makes channel after channel: its type does, and it has option fork. */
bool address_forks(const struct address *address);
/* True if it runs a program, which wants to know who connected. */
bool address_runs_program(const struct address *address);
/* True if several of its sockets can listen on one port: see listen_request.beside. The sessions of
 * other types that listen are spread by several processes accepting from one socket. */
bool address_has_ports(const struct address *address);
/* True if opening it may bind a port below 1024 later on (lowport, sourceport, bind). */
bool address_needs_low_port(const struct address *address);
/* True if opening it changes the process for good, so that it needs one of its own. */
bool address_needs_process(const struct address *address);

/* For types: settings of a channel over descriptors as the address's options want them
 * (finish method, null-eof), starting from the type's own. */
void fd_settings_from(const struct spec *spec, struct fd_settings *settings);

/* For types: before options are applied to a descriptor, keep the terminal that it may be
 * (chan/terminal.h), if one of them changes its settings or the type opens it itself. Returns 0
 * with *closer for the channel, or NULL if there is nothing to be done at the end; or -1
 * (logged). */
int keep_terminal(const struct spec *spec, int fd, struct closer **closer);

/* For types: option ctty: fd, if it is a terminal, becomes the controlling terminal of this
 * process, which has to lead a session without one. What goes wrong is only said. */
void take_terminal(const struct spec *spec, int fd);

/* For types: put the layers on a new channel that its spec asks for (line ends, escape,
 * readbytes), and flags. Returns the channel to use, or NULL (logged; channel freed). */
struct channel *channel_dress(const struct spec *spec, struct channel *channel);

/* For types: report the end of an opening. */
void open_done(const struct open_request *request, struct channel *channel);

#endif
