/* Trust anchors: see anchors.h. */
#include "tls/anchors.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "loop/input.h"
#include "sys/error.h"
#include "sys/log.h"
#include "tls/cert.h"
#include "tls/pem.h"
#include "tls/subject.h"

enum { BUNDLE_MAX = 16 * 1048576, LINE_MAX_ = 256 };

/* Where distributions keep all authorities in one file: Debian, Fedora, Alpine and OpenSUSE. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
};

/* The parts of a public key that are bytes, one behind the other in memory of our own. */
static unsigned char *copy_bytes(unsigned char **from, size_t size, unsigned char *to)
{
	memcpy(to, *from, size);
	*from = to;
	return to + size;
}

static size_t key_size(const br_x509_pkey *key)
{
	return key->key_type == BR_KEYTYPE_RSA ? key->key.rsa.nlen + key->key.rsa.elen :
	                                         key->key.ec.qlen;
}

/* It may sign certificates (RFC 5280, 4.2.1.9, 4.2.1.3). Certificates of version 1 can't say so;
 * those that are their own issuer are taken for old roots, as OpenSSL does. */
static bool is_authority(const struct tls_cert *cert)
{
	if (!(cert->usage & CERT_SIGN))
		return false;
	return cert->is_ca || (cert->version1 && tls_cert_self_issued(cert));
}

/* Fill the anchor in; its memory begins with the name. */
static int make_anchor(br_x509_trust_anchor *anchor, const struct tls_cert *cert,
                       const br_x509_pkey *key)
{
	unsigned char *at = malloc(cert->subject.size + key_size(key));

	if (at == NULL)
		return -1;
	anchor->flags = is_authority(cert) ? BR_X509_TA_CA : 0;
	anchor->dn.data = at;
	anchor->dn.len = cert->subject.size;
	memcpy(at, cert->subject.at, cert->subject.size);
	at += cert->subject.size;
	anchor->pkey = *key;
	if (key->key_type == BR_KEYTYPE_RSA) {
		at = copy_bytes(&anchor->pkey.key.rsa.n, key->key.rsa.nlen, at);
		copy_bytes(&anchor->pkey.key.rsa.e, key->key.rsa.elen, at);
	} else {
		copy_bytes(&anchor->pkey.key.ec.q, key->key.ec.qlen, at);
	}
	return 0;
}

static bool same_anchor(const br_x509_trust_anchor *a, const br_x509_trust_anchor *b)
{
	size_t size = key_size(&a->pkey);

	/* the key's bytes follow the name's */
	return a->flags == b->flags && a->dn.len == b->dn.len &&
	       a->pkey.key_type == b->pkey.key_type && size == key_size(&b->pkey) &&
	       memcmp(a->dn.data, b->dn.data, a->dn.len + size) == 0;
}

