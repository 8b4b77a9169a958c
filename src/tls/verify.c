/* Checking the peer's certificate: see verify.h. Certificates are collected as they come; all
 * decisions are made at the end of the chain. */
#include "tls/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls/cert.h"
#include "tls/host.h"
#include "tls/path.h"
#include "tls/subject.h"

enum { CERT_MAX = 65536, CHAIN_MAX = 262144, LINE_MAX_ = 200, PIN_TEXT = 64 };

/* Alerts (RFC 5246, 7.2.2), those that OpenSSL sends in the same cases. */
enum {
	ALERT_BAD_CERTIFICATE = 42, ALERT_UNSUPPORTED = 43, ALERT_EXPIRED = 45, ALERT_UNKNOWN = 46,
	ALERT_UNKNOWN_CA = 48, ALERT_DECRYPT_ERROR = 51,
};

struct tls_verifier {
	const br_x509_class *class;    /* first: BearSSL knows us by it */
	const struct tls_policy *policy;
	int64_t now;                   /* -1: ask the clock */
	unsigned char *bytes;          /* of all certificates, one behind the other */
	size_t used;
	size_t sizes[PATH_MAX_];
	size_t count;
	struct tls_chain *chain;
	br_x509_decoder_context leaf;  /* holds its public key */
	bool good;
	unsigned usages;
	int alert;                     /* 0: not failed */
	char reason[TLS_REASON];
	char subject[LINE_MAX_];
	struct variables *variables;
};

static struct tls_verifier *self(const br_x509_class *const *class)
{
	return (struct tls_verifier *)(void *)class;
}

/* Refuse the peer; the first reason counts. error: BearSSL's. Returns it. */
static unsigned refuse(struct tls_verifier *verifier, int error, int alert, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static unsigned refuse(struct tls_verifier *verifier, int error, int alert, const char *format, ...)
{
	va_list args;

	if (verifier->alert != 0)
		return (unsigned)error;
	verifier->alert = alert;
	va_start(args, format);
	vsnprintf(verifier->reason, sizeof verifier->reason, format, args);
	va_end(args);
	return (unsigned)error;
}

/* ---- collecting -------------------------------------------------------------------------------- */

static void forget(struct tls_verifier *verifier)
{
	free(verifier->bytes);
	free(verifier->chain);
	free(verifier->variables);
	verifier->bytes = NULL;
	verifier->chain = NULL;
	verifier->variables = NULL;
	verifier->used = verifier->count = 0;
	verifier->alert = 0;
	verifier->good = false;
	verifier->reason[0] = verifier->subject[0] = '\0';
}

static void start_chain(const br_x509_class **class, const char *name)
{
	(void)name;   /* that is for SNI; what to check is in the policy */
	forget(self(class));
}

static void start_cert(const br_x509_class **class, uint32_t length)
{
	struct tls_verifier *verifier = self(class);
	unsigned char *longer;

	if (verifier->alert != 0)
		return;
	if (length > CERT_MAX || length > CHAIN_MAX - verifier->used ||
	    verifier->count == PATH_MAX_) {
		refuse(verifier, 0, ALERT_BAD_CERTIFICATE,
		       "it has sent too much: at most %d certificates of %d bytes, %d in all, are "
		       "taken", PATH_MAX_, CERT_MAX, CHAIN_MAX);
		return;
	}
	longer = realloc(verifier->bytes, verifier->used + length + 1);
	if (longer == NULL) {
		refuse(verifier, 0, 80, "there is no memory for its certificate");
		return;
	}
	verifier->bytes = longer;
	verifier->sizes[verifier->count++] = 0;
}

static void append(const br_x509_class **class, const unsigned char *data, size_t size)
{
	struct tls_verifier *verifier = self(class);

	if (verifier->alert != 0)
		return;
	memcpy(verifier->bytes + verifier->used, data, size);
	verifier->used += size;
	verifier->sizes[verifier->count - 1] += size;
}

static void end_cert(const br_x509_class **class)
{
	(void)class;
}

/* ---- deciding ---------------------------------------------------------------------------------- */

/* Read all certificates. A leaf must be right; others that are not are left out. */
static unsigned parse_chain(struct tls_verifier *verifier)
{
	struct tls_chain *chain = calloc(1, sizeof *chain);
	const unsigned char *at = verifier->bytes;

	if (chain == NULL)
		return refuse(verifier, BR_ERR_X509_LIMIT_EXCEEDED, 80,
		              "there is no memory for its certificate");
	verifier->chain = chain;
	for (size_t i = 0; i < verifier->count; i++) {
		const char *wrong = tls_cert_parse(&chain->certs[chain->count], at, verifier->sizes[i]);

		if (wrong != NULL && i == 0)
			return refuse(verifier, BR_ERR_X509_INVALID_VALUE, ALERT_BAD_CERTIFICATE,
			              "its certificate can't be read: %s", wrong);
		chain->count += wrong == NULL;
		at += verifier->sizes[i];
	}
	return 0;
}

/* The leaf's key: without it there is no handshake, whatever is to be checked. */
static unsigned read_key(struct tls_verifier *verifier)
{
	const struct tls_cert *leaf = &verifier->chain->certs[0];

	if (tls_cert_key(leaf, &verifier->leaf) == NULL)
		return refuse(verifier, BR_ERR_X509_UNSUPPORTED, ALERT_UNSUPPORTED,
		              "the key of its certificate (%s) is of a kind or size that is not "
		              "supported: %s", tls_cert_key_kind(leaf), verifier->subject);
	verifier->usages = tls_cert_usages(leaf);
	return 0;
}

/* Base64 (RFC 4648, 4) of a hash. */
static void pin_text(const unsigned char pin[TLS_PIN_SIZE], char text[PIN_TEXT])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t length = 0;

	for (size_t i = 0; i < TLS_PIN_SIZE; i += 3) {
		unsigned rest = TLS_PIN_SIZE - i < 3 ? (unsigned)(TLS_PIN_SIZE - i) : 3;
		unsigned bits = (unsigned)pin[i] << 16 | (rest > 1 ? (unsigned)pin[i + 1] << 8 : 0) |
		                (rest > 2 ? pin[i + 2] : 0U);

		for (unsigned j = 0; j < 4; j++)
			text[length++] = j <= rest ? digits[bits >> (18 - 6 * j) & 63] : '=';
	}
	text[length] = '\0';
}

