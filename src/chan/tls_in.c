/* TLS channels: reading records. See tls.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chan/tls_state.h"
#include "sys/log.h"
#include "tls/words.h"

/* Where records are taken apart: the scratch buffer, or the session's own block. */
struct window {
	unsigned char *bytes;
	size_t start, opened, sealed, end;   /* see tls.c */
};

static const char truncated[] = "the peer ended the connection without TLS's close_notify: its data "
                                "may be cut off";

void tls_drop_input(struct tls *t)
{
	free(t->input);
	t->input = NULL;
	t->start = t->opened = t->sealed = t->end = 0;
}

/* The length of the record at the bytes, header included; 0: not known yet. */
static size_t record_size(const unsigned char *bytes, size_t length)
{
	return length < HEADER ? 0 : HEADER + ((size_t)bytes[3] << 8 | bytes[4]);
}

bool tls_record_complete(const unsigned char *bytes, size_t length)
{
	size_t size = record_size(bytes, length);

	return size > 0 && size <= length;
}

static void got_alert(struct tls *t, const unsigned char *alert, size_t length)
{
	if (length != 2) {
		tls_broken(t, "the peer sent a malformed alert");
	} else if (alert[1] == CLOSE_NOTIFY) {
		t->ended = true;
	} else if (alert[0] == FATAL) {
		t->alert = alert[1];
		tls_broken(t, "the peer ended the session with a TLS alert");
	} else {
		log_info("the peer sent the TLS warning %u: %s", alert[1],
		         tls_alert_text(alert[1]));
	}
}

/* A request for renegotiation, by HelloRequest or ClientHello. */
static void got_handshake(struct tls *t)
{
	log_info("the peer asks for renegotiation: refused");
	/* one who asks and does not take the answers gets no more: they would fill the memory */
	if (t->output == NULL)
		tls_send_alert(t, WARNING, NO_RENEGOTIATION);
}

static void idle_record(struct tls *t)
{
	if (++t->idle_records > IDLE_RECORDS)
		tls_broken(t, "the peer sends nothing but empty records, alerts or requests for "
		          "renegotiation");
}

static void refuse(struct tls *t, unsigned char alert, const char *problem)
{
	tls_send_alert(t, FATAL, alert);
	tls_broken(t, problem);
}

/* Data becomes readable; anything else is done with. */
static void got_record(struct tls *t, int type, struct window *w, unsigned char *plain,
                       size_t length)
{
	switch (type) {
	case DATA:
		w->start = (size_t)(plain - w->bytes);
		w->opened = w->start + length;
		t->last_plain = (uint16_t)length;
		if (length > 0)
			t->idle_records = 0;
		else
			idle_record(t);
		return;
	case ALERT:
		got_alert(t, plain, length);
		idle_record(t);
		return;
	case HANDSHAKE:
		got_handshake(t);
		idle_record(t);
		return;
	default:
		refuse(t, UNEXPECTED_MESSAGE, "the peer sent a TLS record of a type that has no "
		                              "place here");
	}
}

/* Take the next record, which is complete, apart. */
static void open_record(struct tls *t, struct window *w)
{
	unsigned char *record = w->bytes + w->sealed, *plain;
	size_t length = record_size(record, w->end - w->sealed) - HEADER;

	w->sealed += HEADER + length;
	t->last_sealed = (uint16_t)(HEADER + length);
	plain = (*t->in)->decrypt(t->in, record[0], t->version, record + HEADER, &length);
	if (plain == NULL)
		refuse(t, BAD_RECORD_MAC, "a TLS record was damaged or tampered with on its way");
	else
		got_record(t, record[0], w, plain, length);
}

/* Before more of a record is waited for: is it one at all? */
static void check_header(struct tls *t, const struct window *w)
{
	const unsigned char *header = w->bytes + w->sealed;

	if (w->end - w->sealed < HEADER)
		return;
	if (header[1] != t->version >> 8 || header[2] != (t->version & 0xff))
		refuse(t, UNEXPECTED_MESSAGE, "the peer sent something that is no TLS record of "
		                              "this session");
	else if (!(*t->in)->check_length(t->in, record_size(header, HEADER) - HEADER))
		refuse(t, RECORD_OVERFLOW, "the peer sent a TLS record of a length that can't be");
}

/* Where decrypted bytes go: they are copied to the reader, or the reader is told where they are.
 * When there are as many pieces as there may be, the last one grows: what is behind it is moved. */
struct sink {
	bool lends;
	unsigned char *data;
	struct iovec *pieces;          /* lends */
	unsigned count, max;
	size_t length, size;           /* delivered; wanted */
};

/* Between the piece and the data there are only remains of records. */
static void append(struct iovec *piece, const unsigned char *data, size_t length)
{
	memmove((unsigned char *)piece->iov_base + piece->iov_len, data, length);
	piece->iov_len += length;
}

