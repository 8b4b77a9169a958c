#include "loop/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/offload.h"

struct lookup {
	struct lookup *next;
	struct query *query;
	void (*done)(void *owner, const struct resolve_result *result);
	void *owner;
};

/* One getaddrinfo(3) and all who wait for it. While a thread has it, the loop touches only
 * the waiters; a query nobody waits for any more is finished all the same. */
struct query {
	struct job job;
	struct query *next;        /* all that are not finished */
	struct lookup *waiters;
	int family, flags, netns;
	struct resolve_result result;
	char host[];
};

/* In the loop only. */
static struct query *known;

static void after_fork(void)
{
	known = NULL;
}

static void add_addresses(struct resolve_result *result, const struct addrinfo *list)
{
	for (; list != NULL && result->count < RESOLVE_MAX; list = list->ai_next)
		if (list->ai_addrlen <= sizeof(union net_addr))
			memcpy(&result->addrs[result->count++], list->ai_addr, list->ai_addrlen);
}

static void look_up(struct job *job)
{
	struct query *query = (struct query *)job;
	struct addrinfo hints = { .ai_family = query->family, .ai_socktype = SOCK_STREAM,
	                          .ai_flags = query->flags };
	struct addrinfo *list = NULL;
	int home = -1;

	if (query->netns >= 0) {
		/* namespaces belong to threads; go back afterwards for the next query */
		home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (home < 0 || setns(query->netns, CLONE_NEWNET) < 0)
			query->result.error = EAI_FAIL;
	}
	if (query->result.error == 0)
		query->result.error = getaddrinfo(query->host, NULL, &hints, &list);
	query->result.system_error = query->result.error == EAI_SYSTEM ? errno : 0;
	if (home >= 0) {
		setns(home, CLONE_NEWNET);
		close(home);
	}
	if (query->netns >= 0)
		close(query->netns);
	if (query->result.error != 0)
		return;
	add_addresses(&query->result, list);
	freeaddrinfo(list);
}

static void deliver(struct job *job)
{
	struct query *query = (struct query *)job, **p = &known;

	while (*p != query)
		p = &(*p)->next;
	*p = query->next;
	while (query->waiters != NULL) {
		struct lookup *lookup = query->waiters;

		query->waiters = lookup->next;
		lookup->done(lookup->owner, &query->result);
		free(lookup);
	}
	free(query);
}

static struct query *find_known(const char *host, int family, int flags)
{
	struct query *query = known;

	while (query != NULL && (query->family != family || query->flags != flags ||
	                         query->netns >= 0 || strcmp(query->host, host) != 0))
		query = query->next;
	return query;
}

static struct query *new_query(const char *host, int family, int flags, int netns)
{
	size_t size = strlen(host) + 1;
	struct query *query = calloc(1, sizeof(*query) + size);
	static bool hooked;

	if (query == NULL)
		return NULL;
	memcpy(query->host, host, size);
	query->family = family;
	query->flags = flags;
	/* the query may outlive its waiters: it needs a descriptor of its own */
	query->netns = netns < 0 ? -1 : fcntl(netns, F_DUPFD_CLOEXEC, 0);
	query->job = (struct job){ .work = look_up, .done = deliver };
	if ((netns >= 0 && query->netns < 0) || offload(&query->job) < 0) {
		if (query->netns >= 0)
			close(query->netns);
		free(query);
		return NULL;
	}
	if (!hooked)
		loop_at_fork(after_fork);
	hooked = true;
	query->next = known;
	known = query;
	return query;
}

struct lookup *resolve_start(const char *host, int family, int flags, int netns,
                             void (*done)(void *owner, const struct resolve_result *result),
                             void *owner)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	struct query *query;

	if (lookup == NULL)
		return NULL;
	query = netns >= 0 ? NULL : find_known(host, family, flags);
	if (query == NULL)
		query = new_query(host, family, flags, netns);
	if (query == NULL) {
		free(lookup);
		return NULL;
	}
	lookup->done = done;
	lookup->owner = owner;
	lookup->query = query;
	lookup->next = query->waiters;
	query->waiters = lookup;
	return lookup;
}

void resolve_cancel(struct lookup *lookup)
{
	struct lookup **p;

	if (lookup == NULL)
		return;
	for (p = &lookup->query->waiters; *p != lookup; p = &(*p)->next)
		;
	*p = lookup->next;
	free(lookup);
}

/* --- the other way round ------------------------------------------------------ */

struct name_lookup {
	struct job job;
	union net_addr addr;
	struct resolve_name result;
	void (*done)(void *owner, const struct resolve_name *name);   /* NULL: cancelled */
	void *owner;
};

static bool same_address(const union net_addr *a, const struct sockaddr *b)
{
	if (a->sa.sa_family != b->sa_family)
		return false;
	if (b->sa_family == AF_INET)
		return memcmp(&a->in.sin_addr, &((const struct sockaddr_in *)(const void *)b)->sin_addr,
		              sizeof(a->in.sin_addr)) == 0;
	return memcmp(&a->in6.sin6_addr, &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr,
	              sizeof(a->in6.sin6_addr)) == 0;
}

/* Whoever owns the address decides on its name; only the name's own addresses count. */
static bool has_address(const char *name, const union net_addr *addr)
{
	struct addrinfo hints = { .ai_family = addr->sa.sa_family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	bool found = false;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return false;
	for (const struct addrinfo *a = list; a != NULL && !found; a = a->ai_next)
		found = same_address(addr, a->ai_addr);
	freeaddrinfo(list);
	return found;
}

static void look_up_name(struct job *job)
{
	struct name_lookup *l = (struct name_lookup *)job;

	/* for UNIX sockets some C libraries would say the name of this machine */
	if (l->addr.sa.sa_family == AF_UNIX ||
	    getnameinfo(&l->addr.sa, net_length(&l->addr), l->result.name, sizeof(l->result.name),
	                NULL, 0, NI_NAMEREQD) != 0)
		l->result.name[0] = '\0';
	else
		l->result.disputed = !has_address(l->result.name, &l->addr);
}

static void deliver_name(struct job *job)
{
	struct name_lookup *l = (struct name_lookup *)job;

	if (l->done != NULL)
		l->done(l->owner, &l->result);
	free(l);
}

struct name_lookup *resolve_name_start(const union net_addr *addr,
                                       void (*done)(void *owner, const struct resolve_name *name),
                                       void *owner)
{
	struct name_lookup *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->job = (struct job){ .work = look_up_name, .done = deliver_name };
	l->addr = *addr;
	l->done = done;
	l->owner = owner;
	if (offload(&l->job) == 0)
		return l;
	free(l);
	return NULL;
}

void resolve_name_cancel(struct name_lookup *lookup)
{
	if (lookup != NULL)
		lookup->done = NULL;
}
