/* Options that change the process for a while: chdir, umask, netns. */
#include "opt/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr/addr.h"
#include "opt/family.h"
#include "sys/error.h"
#include "sys/log.h"

static const char *check_path(struct opt_value *value)
{
	return value->string[0] != '\0' ? NULL : "is not the name of a directory";
}

static const char *check_mask(struct opt_value *value)
{
	return value->number <= 0777 ? NULL : "is out of range (0 to 0777)";
}

static const char *check_namespace(struct opt_value *value)
{
	return value->string[0] != '\0' ? NULL : "is not the name of a network namespace";
}

/* Names in /run/netns, as ip-netns(8) makes them, or any path. */
static int open_namespace(const char *name)
{
	char path[4096];

	if (strchr(name, '/') != NULL)
		return open(name, O_RDONLY | O_CLOEXEC);
	if (snprintf(path, sizeof path, "/run/netns/%s", name) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Where an address runs on another one (option via), that one is opened as this one says. */
static const struct opt_value *wanted(const struct spec *spec, const char *name)
{
	const struct opt_value *value = NULL;

	for (; spec != NULL && value == NULL; spec = spec->above)
		value = spec_opt(spec, name);
	return value;
}

int process_netns(const struct spec *spec)
{
	const struct opt_value *network = wanted(spec, "netns");
	struct opt_target target = {.fd = -1, .where = spec->text};
	int fd;

	if (network == NULL)
		return -1;
	fd = open_namespace(network->string);
	if (fd >= 0)
		return fd;
	opt_failed(network, &target, "open() of the network namespace");
	return -2;
}

static int enter_namespace(const struct opt_value *value, const struct opt_target *target,
                           struct process_frame *frame)
{
	int fd = open_namespace(value->string);
	int before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || before < 0) {
		opt_failed(value, target, fd < 0 ? "open() of the network namespace"
		                                 : "open(\"/proc/thread-self/ns/net\")");
		goto close_both;
	}
	if (setns(fd, CLONE_NEWNET) != 0) {
		opt_failed(value, target, "setns()");
		goto close_both;
	}
	close(fd);
	frame->network = before;
	return 0;
close_both:
	if (fd >= 0)
		close(fd);
	if (before >= 0)
		close(before);
	return -1;
}

static int enter_directory(const struct opt_value *value, const struct opt_target *target,
                           struct process_frame *frame)
{
	int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (before < 0)
		return opt_failed(value, target, "open(\".\")");
	if (chdir(value->string) != 0) {
		opt_failed(value, target, "chdir()");
		close(before);
		return -1;
	}
	frame->directory = before;
	return 0;
}

int process_enter(const struct spec *spec, struct process_frame *frame)
{
	const struct opt_value *directory, *mask, *network;
	struct opt_target target = {.fd = -1, .where = spec->text};

	*frame = (struct process_frame){.directory = -1, .network = -1};
	if (spec->opt_count == 0 && spec->above == NULL)
		return 0;
	directory = wanted(spec, "chdir");
	mask = wanted(spec, "umask");
	network = wanted(spec, "netns");
	if (network != NULL && enter_namespace(network, &target, frame) != 0)
		return -1;
	if (directory != NULL && enter_directory(directory, &target, frame) != 0) {
		process_leave(frame);
		return -1;
	}
	if (mask != NULL) {
		frame->mask = umask((mode_t)mask->number);
		frame->masked = true;
	}
	return 0;
}

void process_leave(struct process_frame *frame)
{
	int error = errno;

	if (frame->masked)
		umask(frame->mask);
	if (frame->directory >= 0) {
		if (fchdir(frame->directory) != 0)
			log_fatal("can't return to the former working directory: %s", error_text(errno));
		close(frame->directory);
	}
	if (frame->network >= 0) {
		if (setns(frame->network, CLONE_NEWNET) != 0)
			log_fatal("can't return to the former network namespace: %s", error_text(errno));
		close(frame->network);
	}
	*frame = (struct process_frame){.directory = -1, .network = -1};
	errno = error;
}

static const struct optdef defs[] = {
	{"chdir", "cd", G_ANY, PH_INIT, K_STRING, NULL, 0, 0, NULL, check_path},
	{"umask", NULL, G_ANY, PH_INIT, K_MODE, NULL, 0, 0, NULL, check_mask},
	{"netns", NULL, G_PROCESS, PH_INIT, K_STRING, NULL, 0, 0, NULL, check_namespace},
	{"chroot", NULL, G_PROCESS, PH_LATE, K_STRING, NULL, 0, 0, NULL, check_path},
	{"chroot-early", NULL, G_PROCESS, PH_EARLY, K_STRING, NULL, 0, 0, NULL, check_path},
	{"setgid", NULL, G_PROCESS, PH_LATE2, K_GID, NULL, 0, 0, NULL, NULL},
	{"setgid-early", NULL, G_PROCESS, PH_EARLY, K_GID, NULL, 0, 0, NULL, NULL},
	{"setuid", NULL, G_PROCESS, PH_LATE2, K_UID, NULL, 0, 0, NULL, NULL},
	{"setuid-early", NULL, G_PROCESS, PH_EARLY, K_UID, NULL, 0, 0, NULL, NULL},
	{"substuser", "su", G_PROCESS, PH_LATE2, K_UID, NULL, 0, 0, NULL, NULL},
	{"substuser-delayed", "su-d", G_PROCESS, PH_INIT, K_UID, NULL, 0, 0, NULL, NULL},
	{"substuser-early", "su-e", G_PROCESS, PH_EARLY, K_UID, NULL, 0, 0, NULL, NULL},
	{"setsid", "sid", G_PROCESS, PH_LATE, K_BOOL, NULL, 0, 0, NULL, NULL},
};

OPT_FAMILY(opt_family_process, "the process", defs);
