/* For the files of TLS channels: tls.c, tls_in.c, tls_out.c. */
#ifndef CHAN_TLS_STATE_H
#define CHAN_TLS_STATE_H

#include <stdalign.h>
#include <stdint.h>

#include "chan/tls.h"

enum {
	CHANGE_CIPHER = 20, ALERT = 21, HANDSHAKE = 22, DATA = 23,     /* types of records */
	WARNING = 1, FATAL = 2,                                         /* levels of alerts */
	CLOSE_NOTIFY = 0, UNEXPECTED_MESSAGE = 10, BAD_RECORD_MAC = 20, RECORD_OVERFLOW = 22,
	NO_RENEGOTIATION = 100,
	HEADER = 5, MAX_PLAIN = 16384, MAX_SEALED = MAX_PLAIN + 2048,
	/* The header, initialisation vector, MAC and padding of any suite; TLS 1.0 may make two
	 * records of one: less than that. */
	OVERHEAD = 512, RECORD_ROOM = 2 * OVERHEAD,
	/* Records of so much data are bulk. */
	BULK_RECORD = 1024,
	READ_SIZE = 262144, SCRATCH = READ_SIZE + HEADER + MAX_SEALED, MAX_RECORDS = 160,
	/* Records in a row that carry nothing for the reader: a peer may not keep us busy so. */
	IDLE_RECORDS = 32
};

struct tls {
	struct channel base;
	struct channel *below;
	const br_sslrec_in_class **in;   /* in contexts[], as out */
	const br_sslrec_out_class **out;
	unsigned char *input;            /* NULL: none */
	unsigned char *output;           /* records to be written; NULL: none */
	uint32_t start, opened, sealed, end;     /* in input */
	uint32_t output_start, output_end;
	uint32_t owed;                   /* bytes that the writer has to offer again */
	uint16_t last_sealed, last_plain;        /* size of the last record, and of its data */
	uint16_t version, max_fragment, contexts_size;
	uint8_t idle_records;
	uint8_t alert;                   /* that the peer has ended the session with */
	bool ended;                      /* close_notify has come */
	bool finished;                   /* close_notify is sent */
	const char *problem;             /* why the session is broken, or NULL */
	alignas(16) unsigned char contexts[];
};

/* Memory shared by all sessions: nothing stays in it between two calls. While one channel uses its
 * own, it calls the channel below, which may be TLS, too: so there is some for each level. */
enum { TLS_LEVELS = 8 };
extern unsigned char *tls_scratches[TLS_LEVELS];

static inline unsigned char *tls_scratch(const struct tls *t)
{
	return tls_scratches[t->base.tls_levels - 1];
}

/* The session can't go on. Returns IO_ERROR with errno set. */
enum io_status tls_broken(struct tls *t, const char *problem);

/* tls_in.c */
enum io_status tls_read(struct channel *channel, void *data, size_t size, size_t *length);
enum io_status tls_lend(struct channel *channel, size_t size, struct iovec *pieces,
                        unsigned *count);
bool tls_record_complete(const unsigned char *bytes, size_t length);
void tls_drop_input(struct tls *t);

/* tls_out.c */
enum io_status tls_write(struct channel *channel, const void *data, size_t size, size_t *length);
enum io_status tls_room(struct channel *channel, size_t size, struct iovec *pieces,
                        unsigned *count);
enum io_status tls_write_room(struct channel *channel, size_t size, size_t *length);
enum io_status tls_finish(struct channel *channel);
/* Send an alert as soon as possible. Failing is no further harm. */
void tls_send_alert(struct tls *t, unsigned char level, unsigned char description);
void tls_drop_output(struct tls *t);

#endif
