/* TLS channels: what a peer with the keys could send. Encryption that changes nothing lets the
 * fuzzer reach what is behind it; the first byte says how small the pieces are. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chan/tls.h"

struct input {
	struct channel base;
	const uint8_t *bytes;
	size_t left, piece;
};

static enum io_status input_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	struct input *in = (struct input *)channel;
	size_t n = in->left < in->piece ? in->left : in->piece;

	if (n == 0)
		return IO_EOF;
	if (n > size)
		n = size;
	memcpy(data, in->bytes, n);
	in->bytes += n;
	in->left -= n;
	*length = n;
	return IO_OK;
}

static enum io_status input_write(struct channel *channel, const void *data, size_t size,
                                  size_t *length)
{
	struct input *in = (struct input *)channel;

	(void)data;
	if (in->piece % 3 == 0) {
		in->piece++;
		return IO_AGAIN;
	}
	*length = size;
	return IO_OK;
}

static unsigned input_ready(const struct channel *channel)
{
	(void)channel;
	return CHAN_READABLE | CHAN_WRITABLE;
}

static int input_attach(struct channel *channel)
{
	(void)channel;
	return 0;
}

static void input_close(struct channel *channel, bool abandon)
{
	(void)channel;
	(void)abandon;
}

static const struct chan_ops input_ops = {
	.kind = "input", .read = input_read, .write = input_write, .ready = input_ready,
	.attach = input_attach, .close = input_close,
};

static int any_length(const br_sslrec_in_class *const *context, size_t length)
{
	(void)context;
	return length <= 16384 + 256;
}

static unsigned char *no_decryption(const br_sslrec_in_class **context, int type, unsigned version,
                                    void *payload, size_t *length)
{
	(void)context;
	(void)type;
	(void)version;
	return *length > 0 && *(unsigned char *)payload == 0xff ? NULL : payload;
}

static const br_sslrec_in_class plain = {
	sizeof(const br_sslrec_in_class *), any_length, no_decryption,
};

/* Read with or without copying. Pieces are looked at as a writer would do. */
static enum io_status take(struct channel *channel, bool lend, size_t room, size_t *length)
{
	static unsigned char got[70000];
	struct iovec pieces[3];
	unsigned count = 1 + room % 3;
	enum io_status status;

	if (!lend)
		return channel_read(channel, got, room, length);
	status = channel->ops->lend(channel, room, pieces, &count);
	for (unsigned i = 0; status == IO_OK && i < count; i++) {
		assert(pieces[i].iov_len > 0);
		memcpy(got + *length, pieces[i].iov_base, pieces[i].iov_len);
		*length += pieces[i].iov_len;
	}
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const br_sslrec_in_class *in = &plain;
	const br_sslrec_out_class *out = &br_sslrec_out_clear_vtable;
	struct tls_session session = {
		.in = &in, .out = &out, .version = BR_TLS12, .max_fragment = 16384,
	};
	struct input *input;
	struct channel *channel;
	size_t length, total = 0, room, turn = 0;

	if (size < 2)
		return 0;
	input = calloc(1, sizeof *input);
	*input = (struct input){ .bytes = data + 2, .left = size - 2, .piece = data[0] + 1u };
	channel_init(&input->base, &input_ops, 3, 3);
	channel = tls_channel_new(&input->base, &session);
	room = data[1] < 2 ? 70000 : data[1];
	for (;;) {
		enum io_status status;

		length = 0;
		/* one way, the other, or both in turn */
		status = take(channel, (data[1] & 1) || (data[0] % 4 == 0 && turn++ % 2), room, &length);
		if (status == IO_EOF || status == IO_ERROR)
			break;
		if (status == IO_AGAIN)
			continue;
		assert(length > 0 && length <= room);
		total += length;
	}
	assert(total <= size);
	channel_finish(channel);
	channel_free(channel);
	return 0;
}