static unsigned check_pins(struct tls_verifier *verifier)
{
	const struct tls_policy *policy = verifier->policy;
	const struct tls_cert *leaf = &verifier->chain->certs[0];
	unsigned char pin[TLS_PIN_SIZE];
	br_sha256_context hash;
	char text[PIN_TEXT];

	br_sha256_init(&hash);
	br_sha256_update(&hash, leaf->key.at, leaf->key.size);
	br_sha256_out(&hash, pin);
	for (size_t i = 0; i < policy->pin_count; i++)
		if (memcmp(policy->pins[i], pin, TLS_PIN_SIZE) == 0)
			return 0;
	pin_text(pin, text);
	return refuse(verifier, BR_ERR_X509_NOT_TRUSTED, ALERT_BAD_CERTIFICATE,
	              "its key is not the pinned one, but sha256//%s: %s", text, verifier->subject);
}

static unsigned refuse_dates(struct tls_verifier *verifier, struct tls_verdict verdict,
                             const char *what, const char *name, int64_t now)
{
	bool early = now < verdict.dates.not_before;
	char date[32];

	tls_cert_date(early ? verdict.dates.not_before : verdict.dates.not_after, date, sizeof date);
	return refuse(verifier, verdict.error, early ? ALERT_BAD_CERTIFICATE : ALERT_EXPIRED,
	              "%s %s %s: %s", what, early ? "is not valid before" : "has expired on", date,
	              name);
}

static unsigned refuse_untrusted(struct tls_verifier *verifier, const struct tls_cert *last,
                                 const char *name, const char *issuer)
{
	bool leaf = last == &verifier->chain->certs[0];

	if (tls_cert_self_issued(last))
		return refuse(verifier, BR_ERR_X509_NOT_TRUSTED, ALERT_UNKNOWN_CA, leaf ?
		              "its certificate is self-signed and not in cafile: %s" :
		              "the authority at the end of its chain is not trusted, see option "
		              "cafile: %s", name);
	return refuse(verifier, BR_ERR_X509_NOT_TRUSTED, ALERT_UNKNOWN_CA,
	              "the issuer of %s is not trusted, see option cafile: %s; %s: %s",
	              leaf ? "its certificate" : "a certificate in its chain", issuer,
	              leaf ? "the certificate" : "that certificate", name);
}

