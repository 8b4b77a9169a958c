#include "tls/engine.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "chan/gcm.h"
#include "loop/loop.h"
#include "sys/log.h"
#include "tls/ec.h"
#include "tls/names.h"

/* How long a client offers a session: its server's certificate is not looked at again meanwhile. */
#define RESUME_FOR (3600 * NANOSECONDS)

/* With more authorities than that the list of their names is not sent to clients: it would be a
 * burden, and one who has so many knows what he has. */
enum { MAX_NAMES = 64 };

static void set_hashes(br_ssl_engine_context *core)
{
	static const br_hash_class *const hashes[] = {
		&br_md5_vtable, &br_sha1_vtable, &br_sha224_vtable, &br_sha256_vtable,
		&br_sha384_vtable, &br_sha512_vtable,
	};

	/* MD5 only as TLS 1.0 and 1.1 use it, together with SHA-1 */
	for (int id = br_md5_ID; id <= br_sha512_ID; id++)
		br_ssl_engine_set_hash(core, id, hashes[id - br_md5_ID]);
	br_ssl_engine_set_prf10(core, &br_tls10_prf);
	br_ssl_engine_set_prf_sha256(core, &br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(core, &br_tls12_sha384_prf);
}

/* We and BearSSL take the CPU's instructions where it has them. Asking for that takes a while, in
 * virtual machines: once is enough. */
static const br_ssl_engine_context *best_ciphers(void)
{
	static br_ssl_engine_context best;
	const struct gcm_classes *gcm;

	if (best.iaes_ctr == NULL) {
		br_ssl_engine_set_default_aes_gcm(&best);
		gcm = gcm_classes();
		if (gcm != NULL)
			br_ssl_engine_set_gcm(&best, gcm->in, gcm->out);
		br_ssl_engine_set_default_aes_cbc(&best);
		br_ssl_engine_set_default_aes_ccm(&best);
		br_ssl_engine_set_default_des_cbc(&best);
		br_ssl_engine_set_default_chapol(&best);
	}
	return &best;
}

static void set_ciphers(br_ssl_engine_context *core)
{
	const br_ssl_engine_context *best = best_ciphers();

	br_ssl_engine_set_aes_ctr(core, best->iaes_ctr);
	br_ssl_engine_set_ghash(core, best->ighash);
	br_ssl_engine_set_gcm(core, best->igcm_in, best->igcm_out);
	br_ssl_engine_set_aes_cbc(core, best->iaes_cbcenc, best->iaes_cbcdec);
	br_ssl_engine_set_des_cbc(core, best->ides_cbcenc, best->ides_cbcdec);
	br_ssl_engine_set_cbc(core, best->icbc_in, best->icbc_out);
	br_ssl_engine_set_aes_ctrcbc(core, best->iaes_ctrcbc);
	br_ssl_engine_set_ccm(core, best->iccm_in, best->iccm_out);
	br_ssl_engine_set_chacha20(core, best->ichacha);
	br_ssl_engine_set_poly1305(core, best->ipoly);
	br_ssl_engine_set_chapol(core, best->ichapol_in, best->ichapol_out);
	br_ssl_engine_set_default_rsavrfy(core);
	br_ssl_engine_set_ecdsa(core, br_ecdsa_vrfy_asn1_get_default());
	br_ssl_engine_set_ec(core, tls_ec());
}

/* Seeds the generator; BearSSL's own sources (a file, an instruction) are not asked. */
static int seed(br_ssl_engine_context *core)
{
	unsigned char bytes[32];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -1;
	br_ssl_engine_inject_entropy(core, bytes, sizeof(bytes));
	core->rng_os_rand_done = 1;
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

static void set_client_key(br_ssl_client_context *client, const struct tls_key *key)
{
	if (key->type == BR_KEYTYPE_RSA)
		br_ssl_client_set_single_rsa(client, key->chain, key->chain_length, &key->rsa,
		                             br_rsa_pkcs1_sign_get_default());
	else
		br_ssl_client_set_single_ec(client, key->chain, key->chain_length, &key->ec,
		                            key->usages, (unsigned)key->issuer_type, tls_ec(),
		                            br_ecdsa_sign_asn1_get_default());
}

static void set_server_key(br_ssl_server_context *server, const struct tls_key *key)
{
	if (key->type == BR_KEYTYPE_RSA)
		br_ssl_server_set_single_rsa(server, key->chain, key->chain_length, &key->rsa,
		                             key->usages, br_rsa_private_get_default(),
		                             br_rsa_pkcs1_sign_get_default());
	else
		br_ssl_server_set_single_ec(server, key->chain, key->chain_length, &key->ec,
		                            key->usages, (unsigned)key->issuer_type, tls_ec(),
		                            br_ecdsa_sign_asn1_get_default());
}

/* Ask clients for a certificate: with the names of the authorities we know, or none. */
static void ask_clients(br_ssl_server_context *server, const struct tls_anchors *anchors)
{
	static unsigned char empty_name[] = { 0x30, 0 };
	static const br_x500_name nobody = { empty_name, sizeof(empty_name) };

	if (anchors == NULL || anchors->count == 0 || anchors->count > MAX_NAMES)
		br_ssl_server_set_trust_anchor_names(server, &nobody, 1);
	else
		br_ssl_server_set_trust_anchor_names_alt(server, anchors->list, anchors->count);
}

/* The extension for smaller records follows from this field; BearSSL would take it from the size of
 * the buffer. */
static void set_fragment(br_ssl_engine_context *core, unsigned size)
{
	unsigned char bits = 14;

	if (size > 0)
		for (bits = 9; (1u << bits) < size; bits++)
			;
	core->log_max_frag_len = bits;
	core->max_frag_len = (uint16_t)(1u << bits);
}

static void set_up(struct tls_engine *e)
{
	const struct tls_settings *s = e->settings;
	br_ssl_engine_context *core = &e->ssl.core;
	uint32_t flags = BR_OPT_NO_RENEGOTIATION;

	s->server ? br_ssl_server_zero(&e->ssl.server) : br_ssl_client_zero(&e->ssl.client);
	br_ssl_engine_set_versions(core, s->version_min, s->version_max);
	br_ssl_engine_set_suites(core, s->suites.list, s->suites.count);
	set_hashes(core);
	set_ciphers(core);
	if (s->server)
		flags |= BR_OPT_ENFORCE_SERVER_PREFERENCES;
	if (s->protocol_count > 0) {
		br_ssl_engine_set_protocol_names(core, s->protocols, s->protocol_count);
		flags |= BR_OPT_FAIL_ON_ALPN_MISMATCH;
	}
	br_ssl_engine_set_all_flags(core, flags);
	br_ssl_engine_set_buffer(core, e->buffer, sizeof(e->buffer), 0);
	set_fragment(core, s->ask_fragment);
	if (!s->server || tls_asks_peer(s))
		br_ssl_engine_set_x509(core, tls_verifier_engine(e->verifier));
}

static bool start_client(struct tls_engine *e)
{
	const struct tls_settings *s = e->settings;
	struct tls_material *m = e->material;

	br_ssl_client_set_default_rsapub(&e->ssl.client);
	if (m->key != NULL)
		set_client_key(&e->ssl.client, m->key);
	e->offered = m->last_until > loop_now();
	if (e->offered)
		br_ssl_engine_set_session_parameters(&e->ssl.core, &m->last);
	return br_ssl_client_reset(&e->ssl.client, s->sni, e->offered) != 0;
}

static struct tls_engine *of_cache(const br_ssl_session_cache_class **cache)
{
	return (struct tls_engine *)((char *)cache - offsetof(struct tls_engine, cache));
}

static void save_session(const br_ssl_session_cache_class **cache, br_ssl_server_context *server,
                         const br_ssl_session_parameters *session)
{
	struct tls_engine *e = of_cache(cache);

	e->saved = true;
	(*e->shared_cache)->save(e->shared_cache, server, session);
}

static int load_session(const br_ssl_session_cache_class **cache, br_ssl_server_context *server,
                        br_ssl_session_parameters *session)
{
	struct tls_engine *e = of_cache(cache);

	return (*e->shared_cache)->load(e->shared_cache, server, session);
}

static const br_ssl_session_cache_class watched_cache = {
	.context_size = sizeof(watched_cache), .save = save_session, .load = load_session,
};

static bool start_server(struct tls_engine *e)
{
	struct tls_material *m = e->material;

	if (m->key != NULL)
		set_server_key(&e->ssl.server, m->key);
	if (tls_asks_peer(e->settings))
		ask_clients(&e->ssl.server, m->anchors);
	e->shared_cache = tls_material_cache(m);
	e->cache = &watched_cache;
	br_ssl_server_set_cache(&e->ssl.server, e->shared_cache == NULL ? NULL : &e->cache);
	if (br_ssl_server_reset(&e->ssl.server) == 0)
		return false;
	/* for an alert before a version is agreed: with 0 in its header clients don't take it for one */
	e->ssl.core.version_out = BR_TLS10;
	return true;
}

struct tls_engine *tls_engine_new(struct tls_config *config)
{
	struct tls_engine *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->settings = &config->settings;
	e->material = tls_material_hold(config);
	e->verifier = tls_verifier_new(&e->material->policy);
	if (e->verifier == NULL)
		goto failed;
	set_up(e);
	if (seed(&e->ssl.core) < 0)
		goto failed;
	if (e->settings->server ? start_server(e) : start_client(e))
		return e;
	log_debug("BearSSL: error %d at the start", br_ssl_engine_last_error(&e->ssl.core));
	errno = EINVAL;
failed:
	tls_engine_free(e);
	return NULL;
}

void tls_engine_free(struct tls_engine *e)
{
	if (e == NULL)
		return;
	tls_verifier_free(e->verifier);
	tls_material_release(e->material);
	explicit_bzero(e, sizeof(*e));
	free(e);
}

void tls_engine_session(const struct tls_engine *e, struct tls_session *session)
{
	const br_ssl_engine_context *core = &e->ssl.core;
	size_t limit = e->settings->send_fragment;

	/* an agreement on smaller records binds both sides (RFC 6066, 4) */
	if (core->peer_log_max_frag_len != 0 && limit > (size_t)1 << core->peer_log_max_frag_len)
		limit = (size_t)1 << core->peer_log_max_frag_len;
	if (e->settings->ask_fragment != 0 && limit > e->settings->ask_fragment)
		limit = e->settings->ask_fragment;
	*session = (struct tls_session){
		.in = (const br_sslrec_in_class **)&e->ssl.core.in.vtable,
		.out = (const br_sslrec_out_class **)&e->ssl.core.out.vtable,
		.version = core->session.version, .max_fragment = limit,
		.early = e->input + e->input_start, .early_length = e->input_end - e->input_start,
	};
}

/* Clients keep the session; a server's cache has it already. Returns true if it is an earlier one. */
static bool remember(struct tls_engine *e)
{
	struct tls_material *m = e->material;
	const br_ssl_session_parameters *session = &e->ssl.core.session;
	bool resumed;

	if (e->settings->server)
		return e->shared_cache != NULL && !e->saved;
	resumed = e->offered && memcmp(session->master_secret, m->last.master_secret,
	                               sizeof(session->master_secret)) == 0;
	if (!resumed && session->session_id_len > 0) {
		m->last = *session;
		m->last_until = loop_now() + RESUME_FOR;
	}
	return resumed;
}

void tls_engine_forget(struct tls_engine *e)
{
	if (e->offered)
		e->material->last_until = 0;
}

/* The peer's names; of a resumed session those of the first one. */
static struct variables *peer_names(struct tls_engine *e, bool resumed)
{
	struct tls_material *m = e->material;

	if (e->settings->server)
		return tls_verifier_take_variables(e->verifier);
	if (!resumed) {
		free(m->last_names);
		m->last_names = tls_verifier_take_variables(e->verifier);
	}
	return m->last_names == NULL ? NULL : variables_copy(m->last_names);
}

static struct variables *add(struct variables *variables, const char *name, const char *value)
{
	struct variables *longer = variables_add(variables, name, value);

	return longer != NULL ? longer : variables;
}

struct variables *tls_engine_finish(struct tls_engine *e)
{
	br_ssl_engine_context *core = &e->ssl.core;
	const char *version = tls_version_name(core->session.version);
	const char *suite = tls_suite_name(core->session.cipher_suite);
	const char *sni = e->settings->server ? br_ssl_engine_get_server_name(core) : e->settings->sni;
	struct variables *names;
	const char *protocol = br_ssl_engine_get_selected_protocol(core);
	bool resumed = remember(e), known = tls_verifier_has_peer(e->verifier);

	log_notice("SSL connection using %s, %s%s%s%s%s%s", version, suite,
	           resumed ? ", resumed" : "", protocol != NULL ? ", ALPN " : "",
	           protocol != NULL ? protocol : "", known ? ", peer " : "",
	           known ? tls_verifier_subject(e->verifier) : "");
	names = add(add(peer_names(e, resumed), "OPENSSL_CIPHER", suite), "OPENSSL_PROTO_VERSION", version);
	if (sni != NULL && *sni != '\0')
		names = add(names, "OPENSSL_SNI", sni);
	return resumed ? add(names, "OPENSSL_RESUMED", "1") : names;
}
