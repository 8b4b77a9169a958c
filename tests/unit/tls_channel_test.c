/* TLS channels: two of them with the same keys over pipes in memory that take and give as little
 * as they like, and one over a pipe into which we write records of our own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chan/tls.h"
#include "unit.h"

enum { PIPE = 1 << 20, BLOCK = 100000 };

/* One direction between two channels. */
struct pipe {
	unsigned char bytes[PIPE];
	size_t start, end, given;
	size_t room;                 /* bytes it takes before it says "again"; 0: all */
	bool closed;
};

struct fake {
	struct channel base;
	struct pipe *in, *out;
	bool ended;
};

static struct pipe there, back;

static enum io_status fake_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct pipe *p = ((struct fake *)channel)->in;
	size_t n = p->end - p->start;

	if (n == 0)
		return p->closed ? IO_EOF : IO_AGAIN;
	if (p->given > 0 && n > p->given)
		n = p->given;
	if (n > size)
		n = size;
	memcpy(data, p->bytes + p->start, n);
	p->start += n;
	if (p->start == p->end)
		p->start = p->end = 0;
	*length = n;
	return IO_OK;
}

static enum io_status fake_write(struct channel *channel, const void *data, size_t size,
                                 size_t *length)
{
	struct pipe *p = ((struct fake *)channel)->out;

	if (p->room == 1) {
		p->room = 0;
		return IO_AGAIN;
	}
	if (p->room > 1 && size >= p->room) {
		size = p->room - 1;
		p->room = 1;
	}
	memcpy(p->bytes + p->end, data, size);
	p->end += size;
	*length = size;
	return IO_OK;
}

static enum io_status fake_write_pieces(struct channel *channel, const struct iovec *pieces,
                                        unsigned count, size_t *length)
{
	*length = 0;
	for (unsigned i = 0; i < count; i++) {
		size_t n = 0;
		enum io_status status = fake_write(channel, pieces[i].iov_base, pieces[i].iov_len,
		                                   &n);

		*length += n;
		if (status != IO_OK)
			return *length > 0 ? IO_OK : status;
		if (n < pieces[i].iov_len)
			return IO_OK;
	}
	return IO_OK;
}

static unsigned fake_ready(const struct channel *channel)
{
	const struct pipe *p = ((const struct fake *)channel)->in;

	return CHAN_WRITABLE | (p->end > p->start || p->closed ? CHAN_READABLE : 0u);
}

static int fake_attach(struct channel *channel)
{
	(void)channel;
	return 0;
}

static void fake_close(struct channel *channel, bool abandon)
{
	(void)channel;
	(void)abandon;
}

static const struct chan_ops fake_ops = {
	.kind = "fake", .read = fake_read, .write = fake_write,
	.write_pieces = fake_write_pieces, .ready = fake_ready,
	.attach = fake_attach, .close = fake_close,
};

static struct channel *fake_new(struct pipe *in, struct pipe *out)
{
	struct fake *fake = calloc(1, sizeof *fake);

	fake->in = in;
	fake->out = out;
	channel_init(&fake->base, &fake_ops, 3, 3);
	return &fake->base;
}

static const unsigned char key[32] = "0123456789abcdef0123456789abcde", iv[16] = "fedcba987654321";

/* The suites differ in what they add to a record. */
static void make_contexts(int suite, br_sslrec_in_cbc_context *in_cbc, br_sslrec_gcm_context *in_gcm,
                          br_sslrec_out_cbc_context *out_cbc, br_sslrec_gcm_context *out_gcm,
                          struct tls_session *session)
{
	session->version = suite == 0 ? BR_TLS10 : BR_TLS12;
	session->early_length = 0;
	if (suite == 2) {
		br_sslrec_in_gcm_vtable.init(&in_gcm->vtable.in, &br_aes_ct64_ctr_vtable, key, 16,
		                             &br_ghash_ctmul64, iv);
		br_sslrec_out_gcm_vtable.init(&out_gcm->vtable.out, &br_aes_ct64_ctr_vtable, key,
		                              16, &br_ghash_ctmul64, iv);
		session->in = (const br_sslrec_in_class **)&in_gcm->vtable.in;
		session->out = (const br_sslrec_out_class **)&out_gcm->vtable.out;
		return;
	}
	br_sslrec_in_cbc_vtable.init(&in_cbc->vtable, &br_aes_ct64_cbcdec_vtable, key, 16,
	                             &br_sha1_vtable, key, 20, 20, suite == 0 ? iv : NULL);
	br_sslrec_out_cbc_vtable.init(&out_cbc->vtable, &br_aes_ct64_cbcenc_vtable, key, 16,
	                              &br_sha1_vtable, key, 20, 20, suite == 0 ? iv : NULL);
	session->in = (const br_sslrec_in_class **)&in_cbc->vtable;
	session->out = (const br_sslrec_out_class **)&out_cbc->vtable;
}

