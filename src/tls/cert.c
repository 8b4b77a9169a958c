/* Certificates: see cert.h. */
#include "tls/cert.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What we look at in extensions. Others that are critical must be refused (RFC 5280, 4.2). */
static bool read_constraints(struct tls_cert *cert, struct der value)
{
	struct der content, ca;

	if (!der_take(&value, DER_SEQUENCE, &content))
		return false;
	cert->has_constraints = true;
	cert->is_ca = der_take(&content, DER_BOOLEAN, &ca) && ca.size == 1 && ca.at[0] != 0;
	return true;
}

static bool read_usage(struct tls_cert *cert, struct der value)
{
	struct der content;

	cert->has_usage = true;
	return der_take(&value, DER_BITS, &content) && der_bits(content, &cert->usage);
}

static bool read_extended(struct tls_cert *cert, struct der value)
{
	static const unsigned char any[] = {0x55, 0x1d, 0x25, 0x00};
	/* 1.3.6.1.5.5.7.3 with 1 (serverAuth) or 2 (clientAuth) behind it */
	static const unsigned char purpose[] = {0x2b, 6, 1, 5, 5, 7, 3};
	struct der list, oid;

	if (!der_take(&value, DER_SEQUENCE, &list))
		return false;
	cert->has_extended = true;
	cert->for_server = cert->for_client = false;
	while (der_take(&list, DER_OID, &oid)) {
		bool is_any = oid.size == sizeof any && memcmp(oid.at, any, sizeof any) == 0;
		bool is_purpose = oid.size == sizeof purpose + 1 &&
		                  memcmp(oid.at, purpose, sizeof purpose) == 0;

		cert->for_server |= is_any || (is_purpose && oid.at[sizeof purpose] == 1);
		cert->for_client |= is_any || (is_purpose && oid.at[sizeof purpose] == 2);
	}
	return list.size == 0;
}

static bool read_names(struct tls_cert *cert, struct der value)
{
	return der_take(&value, DER_SEQUENCE, &cert->names);
}

/* Says nothing of importance for us. */
static bool read_nothing(struct tls_cert *cert, struct der value)
{
	(void)cert;
	(void)value;
	return true;
}

static const struct extension {
	unsigned char oid[8];
	size_t size;
	bool (*read)(struct tls_cert *cert, struct der value);
} extensions[] = {
	{{0x55, 0x1d, 19}, 3, read_constraints},
	{{0x55, 0x1d, 15}, 3, read_usage},
	{{0x55, 0x1d, 37}, 3, read_extended},
	{{0x55, 0x1d, 17}, 3, read_names},
	{{0x55, 0x1d, 32}, 3, read_nothing},                    /* certificatePolicies */
	{{0x55, 0x1d, 35}, 3, read_nothing},                    /* authorityKeyIdentifier */
	{{0x55, 0x1d, 14}, 3, read_nothing},                    /* subjectKeyIdentifier */
	{{0x55, 0x1d, 18}, 3, read_nothing},                    /* issuerAltName */
	{{0x55, 0x1d, 9}, 3, read_nothing},                     /* subjectDirectoryAttributes */
	{{0x55, 0x1d, 31}, 3, read_nothing},                    /* cRLDistributionPoints */
	{{0x55, 0x1d, 46}, 3, read_nothing},                    /* freshestCRL */
	{{0x2b, 6, 1, 5, 5, 7, 1, 1}, 8, read_nothing},         /* authorityInfoAccess */
	{{0x2b, 6, 1, 5, 5, 7, 1, 11}, 8, read_nothing},        /* subjectInfoAccess */
};

static const struct extension *find_extension(struct der oid, size_t *index)
{
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
		if (oid.size == extensions[i].size &&
		    memcmp(oid.at, extensions[i].oid, oid.size) == 0) {
			*index = i;
			return &extensions[i];
		}
	return NULL;
}

static const char *read_extensions(struct tls_cert *cert, struct der tagged)
{
	const struct extension *extension;
	struct der list, item, oid, value, critical;
	uint32_t seen = 0;
	size_t index;

	if (!der_take(&tagged, DER_SEQUENCE, &list))
		return "its extensions are malformed";
	while (der_take(&list, DER_SEQUENCE, &item)) {
		if (!der_take(&item, DER_OID, &oid))
			break;
		critical.size = 0;
		der_take(&item, DER_BOOLEAN, &critical);
		if (!der_take(&item, DER_OCTETS, &value) || item.size > 0)
			return "an extension is malformed";
		extension = find_extension(oid, &index);
		if (extension == NULL) {
			if (critical.size == 1 && critical.at[0] != 0 && cert->unknown.at == NULL)
				cert->unknown = oid;
			continue;
		}
		if (seen & (uint32_t)1 << index)
			return "it has an extension twice";
		seen |= (uint32_t)1 << index;
		if (!extension->read(cert, value))
			return "an extension is malformed";
	}
	return list.size > 0 ? "its extensions are malformed" : NULL;
}

