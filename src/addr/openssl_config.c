/* From the options of a TLS address to its configuration, which is made once, at the start, and
 * kept until the end. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr/openssl.h"
#include "opt/openssl.h"
#include "sys/error.h"
#include "sys/log.h"

/* Server Name Indication takes host names of at most so many bytes (BearSSL; DNS has 253). */
enum { SNI_MAX = 255, FRAGMENT_MAX = 16384 };

/* One per address of the command line. */
struct tls_address {
	struct tls_address *next;
	const struct spec *spec;
	struct tls_config *config;
	unsigned char (*pins)[TLS_PIN_SIZE];
	const char *protocols[OPENSSL_ALPN_MAX];
	char *name, *sni;
};

static struct tls_address *addresses;

static int no_memory(const struct spec *spec)
{
	log_error("%s: %s", spec->text, error_text(ENOMEM));
	return -1;
}

int64_t openssl_timeout(const struct spec *spec)
{
	return spec_number(spec, "handshake-timeout", OPENSSL_HANDSHAKE_TIMEOUT);
}

static bool verifies(const struct spec *spec)
{
	return spec_number(spec, "openssl-verify", 1) != 0;
}

int openssl_check_options(const struct spec *spec, bool server)
{
	if (openssl_check(spec, server) < 0)
		return -1;
	if (server && spec_string(spec, "openssl-certificate") == NULL) {
		log_error("%s: a TLS server needs a certificate and its private key: options cert=FILE "
		          "and key=FILE (or both in one file)", spec->text);
		return -1;
	}
	if (spec_string(spec, "openssl-key") != NULL &&
	    spec_string(spec, "openssl-certificate") == NULL) {
		log_error("%s: option openssl-key needs a certificate: option cert=FILE", spec->text);
		return -1;
	}
	return 0;
}

/* --- names --------------------------------------------------------------------- */

static bool is_ip(const char *name)
{
	struct in6_addr addr;

	return inet_pton(AF_INET, name, &addr) == 1 || inet_pton(AF_INET6, name, &addr) == 1;
}

/* A host as certificates have it: an IPv6 address without brackets and zone. */
static char *plain_host(const char *host)
{
	size_t length = strlen(host);
	char *zone, *name;

	if (host[0] != '[' || length < 2 || host[length - 1] != ']')
		return strdup(host);
	name = strndup(host + 1, length - 2);
	if (name != NULL && (zone = strchr(name, '%')) != NULL)
		*zone = '\0';
	return name;
}

/* The name to send with Server Name Indication, or NULL (RFC 6066, 3: no addresses, no dot at the
 * end). */
static char *find_sni(const struct spec *spec)
{
	const char *given = spec_string(spec, "openssl-snihost");
	const char *common = spec_string(spec, "openssl-commonname");
	size_t length;
	char *sni;

	if (spec_flag(spec, "openssl-no-sni"))
		return NULL;
	/* an empty commonname is about the check alone */
	if (given == NULL && common != NULL && common[0] != '\0')
		given = common;
	sni = given != NULL ? strdup(given) : plain_host(spec->params[0]);
	length = sni == NULL ? 0 : strlen(sni);
	if (length > 0 && sni[length - 1] == '.')
		sni[--length] = '\0';
	if (length > 0 && length <= SNI_MAX && !is_ip(sni))
		return sni;
	if (length > SNI_MAX)
		log_warn("%s: a name of %zu bytes is too long for Server Name Indication, which is "
		         "not used", spec->text, length);
	free(sni);
	return NULL;
}

/* Returns 0, or -1 without memory. */
static int find_names(const struct spec *spec, bool server, struct tls_address *a)
{
	const char *common = spec_string(spec, "openssl-commonname");

	if (common == NULL && server)
		return 0;
	a->name = common != NULL ? strdup(common) : plain_host(spec->params[0]);
	if (a->name == NULL)
		return -1;
	if (!server)
		a->sni = find_sni(spec);
	return 0;
}

