/* The names that a certificate's owner and issuer go by (X.501), as text. They are written by
 * anybody: the text has no control characters. */
#ifndef TLS_SUBJECT_H
#define TLS_SUBJECT_H

#include <stddef.h>

#include "sys/variables.h"
#include "tls/cert.h"

/* In one line, "C = DE, O = Example, CN = host", as openssl(1) shows it with -nameopt oneline, but
 * with UTF-8 as it is. name: with tag and length. Cut with "..." if there is no room. Returns
 * text. */
char *tls_subject_line(struct der name, char *text, size_t size);

/* The variables OPENSSL_X509_ISSUER, _SUBJECT, one for each kind of attribute of the subject
 * (OPENSSL_X509_COMMONNAME ...), OPENSSL_X509V3_SUBJECTALTNAME_DNS and _IPADD. Several values are
 * joined by " // ". For free(3); NULL without memory. */
struct variables *tls_subject_variables(const struct tls_cert *cert);

#endif
