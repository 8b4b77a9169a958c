/* Line ends, escape and limit over packets: random packets through a layer, compared with what a
 * plain loop over the bytes makes of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chan/layer.h"
#include "unit.h"

enum { SIZE = 64, ROUNDS = 20000 };

/* A channel that gives one packet and takes one. */
struct fake {
	struct channel base;
	unsigned char in[SIZE], out[2 * SIZE];
	size_t in_length, out_length, lost;
	unsigned reads, refusals, writes;
};

static enum io_status fake_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct fake *fake = (struct fake *)channel;

	if (fake->reads++ > 0)
		return IO_AGAIN;
	*length = fake->in_length < size ? fake->in_length : size;
	channel->lost = fake->in_length - *length;
	memcpy(data, fake->in, *length);
	return IO_OK;
}

static enum io_status fake_write(struct channel *channel, const void *data, size_t size,
                                 size_t *length)
{
	struct fake *fake = (struct fake *)channel;

	if (fake->refusals > 0) {
		fake->refusals--;
		return IO_AGAIN;
	}
	fake->writes++;
	if (size <= sizeof fake->out)
		memcpy(fake->out, data, size);
	fake->out_length = size;
	*length = size;
	return IO_OK;
}

static unsigned fake_ready(const struct channel *channel)
{
	return ((const struct fake *)channel)->reads > 0 ? CHAN_WRITABLE
	                                                 : CHAN_READABLE | CHAN_WRITABLE;
}

static void fake_close(struct channel *channel, bool abandon)
{
	(void)channel;
	(void)abandon;
}

static const struct chan_ops ops = {
	.kind = "fake", .read = fake_read, .write = fake_write, .ready = fake_ready,
	.close = fake_close,
};

static struct channel *start(struct fake **fake, const struct layer_settings *settings)
{
	*fake = calloc(1, sizeof **fake);
	channel_init(&(*fake)->base, &ops, 3, 3);
	(*fake)->base.reads_packets = (*fake)->base.writes_packets = true;
	(*fake)->base.borrowed = (*fake)->base.silent_end = true;
	return layer_new(&(*fake)->base, settings);
}

static size_t random_packet(unsigned char *data)
{
	static const char letters[] = "\r\n\n\rab!";
	size_t length = (size_t)rand() % (SIZE + 1);

	for (size_t i = 0; i < length; i++)
		data[i] = (unsigned char)letters[rand() % 7];
	return length;
}

/* What is to be written for a packet. */
static size_t expected_output(enum line_end line_end, const unsigned char *data, size_t length,
                              unsigned char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		if (data[i] == '\n' && line_end != LINE_PLAIN)
			out[n++] = '\r';
		if (data[i] != '\n' || line_end != LINE_CR)
			out[n++] = data[i];
	}
	return n;
}

static size_t expected_input(const struct layer_settings *s, const unsigned char *data,
                             size_t length, unsigned char *out)
{
	size_t n = 0;

	if (s->read_limit >= 0 && (size_t)s->read_limit < length)
		length = (size_t)s->read_limit;
	for (size_t i = 0; i < length && (s->escape < 0 || data[i] != s->escape); i++) {
		if (data[i] == '\r' && s->line_end == LINE_CR)
			out[n++] = '\n';
		else if (data[i] != '\r' || s->line_end == LINE_PLAIN)
			out[n++] = data[i];
	}
	return n;
}

/* One packet written makes one, whole; refused ones can be written again. */
static void test_writing(void)
{
	unsigned wrong = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct layer_settings s = { (enum line_end)(rand() % 3), -1, -1 };
		unsigned char data[SIZE], expected[2 * SIZE];
		struct fake *fake;
		struct channel *layer = start(&fake, &s);
		size_t length = random_packet(data), n = 0;

		fake->refusals = (unsigned)rand() % 3;
		while (channel_write(layer, data, length, &n) == IO_AGAIN)
			;
		wrong += n != length || fake->writes != 1 ||
		         fake->out_length != expected_output(s.line_end, data, length, expected) ||
		         memcmp(fake->out, expected, fake->out_length) != 0;
		channel_free(layer);
	}
	CHECK_NUMBER(wrong, 0);
}

static bool read_right(const struct layer_settings *s)
{
	unsigned char got[SIZE], expected[SIZE];
	struct fake *fake;
	struct channel *layer = start(&fake, s);
	size_t n = 0, want;
	enum io_status status;
	bool right, empty;

	fake->in_length = random_packet(fake->in);
	empty = fake->in_length == 0 && s->read_limit != 0;
	want = expected_input(s, fake->in, fake->in_length, expected);
	status = channel_read(layer, got, sizeof got, &n);
	if (want > 0 || empty)
		right = status == IO_OK && n == want && memcmp(got, expected, n) == 0;
	else
		right = status == IO_EOF || status == IO_AGAIN;
	/* what the limit cuts off is not missed */
	right &= layer->lost == 0;
	/* at its end the layer is readable, as no event will come */
	if (status == IO_EOF)
		right &= (channel_ready(layer) & CHAN_READABLE) != 0;
	channel_free(layer);
	return right;
}

/* One packet read gives one, or none if all of it was dropped; an empty one stays one. */
static void test_reading(void)
{
	unsigned wrong = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct layer_settings s = { (enum line_end)(rand() % 3), rand() % 2 ? '!' : -1,
		                            rand() % 2 ? rand() % SIZE : -1 };

		wrong += !read_right(&s);
	}
	CHECK_NUMBER(wrong, 0);
}

/* Part of a packet that did not fit the reader's buffer is reported. */
static void test_lost(void)
{
	struct layer_settings s = { LINE_CRNL, -1, -1 };
	unsigned char got[4];
	struct fake *fake;
	struct channel *layer = start(&fake, &s);
	size_t n = 0;

	memcpy(fake->in, "abcdefgh", 8);
	fake->in_length = 8;
	CHECK_NUMBER(channel_read(layer, got, sizeof got, &n), IO_OK);
	CHECK_NUMBER(n, 4);
	CHECK_NUMBER(layer->lost, 4);
	CHECK_NUMBER(fake->base.lost, 0);
	channel_free(layer);
}

/* What the channel below is, a session has to know of the layer, too. */
static void test_properties(void)
{
	struct layer_settings s = { LINE_CRNL, -1, -1 };
	struct fake *fake;
	struct channel *layer = start(&fake, &s), *dual;

	CHECK(layer->reads_packets && layer->writes_packets);
	CHECK(layer->borrowed && layer->silent_end);
	dual = dual_new(layer, start(&fake, &s));
	CHECK(dual->borrowed && dual->silent_end);
	channel_free(dual);
}

int main(void)
{
	srand(1);
	test_writing();
	test_reading();
	test_lost();
	test_properties();
	return unit_done();
}
