/* POSIXMQ-READ, -WRITE, -BIDIRECTIONAL, -RECEIVE and -SEND: POSIX message queues, whose
 * descriptors work with epoll. Here is what they check, and the channel for all messages. */
#include "addr/posixmq.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "addr/listener.h"
#include "addr/types.h"
#include "chan/mq.h"
#include "loop/loop.h"
#include "opt/process.h"
#include "sys/error.h"
#include "sys/log.h"

enum { NAME_LONGEST = 255 };

struct mq_opening {
	struct opening base;
	const struct spec *spec;
	struct open_request request;
	struct timer timer;
	int64_t tries_left;        /* -1: for ever */
};

static int check_name(const struct spec *spec)
{
	const char *name = spec->params[0];

	if (name[0] != '/' || name[1] == '\0' || strchr(name + 1, '/') != NULL) {
		log_error("%s: \"%.40s\" is no name of a message queue: a slash, and then a name "
		          "without slashes", spec->text, name);
		return -1;
	}
	if (strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0) {
		log_error("%s: \"%s\" can't be the name of a message queue", spec->text, name);
		return -1;
	}
	if (strlen(name + 1) > NAME_LONGEST) {
		log_error("%s: the name of the message queue is longer than %d bytes", spec->text,
		          NAME_LONGEST);
		return -1;
	}
	return 0;
}

static int check(const struct spec *spec)
{
	static const char *const early[] = { "user-early", "group-early", "perm-early" };

	if (check_name(spec) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++)
		if (spec_opt(spec, early[i]) != NULL) {
			log_error("%s: option \"%s\": a message queue has no entry to be changed before "
			          "it is opened; use %.*s", spec->text, spec_opt(spec, early[i])->text,
			          (int)(strchr(early[i], '-') - early[i]), early[i]);
			return -1;
		}
	if (!(spec->direction & ADDR_WRITE) && spec_opt(spec, "posixmq-priority") != NULL)
		log_warn("%s: option posixmq-priority has no effect on reading: the most urgent "
		         "message always comes first", spec->text);
	return 0;
}

/* The short name would read what it writes, and nobody else would get it. */
static int check_both(const struct spec *spec)
{
	if (spec->direction == ADDR_BOTH && strncasecmp(spec->text, "POSIXMQ:", 8) == 0) {
		log_error("%s: it would read back what it writes and empty the queue; write "
		          "POSIXMQ-BIDIRECTIONAL if that is wanted, or use -u or -U", spec->text);
		return -1;
	}
	return check(spec);
}

/* --- one channel for all messages ------------------------------------------------ */

static void finish(struct mq_opening *o, struct channel *channel)
{
	struct open_request request = o->request;

	timer_stop(&o->timer);
	opening_over(&o->base);
	open_done(&request, channel);
}

static struct channel *new_channel(struct posixmq *queue, int direction)
{
	const struct spec *spec = queue->spec;
	struct channel *channel = mq_channel_new(queue->fd, direction & ADDR_READ,
	        direction & ADDR_WRITE, queue->message_size,
	        (unsigned)spec_number(spec, "posixmq-priority", 0));

	if (channel == NULL) {
		log_error("%s: %s", spec->text, error_text(errno));
		posixmq_close(queue);
	} else if (queue->closer != NULL) {
		channel_on_close(channel, queue->closer);
	}
	return channel;
}

static void start(struct mq_opening *o);

static void again(struct timer *timer)
{
	start((struct mq_opening *)((char *)timer - offsetof(struct mq_opening, timer)));
}

static void start(struct mq_opening *o)
{
	struct process_frame frame;
	struct posixmq queue;
	int rc;

	if (process_enter(o->spec, &frame) < 0) {
		finish(o, NULL);
		return;
	}
	rc = posixmq_open(&queue, o->spec, o->request.direction, o->tries_left == 0);
	process_leave(&frame);
	if (rc == 0) {
		finish(o, new_channel(&queue, o->request.direction));
	} else if (rc == -2 || o->tries_left == 0) {
		finish(o, NULL);
	} else {
		if (o->tries_left > 0)
			o->tries_left--;
		timer_start(&o->timer, posixmq_pause(o->spec), again);
	}
}

static void cancel(struct opening *opening)
{
	timer_stop(&((struct mq_opening *)opening)->timer);
	opening_over(opening);
}

static struct opening *open_all(const struct spec *spec, const struct open_request *request)
{
	struct mq_opening *o = opening_new(spec, request, sizeof(*o), cancel);

	if (o == NULL)
		return NULL;
	o->spec = spec;
	o->request = *request;
	o->tries_left = spec_tries(spec);
	start(o);
	return opening_handle(&o->base);
}

/* --- the types --------------------------------------------------------------------- */

#define POSIXMQ(tag, title, others, groups_, directions_, check_, open_, listen_)             \
	const struct addr_type addr_type_posixmq_##tag = {                                    \
		.name = title, .aliases = others, .syntax = ":<mqname>",                      \
		.feature = "WITH_POSIXMQ", .min_params = 1, .max_params = 1,                  \
		.groups = G_FD | G_NAMED | G_OPEN | G_RETRY | G_POSIXMQ | (groups_),          \
		.directions = directions_, .check = check_, .open = open_, .listen = listen_ }

POSIXMQ(bidirectional, "POSIXMQ-BIDIRECTIONAL", "POSIXMQ", 0, ADDR_BOTH, check_both, open_all, NULL);
POSIXMQ(read, "POSIXMQ-READ", NULL, 0, ADDR_READ, check, open_all, NULL);
POSIXMQ(receive, "POSIXMQ-RECEIVE", "POSIXMQ-RECV", G_CHILD, ADDR_READ, check, listener_open_once,
        posixmq_listen);
POSIXMQ(send, "POSIXMQ-SEND", NULL, G_CHILD, ADDR_WRITE, check, open_all, posixmq_listen);
POSIXMQ(write, "POSIXMQ-WRITE", NULL, G_CHILD, ADDR_WRITE, check, open_all, posixmq_listen);
