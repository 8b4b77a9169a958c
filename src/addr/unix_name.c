#include "addr/unix_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/named.h"
#include "sys/log.h"

/* Option bind-tempname: its default, the letters that are replaced, and how often another name
 * is tried. */
#define TEMPLATE "/tmp/fileXXXXXX"
enum { LETTERS = 6, TRIES = 100 };

/* With parameters there is at least one: the parser has seen to it. GOPEN has names, too. */
bool unix_is_abstract(const struct spec *spec)
{
	return !(spec->type->groups & G_NAMED);
}

int unix_address(const struct spec *spec, const char *name, struct net_peer *peer)
{
	bool tight = spec_number(spec, "unix-tightsocklen", 1) != 0;

	return net_unix(name, unix_is_abstract(spec), tight, peer);
}

static int check_name(const struct spec *spec, const char *name)
{
	struct net_peer peer;

	if (*name == '\0') {
		log_error("%s: the socket's name is missing", spec->text);
		return -1;
	}
	if (unix_address(spec, name, &peer) == 0)
		return 0;
	log_error("%s: \"%.40s...\" is too long for a UNIX socket: at most %zu bytes", spec->text,
	          name, sizeof(peer.addr.un.sun_path) - 1);
	return -1;
}

static int check_template(const struct spec *spec, const char *template)
{
	size_t length = strlen(template);

	if (length >= LETTERS && strcmp(template + length - LETTERS, "XXXXXX") == 0)
		return check_name(spec, template);
	log_error("%s: option \"bind-tempname=%s\": must end with XXXXXX, which is replaced",
	          spec->text, template);
	return -1;
}

int unix_check_own(const struct spec *spec)
{
	const char *own = spec_string(spec, "bind");
	const struct opt_value *temporary = spec_opt(spec, "unix-bind-tempname");

	if (own != NULL && temporary != NULL) {
		log_error("%s: options bind and bind-tempname exclude each other", spec->text);
		return -1;
	}
	if (own != NULL)
		return check_name(spec, own);
	return temporary == NULL || temporary->string == NULL
	       ? 0 : check_template(spec, temporary->string);
}

int unix_check(const struct spec *spec)
{
	return check_name(spec, spec->params[0]) < 0 ? -1 : unix_check_own(spec);
}

int unix_ask(const struct net_peer *peer)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return errno;
	error = connect(fd, &peer->addr.sa, peer->length) == 0 ? 0 : errno;
	close(fd);
	return error;
}

/* The name is taken: by a live process, by something that is no socket, or by the entry that
 * a killed run left behind, which is removed. Returns true in that last case. */
static bool remove_stale(const struct spec *spec, const char *name, const struct net_peer *peer)
{
	struct stat st;

	if (unix_is_abstract(spec) || lstat(name, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    unix_ask(peer) != ECONNREFUSED || unlink(name) < 0)
		return false;
	log_notice("%s: removed the socket that an ended process had left behind", spec->text);
	return true;
}

const char *unix_taken_hint(const struct spec *spec, const char *name)
{
	struct stat st;

	if (unix_is_abstract(spec))
		return "; another process listens there";
	if (lstat(name, &st) == 0 && !S_ISSOCK(st.st_mode))
		return "; there is something that is not a socket";
	return "; a process listens there: end it, or take its name with option unlink-early";
}

int unix_bind(const struct spec *spec, const char *name, int fd)
{
	struct net_peer peer;

	unix_address(spec, name, &peer);
	if (bind(fd, &peer.addr.sa, peer.length) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -1;
	if (!remove_stale(spec, name, &peer)) {
		errno = EADDRINUSE;
		return -1;
	}
	return bind(fd, &peer.addr.sa, peer.length);
}

/* Random letters and digits in place of the last letters. */
static void fill_in(char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned char bytes[LETTERS];
	char *at = name + strlen(name) - LETTERS;

	/* so few bytes are always given, whole (getrandom(2)) */
	if (getrandom(bytes, sizeof(bytes), 0) < 0)
		return;
	for (unsigned i = 0; i < LETTERS; i++)
		at[i] = letters[bytes[i] % (sizeof(letters) - 1)];
}

/* Bind to a name nobody has; bind(2) itself tells. name gets it. */
static int bind_temporary(const struct spec *spec, const char *template, int fd, char *name,
                          size_t size)
{
	struct net_peer peer;

	for (unsigned i = 0; i < TRIES; i++) {
		snprintf(name, size, "%s", template != NULL ? template : TEMPLATE);
		fill_in(name);
		unix_address(spec, name, &peer);
		if (bind(fd, &peer.addr.sa, peer.length) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return -1;
}

int unix_bind_own(const struct spec *spec, int fd, struct closer **closer)
{
	const struct opt_value *temporary = spec_opt(spec, "unix-bind-tempname");
	const char *own = spec_string(spec, "bind");
	bool abstract = unix_is_abstract(spec);
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	if (*closer != NULL)
		(*closer)->close(*closer);
	*closer = NULL;
	if (own != NULL && !abstract && named_before(spec, own) < 0)
		return -2;
	if (temporary != NULL) {
		if (bind_temporary(spec, temporary->string, fd, name, sizeof(name)) < 0)
			return -1;
		own = name;
	} else if (own != NULL && unix_bind(spec, own, fd) < 0) {
		return -1;
	}
	if (own != NULL && !abstract)
		*closer = named_closer(spec, own, true);
	if (spec_apply(spec, PH_FD, fd, abstract ? NULL : own) < 0)
		return -2;
	return own != NULL && !abstract && spec_apply(spec, PH_PASTOPEN, fd, own) < 0 ? -2 : 0;
}

void unix_hint(const char *path, int error, char *hint, size_t size)
{
	struct stat st;
	bool group_may;

	hint[0] = '\0';
	if (error == ECONNREFUSED)
		snprintf(hint, size, "; no process listens there");
	if (error != EACCES)
		return;
	if (stat(path, &st) < 0) {
		snprintf(hint, size, "; a directory on the way is closed to user %d", (int)geteuid());
		return;
	}
	group_may = st.st_mode & S_IWGRP;   /* connecting takes the right to write */
	snprintf(hint, size, "; the socket belongs to user %d, group %d, mode %04o, and this process "
	         "is user %d, group %d: run it with %s %d", (int)st.st_uid, (int)st.st_gid,
	         (unsigned)st.st_mode & 07777u, (int)geteuid(), (int)getegid(),
	         group_may ? "--group-add" : "--user", (int)(group_may ? st.st_gid : st.st_uid));
}
