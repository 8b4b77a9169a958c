#include "addr/named.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/log.h"

struct unlinker {
	struct closer base;
	pid_t owner;
	char target[32];   /* of a symbolic link; "": it is none */
	char path[];
};

static int remove_entry(const struct spec *spec, const char *path)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	log_error("%s: unlink(\"%s\"): %s", spec->text, path, error_text(errno));
	return -1;
}

int named_before(const struct spec *spec, const char *path)
{
	if (spec_flag(spec, "unlink-early") && remove_entry(spec, path) < 0)
		return -1;
	if (spec_apply(spec, PH_PREOPEN, -1, path) < 0)
		return -1;
	if (spec_flag(spec, "unlink") && remove_entry(spec, path) < 0)
		return -1;
	return 0;
}

void named_after(const struct spec *spec, const char *path)
{
	if (spec_flag(spec, "unlink-late"))
		remove_entry(spec, path);
}

/* A link may have been replaced by that of a later session. */
static bool is_own(const struct unlinker *unlinker)
{
	char target[sizeof(unlinker->target)];
	size_t length = strlen(unlinker->target);

	return length == 0 || (readlink(unlinker->path, target, sizeof(target)) == (ssize_t)length &&
	                       memcmp(target, unlinker->target, length) == 0);
}

static void run(struct closer *closer)
{
	struct unlinker *unlinker = (struct unlinker *)closer;

	/* a child process that inherited it leaves the entry alone */
	if (unlinker->owner == getpid() && is_own(unlinker))
		unlink(unlinker->path);
	free(unlinker);
}

struct closer *named_closer(const struct spec *spec, const char *path, bool by_default)
{
	bool wanted = spec_opt(spec, "unlink-close") != NULL ? spec_flag(spec, "unlink-close")
	                                                     : by_default;
	char directory[PATH_MAX] = "";
	struct unlinker *unlinker;
	size_t size;

	if (!wanted)
		return NULL;
	if (path[0] != '/' && getcwd(directory, sizeof(directory)) == NULL)
		directory[0] = '\0';
	size = strlen(directory) + strlen(path) + 2;
	unlinker = calloc(1, sizeof(*unlinker) + size);
	if (unlinker == NULL)
		return NULL;
	unlinker->base.close = run;
	unlinker->owner = getpid();
	snprintf(unlinker->path, size, "%s%s%s", directory, directory[0] ? "/" : "", path);
	return &unlinker->base;
}

struct closer *named_link_closer(const struct spec *spec, const char *path, const char *target)
{
	struct closer *closer = named_closer(spec, path, true);
	struct unlinker *unlinker = (struct unlinker *)closer;

	if (closer != NULL)
		snprintf(unlinker->target, sizeof(unlinker->target), "%s", target);
	return closer;
}
