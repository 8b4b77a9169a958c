/* Errors and alerts in words. */
#include "tls/words.h"

#include <bearssl.h>
#include <stddef.h>
#include <stdio.h>

struct phrase {
	unsigned code;
	const char *text;
	/* What it means when the peer says so, and what to do; NULL: the text says enough. */
	const char *remedy;
};

/* RFC 5246, 7.2.2, with those of later extensions. */
static const struct phrase alerts[] = {
	{0, "close notify", "it closed the connection before the handshake was done"},
	{10, "unexpected message", NULL},
	{20, "bad record MAC", "a record of ours was damaged or tampered with on its way"},
	{21, "decryption failed", NULL},
	{22, "record overflow", NULL},
	{30, "decompression failure", NULL},
	{40, "handshake failure",
	 "there is no cipher suite or curve that both sides have (option cipher), or it wants a "
	 "certificate that we have not got (option cert)"},
	{41, "no certificate", "it wants a certificate: option cert"},
	{42, "bad certificate",
	 "it refuses our certificate, or wants one: options cert and key"},
	{43, "unsupported certificate", "it can't use the type of our certificate or its key usage"},
	{44, "certificate revoked", "our certificate has been revoked"},
	{45, "certificate expired", "our certificate has expired, or is not valid yet"},
	{46, "certificate unknown", "it refuses our certificate"},
	{47, "illegal parameter", NULL},
	{48, "unknown CA", "it does not trust the issuer of our certificate"},
	{49, "access denied", NULL},
	{50, "decode error", "it could not read what we sent"},
	{51, "decrypt error", "a signature or the end of the handshake did not match"},
	{60, "export restriction", NULL},
	{70, "protocol version",
	 "it wants another version of TLS: a newer one (TLS 1.3 only), which this socat has not got, "
	 "or an older one, see options min-proto-version and max-proto-version"},
	{71, "insufficient security", "it wants a stronger cipher suite or key: option cipher"},
	{80, "internal error", "the trouble is on its side"},
	{86, "inappropriate fallback", "it has a newer version of TLS than was offered"},
	{90, "user canceled", NULL},
	{100, "no renegotiation", NULL},
	{109, "missing extension", NULL},
	{110, "unsupported extension", NULL},
	{111, "certificate unobtainable", NULL},
	{112, "unrecognized name",
	 "it has no certificate for the name we asked for: option snihost or no-sni"},
	{113, "bad certificate status response", NULL},
	{114, "bad certificate hash value", NULL},
	{115, "unknown PSK identity", NULL},
	{116, "certificate required", "it wants a certificate: option cert"},
	{120, "no application protocol", "it has none of the protocols of option alpn"},
};

/* Codes of BearSSL's engine, bearssl_ssl.h. */
static const struct phrase errors[] = {
	{BR_ERR_OK, "no error", NULL},
	{BR_ERR_BAD_PARAM, "a handshake message is malformed", NULL},
	{BR_ERR_BAD_STATE, "TLS engine: wrong state", NULL},
	{BR_ERR_UNSUPPORTED_VERSION, "no version of TLS that both sides have",
	 "see options min-proto-version and max-proto-version; there is no TLS 1.3"},
	{BR_ERR_BAD_VERSION, "a record has the wrong version of TLS",
	 "does the peer speak TLS on this port?"},
	{BR_ERR_BAD_LENGTH, "a record or message has an impossible length",
	 "does the peer speak TLS on this port?"},
	{BR_ERR_TOO_LARGE, "a record is larger than the buffer for it",
	 "the peer ignores the maximum fragment length"},
	{BR_ERR_BAD_MAC, "a record was damaged or tampered with on its way", NULL},
	{BR_ERR_NO_RANDOM, "no source of random numbers", NULL},
	{BR_ERR_UNKNOWN_TYPE, "a record of an unknown type", "does the peer speak TLS on this port?"},
	{BR_ERR_UNEXPECTED, "a message that has no business here",
	 "does the peer speak TLS on this port, and in the other role?"},
	{BR_ERR_BAD_CCS, "a bad ChangeCipherSpec message", NULL},
	{BR_ERR_BAD_ALERT, "a bad alert", NULL},
	{BR_ERR_BAD_HANDSHAKE, "a bad handshake message", NULL},
	{BR_ERR_OVERSIZED_ID, "a session identifier that is too long", NULL},
	{BR_ERR_BAD_CIPHER_SUITE, "no cipher suite that both sides have",
	 "see option cipher, and that the type of the certificate's key (RSA, EC) fits"},
	{BR_ERR_BAD_COMPRESSION, "the peer insists on compression", NULL},
	{BR_ERR_BAD_FRAGLEN, "a maximum fragment length that was not asked for", NULL},
	{BR_ERR_BAD_SECRENEG, "renegotiation is not secure", NULL},
	{BR_ERR_EXTRA_EXTENSION, "an extension that was not asked for", NULL},
	{BR_ERR_BAD_SNI, "a bad server name (SNI)", NULL},
	{BR_ERR_BAD_HELLO_DONE, "a bad ServerHelloDone message", NULL},
	{BR_ERR_LIMIT_EXCEEDED, "a part of the handshake is larger than can be handled",
	 "a public key of the peer may be too large"},
	{BR_ERR_BAD_FINISHED, "the handshake was tampered with", NULL},
	{BR_ERR_RESUME_MISMATCH, "the resumed session has another version or cipher suite", NULL},
	{BR_ERR_INVALID_ALGORITHM, "no algorithm or curve that both sides have",
	 "curves are P-256, P-384, P-521 and X25519"},
	{BR_ERR_BAD_SIGNATURE, "the peer's signature is wrong",
	 "it does not have the private key of its certificate"},
	{BR_ERR_WRONG_KEY_USAGE, "the peer's key may not be used for this",
	 "the key usage of its certificate does not fit the cipher suite"},
	{BR_ERR_NO_CLIENT_AUTH, "the client has no certificate",
	 "it needs one that the CAs of option cafile vouch for; verify=0 lets anyone in"},
	{BR_ERR_IO, "the connection failed", NULL},
};

