/* Theory of operation.
 *
 * Reading. Bytes from the channel below go into a scratch buffer that all sessions share (those of TLS on top
 * of TLS have another one). Whole
 * records are decrypted there, in place, and copied to the reader, or lent to it. What is left when the call
 * ends, part of a record or bytes the reader had no room for, is kept in a block of the session,
 * of just that size, until the next call.
 *
 *   [ ... | decrypted, not yet read | ... | records, the last one perhaps in part ]
 *           ^ start                 ^ opened ^ sealed                             ^ end
 *
 * Writing. As many records as fit are made in the scratch buffer, of data that is copied there or that
 * the writer has put there (room), and written at once. What the
 * channel below does not take is kept, and the writer is told that the bytes of the records that
 * are not written completely were not taken: it offers them again, and when the rest is written
 * they count as taken. So bytes are the writer's until the kernel has them, and nobody but the
 * writer needs to be woken for the rest.
 *
 * The end. Each direction ends by itself with close_notify: finish() sends it and goes on reading;
 * receiving it is the end of reading and nothing else. TCP's own end without it means that somebody
 * may have cut the stream, and is an error. The TCP connection is closed with the channel.
 *
 * There is no renegotiation: who asks for it is answered with the alert no_renegotiation.
 */
#include "chan/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan/tls_state.h"
#include "loop/loop.h"
#include "tls/words.h"

unsigned char *tls_scratches[TLS_LEVELS];

static struct tls *self(struct channel *channel)
{
	return (struct tls *)channel;
}

enum io_status tls_broken(struct tls *t, const char *problem)
{
	t->problem = problem;
	errno = EPROTO;
	return IO_ERROR;
}

static unsigned tls_ready(const struct channel *channel)
{
	const struct tls *t = (const struct tls *)channel;
	unsigned ready = channel_ready(t->below);

	if (t->ended || t->problem != NULL || t->opened > t->start ||
	    (t->input != NULL && tls_record_complete(t->input + t->sealed, t->end - t->sealed)))
		ready |= CHAN_READABLE;
	return ready;
}

static void notified(void *owner)
{
	struct tls *t = owner;

	t->base.notify(t->base.owner);
}

static int tls_attach(struct channel *channel)
{
	return channel_attach(self(channel)->below, notified, channel);
}

static void tls_detach(struct channel *channel)
{
	channel_detach(self(channel)->below);
}

static int tls_splice(struct channel *channel, bool output)
{
	(void)channel;
	(void)output;
	return -1;
}

static void tls_not_ready(struct channel *channel, unsigned side)
{
	struct tls *t = self(channel);

	t->below->ops->not_ready(t->below, side);
}

/* The state of the encryption can't be in two hands. */
static struct channel *tls_dup(const struct channel *channel)
{
	(void)channel;
	errno = ENOTSUP;
	return NULL;
}

static void tls_explain(const struct channel *channel, int error, char *text, size_t size)
{
	const struct tls *t = (const struct tls *)channel;

	if (error != EPROTO || t->problem == NULL)
		channel_explain(t->below, error, text, size);
	else if (t->alert != 0)
		snprintf(text, size, "; %s: %s", t->problem, tls_alert_text(t->alert));
	else
		snprintf(text, size, "; %s", t->problem);
}

static void tls_close(struct channel *channel, bool abandon)
{
	struct tls *t = self(channel);

	/* a direction that has nothing more to say (-u, -T) has ended properly, too; a stream that
	 * is cut must not look complete */
	if (!abandon && !t->finished && t->owed == 0 && t->problem == NULL && !channel->incomplete)
		tls_send_alert(t, WARNING, CLOSE_NOTIFY);
	tls_drop_input(t);
	tls_drop_output(t);
	explicit_bzero(t->contexts, t->contexts_size);
	t->below->cut_short = channel->cut_short;
	abandon ? channel_abandon(t->below) : channel_free(t->below);
}

static const struct chan_ops tls_ops = {
	.kind = "TLS", .read = tls_read, .lend = tls_lend, .room = tls_room,
	.write_room = tls_write_room, .write = tls_write, .finish = tls_finish,
	.attach = tls_attach, .detach = tls_detach, .ready = tls_ready, .splice_fd = tls_splice,
	.not_ready = tls_not_ready, .dup = tls_dup, .explain = tls_explain, .close = tls_close,
};

static size_t aligned(size_t size)
{
	return (size + 15) & ~(size_t)15;
}

/* The channel with its contexts, and what came early. Returns NULL without memory. */
static struct tls *allocate(const struct tls_session *session)
{
	size_t in = aligned((*session->in)->context_size), out = (*session->out)->context_size;
	struct tls *t = calloc(1, sizeof(*t) + in + out);

	if (t == NULL)
		return NULL;
	if (session->early_length > 0) {
		t->input = malloc(session->early_length);
		if (t->input == NULL) {
			free(t);
			return NULL;
		}
		memcpy(t->input, session->early, session->early_length);
		t->end = (uint32_t)session->early_length;
	}
	t->contexts_size = (uint16_t)(in + out);
	t->in = memcpy(t->contexts, session->in, (*session->in)->context_size);
	t->out = memcpy(t->contexts + in, session->out, out);
	return t;
}

struct channel *tls_channel_new(struct channel *below, const struct tls_session *session)
{
	unsigned char **scratch = &tls_scratches[below->tls_levels];
	struct tls *t;

	if (*scratch == NULL)
		*scratch = malloc(SCRATCH);
	t = *scratch == NULL ? NULL : allocate(session);
	if (t == NULL)
		return NULL;
	channel_init(&t->base, &tls_ops, below->read_fd, below->write_fd);
	t->base.tls_levels = (uint8_t)(below->tls_levels + 1);
	t->base.peer = below->peer;
	t->base.nagle = below->nagle;
	t->base.stream_socket = below->stream_socket;
	t->below = below;
	t->version = (uint16_t)session->version;
	t->max_fragment = (uint16_t)session->max_fragment;
	/* until a session attaches, what happens is remembered below */
	t->base.notify = channel_nobody;
	channel_attach(below, notified, t);
	return &t->base;
}
