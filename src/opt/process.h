/* Options that change the process: for a while (chdir, umask, netns), or for good (chroot,
 * user, groups, session). Nothing of this acts by spec_apply(): who opens an address calls
 * these functions in the process that is meant. */
#ifndef OPT_PROCESS_H
#define OPT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct spec;

/* What process_leave() has to restore. */
struct process_frame {
	int directory;      /* descriptor of the former working directory, or -1 */
	int network;        /* of the former network namespace, or -1 */
	bool masked;
	mode_t mask;        /* the former umask, if masked */
};

/* Do what options chdir, umask and netns say, until process_leave(). The network namespace
 * is that of the calling thread, the others are the process's. Returns 0, or -1 with an
 * error logged and nothing changed. Between the two calls no other work may be done: it
 * would run with the changed settings. */
int process_enter(const struct spec *spec, struct process_frame *frame);

/* Restore what process_enter() changed; do it once. Must not be called if that failed. A
 * failure to restore is logged as fatal, since the process is not where it should be then.
 * errno is preserved. */
void process_leave(struct process_frame *frame);

/* A descriptor of the network namespace that option netns names, for look-ups in another
 * thread; the caller closes it. -1 without the option, -2 after logging an error. */
int process_netns(const struct spec *spec);

/* True if the spec changes the process for good: only a process of its own may open it. */
bool process_permanent(const struct spec *spec);

/* Before opening: chroot-early, setgid-early, setuid-early, su-e, in this order; before that
 * the user of su-d and his groups are looked up and remembered. Returns 0, or -1 with an
 * error logged; the process must give up then. */
int process_apply_early(const struct spec *spec);

/* After opening: setsid, setpgid, chroot, setgid, setuid, su, su-d, in this order. su looks
 * its user up before the chroot too. For addresses that run a program this is done in the
 * child, before exec. Returns 0, or -1 with an error logged; the process must give up then. */
int process_apply_late(const struct spec *spec);

#endif