/* Returns NULL if there is none. */
static const struct phrase *find(const struct phrase *phrases, size_t count, unsigned code)
{
	for (size_t i = 0; i < count; i++)
		if (phrases[i].code == code)
			return &phrases[i];
	return NULL;
}

static const struct phrase *find_alert(unsigned alert)
{
	return find(alerts, sizeof alerts / sizeof *alerts, alert);
}

const char *tls_alert_text(unsigned alert)
{
	const struct phrase *phrase = find_alert(alert);

	return phrase != NULL ? phrase->text : "unknown alert";
}

/* From the peer: with what to do about it. */
static void received_text(unsigned alert, char *text, unsigned size)
{
	const struct phrase *phrase = find_alert(alert);

	snprintf(text, size, "the peer ended the handshake with alert %u, %s%s%s", alert,
	         tls_alert_text(alert), phrase != NULL && phrase->remedy != NULL ? ": " : "",
	         phrase != NULL && phrase->remedy != NULL ? phrase->remedy : "");
}

/* What BearSSL's server refuses a client for. */
static void sent_text(unsigned alert, char *text, unsigned size)
{
	static const struct phrase reasons[] = {
		{40, "no cipher suite, curve or hash function in common with the client: it may speak "
		     "only TLS 1.3, or the type of our key (RSA, EC) or option cipher does not suit it",
		 NULL},
		{70, "the client has only older versions of TLS: see option min-proto-version", NULL},
		{86, "the client has fallen back to an older version of TLS without need", NULL},
		{120, "the client has none of the protocols of option alpn", NULL},
	};
	const struct phrase *reason = find(reasons, sizeof reasons / sizeof *reasons, alert);

	if (reason != NULL)
		snprintf(text, size, "%s", reason->text);
	else
		snprintf(text, size, "refused with alert %u, %s", alert, tls_alert_text(alert));
}

const char *tls_error_text(int error, char *text, unsigned size)
{
	enum { ALERTS = 256 };
	const struct phrase *phrase;

	if (error >= BR_ERR_RECV_FATAL_ALERT && error < BR_ERR_RECV_FATAL_ALERT + ALERTS) {
		received_text((unsigned)(error - BR_ERR_RECV_FATAL_ALERT), text, size);
		return text;
	}
	if (error >= BR_ERR_SEND_FATAL_ALERT && error < BR_ERR_SEND_FATAL_ALERT + ALERTS) {
		sent_text((unsigned)(error - BR_ERR_SEND_FATAL_ALERT), text, size);
		return text;
	}
	phrase = error >= 0 ? find(errors, sizeof errors / sizeof *errors, (unsigned)error) : NULL;
	if (phrase == NULL)
		snprintf(text, size, "TLS engine: error %d", error);
	else
		snprintf(text, size, "%s%s%s", phrase->text, phrase->remedy != NULL ? ": " : "",
		         phrase->remedy != NULL ? phrase->remedy : "");
	return text;
}

int tls_error_alert(int error)
{
	static const struct {
		int error, alert;
	} table[] = {
		{ BR_ERR_BAD_VERSION, 70 }, { BR_ERR_UNSUPPORTED_VERSION, 70 },
		{ BR_ERR_UNEXPECTED, 10 }, { BR_ERR_BAD_CCS, 10 }, { BR_ERR_BAD_MAC, 20 },
		{ BR_ERR_TOO_LARGE, 22 }, { BR_ERR_BAD_LENGTH, 22 }, { BR_ERR_BAD_SIGNATURE, 51 },
		{ BR_ERR_BAD_FINISHED, 51 }, { BR_ERR_BAD_PARAM, 50 }, { BR_ERR_BAD_ALERT, 50 },
		{ BR_ERR_BAD_HELLO_DONE, 50 }, { BR_ERR_WRONG_KEY_USAGE, 43 },
		{ BR_ERR_NO_CLIENT_AUTH, 40 }, { BR_ERR_NO_RANDOM, 80 }, { BR_ERR_IO, 80 },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].error == error)
			return table[i].alert;
	return 47;   /* illegal parameter */
}
