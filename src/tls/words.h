/* BearSSL's errors and TLS alerts in plain words. */
#ifndef TLS_WORDS_H
#define TLS_WORDS_H

/* What an alert received from the peer means (RFC 5246, 7.2.2): "certificate unknown", ... Never
 * NULL. */
const char *tls_alert_text(unsigned alert);

/* What one of BearSSL's error codes means (BR_ERR_...), apart from those of certificates, with what
 * to do about it where that is known. Codes of alerts received (256 + n) and sent (512 + n), too.
 * Returns text. */
const char *tls_error_text(int error, char *text, unsigned size);

/* The alert for one of the engine's errors (RFC 5246, 7.2.2), to be sent to the peer. */
int tls_error_alert(int error);

#endif
