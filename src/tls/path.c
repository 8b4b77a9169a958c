/* Certification paths: see path.h. */
#include "tls/path.h"

#include "tls/ec.h"

/* How much work a peer can cause: paths whose signatures are checked, and steps of the search. */
enum { ATTEMPTS = 8, STEPS = 512, ISSUERS = 16 };
enum { DAY = 86400, DAYS_TO_1970 = 719528 };

struct search {
	const struct tls_chain *chain;
	const struct tls_anchors *anchors;
	bool of_client;
	int64_t now;
	size_t path[PATH_MAX_];        /* numbers of certificates, the leaf first */
	bool used[PATH_MAX_];
	unsigned attempts, steps;
	size_t deepest;                /* of the paths that led nowhere */
	struct tls_verdict verdict;
};

/* Anchors that may be the issuers of a path's last certificate. */
struct issuers {
	br_x509_trust_anchor list[ISSUERS];
	size_t count;
};

static void init_engine(br_x509_minimal_context *engine, const struct issuers *issuers, int64_t now)
{
	/* no SHA-1: two certificates can be made to have the same hash */
	static const br_hash_class *const hashes[] = {
		&br_sha224_vtable, &br_sha256_vtable, &br_sha384_vtable,
		&br_sha512_vtable, NULL,
	};

	br_x509_minimal_init(engine, &br_sha256_vtable, issuers->list, issuers->count);
	for (int i = 0; hashes[i] != NULL; i++)
		br_x509_minimal_set_hash(engine, br_sha224_ID + i, hashes[i]);
	br_x509_minimal_set_rsa(engine, br_rsa_pkcs1_vrfy_get_default());
	br_x509_minimal_set_ecdsa(engine, tls_ec(), br_ecdsa_vrfy_asn1_get_default());
	br_x509_minimal_set_time(engine, (uint32_t)(now / DAY + DAYS_TO_1970),
	                         (uint32_t)(now % DAY));
}

/* Let the engine look at the first certificates of the path. */
static int run_engine(const struct search *search, size_t length, const struct issuers *issuers)
{
	br_x509_minimal_context engine;
	const br_x509_class **class = &engine.vtable;

	init_engine(&engine, issuers, search->now);
	engine.vtable->start_chain(class, NULL);
	for (size_t i = 0; i < length; i++) {
		struct der cert = search->chain->certs[search->path[i]].whole;

		engine.vtable->start_cert(class, (uint32_t)cert.size);
		engine.vtable->append(class, cert.at, cert.size);
		engine.vtable->end_cert(class);
	}
	return (int)engine.vtable->end_chain(class);
}

/* Which certificate an error is about: the one with which it shows first. */
static struct tls_verdict blame(const struct search *search, size_t length,
                                const struct issuers *issuers, int error)
{
	struct tls_verdict verdict = {.error = error};
	size_t at = 1;

	while (at < length && run_engine(search, at, issuers) == BR_ERR_X509_NOT_TRUSTED)
		at++;
	if (error == BR_ERR_X509_NOT_TRUSTED) {
		/* there is an anchor of the issuer's name, but it has not signed it */
		verdict.error = BR_ERR_X509_BAD_SIGNATURE;
		verdict.of_anchor = true;
	} else if (error == BR_ERR_X509_BAD_SIGNATURE && at > 1) {
		at--;   /* the issuer shows that the one before is wrong */
	}
	verdict.about = &search->chain->certs[search->path[at - 1]];
	verdict.dates = (struct tls_anchor_dates){verdict.about->not_before,
	                                          verdict.about->not_after};
	return verdict;
}

static void remember(struct search *search, struct tls_verdict verdict)
{
	if (search->verdict.error == 0 || search->verdict.error == BR_ERR_X509_NOT_TRUSTED)
		search->verdict = verdict;
}

