#include "tls/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop/input.h"
#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

/* Sessions to be resumed: BearSSL's cache needs about 100 bytes for each. Memory is only used as
 * it fills. */
enum { CACHE_SIZE = 1024 * 1024 };

/* How long a server's sessions are kept at most: with their secrets all that was said in them can be
 * decrypted (RFC 5246, F.1.4). */
#define RESUME_FOR (86400 * NANOSECONDS)

bool tls_asks_peer(const struct tls_settings *settings)
{
	return settings->verify || settings->pin_count > 0;
}

static int no_memory(const struct tls_settings *settings)
{
	log_error("%s: %s", settings->where, error_text(ENOMEM));
	return -1;
}

static int add_cache(struct tls_material *m, const struct tls_settings *settings)
{
	m->cache = calloc(1, sizeof(*m->cache));
	m->cache_memory = calloc(1, CACHE_SIZE);
	if (m->cache == NULL || m->cache_memory == NULL)
		return no_memory(settings);
	br_ssl_session_cache_lru_init(m->cache, m->cache_memory, CACHE_SIZE);
	m->cache_until = loop_now() + RESUME_FOR;
	return 0;
}

const br_ssl_session_cache_class **tls_material_cache(struct tls_material *material)
{
	if (material->cache == NULL)
		return NULL;
	if (loop_now() >= material->cache_until) {
		explicit_bzero(material->cache_memory, CACHE_SIZE);
		br_ssl_session_cache_lru_init(material->cache, material->cache_memory, CACHE_SIZE);
		material->cache_until = loop_now() + RESUME_FOR;
	}
	return &material->cache->vtable;
}

/* Returns 0, or -1 after an error line. */
static int load(struct tls_material *m, const struct tls_settings *settings)
{
	m->policy = (struct tls_policy){
		.name = settings->name, .pins = settings->pins, .pin_count = settings->pin_count,
		.of_client = settings->server,
	};
	if (settings->certificate != NULL) {
		m->key = tls_key_load(settings->certificate, settings->key, settings->where);
		if (m->key == NULL)
			return -1;
	}
	/* a pin alone vouches for the peer: authorities are asked only if they are named, too */
	if (settings->verify && (settings->pin_count == 0 || settings->cafile != NULL ||
	                         settings->capath != NULL)) {
		m->anchors = tls_anchors_load(settings->cafile, settings->capath, settings->where);
		if (m->anchors == NULL)
			return -1;
		m->policy.anchors = m->anchors;
	}
	return settings->server && !tls_asks_peer(settings) ? add_cache(m, settings) : 0;
}

static struct tls_material *new_material(const struct tls_settings *settings)
{
	struct tls_material *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		no_memory(settings);
		return NULL;
	}
	m->references = 1;
	if (load(m, settings) == 0)
		return m;
	tls_material_release(m);
	return NULL;
}

struct tls_config *tls_config_new(const struct tls_settings *settings)
{
	struct tls_config *config = calloc(1, sizeof(*config));

	if (config == NULL) {
		no_memory(settings);
		return NULL;
	}
	config->settings = *settings;
	config->material = new_material(settings);
	if (config->material != NULL)
		return config;
	free(config);
	return NULL;
}

/* At the start a pipe may be waited for, but not while there are sessions. */
static bool can_be_read_again(const char *path, const struct tls_settings *settings)
{
	if (path == NULL || !input_can_wait(path))
		return true;
	log_error("%s: %s is not a regular file, so it can't be read again", settings->where, path);
	return false;
}

static bool files_can_be_read_again(const struct tls_settings *settings)
{
	const char *authorities = settings->cafile;

	if (settings->verify && authorities == NULL && settings->capath == NULL)
		authorities = getenv("SSL_CERT_FILE");
	return can_be_read_again(settings->certificate, settings) &&
	       can_be_read_again(settings->key, settings) &&
	       can_be_read_again(authorities, settings);
}

int tls_config_reload(struct tls_config *config)
{
	struct tls_material *m;

	if (!files_can_be_read_again(&config->settings))
		return -1;
	m = new_material(&config->settings);
	if (m == NULL)
		return -1;
	tls_material_release(config->material);
	config->material = m;
	return 0;
}

struct tls_material *tls_material_hold(struct tls_config *config)
{
	config->material->references++;
	return config->material;
}

void tls_material_release(struct tls_material *material)
{
	if (material == NULL || --material->references > 0)
		return;
	tls_key_free(material->key);
	tls_anchors_free(material->anchors);
	free(material->cache);
	if (material->cache_memory != NULL)
		explicit_bzero(material->cache_memory, CACHE_SIZE);
	free(material->cache_memory);
	explicit_bzero(&material->last, sizeof(material->last));
	free(material->last_names);
	free(material);
}
