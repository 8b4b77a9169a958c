/* The one capability the binary may carry: CAP_NET_BIND_SERVICE, permitted but not effective
 * (with "effective" the kernel refuses to start it where the capability is dropped). */
#ifndef SYS_CAPS_H
#define SYS_CAPS_H

/* Make it effective. Returns 0, or -1 with errno as it was if we don't have it. */
int caps_raise_net_bind(void);
/* Make it permitted only, again. */
void caps_lower(void);
/* Give it up for good, once everything is bound. As root nothing changes. */
void caps_drop(void);

#endif
