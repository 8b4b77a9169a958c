/* Our certificate and key: see key.h. */
#include "tls/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loop/input.h"
#include "sys/error.h"
#include "sys/log.h"
#include "tls/cert.h"
#include "tls/ec.h"
#include "tls/pem.h"
#include "tls/subject.h"

enum {
	FILE_MAX_ = 1048576, RSA_MAX = 512, LINE_MAX_ = 256,
	RSA_BITS_MIN = 1024
};

/* What is being loaded, for messages. */
struct loading {
	struct tls_key *key;
	const char *where;
	const char *file;
};

static int refuse(const struct loading *loading, const char *why, const char *what_to_do)
{
	log_error("%s: %s: %s%s", loading->where, loading->file, why, what_to_do);
	return -1;
}

/* Read a file into objects; -1 after an error line. */
static int read_objects(const struct loading *loading, struct tls_pem *pem)
{
	size_t size;
	unsigned char *data = input_read(loading->file, FILE_MAX_, &size);
	char why[LINE_MAX_];
	int result;

	if (data == NULL) {
		log_error("%s: can't read %s: %s", loading->where, loading->file,
		          errno == EFBIG ? "it is larger than 1 MiB, so no key or certificate" :
		          input_why(loading->file, errno, why, sizeof why));
		return -1;
	}
	result = tls_pem_parse(pem, data, size);
	input_free(data, size);
	return result < 0 ? refuse(loading, "out of memory", "") : 0;
}

static bool is_certificate(const struct tls_pem_item *item)
{
	return strcmp(item->label, "CERTIFICATE") == 0 ||
	       strcmp(item->label, "X509 CERTIFICATE") == 0 ||
	       strcmp(item->label, "TRUSTED CERTIFICATE") == 0;
}

static bool is_private_key(const struct tls_pem_item *item)
{
	size_t length = strlen(item->label);

	return length >= 11 && strcmp(item->label + length - 11, "PRIVATE KEY") == 0;
}

/* A file of PEM's has labels, one of DER has none: then it is what was looked for. */
static bool is_der(const struct tls_pem *pem)
{
	return pem->count == 1 && pem->list[0].label[0] == '\0';
}

static int add_certificate(struct tls_key *key, struct tls_pem_item *item)
{
	br_x509_certificate *chain = realloc(key->chain, (key->chain_length + 1) * sizeof *chain);

	if (chain == NULL)
		return -1;
	key->chain = chain;
	chain[key->chain_length].data = item->data;
	chain[key->chain_length].data_len = item->size;
	key->chain_length++;
	item->data = NULL;
	item->size = 0;
	return 0;
}

/* Take the certificates out of what was read. */
static int load_chain(const struct loading *loading, struct tls_pem *pem)
{
	struct tls_cert cert;
	char text[LINE_MAX_];
	const char *wrong;

	for (size_t i = 0; i < pem->count; i++) {
		struct tls_pem_item *item = &pem->list[i];

		if (!is_certificate(item) && !is_der(pem))
			continue;
		wrong = item->damage;
		if (wrong == NULL) {
			struct der cursor = {item->data, item->size}, whole;

			/* a "trusted certificate" has OpenSSL's remarks behind it */
			if (item->label[0] == 'T' && der_next(&cursor, NULL, NULL, &whole))
				item->size = whole.size;
			wrong = tls_cert_parse(&cert, item->data, item->size);
		}
		if (wrong != NULL) {
			snprintf(text, sizeof text, "the certificate in line %u can't be used: %s",
			         item->line, wrong);
			return refuse(loading, is_der(pem) ? "it has no certificate" : text, "");
		}
		if (add_certificate(loading->key, item) < 0)
			return refuse(loading, "out of memory", "");
	}
	if (loading->key->chain_length == 0)
		return refuse(loading, "it has no certificate",
		              pem->count == 0 ? " (neither PEM nor DER)" : "");
	return 0;
}

/* The parts of an RSA key are kept one behind the other. */
static void keep_rsa(struct tls_key *key, const br_rsa_private_key *from)
{
	unsigned char *at = key->secret;

	key->rsa = *from;
	key->rsa.p = memcpy(at, from->p, from->plen);
	at += from->plen;
	key->rsa.q = memcpy(at, from->q, from->qlen);
	at += from->qlen;
	key->rsa.dp = memcpy(at, from->dp, from->dplen);
	at += from->dplen;
	key->rsa.dq = memcpy(at, from->dq, from->dqlen);
	at += from->dqlen;
	key->rsa.iq = memcpy(at, from->iq, from->iqlen);
}

