/* Theory of operation. A handshake is in one of these states:
 *
 *   WAIT    a server, until the client says something: a silent one costs no engine
 *   TALK    the engine is fed with what comes in; what it has to say is collected and written at
 *           once when it wants to hear something again, so each flight is one packet
 *   LINGER  it has failed and an alert was sent: the connection is closed when the peer has closed
 *           its own, or after a moment. If it were closed with bytes unread, the kernel would send
 *           a reset, which can overtake the alert.
 *
 * One call of work() does what is possible; between two flights other sessions have their turn.
 * When the engine is ready for data, its contexts for records and the bytes that have come behind
 * the handshake go into a TLS channel, and the engine is freed.
 */
#include "tls/handshake.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan/tls.h"
#include "loop/loop.h"
#include "sys/counters.h"
#include "sys/error.h"
#include "sys/log.h"
#include "tls/engine.h"
#include "tls/words.h"

#define LINGER_TIME NANOSECONDS

/* Types of records. */
enum { ALERT = 21, HANDSHAKE = 22 };

enum { PROBLEM = 768, EXCERPT = 32, ROOM = 4096, ALERT_ROOM = 512, LINGER_BYTES = 1 << 20 };

/* What a peer may send until the handshake is over (its certificates are the most of it: see
 * tls/verify.h), and until others have their turn. */
enum { HEARD_MAX = 1 << 20, TURN_BYTES = 16384, UNEXPECTED_MESSAGE = 10 };

enum state { WAIT, TALK, LINGER };

struct tls_handshake {
	struct task task;
	struct timer timer;
	struct tls_handshake_request request;
	struct channel *channel;
	struct tls_engine *engine;        /* NULL: WAIT */
	unsigned char *output;            /* records to be written */
	size_t output_start, output_end, output_size;
	size_t heard;                     /* bytes that the peer has said */
	size_t discarded;                 /* LINGER */
	uint8_t state;                    /* enum state */
	int write_error;                  /* errno: it takes nothing any more */
	char *problem;                    /* why it has failed */
	uint8_t failure;                  /* enum handshake_failure: the same in a word */
};

static struct tls_handshake *of_timer(struct timer *timer)
{
	return (struct tls_handshake *)((char *)timer - offsetof(struct tls_handshake, timer));
}

static void release(struct tls_handshake *h)
{
	task_cancel(&h->task);
	timer_stop(&h->timer);
	channel_free(h->channel);
	tls_engine_free(h->engine);
	free(h->output);
	free(h->problem);
	loop_free_later(h);
}

/* --- failing ------------------------------------------------------------------- */

static void give_up(struct tls_handshake *h)
{
	struct tls_handshake_request request = h->request;
	struct tls_outcome outcome = {
		.problem = h->problem != NULL ? h->problem : error_text(ENOMEM),
		.unheard = h->heard == 0,
	};

	task_cancel(&h->task);
	timer_stop(&h->timer);
	request.done(request.owner, &outcome);
	release(h);
}

static void linger_over(struct timer *timer)
{
	give_up(of_timer(timer));
}

static enum io_status write_output(struct tls_handshake *h)
{
	while (h->output_start < h->output_end) {
		size_t n = 0;
		enum io_status status = channel_write(h->channel, h->output + h->output_start,
		                                      h->output_end - h->output_start, &n);

		if (status != IO_OK)
			return status;
		h->output_start += n;
	}
	h->output_start = h->output_end = 0;
	return IO_OK;
}

/* Room for so many bytes more. Returns NULL without memory. */
static unsigned char *output_room(struct tls_handshake *h, size_t more)
{
	if (h->output_size - h->output_end < more) {
		size_t size = h->output_end + more + ROOM;
		unsigned char *longer = realloc(h->output, size);

		if (longer == NULL)
			return NULL;
		h->output = longer;
		h->output_size = size;
	}
	return h->output + h->output_end;
}

/* Tell the peer why, encrypted as the engine would do it by now. */
static void add_alert(struct tls_handshake *h, int description)
{
	br_ssl_engine_context *core = &h->engine->ssl.core;
	size_t start = 5, end = ALERT_ROOM, length = 2;
	unsigned char *room = output_room(h, ALERT_ROOM), *record;

	if (room == NULL)
		return;
	core->out.vtable->max_plaintext(&core->out.vtable, &start, &end);
	room[start] = 2;   /* fatal */
	room[start + 1] = (unsigned char)description;
	record = core->out.vtable->encrypt(&core->out.vtable, ALERT,
	                                   core->version_out != 0 ? core->version_out : BR_TLS12,
	                                   room + start, &length);
	memmove(room, record, length);
	h->output_end += length;
}

static void set_problem(struct tls_handshake *h, const char *format, va_list arguments)
{
	h->problem = malloc(PROBLEM);
	if (h->problem != NULL)
		vsnprintf(h->problem, PROBLEM, format, arguments);
}

