/* What is known about the open file descriptors: switch -D. */
#ifndef RELAY_DESCRIBE_H
#define RELAY_DESCRIBE_H

/* Print a table of the descriptors to stderr. */
void describe_descriptors(void);

#endif
