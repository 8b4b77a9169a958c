/* Work that may block, off the loop: in threads that are started when there is something to
 * do and end when there is nothing left. */
#ifndef LOOP_OFFLOAD_H
#define LOOP_OFFLOAD_H

struct job {
	struct job *next;
	void (*work)(struct job *job);   /* in a thread: must touch nothing but the job */
	void (*done)(struct job *job);   /* in the loop, afterwards */
};

/* Start a job; it can't be taken back. Several run at once, so a slow one does not hold up
 * the others. In a child process of loop_fork() jobs of the parent are forgotten. Returns 0,
 * or -1 with errno set if no thread is to be had. */
int offload(struct job *job);

#endif
