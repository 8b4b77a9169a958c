/* TLS sessions as channels over channels: application data in records (RFC 5246, 6.2).
 *
 * A handshake (tls/handshake.h) leaves two contexts of BearSSL's, one that decrypts what comes in
 * and one that encrypts what goes out. The channel takes them over; BearSSL's engine, which knows
 * no half-close, is not needed any more. So a session at rest is these contexts and no buffer.
 */
#ifndef CHAN_TLS_H
#define CHAN_TLS_H

#include <bearssl.h>
#include <stddef.h>

#include "chan/chan.h"

/* What a handshake leaves. The contexts are copied (their vtable knows their size). */
struct tls_session {
	const br_sslrec_in_class **in;
	const br_sslrec_out_class **out;
	unsigned version;               /* BR_TLS10 ... */
	size_t max_fragment;            /* bytes of a record that we send: 512..16384 */
	/* bytes that came behind the handshake, to be read first */
	const unsigned char *early;
	size_t early_length;
};

/* Returns the channel, which owns the one below; NULL with errno set (the channel below is still
 * the caller's). The channel below may be attached already. */
struct channel *tls_channel_new(struct channel *below, const struct tls_session *session);

#endif