/* alert: to be sent to the peer, which then has a moment to close; -1: none. */
__attribute__((format(printf, 3, 4)))
static void fail(struct tls_handshake *h, int alert, const char *format, ...)
{
	unsigned side = h->request.config->settings.server ? SIDE_CLIENT : SIDE_UPSTREAM;
	va_list arguments;

	counter_add(COUNT_HANDSHAKE_FAILED + side * HANDSHAKE_FAILURES + h->failure, 1);
	va_start(arguments, format);
	set_problem(h, format, arguments);
	va_end(arguments);
	if (h->engine != NULL)
		tls_engine_forget(h->engine);
	if (alert >= 0 && h->engine != NULL)
		add_alert(h, alert);
	if (h->output_end == 0 || write_output(h) == IO_ERROR) {
		give_up(h);
		return;
	}
	h->state = LINGER;
	timer_start(&h->timer, LINGER_TIME, linger_over);
	task_queue(&h->task);
}

static void timed_out(struct timer *timer)
{
	struct tls_handshake *h = of_timer(timer);

	h->failure = HANDSHAKE_TIMEOUT;
	fail(h, -1, "%s (option handshake-timeout)%s", error_text(ETIMEDOUT),
	     h->heard > 0 ? "" : ": the peer has said nothing; does it speak TLS?");
}

/* The engine has closed. */
static void engine_failed(struct tls_handshake *h)
{
	int error = br_ssl_engine_last_error(&h->engine->ssl.core);
	char text[PROBLEM];

	h->failure = tls_verifier_failed(h->engine->verifier) ? HANDSHAKE_CERTIFICATE
	             : error >= BR_ERR_RECV_FATAL_ALERT ? HANDSHAKE_REFUSED : HANDSHAKE_OTHER;
	if (tls_verifier_failed(h->engine->verifier))
		fail(h, tls_verifier_alert(h->engine->verifier), "%s",
		     tls_verifier_reason(h->engine->verifier));
	else if (error >= BR_ERR_RECV_FATAL_ALERT)
		fail(h, -1, "%s", tls_error_text(error, text, sizeof(text)));
	else
		fail(h, tls_error_alert(error), "%s", tls_error_text(error, text, sizeof(text)));
}

/* What came instead of TLS, as far as it can be shown. */
static void excerpt(const unsigned char *bytes, size_t length, char *text)
{
	size_t n = 0;

	while (n < length && n < EXCERPT && bytes[n] >= ' ' && bytes[n] < 127) {
		text[n] = (char)bytes[n];
		n++;
	}
	text[n] = '\0';
}

/* The first bytes of all: every record of a handshake, or an alert, begins like that. */
static bool is_tls(const unsigned char *bytes, size_t length)
{
	return (bytes[0] == HANDSHAKE || bytes[0] == ALERT) &&
	       (length < 2 || bytes[1] == 3);
}

static void not_tls(struct tls_handshake *h)
{
	char text[EXCERPT + 1];

	excerpt(h->engine->input + h->engine->input_start,
	        h->engine->input_end - h->engine->input_start, text);
	if (text[0] != '\0')
		fail(h, -1, "the peer does not speak TLS: it began with \"%s\"", text);
	else
		fail(h, -1, "the peer does not speak TLS, or an SSL version before TLS 1.0");
}

/* --- talking ------------------------------------------------------------------- */

static void succeed(struct tls_handshake *h)
{
	struct tls_engine *e = h->engine;
	struct tls_handshake_request request = h->request;
	struct tls_session session;
	struct tls_outcome outcome = { .channel = NULL };

	tls_engine_session(e, &session);
	outcome.channel = tls_channel_new(h->channel, &session);
	if (outcome.channel == NULL) {
		fail(h, -1, "%s", error_text(ENOMEM));
		return;
	}
	h->channel = NULL;
	outcome.names = tls_engine_finish(e);
	task_cancel(&h->task);
	timer_stop(&h->timer);
	request.done(request.owner, &outcome);
	release(h);
}

/* Returns false if nothing more can be done now, or at all. */
static bool collect(struct tls_handshake *h)
{
	br_ssl_engine_context *core = &h->engine->ssl.core;
	size_t length;
	unsigned char *record = br_ssl_engine_sendrec_buf(core, &length), *room;

	room = output_room(h, length);
	if (room == NULL) {
		fail(h, -1, "%s", error_text(ENOMEM));
		return false;
	}
	memcpy(room, record, length);
	h->output_end += length;
	br_ssl_engine_sendrec_ack(core, length);
	return true;
}

static void peer_closed(struct tls_handshake *h)
{
	h->failure = HANDSHAKE_CLOSED;
	if (h->write_error != 0)
		fail(h, -1, "%s", error_text(h->write_error));
	else if (h->heard > 0)
		fail(h, -1, "the peer closed the connection during the handshake");
	else
		fail(h, -1, "the peer closed the connection before it said anything; does it expect "
		            "TLS here?");
}

