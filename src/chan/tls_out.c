/* TLS channels: writing records. See tls.c. */
#include <stdlib.h>
#include <string.h>

#include "chan/tls_state.h"

void tls_drop_output(struct tls *t)
{
	free(t->output);
	t->output = NULL;
	t->output_start = t->output_end = 0;
}

/* Write bytes to the channel below as long as it takes some. */
static enum io_status write_below(struct tls *t, const unsigned char *bytes, size_t size,
                                  size_t *written)
{
	*written = 0;
	while (*written < size) {
		size_t n = 0;
		enum io_status status = channel_write(t->below, bytes + *written, size - *written,
		                                      &n);

		if (status != IO_OK)
			return status;
		*written += n;
	}
	return IO_OK;
}

static enum io_status flush(struct tls *t)
{
	enum io_status status;
	size_t written;

	if (t->output == NULL)
		return IO_OK;
	status = write_below(t, t->output + t->output_start, t->output_end - t->output_start,
	                     &written);
	t->output_start += (uint32_t)written;
	if (status == IO_OK)
		tls_drop_output(t);
	return status;
}

/* Keep records that are still to be written behind those that are. */
static int keep_output(struct tls *t, const unsigned char *bytes, size_t size)
{
	size_t old = t->output_end - t->output_start;
	unsigned char *block = malloc(old + size);

	if (block == NULL)
		return -1;
	if (old > 0)
		memcpy(block, t->output + t->output_start, old);
	memcpy(block + old, bytes, size);
	free(t->output);
	t->output = block;
	t->output_start = 0;
	t->output_end = (uint32_t)(old + size);
	return 0;
}

/* Make one record of as much of the data as fits the room. Returns how much that is; *total: the
 * size of the record, which begins where the room does. */
static size_t seal(struct tls *t, int type, const unsigned char *data, size_t size,
                   unsigned char *room, size_t room_size, size_t *total)
{
	size_t start = HEADER, limit = room_size, length;
	unsigned char *record;

	(*t->out)->max_plaintext(t->out, &start, &limit);
	length = limit - start;
	if (length > size)
		length = size;
	if (length > t->max_fragment)
		length = t->max_fragment;
	memcpy(room + start, data, length);
	*total = length;
	record = (*t->out)->encrypt(t->out, type, t->version, room + start, total);
	if (record != room)
		memmove(room, record, *total);
	return length;
}

void tls_send_alert(struct tls *t, unsigned char level, unsigned char description)
{
	const unsigned char alert[2] = { level, description };
	unsigned char record[RECORD_ROOM];
	size_t size;

	seal(t, ALERT, alert, sizeof(alert), record, sizeof(record), &size);
	if (keep_output(t, record, size) == 0)
		flush(t);
}

/* The writer offers the bytes again that are in records on their way. */
static enum io_status settle(struct tls *t, size_t *length)
{
	enum io_status status = flush(t);

	if (status != IO_OK)
		return status;
	*length = t->owed;
	t->owed = 0;
	return IO_OK;
}

/* Ends of the records made at once, and of the data in each. */
struct batch {
	size_t count, data;             /* records; bytes of data in all of them */
	struct { size_t end, data; } record[MAX_RECORDS];
};

/* Returns the size of all records. */
static size_t make_batch(struct tls *t, struct batch *b, const unsigned char *data, size_t size)
{
	size_t at = 0, total;

	b->count = b->data = 0;
	while (b->data < size && SCRATCH - at >= RECORD_ROOM && b->count < MAX_RECORDS) {
		b->data += seal(t, DATA, data + b->data, size - b->data, tls_scratch(t) + at,
		                SCRATCH - at, &total);
		at += total;
		b->record[b->count].end = at;
		b->record[b->count++].data = b->data;
	}
	return at;
}

/* Bytes of data in records of which all is written. */
static size_t taken(const struct batch *b, size_t written)
{
	size_t n = 0;

	while (n < b->count && b->record[n].end <= written)
		n++;
	return n == 0 ? 0 : b->record[n - 1].data;
}