static int keep_key(struct tls_key *key, const br_skey_decoder_context *decoder)
{
	const br_rsa_private_key *rsa = br_skey_decoder_get_rsa(decoder);
	const br_ec_private_key *ec = br_skey_decoder_get_ec(decoder);

	key->type = br_skey_decoder_key_type(decoder);
	key->secret_size = rsa != NULL ?
		rsa->plen + rsa->qlen + rsa->dplen + rsa->dqlen + rsa->iqlen : ec->xlen;
	key->secret = malloc(key->secret_size + 1);
	if (key->secret == NULL)
		return -1;
	if (rsa != NULL) {
		keep_rsa(key, rsa);
	} else {
		key->ec = *ec;
		key->ec.x = memcpy(key->secret, ec->x, ec->xlen);
	}
	return 0;
}

/* Why BearSSL could not read a key. Looks for the object identifiers of other kinds. */
static const char *why_not(const unsigned char *data, size_t size)
{
	static const struct {
		const char *oid, *why;
	} others[] = {
		{"\x06\x03\x2b\x65\x70", "its private key is of type Ed25519, which is not supported"},
		{"\x06\x03\x2b\x65\x71", "its private key is of type Ed448, which is not supported"},
		{"\x06\x07\x2a\x86\x48\xce\x38\x04\x01",
		 "its private key is of type DSA, which is not supported"},
		{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
		 "its private key is of type RSA-PSS, which is not supported"},
		{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d", "its private key is encrypted"},
		{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01", "its private key is encrypted"},
		{"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
		 "its private key is on a curve that is not supported"},
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (memmem(data, size < 64 ? size : 64, others[i].oid, strlen(others[i].oid)) != NULL)
			return others[i].why;
	return "its private key can't be read";
}

static int refuse_encrypted(const struct loading *loading)
{
	char text[LINE_MAX_];

	snprintf(text, sizeof text, "; decrypt it with \"openssl pkey -in %.100s -out PLAIN\"",
	         loading->file);
	return refuse(loading, "its private key is encrypted", text);
}

static int refuse_key(const struct loading *loading, const struct tls_pem_item *item)
{
	const char *why = why_not(item->data, item->size);

	if (strstr(why, "encrypted") != NULL)
		return refuse_encrypted(loading);
	return refuse(loading, why, "; RSA up to 4096 bits and EC keys on P-256, P-384 and P-521 are");
}

static int decode_key(const struct loading *loading, const struct tls_pem_item *item)
{
	br_skey_decoder_context decoder;
	const br_rsa_private_key *rsa;
	int result;

	if (item->encrypted || strcmp(item->label, "ENCRYPTED PRIVATE KEY") == 0)
		return refuse_encrypted(loading);
	if (item->damage != NULL)
		return refuse(loading, "its private key is damaged: ", item->damage);
	br_skey_decoder_init(&decoder);
	br_skey_decoder_push(&decoder, item->data, item->size);
	if (br_skey_decoder_last_error(&decoder) != 0)
		result = refuse_key(loading, item);
	else if ((rsa = br_skey_decoder_get_rsa(&decoder)) != NULL &&
	         (rsa->n_bitlen < RSA_BITS_MIN || rsa->n_bitlen > RSA_MAX * 8))
		result = refuse(loading, "its RSA key has not 1024 to 4096 bits", "");
	else if ((result = keep_key(loading->key, &decoder)) < 0)
		refuse(loading, "out of memory", "");
	explicit_bzero(&decoder, sizeof decoder);
	return result;
}

static int load_key(const struct loading *loading, const struct tls_pem *pem)
{
	for (size_t i = 0; i < pem->count; i++)
		if (is_private_key(&pem->list[i]) || is_der(pem))
			return decode_key(loading, &pem->list[i]);
	return refuse(loading, "it has no private key", "; option key names the file that has it");
}

/* The public half of our key is this one: what the one signs, the other finds right. (BearSSL 0.6
 * can't compute the modulus of a key of 4096 bits.) */
static bool rsa_matches(const struct tls_key *key, const br_rsa_public_key *public)
{
	static const unsigned char hash[br_sha256_SIZE] = {1, 2, 3};
	unsigned char signature[RSA_MAX], found[br_sha256_SIZE];
	size_t size = (key->rsa.n_bitlen + 7) / 8;

	return size <= sizeof signature && size == public->nlen &&
	       br_rsa_pkcs1_sign_get_default()(BR_HASH_OID_SHA256, hash, sizeof hash, &key->rsa,
	                                       signature) &&
	       br_rsa_pkcs1_vrfy_get_default()(signature, size, BR_HASH_OID_SHA256, sizeof found,
	                                       public, found) &&
	       memcmp(hash, found, sizeof hash) == 0;
}

static bool ec_matches(const struct tls_key *key, const br_ec_public_key *public)
{
	unsigned char buffer[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_public_key own;

	return key->ec.curve == public->curve &&
	       br_ec_compute_pub(tls_ec(), &own, buffer, &key->ec) > 0 &&
	       own.qlen == public->qlen && memcmp(own.q, public->q, own.qlen) == 0;
}

static bool key_matches(const struct tls_key *key, const br_x509_certificate *certificate)
{
	br_x509_decoder_context decoder;
	const br_x509_pkey *public;
	struct tls_cert cert;

	if (tls_cert_parse(&cert, certificate->data, certificate->data_len) != NULL ||
	    (public = tls_cert_key(&cert, &decoder)) == NULL || public->key_type != key->type)
		return false;
	return key->type == BR_KEYTYPE_RSA ? rsa_matches(key, &public->key.rsa) :
	                                     ec_matches(key, &public->key.ec);
}

/* The leaf is the certificate of the key; it goes first. */
static int find_leaf(const struct loading *loading)
{
	struct tls_key *key = loading->key;
	br_x509_certificate leaf;
	size_t i = 0;

	while (i < key->chain_length && !key_matches(key, &key->chain[i]))
		i++;
	if (i == key->chain_length)
		return refuse(loading, "the private key is not that of the certificate", "");
	leaf = key->chain[i];
	memmove(key->chain + 1, key->chain, i * sizeof *key->chain);
	key->chain[0] = leaf;
	return 0;
}

/* What is to be known of the leaf, and what is to be said about it. */
static void describe_leaf(const struct loading *loading)
{
	struct tls_key *key = loading->key;
	char subject[LINE_MAX_], date[32];
	br_x509_decoder_context decoder;
	int64_t now = (int64_t)time(NULL);
	struct tls_cert cert;

	if (tls_cert_parse(&cert, key->chain[0].data, key->chain[0].data_len) != NULL)
		return;
	tls_cert_key(&cert, &decoder);
	key->issuer_type = br_x509_decoder_get_signer_key_type(&decoder);
	key->usages = tls_cert_usages(&cert);
	tls_subject_line(cert.subject, subject, sizeof subject);
	if (now > cert.not_after)
		log_warn("%s: %s: the certificate has expired on %s: %s", loading->where,
		         loading->file, tls_cert_date(cert.not_after, date, sizeof date), subject);
	else if (now < cert.not_before)
		log_warn("%s: %s: the certificate is not valid before %s: %s", loading->where,
		         loading->file, tls_cert_date(cert.not_before, date, sizeof date), subject);
}

struct tls_key *tls_key_load(const char *certificate, const char *key, const char *where)
{
	struct loading loading = {.where = where, .file = certificate};
	struct tls_pem pem = {0};
	bool good;

	loading.key = calloc(1, sizeof *loading.key);
	if (loading.key == NULL) {
		refuse(&loading, "out of memory", "");
		return NULL;
	}
	good = read_objects(&loading, &pem) == 0 && load_chain(&loading, &pem) == 0;
	if (good && key != NULL) {
		tls_pem_free(&pem);
		loading.file = key;
		good = read_objects(&loading, &pem) == 0;
	}
	good = good && load_key(&loading, &pem) == 0;
	loading.file = certificate;
	good = good && find_leaf(&loading) == 0;
	tls_pem_free(&pem);
	if (!good) {
		tls_key_free(loading.key);
		return NULL;
	}
	describe_leaf(&loading);
	return loading.key;
}

void tls_key_free(struct tls_key *key)
{
	if (key == NULL)
		return;
	for (size_t i = 0; i < key->chain_length; i++)
		free(key->chain[i].data);
	free(key->chain);
	input_free(key->secret, key->secret_size);
	free(key);
}