static bool read_dates(struct tls_cert *cert, struct der dates)
{
	struct der from, to;
	unsigned from_tag, to_tag;

	return der_next(&dates, &from_tag, &from, NULL) && der_next(&dates, &to_tag, &to, NULL) &&
	       der_time(from_tag, from, &cert->not_before) &&
	       der_time(to_tag, to, &cert->not_after);
}

/* An element with this tag, as a whole. */
static bool take_whole(struct der *cursor, unsigned tag, struct der *whole)
{
	return cursor->size > 0 && cursor->at[0] == tag && der_next(cursor, NULL, NULL, whole);
}

static const char *read_signed_part(struct tls_cert *cert, struct der part)
{
	struct der content, version;

	cert->version1 = true;
	if (der_take(&part, DER_CONTEXT_CONSTRUCTED(0), &content)) {
		if (!der_take(&content, DER_INTEGER, &version) || version.size != 1)
			return "its version is malformed";
		cert->version1 = version.at[0] == 0;
	}
	if (!der_take(&part, DER_INTEGER, NULL) || !der_take(&part, DER_SEQUENCE, NULL) ||
	    !take_whole(&part, DER_SEQUENCE, &cert->issuer) ||
	    !der_take(&part, DER_SEQUENCE, &content))
		return "it is malformed";
	if (!read_dates(cert, content))
		return "its dates are malformed";
	if (!take_whole(&part, DER_SEQUENCE, &cert->subject) ||
	    !take_whole(&part, DER_SEQUENCE, &cert->key))
		return "it is malformed";
	/* identifiers of issuer and subject: no one uses them */
	der_take(&part, DER_CONTEXT(1), NULL);
	der_take(&part, DER_CONTEXT(2), NULL);
	if (der_take(&part, DER_CONTEXT_CONSTRUCTED(3), &content)) {
		const char *wrong = read_extensions(cert, content);

		if (wrong != NULL)
			return wrong;
	}
	return part.size > 0 ? "it is malformed" : NULL;
}

const char *tls_cert_parse(struct tls_cert *cert, const unsigned char *data, size_t size)
{
	struct der cursor = {data, size}, content, part;

	*cert = (struct tls_cert){
		.whole = {data, size}, .usage = UINT32_MAX, .for_server = true, .for_client = true,
	};
	if (size == 0)
		return "it is empty";
	if (!der_take(&cursor, DER_SEQUENCE, &content) || cursor.size > 0 ||
	    !der_take(&content, DER_SEQUENCE, &part) || !der_take(&content, DER_SEQUENCE, NULL) ||
	    !der_take(&content, DER_BITS, NULL) || content.size > 0)
		return "it is no X.509 certificate";
	return read_signed_part(cert, part);
}

const br_x509_pkey *tls_cert_key(const struct tls_cert *cert, br_x509_decoder_context *decoder)
{
	br_x509_decoder_init(decoder, NULL, NULL);
	br_x509_decoder_push(decoder, cert->whole.at, cert->whole.size);
	return br_x509_decoder_get_pkey(decoder);
}

const char *tls_cert_key_kind(const struct tls_cert *cert)
{
	static const struct {
		const char *name;
		unsigned char oid[10];
	} kinds[] = {
		{"RSA", {9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1}},
		{"RSA-PSS", {9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10}},
		{"DSA", {7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1}},
		{"EC", {7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1}},
		{"Ed25519", {3, 0x2b, 0x65, 0x70}},
		{"Ed448", {3, 0x2b, 0x65, 0x71}},
	};
	struct der cursor = cert->key, content, algorithm, oid;

	if (der_take(&cursor, DER_SEQUENCE, &content) &&
	    der_take(&content, DER_SEQUENCE, &algorithm) && der_take(&algorithm, DER_OID, &oid))
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			if (oid.size == kinds[i].oid[0] &&
			    memcmp(oid.at, kinds[i].oid + 1, oid.size) == 0)
				return kinds[i].name;
	return "of an unknown kind";
}

unsigned tls_cert_usages(const struct tls_cert *cert)
{
	const uint32_t exchange =
		CERT_KEY_ENCIPHERMENT | CERT_DATA_ENCIPHERMENT | CERT_KEY_AGREEMENT;
	const uint32_t sign = CERT_DIGITAL_SIGNATURE | CERT_NON_REPUDIATION;

	return (cert->usage & exchange ? BR_KEYTYPE_KEYX : 0U) |
	       (cert->usage & sign ? BR_KEYTYPE_SIGN : 0U);
}

bool tls_cert_self_issued(const struct tls_cert *cert)
{
	return der_equal(cert->subject, cert->issuer);
}

char *tls_cert_date(int64_t time, char *text, size_t size)
{
	time_t seconds = (time_t)time;
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL ||
	    strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
		snprintf(text, size, "an odd date");
	return text;
}