static struct channel *start(int suite, size_t max_fragment, struct pipe *in, struct pipe *out)
{
	br_sslrec_in_cbc_context in_cbc;
	br_sslrec_out_cbc_context out_cbc;
	br_sslrec_gcm_context in_gcm, out_gcm;
	struct tls_session session = { .max_fragment = max_fragment };

	make_contexts(suite, &in_cbc, &in_gcm, &out_cbc, &out_gcm, &session);
	return tls_channel_new(fake_new(in, out), &session);
}

static void reset(void)
{
	memset(&there, 0, sizeof there);
	memset(&back, 0, sizeof back);
}

static unsigned char sent[BLOCK], received[BLOCK];

/* Write without copying, if the channel has room for that. Returns what counts as written. */
static size_t put_into_room(struct channel *a, const unsigned char *data, size_t size)
{
	struct iovec pieces[16];
	unsigned count = 1 + (unsigned)rand() % 16;
	size_t put = 0, length = 0, owed;

	if (a->ops->room(a, size, pieces, &count) != IO_OK)
		return 0;
	for (unsigned i = 0; i < count && put < size; i++) {
		memcpy(pieces[i].iov_base, data + put, pieces[i].iov_len);
		put += pieces[i].iov_len;
	}
	/* the last piece is not always full */
	put -= put > 1 && rand() % 2 == 0 ? 1 : 0;
	CHECK_NUMBER(a->ops->write_room(a, put, &length), IO_OK);
	owed = put - length;
	while (owed > 0) {
		size_t n = 0;

		if (channel_write(a, "", owed, &n) == IO_OK)
			owed -= n;
		there.room = 0;
	}
	return put;
}

/* Read without copying. Returns how much that was. */
static size_t borrow(struct channel *b, unsigned char *data, size_t size)
{
	struct iovec pieces[16];
	unsigned count = 1 + (unsigned)rand() % 16;
	size_t got = 0;

	if (b->ops->lend(b, size, pieces, &count) != IO_OK)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		memcpy(data + got, pieces[i].iov_base, pieces[i].iov_len);
		got += pieces[i].iov_len;
	}
	CHECK(got > 0 && got <= size);
	return got;
}

/* Move a block through, writing and reading as a flow does; returns what arrived. */
static size_t transfer(struct channel *a, struct channel *b, size_t size)
{
	size_t written = 0, got = 0, n, length;

	while (written < size) {
		length = 0;
		there.room = rand() % 3 == 0 ? 0 : 2 + (size_t)rand() % 40000;
		there.given = rand() % 2 == 0 ? 0 : 1 + (size_t)rand() % 5000;
		n = size - written;
		if (rand() % 2 == 0)
			written += put_into_room(a, sent + written, n);
		n = size - written;
		if (rand() % 2 == 0 && got < sizeof received)
			got += borrow(b, received + got, 1 + (size_t)rand() % (sizeof received - got));
		if (n > 0) switch (channel_write(a, sent + written, n, &length)) {
		case IO_OK:
			written += length;
			break;
		case IO_AGAIN:
			there.room = 0;
			break;
		default:
			return 0;
		}
		for (;;) {
			size_t room = 1 + (size_t)rand() % (sizeof received - got);

			length = 0;
			if (got == sizeof received || channel_read(b, received + got, room, &length) != IO_OK)
				break;
			got += length;
		}
		while (got < sizeof received && (channel_ready(b) & CHAN_READABLE) &&
		       channel_read(b, received + got, sizeof received - got, &length) == IO_OK)
			got += length;
	}
	return got;
}

static void test_integrity(void)
{
	static const size_t fragments[] = { 512, 1000, 16384 };

	for (int round = 0; round < 60; round++) {
		struct channel *a, *b;
		size_t size = 1 + (size_t)rand() % BLOCK, length = 0;

		reset();
		a = start(round % 3, fragments[round / 3 % 3], &back, &there);
		b = start(round % 3, fragments[round / 3 % 3], &there, &back);
		for (size_t i = 0; i < size; i++)
			sent[i] = (unsigned char)rand();
		CHECK_NUMBER(transfer(a, b, size), size);
		CHECK(memcmp(sent, received, size) == 0);
		/* each direction ends by itself */
		there.room = 0;
		CHECK_NUMBER(channel_finish(a), IO_OK);
		CHECK_NUMBER(channel_read(b, received, 10, &length), IO_EOF);
		CHECK_NUMBER(channel_write(b, "late", 4, &length), IO_OK);
		CHECK_NUMBER(channel_read(a, received, 10, &length), IO_OK);
		CHECK_NUMBER(length, 4);
		CHECK_NUMBER(channel_read(a, received, 10, &length), IO_AGAIN);
		CHECK_NUMBER(channel_finish(b), IO_OK);
		CHECK_NUMBER(channel_read(a, received, 10, &length), IO_EOF);
		channel_free(a);
		channel_free(b);
	}
}