enum io_status tls_write(struct channel *channel, const void *data, size_t size,
                                size_t *length)
{
	struct tls *t = (struct tls *)channel;
	enum io_status status;
	struct batch batch;
	size_t written, total;

	*length = 0;
	if (t->problem != NULL)
		return tls_broken(t, t->problem);
	if (size == 0)
		return IO_OK;
	if (t->owed > 0)
		return settle(t, length);
	status = flush(t);
	if (status != IO_OK)
		return status;
	total = make_batch(t, &batch, data, size);
	status = write_below(t, tls_scratch(t), total, &written);
	if (status == IO_ERROR)
		return status;
	*length = taken(&batch, written);
	if (written == total)
		return IO_OK;
	t->owed = (uint32_t)(batch.data - *length);
	if (keep_output(t, tls_scratch(t) + written, total - written) < 0)
		return tls_broken(t, "no memory for a record");
	return *length > 0 ? IO_OK : IO_AGAIN;
}

/* Records as large as that are made where the data was put; each has its room to itself. */
enum { ROOM_FRAGMENT = 4096 };

static size_t room_stride(const struct tls *t)
{
	return (size_t)t->max_fragment + RECORD_ROOM;
}

/* Where the data of a record begins in its room, and how much there may be. */
static size_t room_data(const struct tls *t, size_t *start)
{
	size_t limit = room_stride(t);

	*start = HEADER;
	(*t->out)->max_plaintext(t->out, start, &limit);
	return limit - *start < t->max_fragment ? limit - *start : t->max_fragment;
}

enum io_status tls_room(struct channel *channel, size_t size, struct iovec *pieces,
                        unsigned *count)
{
	struct tls *t = (struct tls *)channel;
	size_t start, most = room_data(t, &start), stride = room_stride(t);
	unsigned n = 0;

	if (t->problem != NULL || t->output != NULL || t->owed > 0 || most < ROOM_FRAGMENT ||
	    t->below->ops->write_pieces == NULL)
		return IO_AGAIN;
	for (; n < *count && size > 0 && (n + 1) * stride <= SCRATCH; n++) {
		size_t length = size < most ? size : most;

		pieces[n] = (struct iovec){ tls_scratch(t) + n * stride + start, length };
		size -= length;
	}
	*count = n;
	return IO_OK;
}

/* Keep what is left of the records when so many bytes of them are written. */
static int keep_records(struct tls *t, const struct iovec *records, unsigned count, size_t written)
{
	t->output = malloc(pieces_size(records, count) - written);
	if (t->output == NULL)
		return -1;
	t->output_start = 0;
	t->output_end = (uint32_t)pieces_copy(t->output, records, count, written);
	return 0;
}

/* Make records of what lies in the rooms. Returns how many. */
static unsigned seal_rooms(struct tls *t, size_t size, struct iovec *records, struct batch *b)
{
	size_t start, most = room_data(t, &start), stride = room_stride(t), at = 0;

	b->count = b->data = 0;
	while (b->data < size) {
		size_t length = size - b->data < most ? size - b->data : most;
		unsigned char *data = tls_scratch(t) + b->count * stride + start;

		b->data += length;
		records[b->count].iov_base = (*t->out)->encrypt(t->out, DATA, t->version, data,
		                                                &length);
		records[b->count].iov_len = length;
		at += length;
		b->record[b->count].end = at;
		b->record[b->count++].data = b->data;
	}
	return (unsigned)b->count;
}

enum io_status tls_write_room(struct channel *channel, size_t size, size_t *length)
{
	struct tls *t = (struct tls *)channel;
	struct iovec records[SCRATCH / ROOM_FRAGMENT];
	struct batch batch;
	unsigned count = seal_rooms(t, size, records, &batch);
	size_t written = 0;
	enum io_status status = t->below->ops->write_pieces(t->below, records, count, &written);

	if (status == IO_ERROR)
		return status;
	*length = taken(&batch, written);
	if (*length == size)
		return IO_OK;
	t->owed = (uint32_t)(size - *length);
	if (keep_records(t, records, count, written) < 0)
		return tls_broken(t, "no memory for a record");
	return IO_OK;
}

enum io_status tls_finish(struct channel *channel)
{
	struct tls *t = (struct tls *)channel;

	/* without close_notify the peer sees that something is missing */
	if (t->problem != NULL || channel->incomplete)
		return IO_OK;
	if (!t->finished) {
		t->finished = true;
		tls_send_alert(t, WARNING, CLOSE_NOTIFY);
	}
	return flush(t);
}