static int keep_anchor(struct tls_anchors *anchors, const struct tls_cert *cert,
                       const br_x509_pkey *key)
{
	size_t count = anchors->count;
	br_x509_trust_anchor *list = realloc(anchors->list, (count + 1) * sizeof *list);
	struct tls_anchor_dates *dates;

	if (list == NULL)
		return -1;
	anchors->list = list;
	dates = realloc(anchors->dates, (count + 1) * sizeof *dates);
	if (dates == NULL)
		return -1;
	anchors->dates = dates;
	if (make_anchor(&list[count], cert, key) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (same_anchor(&list[i], &list[count])) {
			/* once more, or renewed */
			if (dates[i].not_before > cert->not_before)
				dates[i].not_before = cert->not_before;
			if (dates[i].not_after < cert->not_after)
				dates[i].not_after = cert->not_after;
			free(list[count].dn.data);
			return 0;
		}
	dates[count] = (struct tls_anchor_dates){cert->not_before, cert->not_after};
	anchors->count++;
	return 0;
}

/* One certificate: 1 if it could be used, 0 if not, -1 without memory. */
static int add_one(struct tls_anchors *anchors, const struct tls_pem_item *item, const char *name,
                   const char *where)
{
	br_x509_decoder_context decoder;
	struct der cursor = {item->data, item->size}, whole;
	const char *wrong = item->damage;
	const br_x509_pkey *key;
	struct tls_cert cert;
	char kind[64];

	/* a "trusted certificate" has OpenSSL's remarks behind it */
	if (wrong == NULL && !der_next(&cursor, NULL, NULL, &whole))
		wrong = "it is no X.509 certificate";
	if (wrong == NULL)
		wrong = tls_cert_parse(&cert, whole.at,
		                       item->label[0] == 'T' ? whole.size : item->size);
	if (wrong == NULL && (key = tls_cert_key(&cert, &decoder)) == NULL) {
		snprintf(kind, sizeof kind, "its key (%s) is of a kind or size not supported",
		         tls_cert_key_kind(&cert));
		wrong = kind;
	}
	if (wrong != NULL) {
		log_warn("%s: %s: the certificate in line %u is skipped: %s", where, name,
		         item->line, wrong);
		return 0;
	}
	return keep_anchor(anchors, &cert, key) < 0 ? -1 : 1;
}

int tls_anchors_add(struct tls_anchors *anchors, const unsigned char *data, size_t size,
                    const char *name, const char *where)
{
	struct tls_pem pem;
	int usable = 0, result = 0;

	if (tls_pem_parse(&pem, data, size) < 0)
		return -1;
	for (size_t i = 0; i < pem.count && result >= 0; i++) {
		const char *label = pem.list[i].label;

		if (*label != '\0' && strcmp(label, "CERTIFICATE") != 0 &&
		    strcmp(label, "X509 CERTIFICATE") != 0 &&
		    strcmp(label, "TRUSTED CERTIFICATE") != 0)
			continue;
		result = add_one(anchors, &pem.list[i], name, where);
		usable += result > 0;
	}
	tls_pem_free(&pem);
	return result < 0 ? -1 : usable;
}

/* Add those of a file: how many are usable; -1 with errno if it can't be read. */
static int add_file(struct tls_anchors *anchors, const char *path, const char *where)
{
	size_t size;
	unsigned char *data = input_read(path, BUNDLE_MAX, &size);
	int usable;

	if (data == NULL)
		return -1;
	usable = tls_anchors_add(anchors, data, size, path, where);
	input_free(data, size);
	if (usable < 0)
		errno = ENOMEM;
	return usable;
}

/* Add those of a directory's files. What can't be read or has none is skipped: there may be links
 * to files that are gone, and a README. */
static int add_directory(struct tls_anchors *anchors, const char *path, const char *where)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	struct stat status;
	int usable = 0, got;
	char name[4096];

	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL) {
		int length = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);

		/* links with hashes for names lead to files that are here, too, as a rule */
		if (length < 0 || (size_t)length >= sizeof name || stat(name, &status) < 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		got = add_file(anchors, name, where);
		if (got > 0)
			usable += got;
		else
			log_info("%s: %s: no certificate in it", where, name);
	}
	closedir(directory);
	return usable;
}

/* A list of directories, with colons. */
static int add_directories(struct tls_anchors *anchors, const char *list, const char *where)
{
	int usable = 0, got;
	char path[4096];

	while (*list != '\0') {
		size_t length = strcspn(list, ":");

		if (length > 0 && length < sizeof path) {
			memcpy(path, list, length);
			path[length] = '\0';
			got = add_directory(anchors, path, where);
			usable += got > 0 ? got : 0;
		}
		list += length + (list[length] == ':');
	}
	return usable;
}

static void load_system(struct tls_anchors *anchors, const char *where)
{
	const char *file = getenv("SSL_CERT_FILE"), *directories = getenv("SSL_CERT_DIR");

	if (file != NULL && add_file(anchors, file, where) < 0)
		log_warn("%s: can't read %s (SSL_CERT_FILE): %s", where, file, error_text(errno));
	if (directories != NULL)
		add_directories(anchors, directories, where);
	if (file == NULL && directories == NULL) {
		for (size_t i = 0; i < sizeof bundles / sizeof *bundles && anchors->count == 0; i++)
			add_file(anchors, bundles[i], where);
		if (anchors->count == 0)
			add_directory(anchors, "/etc/ssl/certs", where);
	}
	if (anchors->count == 0)
		log_warn("%s: there are no certificates of authorities on this system, so no peer "
		         "will be trusted; name them with cafile, or install ca-certificates",
		         where);
}

/* What the user named must be there. result: how many were usable. */
static bool check_named(int result, const char *path, const char *where)
{
	char why[256];

	if (result > 0)
		return true;
	if (result < 0)
		log_error("%s: can't read %s: %s", where, path,
		          errno == EFBIG ? "it is larger than 16 MiB" :
		          input_why(path, errno, why, sizeof why));
	else
		log_error("%s: %s: it has no certificate that can be used", where, path);
	return false;
}

struct tls_anchors *tls_anchors_load(const char *file, const char *directory, const char *where)
{
	struct tls_anchors *anchors = calloc(1, sizeof *anchors);

	if (anchors == NULL) {
		log_error("%s: out of memory", where);
		return NULL;
	}
	if ((file != NULL && !check_named(add_file(anchors, file, where), file, where)) ||
	    (directory != NULL &&
	     !check_named(add_directory(anchors, directory, where), directory, where))) {
		tls_anchors_free(anchors);
		return NULL;
	}
	if (file == NULL && directory == NULL)
		load_system(anchors, where);
	return anchors;
}

void tls_anchors_free(struct tls_anchors *anchors)
{
	if (anchors == NULL)
		return;
	for (size_t i = 0; i < anchors->count; i++)
		free(anchors->list[i].dn.data);
	free(anchors->list);
	free(anchors->dates);
	free(anchors);
}