static const char *problem(struct channel *channel)
{
	static char text[300];

	return channel_explain(channel, EPROTO, text, sizeof text);
}

/* The connection ends: after a part of a record, between two, after close_notify. */
static void test_truncation(void)
{
	struct channel *a, *b;
	size_t length;

	for (int cut = 0; cut < 2; cut++) {
		reset();
		a = start(2, 16384, &back, &there);
		b = start(2, 16384, &there, &back);
		channel_write(a, "one", 3, &length);
		channel_write(a, "two", 3, &length);
		there.end -= (size_t)cut;
		there.closed = true;
		CHECK_NUMBER(channel_read(b, received, 100, &length), IO_OK);
		CHECK_NUMBER(length, cut ? 3 : 6);
		CHECK(channel_ready(b) & CHAN_READABLE);
		CHECK_NUMBER(channel_read(b, received, 100, &length), IO_ERROR);
		CHECK_NUMBER(errno, EPROTO);
		CHECK(strstr(problem(b), "close_notify") != NULL);
		CHECK_NUMBER(channel_write(b, "x", 1, &length), IO_ERROR);
		channel_free(a);
		channel_free(b);
	}
	reset();
	a = start(2, 16384, &back, &there);
	b = start(2, 16384, &there, &back);
	a->incomplete = true;
	CHECK_NUMBER(channel_finish(a), IO_OK);
	CHECK_NUMBER(there.end, 0);
	channel_free(a);
	CHECK_NUMBER(there.end, 0);
	channel_free(b);
}

/* A channel that never wrote ends its side when it is closed. */
static void test_close(void)
{
	struct channel *a, *b;
	size_t length;

	reset();
	a = start(2, 16384, &back, &there);
	b = start(2, 16384, &there, &back);
	channel_free(a);
	CHECK_NUMBER(channel_read(b, received, 100, &length), IO_EOF);
	channel_abandon(b);
	CHECK_NUMBER(back.end, 0);
}

static void test_tampering(void)
{
	for (int offset = 0; offset < 60; offset++) {
		struct channel *a, *b;
		size_t length;
		enum io_status status;

		reset();
		a = start(offset % 3, 16384, &back, &there);
		b = start(offset % 3, 16384, &there, &back);
		channel_write(a, "0123456789abcdefghijklmno", 25, &length);
		if ((size_t)offset >= there.end)
			there.bytes[there.end - 1] ^= 1;
		else
			there.bytes[offset] ^= 1;
		length = 0;
		status = channel_read(b, received, 100, &length);
		/* TLS 1.0 sends the first byte in a record of its own */
		if (offset % 3 == 0 && status == IO_OK && length == 1)
			status = channel_read(b, received, 100, &length);
		/* a length that has grown waits for more */
		CHECK(status == IO_ERROR || (status == IO_AGAIN && (offset == 3 || offset == 4)));
		CHECK_NUMBER(length, 0);
		if (status == IO_ERROR)
			CHECK(back.end > 0);   /* it was told why */
		channel_free(a);
		channel_free(b);
	}
}

/* Records that only an engine would make: of another type than data. */
static void put(struct tls_session *s, int type, const void *data, size_t size)
{
	unsigned char room[400], *record;

	memcpy(room + 100, data, size);
	record = (*s->out)->encrypt(s->out, type, s->version, room + 100, &size);
	memcpy(there.bytes + there.end, record, size);
	there.end += size;
}