/* Returns false if nothing more can be done now, or at all. */
static bool hear(struct tls_handshake *h)
{
	struct tls_engine *e = h->engine;
	size_t n = 0;

	if (!(channel_ready(h->channel) & CHAN_READABLE))
		return false;
	switch (channel_read(h->channel, e->input, sizeof(e->input), &n)) {
	case IO_OK:
		e->input_start = 0;
		e->input_end = n;
		break;
	case IO_AGAIN:
		return false;
	case IO_EOF:
		peer_closed(h);
		return false;
	default:
		h->failure = HANDSHAKE_CLOSED;
		fail(h, -1, "%s", error_text(errno));
		return false;
	}
	if (h->heard == 0 && !is_tls(e->input, n)) {
		h->heard = n;
		not_tls(h);
		return false;
	}
	h->heard += n;
	if (h->heard <= HEARD_MAX)
		return true;
	fail(h, UNEXPECTED_MESSAGE, "the peer has sent more than %d KiB and not finished the "
	     "handshake", HEARD_MAX / 1024);
	return false;
}

static void feed(struct tls_engine *e)
{
	size_t length, have = e->input_end - e->input_start;
	unsigned char *room = br_ssl_engine_recvrec_buf(&e->ssl.core, &length);

	if (length > have)
		length = have;
	memcpy(room, e->input + e->input_start, length);
	e->input_start += length;
	br_ssl_engine_recvrec_ack(&e->ssl.core, length);
}

/* Returns false if nothing more can be done now, or at all. */
static bool talk(struct tls_handshake *h)
{
	struct tls_engine *e = h->engine;
	unsigned state = br_ssl_engine_current_state(&e->ssl.core);

	if (state & BR_SSL_CLOSED) {
		engine_failed(h);
		return false;
	}
	if (state & BR_SSL_SENDREC)
		return collect(h);
	switch (write_output(h)) {
	case IO_OK:
		break;
	case IO_AGAIN:
		return false;
	default:
		/* perhaps it has said why before it went */
		h->write_error = errno;
		h->output_start = h->output_end = 0;
	}
	if ((state & BR_SSL_SENDAPP) && h->write_error != 0) {
		h->failure = HANDSHAKE_CLOSED;
		fail(h, -1, "%s", error_text(h->write_error));
		return false;
	}
	if (state & BR_SSL_SENDAPP) {
		succeed(h);
		return false;
	}
	/* an engine that has been told of the end wants nothing any more, not even the rest of the
	 * record that told it so */
	if (!(state & BR_SSL_RECVREC)) {
		h->failure = HANDSHAKE_CLOSED;
		fail(h, -1, "the peer ended the handshake with close_notify");
		return false;
	}
	if (e->input_start == e->input_end && !hear(h))
		return false;
	feed(e);
	return true;
}

static bool start_engine(struct tls_handshake *h)
{
	h->engine = tls_engine_new(h->request.config);
	if (h->engine != NULL) {
		h->state = TALK;
		return true;
	}
	fail(h, -1, "%s", error_text(errno));
	return false;
}

static void linger(struct tls_handshake *h)
{
	size_t n;

	if (h->output_end > 0) {
		enum io_status status = write_output(h);

		if (status == IO_AGAIN)
			return;
		if (status == IO_ERROR) {
			give_up(h);
			return;
		}
	}
	channel_finish(h->channel);
	while (channel_ready(h->channel) & CHAN_READABLE) {
		enum io_status status = channel_read(h->channel, h->engine->input,
		                                     sizeof(h->engine->input), &n);

		if (status == IO_AGAIN)
			return;
		if (status != IO_OK || (h->discarded += n) > LINGER_BYTES) {
			give_up(h);
			return;
		}
	}
}

static void work(struct task *task)
{
	struct tls_handshake *h = (struct tls_handshake *)((char *)task -
	                                         offsetof(struct tls_handshake, task));
	size_t turn = h->heard + TURN_BYTES;

	if (h->state == LINGER) {
		linger(h);
		return;
	}
	if (h->state == WAIT && h->request.config->settings.server &&
	    !(channel_ready(h->channel) & CHAN_READABLE))
		return;
	if (h->state == WAIT && !start_engine(h))
		return;
	while (talk(h))
		if (h->heard >= turn) {
			task_queue(&h->task);
			return;
		}
}

static void notified(void *owner)
{
	struct tls_handshake *h = owner;

	task_queue(&h->task);
}

struct tls_handshake *tls_handshake_start(const struct tls_handshake_request *request)
{
	struct tls_handshake *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->request = *request;
	h->channel = request->channel;
	h->task.run = work;
	if (channel_attach(h->channel, notified, h) < 0) {
		free(h);
		return NULL;
	}
	timer_start(&h->timer, request->timeout, timed_out);
	task_queue(&h->task);
	return h;
}

void tls_handshake_cancel(struct tls_handshake *handshake)
{
	if (handshake != NULL)
		release(handshake);
}