/* --- the configuration ----------------------------------------------------------- */

/* What is asked of clients is easily misunderstood: say it, unless cafile or capath shows that the
 * user knows. */
static void explain_verification(const struct spec *spec)
{
	if (verifies(spec) && spec_opt(spec, "pin-sha256") == NULL &&
	    spec_opt(spec, "openssl-cafile") == NULL && spec_opt(spec, "openssl-capath") == NULL)
		log_warn("%s: clients need a certificate that the system's certificate authorities "
		         "vouch for; option cafile names others, verify=0 accepts anyone", spec->text);
}

/* Returns how many there are, or -1 without memory. */
static int copy_pins(const struct spec *spec, struct tls_address *a)
{
	size_t count = openssl_pins(spec, NULL, 0);
	const unsigned char **pins = calloc(count + 1, sizeof(*pins));

	a->pins = calloc(count + 1, sizeof(*a->pins));
	if (pins == NULL || a->pins == NULL) {
		free(pins);
		return -1;
	}
	openssl_pins(spec, pins, count);
	for (size_t i = 0; i < count; i++)
		memcpy(a->pins[i], pins[i], TLS_PIN_SIZE);
	free(pins);
	return (int)count;
}

static int load(const struct spec *spec, bool server, struct tls_address *a)
{
	struct tls_settings settings = {
		.where = spec->text, .server = server,
		.certificate = spec_string(spec, "openssl-certificate"),
		.key = spec_string(spec, "openssl-key"), .verify = verifies(spec),
		.cafile = spec_string(spec, "openssl-cafile"),
		.capath = spec_string(spec, "openssl-capath"),
		.ask_fragment = (unsigned)spec_number(spec, "openssl-maxfraglen", 0),
		.send_fragment = (unsigned)spec_number(spec, "openssl-maxsendfrag", FRAGMENT_MAX),
	};
	const char *ciphers = spec_string(spec, "openssl-cipherlist");
	char why[256];
	int pins = find_names(spec, server, a) < 0 ? -1 : copy_pins(spec, a);

	if (pins < 0)
		return no_memory(spec);
	settings.name = settings.verify ? a->name : NULL;
	settings.sni = a->sni;
	settings.pins = (const unsigned char (*)[TLS_PIN_SIZE])a->pins;
	settings.pin_count = (size_t)pins;
	settings.protocols = a->protocols;
	settings.protocol_count = openssl_alpn(spec, a->protocols, OPENSSL_ALPN_MAX);
	openssl_versions(spec, &settings.version_min, &settings.version_max);
	if (ciphers == NULL) {
		tls_suites_default(&settings.suites);
	} else if (tls_suites_parse(&settings.suites, ciphers, why, sizeof(why)) < 0) {
		log_error("%s: option openssl-cipherlist: %s", spec->text, why);
		return -1;
	}
	a->config = tls_config_new(&settings);
	return a->config == NULL ? -1 : 0;
}

static int prepare(const struct spec *spec, bool server)
{
	struct tls_address *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return no_memory(spec);
	a->spec = spec;
	openssl_note_unused(spec);
	if (server)
		explain_verification(spec);
	/* whatever it has got by now stays: failing here ends the program */
	a->next = addresses;
	addresses = a;
	return load(spec, server, a);
}

int openssl_prepare_client(const struct spec *spec)
{
	return prepare(spec, false);
}

int openssl_prepare_server(const struct spec *spec)
{
	return prepare(spec, true);
}

struct tls_config *openssl_config(const struct spec *spec)
{
	struct tls_address *a = addresses;

	while (a->spec != spec)
		a = a->next;
	return a->config;
}

int openssl_reload(const struct spec *spec)
{
	if (tls_config_reload(openssl_config(spec)) < 0) {
		log_error("%s: certificates and keys were not reloaded: those in use stay",
		          spec->text);
		return -1;
	}
	log_notice("%s: certificates and keys reloaded", spec->text);
	return 0;
}