static void test_other_records(void)
{
	static const struct {
		int type, count;
		const char *data;
		size_t size;
		enum io_status status;
		const char *problem;
		bool answered;
	} cases[] = {
		{ 21, 1, "\1\0", 2, IO_EOF, "", false },
		{ 21, 1, "\2\50", 2, IO_ERROR, "alert", false },
		{ 21, 1, "\1\132", 2, IO_AGAIN, "", false },          /* user_canceled */
		{ 21, 1, "\1", 1, IO_ERROR, "malformed", false },
		{ 21, 40, "\1\132", 2, IO_ERROR, "nothing but", false },
		{ 22, 1, "\0\0\0\0", 4, IO_AGAIN, "", true },         /* HelloRequest */
		{ 22, 40, "\0\0\0\0", 4, IO_ERROR, "nothing but", true },
		{ 23, 1, "", 0, IO_AGAIN, "", false },
		{ 23, 40, "", 0, IO_ERROR, "nothing but", false },
		{ 20, 1, "\1", 1, IO_ERROR, "type", true },
		{ 24, 1, "\1\0\4", 3, IO_ERROR, "type", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		br_sslrec_in_cbc_context in_cbc;
		br_sslrec_out_cbc_context out_cbc;
		br_sslrec_gcm_context in_gcm, out_gcm;
		struct tls_session session = { .max_fragment = 16384 };
		struct channel *b;
		size_t length = 0;

		reset();
		make_contexts(2, &in_cbc, &in_gcm, &out_cbc, &out_gcm, &session);
		b = tls_channel_new(fake_new(&there, &back), &session);
		for (int n = 0; n < cases[i].count; n++)
			put(&session, cases[i].type, cases[i].data, cases[i].size);
		unit_messages = 0;
		CHECK_NUMBER(channel_read(b, received, 100, &length), cases[i].status);
		if (cases[i].problem[0] != '\0')
			CHECK(strstr(problem(b), cases[i].problem) != NULL);
		CHECK_NUMBER(back.end > 0, cases[i].answered);
		unit_messages = 0;
		channel_free(b);
	}
}

/* A peer that asks for renegotiation again and again, but reads no answer, gets one. */
static void test_answers_not_taken(void)
{
	br_sslrec_in_cbc_context in_cbc;
	br_sslrec_out_cbc_context out_cbc;
	br_sslrec_gcm_context in_gcm, out_gcm;
	struct tls_session session = { .max_fragment = 16384 };
	struct channel *b;
	size_t length;

	reset();
	make_contexts(2, &in_cbc, &in_gcm, &out_cbc, &out_gcm, &session);
	b = tls_channel_new(fake_new(&there, &back), &session);
	for (int n = 0; n < 100; n++) {
		put(&session, 23, "x", 1);
		put(&session, 22, "\0\0\0\0", 4);
		back.room = 1;
		length = 0;
		CHECK_NUMBER(channel_read(b, received, 100, &length), IO_OK);
		CHECK_NUMBER(length, 1);
	}
	back.room = 0;
	CHECK_NUMBER(channel_finish(b), IO_OK);
	CHECK(back.end > 0 && back.end < 100);
	unit_messages = 0;
	channel_free(b);
}

/* What came behind the handshake is readable without anything more below. */
static void test_early(void)
{
	br_sslrec_in_cbc_context in_cbc;
	br_sslrec_out_cbc_context out_cbc;
	br_sslrec_gcm_context in_gcm, out_gcm;
	struct tls_session session = { .max_fragment = 16384 };
	unsigned char early[200];
	struct channel *b;
	size_t length = 0;

	reset();
	make_contexts(2, &in_cbc, &in_gcm, &out_cbc, &out_gcm, &session);
	put(&session, 23, "early", 5);
	put(&session, 23, "later", 5);
	memcpy(early, there.bytes, there.end);
	session.early = early;
	session.early_length = there.end - 7;
	memmove(there.bytes, there.bytes + there.end - 7, 7);
	there.end = 0;
	b = tls_channel_new(fake_new(&there, &back), &session);
	CHECK(channel_ready(b) & CHAN_READABLE);
	CHECK_NUMBER(channel_read(b, received, 3, &length), IO_OK);
	CHECK_NUMBER(length, 3);
	CHECK(channel_ready(b) & CHAN_READABLE);
	CHECK_NUMBER(channel_read(b, received + 3, 30, &length), IO_OK);
	CHECK_NUMBER(length, 2);
	CHECK(!(channel_ready(b) & CHAN_READABLE));
	there.end = 7;
	CHECK_NUMBER(channel_read(b, received + 5, 30, &length), IO_OK);
	CHECK_NUMBER(length, 5);
	CHECK(memcmp(received, "earlylater", 10) == 0);
	CHECK(channel_dup(b) == NULL && errno == ENOTSUP);
	channel_free(b);
}

int main(void)
{
	srand(7);
	test_integrity();
	test_truncation();
	test_close();
	test_tampering();
	test_other_records();
	test_answers_not_taken();
	test_early();
	return unit_done();
}