/* True if the path is good; else the reason is remembered. */
static bool try_path(struct search *search, size_t length, const struct issuers *issuers)
{
	int error;

	if (search->attempts++ >= ATTEMPTS)
		return false;
	for (size_t i = 1; i < length; i++) {
		const struct tls_cert *cert = &search->chain->certs[search->path[i]];

		if (search->of_client ? !cert->for_client : !cert->for_server) {
			remember(search, (struct tls_verdict){
				.error = BR_ERR_X509_FORBIDDEN_KEY_USAGE, .about = cert});
			return false;
		}
	}
	error = run_engine(search, length, issuers);
	if (error == 0)
		search->verdict = (struct tls_verdict){0};
	else
		remember(search, blame(search, length, issuers, error));
	return error == 0;
}

static bool is_valid(const struct search *search, struct tls_anchor_dates dates)
{
	return search->now >= dates.not_before && search->now <= dates.not_after;
}

/* An anchor's dates are over, and perhaps also those of the certificate it has issued. */
static struct tls_verdict expired(const struct search *search, const struct tls_cert *cert,
                                  struct tls_anchor_dates dates)
{
	struct tls_anchor_dates own = {cert->not_before, cert->not_after};
	bool of_anchor = is_valid(search, own);

	return (struct tls_verdict){.error = BR_ERR_X509_EXPIRED, .about = cert,
	                            .dates = of_anchor ? dates : own, .of_anchor = of_anchor};
}

/* Find the anchors with this name that are valid now. */
static void find_issuers(struct search *search, struct der name, unsigned flags,
                         const struct tls_cert *cert, struct issuers *issuers)
{
	const struct tls_anchors *anchors = search->anchors;

	issuers->count = 0;
	for (size_t i = 0; i < anchors->count && issuers->count < ISSUERS; i++) {
		const br_x509_trust_anchor *anchor = &anchors->list[i];

		if (anchor->flags != flags ||
		    !der_equal(name, (struct der){anchor->dn.data, anchor->dn.len}))
			continue;
		if (!is_valid(search, anchors->dates[i]))
			remember(search, expired(search, cert, anchors->dates[i]));
		else
			issuers->list[issuers->count++] = *anchor;
	}
}

/* Nothing leads on from here. */
static void note_end(struct search *search, size_t length, const struct tls_cert *last)
{
	if (length <= search->deepest)
		return;
	search->deepest = length;
	remember(search, (struct tls_verdict){.error = BR_ERR_X509_NOT_TRUSTED, .about = last});
}

static bool extend(struct search *search, size_t length)
{
	const struct tls_chain *chain = search->chain;
	const struct tls_cert *last = &chain->certs[search->path[length - 1]];
	bool leads_on = false;
	struct issuers issuers;

	find_issuers(search, last->issuer, BR_X509_TA_CA, last, &issuers);
	if (issuers.count > 0 && try_path(search, length, &issuers))
		return true;
	for (size_t i = 1; i < chain->count; i++) {
		if (search->used[i] || !der_equal(chain->certs[i].subject, last->issuer))
			continue;
		if (search->steps++ >= STEPS)
			return false;
		leads_on = true;
		search->path[length] = i;
		search->used[i] = true;
		if (extend(search, length + 1))
			return true;
		search->used[i] = false;
	}
	if (!leads_on && issuers.count == 0)
		note_end(search, length, last);
	return false;
}

struct tls_verdict tls_path_check(const struct tls_chain *chain, const struct tls_anchors *anchors,
                                  bool of_client, int64_t now)
{
	struct search search = {
		.chain = chain, .anchors = anchors, .of_client = of_client, .now = now,
	};
	struct issuers issuers;

	/* trusted for itself */
	find_issuers(&search, chain->certs[0].subject, 0, &chain->certs[0], &issuers);
	if ((issuers.count > 0 && try_path(&search, 1, &issuers)) || extend(&search, 1))
		return (struct tls_verdict){0};
	return search.verdict;
}