/* What else BearSSL's engine finds. */
static const struct problem {
	int error, alert;
	const char *text;
} problems[] = {
	{BR_ERR_X509_BAD_SIGNATURE, ALERT_DECRYPT_ERROR, "has a bad signature"},
	{BR_ERR_X509_WRONG_KEY_TYPE, ALERT_DECRYPT_ERROR, "has a bad signature"},
	{BR_ERR_X509_UNSUPPORTED, ALERT_UNSUPPORTED,
	 "has a key or signature of a kind that is not supported (SHA-1 and MD5 are not safe any "
	 "more)"},
	{BR_ERR_X509_LIMIT_EXCEEDED, ALERT_UNSUPPORTED,
	 "has a key or signature that is too large (RSA keys have up to 4096 bits)"},
	{BR_ERR_X509_WEAK_PUBLIC_KEY, ALERT_BAD_CERTIFICATE,
	 "has a key that is too weak (RSA keys have to have 1024 bits)"},
	{BR_ERR_X509_NOT_CA, ALERT_UNKNOWN_CA, "may not be an issuer, or not with so long a chain"},
	{BR_ERR_X509_CRITICAL_EXTENSION, ALERT_UNKNOWN, "has a critical extension"},
};

static unsigned refuse_path(struct tls_verifier *verifier, struct tls_verdict verdict, int64_t now)
{
	bool leaf = verdict.about == &verifier->chain->certs[0];
	const char *what = leaf ? "the certificate" : "a certificate in its chain";
	char name[LINE_MAX_], issuer[LINE_MAX_], oid[64];

	tls_subject_line(verdict.about->subject, name, sizeof name);
	tls_subject_line(verdict.about->issuer, issuer, sizeof issuer);
	if (verdict.error == BR_ERR_X509_EXPIRED && verdict.of_anchor)
		return refuse_dates(verifier, verdict, "the authority that issued it", issuer, now);
	if (verdict.error == BR_ERR_X509_EXPIRED)
		return refuse_dates(verifier, verdict, what, name, now);
	if (verdict.error == BR_ERR_X509_NOT_TRUSTED)
		return refuse_untrusted(verifier, verdict.about, name, issuer);
	if (verdict.of_anchor)
		return refuse(verifier, verdict.error, ALERT_DECRYPT_ERROR,
		              "%s is not signed by the authority of this name in cafile, %s: %s", what,
		              issuer, name);
	if (verdict.error == BR_ERR_X509_FORBIDDEN_KEY_USAGE)
		return refuse(verifier, verdict.error, ALERT_UNSUPPORTED,
		              "%s has a key usage that does not allow what it is used for: %s", what,
		              name);
	if (verdict.error == BR_ERR_X509_CRITICAL_EXTENSION && verdict.about->unknown.at != NULL &&
	    der_oid(verdict.about->unknown, oid, sizeof oid))
		return refuse(verifier, verdict.error, ALERT_UNKNOWN,
		              "%s has a critical extension that is not known here (%s): %s", what, oid,
		              name);
	for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
		if (problems[i].error == verdict.error)
			return refuse(verifier, verdict.error, problems[i].alert, "%s %s: %s", what,
			              problems[i].text, name);
	return refuse(verifier, verdict.error, ALERT_BAD_CERTIFICATE, "%s is malformed: %s", what,
	              name);
}

static unsigned check_path(struct tls_verifier *verifier)
{
	const struct tls_policy *policy = verifier->policy;
	int64_t now = verifier->now >= 0 ? verifier->now : (int64_t)time(NULL);
	struct tls_verdict verdict =
		tls_path_check(verifier->chain, policy->anchors, policy->of_client, now);

	return verdict.error == 0 ? 0 : refuse_path(verifier, verdict, now);
}

/* What the certificate is made for (RFC 5280, 4.2.1.3 and 4.2.1.12). Whether a server's key fits the
 * cipher suite is BearSSL's to see. */
static unsigned check_purpose(struct tls_verifier *verifier)
{
	bool of_client = verifier->policy->of_client;
	const struct tls_cert *leaf = &verifier->chain->certs[0];

	if (of_client ? !leaf->for_client : !leaf->for_server)
		return refuse(verifier, BR_ERR_X509_FORBIDDEN_KEY_USAGE, ALERT_UNSUPPORTED,
		              "its extended key usage is not for %s: %s",
		              of_client ? "clients (clientAuth)" : "servers (serverAuth)",
		              verifier->subject);
	if (of_client ? !(verifier->usages & BR_KEYTYPE_SIGN) : verifier->usages == 0)
		return refuse(verifier, BR_ERR_X509_FORBIDDEN_KEY_USAGE, ALERT_UNSUPPORTED,
		              "its key usage does not allow TLS (%s): %s",
		              of_client ? "digitalSignature" : "digitalSignature or keyEncipherment",
		              verifier->subject);
	return 0;
}