static void deliver(struct window *w, struct sink *s)
{
	size_t length = w->opened - w->start;

	if (length > s->size - s->length)
		length = s->size - s->length;
	if (length == 0)
		return;
	if (!s->lends)
		memcpy(s->data + s->length, w->bytes + w->start, length);
	else if (s->count < s->max)
		s->pieces[s->count++] = (struct iovec){ w->bytes + w->start, length };
	else
		append(&s->pieces[s->count - 1], w->bytes + w->start, length);
	w->start += length;
	s->length += length;
}

/* How much to read behind what is left of a record: if records go on as the last one was, as many
 * as the reader has room for, and no part of a further one, which would have to be kept. */
static size_t read_size(const struct tls *t, size_t left, size_t room)
{
	size_t goal = room < READ_SIZE ? room : READ_SIZE;

	if (t->last_plain >= BULK_RECORD && room >= t->last_plain)
		goal = room / t->last_plain * t->last_sealed;
	if (goal > SCRATCH)
		goal = SCRATCH;
	return goal > left + HEADER ? goal - left : HEADER + MAX_SEALED;
}

/* Read more bytes, behind what is left, all into the scratch buffer. */
static enum io_status fill(struct tls *t, struct window *w, size_t room)
{
	size_t left = w->end - w->sealed, n = 0;
	enum io_status status;

	if (!(channel_ready(t->below) & CHAN_READABLE))
		return IO_AGAIN;
	if (w->bytes == tls_scratch(t)) {
		memmove(tls_scratch(t), tls_scratch(t) + w->sealed, left);
		*w = (struct window){ .bytes = tls_scratch(t), .end = left };
	}
	status = channel_read(t->below, tls_scratch(t) + left, read_size(t, left, room), &n);
	if (status != IO_OK)
		return status;
	if (w->bytes != tls_scratch(t))
		memcpy(tls_scratch(t), w->bytes + w->sealed, left);
	tls_drop_input(t);
	*w = (struct window){ .bytes = tls_scratch(t), .end = left + n };
	return IO_OK;
}

/* Read and open records until there is data, and then as many as there are and the reader has room
 * for. */
static enum io_status read_records(struct tls *t, struct window *w, struct sink *s)
{
	enum io_status status;

	for (;;) {
		deliver(w, s);
		if (s->length == s->size || t->problem != NULL || t->ended)
			return IO_OK;
		check_header(t, w);
		if (t->problem != NULL)
			return IO_OK;
		if (tls_record_complete(w->bytes + w->sealed, w->end - w->sealed)) {
			open_record(t, w);
			continue;
		}
		if (s->length > 0)
			return IO_OK;
		status = fill(t, w, s->size);
		if (status != IO_OK)
			return status;
	}
}

/* Keep what is left for the next call. */
static int keep_input(struct tls *t, const struct window *w)
{
	size_t opened = w->opened - w->start, left = t->ended ? 0 : w->end - w->sealed;
	unsigned char *block;

	if (opened + left == 0) {
		tls_drop_input(t);
		return 0;
	}
	if (w->bytes == t->input) {
		t->start = (uint32_t)w->start;
		t->opened = (uint32_t)w->opened;
		t->sealed = (uint32_t)w->sealed;
		return 0;
	}
	block = malloc(opened + left);
	if (block == NULL)
		return -1;
	memcpy(block, w->bytes + w->start, opened);
	memcpy(block + opened, w->bytes + w->sealed, left);
	t->input = block;
	t->start = 0;
	t->opened = t->sealed = (uint32_t)opened;
	t->end = (uint32_t)(opened + left);
	return 0;
}

static enum io_status read_into(struct tls *t, struct window *w, struct sink *s)
{
	enum io_status status = read_records(t, w, s);

	if (keep_input(t, w) < 0)
		tls_broken(t, "no memory for what was received");
	if (s->length > 0)
		return IO_OK;
	if (t->problem != NULL)
		return tls_broken(t, t->problem);
	if (t->ended)
		return IO_EOF;
	t->base.cut_off = status == IO_EOF;
	return status == IO_EOF ? tls_broken(t, truncated) : status;
}

enum io_status tls_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct tls *t = (struct tls *)channel;
	struct window w = { t->input != NULL ? t->input : tls_scratch(t), t->start, t->opened,
	                    t->sealed, t->end };
	struct sink s = { .data = data, .size = size };
	enum io_status status = read_into(t, &w, &s);

	*length = s.length;
	return status;
}

/* The pieces are in the scratch buffer, as the session's own block may go. */
enum io_status tls_lend(struct channel *channel, size_t size, struct iovec *pieces, unsigned *count)
{
	struct tls *t = (struct tls *)channel;
	struct window w = { tls_scratch(t), t->start, t->opened, t->sealed, t->end };
	struct sink s = { .lends = true, .pieces = pieces, .max = *count, .size = size };
	enum io_status status;

	if (t->input != NULL)
		memcpy(tls_scratch(t), t->input, t->end);
	tls_drop_input(t);
	status = read_into(t, &w, &s);
	*count = s.count;
	return status;
}