static unsigned check_name(struct tls_verifier *verifier)
{
	const char *name = verifier->policy->name;
	char names[LINE_MAX_];

	if (name == NULL || *name == '\0' || tls_host_matches(&verifier->chain->certs[0], name))
		return 0;
	return refuse(verifier, BR_ERR_X509_BAD_SERVER_NAME, ALERT_BAD_CERTIFICATE,
	              "its certificate is not for the name %.100s, but for %s", name,
	              tls_host_names(&verifier->chain->certs[0], names, sizeof names));
}

static unsigned check(struct tls_verifier *verifier)
{
	const struct tls_policy *policy = verifier->policy;
	const struct tls_cert *leaf;
	unsigned error = parse_chain(verifier);

	if (error != 0)
		return error;
	leaf = &verifier->chain->certs[0];
	tls_subject_line(leaf->subject, verifier->subject, sizeof verifier->subject);
	error = read_key(verifier);
	if (error == 0 && policy->pin_count > 0)
		error = check_pins(verifier);
	/* a pin alone vouches for its owner */
	if (policy->pin_count > 0 && policy->anchors == NULL)
		return error;
	if (error == 0 && policy->anchors != NULL)
		error = check_path(verifier);
	if (error == 0 && policy->anchors != NULL)
		error = check_purpose(verifier);
	return error == 0 ? check_name(verifier) : error;
}

static unsigned end_chain(const br_x509_class **class)
{
	struct tls_verifier *verifier = self(class);
	unsigned error;

	if (verifier->alert != 0)
		return BR_ERR_X509_LIMIT_EXCEEDED;
	if (verifier->count == 0)
		return refuse(verifier, BR_ERR_X509_EMPTY_CHAIN, 40, "the %s has shown no certificate",
		              verifier->policy->of_client ? "client" : "server");
	error = check(verifier);
	verifier->good = error == 0;
	if (verifier->good)
		verifier->variables = tls_subject_variables(&verifier->chain->certs[0]);
	/* what is needed from here on is the key */
	free(verifier->bytes);
	free(verifier->chain);
	verifier->bytes = NULL;
	verifier->chain = NULL;
	return error;
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *class, unsigned *usages)
{
	struct tls_verifier *verifier = self(class);

	if (!verifier->good)
		return NULL;
	if (usages != NULL)
		*usages = verifier->usages;
	return br_x509_decoder_get_pkey(&verifier->leaf);
}

static const br_x509_class verifier_class = {
	.context_size = sizeof(struct tls_verifier),
	.start_chain = start_chain,
	.start_cert = start_cert,
	.append = append,
	.end_cert = end_cert,
	.end_chain = end_chain,
	.get_pkey = get_pkey,
};

/* ---- for those who make the handshake ---------------------------------------------------------- */

struct tls_verifier *tls_verifier_new(const struct tls_policy *policy)
{
	struct tls_verifier *verifier = calloc(1, sizeof *verifier);

	if (verifier == NULL)
		return NULL;
	verifier->class = &verifier_class;
	verifier->policy = policy;
	verifier->now = -1;
	return verifier;
}

void tls_verifier_set_time(struct tls_verifier *verifier, int64_t now)
{
	verifier->now = now;
}

void tls_verifier_free(struct tls_verifier *verifier)
{
	if (verifier == NULL)
		return;
	forget(verifier);
	free(verifier);
}

const br_x509_class **tls_verifier_engine(struct tls_verifier *verifier)
{
	return &verifier->class;
}

bool tls_verifier_failed(const struct tls_verifier *verifier)
{
	return verifier->alert != 0;
}

const char *tls_verifier_reason(const struct tls_verifier *verifier)
{
	return verifier->reason;
}

int tls_verifier_alert(const struct tls_verifier *verifier)
{
	return verifier->alert;
}

bool tls_verifier_has_peer(const struct tls_verifier *verifier)
{
	return verifier->count > 0;
}

const char *tls_verifier_subject(const struct tls_verifier *verifier)
{
	return verifier->subject;
}

struct variables *tls_verifier_take_variables(struct tls_verifier *verifier)
{
	struct variables *variables = verifier->variables;

	verifier->variables = NULL;
	return variables;
}
